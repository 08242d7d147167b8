/* JUnit XML, as Jenkins reads it: a testcase per threshold, and one per step for its checks.
 *
 * Called by `run --junit` and `report --junit`. A step's testcase fails when any of its requests failed;
 * the failure's text lists the kinds. */
#include "results/results.h"

#include "base/clock.h"
#include "base/enc.h"
#include "base/num.h"
#include "results/cell.h"

static void add_attribute(struct buf *out, const char *name, struct slice value)
{
    buf_addf(out, " %s=\"", name);
    enc_xml(out, value);
    buf_addc(out, '"');
}

static void add_threshold(struct buf *out, const struct run_stats *s, size_t i)
{
    const struct threshold_result *t = &s->thresholds[i];
    buf_addz(out, "    <testcase");
    add_attribute(out, "classname", s->info->scenario);
    add_attribute(out, "name", t->rule);
    buf_addz(out, " time=\"0\"");
    if (t->ok) {
        buf_addz(out, "/>\n");
        return;
    }
    buf_addz(out, ">\n      <failure type=\"threshold\" message=\"measured ");
    cell_measured(out, t);
    buf_addz(out, "\"/>\n    </testcase>\n");
}

static void add_kinds(struct buf *out, const struct run_stats *s, size_t step)
{
    for (size_t i = 0; i < s->failures_n; i++) {
        if (s->failures[i].step != step) continue;
        buf_addf(out, "%llu times: ", (unsigned long long)s->failures[i].count);
        enc_xml(out, s->failures[i].text);
        buf_addc(out, '\n');
    }
}

static void add_step(struct buf *out, const struct run_stats *s, size_t i)
{
    const struct step_stats *t = &s->steps[i];
    buf_addz(out, "    <testcase");
    add_attribute(out, "classname", s->info->scenario);
    buf_addz(out, " name=\"");
    enc_xml(out, s->info->steps[i].method);
    buf_addc(out, ' ');
    enc_xml(out, s->info->steps[i].name);
    buf_addf(out, "\" time=\"%.3f\"", hist_mean_ns(t->response) / (double)NS_PER_S);
    if (t->failures == 0) {
        buf_addz(out, "/>\n");
        return;
    }
    buf_addf(out, ">\n      <failure type=\"check\" message=\"%llu of %llu requests failed\">",
             (unsigned long long)t->failures, (unsigned long long)t->requests);
    add_kinds(out, s, i);
    buf_addz(out, "</failure>\n    </testcase>\n");
}

static void open_suite(struct buf *out, const struct run_stats *s, const char *name, size_t tests,
                       size_t failures)
{
    struct buf started = BUF_INIT(64);
    clock_add_iso(&started, s->info->start_utc_ns);
    buf_addf(out,
             "  <testsuite name=\"%s\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"0\" "
             "time=\"%.3f\" timestamp=\"%.19s\">\n",
             name, tests, failures, (double)s->elapsed_ns / (double)NS_PER_S, buf_z(&started));
    buf_free(&started);
}

static size_t broken_thresholds(const struct run_stats *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->thresholds_n; i++)
        n += !s->thresholds[i].ok;
    return n;
}

void stats_write_junit(const struct run_stats *s, struct buf *out)
{
    size_t tests = 0, failing = 0;
    for (size_t i = 0; i < s->info->steps_n; i++) {
        tests += s->steps[i].requests > 0;
        failing += s->steps[i].failures > 0;
    }
    buf_addz(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    open_suite(out, s, "thresholds", s->thresholds_n, broken_thresholds(s));
    for (size_t i = 0; i < s->thresholds_n; i++)
        add_threshold(out, s, i);
    buf_addz(out, "  </testsuite>\n");
    open_suite(out, s, "checks", tests, failing);
    for (size_t i = 0; i < s->info->steps_n; i++)
        if (s->steps[i].requests) add_step(out, s, i);
    buf_addz(out, "  </testsuite>\n</testsuites>\n");
}
