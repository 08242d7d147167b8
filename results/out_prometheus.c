/* Prometheus' text format: counters, gauges and histograms of a run. docs/metrics.md names them all.
 *
 * Called by the web page's /metrics, on its thread, under the collector's lock. */
#include "results/results.h"

#include "base/num.h"
#include "base/version.h"

static const double bounds[] = { 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2,
                                 0.5,   1,     2,     5,    10,   20,   30,  60 };

static void add_label(struct buf *out, const char *name, struct slice value)
{
    buf_addf(out, "%s=\"", name);
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];
        if (c == '\\' || c == '"') buf_addc(out, '\\');
        if (c == '\n')
            buf_addz(out, "\\n");
        else
            buf_addc(out, c);
    }
    buf_addc(out, '"');
}

static void add_step_labels(struct buf *out, const struct step_info *step)
{
    add_label(out, "step", step->name);
    buf_addc(out, ',');
    add_label(out, "method", step->method);
}

static void add_type(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

typedef uint64_t counter_fn(const struct step_stats *t);

static uint64_t requests_of(const struct step_stats *t)
{
    return t->requests;
}

static uint64_t cancelled_of(const struct step_stats *t)
{
    return t->cancelled;
}

static uint64_t bytes_in_of(const struct step_stats *t)
{
    return t->bytes_in;
}

static uint64_t bytes_out_of(const struct step_stats *t)
{
    return t->bytes_out;
}

static uint64_t connections_of(const struct step_stats *t)
{
    return t->connections;
}

static void add_counters(struct buf *out, const struct run_stats *s)
{
    static const struct {
        const char *name, *help;
        counter_fn *get;
    } counters[] = {
        { "reprise_requests_total", "Requests that ended.", requests_of },
        { "reprise_cancelled_total", "Requests cancelled by the end of the run.", cancelled_of },
        { "reprise_received_bytes_total", "Bytes received.", bytes_in_of },
        { "reprise_sent_bytes_total", "Bytes sent.", bytes_out_of },
        { "reprise_connections_total", "Connections made.", connections_of },
    };
    for (size_t c = 0; c < sizeof counters / sizeof *counters; c++) {
        add_type(out, counters[c].name, "counter", counters[c].help);
        for (size_t i = 0; i < s->info->steps_n; i++) {
            buf_addf(out, "%s{", counters[c].name);
            add_step_labels(out, &s->info->steps[i]);
            buf_addf(out, "} %llu\n", (unsigned long long)counters[c].get(&s->steps[i]));
        }
    }
}

static void add_failures(struct buf *out, const struct run_stats *s)
{
    add_type(out, "reprise_failures_total", "counter", "Requests that failed, by outcome.");
    for (size_t i = 0; i < s->info->steps_n; i++)
        for (unsigned o = 0; o < OUTCOMES; o++) {
            if (!outcome_is_failure((enum outcome)o) || s->steps[i].outcomes[o] == 0) continue;
            buf_addz(out, "reprise_failures_total{");
            add_step_labels(out, &s->info->steps[i]);
            buf_addf(out, ",outcome=\"%s\"} %llu\n", outcome_name((enum outcome)o),
                     (unsigned long long)s->steps[i].outcomes[o]);
        }
}

static void add_histogram(struct buf *out, const char *name, const struct step_info *step,
                          const struct hist *h)
{
    for (size_t i = 0; i <= sizeof bounds / sizeof *bounds; i++) {
        bool last = i == sizeof bounds / sizeof *bounds;
        buf_addf(out, "%s_bucket{", name);
        add_step_labels(out, step);
        if (last)
            buf_addf(out, ",le=\"+Inf\"} %llu\n", (unsigned long long)hist_count(h));
        else
            buf_addf(out, ",le=\"%g\"} %llu\n", bounds[i],
                     (unsigned long long)hist_count_to(h, (uint64_t)(bounds[i] * 1e9)));
    }
    buf_addf(out, "%s_sum{", name);
    add_step_labels(out, step);
    buf_addf(out, "} %.6f\n%s_count{", hist_mean_ns(h) * (double)hist_count(h) / (double)NS_PER_S,
             name);
    add_step_labels(out, step);
    buf_addf(out, "} %llu\n", (unsigned long long)hist_count(h));
}

static void add_histograms(struct buf *out, const struct run_stats *s)
{
    add_type(out, "reprise_response_seconds", "histogram",
             "Response time, from the moment a request was meant to start.");
    for (size_t i = 0; i < s->info->steps_n; i++)
        add_histogram(out, "reprise_response_seconds", &s->info->steps[i], s->steps[i].response);
    add_type(out, "reprise_service_seconds", "histogram", "Service time, from the send.");
    for (size_t i = 0; i < s->info->steps_n; i++)
        add_histogram(out, "reprise_service_seconds", &s->info->steps[i], s->steps[i].service);
}

static void add_gauges(struct buf *out, const struct run_stats *s)
{
    const struct generator_stats *g = &s->generator;
    const struct interval_point *last = s->intervals_n ? &s->intervals[s->intervals_n - 1] : NULL;
    const struct {
        const char *name, *type, *help;
        double value;
    } values[] = {
        { "reprise_users", "gauge", "Users running.", s->users },
        { "reprise_late_starts_total", "counter", "Requests started more than 1 ms late.",
          (double)g->late_starts },
        { "reprise_dropped_starts_total", "counter", "Starts that never came.",
          (double)g->dropped_starts },
        { "reprise_archive_left_out_total", "counter", "Samples that the archive did not take.",
          (double)g->left_out },
        { "reprise_worker_cpu_ratio", "gauge", "Share of a core that the busiest worker used.",
          last ? last->cpu_permille / 1000.0 : 0 },
        { "reprise_loop_lag_seconds", "gauge", "Largest event loop lag of the last second.",
          last ? last->lag_us / 1e6 : 0 },
        { "reprise_generator_limited", "gauge", "1 if the generator bounds the run.", g->limited },
        { "reprise_elapsed_seconds", "gauge", "Time since the start of the run.",
          (double)s->elapsed_ns / (double)NS_PER_S },
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        add_type(out, values[i].name, values[i].type, values[i].help);
        buf_addf(out, "%s %.9g\n", values[i].name, values[i].value);
    }
}

void stats_write_prometheus(const struct run_stats *s, struct buf *out)
{
    add_type(out, "reprise_info", "gauge", "What runs.");
    buf_addz(out, "reprise_info{version=\"" REPRISE_VERSION "\",");
    add_label(out, "scenario", s ? s->info->scenario : SL(""));
    buf_addz(out, "} 1\n");
    if (!s) {
        add_type(out, "reprise_users", "gauge", "Users running.");
        buf_addz(out, "reprise_users 0\n");
        return;
    }
    add_counters(out, s);
    add_failures(out, s);
    add_histograms(out, s);
    add_gauges(out, s);
}
