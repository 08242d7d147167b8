/* Nodes back to text: ${…} where uses were decided, through the encodings in between.
 *
 * Called by build.c once every decision is made. Spans come from the node's own uses and from its
 * children; where two overlap, the longer one stays. Text outside spans comes out as it was recorded. */
#include "scenarios/correlate/flow.h"

#include <stdlib.h>

#include "base/mem.h"
#include "scenarios/correlate/coding.h"
#include "scenarios/template.h"

#define EXPR_MAX ((size_t)1 << 20)

void node_span(struct flow *f, struct node *n, size_t from, size_t to, struct slice expr)
{
    struct span *s = arena_one(f->a, struct span);
    *s = (struct span){ from, to, expr, n->spans };
    n->spans = s;
}

static int by_place(const void *x, const void *y)
{
    const struct span *a = *(struct span *const *)x, *b = *(struct span *const *)y;
    if (a->from != b->from) return a->from < b->from ? -1 : 1;
    return a->to > b->to ? -1 : a->to < b->to;
}

/* Sorted, without overlaps: the longer span of two stays. */
static void settle(struct flow *f, struct node *n)
{
    size_t count = 0, kept = 0;
    for (struct span *s = n->spans; s; s = s->next)
        count++;
    if (!count) return;
    struct span **v = arena_many(f->a, count, struct span *);
    count = 0;
    for (struct span *s = n->spans; s; s = s->next)
        v[count++] = s;
    qsort(v, count, sizeof(struct span *), by_place);
    for (size_t i = 0; i < count; i++) {
        if (kept && v[i]->from < v[kept - 1]->to) {
            if (v[i]->to - v[i]->from > v[kept - 1]->to - v[kept - 1]->from) v[kept - 1] = v[i];
            continue;
        }
        v[kept++] = v[i];
    }
    n->spans = NULL;
    for (size_t i = kept; i-- > 0;) {
        v[i]->next = n->spans;
        n->spans = v[i];
    }
}

/* The whole text as one expression: "a" + x + "b". */
static struct slice as_expression(struct flow *f, struct node *n)
{
    struct buf b = BUF_INIT(EXPR_MAX);
    size_t at = 0;
    for (struct span *s = n->spans; s; s = s->next) {
        if (s->from > at) {
            if (b.n) buf_addz(&b, " + ");
            template_quote(&b, slice_sub(n->text, at, s->from));
        }
        if (b.n) buf_addz(&b, " + ");
        buf_add(&b, s->expr);
        at = s->to;
    }
    if (at < n->text.n) {
        if (b.n) buf_addz(&b, " + ");
        template_quote(&b, slice_from(n->text, at));
    }
    struct slice out = arena_dup(f->a, buf_slice(&b));
    buf_free(&b);
    return out;
}

static void gather(struct flow *f, struct node *n);

static void spans_of_child(struct flow *f, struct node *n, struct node *c)
{
    struct slice raw = slice_sub(n->text, c->from, c->to);
    gather(f, c);
    if (!c->spans) return;
    if (coding_is_base64(c->coding)) {
        node_span(f, n, c->from, c->to, coding_wrap(f->a, c->coding, as_expression(f, c), raw));
        return;
    }
    for (struct span *s = c->spans; s; s = s->next) {
        struct slice recorded = slice_sub(c->text, s->from, s->to);
        node_span(f, n, c->from + coding_raw_at(c->coding, raw, s->from),
                  c->from + coding_raw_at(c->coding, raw, s->to),
                  coding_wrap(f->a, c->coding, s->expr, recorded));
    }
}

/* Brings the children's spans up into n, in n's own text. */
static void gather(struct flow *f, struct node *n)
{
    for (struct node *c = n->children; c; c = c->next)
        spans_of_child(f, n, c);
    n->children = NULL;
    settle(f, n);
}

bool node_has_span(const struct node *n)
{
    if (!n) return false;
    if (n->spans) return true;
    for (const struct node *c = n->children; c; c = c->next)
        if (node_has_span(c)) return true;
    return false;
}

void node_render(struct flow *f, struct node *n, struct buf *out)
{
    gather(f, n);
    size_t at = 0;
    for (struct span *s = n->spans; s; s = s->next) {
        template_escape(out, slice_sub(n->text, at, s->from));
        buf_addf(out, "${%.*s}", SL_FMT(s->expr));
        at = s->to;
    }
    template_escape(out, slice_from(n->text, at));
}
