/* Pieces of text tables: padding by characters, times for people. Called by the display and the tables. */
#include "results/cell.h"

#include "base/wrap.h"

#define METHOD 6

void cell_pad(struct buf *out, struct slice s, size_t width)
{
    size_t n = wrap_width(s);
    struct slice shown = n > width ? wrap_first(s, width - 1) : s;
    for (size_t i = 0; i < shown.n;
         i++) /* a name with control characters must not move the cursor */
        buf_addc(out, (unsigned char)shown.p[i] < 0x20 || shown.p[i] == 0x7f ? '?' : shown.p[i]);
    if (n > width) {
        buf_addz(out, "…");
        return;
    }
    for (; n < width; n++)
        buf_addc(out, ' ');
}

void cell_cut(struct buf *out, struct slice s, size_t max)
{
    size_t n = wrap_width(s);
    cell_pad(out, s, n < max ? n : max);
}

void cell_ms(struct buf *out, uint64_t ns)
{
    double ms = stats_ms(ns);
    buf_addf(out, "%.*f", ms < 9.995 ? 2 : ms < 99.95 ? 1 : 0, ms);
}

void cell_ms_right(struct buf *out, uint64_t ns, size_t width)
{
    struct buf b = BUF_INIT(64);
    cell_ms(&b, ns);
    for (size_t i = b.n; i < width; i++)
        buf_addc(out, ' ');
    buf_add(out, buf_slice(&b));
    buf_free(&b);
}

void cell_rule(struct buf *out, size_t width)
{
    for (size_t i = 0; i < width; i++)
        buf_addc(out, '-');
    buf_addc(out, '\n');
}

struct slice cell_step_name(const struct run_stats *s, size_t step)
{
    return step < s->info->steps_n ? s->info->steps[step].name : SL("Aggregated");
}

void cell_step(struct buf *out, const struct run_stats *s, size_t step, size_t width)
{
    bool total = step == s->info->steps_n;
    struct slice name = cell_step_name(s, step);
    size_t n = wrap_width(name), room = width - METHOD - 1;
    cell_pad(out, total ? SL("") : s->info->steps[step].method, METHOD);
    buf_addc(out, ' ');
    if (n <= room) {
        cell_pad(out, name, room);
        return;
    }
    cell_pad(out, name, n < WRAP_COLUMNS - METHOD - 1 ? n : WRAP_COLUMNS - METHOD - 1);
    buf_addc(out, '\n');
    cell_pad(out, SL(""), width);
}

void cell_measured(struct buf *out, const struct threshold_result *t)
{
    static const struct {
        double scale;
        const char *suffix;
    } units[] = {
        [UNIT_MS] = { 1, " ms" },      [UNIT_SECONDS] = { 0.001, " s" }, [UNIT_RATIO] = { 1, "" },
        [UNIT_PERCENT] = { 100, "%" }, [UNIT_PER_SECOND] = { 1, "/s" },  [UNIT_COUNT] = { 1, "" },
    };
    buf_addf(out, "%.6g%s", t->value * units[t->unit].scale, units[t->unit].suffix);
}
