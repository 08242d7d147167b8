/* What is sent each second: statsd lines, InfluxDB line protocol, OTLP JSON. Pure: statistics in, text out.
 *
 * Called by the push sink on the collector's thread. docs/metrics.md names everything. */
#include "results/push.h"

#include "base/json.h"
#include "base/num.h"
#include "base/version.h"

static const double bounds[] = { 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2,
                                 0.5,   1,     2,     5,    10,   20,   30,  60 };
#define BOUNDS (sizeof bounds / sizeof *bounds)

static const struct step_stats *stats_of(const struct run_stats *s, size_t step)
{
    return step == s->info->steps_n ? &s->total : &s->steps[step];
}

/* How many more than last time. */
static uint64_t since(uint64_t *last, uint64_t now)
{
    uint64_t n = now - *last;
    *last = now;
    return n;
}

static double percentile_ms(const struct step_stats *t, double p)
{
    return stats_ms(hist_percentile_ns(t->response, p));
}

/* ---- statsd --------------------------------------------------------------------------------------------- */

/* Names are paths with dots: everything but letters and digits becomes '_'. */
static void add_path(struct buf *out, struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        buf_addc(out, plain || c == '-' ? c : '_');
    }
}

static void add_statsd(struct buf *out, const struct run_stats *s, size_t step,
                       struct push_last *last)
{
    static const unsigned ps[] = { 50, 95, 99 };
    const struct step_stats *t = stats_of(s, step);
    struct buf name = BUF_INIT(4096);
    buf_addz(&name, "reprise");
    if (step < s->info->steps_n) {
        buf_addz(&name, ".steps.");
        add_path(&name, s->info->steps[step].method);
        buf_addc(&name, '_');
        add_path(&name, s->info->steps[step].name);
    }
    buf_addf(out, "%s.requests:%llu|c\n", buf_z(&name),
             (unsigned long long)since(&last->requests[step], t->requests));
    buf_addf(out, "%s.failures:%llu|c\n", buf_z(&name),
             (unsigned long long)since(&last->failures[step], t->failures));
    for (size_t i = 0; i < 3; i++)
        buf_addf(out, "%s.response_ms.p%u:%.3f|g\n", buf_z(&name), ps[i], percentile_ms(t, ps[i]));
    buf_free(&name);
}

void push_statsd(const struct run_stats *s, struct push_last *last, struct buf *out)
{
    for (size_t i = 0; i < s->info->steps_n; i++)
        if (s->steps[i].requests) add_statsd(out, s, i, last);
    add_statsd(out, s, s->info->steps_n, last);
    buf_addf(out, "reprise.users:%u|g\n", s->users);
}

/* ---- InfluxDB line protocol --------------------------------------------------------------------------------- */

static void add_tag(struct buf *out, const char *key, struct slice s)
{
    if (s.n == 0) return; /* empty tag values are not allowed */
    buf_addf(out, ",%s=", key);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == ',' || s.p[i] == '=' || s.p[i] == ' ') buf_addc(out, '\\');
        buf_addc(out, s.p[i] == '\n' ? '_' : s.p[i]);
    }
}

static int64_t now_utc_ns(const struct run_stats *s)
{
    return s->info->start_utc_ns + (int64_t)s->elapsed_ns;
}

static void add_influx(struct buf *out, const struct run_stats *s, size_t step,
                       struct push_last *last)
{
    const struct step_stats *t = stats_of(s, step);
    bool whole = step == s->info->steps_n;
    buf_addz(out, whole ? "reprise_run" : "reprise");
    add_tag(out, "scenario", s->info->scenario);
    if (!whole) {
        add_tag(out, "step", s->info->steps[step].name);
        add_tag(out, "method", s->info->steps[step].method);
    }
    buf_addf(out, " requests=%llui,failures=%llui,p50=%.3f,p95=%.3f,p99=%.3f",
             (unsigned long long)since(&last->requests[step], t->requests),
             (unsigned long long)since(&last->failures[step], t->failures), percentile_ms(t, 50),
             percentile_ms(t, 95), percentile_ms(t, 99));
    if (whole)
        buf_addf(out, ",users=%ui,late=%llui,dropped=%llui", s->users,
                 (unsigned long long)s->generator.late_starts,
                 (unsigned long long)s->generator.dropped_starts);
    buf_addf(out, " %lld\n", (long long)now_utc_ns(s));
}

void push_influx(const struct run_stats *s, struct push_last *last, struct buf *out)
{
    for (size_t i = 0; i < s->info->steps_n; i++)
        if (s->steps[i].requests) add_influx(out, s, i, last);
    add_influx(out, s, s->info->steps_n, last);
}

/* ---- OTLP JSON (opentelemetry-proto, metrics.proto in its JSON mapping) ---------------------------------------- */

static void put_attribute(struct jsonw *w, const char *key, struct slice value)
{
    jsonw_object(w);
    jsonw_put_z(w, "key", key);
    jsonw_put_object(w, "value");
    jsonw_put_str(w, "stringValue", value);
    jsonw_object_end(w);
    jsonw_object_end(w);
}

/* 64-bit numbers are strings in protobuf's JSON. */
static void put_long(struct jsonw *w, const char *key, int64_t v)
{
    struct buf b = BUF_INIT(32);
    buf_addf(&b, "%lld", (long long)v);
    jsonw_put_str(w, key, buf_slice(&b));
    buf_free(&b);
}

static void open_point(struct jsonw *w, const struct run_stats *s, size_t step)
{
    jsonw_object(w);
    jsonw_put_array(w, "attributes");
    if (step < s->info->steps_n) {
        put_attribute(w, "step", s->info->steps[step].name);
        put_attribute(w, "method", s->info->steps[step].method);
    }
    jsonw_array_end(w);
    put_long(w, "startTimeUnixNano", s->info->start_utc_ns);
    put_long(w, "timeUnixNano", now_utc_ns(s));
}

static void open_metric(struct jsonw *w, const char *name, const char *unit, const char *kind)
{
    jsonw_object(w);
    jsonw_put_z(w, "name", name);
    jsonw_put_z(w, "unit", unit);
    jsonw_put_object(w, kind);
}

static void close_metric(struct jsonw *w)
{
    jsonw_array_end(w);
    jsonw_object_end(w);
    jsonw_object_end(w);
}

static void open_points(struct jsonw *w, bool cumulative)
{
    if (cumulative) {
        jsonw_put_u64(w, "aggregationTemporality", 2);
    }
    jsonw_put_array(w, "dataPoints");
}

static void put_sum(struct jsonw *w, const struct run_stats *s, const char *name, bool failures)
{
    open_metric(w, name, "{request}", "sum");
    jsonw_put_bool(w, "isMonotonic", true);
    open_points(w, true);
    for (size_t i = 0; i < s->info->steps_n; i++) {
        if (s->steps[i].requests == 0) continue;
        open_point(w, s, i);
        put_long(w, "asInt", (int64_t)(failures ? s->steps[i].failures : s->steps[i].requests));
        jsonw_object_end(w);
    }
    close_metric(w);
}

static void put_buckets(struct jsonw *w, const struct hist *h)
{
    uint64_t below = 0;
    jsonw_put_array(w, "explicitBounds");
    for (size_t i = 0; i < BOUNDS; i++)
        jsonw_f64(w, bounds[i], 3);
    jsonw_array_end(w);
    jsonw_put_array(w, "bucketCounts");
    for (size_t i = 0; i <= BOUNDS; i++) {
        uint64_t to = i < BOUNDS ? hist_count_to(h, (uint64_t)(bounds[i] * 1e9)) : hist_count(h);
        struct buf b = BUF_INIT(32);
        buf_addu(&b, to - below);
        jsonw_str(w, buf_slice(&b));
        buf_free(&b);
        below = to;
    }
    jsonw_array_end(w);
}

static void put_durations(struct jsonw *w, const struct run_stats *s)
{
    open_metric(w, "reprise.response.duration", "s", "histogram");
    open_points(w, true);
    for (size_t i = 0; i < s->info->steps_n; i++) {
        const struct hist *h = s->steps[i].response;
        if (hist_count(h) == 0) continue;
        open_point(w, s, i);
        put_long(w, "count", (int64_t)hist_count(h));
        jsonw_put_f64(w, "sum", hist_mean_ns(h) * (double)hist_count(h) / (double)NS_PER_S, 6);
        jsonw_put_f64(w, "min", (double)hist_min_ns(h) / (double)NS_PER_S, 6);
        jsonw_put_f64(w, "max", (double)hist_max_ns(h) / (double)NS_PER_S, 6);
        put_buckets(w, h);
        jsonw_object_end(w);
    }
    close_metric(w);
}

static void put_users(struct jsonw *w, const struct run_stats *s)
{
    open_metric(w, "reprise.users", "{user}", "gauge");
    open_points(w, false);
    open_point(w, s, s->info->steps_n);
    put_long(w, "asInt", s->users);
    jsonw_object_end(w);
    close_metric(w);
}

static void put_metrics(struct jsonw *w, const struct run_stats *s)
{
    jsonw_put_object(w, "scope");
    jsonw_put_z(w, "name", "reprise");
    jsonw_put_z(w, "version", REPRISE_VERSION);
    jsonw_object_end(w);
    jsonw_put_array(w, "metrics");
    put_sum(w, s, "reprise.requests", false);
    put_sum(w, s, "reprise.failures", true);
    put_durations(w, s);
    put_users(w, s);
    jsonw_array_end(w);
}

void push_otlp(const struct run_stats *s, struct push_last *last, struct buf *out)
{
    struct jsonw w = { .out = out };
    (void)last; /* cumulative */
    jsonw_object(&w);
    jsonw_put_array(&w, "resourceMetrics");
    jsonw_object(&w);
    jsonw_put_object(&w, "resource");
    jsonw_put_array(&w, "attributes");
    put_attribute(&w, "service.name", SL("reprise"));
    put_attribute(&w, "reprise.scenario", s->info->scenario);
    jsonw_array_end(&w);
    jsonw_object_end(&w);
    jsonw_put_array(&w, "scopeMetrics");
    jsonw_object(&w);
    put_metrics(&w, s);
    jsonw_object_end(&w);
    jsonw_array_end(&w);
    jsonw_object_end(&w);
    jsonw_array_end(&w);
    jsonw_object_end(&w);
}
