/* Markdown for a CI job's summary page. Called by `run --markdown` and `report --markdown`. */
#include "results/results.h"

#include "base/num.h"
#include "results/cell.h"

#define FAILURES_SHOWN 20

/* Text in a table's cell: no pipes, no line breaks, no HTML, no links or pictures. */
static void add_cell(struct buf *out, struct slice s)
{
    for (size_t i = 0; i < s.n && i < 300; i++) {
        char c = s.p[i];
        if (c == '|' || c == '`' || c == '<' || c == '[' || c == '*' || c == '_')
            buf_addc(out, '\\');
        buf_addc(out, (unsigned char)c < 0x20 ? ' ' : c);
    }
}

static void add_latency(struct buf *out, const struct hist *h)
{
    static const double ps[] = { 50, 95, 99, 100 };
    for (size_t i = 0; i < 4; i++) {
        buf_addz(out, " | ");
        cell_ms(out, hist_percentile_ns(h, ps[i]));
    }
}

static void add_row(struct buf *out, const struct run_stats *s, size_t step)
{
    const struct step_stats *t = step == s->info->steps_n ? &s->total : &s->steps[step];
    buf_addz(out, "| ");
    if (step < s->info->steps_n) {
        add_cell(out, s->info->steps[step].method);
        buf_addc(out, ' ');
    }
    add_cell(out, cell_step_name(s, step));
    buf_addf(out, " | %llu | %llu (%.2f%%)", (unsigned long long)t->requests,
             (unsigned long long)t->failures, 100 * stats_failure_ratio(t));
    add_latency(out, t->response);
    buf_addf(out, " | %.1f |\n", stats_rps(s, t));
}

static void add_thresholds(struct buf *out, const struct run_stats *s)
{
    if (s->thresholds_n == 0) return;
    buf_addz(out, "\n| Threshold | Measured | |\n|---|---:|---|\n");
    for (size_t i = 0; i < s->thresholds_n; i++) {
        const struct threshold_result *t = &s->thresholds[i];
        buf_addz(out, "| ");
        add_cell(out, t->rule);
        buf_addz(out, " | ");
        if (t->known)
            cell_measured(out, t);
        else
            buf_addz(out, "nothing to measure");
        buf_addf(out, " | %s |\n", t->ok ? "ok" : "**failed**");
    }
}

static void add_failures(struct buf *out, const struct run_stats *s)
{
    if (s->failures_n == 0) return;
    buf_addz(out, "\n| Failures | Step | Message |\n|---:|---|---|\n");
    for (size_t i = 0; i < s->failures_n && i < FAILURES_SHOWN; i++) {
        buf_addf(out, "| %llu | ", (unsigned long long)s->failures[i].count);
        add_cell(out, s->info->steps[s->failures[i].step].name);
        buf_addz(out, " | ");
        add_cell(out, s->failures[i].text);
        buf_addz(out, " |\n");
    }
}

void stats_write_markdown(const struct run_stats *s, struct buf *out)
{
    buf_addz(out, "### Load test ");
    add_cell(out, s->info->scenario);
    buf_addf(out, "\n\n%llu requests, %llu failed, %u users, %.1f s, %.1f requests/s\n",
             (unsigned long long)s->total.requests, (unsigned long long)s->total.failures,
             s->users_max, (double)s->elapsed_ns / (double)NS_PER_S, stats_rps(s, &s->total));
    if (s->info->warm_up_ns) {
        buf_addz(out, "\nNot counted: the warm-up, ");
        num_add_duration(out, s->info->warm_up_ns);
        buf_addf(out, " with %llu requests\n", (unsigned long long)s->warm_up_requests);
    }
    if (s->generator.limited)
        buf_addf(out, "\n**Generator limited:** %.*s\n", SL_FMT(s->generator.limited_why));
    add_thresholds(out, s);
    buf_addz(out, "\n| Step | Requests | Failed | p50 ms | p95 ms | p99 ms | max ms | req/s |\n"
                  "|---|---:|---:|---:|---:|---:|---:|---:|\n");
    for (size_t i = 0; i < s->info->steps_n; i++)
        if (s->steps[i].requests) add_row(out, s, i);
    add_row(out, s, s->info->steps_n);
    add_failures(out, s);
}
