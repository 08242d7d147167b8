/* The JSON summary: what scripts read. results/summary.schema.json is its contract; its keys never change
 * meaning. Called by `run --json-file`, `report --json` and the web page. */
#include "results/results.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/num.h"
#include "base/version.h"
#include "results/cell.h"

static void put_latency(struct jsonw *w, const char *key, const struct hist *h)
{
    static const struct {
        const char *key;
        double p;
    } percentiles[] = { { "p50", 50 },    { "p66", 66 },     { "p75", 75 }, { "p80", 80 },
                        { "p90", 90 },    { "p95", 95 },     { "p98", 98 }, { "p99", 99 },
                        { "p999", 99.9 }, { "p9999", 99.99 } };
    jsonw_put_object(w, key);
    for (size_t i = 0; i < sizeof percentiles / sizeof *percentiles; i++)
        jsonw_put_f64(w, percentiles[i].key, stats_ms(hist_percentile_ns(h, percentiles[i].p)), 3);
    jsonw_put_f64(w, "min", stats_ms(hist_min_ns(h)), 3);
    jsonw_put_f64(w, "max", stats_ms(hist_max_ns(h)), 3);
    jsonw_put_f64(w, "mean", hist_mean_ns(h) / (double)NS_PER_MS, 3);
    jsonw_object_end(w);
}

static void put_counts(struct jsonw *w, const struct run_stats *s, const struct step_stats *t)
{
    jsonw_put_u64(w, "requests", t->requests);
    jsonw_put_u64(w, "failures", t->failures);
    jsonw_put_u64(w, "cancelled", t->cancelled);
    jsonw_put_f64(w, "failure_ratio", stats_failure_ratio(t), 6);
    jsonw_put_f64(w, "rps", stats_rps(s, t), 3);
    jsonw_put_u64(w, "bytes_in", t->bytes_in);
    jsonw_put_u64(w, "bytes_out", t->bytes_out);
    jsonw_put_u64(w, "connections", t->connections);
    put_latency(w, "response_time_ms", t->response);
    put_latency(w, "service_time_ms", t->service);
}

static void put_steps(struct jsonw *w, const struct run_stats *s)
{
    jsonw_put_array(w, "steps");
    for (size_t i = 0; i < s->info->steps_n; i++) {
        jsonw_object(w);
        jsonw_put_str(w, "name", s->info->steps[i].name);
        jsonw_put_str(w, "method", s->info->steps[i].method);
        jsonw_put_str(w, "group", s->info->steps[i].group);
        put_counts(w, s, &s->steps[i]);
        jsonw_object_end(w);
    }
    jsonw_array_end(w);
}

static void put_failures(struct jsonw *w, const struct run_stats *s)
{
    jsonw_put_array(w, "failure_kinds");
    for (size_t i = 0; i < s->failures_n; i++) {
        const struct failure_stats *f = &s->failures[i];
        jsonw_object(w);
        jsonw_put_str(w, "name", s->info->steps[f->step].name);
        jsonw_put_str(w, "method", s->info->steps[f->step].method);
        jsonw_put_str(w, "outcome", slice_z(outcome_name(f->outcome)));
        jsonw_put_u64(w, "status", f->status);
        jsonw_put_str(w, "message", f->text);
        jsonw_put_u64(w, "count", f->count);
        jsonw_put_f64(w, "first_s", (double)f->first_ns / (double)NS_PER_S, 3);
        jsonw_put_f64(w, "last_s", (double)f->last_ns / (double)NS_PER_S, 3);
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
    jsonw_put_array(w, "thresholds");
    for (size_t i = 0; i < s->thresholds_n; i++) {
        const struct threshold_result *t = &s->thresholds[i];
        jsonw_object(w);
        jsonw_put_str(w, "rule", t->rule);
        jsonw_put_bool(w, "ok", t->ok);
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
    jsonw_put_object(w, "generator");
    jsonw_put_f64(w, "cpu_max", g->cpu_max, 3);
    jsonw_put_f64(w, "cpu_mean", g->cpu_mean, 3);
    jsonw_put_f64(w, "lag_max_ms", stats_ms(g->lag_max_ns), 3);
    jsonw_put_f64(w, "late_max_ms", stats_ms(g->late_max_ns), 3);
    jsonw_put_u64(w, "memory_max_bytes", g->memory_max_bytes);
    jsonw_put_u64(w, "sockets_max", g->sockets_max);
    jsonw_put_u64(w, "archive_left_out", g->left_out);
    jsonw_put_u64(w, "answers_left_out", g->answers_left_out);
    jsonw_put_str(w, "limited_why", g->limited ? g->limited_why : SL(""));
    jsonw_object_end(w);
}

static void put_run(struct jsonw *w, const struct run_stats *s)
{
    struct buf started = BUF_INIT(64);
    clock_add_iso(&started, s->info->start_utc_ns);
    jsonw_put_str(w, "made_by", SL("reprise " REPRISE_VERSION));
    jsonw_put_str(w, "scenario", s->info->scenario);
    jsonw_put_str(w, "target", s->info->target);
    jsonw_put_str(w, "started", buf_slice(&started));
    jsonw_put_bool(w, "interrupted", s->interrupted);
    jsonw_put_str(w, "archive", s->archive);
    buf_free(&started);
}

void stats_write_json(const struct run_stats *s, struct buf *out)
{
    struct jsonw w = { .out = out, .indent = 2 };
    jsonw_object(&w);
    put_run(&w, s);
    put_counts(&w, s, &s->total);
    jsonw_put_u64(&w, "users", s->users_max);
    jsonw_put_f64(&w, "duration_s", (double)s->elapsed_ns / (double)NS_PER_S, 3);
    jsonw_put_f64(&w, "warm_up_s", (double)s->info->warm_up_ns / (double)NS_PER_S, 3);
    jsonw_put_u64(&w, "warm_up_requests", s->warm_up_requests);
    jsonw_put_u64(&w, "late_starts", s->generator.late_starts);
    jsonw_put_u64(&w, "dropped_starts", s->generator.dropped_starts);
    jsonw_put_bool(&w, "generator_limited", s->generator.limited);
    put_generator(&w, &s->generator);
    put_steps(&w, s);
    put_failures(&w, s);
    put_thresholds(&w, s);
    jsonw_object_end(&w);
    buf_addc(out, '\n');
}
