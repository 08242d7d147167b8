/* Candidates in an XML answer: text of elements and attribute values, found again by XPath on local names.
 *
 * Feeds, SOAP, sitemaps, XHR fragments. Namespaces are not resolved: local-name() is what is stable. A
 * boundary is the second way, because the first match of an XPath may be another element. */
#include "scenarios/correlate/cand.h"

#include "scenarios/correlate/coding.h"
#include "scenarios/value.h"

static struct slice local_name(struct slice tag)
{
    size_t colon = slice_chr(tag, ':');
    return colon == SLICE_NONE ? tag : slice_from(tag, colon + 1);
}

struct element {
    struct slice tag, id; /* id: what tells it from its siblings, empty: nothing does */
};

/* <update id="x">: by its name, which siblings may share, or by its id. */
static void path_ways(struct scan *s, struct origin *o, const struct element *e, struct slice attr)
{
    struct arena *a = s->f->a;
    const char *at = attr.n ? "/@" : "";
    if (e->id.n && !attr.n)
        way_add(o, (struct extract){ .kind = EXTRACT_XML,
                                     .expr = arena_printf(a, "//*[local-name()='%.*s'][@id='%.*s']",
                                                          SL_FMT(e->tag), SL_FMT(e->id)) });
    way_add(o, (struct extract){ .kind = EXTRACT_XML,
                                 .expr = arena_printf(a, "//*[local-name()='%.*s']%s%.*s",
                                                      SL_FMT(e->tag), at, SL_FMT(attr)) });
}

static void offer(struct scan *s, struct slice raw, const struct element *e, struct slice attr)
{
    struct slice text, body = slice_trim(raw), name = attr.n ? attr : e->tag;
    if (!coding_decode(s->f->a, CODING_HTML, body, &text)) return;
    struct value *v = scan_value(s, text, name, ORIGIN_XML);
    struct origin *o = v ? scan_origin(s, v, ORIGIN_XML, name) : NULL;
    if (o) {
        if (!s->base) path_ways(s, o, e, attr);
        way_between(s, o, body, text.n == body.n ? CODING_NONE : CODING_HTML);
        return;
    }
    struct cand_url u = { .url = body, .kind = ORIGIN_LINK, .coding = CODING_HTML };
    if (slice_chr(body, '/') != SLICE_NONE && slice_chr(body, ' ') == SLICE_NONE) cand_url(s, &u);
}

static void attributes(struct scan *s, struct element *e, size_t at, size_t end)
{
    while (at < end) {
        size_t eq = slice_chr(slice_sub(s->text, at, end), '=');
        if (eq == SLICE_NONE) return;
        struct slice name = slice_trim(slice_sub(s->text, at, at + eq));
        size_t q = at + eq + 1;
        if (q >= end || (s->text.p[q] != '"' && s->text.p[q] != '\'')) return;
        size_t close = slice_chr(slice_sub(s->text, q + 1, end), s->text.p[q]);
        if (close == SLICE_NONE) return;
        struct slice value = slice_sub(s->text, q + 1, q + 1 + close);
        bool id = slice_eq(name, SL("id")) && slice_chr(value, '\'') == SLICE_NONE;
        if (id && value_bits(value) < BITS_STRONG) e->id = value;
        offer(s, value, e, name);
        at = q + 2 + close;
    }
}

void cand_xml(struct scan *s)
{
    struct slice t = s->text;
    struct element e = { 0 };
    for (size_t i = 0; i < t.n;) {
        if (t.p[i] != '<') {
            size_t len = slice_chr(slice_from(t, i), '<');
            size_t end = len == SLICE_NONE ? t.n : i + len;
            if (slice_trim(slice_sub(t, i, end)).n) offer(s, slice_sub(t, i, end), &e, SL(""));
            i = end;
            continue;
        }
        if (slice_starts(slice_from(t, i), SL("<![CDATA["))) {
            size_t len = slice_find(slice_from(t, i), SL("]]>"));
            size_t end = len == SLICE_NONE ? t.n : i + len;
            offer(s, slice_sub(t, i + 9, end), &e, SL(""));
            i = end + 3;
            continue;
        }
        size_t len = slice_chr(slice_from(t, i), '>'), end = len == SLICE_NONE ? t.n : i + len,
               k = i + 1;
        while (k < end && t.p[k] != ' ' && t.p[k] != '\n' && t.p[k] != '/')
            k++;
        if (k > i + 1) {
            e = (struct element){ .tag = local_name(slice_sub(t, i + 1, k)) };
            attributes(s, &e, k, end);
        }
        i = end + 1;
    }
}
