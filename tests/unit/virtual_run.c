/* Runs a scenario with the fake engine: ten minutes of it in milliseconds. Shared by the tests of replay/.
 * With one worker the order of everything is fixed; with more, only sums are. */
#include "tests/unit/virtual_run.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "tests/unit/test.h"

struct teller {
    struct virtual_run *v;
    pthread_mutex_t lock;
};

static void on_request(void *arg, const struct call *c, uint64_t now_ns, struct fake_answer *out)
{
    struct teller *t = arg;
    struct virtual_run *v = t->v;
    pthread_mutex_lock(&t->lock);
    mem_grow(&v->sent, &v->sent_cap, v->sent_n + 1, sizeof *v->sent);
    char *text = mem_alloc(c->head.n + c->body.n + 1, 1);
    memcpy(text, c->head.p, c->head.n);
    if (c->body.n) memcpy(text + c->head.n, c->body.p, c->body.n);
    v->sent[v->sent_n++] = (struct sent){ .at_ns = now_ns - FAKE_START_NS, .text = text };
    out->delay_ns = NS_PER_MS;
    if (v->answer) v->answer(v, c->head, out);
    pthread_mutex_unlock(&t->lock);
}

static void take_results(struct virtual_run *v, const struct run_stats *s)
{
    v->requests = s->total.requests;
    v->failures = s->total.failures;
    v->cancelled = s->total.cancelled;
    v->late = s->generator.late_starts;
    v->dropped = s->generator.dropped_starts;
    v->end_ns = s->total.last_end_ns;
    v->p50_ns = hist_percentile_ns(s->total.response, 50);
    v->p90_ns = hist_percentile_ns(s->total.response, 90);
    v->max_ns = hist_max_ns(s->total.response);
    memcpy(v->outcomes, s->total.outcomes, sizeof v->outcomes);
    if (s->failures_n)
        snprintf(v->first_failure, sizeof v->first_failure, "%.*s", SL_FMT(s->failures[0].text));
}

static struct plan *compile(const struct virtual_run *v, struct scenario **s)
{
    struct err err = { 0 };
    struct plan_cfg cfg = { .think_factor = v->think_factor,
                            .seed = v->seed,
                            .timeline = v->timeline.on };
    cfg.hosts.host = v->host;
    if (!v->scenario) *s = scenario_parse(slice_z(v->yaml), "test.yaml", &err);
    if (!v->scenario && !*s) test_fail(__FILE__, __LINE__, "%s", err.text);
    struct plan *plan = plan_new(v->scenario ? v->scenario : *s, &cfg, &err);
    if (!plan) test_fail(__FILE__, __LINE__, "%s", err.text);
    return plan;
}

static void run(struct virtual_run *v, const struct plan *plan, struct recorder **recorders)
{
    struct err err = { 0 };
    struct teller teller = { .v = v, .lock = PTHREAD_MUTEX_INITIALIZER };
    struct fake_script script = { on_request, &teller };
    struct run_cfg cfg = {
        .plan = plan,
        .engine = &engine_fake,
        .net = { .fake = &script },
        .load = plan->scenario->load,
        .workers = v->workers,
        .seed = v->seed,
        .stop_timeout_ns = 10 * NS_PER_S,
        .recorders = recorders,
        .timeline = v->timeline,
    };
    struct run *r = run_new(&cfg, &err);
    if (!r || !run_start(r, FAKE_START_NS, &err)) test_fail(__FILE__, __LINE__, "%s", err.text);
    while (!run_wait(r, 10 * NS_PER_S))
        ;
    run_now(r, &v->state);
    run_free(r);
}

void virtual_run(struct virtual_run *v)
{
    struct err err = { 0 };
    struct scenario *s = NULL;
    if (v->workers == 0) v->workers = 1;
    struct plan *plan = compile(v, &s);
    struct run_info info = { .steps = plan->steps, .steps_n = plan->steps_n };
    struct recorder_cfg rc = { .steps = plan->steps, .steps_n = plan->steps_n };
    struct recorder *recorders[8];
    for (unsigned i = 0; i < v->workers; i++)
        recorders[i] = recorder_new(&rc);
    struct collector_cfg cc = { .info = &info,
                                .recorders = recorders,
                                .recorders_n = v->workers,
                                .start_mono_ns = FAKE_START_NS };
    struct collector *c = collector_new(&cc, &err);
    if (!c) test_fail(__FILE__, __LINE__, "%s", err.text);
    run(v, plan, recorders);
    collector_tick(c, FAKE_START_NS + NS_PER_S);
    CHECK(collector_finish(c, false, &err));
    take_results(v, collector_stats(c));
    collector_free(c);
    for (unsigned i = 0; i < v->workers; i++)
        recorder_free(recorders[i]);
    plan_free(plan);
    scenario_free(s);
}

void virtual_run_free(struct virtual_run *v)
{
    for (size_t i = 0; i < v->sent_n; i++)
        free(v->sent[i].text);
    free(v->sent);
}

size_t virtual_find(const struct virtual_run *v, const char *part, size_t n)
{
    for (size_t i = 0; i < v->sent_n; i++)
        if (strstr(v->sent[i].text, part) && n-- == 0) return i;
    return SIZE_MAX;
}

size_t virtual_count(const struct virtual_run *v, const char *part)
{
    size_t n = 0;
    for (size_t i = 0; i < v->sent_n; i++)
        n += strstr(v->sent[i].text, part) != NULL;
    return n;
}

uint64_t virtual_ms(const struct virtual_run *v, size_t i)
{
    return v->sent[i].at_ns / NS_PER_MS;
}
