/* Nodes: the texts inside a request, taken apart on the way in, written as templates on the way out.
 *
 * node_expand finds what a text is (JSON, URL, form, encoded text, words) and notes every part as a use;
 * node_render writes the text back with ${…} where uses were given an expression, through the encodings
 * in between. What has no expression comes out byte for byte. Limits: depth 4, 4,000 parts a node. */
#include "scenarios/correlate/node.h"

#include <string.h>

#include "base/json.h"
#include "scenarios/chars.h"
#include "scenarios/correlate/coding.h"
#include "scenarios/value.h"

#define DEPTH_MAX 4
#define PARTS_MAX 4000
#define ATOM_MAX ((size_t)256 << 10)
#define NAMES_MAX 64
#define FILTER_BITS 20

struct node *node_new(struct flow *f, struct node *parent, struct slice text, enum coding coding)
{
    struct node *n = arena_one(f->a, struct node);
    n->parent = parent;
    n->text = text;
    n->coding = coding;
    if (!parent) return n;
    n->where = parent->where;
    n->step = parent->step;
    n->name = parent->name;
    n->secondary = parent->secondary;
    if (parent->last)
        parent->last->next = n;
    else
        parent->children = n;
    parent->last = n;
    return n;
}

/* A child for parent's text[from, to): NULL if it does not decode. */
struct node *node_child(struct flow *f, struct node *parent, size_t from, size_t to, enum coding c)
{
    struct slice text;
    if (!coding_decode(f->a, c, slice_sub(parent->text, from, to), &text)) return NULL;
    struct node *n = node_new(f, parent, text, c);
    n->from = from;
    n->to = to;
    return n;
}

/* ---- uses ----------------------------------------------------------------------------------------- */

static void filter_set(struct flow *f, struct slice text)
{
    uint64_t h = slice_hash(text) & ((1u << FILTER_BITS) - 1);
    f->filter[h >> 6] |= 1ull << (h & 63);
}

struct value *flow_value(const struct flow *f, struct slice text)
{
    if (text.n == 0 || text.n > ATOM_MAX) return NULL;
    uint64_t h = slice_hash(text) & ((1u << FILTER_BITS) - 1);
    if (!(f->filter[h >> 6] >> (h & 63) & 1)) return NULL;
    return map_get(f->values, text);
}

static void value_name(struct flow *f, struct value *v, struct slice name)
{
    unsigned n = v->names_n;
    for (unsigned i = 0; i < n; i++)
        if (slice_eq(v->names[i], name)) return;
    if (n == NAMES_MAX) return;
    if ((n & (n - 1)) == 0)
        v->names =
            arena_grow(f->a, v->names, n * sizeof *v->names, (n ? 2 * n : 1) * sizeof *v->names);
    v->names[v->names_n++] = name;
}

void node_use(struct flow *f, struct node *n, size_t from, size_t to)
{
    struct slice text = slice_sub(n->text, from, to);
    if (text.n == 0 || text.n > ATOM_MAX) return;
    void **at = map_at(f->values, text);
    struct value *v = *at;
    if (!v) {
        v = *at = arena_one(f->a, struct value);
        *v = (struct value){ .text = text, .bits = value_bits(text), .first_use = SIZE_MAX };
        filter_set(f, text);
    }
    struct use *u = arena_one(f->a, struct use);
    *u = (struct use){ .node = n, .from = from, .to = to, .value = v, .number = f->uses_n++ };
    if (v->last_use)
        v->last_use->next = u;
    else
        v->uses = u;
    v->last_use = u;
    bool body = n->where == AT_FORM || n->where == AT_PART || n->where == AT_JSON;
    if (body && text.n == n->text.n) v->typed = true;
    value_name(f, v, n->name);
    if (!n->secondary && v->first_use == SIZE_MAX) v->first_use = n->step;
}

/* ---- what a text is ------------------------------------------------------------------------------- */

static bool expand_json(struct flow *f, struct node *n, unsigned depth)
{
    struct slice t = slice_trim(n->text);
    if (t.n < 2 || (t.p[0] != '{' && t.p[0] != '[')) return false;
    struct json j;
    json_init(&j, n->text);
    struct slice key = n->name;
    size_t parts = 0;
    for (enum json_tok k = json_next(&j); k != JSON_END; k = json_next(&j)) {
        if (k == JSON_ERROR) return parts > 0;
        if (k == JSON_KEY) key = json_str(&j, f->a);
        if (k != JSON_STRING && k != JSON_NUMBER) continue;
        if (parts++ > PARTS_MAX) break;
        size_t from = (size_t)(j.raw.p - n->text.p);
        struct node *c =
            node_child(f, n, from, from + j.raw.n, k == JSON_STRING ? CODING_JSON : CODING_NONE);
        if (!c) continue;
        c->name = key;
        c->where = AT_JSON;
        node_expand(f, c, depth + 1);
    }
    return parts > 0;
}

static void expand_pairs(struct flow *f, struct node *n, size_t from, size_t to, unsigned depth)
{
    while (from < to) {
        struct slice rest = slice_sub(n->text, from, to);
        size_t amp = slice_chr(rest, '&');
        size_t end = amp == SLICE_NONE ? to : from + amp;
        size_t eq = slice_chr(slice_sub(n->text, from, end), '=');
        size_t value = eq == SLICE_NONE ? from : from + eq + 1;
        struct node *c = node_child(f, n, value, end, CODING_FORM);
        if (c && eq != SLICE_NONE) {
            c->name = slice_sub(n->text, from, from + eq);
            coding_decode(f->a, CODING_FORM, c->name, &c->name);
            c->where = n->where == AT_PATH ? AT_QUERY : n->where;
        }
        if (c) node_expand(f, c, depth + 1);
        if (eq != SLICE_NONE && value_is_token_name(slice_sub(n->text, from, from + eq))) {
            struct node *name = node_child(f, n, from, from + eq, CODING_FORM);
            if (name) node_use(f, name, 0, name->text.n);
        }
        from = end + 1;
    }
}

/* Path segments and the query of a URL that starts at n->text[from]. */
void node_expand_url(struct flow *f, struct node *n, size_t from, unsigned depth)
{
    struct slice s = n->text;
    size_t hash = slice_chr(s, '#'), end = hash == SLICE_NONE ? s.n : hash;
    size_t q = slice_chr(slice_sub(s, from, end), '?'), path_end = q == SLICE_NONE ? end : from + q;
    struct slice before = { 0 };
    for (size_t i = from; i < path_end;) {
        size_t slash = slice_chr(slice_sub(s, i, path_end), '/');
        size_t stop = slash == SLICE_NONE ? path_end : i + slash;
        struct node *c = stop > i ? node_child(f, n, i, stop, CODING_PERCENT) : NULL;
        if (c) {
            c->name = before;
            before = c->text;
            node_expand(f, c, depth + 1);
        }
        i = stop + 1;
    }
    if (q != SLICE_NONE) expand_pairs(f, n, path_end + 1, end, depth);
}

static bool expand_url(struct flow *f, struct node *n, unsigned depth)
{
    struct slice s = n->text;
    size_t scheme = slice_find(slice_sub(s, 0, 12), SL("://"));
    if (scheme == SLICE_NONE && !(s.n > 2 && s.p[0] == '/' && s.p[1] != '/')) return false;
    if (slice_chr(s, ' ') != SLICE_NONE || slice_chr(s, '\n') != SLICE_NONE) return false;
    size_t from = 0;
    if (scheme != SLICE_NONE) {
        size_t slash = slice_chr(slice_from(s, scheme + 3), '/');
        if (slash == SLICE_NONE) return false;
        from = scheme + 3 + slash;
    }
    node_expand_url(f, n, from, depth);
    return true;
}

static bool expand_form(struct flow *f, struct node *n, unsigned depth)
{
    struct slice s = n->text;
    size_t eq = slice_chr(s, '='), amp = slice_chr(s, '&');
    if (eq == SLICE_NONE || amp == SLICE_NONE || eq > amp || slice_chr(s, ' ') != SLICE_NONE)
        return false;
    expand_pairs(f, n, 0, s.n, depth);
    return true;
}

static bool is_base64_text(struct slice s, bool *url_safe)
{
    if (s.n < 12) return false;
    size_t pad = 0;
    *url_safe = true;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '=')
            pad++;
        else if (pad)
            return false;
        if (c == '+' || c == '/' || c == '=') *url_safe = false;
        bool ok =
            (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || memchr("+/-_=", c, 5);
        if (!ok) return false;
    }
    return pad <= 2 && (pad == 0 || s.n % 4 == 0) && s.n % 4 != 1;
}

static bool expand_encoded(struct flow *f, struct node *n, enum coding c, unsigned depth)
{
    struct node *last = n->last;
    struct node *child = node_child(f, n, 0, n->text.n, c);
    if (!child) return false;
    if (child->text.n >= 3 && value_is_printable(child->text)) {
        node_expand(f, child, depth + 1);
        return true;
    }
    n->last = last; /* nothing readable inside: forget it */
    if (last)
        last->next = NULL;
    else
        n->children = NULL;
    return false;
}

static bool expand_codes(struct flow *f, struct node *n, unsigned depth)
{
    struct slice s = n->text;
    bool url_safe;
    size_t percent = slice_chr(s, '%');
    if (percent != SLICE_NONE && percent + 2 < s.n && slice_chr(s, ' ') == SLICE_NONE) {
        struct node *c = node_child(f, n, 0, s.n, CODING_PERCENT);
        if (c && c->text.n < s.n) {
            node_expand(f, c, depth + 1);
            return true;
        }
    }
    if (value_is_digits(s)) return false;
    if (value_is_hex(s) && s.n >= 12) return expand_encoded(f, n, CODING_HEX, depth);
    if (is_base64_text(s, &url_safe))
        return expand_encoded(f, n, url_safe && s.n % 4 ? CODING_BASE64URL : CODING_BASE64, depth);
    return false;
}

/* ---- words ---------------------------------------------------------------------------------------- */

static bool has_one_of(struct slice s, unsigned kinds)
{
    for (size_t i = 0; i < s.n; i++)
        if (char_is(s.p[i], kinds)) return true;
    return false;
}

/* Runs of letters, digits and extra characters that hold one of must (when it is not empty) and are not
 * the whole text. */
static void expand_runs(struct flow *f, struct node *n, unsigned extra, unsigned must)
{
    struct slice s = n->text;
    size_t parts = 0;
    for (size_t i = 0; i < s.n && parts < PARTS_MAX;) {
        if (!char_is(s.p[i], CHAR_ALNUM | extra)) {
            i++;
            continue;
        }
        size_t from = i;
        while (i < s.n && char_is(s.p[i], CHAR_ALNUM | extra))
            i++;
        if (i - from == s.n || i - from < 2) continue;
        if (must && !has_one_of(slice_sub(s, from, i), must)) continue;
        parts++;
        node_use(f, n, from, i);
    }
}

/* The pieces of a run between '_' and '-': "msg-4765", "post_12". */
static void expand_parts(struct flow *f, struct node *n)
{
    struct slice s = n->text;
    for (size_t i = 0; i < s.n;) {
        size_t from = i;
        while (i < s.n && char_is(s.p[i], CHAR_ALNUM))
            i++;
        bool cut = (from && memchr("_-", s.p[from - 1], 2)) || (i < s.n && memchr("_-", s.p[i], 2));
        if (i > from && cut) node_use(f, n, from, i);
        if (i == from) i++;
    }
}

/* Words first, then words with the punctuation that tokens may hold. */
static void expand_words(struct flow *f, struct node *n)
{
    if (n->text.n > ATOM_MAX) return;
    expand_runs(f, n, CHAR_DASH, 0);
    if (has_one_of(n->text, CHAR_POINT)) expand_runs(f, n, CHAR_DASH | CHAR_POINT, CHAR_POINT);
    if (has_one_of(n->text, CHAR_BASE64))
        expand_runs(f, n, CHAR_DASH | CHAR_POINT | CHAR_BASE64, CHAR_BASE64);
    if (has_one_of(n->text, CHAR_DASH)) expand_parts(f, n);
}

void node_expand(struct flow *f, struct node *n, unsigned depth)
{
    if (n->text.n == 0) return;
    node_use(f, n, 0, n->text.n);
    if (depth > DEPTH_MAX) return;
    if (value_is_jwt(n->text) || value_is_uuid(n->text)) return;
    if (expand_json(f, n, depth) || expand_url(f, n, depth) || expand_form(f, n, depth) ||
        expand_codes(f, n, depth))
        return;
    expand_words(f, n);
}
