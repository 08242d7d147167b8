/* Extractors and checks as JMeter's. Called by export_jmx.c below each sampler.
 *
 * JMeter 2.13, the oldest that is meant, has patterns, CSS and XPath: JSON paths become patterns on the
 * key, good for what correlation writes and told as a note. JMeter's patterns are Perl's without
 * look-behind. */
#include "scenarios/export/export_xml.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "scenarios/css.h"

static struct slice quoted(struct export *x, struct slice s)
{
    struct buf b = BUF_INIT(2 * s.n + 8);
    for (size_t i = 0; i < s.n; i++) {
        if (strchr("\\.*+?()[]{}^$|/-", s.p[i])) buf_addc(&b, '\\');
        buf_addc(&b, s.p[i]);
    }
    struct slice out = arena_dup(x->a, buf_slice(&b));
    buf_free(&b);
    return out;
}

static bool has_group(struct slice regex)
{
    for (size_t i = 0; i + 1 < regex.n; i++) {
        if (regex.p[i] == '\\')
            i++;
        else if (regex.p[i] == '(' && regex.p[i + 1] != '?')
            return true;
    }
    return false;
}

static void pattern(struct export *x, const struct extract *e, const char *where,
                    struct slice regex)
{
    xml_begin(x, "RegexExtractor", "RegexExtractorGui", e->name);
    xml_textz(x, "RegexExtractor.useHeaders", where);
    xml_text(x, "RegexExtractor.refname", e->name);
    xml_text(x, "RegexExtractor.regex", regex);
    xml_textz(x, "RegexExtractor.template", has_group(regex) ? "$1$" : "$0$");
    xml_text(x, "RegexExtractor.default", e->has_fallback ? jmx_words(x, e->fallback) : SL(""));
    xml_text(x, "RegexExtractor.match_number", arena_printf(x->a, "%u", e->nth ? e->nth : 1));
    xml_alone(x, "RegexExtractor");
}

/* ---- JSON ----------------------------------------------------------------------------------------- */

/* The last member's name of a path; empty if it does not end in one. */
static struct slice last_key(struct slice path)
{
    if (slice_ends(path, SL("']"))) {
        size_t at = path.n - 2;
        while (at > 0 && path.p[at - 1] != '\'')
            at--;
        return slice_sub(path, at, path.n - 2);
    }
    size_t at = path.n;
    while (at > 0 && path.p[at - 1] != '.' && path.p[at - 1] != ']')
        at--;
    return slice_from(path, at);
}

/* "[?(@.name=='Pen')]" -> a look ahead in the same object. */
static struct slice filter(struct export *x, struct slice path)
{
    size_t at = slice_find(path, SL("[?"));
    if (at == SLICE_NONE) return (struct slice){ 0 };
    struct slice f = slice_from(path, at), name, value;
    size_t dot = slice_find(f, SL("@.")), equals = slice_find(f, SL("=="));
    if (dot == SLICE_NONE || equals == SLICE_NONE || equals < dot) return (struct slice){ 0 };
    name = slice_trim(slice_sub(f, dot + 2, equals));
    value = slice_trim(slice_from(f, equals + 2));
    if (value.n < 2 || (value.p[0] != '\'' && value.p[0] != '"')) return (struct slice){ 0 };
    size_t end = slice_chr(slice_from(value, 1), value.p[0]);
    value = slice_sub(value, 1, end == SLICE_NONE ? value.n : end + 1);
    return arena_printf(x->a, "\\{(?=[^{}]*\"%.*s\"\\s*:\\s*\"%.*s\")[^{}]*",
                        SL_FMT(quoted(x, name)), SL_FMT(quoted(x, value)));
}

/* "[2]" near the end: the third of them. */
static unsigned index_of(struct slice path)
{
    uint64_t n;
    size_t open = slice_chr(path, '['), end;
    if (open == SLICE_NONE) return 1;
    end = slice_chr(slice_from(path, open), ']');
    bool number = end != SLICE_NONE && num_u64(slice_sub(path, open + 1, open + end), 10000, &n);
    return number ? (unsigned)n + 1 : 1;
}

static void json(struct export *x, const struct extract *e)
{
    struct slice key = last_key(e->expr);
    struct extract one = *e;
    export_note(x, "JSON paths became patterns, because JMeter 2 knows no JSON: look at them");
    if (key.n == 0 || slice_eq(key, SL("$")) || slice_eq(key, SL("*"))) {
        export_note(x, "the JSON path %.*s has no counterpart: left out", SL_FMT(e->expr));
        return;
    }
    if (e->nth <= 1) one.nth = index_of(e->expr);
    pattern(x, &one, "false",
            arena_printf(x->a, "%.*s\"%.*s\"\\s*:\\s*\"?([^\",}\\]]*)", SL_FMT(filter(x, e->expr)),
                         SL_FMT(quoted(x, key))));
}

/* ---- HTML ----------------------------------------------------------------------------------------- */

/* "//input[@name='csrf']/@value" -> input[name='csrf'], value; p == NULL if it is not so simple. */
static struct slice css_of(struct export *x, struct slice path, struct slice *attr)
{
    struct buf b = BUF_INIT(1000);
    struct slice none = { 0 };
    *attr = none;
    if (!slice_starts(path, SL("//"))) return none;
    path = slice_from(path, 2);
    size_t at = slice_find(path, SL("/@"));
    if (at != SLICE_NONE) {
        *attr = slice_from(path, at + 2);
        path = slice_sub(path, 0, at);
    }
    bool simple = slice_chr(path, '/') == SLICE_NONE && slice_chr(path, '(') == SLICE_NONE &&
                  slice_find(path, SL(" ")) == SLICE_NONE && slice_chr(path, '*') == SLICE_NONE;
    for (size_t i = 0; i < path.n; i++)
        if (path.p[i] != '@') buf_addc(&b, path.p[i]);
    struct slice out = simple && !b.bad ? arena_dup(x->a, buf_slice(&b)) : none;
    buf_free(&b);
    return out;
}

static void css(struct export *x, const struct extract *e, struct slice selector, struct slice attr)
{
    xml_begin(x, "HtmlExtractor", "HtmlExtractorGui", e->name);
    xml_text(x, "HtmlExtractor.refname", e->name);
    xml_text(x, "HtmlExtractor.expr", selector);
    xml_text(x, "HtmlExtractor.attribute", attr);
    xml_text(x, "HtmlExtractor.match_number", arena_printf(x->a, "%u", e->nth ? e->nth : 1));
    xml_text(x, "HtmlExtractor.default", e->has_fallback ? jmx_words(x, e->fallback) : SL(""));
    xml_textz(x, "HtmlExtractor.extractor_impl", "");
    xml_alone(x, "HtmlExtractor");
}

static void xpath(struct export *x, const struct extract *e)
{
    xml_begin(x, "XPathExtractor", "XPathExtractorGui", e->name);
    xml_text(x, "XPathExtractor.default", e->has_fallback ? jmx_words(x, e->fallback) : SL(""));
    xml_text(x, "XPathExtractor.refname", e->name);
    xml_text(x, "XPathExtractor.xpathQuery", e->expr);
    xml_bool(x, "XPathExtractor.validate", false);
    xml_bool(x, "XPathExtractor.tolerant", e->kind == EXTRACT_HTML);
    xml_bool(x, "XPathExtractor.namespace", false);
    xml_bool(x, "XPathExtractor.quiet", true);
    xml_alone(x, "XPathExtractor");
}

static void html(struct export *x, const struct extract *e)
{
    struct slice attr = { 0 }, selector = e->expr;
    if (css_is_xpath(e->expr)) {
        selector = css_of(x, e->expr, &attr);
        if (!selector.p) {
            xpath(x, e);
            return;
        }
        css(x, e, selector, attr);
        return;
    }
    size_t at = slice_find(selector, SL("::attr("));
    if (at != SLICE_NONE) {
        attr = slice_sub(selector, at + 7, selector.n - 1);
        selector = slice_sub(selector, 0, at);
    } else if (slice_ends(selector, SL("::text"))) {
        selector = slice_sub(selector, 0, selector.n - 6);
    } else if (slice_find(selector, SL("input")) != SLICE_NONE) {
        attr = SL("value");
    } else if (slice_find(selector, SL("meta")) != SLICE_NONE) {
        attr = SL("content");
    }
    css(x, e, selector, attr);
}

/* ---- headers -------------------------------------------------------------------------------------- */

/* A pattern on a header's value, in the text of all headers. */
static void header(struct export *x, const struct extract *e, struct slice name, struct slice regex)
{
    const char *between = "[^\\r\\n]*?", *behind = "";
    if (regex.n == 0) regex = SL("([^\\r\\n]*)"), between = "";
    if (slice_starts(regex, SL("^"))) regex = slice_from(regex, 1), between = "";
    if (slice_ends(regex, SL("$")) && !slice_ends(regex, SL("\\$"))) {
        regex = slice_sub(regex, 0, regex.n - 1);
        behind = "[\\r\\n]";
    }
    pattern(x, e, "true",
            arena_printf(x->a, "(?i)%.*s:\\s*%s%.*s%s", SL_FMT(quoted(x, name)), between,
                         SL_FMT(regex), behind));
}

static void location(struct export *x, const struct extract *e)
{
    if (e->expr.n == 0)
        header(x, e, SL("Location"), e->regex);
    else if (e->expr.p[0] != '/')
        header(x, e, SL("Location"),
               arena_printf(x->a, "[?&#]%.*s=([^&#\\r\\n]*)", SL_FMT(quoted(x, e->expr))));
    else if (slice_eq(e->expr, SL("/-1")))
        header(x, e, SL("Location"), SL("/([^/?#\\r\\n]+)(?:[?#][^\\r\\n]*)?$"));
    else
        export_note(x, "the segment %.*s of a Location has no counterpart: left out",
                    SL_FMT(e->expr));
}

void jmx_extract(struct export *x, const struct extract *e)
{
    if (e->decode[0])
        export_note(x, "%.*s is not decoded: JMeter's extractors cannot", SL_FMT(e->name));
    switch (e->kind) {
    case EXTRACT_JSON: json(x, e); return;
    case EXTRACT_HEADER: header(x, e, e->expr, e->regex); return;
    case EXTRACT_COOKIE:
        pattern(x, e, "true",
                arena_printf(x->a, "(?i)Set-Cookie:\\s*%.*s=([^;\\r\\n]*)",
                             SL_FMT(quoted(x, e->expr))));
        return;
    case EXTRACT_HTML: html(x, e); return;
    case EXTRACT_XML: xpath(x, e); return;
    case EXTRACT_REGEX: pattern(x, e, "false", e->expr); return;
    case EXTRACT_BETWEEN:
        pattern(x, e, "false",
                arena_printf(x->a, "(?s)%.*s(.*?)%.*s%s", SL_FMT(quoted(x, e->expr)),
                             SL_FMT(quoted(x, e->right)), e->right.n ? "" : "$"));
        return;
    case EXTRACT_LOCATION: location(x, e); return;
    case EXTRACT_BODY:
        pattern(x, e, "false", e->regex.n ? e->regex : SL("(?s)^\\s*(.*?)\\s*$"));
        return;
    }
}

/* ---- assertions ----------------------------------------------------------------------------------- */

enum { MATCH = 1, CONTAINS = 2, NOT = 4, EQUALS = 8, SUBSTRING = 16 };

static void response(struct export *x, const char *field, int how, struct slice text)
{
    xml_begin(x, "ResponseAssertion", "AssertionGui", SL("Expect"));
    xml_raw(x, "<collectionProp name=\"Asserion.test_strings\">"); /* JMeter's own spelling */
    xml_text(x, "0", text);
    xml_raw(x, "</collectionProp>");
    xml_text(x, "Assertion.test_field", arena_printf(x->a, "Assertion.%s", field));
    xml_bool(x, "Assertion.assume_success", strcmp(field, "response_code") == 0);
    xml_raw(x, "<intProp name=\"Assertion.test_type\">%d</intProp>", how);
    xml_alone(x, "ResponseAssertion");
}

/* "2xx|304" -> 2\d\d|304 */
static void status(struct export *x, struct slice value)
{
    struct slice one, low, high, all = { 0 };
    while (slice_next(&value, '|', &one)) {
        struct slice part = slice_trim(one);
        uint64_t from = 0, to = 0;
        if (slice_ends(part, SL("xx")))
            part = arena_printf(x->a, "%c\\d\\d", part.p[0]);
        else if (slice_cut(part, '-', &low, &high) && num_u64(low, 599, &from) &&
                 num_u64(high, 599, &to)) {
            part = (struct slice){ 0 };
            for (uint64_t c = from; c <= to; c++)
                part = arena_printf(x->a, "%.*s%s%u", SL_FMT(part), part.n ? "|" : "", (unsigned)c);
        }
        all = all.n ? arena_printf(x->a, "%.*s|%.*s", SL_FMT(all), SL_FMT(part)) : part;
    }
    response(x, "response_code", MATCH, all);
}

void jmx_assert(struct export *x, const struct check *c)
{
    switch (c->kind) {
    case CHECK_STATUS: status(x, c->value); return;
    case CHECK_BODY_CONTAINS:
        response(x, "response_data", SUBSTRING, jmx_words(x, c->value));
        return;
    case CHECK_BODY_NOT:
        response(x, "response_data", SUBSTRING | NOT, jmx_words(x, c->value));
        return;
    case CHECK_BODY_MATCHES: response(x, "response_data", CONTAINS, c->value); return;
    case CHECK_HEADER:
        response(x, "response_headers", CONTAINS,
                 arena_printf(x->a, "(?i)%.*s:[^\\r\\n]*%.*s", SL_FMT(quoted(x, c->name)),
                              SL_FMT(quoted(x, c->value))));
        return;
    case CHECK_JSON:
        export_note(x, "the check of the JSON path %.*s is left out", SL_FMT(c->name));
        return;
    case CHECK_TIME:
        xml_begin(x, "DurationAssertion", "DurationAssertionGui", SL("Expect"));
        xml_text(x, "DurationAssertion.duration",
                 arena_printf(x->a, "%llu", (unsigned long long)(c->max_ns / 1000000)));
        xml_alone(x, "DurationAssertion");
        return;
    }
}
