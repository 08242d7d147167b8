/* A level over time, as straight lines between points. Read by workers to know when users start and end
 * (closed model) or when iterations start (open model: the area under the rate is their number).
 *
 * Invariant: at least one point, times do not go back, areas are those of the points before. */
#include "replay/curve.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"

/* A level within this of a whole number is that number: sums of rates are not exact. */
#define NEAR 1e-9

static double seconds(uint64_t ns)
{
    return (double)ns / 1e9;
}

void curve_free(struct curve *c)
{
    free(c->v);
    *c = (struct curve){ 0 };
}

static void add_point(struct curve *c, uint64_t at_ns, double level)
{
    double area = 0;
    if (c->n) {
        const struct curve_point *last = &c->v[c->n - 1];
        area = last->area + (last->level + level) / 2 * seconds(at_ns - last->at_ns);
    }
    mem_grow(&c->v, &c->cap, c->n + 1, sizeof *c->v);
    c->v[c->n++] = (struct curve_point){ at_ns, level, area };
}

static void ramp(struct curve *c, double level, double rate)
{
    const struct curve_point *last = &c->v[c->n - 1];
    double way = fabs(level - last->level);
    uint64_t ns = rate > 0 ? (uint64_t)(way / rate * 1e9) : 0;
    add_point(c, last->at_ns + ns, level);
}

void curve_of_load(struct curve *c, const struct load *load)
{
    bool open = load->arrival != ARRIVAL_NONE;
    double level = open ? load->rate : (double)load->users;
    *c = (struct curve){ 0 };
    if (load->stages_n == 0) {
        add_point(c, 0, open ? level : 0);
        if (!open) ramp(c, level, load->spawn_rate);
        return;
    }
    /* Stages start from what was asked for beside them, or from nothing. */
    add_point(c, 0, level);
    for (size_t i = 0; i < load->stages_n; i++)
        add_point(c, c->v[c->n - 1].at_ns + load->stages[i].duration_ns, load->stages[i].target);
}

/* The index of the last point at or before the time. */
static size_t point_before(const struct curve *c, uint64_t at_ns)
{
    size_t low = 0, high = c->n;
    while (high - low > 1) {
        size_t mid = (low + high) / 2;
        if (c->v[mid].at_ns <= at_ns)
            low = mid;
        else
            high = mid;
    }
    return low;
}

double curve_level(const struct curve *c, uint64_t at_ns)
{
    size_t i = point_before(c, at_ns);
    const struct curve_point *p = &c->v[i];
    if (i + 1 == c->n || at_ns <= p->at_ns) return p->level;
    double part = (double)(at_ns - p->at_ns) / (double)(p[1].at_ns - p->at_ns);
    return p->level + (p[1].level - p->level) * part;
}

double curve_area(const struct curve *c, uint64_t at_ns)
{
    const struct curve_point *p = &c->v[point_before(c, at_ns)];
    if (at_ns <= p->at_ns) return p->area;
    return p->area + (p->level + curve_level(c, at_ns)) / 2 * seconds(at_ns - p->at_ns);
}

void curve_bend(struct curve *c, uint64_t at_ns, double level, double rate)
{
    double now = curve_level(c, at_ns);
    c->n = point_before(c, at_ns) + 1;
    add_point(c, at_ns, now);
    ramp(c, level, rate);
}

uint32_t curve_users(const struct curve *c, uint64_t at_ns)
{
    double level = ceil(curve_level(c, at_ns) - NEAR);
    return level > 0 ? (uint32_t)level : 0;
}

/* When the line from p to q passes `level`; CURVE_NEVER if it does not. */
static uint64_t crossing(const struct curve_point *p, const struct curve_point *q, double level,
                         bool upward)
{
    bool starts = upward ? p->level > level : p->level <= level;
    bool ends = upward ? q->level > level : q->level <= level;
    if (starts) return p->at_ns;
    if (!ends) return CURVE_NEVER;
    double part = (level - p->level) / (q->level - p->level);
    /* Rounded up by a nanosecond, so that the level really is there. */
    uint64_t at = p->at_ns + (uint64_t)(part * (double)(q->at_ns - p->at_ns)) + 1;
    return at < q->at_ns ? at : q->at_ns;
}

uint64_t curve_next(const struct curve *c, uint64_t after_ns, double up, double down)
{
    struct curve_point from = { after_ns, curve_level(c, after_ns), 0 };
    for (size_t i = point_before(c, after_ns) + 1; i < c->n; i++) {
        uint64_t rise = crossing(&from, &c->v[i], up + NEAR, true);
        uint64_t fall = crossing(&from, &c->v[i], down + NEAR, false);
        uint64_t first = rise < fall ? rise : fall;
        if (first != CURVE_NEVER) return first;
        from = c->v[i];
    }
    return CURVE_NEVER;
}

/* Solves area = level*t + slope*t*t/2 for t >= 0, without loss of digits when the slope is small. */
static double solve(double level, double slope, double area)
{
    double root = sqrt(fmax(0, level * level + 2 * slope * area));
    return level + root > 0 ? 2 * area / (level + root) : 0;
}

uint64_t curve_area_at(const struct curve *c, double area)
{
    size_t i = 0;
    while (i + 1 < c->n && c->v[i + 1].area <= area)
        i++;
    const struct curve_point *p = &c->v[i];
    double left = area - p->area, slope = 0;
    if (i + 1 < c->n) {
        double length = seconds(p[1].at_ns - p->at_ns);
        if (length > 0) slope = (p[1].level - p->level) / length;
    } else if (p->level <= 0) {
        return CURVE_NEVER;
    }
    double t = solve(p->level, slope, left) * 1e9;
    return t < 9e18 ? p->at_ns + (uint64_t)t : CURVE_NEVER;
}

uint64_t curve_end_ns(const struct curve *c)
{
    return c->v[c->n - 1].at_ns;
}
