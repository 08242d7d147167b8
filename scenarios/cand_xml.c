/* Candidates in an XML answer: text of elements and attribute values, found again by XPath on local names.
 *
 * Feeds, SOAP, sitemaps, XHR fragments. Namespaces are not resolved: local-name() is what is stable. A
 * boundary is the second way, because the first match of an XPath may be another element. */
#include "scenarios/cand.h"

#include "scenarios/coding.h"
#include "scenarios/value.h"

static struct slice local_name(struct slice tag)
{
    size_t colon = slice_chr(tag, ':');
    return colon == SLICE_NONE ? tag : slice_from(tag, colon + 1);
}

static void offer(struct scan *s, struct slice raw, struct slice tag, struct slice attr)
{
    struct slice text, body = slice_trim(raw), name = attr.n ? attr : tag;
    if (!coding_decode(s->f->a, CODING_HTML, body, &text)) return;
    struct value *v = scan_value(s, text, name, ORIGIN_XML);
    struct origin *o = v ? scan_origin(s, v, ORIGIN_XML, name) : NULL;
    if (o) {
        struct slice path = attr.n ? arena_printf(s->f->a, "//*[local-name()='%.*s']/@%.*s",
                                                  SL_FMT(tag), SL_FMT(attr))
                                   : arena_printf(s->f->a, "//*[local-name()='%.*s']", SL_FMT(tag));
        if (!s->base) way_add(o, (struct extract){ .kind = EXTRACT_XML, .expr = path });
        way_between(s, o, body, text.n == body.n ? CODING_NONE : CODING_HTML);
        return;
    }
    struct cand_url u = { .url = body, .kind = ORIGIN_LINK, .coding = CODING_HTML };
    if (slice_chr(body, '/') != SLICE_NONE && slice_chr(body, ' ') == SLICE_NONE) cand_url(s, &u);
}

static void attributes(struct scan *s, struct slice tag, size_t at, size_t end)
{
    while (at < end) {
        size_t eq = slice_chr(slice_sub(s->text, at, end), '=');
        if (eq == SLICE_NONE) return;
        struct slice name = slice_trim(slice_sub(s->text, at, at + eq));
        size_t q = at + eq + 1;
        if (q >= end || (s->text.p[q] != '"' && s->text.p[q] != '\'')) return;
        size_t close = slice_chr(slice_sub(s->text, q + 1, end), s->text.p[q]);
        if (close == SLICE_NONE) return;
        offer(s, slice_sub(s->text, q + 1, q + 1 + close), local_name(tag), name);
        at = q + 2 + close;
    }
}

void cand_xml(struct scan *s)
{
    struct slice t = s->text, tag = { 0 };
    for (size_t i = 0; i < t.n;) {
        if (t.p[i] != '<') {
            size_t len = slice_chr(slice_from(t, i), '<');
            size_t end = len == SLICE_NONE ? t.n : i + len;
            if (slice_trim(slice_sub(t, i, end)).n)
                offer(s, slice_sub(t, i, end), local_name(tag), SL(""));
            i = end;
            continue;
        }
        if (slice_starts(slice_from(t, i), SL("<![CDATA["))) {
            size_t len = slice_find(slice_from(t, i), SL("]]>"));
            size_t end = len == SLICE_NONE ? t.n : i + len;
            offer(s, slice_sub(t, i + 9, end), local_name(tag), SL(""));
            i = end + 3;
            continue;
        }
        size_t len = slice_chr(slice_from(t, i), '>'), end = len == SLICE_NONE ? t.n : i + len,
               k = i + 1;
        while (k < end && t.p[k] != ' ' && t.p[k] != '\n' && t.p[k] != '/')
            k++;
        if (k > i + 1) {
            tag = slice_sub(t, i + 1, k);
            attributes(s, tag, k, end);
        }
        i = end + 1;
    }
}
