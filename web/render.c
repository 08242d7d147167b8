/* run_stats to the API's JSON. Called under the board's lock, by the collector's thread (the tick) and the web
 * thread (all else). Invariant: rows keep the order of the steps, so that a row's number names its step
 * everywhere; a tick is one line. Locust's shapes are in render_locust.c. */
#include "web/render.h"

#include "base/clock.h"
#include "base/num.h"

#define ANSWERS_PER_FAILURE 3

static void ms(struct jsonw *w, uint64_t ns)
{
    jsonw_f64(w, stats_ms(ns), 3);
}

static void key_ms(struct jsonw *w, const char *key, uint64_t ns)
{
    jsonw_key(w, key);
    ms(w, ns);
}

/* ---- the charts' points ---------------------------------------------------------------------------- */

static const char *const point_columns[] = {
    "t",           "users",       "rps",         "failures", "p50",       "p95", "p99", "max",
    "service_p50", "service_p95", "service_p99", "bytes_in", "bytes_out", "cpu", "lag"
};
#define POINT_COLUMNS (sizeof point_columns / sizeof *point_columns)

static double us_to_ms(uint32_t us)
{
    return (double)us / 1000;
}

/* t in seconds, rates a second, latencies and lag in milliseconds, cpu 0..1. */
static double point_value(const struct interval_point *p, size_t column)
{
    double seconds = (double)(p->to_ns - p->from_ns) / (double)NS_PER_S;
    double per = seconds > 0.05 ? 1 / seconds : 0;
    const double v[POINT_COLUMNS] = {
        (double)p->to_ns / (double)NS_PER_S,
        p->users,
        p->requests * per,
        p->failures * per,
        us_to_ms(p->p50_us),
        us_to_ms(p->p95_us),
        us_to_ms(p->p99_us),
        us_to_ms(p->max_us),
        us_to_ms(p->service_p50_us),
        us_to_ms(p->service_p95_us),
        us_to_ms(p->service_p99_us),
        (double)p->bytes_in * per,
        (double)p->bytes_out * per,
        p->cpu_permille / 1000.0,
        us_to_ms(p->lag_us),
    };
    return v[column];
}

static void point_row(struct jsonw *w, const struct interval_point *p)
{
    jsonw_array(w);
    for (size_t i = 0; i < POINT_COLUMNS; i++)
        jsonw_f64(w, point_value(p, i), 3);
    jsonw_array_end(w);
}

void render_history(const struct run_stats *s, uint64_t from, struct buf *out)
{
    struct jsonw w = { .out = out };
    size_t n = s ? s->intervals_n : 0, start = from < n ? (size_t)from : n;
    jsonw_object(&w);
    jsonw_put_u64(&w, "from", start);
    jsonw_put_names(&w, "columns", point_columns, POINT_COLUMNS);
    jsonw_put_array(&w, "values");
    for (size_t column = 0; column < POINT_COLUMNS; column++) {
        jsonw_array(&w);
        for (size_t i = start; i < n; i++)
            jsonw_f64(&w, point_value(&s->intervals[i], column), 3);
        jsonw_array_end(&w);
    }
    jsonw_array_end(&w);
    jsonw_object_end(&w);
}

/* ---- the tick ----------------------------------------------------------------------------------------- */

static void latencies(struct jsonw *w, const char *key, const struct hist *h)
{
    jsonw_put_object(w, key);
    key_ms(w, "p50", hist_percentile_ns(h, 50));
    key_ms(w, "p95", hist_percentile_ns(h, 95));
    key_ms(w, "p99", hist_percentile_ns(h, 99));
    key_ms(w, "max", hist_max_ns(h));
    jsonw_put_f64(w, "mean", hist_mean_ns(h) / (double)NS_PER_MS, 4);
    jsonw_object_end(w);
}

static void thresholds(struct jsonw *w, const struct run_stats *s)
{
    jsonw_put_array(w, "thresholds");
    for (size_t i = 0; i < s->thresholds_n; i++) {
        const struct threshold_result *t = &s->thresholds[i];
        jsonw_object(w);
        jsonw_put_str(w, "rule", t->rule);
        jsonw_put_bool(w, "ok", t->ok);
        jsonw_put_bool(w, "known", t->known);
        jsonw_put_f64(w, "value", t->value, 4);
        jsonw_object_end(w);
    }
    jsonw_array_end(w);
}

static void generator(struct jsonw *w, const struct generator_stats *g)
{
    jsonw_put_object(w, "generator");
    jsonw_put_f64(w, "cpu_max", g->cpu_max, 4);
    jsonw_put_f64(w, "cpu_mean", g->cpu_mean, 4);
    key_ms(w, "lag_max", g->lag_max_ns);
    jsonw_put_u64(w, "memory_bytes", g->memory_max_bytes);
    jsonw_put_u64(w, "sockets", g->sockets_max);
    jsonw_put_u64(w, "late_starts", g->late_starts);
    jsonw_put_u64(w, "dropped_starts", g->dropped_starts);
    jsonw_put_bool(w, "limited", g->limited);
    jsonw_put_str(w, "limited_why", g->limited_why);
    jsonw_object_end(w);
}

static void totals(struct jsonw *w, const struct run_stats *s)
{
    jsonw_put_f64(w, "elapsed_s", (double)s->elapsed_ns / (double)NS_PER_S, 4);
    jsonw_put_f64(w, "warm_up_s", (double)s->info->warm_up_ns / (double)NS_PER_S, 4);
    jsonw_put_u64(w, "warm_up_requests", s->warm_up_requests);
    jsonw_put_u64(w, "users", s->users);
    jsonw_put_u64(w, "users_max", s->users_max);
    jsonw_put_u64(w, "requests", s->total.requests);
    jsonw_put_u64(w, "failures", s->total.failures);
    jsonw_put_u64(w, "failure_kinds", s->failures_n);
    jsonw_put_f64(w, "failure_ratio", stats_failure_ratio(&s->total), 4);
    jsonw_put_f64(w, "rps", s->total.recent_rps, 4);
    jsonw_put_f64(w, "failures_per_s", s->total.recent_failures, 4);
    jsonw_put_f64(w, "rps_mean", stats_rps(s, &s->total), 4);
    jsonw_put_u64(w, "bytes_in", s->total.bytes_in);
    jsonw_put_u64(w, "bytes_out", s->total.bytes_out);
    jsonw_put_bool(w, "finished", s->finished);
    jsonw_put_bool(w, "archived", s->archive.n > 0);
}

void render_tick(const struct run_stats *s, uint64_t version, uint64_t run, struct buf *out)
{
    struct jsonw w = { .out = out };
    jsonw_object(&w);
    jsonw_put_u64(&w, "run", run);
    jsonw_put_u64(&w, "version", version);
    totals(&w, s);
    latencies(&w, "response_ms", s->total.response);
    latencies(&w, "service_ms", s->total.service);
    thresholds(&w, s);
    generator(&w, &s->generator);
    jsonw_put_u64(&w, "points", s->intervals_n);
    jsonw_key(&w, "point");
    if (s->intervals_n) {
        point_row(&w, &s->intervals[s->intervals_n - 1]);
    } else {
        jsonw_null(&w);
    }
    jsonw_object_end(&w);
}

void render_info(struct jsonw *w, const struct run_info *info)
{
    struct buf start = BUF_INIT(64);
    if (!info) {
        jsonw_null(w);
        return;
    }
    clock_add_iso(&start, info->start_utc_ns);
    jsonw_object(w);
    jsonw_put_str(w, "scenario", info->scenario);
    jsonw_put_str(w, "target", info->target);
    jsonw_put_str(w, "engine", info->engine);
    jsonw_put_str(w, "start", buf_slice(&start));
    jsonw_put_u64(w, "seed", info->seed);
    jsonw_put_u64(w, "users", info->users);
    jsonw_put_f64(w, "run_time_s", (double)info->run_time_ns / (double)NS_PER_S, 4);
    jsonw_put_u64(w, "workers", info->workers);
    jsonw_put_u64(w, "steps", info->steps_n);
    jsonw_object_end(w);
    buf_free(&start);
}

/* ---- tables -------------------------------------------------------------------------------------------- */

static const char *const stats_columns[] = {
    "method",         "name",           "group",       "requests",       "failures",
    "median_ms",      "p95_ms",         "p99_ms",      "average_ms",     "min_ms",
    "max_ms",         "average_bytes",  "rps",         "failures_per_s", "service_median_ms",
    "service_p95_ms", "service_p99_ms", "connections",
};

/* Rates: of the last seconds while the run goes, of all of it when it is over. */
static void stats_row(struct jsonw *w, const struct run_stats *s, const struct step_info *i,
                      const struct step_stats *t)
{
    double rps = stats_rps(s, t);
    jsonw_array(w);
    jsonw_str(w, i->method);
    jsonw_str(w, i->name);
    jsonw_str(w, i->group);
    jsonw_u64(w, t->requests);
    jsonw_u64(w, t->failures);
    ms(w, hist_percentile_ns(t->response, 50));
    ms(w, hist_percentile_ns(t->response, 95));
    ms(w, hist_percentile_ns(t->response, 99));
    jsonw_f64(w, hist_mean_ns(t->response) / (double)NS_PER_MS, 3);
    ms(w, hist_min_ns(t->response));
    ms(w, hist_max_ns(t->response));
    jsonw_f64(w, t->requests ? (double)t->bytes_in / (double)t->requests : 0, 1);
    jsonw_f64(w, s->finished ? rps : t->recent_rps, 2);
    jsonw_f64(w, s->finished ? rps * stats_failure_ratio(t) : t->recent_failures, 2);
    ms(w, hist_percentile_ns(t->service, 50));
    ms(w, hist_percentile_ns(t->service, 95));
    ms(w, hist_percentile_ns(t->service, 99));
    jsonw_u64(w, t->connections);
    jsonw_array_end(w);
}

void render_stats(const struct run_stats *s, uint64_t version, struct buf *out)
{
    static const struct step_info all = { .name = SL("Aggregated") };
    struct jsonw w = { .out = out };
    jsonw_object(&w);
    jsonw_put_u64(&w, "version", version);
    jsonw_put_names(&w, "columns", stats_columns, sizeof stats_columns / sizeof *stats_columns);
    jsonw_put_array(&w, "rows");
    for (size_t i = 0; s && i < s->info->steps_n; i++)
        stats_row(&w, s, &s->info->steps[i], &s->steps[i]);
    jsonw_array_end(&w);
    jsonw_key(&w, "total");
    if (s) {
        stats_row(&w, s, &all, &s->total);
    } else {
        jsonw_null(&w);
    }
    jsonw_object_end(&w);
}

static void answers(struct jsonw *w, const struct run_stats *s, struct slice text)
{
    unsigned shown = 0;
    jsonw_put_array(w, "answers");
    for (size_t i = 0; i < s->answers_n && shown < ANSWERS_PER_FAILURE; i++) {
        if (!slice_eq(s->answers[i].text, text)) continue;
        jsonw_object(w);
        jsonw_put_str(w, "head", s->answers[i].head);
        jsonw_put_str(w, "body", s->answers[i].body);
        jsonw_object_end(w);
        shown++;
    }
    jsonw_array_end(w);
}

static void failure(struct jsonw *w, const struct run_stats *s, const struct failure_stats *f)
{
    jsonw_object(w);
    jsonw_put_u64(w, "step", f->step);
    jsonw_put_str(w, "method", s->info->steps[f->step].method);
    jsonw_put_str(w, "name", s->info->steps[f->step].name);
    jsonw_put_z(w, "outcome", outcome_name(f->outcome));
    jsonw_put_u64(w, "status", f->status);
    jsonw_put_str(w, "text", f->text);
    jsonw_put_u64(w, "count", f->count);
    jsonw_put_f64(w, "first_s", (double)f->first_ns / (double)NS_PER_S, 4);
    jsonw_put_f64(w, "last_s", (double)f->last_ns / (double)NS_PER_S, 4);
    answers(w, s, f->text);
    jsonw_object_end(w);
}

void render_failures(const struct run_stats *s, uint64_t version, struct buf *out)
{
    struct jsonw w = { .out = out };
    jsonw_object(&w);
    jsonw_put_u64(&w, "version", version);
    jsonw_put_array(&w, "failures");
    for (size_t i = 0; s && i < s->failures_n; i++)
        failure(&w, s, &s->failures[i]);
    jsonw_array_end(&w);
    jsonw_object_end(&w);
}

void render_workers(const struct run_stats *s, struct buf *out)
{
    struct jsonw w = { .out = out };
    jsonw_object(&w);
    jsonw_put_array(&w, "workers");
    for (size_t i = 0; s && i < s->workers_n; i++) {
        jsonw_object(&w);
        jsonw_put_u64(&w, "id", i);
        jsonw_put_u64(&w, "users", s->workers[i].users);
        jsonw_put_u64(&w, "connections", s->workers[i].connections);
        jsonw_put_f64(&w, "cpu", s->workers[i].cpu, 4);
        jsonw_object_end(&w);
    }
    jsonw_array_end(&w);
    jsonw_object_end(&w);
}

static void traced(struct jsonw *w, const struct run_stats *s, const struct sample *t)
{
    jsonw_object(w);
    jsonw_put_str(w, "method", s->info->steps[t->step].method);
    jsonw_put_str(w, "name", s->info->steps[t->step].name);
    key_ms(w, "intended", t->intended_ns);
    key_ms(w, "start", t->start_ns);
    key_ms(w, "connected", t->connected_ns);
    key_ms(w, "first_byte", t->first_byte_ns);
    key_ms(w, "end", t->end_ns);
    jsonw_put_u64(w, "status", t->status);
    jsonw_put_z(w, "outcome", outcome_name((enum outcome)t->outcome));
    jsonw_put_u64(w, "bytes", t->bytes_in);
    jsonw_object_end(w);
}

void render_trace(const struct run_stats *s, struct buf *out)
{
    struct jsonw w = { .out = out };
    bool any = s && s->trace_n;
    jsonw_object(&w);
    jsonw_put_u64(&w, "user", any ? s->trace[0].user : 0);
    jsonw_put_u64(&w, "iteration", any ? s->trace[0].iteration : 0);
    jsonw_put_array(&w, "requests");
    for (size_t i = 0; any && i < s->trace_n; i++)
        traced(&w, s, &s->trace[i]);
    jsonw_array_end(&w);
    jsonw_object_end(&w);
}
