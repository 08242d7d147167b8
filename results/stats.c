/* Statistics of a run, built second by second. Called by the collector (under its lock) and by the
 * archive's loader.
 *
 * Invariant: total is the merge of the steps; every view field is valid until the next call that changes
 * the builder. Memory: two histograms per step, one point (400 bytes) per second, at most
 * FAILURE_ROWS_MAX rows of failures, ANSWERS_MAX examples. */
#include "results/stats.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"

#define FAILURE_ROWS_MAX 2000
#define ANSWERS_MAX 300
#define RECENT 10 /* seconds */

struct recent { /* one step's last seconds */
    uint32_t requests[RECENT], failures[RECENT];
};

struct stats {
    struct run_stats view;
    struct arena *arena;
    struct map *message_numbers, *failure_rows;
    struct slice *messages;
    size_t messages_n, messages_cap;
    struct tally *tallies; /* per step, then the total */
    struct step_stats *steps;
    struct tally second;   /* all steps of the second being added */
    struct recent *recent; /* per step, then the total */
    struct failure_stats *failures;
    size_t failures_cap;
    struct interval_point *points;
    size_t points_cap;
    struct answer_sample *answers; /* never moves: who follows looks at it at any time */
    struct health health;
};

struct stats *stats_new(const struct run_info *info)
{
    struct stats *st = mem_alloc(1, sizeof *st);
    size_t n = info->steps_n + 1;
    st->arena = arena_new();
    st->message_numbers = map_new();
    st->failure_rows = map_new();
    st->tallies = mem_alloc(n, sizeof *st->tallies);
    st->steps = mem_alloc(n, sizeof *st->steps);
    st->recent = mem_alloc(n, sizeof *st->recent);
    for (size_t i = 0; i < n; i++) {
        tally_init(&st->tallies[i]);
        st->steps[i].service = st->tallies[i].service;
        st->steps[i].response = st->tallies[i].response;
    }
    tally_init(&st->second);
    st->view.info = info;
    st->view.since_ns = info->warm_up_ns;
    st->view.steps = st->steps;
    st->view.total = st->steps[info->steps_n];
    return st;
}

void stats_free(struct stats *st)
{
    if (!st) return;
    for (size_t i = 0; i <= st->view.info->steps_n; i++)
        tally_free(&st->tallies[i]);
    tally_free(&st->second);
    free(st->tallies);
    free(st->steps);
    free(st->recent);
    free(st->messages);
    free(st->failures);
    free(st->points);
    free(st->answers);
    map_free(st->message_numbers);
    map_free(st->failure_rows);
    arena_free(st->arena);
    free(st);
}

/* ---- messages and failures ----------------------------------------------------------------------- */

uint32_t stats_message(struct stats *st, struct slice text)
{
    void *known = map_get(st->message_numbers, text);
    if (known) return (uint32_t)(uintptr_t)known;
    mem_grow(&st->messages, &st->messages_cap, st->messages_n + 1, sizeof *st->messages);
    struct slice kept = arena_dup(st->arena, text);
    st->messages[st->messages_n++] = kept;
    *map_at(st->message_numbers, kept) = (void *)(uintptr_t)st->messages_n;
    return (uint32_t)st->messages_n;
}

struct slice stats_message_text(const struct stats *st, uint32_t n)
{
    return n >= 1 && n <= st->messages_n ? st->messages[n - 1] : (struct slice){ NULL, 0 };
}

uint32_t stats_messages(const struct stats *st)
{
    return (uint32_t)st->messages_n;
}

static struct slice failure_text(struct stats *st, const struct failure_count *f)
{
    if (f->message) return stats_message_text(st, f->message);
    if (f->status && f->outcome == OUTCOME_STATUS)
        return arena_printf(st->arena, "status %u", f->status);
    return slice_z(outcome_name((enum outcome)f->outcome));
}

static void **failure_place(struct stats *st, const struct failure_count *f)
{
    struct { /* no padding: every byte is part of the key */
        uint32_t step, message, status, outcome;
    } key = { f->step, f->message, f->status, f->outcome };
    struct slice bytes = { (const char *)&key, sizeof key };
    if (map_get(st->failure_rows, bytes)) return map_at(st->failure_rows, bytes);
    return map_at(st->failure_rows, arena_dup(st->arena, bytes));
}

static void add_failure(struct stats *st, const struct failure_count *f)
{
    void **place = failure_place(st, f);
    size_t row = (size_t)(uintptr_t)*place;
    if (row == 0 && st->view.failures_n == FAILURE_ROWS_MAX) row = FAILURE_ROWS_MAX;
    if (row == 0) {
        mem_grow(&st->failures, &st->failures_cap, st->view.failures_n + 1, sizeof *st->failures);
        row = ++st->view.failures_n;
        st->failures[row - 1] = (struct failure_stats){ .step = f->step,
                                                        .outcome = (enum outcome)f->outcome,
                                                        .status = f->status,
                                                        .text = failure_text(st, f),
                                                        .first_ns = f->first_ns };
    }
    *place = (void *)(uintptr_t)row;
    struct failure_stats *to = &st->failures[row - 1];
    to->count += f->count;
    if (f->first_ns < to->first_ns) to->first_ns = f->first_ns;
    if (f->last_ns > to->last_ns) to->last_ns = f->last_ns;
    st->view.failures = st->failures;
}

/* ---- seconds ---------------------------------------------------------------------------------------- */

static uint32_t clip32(uint64_t v)
{
    return v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
}

static uint32_t percentile_us(const struct hist *h, double p)
{
    return clip32(hist_percentile_ns(h, p) / NS_PER_US);
}

uint64_t heat_row_ns(unsigned row)
{
    static const unsigned steps[] = { 100, 147, 215, 316, 464, 681 }; /* 10^(k/6), in hundredths */
    uint64_t decade = 1;
    if (row == 0) return 0;
    for (unsigned i = 0; i < (row - 1) / 6; i++)
        decade *= 10;
    return steps[(row - 1) % 6] * NS_PER_US * decade;
}

static void fill_heat(struct interval_point *p, const struct hist *h)
{
    uint64_t low, high, count;
    unsigned row = 0;
    for (size_t i = 0; hist_next(h, &i, &low, &high, &count);) {
        while (row + 1 < HEAT_ROWS && low >= heat_row_ns(row + 1))
            row++;
        p->heat[row] += clip32(count);
    }
}

static struct interval_point point_of(const struct second *s, const struct tally *all)
{
    struct interval_point p = {
        .from_ns = s->from_ns,
        .to_ns = s->to_ns,
        .users = s->users,
        .requests = clip32(all->requests),
        .failures = clip32(all->failures),
        .cancelled = clip32(all->cancelled),
        .late = clip32(s->late),
        .dropped = clip32(s->dropped),
        .cpu_permille = (uint32_t)(s->cpu_max * 1000),
        .lag_us = clip32(s->lag_max_ns / NS_PER_US),
        .p50_us = percentile_us(all->response, 50),
        .p95_us = percentile_us(all->response, 95),
        .p99_us = percentile_us(all->response, 99),
        .max_us = clip32(hist_max_ns(all->response) / NS_PER_US),
        .service_p50_us = percentile_us(all->service, 50),
        .service_p95_us = percentile_us(all->service, 95),
        .service_p99_us = percentile_us(all->service, 99),
        .bytes_in = all->bytes_in,
        .bytes_out = all->bytes_out,
    };
    fill_heat(&p, all->response);
    return p;
}

/* A second without length or requests, as at the end of a virtual clock, is no point in a chart. */
static void add_point(struct stats *st, const struct second *s)
{
    if (s->to_ns == s->from_ns && tally_is_empty(&st->second)) return;
    mem_grow(&st->points, &st->points_cap, st->view.intervals_n + 1, sizeof *st->points);
    st->points[st->view.intervals_n++] = point_of(s, &st->second);
    st->view.intervals = st->points;
}

/* The last ten seconds' mean, over as many seconds as there were. */
static void roll_recent(struct stats *st, size_t i, const struct tally *t)
{
    struct recent *r = &st->recent[i];
    size_t seconds = st->view.intervals_n < RECENT ? st->view.intervals_n : RECENT;
    uint64_t requests = 0, failures = 0;
    if (seconds == 0) return;
    r->requests[(st->view.intervals_n - 1) % RECENT] = clip32(t->requests);
    r->failures[(st->view.intervals_n - 1) % RECENT] = clip32(t->failures);
    for (size_t k = 0; k < seconds; k++) {
        requests += r->requests[k];
        failures += r->failures[k];
    }
    st->steps[i].recent_rps = (double)requests / (double)seconds;
    st->steps[i].recent_failures = (double)failures / (double)seconds;
}

static void refresh_step(struct stats *st, size_t i)
{
    const struct tally *t = &st->tallies[i];
    struct step_stats *s = &st->steps[i];
    s->requests = t->requests;
    s->failures = t->failures;
    s->cancelled = t->cancelled;
    s->bytes_in = t->bytes_in;
    s->bytes_out = t->bytes_out;
    s->connections = t->connections;
    s->first_start_ns = t->first_start_ns;
    s->last_end_ns = t->last_end_ns;
    memcpy(s->outcomes, t->outcomes, sizeof s->outcomes);
}

static void add_tally(struct stats *st, size_t i, const struct tally *t)
{
    tally_merge(&st->tallies[i], t);
    roll_recent(st, i, t);
    refresh_step(st, i);
}

void stats_add_second(struct stats *st, const struct second *s)
{
    size_t total = st->view.info->steps_n;
    tally_clear(&st->second);
    for (size_t i = 0; i < total; i++)
        tally_merge(&st->second, &s->steps[i]);
    add_point(st, s);
    for (size_t i = 0; i < total; i++)
        add_tally(st, i, &s->steps[i]);
    add_tally(st, total, &st->second);
    for (size_t i = 0; i < total; i++)
        st->steps[i].second = s->steps[i].response;
    st->steps[total].second = st->second.response;
    st->view.total = st->steps[total];
    if (st->view.intervals_n)
        st->points[st->view.intervals_n - 1].so_far = locust_row(&st->view.total, false);
    for (size_t i = 0; i < s->failures_n; i++)
        add_failure(st, &s->failures[i]);
    health_add(&st->health, &st->view.generator, s);
    health_judge(&st->health, &st->view.generator);
    st->view.warm_up_requests += s->warm_up;
    st->view.users = s->users;
    if (s->users_max > st->view.users_max) st->view.users_max = s->users_max;
    if (s->to_ns > st->view.elapsed_ns) st->view.elapsed_ns = s->to_ns;
}

/* ---- the rest ------------------------------------------------------------------------------------------ */

void stats_add_answer(struct stats *st, struct slice text, struct slice head, struct slice body)
{
    if (st->view.answers_n == ANSWERS_MAX) return;
    if (!st->answers) st->answers = mem_alloc(ANSWERS_MAX, sizeof *st->answers);
    st->answers[st->view.answers_n++] =
        (struct answer_sample){ arena_dup(st->arena, text), arena_dup(st->arena, head),
                                arena_dup(st->arena, body) };
    st->view.answers = st->answers;
}

void stats_left_out(struct stats *st, uint64_t samples)
{
    st->view.generator.left_out += samples;
}

void stats_set_archive(struct stats *st, struct slice path)
{
    st->view.archive = arena_dup(st->arena, path);
}

void stats_set_environment(struct stats *st, struct slice json)
{
    st->view.environment = arena_dup(st->arena, json);
}

void stats_set_live(struct stats *st, const struct stats_live *live)
{
    st->view.workers = live->workers;
    st->view.workers_n = live->workers_n;
    st->view.trace = live->trace;
    st->view.trace_n = live->trace_n;
}

void stats_count_from(struct stats *st, uint64_t since_ns)
{
    if (since_ns > st->view.since_ns) st->view.since_ns = since_ns;
}

struct stats *stats_since(const struct stats *whole, uint64_t now_ns)
{
    struct stats *st = stats_new(whole->view.info);
    stats_count_from(st, now_ns);
    st->view.elapsed_ns = now_ns;
    stats_follow(st, whole);
    return st;
}

void stats_follow(struct stats *st, const struct stats *whole)
{
    for (size_t i = st->messages_n; i < whole->messages_n; i++)
        stats_message(st, whole->messages[i]);
    st->view.thresholds = whole->view.thresholds;
    st->view.thresholds_n = whole->view.thresholds_n;
    st->view.answers = whole->view.answers;
    st->view.answers_n = whole->view.answers_n;
    st->view.archive = whole->view.archive;
    st->view.environment = whole->view.environment;
    st->view.finished = whole->view.finished;
    st->view.interrupted = whole->view.interrupted;
    st->view.workers = whole->view.workers;
    st->view.workers_n = whole->view.workers_n;
    st->view.trace = whole->view.trace;
    st->view.trace_n = whole->view.trace_n;
}

void stats_finish(struct stats *st, bool interrupted)
{
    st->view.finished = true;
    st->view.interrupted = interrupted;
}

void stats_judge(struct stats *st, struct thresholds *t)
{
    st->view.thresholds_n = st->view.info->thresholds_n;
    st->view.thresholds = thresholds_eval(t, &st->view);
}

const struct run_stats *stats_view(const struct stats *st)
{
    return &st->view;
}

double stats_rps(const struct run_stats *s, const struct step_stats *t)
{
    uint64_t end = s->total.last_end_ns > s->since_ns ? s->total.last_end_ns - s->since_ns : 0;
    double seconds = (double)end / (double)NS_PER_S;
    return (double)t->requests / (seconds > 1 ? seconds : 1);
}

double stats_failure_ratio(const struct step_stats *t)
{
    return t->requests ? (double)t->failures / (double)t->requests : 0;
}

double stats_ms(uint64_t ns)
{
    return (double)ns / (double)NS_PER_MS;
}

bool stats_thresholds_ok(const struct run_stats *s)
{
    for (size_t i = 0; i < s->thresholds_n; i++)
        if (!s->thresholds[i].ok) return false;
    return true;
}
