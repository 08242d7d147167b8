/* A forgiving HTML tokenizer; see html_scan.h.
 *
 * Used by cand_html.c on recorded pages and by try on live ones. One pass, no allocation; every byte is
 * looked at a bounded number of times, an unclosed comment or raw element ends the page. */
#include "scenarios/html_scan.h"

#include "scenarios/chars.h"

void html_scan_init(struct html_scan *h, struct slice text)
{
    *h = (struct html_scan){ .text = text };
}

static bool is_raw_element(struct slice tag)
{
    return slice_ieq(tag, SL("script")) || slice_ieq(tag, SL("style")) ||
           slice_ieq(tag, SL("textarea")) || slice_ieq(tag, SL("title"));
}

struct slice html_attr(const struct html_scan *h, struct slice name)
{
    for (unsigned i = 0; i < h->attrs_n; i++)
        if (slice_ieq(h->attrs[i].name, name)) return h->attrs[i].value;
    return (struct slice){ 0 };
}

bool html_has(const struct html_scan *h, struct slice name)
{
    for (unsigned i = 0; i < h->attrs_n; i++)
        if (slice_ieq(h->attrs[i].name, name)) return true;
    return false;
}

static char cur(const struct html_scan *h)
{
    return h->at < h->text.n ? h->text.p[h->at] : 0;
}

static void skip_blanks(struct html_scan *h)
{
    while (h->at < h->text.n && char_is(h->text.p[h->at], CHAR_BLANK))
        h->at++;
}

/* Up to a blank, '>', or one of two more. */
static struct slice take_until(struct html_scan *h, char stop, char other)
{
    size_t from = h->at, at = from;
    const char *p = h->text.p;
    for (; at < h->text.n && !char_is(p[at], CHAR_BLANK); at++)
        if (p[at] == '>' || p[at] == stop || p[at] == other) break;
    h->at = at;
    return slice_sub(h->text, from, at);
}

static struct slice attr_value(struct html_scan *h)
{
    skip_blanks(h);
    char q = cur(h);
    if (q != '"' && q != '\'') return take_until(h, '>', '>');
    size_t from = ++h->at, len = slice_chr(slice_from(h->text, from), q);
    h->at = len == SLICE_NONE ? h->text.n : from + len + 1;
    return slice_sub(h->text, from, len == SLICE_NONE ? h->text.n : from + len);
}

static void take_attrs(struct html_scan *h)
{
    h->attrs_n = 0;
    for (;;) {
        skip_blanks(h);
        if (h->at >= h->text.n || cur(h) == '>') break;
        if (cur(h) == '/') {
            h->at++;
            continue;
        }
        size_t before = h->at;
        struct html_attr a = { .name = take_until(h, '=', '/') };
        skip_blanks(h);
        if (cur(h) == '=') {
            h->at++;
            a.value = attr_value(h);
        }
        if (h->at == before) h->at++; /* a stray character: never stand still */
        if (h->attrs_n < HTML_ATTRS && a.name.n) h->attrs[h->attrs_n++] = a;
    }
    if (h->at < h->text.n) h->at++;
}

static size_t raw_end(const struct html_scan *h)
{
    for (size_t i = h->at; i < h->text.n; i++) {
        size_t lt = slice_find(slice_from(h->text, i), SL("</"));
        if (lt == SLICE_NONE) return h->text.n;
        i += lt;
        if (slice_istarts(slice_from(h->text, i + 2), h->raw_tag)) return i;
    }
    return h->text.n;
}

static enum html_tok raw_text(struct html_scan *h)
{
    size_t end = raw_end(h);
    h->body = slice_sub(h->text, h->at, end);
    h->tag = h->raw_tag;
    h->raw_tag = (struct slice){ 0 };
    h->at = end;
    return HTML_RAW;
}

static void skip_to(struct html_scan *h, struct slice end)
{
    size_t len = slice_find(slice_from(h->text, h->at), end);
    h->at = len == SLICE_NONE ? h->text.n : h->at + len + end.n;
}

static enum html_tok tag(struct html_scan *h)
{
    h->at++;
    bool close = cur(h) == '/';
    if (close) h->at++;
    h->tag = take_until(h, '/', '/');
    take_attrs(h);
    if (!close && is_raw_element(h->tag)) h->raw_tag = h->tag;
    return close ? HTML_CLOSE : HTML_OPEN;
}

static bool starts_tag(struct slice s)
{
    if (s.n < 2 || s.p[0] != '<') return false;
    return s.p[1] == '/' || ((s.p[1] | 32) >= 'a' && (s.p[1] | 32) <= 'z');
}

enum html_tok html_scan_next(struct html_scan *h)
{
    h->attrs_n = 0;
    if (h->raw_tag.n) return raw_text(h);
    for (;;) {
        if (h->at >= h->text.n) return HTML_END;
        struct slice rest = slice_from(h->text, h->at);
        if (starts_tag(rest)) return tag(h);
        if (slice_starts(rest, SL("<!--"))) {
            skip_to(h, SL("-->"));
            continue;
        }
        if (rest.n > 1 && rest.p[0] == '<' && (rest.p[1] == '!' || rest.p[1] == '?')) {
            skip_to(h, SL(">"));
            continue;
        }
        size_t from = h->at, lt = slice_chr(slice_from(rest, 1), '<');
        h->at = lt == SLICE_NONE ? h->text.n : from + 1 + lt;
        h->body = slice_sub(h->text, from, h->at);
        return HTML_TEXT;
    }
}
