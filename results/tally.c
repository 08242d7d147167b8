/* Counts per step and second. Called by recorders on their own, by the collector on what it took, and by
 * the archive's reader.
 *
 * Invariant: requests = hist_count(service) = hist_count(response); cancelled requests are in neither.
 * No malloc once the histograms have the pages they need. */
#include "results/tally.h"

#include <stdlib.h>

#include "base/mem.h"

void tally_init(struct tally *t)
{
    *t = (struct tally){ .service = hist_new(), .response = hist_new() };
}

void tally_free(struct tally *t)
{
    hist_free(t->service);
    hist_free(t->response);
}

void tally_clear(struct tally *t)
{
    struct hist *service = t->service, *response = t->response;
    hist_clear(service);
    hist_clear(response);
    *t = (struct tally){ .service = service, .response = response };
}

bool tally_is_empty(const struct tally *t)
{
    return t->requests == 0 && t->cancelled == 0;
}

static void note_span(struct tally *t, uint64_t start_ns, uint64_t end_ns, bool first)
{
    if (first || start_ns < t->first_start_ns) t->first_start_ns = start_ns;
    if (end_ns > t->last_end_ns) t->last_end_ns = end_ns;
}

static uint64_t span(uint64_t from, uint64_t to)
{
    return to > from ? to - from : 0;
}

void tally_add(struct tally *t, const struct sample *s)
{
    note_span(t, s->start_ns, s->end_ns, tally_is_empty(t));
    t->bytes_in += s->bytes_in;
    t->bytes_out += s->bytes_out;
    t->connections += s->connected_ns != 0 && !s->reused;
    t->outcomes[s->outcome]++;
    if (s->outcome == OUTCOME_CANCELLED) {
        t->cancelled++;
        return;
    }
    t->requests++;
    t->failures += s->outcome != OUTCOME_OK;
    hist_add(t->service, span(s->start_ns, s->end_ns));
    hist_add(t->response, span(s->intended_ns, s->end_ns));
}

void tally_merge(struct tally *into, const struct tally *from)
{
    if (tally_is_empty(from)) return;
    note_span(into, from->first_start_ns, from->last_end_ns, tally_is_empty(into));
    into->requests += from->requests;
    into->failures += from->failures;
    into->cancelled += from->cancelled;
    into->bytes_in += from->bytes_in;
    into->bytes_out += from->bytes_out;
    into->connections += from->connections;
    for (size_t i = 0; i < OUTCOMES; i++)
        into->outcomes[i] += from->outcomes[i];
    hist_merge(into->service, from->service);
    hist_merge(into->response, from->response);
}

void second_init(struct second *s, size_t steps_n)
{
    *s = (struct second){ .steps_n = steps_n };
    s->steps = mem_alloc(steps_n ? steps_n : 1, sizeof *s->steps);
    s->failures = mem_alloc(FAILURES_MAX, sizeof *s->failures);
    for (size_t i = 0; i < steps_n; i++)
        tally_init(&s->steps[i]);
}

void second_free(struct second *s)
{
    for (size_t i = 0; i < s->steps_n; i++)
        tally_free(&s->steps[i]);
    free(s->steps);
    free(s->failures);
    *s = (struct second){ 0 };
}

void second_clear(struct second *s)
{
    for (size_t i = 0; i < s->steps_n; i++)
        tally_clear(&s->steps[i]);
    *s = (struct second){ .steps = s->steps, .steps_n = s->steps_n, .failures = s->failures };
}

static bool same_kind(const struct failure_count *a, const struct failure_count *b)
{
    return a->step == b->step && a->message == b->message && a->status == b->status &&
           a->outcome == b->outcome;
}

void second_failure(struct second *s, const struct failure_count *f)
{
    size_t i = 0;
    while (i < s->failures_n && !same_kind(&s->failures[i], f))
        i++;
    if (i == FAILURES_MAX) i = FAILURES_MAX - 1; /* too many kinds: the last one takes the rest */
    struct failure_count *to = &s->failures[i];
    if (i == s->failures_n) {
        *to = *f;
        s->failures_n++;
        return;
    }
    to->count += f->count;
    if (f->first_ns < to->first_ns) to->first_ns = f->first_ns;
    if (f->last_ns > to->last_ns) to->last_ns = f->last_ns;
}

void second_add(struct second *s, const struct sample *p, uint64_t warm_up_ns)
{
    if (p->step >= s->steps_n || p->outcome >= OUTCOMES) return;
    if (p->intended_ns < warm_up_ns) {
        s->warm_up++;
        return;
    }
    tally_add(&s->steps[p->step], p);
    if (!outcome_is_failure((enum outcome)p->outcome)) return;
    struct failure_count f = { .step = p->step,
                               .message = p->message,
                               .status = p->status,
                               .outcome = p->outcome,
                               .count = 1,
                               .first_ns = p->end_ns,
                               .last_ns = p->end_ns };
    second_failure(s, &f);
}

void second_merge(struct second *into, const struct second *from)
{
    for (size_t i = 0; i < into->steps_n; i++)
        tally_merge(&into->steps[i], &from->steps[i]);
    into->late += from->late;
    into->dropped += from->dropped;
    into->left_out += from->left_out;
    into->answers_left_out += from->answers_left_out;
    into->warm_up += from->warm_up;
    if (from->late_max_ns > into->late_max_ns) into->late_max_ns = from->late_max_ns;
    if (from->lag_max_ns > into->lag_max_ns) into->lag_max_ns = from->lag_max_ns;
}
