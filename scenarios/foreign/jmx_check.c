/* JMeter's extractors and assertions as ours. Called by jmx_request.c for each that acts on a sampler.
 *
 * A variable that is not found keeps its default in JMeter and the run goes on; ours fails without a
 * default, so that a lost token is seen, unless the extractor acts on many samplers. */
#include "scenarios/foreign/jmx.h"

#include <string.h>

#include "base/num.h"

static bool has_expr(struct slice s)
{
    return slice_find(s, SL("${")) != SLICE_NONE;
}

/* Names, places and defaults, which all extractors have. */
static bool common(struct jmx *j, struct extract *e, struct slice name, struct slice fallback,
                   bool inherited)
{
    name = slice_trim(name);
    if (name.n == 0) return false;
    e->name = foreign_name(j->f, name);
    e->optional = inherited;
    if (fallback.n) {
        e->has_fallback = true;
        e->fallback = jmx_text(j, fallback, FOREIGN_PLAIN);
    }
    return true;
}

static void set_nth(struct jmx *j, struct extract *e, struct slice number)
{
    uint64_t n;
    number = slice_trim(number);
    if (number.n == 0 || slice_eq(number, SL("1"))) return;
    if (num_u64(number, 100000, &n) && n > 0)
        e->nth = (unsigned)n;
    else
        foreign_warn(j->f, ADVICE_LOOK,
                     "the extractor of %.*s takes the first match (JMeter's number was %.*s)",
                     SL_FMT(e->name), SL_FMT(number));
}

static struct slice literal(struct jmx *j, struct slice s, const char *what)
{
    if (has_expr(s)) {
        foreign_warn(j->f, ADVICE_LOOK,
                     "%s with a variable in it is taken with the variable's constant", what);
        return foreign_resolved(j->f, jmx_text(j, s, FOREIGN_PLAIN));
    }
    return foreign_keep(j->f, s);
}

/* "Location: .*code=(\w+)" in headers: the header, and the rest as a pattern on its value. */
static bool header_pattern(struct jmx *j, struct extract *e, struct slice pattern)
{
    struct slice name, rest;
    e->kind = EXTRACT_HEADER;
    if (!slice_cut(pattern, ':', &name, &rest) || strcspn(name.p, "()=.*+[]\\") < name.n) {
        e->expr = SL("Location"); /* the header that tokens are usually found in */
        e->regex = pattern;
        foreign_warn(j->f, ADVICE_LOOK,
                     "the extractor of %.*s looks at the header Location (JMeter's at all of them)",
                     SL_FMT(e->name));
        return true;
    }
    e->expr = foreign_keep(j->f, slice_trim(name));
    while (slice_starts(rest, SL(" ")) || slice_starts(rest, SL("\\s*")))
        rest = slice_from(rest, rest.p[0] == ' ' ? 1 : 3);
    e->regex = foreign_keep(j->f, rest);
    return true;
}

static void regex(struct jmx *j, const struct xml_node *n, bool inherited, struct request_step *r)
{
    struct extract e = { .kind = EXTRACT_REGEX };
    struct slice pattern = literal(j, jmx_prop(n, SL("RegexExtractor.regex")), "a pattern");
    struct slice where = jmx_prop(n, SL("RegexExtractor.useHeaders"));
    struct slice group = slice_trim(jmx_prop(n, SL("RegexExtractor.template")));
    if (!common(j, &e, jmx_prop(n, SL("RegexExtractor.refname")),
                jmx_prop(n, SL("RegexExtractor.default")), inherited))
        return;
    set_nth(j, &e, jmx_prop(n, SL("RegexExtractor.match_number")));
    e.expr = pattern;
    if (slice_eq(group, SL("$0$")))
        e.expr = arena_printf(j->f->a, "(%.*s)", SL_FMT(pattern));
    else if (group.n && !slice_eq(group, SL("$1$")) && !slice_eq(group, SL("1")))
        foreign_warn(j->f, ADVICE_LOOK,
                     "the extractor of %.*s takes group 1 (JMeter's template was %.*s)",
                     SL_FMT(e.name), SL_FMT(group));
    bool body = where.n == 0 || slice_eq(where, SL("false")) || slice_eq(where, SL("unescaped")) ||
                slice_eq(where, SL("as_document"));
    if (!body && !(slice_eq(where, SL("true")) && header_pattern(j, &e, pattern))) {
        foreign_warn(j->f, ADVICE_LOOK,
                     "the extractor of %.*s looks at the answer's body (JMeter's at %.*s)",
                     SL_FMT(e.name), SL_FMT(where));
        e.optional = true;
    }
    foreign_extract(j->f, r, &e);
}

static void json(struct jmx *j, const struct xml_node *n, bool inherited, struct request_step *r)
{
    struct slice names = jmx_prop(n, SL("JSONPostProcessor.referenceNames")), name, path,
                 def = { 0 };
    struct slice paths = jmx_prop(n, SL("JSONPostProcessor.jsonPathExprs"));
    struct slice defaults = jmx_prop(n, SL("JSONPostProcessor.defaultValues"));
    struct slice numbers = jmx_prop(n, SL("JSONPostProcessor.match_numbers")), number = { 0 };
    while (slice_next(&names, ';', &name) && slice_next(&paths, ';', &path)) {
        struct extract e = { .kind = EXTRACT_JSON };
        if (!slice_next(&defaults, ';', &def)) def = (struct slice){ 0 };
        if (!slice_next(&numbers, ';', &number)) number = (struct slice){ 0 };
        if (!common(j, &e, name, def, inherited)) continue;
        set_nth(j, &e, number);
        e.expr = literal(j, slice_trim(path), "a JSON path");
        foreign_extract(j->f, r, &e);
    }
}

static void boundary(struct jmx *j, const struct xml_node *n, bool inherited,
                     struct request_step *r)
{
    struct extract e = { .kind = EXTRACT_BETWEEN };
    if (!common(j, &e, jmx_prop(n, SL("BoundaryExtractor.refname")),
                jmx_prop(n, SL("BoundaryExtractor.default")), inherited))
        return;
    set_nth(j, &e, jmx_prop(n, SL("BoundaryExtractor.match_number")));
    e.expr = literal(j, jmx_prop(n, SL("BoundaryExtractor.lboundary")), "a boundary");
    e.right = literal(j, jmx_prop(n, SL("BoundaryExtractor.rboundary")), "a boundary");
    struct slice where = jmx_prop(n, SL("BoundaryExtractor.useHeaders"));
    if (slice_eq(where, SL("true"))) {
        e.optional = true;
        foreign_warn(j->f, ADVICE_LOOK,
                     "the extractor of %.*s looks at the answer's body (JMeter's at headers)",
                     SL_FMT(e.name));
    }
    foreign_extract(j->f, r, &e);
}

static void path(struct jmx *j, const struct xml_node *n, bool inherited, struct request_step *r)
{
    bool two = jmx_is(n, SL("XPath2Extractor"));
    bool html = jmx_flag(n, SL("XPathExtractor.tolerant"));
    struct extract e = { .kind = html ? EXTRACT_HTML : EXTRACT_XML };
    if (!common(j, &e,
                jmx_prop(n, two ? SL("XPathExtractor2.refname") : SL("XPathExtractor.refname")),
                jmx_prop(n, two ? SL("XPathExtractor2.default") : SL("XPathExtractor.default")),
                inherited))
        return;
    set_nth(
        j, &e,
        jmx_prop(n, two ? SL("XPathExtractor2.matchNumber") : SL("XPathExtractor.matchNumber")));
    e.expr = literal(
        j, jmx_prop(n, two ? SL("XPathExtractor2.xpathQuery") : SL("XPathExtractor.xpathQuery")),
        "an XPath");
    foreign_extract(j->f, r, &e);
}

static void css(struct jmx *j, const struct xml_node *n, bool inherited, struct request_step *r)
{
    struct extract e = { .kind = EXTRACT_HTML };
    struct slice attr = slice_trim(jmx_prop(n, SL("HtmlExtractor.attribute")));
    if (!common(j, &e, jmx_prop(n, SL("HtmlExtractor.refname")),
                jmx_prop(n, SL("HtmlExtractor.default")), inherited))
        return;
    set_nth(j, &e, jmx_prop(n, SL("HtmlExtractor.match_number")));
    e.expr = literal(j, jmx_prop(n, SL("HtmlExtractor.expr")), "a selector");
    if (attr.n) e.expr = arena_printf(j->f->a, "%.*s::attr(%.*s)", SL_FMT(e.expr), SL_FMT(attr));
    foreign_extract(j->f, r, &e);
}

/* ---- assertions ----------------------------------------------------------------------------------- */

enum { MATCH = 1, CONTAINS = 2, NOT = 4, EQUALS = 8, SUBSTRING = 16, OR = 32 };

static bool is_plain(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (strchr("\\.*+?()[]{}^$|", s.p[i])) return false;
    return true;
}

/* "200", "2\d\d", "2.." -> what our status check takes; p == NULL if it has no such form. */
static struct slice status_of(struct jmx *j, struct slice s)
{
    bool class =
        s.n >= 3 && s.p[0] >= '1' && s.p[0] <= '5' &&
        (slice_eq(slice_from(s, 1), SL("\\d\\d")) || slice_eq(slice_from(s, 1), SL("..")) ||
         slice_eq(slice_from(s, 1), SL(".*")) || slice_eq(slice_from(s, 1), SL("[0-9][0-9]")));
    uint64_t code;
    if (class) return arena_printf(j->f->a, "%cxx", s.p[0]);
    bool plain = s.n == 3 && num_u64(s, 599, &code);
    return plain ? foreign_keep(j->f, s) : (struct slice){ 0 };
}

static void check_status(struct jmx *j, struct slice s, unsigned how, struct check *c)
{
    struct slice one, all = { 0 };
    while (slice_next(&s, '|', &one)) {
        struct slice code = status_of(j, slice_trim(one));
        if (!code.p || how & NOT) {
            foreign_warn(j->f, ADVICE_ADD, "a check of the status (%.*s) is left out", SL_FMT(one));
            return;
        }
        all = all.n ? arena_printf(j->f->a, "%.*s|%.*s", SL_FMT(all), SL_FMT(code)) : code;
    }
    *c = (struct check){ .kind = CHECK_STATUS, .value = all };
}

static void check_body(struct jmx *j, struct slice s, unsigned how, struct check *c)
{
    bool text = how & (SUBSTRING | EQUALS) || is_plain(s);
    struct slice value = jmx_text(j, s, FOREIGN_PLAIN);
    if (how & NOT && !text) {
        foreign_warn(j->f, ADVICE_ADD, "a check that a pattern is not there (%.*s) is left out",
                     SL_FMT(s));
        return;
    }
    c->kind = how & NOT ? CHECK_BODY_NOT : text ? CHECK_BODY_CONTAINS : CHECK_BODY_MATCHES;
    c->value = c->kind == CHECK_BODY_MATCHES ? literal(j, s, "a pattern") : value;
}

static void check_header(struct jmx *j, struct slice s, unsigned how, struct check *c)
{
    struct slice name, value;
    bool named = slice_chr(s, ':') != SLICE_NONE || slice_chr(s, '-') != SLICE_NONE;
    if (how & NOT || !named || !is_plain(slice_sub(s, 0, slice_chr(s, ':')))) {
        foreign_warn(j->f, ADVICE_ADD, "a check of headers (%.*s) is left out", SL_FMT(s));
        return;
    }
    *c = (struct check){ .kind = CHECK_HEADER, .name = foreign_keep(j->f, slice_trim(s)) };
    if (!slice_cut(s, ':', &name, &value)) return;
    c->name = foreign_keep(j->f, slice_trim(name));
    c->value = jmx_text(j, slice_trim(value), FOREIGN_PLAIN);
}

static void check_one(struct jmx *j, struct slice field, struct slice s, unsigned how,
                      struct request_step *r)
{
    struct check c = { .kind = CHECK_TIME, .max_ns = 0 };
    bool body = slice_eq(field, SL("Assertion.response_data")) ||
                slice_eq(field, SL("Assertion.response_data_as_document"));
    if (slice_eq(field, SL("Assertion.response_code")))
        check_status(j, s, how, &c);
    else if (body)
        check_body(j, s, how, &c);
    else if (slice_eq(field, SL("Assertion.response_headers")))
        check_header(j, s, how, &c);
    else
        foreign_warn(j->f, ADVICE_ADD, "a check of %.*s is left out", SL_FMT(field));
    if (c.kind != CHECK_TIME) foreign_check(j->f, r, &c);
}

static void response(struct jmx *j, const struct xml_node *n, struct request_step *r)
{
    struct slice field = jmx_prop(n, SL("Assertion.test_field"));
    uint64_t how = 0;
    if (!num_u64(jmx_prop(n, SL("Assertion.test_type")), 255, &how)) how = CONTAINS;
    const struct xml_node *list = jmx_prop_node(n, SL("Asserion.test_strings")); /* sic */
    if (!list) list = jmx_prop_node(n, SL("Assertion.test_strings"));
    struct slice codes = { 0 };
    for (const struct xml_node *s = list ? list->child : NULL; s; s = s->next) {
        bool any = how & OR && slice_eq(field, SL("Assertion.response_code"));
        if (!any)
            check_one(j, field, s->text, (unsigned)how, r);
        else
            codes = arena_printf(j->f->a, "%.*s%s%.*s", SL_FMT(codes), codes.n ? "|" : "",
                                 SL_FMT(s->text));
    }
    if (codes.n) check_one(j, field, codes, (unsigned)how, r);
    if (how & OR && !codes.n)
        foreign_warn(j->f, ADVICE_LOOK, "checks of which one is enough are all wanted here (%.*s)",
                     SL_FMT(jmx_label(n)));
}

static void duration(struct jmx *j, const struct xml_node *n, struct request_step *r)
{
    double ms;
    if (!jmx_number(j, jmx_prop(n, SL("DurationAssertion.duration")), &ms) || ms < 1 || ms > 1e9)
        return;
    struct check c = { .kind = CHECK_TIME, .max_ns = (uint64_t)(ms * 1e6) };
    foreign_check(j->f, r, &c);
}

static void json_path(struct jmx *j, const struct xml_node *n, struct request_step *r)
{
    struct check c = { .kind = CHECK_JSON,
                       .name = foreign_keep(j->f, jmx_prop(n, SL("JSON_PATH"))) };
    if (jmx_flag(n, SL("INVERT"))) {
        foreign_warn(j->f, ADVICE_ADD, "a check that a JSON path is not there is left out");
        return;
    }
    if (jmx_flag(n, SL("JSONVALIDATION")))
        c.value = jmx_text(j, jmx_prop(n, SL("EXPECTED_VALUE")), FOREIGN_PLAIN);
    foreign_check(j->f, r, &c);
}

bool jmx_after(struct jmx *j, const struct xml_node *n, bool inherited, struct request_step *r)
{
    if (jmx_is(n, SL("RegexExtractor")))
        regex(j, n, inherited, r);
    else if (jmx_is(n, SL("JSONPostProcessor")))
        json(j, n, inherited, r);
    else if (jmx_is(n, SL("BoundaryExtractor")))
        boundary(j, n, inherited, r);
    else if (jmx_is(n, SL("XPathExtractor")) || jmx_is(n, SL("XPath2Extractor")))
        path(j, n, inherited, r);
    else if (jmx_is(n, SL("HtmlExtractor")))
        css(j, n, inherited, r);
    else if (jmx_is(n, SL("ResponseAssertion")))
        response(j, n, r);
    else if (jmx_is(n, SL("DurationAssertion")))
        duration(j, n, r);
    else if (jmx_is(n, SL("JSONPathAssertion")))
        json_path(j, n, r);
    else
        return false;
    return true;
}
