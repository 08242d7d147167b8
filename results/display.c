/* The live display: in place on a terminal, a line each five seconds in a log.
 *
 * A sink of the collector, on its thread. In place means: go up over the lines printed last time and write
 * them anew, each cleared to its end; nothing else may print meanwhile. No more than 80 columns. */
#include "results/results.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "results/cell.h"

#define STEPS_SHOWN 12
#define BAR 20
#define PLAIN_EVERY 5

struct display {
    struct interval_sink sink; /* first: the sink is the display */
    FILE *out;
    bool tty;
    unsigned lines; /* printed last time, in place */
    struct buf text;
};

static void add_clock(struct buf *b, uint64_t ns)
{
    uint64_t s = ns / NS_PER_S;
    if (s >= 3600) buf_addf(b, "%llu:", (unsigned long long)(s / 3600));
    buf_addf(b, "%02llu:%02llu", (unsigned long long)(s / 60 % 60), (unsigned long long)(s % 60));
}

static void add_progress(struct buf *b, const struct run_stats *s)
{
    uint64_t whole = s->info->run_time_ns;
    if (whole == 0) {
        add_clock(b, s->elapsed_ns);
        return;
    }
    uint64_t done = s->elapsed_ns < whole ? s->elapsed_ns : whole;
    size_t filled = (size_t)(BAR * done / whole);
    buf_addc(b, '[');
    for (size_t i = 0; i < BAR; i++)
        buf_addc(b, i < filled ? '=' : i == filled ? '>' : ' ');
    buf_addz(b, "] ");
    add_clock(b, s->elapsed_ns);
    buf_addz(b, " / ");
    add_clock(b, whole);
}

static void add_p(struct buf *b, const char *name, uint64_t us)
{
    buf_addf(b, "%s ", name);
    cell_ms(b, us * NS_PER_US);
}

static void add_point(struct buf *b, const struct interval_point *p)
{
    add_p(b, "p50", p->p50_us);
    add_p(b, "  p95", p->p95_us);
    add_p(b, "  p99", p->p99_us);
    buf_addz(b, " ms");
}

static bool is_warming_up(const struct run_stats *s)
{
    return s->elapsed_ns <= s->info->warm_up_ns;
}

static void add_warm_up(struct buf *b, const struct run_stats *s)
{
    buf_addf(b, "warming up: %llu requests not counted", (unsigned long long)s->warm_up_requests);
}

static void add_head(struct buf *b, const struct run_stats *s, const char *eol)
{
    const struct step_stats *t = &s->total;
    const struct interval_point *p = &s->intervals[s->intervals_n - 1];
    add_progress(b, s);
    buf_addf(b, "   %u users", s->users);
    if (s->info->users > s->users) buf_addf(b, " of %u", s->info->users);
    buf_addf(b, "%s%.1f req/s   %llu requests   %llu failed (%.2f%%)%s", eol, t->recent_rps,
             (unsigned long long)t->requests, (unsigned long long)t->failures,
             100 * stats_failure_ratio(t), eol);
    if (is_warming_up(s)) {
        add_warm_up(b, s);
    } else {
        add_point(b, p);
        buf_addz(b, " (response, last second)");
    }
    buf_addz(b, eol);
}

static void add_step(struct buf *b, const struct run_stats *s, size_t i)
{
    const struct step_stats *t = &s->steps[i];
    cell_pad(b, s->info->steps[i].method, 6);
    buf_addc(b, ' ');
    cell_pad(b, s->info->steps[i].name, 26);
    buf_addf(b, " %8llu %6llu", (unsigned long long)t->requests, (unsigned long long)t->failures);
    cell_ms_right(b, hist_percentile_ns(t->response, 50), 7);
    cell_ms_right(b, hist_percentile_ns(t->response, 95), 7);
    cell_ms_right(b, hist_percentile_ns(t->response, 99), 7);
    buf_addf(b, " %8.1f", t->recent_rps);
}

static void add_steps(struct buf *b, const struct run_stats *s, const char *eol)
{
    size_t shown = 0, hidden = 0;
    buf_addf(b, "%-6s %-26s %8s %6s %6s %6s %6s %8s%s", "Type", "Name", "# reqs", "# fails", "p50",
             "p95", "p99", "req/s", eol);
    for (size_t i = 0; i < s->info->steps_n; i++) {
        if (s->steps[i].requests == 0) continue;
        if (shown == STEPS_SHOWN) {
            hidden++;
            continue;
        }
        add_step(b, s, i);
        buf_addz(b, eol);
        shown++;
    }
    if (hidden) buf_addf(b, "… and %zu more steps%s", hidden, eol);
}

static void show(struct display *d)
{
    fwrite(d->text.p, 1, d->text.n, d->out);
    fflush(d->out);
}

static void show_in_place(struct display *d, const struct run_stats *s)
{
    static const char eol[] = "\033[K\n";
    unsigned lines = 0;
    if (d->lines) buf_addf(&d->text, "\033[%uA\r", d->lines);
    add_head(&d->text, s, eol);
    add_steps(&d->text, s, eol);
    buf_addz(&d->text, "\033[J"); /* fewer lines than last time */
    for (size_t i = 0; i < d->text.n; i++)
        lines += d->text.p[i] == '\n';
    d->lines = lines;
    show(d);
}

static void show_plain(struct display *d, const struct run_stats *s)
{
    const struct step_stats *t = &s->total;
    add_clock(&d->text, s->elapsed_ns);
    buf_addf(&d->text, "  %u users  %.1f req/s  %llu requests  %llu failed  ", s->users,
             t->recent_rps, (unsigned long long)t->requests, (unsigned long long)t->failures);
    if (is_warming_up(s))
        add_warm_up(&d->text, s);
    else
        add_point(&d->text, &s->intervals[s->intervals_n - 1]);
    buf_addc(&d->text, '\n');
    show(d);
}

static void on_interval(struct interval_sink *sink, const struct run_stats *s)
{
    struct display *d = (struct display *)sink;
    if (s->intervals_n == 0) return;
    buf_reset(&d->text);
    if (d->tty)
        show_in_place(d, s);
    else if (s->intervals_n % PLAIN_EVERY == 0)
        show_plain(d, s);
}

struct display *display_new(FILE *out, bool tty)
{
    struct display *d = mem_alloc(1, sizeof *d);
    d->sink.interval = on_interval;
    d->out = out;
    d->tty = tty;
    buf_init(&d->text, 1 << 16);
    return d;
}

struct interval_sink *display_sink(struct display *d)
{
    return &d->sink;
}

void display_end(struct display *d)
{
    if (d->lines) fputc('\n', d->out);
    d->lines = 0;
    fflush(d->out);
}

void display_free(struct display *d)
{
    if (!d) return;
    buf_free(&d->text);
    free(d);
}
