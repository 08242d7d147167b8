/* Locust's CSV files, headers to the letter (Locust 2.x; CR LF as Python's csv module writes).
 *
 * Called by `run --csv`, `report --csv` and the web page's downloads. Times are milliseconds; percentiles
 * whole ones, as Locust has them, average and size with fractions. */
#include "results/results.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/csv.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"

#define PERCENTILES 11
#define PERCENTILE_NAMES "50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%"
#define EOL "\r\n"
#define FILE_MAX (256U << 20)

static const double percentiles[PERCENTILES] = { 50, 66, 75, 80, 90, 95, 98, 99, 99.9, 99.99, 100 };

static const char stats_head[] =
    "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,"
    "Min Response Time,Max Response Time,Average Content "
    "Size,Requests/s,Failures/s," PERCENTILE_NAMES EOL;
static const char history_head[] =
    "Timestamp,User Count,Type,Name,Requests/s,Failures/s," PERCENTILE_NAMES
    ",Total Request Count,Total Failure Count,Total Median Response Time,"
    "Total Average Response Time,Total Min Response Time,Total Max Response Time,"
    "Total Average Content Size" EOL;

static double average_size(const struct step_stats *t)
{
    return t->requests ? (double)t->bytes_in / (double)t->requests : 0;
}

/* Like Locust: "N/A" in every column while there is nothing. */
static void add_percentiles(struct buf *out, const struct hist *h)
{
    for (size_t i = 0; i < PERCENTILES; i++) {
        if (hist_count(h) == 0)
            buf_addz(out, ",N/A");
        else
            buf_addf(out, ",%.0f", round(stats_ms(hist_percentile_ns(h, percentiles[i]))));
    }
}

/* Count, failures, median, average, min, max, size: a block that both files have. */
static void add_totals(struct buf *out, const struct step_stats *t)
{
    buf_addf(out, "%llu,%llu,%.0f,%.6f,%.6f,%.6f,%.6f", (unsigned long long)t->requests,
             (unsigned long long)t->failures, round(stats_ms(hist_percentile_ns(t->response, 50))),
             hist_mean_ns(t->response) / (double)NS_PER_MS, stats_ms(hist_min_ns(t->response)),
             stats_ms(hist_max_ns(t->response)), average_size(t));
}

static void add_name(struct buf *out, const struct run_stats *s, size_t step)
{
    if (step == s->info->steps_n) {
        buf_addz(out, ",Aggregated");
        return;
    }
    csv_add_field(out, s->info->steps[step].method);
    buf_addc(out, ',');
    csv_add_field(out, s->info->steps[step].name);
}

static void add_stats_row(struct buf *out, const struct run_stats *s, size_t step)
{
    const struct step_stats *t = step == s->info->steps_n ? &s->total : &s->steps[step];
    double rps = stats_rps(s, t);
    add_name(out, s, step);
    buf_addc(out, ',');
    add_totals(out, t);
    buf_addf(out, ",%.6f,%.6f", rps, rps * stats_failure_ratio(t));
    add_percentiles(out, t->response);
    buf_addz(out, EOL);
}

void stats_write_locust_stats(const struct run_stats *s, struct buf *out)
{
    buf_addz(out, stats_head);
    for (size_t i = 0; i < s->info->steps_n; i++)
        if (s->steps[i].requests) add_stats_row(out, s, i);
    add_stats_row(out, s, s->info->steps_n);
}

static void add_seen(struct buf *out, const struct run_stats *s, uint64_t ns)
{
    double utc = (double)s->info->start_utc_ns / (double)NS_PER_S + (double)ns / (double)NS_PER_S;
    buf_addf(out, ",%.6f", utc);
}

void stats_write_locust_failures(const struct run_stats *s, struct buf *out)
{
    buf_addz(out, "Method,Name,Error,Occurrences,First Seen,Last Seen" EOL);
    for (size_t i = 0; i < s->failures_n; i++) {
        const struct failure_stats *f = &s->failures[i];
        add_name(out, s, f->step);
        buf_addc(out, ',');
        csv_add_field(out, f->text);
        buf_addf(out, ",%llu", (unsigned long long)f->count);
        add_seen(out, s, f->first_ns);
        add_seen(out, s, f->last_ns);
        buf_addz(out, EOL);
    }
}

void stats_write_locust_exceptions(const struct run_stats *s, struct buf *out)
{
    (void)s; /* exceptions of a locustfile's code: a scenario has no code to throw any */
    buf_addz(out, "Count,Message,Traceback,Nodes" EOL);
}

/* ---- history ------------------------------------------------------------------------------------------ */

/* One row: recent rates; percentiles of the run so far or, as Locust's full history has it, of now. */
static void add_history_row(struct buf *out, const struct run_stats *s, size_t step, bool now)
{
    const struct step_stats *t = step == s->info->steps_n ? &s->total : &s->steps[step];
    buf_addf(out, "%lld,%u,",
             (long long)((s->info->start_utc_ns + (int64_t)s->elapsed_ns) / (int64_t)NS_PER_S),
             s->users);
    add_name(out, s, step);
    buf_addf(out, ",%.6f,%.6f", t->recent_rps, t->recent_failures);
    add_percentiles(out, now && t->second ? t->second : t->response);
    buf_addc(out, ',');
    add_totals(out, t);
    buf_addz(out, EOL);
}

struct history {
    struct interval_sink sink; /* first: the sink is the history */
    bool full;
    struct file_out file;
    struct buf rows;
};

static void on_interval(struct interval_sink *sink, const struct run_stats *s)
{
    struct history *h = (struct history *)sink;
    buf_reset(&h->rows);
    for (size_t i = h->full ? 0 : s->info->steps_n; i <= s->info->steps_n; i++)
        if (i == s->info->steps_n || s->steps[i].requests) add_history_row(&h->rows, s, i, h->full);
    fwrite(h->rows.p, 1, h->rows.n, h->file.f);
    fflush(h->file.f);
}

struct history *history_new(const char *prefix, bool full, struct err *err)
{
    struct history *h = mem_alloc(1, sizeof *h);
    struct buf path = BUF_INIT(4096);
    h->sink.interval = on_interval;
    h->full = full;
    buf_init(&h->rows, FILE_MAX);
    buf_addf(&path, "%s_stats_history.csv", prefix);
    bool ok = file_out_open(&h->file, buf_z(&path), err);
    buf_free(&path);
    if (!ok) {
        buf_free(&h->rows);
        free(h);
        return NULL;
    }
    fputs(history_head, h->file.f);
    return h;
}

struct interval_sink *history_sink(struct history *h)
{
    return &h->sink;
}

bool history_end(struct history *h, struct err *err)
{
    bool ok = file_out_commit(&h->file, err);
    h->file.f = NULL;
    return ok;
}

void history_free(struct history *h)
{
    if (!h) return;
    if (h->file.f) file_out_abort(&h->file);
    buf_free(&h->rows);
    free(h);
}

/* From the kept seconds: rates and percentiles of each second, running totals as far as they are kept. */
void stats_write_locust_history(const struct run_stats *s, struct buf *out)
{
    uint64_t requests = 0, failures = 0;
    buf_addz(out, history_head);
    for (size_t i = 0; i < s->intervals_n; i++) {
        const struct interval_point *p = &s->intervals[i];
        double seconds = (double)(p->to_ns - p->from_ns) / (double)NS_PER_S;
        int64_t at = (s->info->start_utc_ns + (int64_t)p->to_ns) / (int64_t)NS_PER_S;
        if (seconds <= 0) continue;
        requests += p->requests;
        failures += p->failures;
        buf_addf(out, "%lld,%u,,Aggregated,%.6f,%.6f", (long long)at, p->users,
                 p->requests / seconds, p->failures / seconds);
        const unsigned p50 = (p->p50_us + 500) / 1000, p95 = (p->p95_us + 500) / 1000,
                       p99 = (p->p99_us + 500) / 1000, max = (p->max_us + 500) / 1000;
        buf_addf(out, ",%u,N/A,N/A,N/A,N/A,%u,N/A,%u,N/A,N/A,%u,%llu,%llu,N/A,N/A,N/A,N/A,N/A" EOL,
                 p50, p95, p99, max, (unsigned long long)requests, (unsigned long long)failures);
    }
}

static bool write_one(void (*write)(const struct run_stats *, struct buf *),
                      const struct run_stats *s, const char *prefix, const char *suffix,
                      struct err *err)
{
    struct buf path = BUF_INIT(4096), text = BUF_INIT(FILE_MAX);
    buf_addf(&path, "%s%s", prefix, suffix);
    write(s, &text);
    bool ok = file_write(buf_z(&path), buf_slice(&text), err);
    buf_free(&path);
    buf_free(&text);
    return ok;
}

bool stats_write_locust_csv(const struct run_stats *s, const char *prefix, bool history,
                            struct err *err)
{
    return write_one(stats_write_locust_stats, s, prefix, "_stats.csv", err) &&
           write_one(stats_write_locust_failures, s, prefix, "_failures.csv", err) &&
           write_one(stats_write_locust_exceptions, s, prefix, "_exceptions.csv", err) &&
           (!history ||
            write_one(stats_write_locust_history, s, prefix, "_stats_history.csv", err));
}
