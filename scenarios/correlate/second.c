/* Two recordings of one walk: what is equal in both is a constant, what differs is not.
 *
 * Called by correlate between reading requests and reading answers. The second recording's requests are
 * taken apart like the first one's and laid beside them, in order, by method and shape of the path. A text
 * that differs makes its value worth looking for even when it is a small number, and an origin is believed
 * when it also gives the second recording's text from the second recording's answer. */
#include "scenarios/correlate/second.h"

#include "scenarios/correlate/report.h"
#include "scenarios/value.h"
#include "scenarios/correlate/walk.h"

/* Equal but for segments that look like ids. */
static bool same_shape(struct slice a, struct slice b)
{
    struct slice x, y;
    for (;;) {
        bool more_a = slice_next(&a, '/', &x), more_b = slice_next(&b, '/', &y);
        if (!more_a || !more_b) return more_a == more_b;
        if (slice_eq(x, y)) continue;
        bool ids = (value_is_digits(x) && value_is_digits(y)) ||
                   (value_bits(x) >= BITS_MEDIUM && value_bits(y) >= BITS_MEDIUM);
        if (!ids) return false;
    }
}

static bool matches(const struct item *a, const struct item *b)
{
    return slice_eq(a->ex->request.method, b->ex->request.method) &&
           a->changes_state == b->changes_state && same_shape(a->url.path, b->url.path);
}

/* ---- texts side by side ----------------------------------------------------------------------------- */

static void compare(struct flow *f, struct node *a, struct node *b)
{
    if (!a || !b || !slice_eq(a->name, b->name)) return;
    struct node *x = a->children, *y = b->children;
    for (; x && y; x = x->next, y = y->next)
        compare(f, x, y);
    struct use *u = whole_use(f, a);
    if (!u) return;
    u->other = b->text;
    if (!slice_eq(a->text, b->text)) u->value->differs = true;
}

static void compare_items(struct flow *f, struct item *a, struct item *b)
{
    a->other = b->ex;
    compare(f, a->target, b->target);
    for (size_t i = 0; i < a->headers_n; i++)
        for (size_t k = 0; k < b->headers_n; k++)
            if (slice_ieq(a->headers[i].name->text, b->headers[k].name->text))
                compare(f, a->headers[i].value, b->headers[k].value);
    for (size_t i = 0; i < a->fields_n && i < b->fields_n; i++)
        compare(f, a->fields[i].value, b->fields[i].value);
    compare(f, a->body, b->body);
}

/* Each item of the first walk with the next one of the second that matches; assets may be missing. */
static size_t align(struct flow *f, struct flow *g)
{
    size_t at = 0, pairs = 0;
    for (size_t i = 0; i < f->n; i++) {
        if (f->items[i].is_static) continue;
        size_t k = at;
        while (k < g->n && (g->items[k].is_static || !matches(&f->items[i], &g->items[k])))
            k++;
        if (k == g->n) continue; /* the second walk skipped it */
        compare_items(f, &f->items[i], &g->items[k]);
        at = k + 1;
        pairs++;
    }
    return pairs;
}

bool flow_second(struct flow *f, const struct session *s, struct err *err)
{
    struct import_report unread = { 0 };
    struct flow g = { .a = f->a,
                      .cfg = f->cfg,
                      .values = map_new(),
                      .same = map_new(),
                      .report = &unread,
                      .report_arena = f->a,
                      .filter = arena_many(f->a, FILTER_WORDS, uint64_t) };
    bool ok = flow_keep(&g, s, err);
    if (ok) {
        flow_uses(&g);
        size_t walked = 0;
        for (size_t i = 0; i < g.n; i++)
            walked += !g.items[i].is_static;
        if (align(f, &g) * 2 < walked)
            report_warn(f, "record the same walk twice, with different input",
                        "%.*s is hardly the same walk: little of it could be compared",
                        SL_FMT(s->source));
    }
    map_free(g.values);
    map_free(g.same);
    return ok;
}

bool second_says_constant(const struct use *u)
{
    return u->other.p && slice_eq(u->other, slice_sub(u->node->text, u->from, u->to));
}

bool second_vetoes(const struct use *u, double sure)
{
    if (!second_says_constant(u)) return false;
    /* Two fresh databases give the same small ids: what the structure says is believed. */
    if (u->value->bits < BITS_STRONG) return sure < 0.7;
    return !name_is_token(u->node->name);
}

bool second_agrees(struct flow *f, const struct use *u, const struct origin *o)
{
    const struct item *from = &f->items[o->step];
    if (!u->other.p || !from->other || slice_eq(u->other, o->value->text)) return false;
    struct item other = { .ex = from->other };
    for (unsigned i = 0; i < o->ways; i++)
        if (way_gives(&other, &o->way[i], u->other)) return true;
    return false;
}
