/* Candidates in a JSON answer: every string and number, found again by its path.
 *
 * One pass with a stack of keys and indices. An element of an array is found by a sibling that equals a
 * recorded text ($.items[?(@.name=='Apple')].id), by its index only when no sibling tells it from the
 * others. Strings that hold HTML, JSON, code or URLs are read with the path as their base. */
#include "scenarios/correlate/cand.h"

#include <string.h>

#include "base/json.h"
#include "scenarios/value.h"

#define STACK_MAX 64
#define SIBLING_MAX 80

struct level {
    bool array;
    struct slice key;  /* object: of the current member, unescaped */
    size_t index;      /* array: of the current element */
    size_t element_at; /* array: where the current element starts */
};

struct walk {
    struct scan *s;
    struct json j;
    struct level stack[STACK_MAX];
    unsigned depth;
};

/* ---- paths ---------------------------------------------------------------------------------------- */

static bool is_plain_key(struct slice k)
{
    for (size_t i = 0; i < k.n; i++) {
        char c = k.p[i];
        bool ok = c == '_' || ((c | 32) >= 'a' && (c | 32) <= 'z') || (i && c >= '0' && c <= '9');
        if (!ok) return false;
    }
    return k.n > 0;
}

static void add_quoted(struct buf *b, struct slice s)
{
    buf_addc(b, '\'');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\'' || s.p[i] == '\\') buf_addc(b, '\\');
        buf_addc(b, s.p[i]);
    }
    buf_addc(b, '\'');
}

static void add_key(struct buf *b, struct slice key)
{
    if (is_plain_key(key)) {
        buf_addc(b, '.');
        buf_add(b, key);
        return;
    }
    buf_addc(b, '[');
    add_quoted(b, key);
    buf_addc(b, ']');
}

/* How good a key is at naming the element that it stands in; 0: not at all. */
static int sibling_rank(struct slice key)
{
    static const char *const good[] = { "name", "title",    "label", "slug",  "key",
                                        "code", "username", "email", "login", "type",
                                        "text", "subject",  "path",  "url",   "description" };
    for (int i = 0; i < (int)(sizeof good / sizeof good[0]); i++)
        if (slice_ieq(key, slice_z(good[i]))) return 100 - i;
    return name_is_id(key) || name_is_token(key) ? 0 : 10;
}

/* "2026-11-23…": never the same again. */
static bool is_date(struct slice t)
{
    return t.n >= 10 && t.p[4] == '-' && t.p[7] == '-' && value_is_digits(slice_sub(t, 0, 4)) &&
           value_is_digits(slice_sub(t, 5, 7)) && value_is_digits(slice_sub(t, 8, 10));
}

/* The best "key equals text" of the object at element_at; the value's own key is not used. */
static bool find_sibling(struct walk *w, const struct level *l, struct slice *key,
                         struct slice *text)
{
    struct json j;
    json_init(&j, slice_from(w->j.text, l->element_at));
    if (json_next(&j) != JSON_OBJECT) return false;
    int best = 0;
    for (enum json_tok k = json_next(&j); k == JSON_KEY; k = json_next(&j)) {
        struct slice name = json_str(&j, w->s->f->a);
        k = json_next(&j);
        if (k == JSON_ERROR || k == JSON_END) break;
        struct slice raw = j.raw;
        bool plain = k == JSON_STRING && !j.escaped && raw.n > 0 && raw.n <= SIBLING_MAX;
        int rank = plain ? sibling_rank(name) : 0;
        if (rank && value_bits(raw) >= BITS_MEDIUM && value_bits(raw) > 30) rank = 0;
        if (is_date(raw)) rank = 0;
        if (rank > best && slice_chr(raw, '\'') == SLICE_NONE) {
            best = rank;
            *key = name;
            *text = raw;
        }
        if (!json_skip(&j)) break;
    }
    return best > 0;
}

enum index_by { BY_SIBLING, BY_PLACE };

/* The path of the current value; with BY_SIBLING false when some array has no sibling to go by. */
static bool add_path(struct walk *w, struct buf *b, enum index_by by)
{
    buf_addc(b, '$');
    for (unsigned i = 0; i < w->depth; i++) {
        const struct level *l = &w->stack[i];
        struct slice key, text;
        if (!l->array) {
            add_key(b, l->key);
        } else if (by == BY_SIBLING && i + 1 < w->depth && find_sibling(w, l, &key, &text)) {
            buf_addz(b, "[?(@");
            add_key(b, key);
            buf_addz(b, "==");
            add_quoted(b, text);
            buf_addz(b, ")]");
        } else if (by == BY_SIBLING) {
            return false;
        } else {
            buf_addf(b, "[%zu]", l->index);
        }
    }
    return true;
}

static bool in_array(const struct walk *w)
{
    for (unsigned i = 0; i < w->depth; i++)
        if (w->stack[i].array) return true;
    return false;
}

static struct extract path_way(struct walk *w, enum index_by by)
{
    struct buf b = BUF_INIT(8192);
    struct extract x = { .kind = EXTRACT_JSON };
    if (add_path(w, &b, by)) x.expr = arena_dup(w->s->f->a, buf_slice(&b));
    buf_free(&b);
    return x;
}

static void add_paths(struct walk *w, struct origin *o)
{
    if (!in_array(w)) {
        way_add(o, path_way(w, BY_PLACE));
        return;
    }
    struct extract by = path_way(w, BY_SIBLING);
    if (by.expr.n)
        way_add(o, by);
    else
        o->positional = true;
    way_add(o, path_way(w, BY_PLACE));
}

/* ---- values --------------------------------------------------------------------------------------- */

static struct slice key_of(const struct walk *w)
{
    for (unsigned i = w->depth; i-- > 0;)
        if (!w->stack[i].array) return w->stack[i].key;
    return SL("");
}

/* The key of the object around: {"note": {"id": 1}} gives note. */
static struct slice parent_of(const struct walk *w)
{
    bool own = false;
    for (unsigned i = w->depth; i-- > 0;) {
        if (w->stack[i].array) continue;
        if (own) return w->stack[i].key;
        own = true;
    }
    return SL("");
}

static struct extract any_path(struct walk *w)
{
    struct extract way = path_way(w, in_array(w) ? BY_SIBLING : BY_PLACE);
    return way.expr.n ? way : path_way(w, BY_PLACE);
}

static void pieces(struct walk *w, struct slice text)
{
    struct cand_piece p;
    for (size_t at = 0; cand_piece(w->s, text, &at, &p);) {
        struct origin *o = scan_origin(w->s, p.value, ORIGIN_CLAIM, key_of(w));
        if (!o) return;
        struct extract way = any_path(w);
        way.regex = p.pattern;
        way_add(o, way);
    }
}

static void inner_texts(struct walk *w, struct slice text)
{
    struct scan *s = w->s;
    if (text.n < 4) return;
    bool url = text.p[0] == '/' || slice_find(slice_sub(text, 0, 10), SL("://")) != SLICE_NONE;
    bool code = false;
    for (size_t i = 0; i < text.n && !code; i++)
        code = memchr("<{(=;&", text.p[i], 6) != NULL;
    if (!url && !code) pieces(w, text);
    if (!url && !code && !value_is_jwt(text)) return;
    struct extract *way = arena_one(s->f->a, struct extract);
    *way = any_path(w);
    if (value_is_jwt(text))
        cand_jwt(s, text, way);
    else if (url && slice_chr(text, '<') == SLICE_NONE && slice_chr(text, ' ') == SLICE_NONE) {
        /* {"redirect": "/issues/57"}: a script follows it as a browser does a Location. */
        bool leads = s->it->changes_state && w->depth <= 2 && !in_array(w);
        struct cand_url u = {
            text, CODING_NONE, way, leads ? ORIGIN_LOCATION : ORIGIN_LINK, { 0 }
        };
        cand_url(s, &u);
    } else
        cand_nested(s, text, way);
}

static void scalar(struct walk *w, enum json_tok tok)
{
    struct slice text = tok == JSON_STRING ? json_str(&w->j, w->s->f->a) : w->j.raw;
    struct slice key = key_of(w);
    struct value *v = scan_value(w->s, text, key, ORIGIN_JSON);
    struct origin *o = v ? scan_origin(w->s, v, ORIGIN_JSON, key) : NULL;
    if (o) {
        o->parent = parent_of(w);
        o->url = w->s->it->url.path;
        add_paths(w, o);
    }
    if (tok == JSON_STRING && w->s->depth < 3) inner_texts(w, text);
}

/* Only escaped strings are copied, and only those that may matter. */
static void enter(struct walk *w, bool array)
{
    if (w->depth < STACK_MAX) w->stack[w->depth] = (struct level){ .array = array };
    w->depth++;
}

static void begin_value(struct walk *w)
{
    if (w->depth == 0 || w->depth > STACK_MAX) return;
    struct level *l = &w->stack[w->depth - 1];
    if (l->array) l->element_at = w->j.tok_at;
}

static void end_value(struct walk *w)
{
    if (w->depth == 0 || w->depth > STACK_MAX) return;
    struct level *l = &w->stack[w->depth - 1];
    if (l->array) l->index++;
}

static bool token(struct walk *w, enum json_tok t)
{
    switch (t) {
    case JSON_ERROR:
    case JSON_END: return false;
    case JSON_OBJECT:
    case JSON_ARRAY:
        begin_value(w);
        enter(w, t == JSON_ARRAY);
        return true;
    case JSON_OBJECT_END:
    case JSON_ARRAY_END:
        w->depth--;
        end_value(w);
        return true;
    case JSON_KEY:
        if (w->depth && w->depth <= STACK_MAX)
            w->stack[w->depth - 1].key = json_str(&w->j, w->s->f->a);
        return true;
    case JSON_STRING:
    case JSON_NUMBER:
        begin_value(w);
        if (w->depth <= STACK_MAX) scalar(w, t);
        end_value(w);
        return true;
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL: end_value(w); return true;
    }
    return false;
}

void cand_json(struct scan *s)
{
    struct walk *w = arena_one(s->f->a, struct walk);
    w->s = s;
    /* )]}', and while(1); stand in front of some answers, against inclusion as scripts */
    size_t brace = slice_chr(slice_sub(s->text, 0, 64), '{'),
           bracket = slice_chr(slice_sub(s->text, 0, 64), '[');
    size_t at = brace < bracket ? brace : bracket;
    if (at == SLICE_NONE || at > 16) at = 0;
    json_init(&w->j, slice_from(s->text, at));
    while (token(w, json_next(&w->j))) {
    }
}
