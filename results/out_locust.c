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

#define PERCENTILE_NAMES "50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%"
#define EOL "\r\n"
#define FILE_MAX (256U << 20)

static const double percentiles[LOCUST_PERCENTILES] = { 50, 66, 75,   80,    90, 95,
                                                        98, 99, 99.9, 99.99, 100 };

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

static uint32_t whole_ms(const struct hist *h, double p)
{
    return (uint32_t)round(stats_ms(hist_percentile_ns(h, p)));
}

struct locust_row locust_row(const struct step_stats *t, bool now)
{
    const struct hist *h = now && t->second ? t->second : t->response;
    struct locust_row r = { .requests = t->requests,
                            .failures = t->failures,
                            .rps = t->recent_rps,
                            .failures_rate = t->recent_failures,
                            .mean_ms = (hist_mean_ns(t->response) / (double)NS_PER_MS),
                            .min_ms = stats_ms(hist_min_ns(t->response)),
                            .max_ms = stats_ms(hist_max_ns(t->response)),
                            .mean_bytes = average_size(t),
                            .median_ms = whole_ms(t->response, 50),
                            .empty = hist_count(h) == 0 };
    for (size_t i = 0; i < LOCUST_PERCENTILES; i++)
        r.percentiles_ms[i] = whole_ms(h, percentiles[i]);
    return r;
}

/* Like Locust: "N/A" in every column while there is nothing. */
static void add_percentiles(struct buf *out, const struct locust_row *r)
{
    for (size_t i = 0; i < LOCUST_PERCENTILES; i++) {
        if (r->empty)
            buf_addz(out, ",N/A");
        else
            buf_addf(out, ",%u", r->percentiles_ms[i]);
    }
}

/* Count, failures, median, average, min, max, size: a block that both files have. */
static void add_totals(struct buf *out, const struct locust_row *r)
{
    buf_addf(out, "%llu,%llu,%u,%.6f,%.6f,%.6f,%.6f", (unsigned long long)r->requests,
             (unsigned long long)r->failures, r->median_ms, r->mean_ms, r->min_ms, r->max_ms,
             r->mean_bytes);
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
    struct locust_row row = locust_row(t, false);
    double rps = stats_rps(s, t);
    add_name(out, s, step);
    buf_addc(out, ',');
    add_totals(out, &row);
    buf_addf(out, ",%.6f,%.6f", rps, rps * stats_failure_ratio(t));
    add_percentiles(out, &row);
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

static void add_history_row(struct buf *out, const struct run_stats *s, size_t step,
                            const struct interval_point *p, const struct locust_row *r)
{
    buf_addf(out, "%lld,%u,",
             (long long)((s->info->start_utc_ns + (int64_t)p->to_ns) / (int64_t)NS_PER_S),
             p->users);
    add_name(out, s, step);
    buf_addf(out, ",%.6f,%.6f", r->rps, r->failures_rate);
    add_percentiles(out, r);
    buf_addc(out, ',');
    add_totals(out, r);
    buf_addz(out, EOL);
}

/* Every step that has something, and all, with the percentiles of the last second. */
static void add_full_rows(struct buf *out, const struct run_stats *s,
                          const struct interval_point *p)
{
    for (size_t i = 0; i <= s->info->steps_n; i++) {
        const struct step_stats *t = i == s->info->steps_n ? &s->total : &s->steps[i];
        struct locust_row row = locust_row(t, true);
        if (i == s->info->steps_n || t->requests) add_history_row(out, s, i, p, &row);
    }
}

struct history {
    struct interval_sink sink; /* first: the sink is the history */
    bool full;
    size_t points; /* of the statistics, written so far */
    struct file_out file;
    struct buf rows;
};

static void on_interval(struct interval_sink *sink, const struct run_stats *s)
{
    struct history *h = (struct history *)sink;
    if (s->intervals_n < h->points) h->points = 0; /* the statistics were reset */
    if (s->intervals_n == h->points) return;
    h->points = s->intervals_n;
    const struct interval_point *p = &s->intervals[h->points - 1];
    buf_reset(&h->rows);
    if (h->full)
        add_full_rows(&h->rows, s, p);
    else
        add_history_row(&h->rows, s, s->info->steps_n, p, &p->so_far);
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

void stats_write_locust_history(const struct run_stats *s, struct buf *out)
{
    buf_addz(out, history_head);
    for (size_t i = 0; i < s->intervals_n; i++)
        add_history_row(out, s, s->info->steps_n, &s->intervals[i], &s->intervals[i].so_far);
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
