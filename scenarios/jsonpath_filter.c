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

/* ---- arrays and objects ----------------------------------------------------------------------------- */

#define EQUAL_DEPTH 64

static bool same_text(struct slice a, struct slice b, struct walk *w, unsigned depth);

static bool is_end(enum json_tok tok)
{
    return tok == JSON_OBJECT_END || tok == JSON_ARRAY_END || tok == JSON_END || tok == JSON_ERROR;
}

static size_t count_children(struct json j)
{
    size_t n = 0;
    bool object = j.tok == JSON_OBJECT;
    while (!is_end(json_next(&j))) {
        if (object) json_next(&j);
        if (!json_skip(&j)) break;
        n++;
    }
    return n;
}

/* The whole text of the value that j stands at; j is then behind it. A text is given with its quotes. */
static struct slice whole(struct json *j)
{
    struct slice raw = { NULL, 0 };
    size_t from = j->tok_at;
    if (!json_skip(j)) return raw;
    return slice_sub(j->text, from, j->at);
}

static bool same_arrays(struct json a, struct json b, struct walk *w, unsigned depth)
{
    for (;;) {
        enum json_tok x = json_next(&a), y = json_next(&b);
        if (is_end(x) || is_end(y)) return x == JSON_ARRAY_END && y == JSON_ARRAY_END;
        if (!same_text(whole(&a), whole(&b), w, depth)) return false;
    }
}

/* The value of a name of the object that j stands at. */
static bool member(struct json j, struct slice name, struct slice *out)
{
    while (json_next(&j) == JSON_KEY) {
        bool found = json_key_is(&j, name);
        json_next(&j);
        *out = whole(&j);
        if (found || !out->p) return found;
    }
    return false;
}

static bool same_objects(struct json a, struct json b, struct walk *w, unsigned depth)
{
    if (count_children(a) != count_children(b)) return false;
    while (json_next(&a) == JSON_KEY) {
        struct slice name = json_str(&a, w->scratch), other;
        json_next(&a);
        struct slice value = whole(&a);
        if (!member(b, name, &other) || !same_text(value, other, w, depth)) return false;
    }
    return true;
}

/* RFC 9535 2.3.5.2.2: element by element, member by member in any order. */
static bool same_text(struct slice a, struct slice b, struct walk *w, unsigned depth)
{
    struct json x, y;
    double m, n;
    size_t cost = a.n + b.n;
    if (depth > EQUAL_DEPTH || cost > w->budget || !a.p || !b.p) return false;
    w->budget -= cost;
    json_init(&x, a);
    json_init(&y, b);
    if (json_next(&x) != json_next(&y)) return false;
    if (x.tok == JSON_ARRAY) return same_arrays(x, y, w, depth + 1);
    if (x.tok == JSON_OBJECT) return same_objects(x, y, w, depth + 1);
    if (x.tok == JSON_STRING) return slice_eq(json_str(&x, w->scratch), json_str(&y, w->scratch));
    if (x.tok != JSON_NUMBER || slice_eq(x.raw, y.raw)) return true;
    return num_f64(x.raw, &m) && num_f64(y.raw, &n) && m >= n && m <= n;
}

/* ---- comparing -------------------------------------------------------------------------------------- */

static bool equal(const struct value *a, const struct value *b, struct walk *w)
{
    if (a->nothing || b->nothing) return a->nothing && b->nothing;
    if (a->tok != b->tok) return false;
    if (a->tok == JSON_TRUE || a->tok == JSON_FALSE || a->tok == JSON_NULL) return true;
    if (slice_eq(a->text, b->text)) return true;
    if (a->tok == JSON_ARRAY || a->tok == JSON_OBJECT) return same_text(a->text, b->text, w, 0);
    return a->tok == JSON_NUMBER && a->number >= b->number && a->number <= b->number;
}

static bool less(const struct value *a, const struct value *b)
{
    if (a->nothing || b->nothing || a->tok != b->tok) return false;
    if (a->tok == JSON_NUMBER) return a->number < b->number;
    return a->tok == JSON_STRING && slice_cmp(a->text, b->text) < 0;
}

static bool compare(enum compare op, const struct value *a, const struct value *b, struct walk *w)
{
    switch (op) {
    case CMP_EQ: return equal(a, b, w);
    case CMP_NE: return !equal(a, b, w);
    case CMP_LT: return less(a, b);
    case CMP_GT: return less(b, a);
    case CMP_LE: return less(a, b) || equal(a, b, w);
    case CMP_GE: return less(b, a) || equal(a, b, w);
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
    return compare(f->op, &a, &b, w);
}
