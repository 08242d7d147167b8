/* Shapes of answers; see shape.h. Called by build.c for recorded answers and by `reprise try` for live ones.
 *
 * One pass over the first part of a body, the same for both sides: what stands behind it is in neither. */
#include "scenarios/shape.h"

#include "base/json.h"
#include "http/form.h"
#include "scenarios/html_scan.h"
#include "scenarios/value.h"

#define JSON_BYTES ((size_t)16 << 10)
#define HTML_BYTES ((size_t)64 << 10)
#define WORD_BYTES 120
#define DEPTH_MAX 8

struct taker {
    struct arena *a;
    struct shape *s;
};

bool shape_has(const struct shape *s, struct slice word)
{
    for (size_t i = 0; i < s->n; i++)
        if (slice_eq(s->v[i], word)) return true;
    return false;
}

struct slice shape_word(const struct shape *s, const char *kind)
{
    struct slice k = slice_z(kind);
    for (size_t i = 0; i < s->n; i++)
        if (slice_starts(s->v[i], k) && s->v[i].n > k.n && s->v[i].p[k.n] == ' ')
            return slice_from(s->v[i], k.n + 1);
    return (struct slice){ 0 };
}

static void add(struct taker *t, const char *kind, struct slice text)
{
    struct buf b = BUF_INIT(WORD_BYTES);
    buf_addz(&b, kind);
    if (text.n) buf_addc(&b, ' ');
    buf_add(&b, slice_sub(text, 0, WORD_BYTES - b.n));
    bool room = t->s->n < SHAPE_WORDS && value_is_printable(buf_slice(&b));
    if (room && !shape_has(t->s, buf_slice(&b)))
        t->s->v[t->s->n++] = arena_dup(t->a, buf_slice(&b));
    buf_free(&b);
}

/* A name with what differs each time as '*': "note[12]" and "note[*]" are one. */
static void add_name(struct buf *b, struct slice name)
{
    if (name.n > 60 || (name.n >= 6 && value_bits(name) >= BITS_MEDIUM)) {
        buf_addc(b, '*');
        return;
    }
    for (size_t i = 0; i < name.n; i++) {
        bool digit = name.p[i] >= '0' && name.p[i] <= '9';
        if (!digit)
            buf_addc(b, name.p[i]);
        else if (i == 0 || b->p[b->n - 1] != '*')
            buf_addc(b, '*');
    }
}

/* ---- pages ---------------------------------------------------------------------------------------- */

static void take_input(struct taker *t, const struct html_scan *h)
{
    bool input = slice_ieq(h->tag, SL("input"));
    if (!input && !slice_ieq(h->tag, SL("select")) && !slice_ieq(h->tag, SL("textarea"))) return;
    struct slice name = html_attr(h, SL("name"));
    struct buf b = BUF_INIT(WORD_BYTES);
    add_name(&b, name);
    if (input && slice_ieq(html_attr(h, SL("type")), SL("password"))) add(t, "password", SL(""));
    if (name.n) add(t, "field", buf_slice(&b));
    buf_free(&b);
}

/* Stands on the next <input, <select, <textarea or <title, wherever it is: scripts and comments are alike on
 * both sides of a comparison, and most of a page is not looked at. */
static bool next_tag(struct html_scan *h)
{
    for (size_t lt; (lt = slice_chr(slice_from(h->text, h->at), '<')) != SLICE_NONE; h->at++) {
        h->at += lt;
        char c = h->at + 1 < h->text.n ? (char)(h->text.p[h->at + 1] | 32) : 0;
        if (c == 'i' || c == 's' || c == 't') return true;
    }
    return false;
}

static void take_html(struct taker *t, struct slice body)
{
    struct html_scan *h = arena_one(t->a, struct html_scan);
    html_scan_init(h, slice_sub(body, 0, HTML_BYTES));
    while (next_tag(h)) {
        if (html_scan_next(h) == HTML_OPEN) take_input(t, h);
        if (h->raw_tag.n && slice_ieq(h->tag, SL("title")) && html_scan_next(h) == HTML_RAW)
            add(t, "title", slice_trim(slice_sub(slice_trim(h->body), 0, 80)));
        h->raw_tag = (struct slice){ 0 };
    }
}

/* ---- JSON ----------------------------------------------------------------------------------------- */

struct path {
    size_t at[DEPTH_MAX + 1]; /* length of the path's text at each depth */
    struct buf text;
};

static void take_key(struct taker *t, struct path *p, const struct json *j)
{
    if (j->depth > DEPTH_MAX) return;
    p->text.n = p->at[j->depth];
    buf_addc(&p->text, '.');
    add_name(&p->text, json_str(j, t->a));
    add(t, "key", buf_slice(&p->text));
}

static void take_open(struct path *p, const struct json *j, enum json_tok k)
{
    if (j->depth > DEPTH_MAX) return;
    if (j->depth > 1 && (j->in_array[(j->depth - 2) / 8] >> ((j->depth - 2) % 8) & 1))
        p->text.n = p->at[j->depth - 1];
    if (k == JSON_ARRAY) buf_addz(&p->text, "[]");
    p->at[j->depth] = p->text.n;
}

static void take_json(struct taker *t, struct slice body)
{
    struct path p = { .text = BUF_INIT(WORD_BYTES) };
    struct json j;
    json_init(&j, slice_sub(body, 0, JSON_BYTES));
    buf_addc(&p.text, '$');
    for (enum json_tok k = json_next(&j); k != JSON_END && k != JSON_ERROR; k = json_next(&j)) {
        if (k == JSON_KEY) take_key(t, &p, &j);
        if (k == JSON_OBJECT || k == JSON_ARRAY) take_open(&p, &j, k);
        if (j.depth == 1 && k == JSON_TRUE) add(t, "true", buf_slice(&p.text));
        if (j.depth == 1 && k == JSON_FALSE) add(t, "false", buf_slice(&p.text));
    }
    buf_free(&p.text);
}

/* ---- the whole ------------------------------------------------------------------------------------ */

/* The path of a Location, ids left open. */
static void take_location(struct taker *t, struct slice location)
{
    size_t scheme = slice_find(slice_sub(location, 0, 12), SL("://"));
    if (scheme != SLICE_NONE) {
        size_t slash = slice_chr(slice_from(location, scheme + 3), '/');
        location = slash == SLICE_NONE ? SL("") : slice_from(location, scheme + 3 + slash);
    }
    for (const char *end = "?#;"; *end; end++)
        location = slice_sub(location, 0, slice_chr(location, *end));
    struct buf b = BUF_INIT(1000);
    struct slice segment;
    for (bool first = true; slice_next(&location, '/', &segment); first = false) {
        if (!first) buf_addc(&b, '/');
        add_name(&b, segment);
    }
    add(t, "location", b.n ? buf_slice(&b) : SL("/"));
    buf_free(&b);
}

struct shape shape_take(struct arena *a, const struct shape_of *of)
{
    struct shape s = { .v = arena_many(a, SHAPE_WORDS, struct slice) };
    struct taker t = { a, &s };
    struct slice type = mime_type(of->type), body = slice_trim(of->body);
    bool known = type.n && !slice_ieq(type, SL("x-unknown")); /* Playwright's word for none */
    if (known && body.n) add(&t, "type", type);
    if (of->location.n) take_location(&t, of->location);
    bool html = slice_ifind(type, SL("html")) != SLICE_NONE;
    if (html) take_html(&t, of->body);
    if (body.n && !html && (body.p[0] == '{' || body.p[0] == '[')) take_json(&t, body);
    return s;
}
