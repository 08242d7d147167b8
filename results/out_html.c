/* The HTML report: a fixed page with the run's numbers put into it as JSON. See report.html for the page.
 *
 * Called by `run --html`, `report --html`. Self-contained: no script, font or image from elsewhere. Seconds
 * and the heat map are thinned to POINTS_MAX and HEAT_MAX columns, so that an hour's run stays below a
 * megabyte. */
#include "results/results.h"

#include "base/json.h"
#include "base/num.h"
#include "results/archive.h"
#include "results/page.h"

#define POINTS_MAX 1200
#define HEAT_MAX 240
#define BARS_PER_DECADE 24
#define ANSWERS_SHOWN 40
#define TEXT_MAX (64U << 20)

/* Several seconds as one: counts add up, of percentiles the largest stays, so that no peak is lost. */
static struct interval_point fold(const struct interval_point *v, size_t n)
{
    struct interval_point p = v[0];
    p.to_ns = v[n - 1].to_ns;
    for (size_t i = 1; i < n; i++) {
        p.requests += v[i].requests;
        p.failures += v[i].failures;
        p.late += v[i].late;
        p.dropped += v[i].dropped;
#define LARGER(field) p.field = v[i].field > p.field ? v[i].field : p.field
        LARGER(users);
        LARGER(p50_us);
        LARGER(p95_us);
        LARGER(p99_us);
        LARGER(max_us);
        LARGER(service_p50_us);
        LARGER(service_p95_us);
        LARGER(service_p99_us);
        LARGER(cpu_permille);
        LARGER(lag_us);
#undef LARGER
        p.bytes_in += v[i].bytes_in;
        p.bytes_out += v[i].bytes_out;
        for (size_t row = 0; row < HEAT_ROWS; row++)
            p.heat[row] += v[i].heat[row];
    }
    return p;
}

static size_t fold_step(size_t n, size_t max)
{
    return n <= max ? 1 : (n + max - 1) / max;
}

/* One array per second: [t, seconds, users, requests, failures, p50, p95, p99, max, s50, s95, s99, cpu, lag,
 * late, dropped, in, out]; times in seconds and milliseconds. */
static void put_point(struct jsonw *w, const struct interval_point *p)
{
    const double us[] = { p->p50_us,         p->p95_us,         p->p99_us,        p->max_us,
                          p->service_p50_us, p->service_p95_us, p->service_p99_us };
    jsonw_array(w);
    jsonw_f64(w, (double)p->to_ns / (double)NS_PER_S, 1);
    jsonw_f64(w, (double)(p->to_ns - p->from_ns) / (double)NS_PER_S, 2);
    jsonw_u64(w, p->users);
    jsonw_u64(w, p->requests);
    jsonw_u64(w, p->failures);
    for (size_t i = 0; i < sizeof us / sizeof *us; i++)
        jsonw_f64(w, us[i] / 1000, us[i] < 10000 ? 2 : 1);
    jsonw_u64(w, p->cpu_permille);
    jsonw_f64(w, p->lag_us / 1000.0, 1);
    jsonw_u64(w, p->late);
    jsonw_u64(w, p->dropped);
    jsonw_u64(w, p->bytes_in);
    jsonw_u64(w, p->bytes_out);
    jsonw_array_end(w);
}

static void put_points(struct jsonw *w, const struct run_stats *s)
{
    size_t step = fold_step(s->intervals_n, POINTS_MAX);
    jsonw_put_array(w, "points");
    for (size_t i = 0; i < s->intervals_n; i += step) {
        struct interval_point p =
            fold(s->intervals + i, i + step <= s->intervals_n ? step : s->intervals_n - i);
        if (p.to_ns > p.from_ns) put_point(w, &p);
    }
    jsonw_array_end(w);
}

/* {lows: ms of each row, cells: [column, row, count, …], columns: [from s, to s, …]} */
static void put_heat(struct jsonw *w, const struct run_stats *s)
{
    size_t step = fold_step(s->intervals_n, HEAT_MAX), column = 0;
    jsonw_put_object(w, "heat");
    jsonw_put_array(w, "lows");
    for (unsigned row = 0; row < HEAT_ROWS; row++)
        jsonw_f64(w, stats_ms(heat_row_ns(row)), 3);
    jsonw_array_end(w);
    jsonw_put_array(w, "cells");
    for (size_t i = 0; i < s->intervals_n; i += step, column++) {
        struct interval_point p =
            fold(s->intervals + i, i + step <= s->intervals_n ? step : s->intervals_n - i);
        for (size_t row = 0; row < HEAT_ROWS; row++) {
            if (p.heat[row] == 0) continue;
            jsonw_u64(w, column);
            jsonw_u64(w, row);
            jsonw_u64(w, p.heat[row]);
        }
    }
    jsonw_array_end(w);
    jsonw_put_u64(w, "columns", column);
    jsonw_object_end(w);
}

/* [low ms, count, …] with BARS_PER_DECADE bars for each power of ten. */
static void put_bars(struct jsonw *w, const struct hist *h)
{
    static const double ratio = 1.1006941712522096; /* 10^(1/24) */
    double low = 0.01, next = low * ratio;
    uint64_t sum = 0, from, to, count;
    jsonw_array(w);
    for (size_t i = 0; hist_next(h, &i, &from, &to, &count);) {
        while (stats_ms(from) >= next) {
            if (sum) {
                jsonw_f64(w, low, 4);
                jsonw_u64(w, sum);
            }
            sum = 0;
            low = next;
            next *= ratio;
        }
        sum += count;
    }
    if (sum) {
        jsonw_f64(w, low, 4);
        jsonw_u64(w, sum);
    }
    jsonw_array_end(w);
}

static void put_histograms(struct jsonw *w, const struct run_stats *s)
{
    jsonw_key(w, "response_bars");
    put_bars(w, s->total.response);
    jsonw_key(w, "service_bars");
    put_bars(w, s->total.service);
}

/* Filters leave failures out, and with them their answers. */
static bool is_about_failure(const struct run_stats *s, const struct answer_sample *a)
{
    for (size_t i = 0; i < s->failures_n; i++)
        if (slice_eq(s->failures[i].text, a->text)) return true;
    return false;
}

static void put_answers(struct jsonw *w, const struct run_stats *s)
{
    jsonw_put_array(w, "answers");
    for (size_t i = 0, shown = 0; i < s->answers_n && shown < ANSWERS_SHOWN; i++) {
        if (!is_about_failure(s, &s->answers[i])) continue;
        shown++;
        jsonw_object(w);
        jsonw_put_str(w, "text", s->answers[i].text);
        jsonw_put_str(w, "head", slice_sub(s->answers[i].head, 0, 2000));
        jsonw_put_str(w, "body", slice_sub(s->answers[i].body, 0, 4000));
        jsonw_object_end(w);
    }
    jsonw_array_end(w);
}

static void put_settings(struct jsonw *w, const struct run_stats *s)
{
    jsonw_put_object(w, "options");
    for (size_t i = 0; i < s->info->options_n; i++) {
        jsonw_key_s(w, s->info->options[i].name);
        jsonw_str(w, s->info->options[i].value);
    }
    jsonw_object_end(w);
    jsonw_key(w, "environment");
    jsonw_raw(w, s->environment.n ? s->environment : SL("{}"));
    jsonw_key(w, "scenario_text");
    struct buf masked = BUF_INIT(4 << 20);
    mask_text(&masked, slice_sub(s->info->scenario_text, 0, 200000));
    jsonw_str(w, buf_slice(&masked));
    buf_free(&masked);
}

static void put_data(const struct run_stats *s, struct buf *out)
{
    struct jsonw w = { .out = out };
    struct buf summary = BUF_INIT(TEXT_MAX);
    stats_write_json(s, &summary);
    jsonw_object(&w);
    jsonw_key(&w, "summary");
    jsonw_raw(&w, slice_trim(buf_slice(&summary)));
    put_points(&w, s);
    put_heat(&w, s);
    put_histograms(&w, s);
    put_answers(&w, s);
    put_settings(&w, s);
    jsonw_object_end(&w);
    buf_free(&summary);
}

void page_put_curves(struct jsonw *w, const struct run_stats *s)
{
    jsonw_object(w);
    put_points(w, s);
    put_histograms(w, s);
    jsonw_object_end(w);
}

void stats_write_html(const struct run_stats *s, struct buf *out)
{
    struct buf data = BUF_INIT(TEXT_MAX);
    put_data(s, &data);
    page_write(out, page_report(), buf_slice(&data));
    buf_free(&data);
}
