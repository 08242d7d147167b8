/* Locust's keys over our numbers, so that scripts written for its web interface go on working. Called by
 * the web thread under the board's lock. As Locust does, at most LOCUST_ROWS rows, then the sum. */
#include "web/render.h"

#include "base/num.h"

#define LOCUST_ROWS 500

static void percentile(struct jsonw *w, const char *key, const struct hist *h, double p)
{
    jsonw_put_f64(w, key, stats_ms(hist_percentile_ns(h, p)), 6);
}

static void entry(struct jsonw *w, const struct run_stats *s, const struct step_info *i,
                  const struct step_stats *t)
{
    jsonw_object(w);
    jsonw_put_str(w, "method", i->method);
    jsonw_put_str(w, "name", i->name);
    jsonw_put_str(w, "safe_name", i->name);
    jsonw_put_u64(w, "num_requests", t->requests);
    jsonw_put_u64(w, "num_failures", t->failures);
    jsonw_put_f64(w, "avg_response_time", hist_mean_ns(t->response) / (double)NS_PER_MS, 6);
    jsonw_put_f64(w, "min_response_time", stats_ms(hist_min_ns(t->response)), 6);
    jsonw_put_f64(w, "max_response_time", stats_ms(hist_max_ns(t->response)), 6);
    jsonw_put_f64(w, "current_rps", t->recent_rps, 6);
    jsonw_put_f64(w, "current_fail_per_sec", t->recent_failures, 6);
    percentile(w, "median_response_time", t->response, 50);
    percentile(w, "ninetieth_response_time", t->response, 90);
    percentile(w, "ninety_ninth_response_time", t->response, 99);
    percentile(w, "response_time_percentile_0.95", t->response, 95);
    percentile(w, "response_time_percentile_0.99", t->response, 99);
    jsonw_put_f64(w, "total_rps", stats_rps(s, t), 6);
    jsonw_put_f64(w, "total_fail_per_sec", stats_failure_ratio(t) * stats_rps(s, t), 6);
    jsonw_put_f64(w, "avg_content_length",
                  t->requests ? (double)t->bytes_in / (double)t->requests : 0, 6);
    jsonw_object_end(w);
}

static void entries(struct jsonw *w, const struct run_stats *s)
{
    static const struct step_info all = { .name = SL("Aggregated") };
    jsonw_put_array(w, "stats");
    for (size_t i = 0; s && i < s->info->steps_n && i < LOCUST_ROWS; i++)
        entry(w, s, &s->info->steps[i], &s->steps[i]);
    if (s) entry(w, s, &all, &s->total);
    jsonw_array_end(w);
}

static void errors(struct jsonw *w, const struct run_stats *s)
{
    jsonw_put_array(w, "errors");
    for (size_t i = 0; s && i < s->failures_n && i < LOCUST_ROWS; i++) {
        const struct failure_stats *f = &s->failures[i];
        jsonw_object(w);
        jsonw_put_str(w, "method", s->info->steps[f->step].method);
        jsonw_put_str(w, "name", s->info->steps[f->step].name);
        jsonw_put_str(w, "error", f->text);
        jsonw_put_u64(w, "occurrences", f->count);
        jsonw_put_f64(w, "first_seen", (double)f->first_ns / (double)NS_PER_S, 6);
        jsonw_put_f64(w, "last_seen", (double)f->last_ns / (double)NS_PER_S, 6);
        jsonw_object_end(w);
    }
    jsonw_array_end(w);
}

static void workers(struct jsonw *w, const struct run_stats *s, const char *state)
{
    jsonw_put_array(w, "workers");
    for (size_t i = 0; s && i < s->workers_n; i++) {
        struct buf id = BUF_INIT(32);
        buf_addf(&id, "worker_%zu", i);
        jsonw_object(w);
        jsonw_put_str(w, "id", buf_slice(&id));
        jsonw_put_z(w, "state", state);
        jsonw_put_u64(w, "user_count", s->workers[i].users);
        jsonw_put_f64(w, "cpu_usage", s->workers[i].cpu * 100, 6);
        jsonw_put_u64(w, "memory_usage", s->generator.memory_max_bytes);
        jsonw_object_end(w);
        buf_free(&id);
    }
    jsonw_array_end(w);
}

static void current(struct jsonw *w, const struct run_stats *s)
{
    const struct interval_point *p = s && s->intervals_n ? &s->intervals[s->intervals_n - 1] : NULL;
    double p50 = p ? p->p50_us / 1000.0 : 0, p95 = p ? p->p95_us / 1000.0 : 0;
    jsonw_put_f64(w, "total_rps", s ? s->total.recent_rps : 0, 6);
    jsonw_put_f64(w, "total_fail_per_sec", s ? s->total.recent_failures : 0, 6);
    jsonw_put_f64(w, "total_avg_response_time",
                  s ? hist_mean_ns(s->total.response) / (double)NS_PER_MS : 0, 6);
    jsonw_put_f64(w, "fail_ratio", s ? stats_failure_ratio(&s->total) : 0, 6);
    jsonw_put_f64(w, "current_response_time_percentile_1", p50, 6);
    jsonw_put_f64(w, "current_response_time_percentile_2", p95, 6);
    jsonw_put_object(w, "current_response_time_percentiles");
    jsonw_put_f64(w, "response_time_percentile_0.5", p50, 6);
    jsonw_put_f64(w, "response_time_percentile_0.95", p95, 6);
    jsonw_object_end(w);
}

void render_locust(const struct run_stats *s, const char *state, struct buf *out)
{
    struct jsonw w = { .out = out };
    jsonw_object(&w);
    entries(&w, s);
    errors(&w, s);
    current(&w, s);
    workers(&w, s, state);
    jsonw_put_z(&w, "state", state);
    jsonw_put_u64(&w, "user_count", s ? s->users : 0);
    jsonw_object_end(&w);
}
