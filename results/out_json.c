/* The JSON summary: what scripts read. results/summary.schema.json is its contract; its keys never change
 * meaning. Called by `run --json-file`, `report --json` and the web page. */
#include "results/results.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/num.h"
#include "base/version.h"
#include "results/cell.h"

static void put_u64(struct jsonw *w, const char *key, uint64_t v)
{
    jsonw_key(w, key);
    jsonw_u64(w, v);
}

static void put_f64(struct jsonw *w, const char *key, double v)
{
    jsonw_key(w, key);
    jsonw_f64(w, v, 3);
}

static void put_str(struct jsonw *w, const char *key, struct slice s)
{
    jsonw_key(w, key);
    jsonw_str(w, s);
}

static void put_bool(struct jsonw *w, const char *key, bool v)
{
    jsonw_key(w, key);
    jsonw_bool(w, v);
}

static void put_latency(struct jsonw *w, const char *key, const struct hist *h)
{
    static const struct {
        const char *key;
        double p;
    } percentiles[] = { { "p50", 50 },    { "p66", 66 },     { "p75", 75 }, { "p80", 80 },
                        { "p90", 90 },    { "p95", 95 },     { "p98", 98 }, { "p99", 99 },
                        { "p999", 99.9 }, { "p9999", 99.99 } };
    jsonw_key(w, key);
    jsonw_object(w);
    for (size_t i = 0; i < sizeof percentiles / sizeof *percentiles; i++)
        put_f64(w, percentiles[i].key, stats_ms(hist_percentile_ns(h, percentiles[i].p)));
    put_f64(w, "min", stats_ms(hist_min_ns(h)));
    put_f64(w, "max", stats_ms(hist_max_ns(h)));
    put_f64(w, "mean", hist_mean_ns(h) / (double)NS_PER_MS);
    jsonw_object_end(w);
}

static void put_counts(struct jsonw *w, const struct run_stats *s, const struct step_stats *t)
{
    put_u64(w, "requests", t->requests);
    put_u64(w, "failures", t->failures);
    put_u64(w, "cancelled", t->cancelled);
    jsonw_key(w, "failure_ratio");
    jsonw_f64(w, stats_failure_ratio(t), 6);
    put_f64(w, "rps", stats_rps(s, t));
    put_u64(w, "bytes_in", t->bytes_in);
    put_u64(w, "bytes_out", t->bytes_out);
    put_u64(w, "connections", t->connections);
    put_latency(w, "response_time_ms", t->response);
    put_latency(w, "service_time_ms", t->service);
}

static void put_steps(struct jsonw *w, const struct run_stats *s)
{
    jsonw_key(w, "steps");
    jsonw_array(w);
    for (size_t i = 0; i < s->info->steps_n; i++) {
        jsonw_object(w);
        put_str(w, "name", s->info->steps[i].name);
        put_str(w, "method", s->info->steps[i].method);
        put_str(w, "group", s->info->steps[i].group);
        put_counts(w, s, &s->steps[i]);
        jsonw_object_end(w);
    }
    jsonw_array_end(w);
}

static void put_failures(struct jsonw *w, const struct run_stats *s)
{
    jsonw_key(w, "failure_kinds");
    jsonw_array(w);
    for (size_t i = 0; i < s->failures_n; i++) {
        const struct failure_stats *f = &s->failures[i];
        jsonw_object(w);
        put_str(w, "name", s->info->steps[f->step].name);
        put_str(w, "method", s->info->steps[f->step].method);
        put_str(w, "outcome", slice_z(outcome_name(f->outcome)));
        put_u64(w, "status", f->status);
        put_str(w, "message", f->text);
        put_u64(w, "count", f->count);
        put_f64(w, "first_s", (double)f->first_ns / (double)NS_PER_S);
        put_f64(w, "last_s", (double)f->last_ns / (double)NS_PER_S);
        jsonw_object_end(w);
    }
    jsonw_array_end(w);
}

static void put_measured(struct jsonw *w, const struct threshold_result *t)
{
    struct buf b = BUF_INIT(64);
    if (t->known) cell_measured(&b, t);
    jsonw_key(w, "measured");
    if (t->known)
        jsonw_str(w, buf_slice(&b));
    else
        jsonw_null(w);
    buf_free(&b);
}

static void put_thresholds(struct jsonw *w, const struct run_stats *s)
{
    jsonw_key(w, "thresholds");
    jsonw_array(w);
    for (size_t i = 0; i < s->thresholds_n; i++) {
        const struct threshold_result *t = &s->thresholds[i];
        jsonw_object(w);
        put_str(w, "rule", t->rule);
        put_bool(w, "ok", t->ok);
        jsonw_key(w, "value");
        if (t->known)
            jsonw_f64(w, t->value, 6);
        else
            jsonw_null(w);
        put_measured(w, t);
        jsonw_object_end(w);
    }
    jsonw_array_end(w);
}

static void put_generator(struct jsonw *w, const struct generator_stats *g)
{
    jsonw_key(w, "generator");
    jsonw_object(w);
    put_f64(w, "cpu_max", g->cpu_max);
    put_f64(w, "cpu_mean", g->cpu_mean);
    put_f64(w, "lag_max_ms", stats_ms(g->lag_max_ns));
    put_f64(w, "late_max_ms", stats_ms(g->late_max_ns));
    put_u64(w, "memory_max_bytes", g->memory_max_bytes);
    put_u64(w, "sockets_max", g->sockets_max);
    put_u64(w, "archive_left_out", g->left_out);
    put_u64(w, "answers_left_out", g->answers_left_out);
    put_str(w, "limited_why", g->limited ? g->limited_why : SL(""));
    jsonw_object_end(w);
}

static void put_run(struct jsonw *w, const struct run_stats *s)
{
    struct buf started = BUF_INIT(64);
    clock_add_iso(&started, s->info->start_utc_ns);
    put_str(w, "made_by", SL("reprise " REPRISE_VERSION));
    put_str(w, "scenario", s->info->scenario);
    put_str(w, "target", s->info->target);
    put_str(w, "started", buf_slice(&started));
    put_bool(w, "interrupted", s->interrupted);
    put_str(w, "archive", s->archive);
    buf_free(&started);
}

void stats_write_json(const struct run_stats *s, struct buf *out)
{
    struct jsonw w = { .out = out, .indent = 2 };
    jsonw_object(&w);
    put_run(&w, s);
    put_counts(&w, s, &s->total);
    put_u64(&w, "users", s->users_max);
    put_f64(&w, "duration_s", (double)s->elapsed_ns / (double)NS_PER_S);
    put_f64(&w, "warm_up_s", (double)s->info->warm_up_ns / (double)NS_PER_S);
    put_u64(&w, "warm_up_requests", s->warm_up_requests);
    put_u64(&w, "late_starts", s->generator.late_starts);
    put_u64(&w, "dropped_starts", s->generator.dropped_starts);
    put_bool(&w, "generator_limited", s->generator.limited);
    put_generator(&w, &s->generator);
    put_steps(&w, s);
    put_failures(&w, s);
    put_thresholds(&w, s);
    jsonw_object_end(&w);
    buf_addc(out, '\n');
}
