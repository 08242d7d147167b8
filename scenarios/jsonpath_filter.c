/* Filters of JSONPath (RFC 9535 2.3.5): existence, comparisons, and, or, not.
 *
 * Called by the walk for each child of a node. Comparing follows the RFC's table: nothing equals nothing,
 * numbers by value, texts by code points, no order between kinds. */
#include "scenarios/jsonpath_impl.h"

#include "base/num.h"

struct value {
    bool nothing;
    enum json_tok tok;
    struct slice text; /* of strings, unescaped; otherwise as written */
    double number;
};

static struct slice plain_text(struct walk *w, const struct json_hit *hit)
{
    if (!hit->escaped) return hit->raw;
    struct json j = { .raw = hit->raw, .escaped = true, .tok = JSON_STRING };
    return json_str(&j, w->scratch);
}

static struct value value_of(struct walk *w, const struct operand *o, const struct json *node)
{
    struct json_hit hit;
    switch (o->kind) {
    case OPERAND_STRING: return (struct value){ .tok = JSON_STRING, .text = o->text };
    case OPERAND_NUMBER:
        return (struct value){ .tok = JSON_NUMBER, .text = o->text, .number = o->number };
    case OPERAND_WORD: return (struct value){ .tok = o->word };
    case OPERAND_PATH: break;
    }
    if (!walk_path(w, o->path, node, 1, &hit)) return (struct value){ .nothing = true };
    struct value v = { .tok = hit.tok, .text = hit.raw };
    if (hit.tok == JSON_STRING) v.text = plain_text(w, &hit);
    if (hit.tok == JSON_NUMBER && !num_f64(hit.raw, &v.number)) v.nothing = true;
    return v;
}

static bool equal(const struct value *a, const struct value *b)
{
    if (a->nothing || b->nothing) return a->nothing && b->nothing;
    if (a->tok != b->tok) return false;
    if (a->tok == JSON_TRUE || a->tok == JSON_FALSE || a->tok == JSON_NULL) return true;
    if (slice_eq(a->text, b->text)) return true;
    return a->tok == JSON_NUMBER && a->number >= b->number && a->number <= b->number;
}

static bool less(const struct value *a, const struct value *b)
{
    if (a->nothing || b->nothing || a->tok != b->tok) return false;
    if (a->tok == JSON_NUMBER) return a->number < b->number;
    return a->tok == JSON_STRING && slice_cmp(a->text, b->text) < 0;
}

static bool compare(enum compare op, const struct value *a, const struct value *b)
{
    switch (op) {
    case CMP_EQ: return equal(a, b);
    case CMP_NE: return !equal(a, b);
    case CMP_LT: return less(a, b);
    case CMP_GT: return less(b, a);
    case CMP_LE: return less(a, b) || equal(a, b);
    case CMP_GE: return less(b, a) || equal(a, b);
    }
    return false;
}

bool filter_holds(const struct filter *f, struct walk *w, const struct json *node)
{
    struct json_hit hit;
    switch (f->kind) {
    case FILTER_OR: return filter_holds(f->left, w, node) || filter_holds(f->right, w, node);
    case FILTER_AND: return filter_holds(f->left, w, node) && filter_holds(f->right, w, node);
    case FILTER_NOT: return !filter_holds(f->left, w, node);
    case FILTER_EXISTS: return walk_path(w, f->a.path, node, 1, &hit);
    case FILTER_COMPARE: break;
    }
    struct value a = value_of(w, &f->a, node), b = value_of(w, &f->b, node);
    return compare(f->op, &a, &b);
}
