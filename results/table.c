/* The final tables in plain text: Locust's first, then both latencies, failures, thresholds, generator.
 *
 * Called by the terminal at the end of a run and by `reprise report`. 80 columns. Steps that sent nothing
 * are left out of the tables. */
#include "results/results.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/wrap.h"
#include "results/cell.h"

#define WIDTH 80
#define FAILURES_SHOWN 20

static void summary_row(struct buf *out, const struct run_stats *s, size_t step)
{
    const struct step_stats *t = step == s->info->steps_n ? &s->total : &s->steps[step];
    struct buf fails = BUF_INIT(64);
    double percent = 100 * stats_failure_ratio(t);
    buf_addf(&fails, "%llu(%.*f%%)", (unsigned long long)t->failures, percent < 10 ? 1 : 0,
             percent);
    cell_step(out, s, step, 28);
    buf_addf(out, " %7llu %9s|", (unsigned long long)t->requests, buf_z(&fails));
    cell_ms_right(out, (uint64_t)hist_mean_ns(t->response), 6);
    cell_ms_right(out, hist_min_ns(t->response), 6);
    cell_ms_right(out, hist_max_ns(t->response), 6);
    cell_ms_right(out, hist_percentile_ns(t->response, 50), 6);
    buf_addf(out, "|%8.2f\n", stats_rps(s, t));
    buf_free(&fails);
}

static void summary_table(struct buf *out, const struct run_stats *s)
{
    buf_addf(out, "%-6s %-21s %7s %9s|%6s%6s%6s%6s|%8s\n", "Type", "Name", "# reqs", "# fails",
             "Avg", "Min", "Max", "Med", "req/s");
    cell_rule(out, WIDTH);
    for (size_t i = 0; i < s->info->steps_n; i++)
        if (s->steps[i].requests) summary_row(out, s, i);
    cell_rule(out, WIDTH);
    summary_row(out, s, s->info->steps_n);
}

static void latency_row(struct buf *out, const struct run_stats *s, size_t step)
{
    static const double response[] = { 50, 90, 95, 99, 99.9, 100 }, service[] = { 50, 95, 99 };
    const struct step_stats *t = step == s->info->steps_n ? &s->total : &s->steps[step];
    cell_step(out, s, step, 24);
    buf_addc(out, '|');
    for (size_t i = 0; i < 6; i++)
        cell_ms_right(out, hist_percentile_ns(t->response, response[i]), 6);
    buf_addc(out, '|');
    for (size_t i = 0; i < 3; i++)
        cell_ms_right(out, hist_percentile_ns(t->service, service[i]), 6);
    buf_addc(out, '\n');
}

static void latency_table(struct buf *out, const struct run_stats *s)
{
    buf_addf(out, "\n%-24s|%-36s|%s\n", "Milliseconds", " response, from the intended start",
             "service, from send");
    buf_addf(out, "%-24s|%6s%6s%6s%6s%6s%6s|%6s%6s%6s\n", "", "50%", "90%", "95%", "99%", "99.9%",
             "100%", "50%", "95%", "99%");
    cell_rule(out, WIDTH);
    for (size_t i = 0; i < s->info->steps_n; i++)
        if (s->steps[i].requests) latency_row(out, s, i);
    cell_rule(out, WIDTH);
    latency_row(out, s, s->info->steps_n);
}

static void failure_row(struct buf *out, const struct run_stats *s, const struct failure_stats *f)
{
    const struct step_info *step = &s->info->steps[f->step];
    struct buf text = BUF_INIT(4096);
    cell_cut(&text, step->method, 6);
    buf_addc(&text, ' ');
    cell_cut(&text, step->name, 160);
    buf_addz(&text, ": ");
    cell_cut(&text, f->text, 160);
    buf_addf(&text, " (%.1f s to %.1f s)", (double)f->first_ns / 1e9, (double)f->last_ns / 1e9);
    buf_addf(out, "%10llu  ", (unsigned long long)f->count);
    wrap_words(out, buf_slice(&text), 12, 12);
    buf_free(&text);
}

static int by_count(const void *a, const void *b)
{
    const struct failure_stats *x = *(const struct failure_stats *const *)a;
    const struct failure_stats *y = *(const struct failure_stats *const *)b;
    return x->count > y->count ? -1 : x->count < y->count;
}

static void failure_table(struct buf *out, const struct run_stats *s)
{
    if (s->failures_n == 0) return;
    const struct failure_stats **v = mem_alloc(s->failures_n, sizeof *v);
    for (size_t i = 0; i < s->failures_n; i++)
        v[i] = &s->failures[i];
    qsort(v, s->failures_n, sizeof *v, by_count);
    buf_addz(out, "\nFailures\n");
    cell_rule(out, WIDTH);
    for (size_t i = 0; i < s->failures_n && i < FAILURES_SHOWN; i++)
        failure_row(out, s, v[i]);
    free(v);
    if (s->failures_n > FAILURES_SHOWN)
        buf_addf(out, "            and %zu other kinds\n", s->failures_n - FAILURES_SHOWN);
}

static void threshold_lines(struct buf *out, const struct run_stats *s)
{
    if (s->thresholds_n) buf_addz(out, "\nThresholds\n");
    for (size_t i = 0; i < s->thresholds_n; i++) {
        const struct threshold_result *t = &s->thresholds[i];
        struct buf text = BUF_INIT(4096);
        cell_cut(&text, t->rule, 300);
        buf_addz(&text, "  (");
        if (t->known)
            cell_measured(&text, t);
        else
            buf_addz(&text, "nothing to measure");
        buf_addc(&text, ')');
        buf_addf(out, "  %s  ", t->ok ? "ok    " : "FAILED");
        wrap_words(out, buf_slice(&text), 10, 10);
        buf_free(&text);
    }
}

static void generator_lines(struct buf *out, const struct run_stats *s)
{
    const struct generator_stats *g = &s->generator;
    buf_addf(out, "\nGenerator: busiest worker %.0f%% of a core, mean %.0f%%; largest lag ",
             100 * g->cpu_max, 100 * g->cpu_mean);
    cell_ms(out, g->lag_max_ns);
    buf_addf(out, " ms;\n           %llu late start%s", (unsigned long long)g->late_starts,
             g->late_starts == 1 ? "" : "s");
    if (g->late_starts) {
        buf_addz(out, " (at most ");
        cell_ms(out, g->late_max_ns);
        buf_addz(out, " ms)");
    }
    buf_addf(out, ", %llu dropped\n", (unsigned long long)g->dropped_starts);
    if (s->info->warm_up_ns) {
        buf_addz(out, "Warm-up: the first ");
        num_add_duration(out, s->info->warm_up_ns);
        buf_addf(out, " and their %llu requests are not counted\n",
                 (unsigned long long)s->warm_up_requests);
    }
    if (g->limited) {
        buf_addz(out, "GENERATOR LIMITED: ");
        wrap_words(out, g->limited_why, 19, 19);
    }
    if (g->left_out)
        buf_addf(out, "ARCHIVE INCOMPLETE: %llu samples are not in it (disk too slow or full)\n",
                 (unsigned long long)g->left_out);
    if (g->answers_left_out)
        buf_addf(out, "%llu answers are not in the archive: there were more than it could take\n",
                 (unsigned long long)g->answers_left_out);
    if (s->total.cancelled)
        buf_addf(out, "%llu requests were cancelled by the end of the run\n",
                 (unsigned long long)s->total.cancelled);
}

void stats_write_text(const struct run_stats *s, struct buf *out)
{
    summary_table(out, s);
    latency_table(out, s);
    failure_table(out, s);
    threshold_lines(out, s);
    generator_lines(out, s);
    if (s->interrupted) buf_addz(out, "Interrupted: the results are those up to then.\n");
    if (s->archive.n) buf_addf(out, "Archive: %.*s\n", SL_FMT(s->archive));
}
