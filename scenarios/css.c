/* A one-pass translator of CSS selectors: each piece appends its XPath.
 *
 * Called while an html extractor is compiled; what it makes is checked again by libxml2's own XPath
 * compiler. Names are lower-cased as libxml2's HTML parser does. Limit: XPATH_MAX bytes of XPath. */
#include "scenarios/css.h"

#include "base/enc.h"
#include "base/num.h"

#define XPATH_MAX 16384
#define NOT_DEPTH 4

struct css {
    struct slice text;
    size_t at;
    struct buf out;
    struct slice tag; /* of the compound being read; "*" */
    unsigned depth;
    struct err *err;
};

static bool compound(struct css *c, const char *axis);

static bool fail(struct css *c, const char *what)
{
    return err_set(c->err, ERR_INPUT, "CSS selector %.*s: at character %zu: %s", SL_FMT(c->text),
                   c->at + 1, what);
}

static char peek(const struct css *c)
{
    return c->at < c->text.n ? c->text.p[c->at] : 0;
}

static bool eat(struct css *c, struct slice what)
{
    if (!slice_starts(slice_from(c->text, c->at), what)) return false;
    c->at += what.n;
    return true;
}

static bool blanks(struct css *c)
{
    size_t from = c->at;
    while (c->at < c->text.n && slice_chr(SL(" \t\r\n"), peek(c)) != SLICE_NONE)
        c->at++;
    return c->at > from;
}

static bool is_name_char(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
           ch == '_' || ch == '-' || (unsigned char)ch >= 0x80;
}

static struct slice take_name(struct css *c)
{
    size_t from = c->at;
    while (is_name_char(peek(c)))
        c->at++;
    return slice_sub(c->text, from, c->at);
}

/* A tag's or an attribute's name: XPath wants a letter or '_' first. */
static struct slice take_word(struct css *c)
{
    char ch = peek(c);
    bool digit = (ch >= '0' && ch <= '9') || ch == '-';
    return digit ? SL("") : take_name(c);
}

static void add_lower(struct css *c, struct slice name)
{
    for (size_t i = 0; i < name.n; i++) {
        char ch = name.p[i];
        buf_addc(&c->out, ch >= 'A' && ch <= 'Z' ? (char)(ch + 32) : ch);
    }
}

/* An XPath literal: XPath 1.0 has no escapes, so a text with both quotes is joined from pieces. */
static void add_literal(struct css *c, struct slice s)
{
    if (slice_chr(s, '\'') == SLICE_NONE) {
        buf_addf(&c->out, "'%.*s'", SL_FMT(s));
        return;
    }
    if (slice_chr(s, '"') == SLICE_NONE) {
        buf_addf(&c->out, "\"%.*s\"", SL_FMT(s));
        return;
    }
    buf_addz(&c->out, "concat(''");
    for (size_t at = 0; at != SLICE_NONE;) {
        at = slice_chr(s, '\'');
        buf_addf(&c->out, ",'%.*s'", SL_FMT(slice_sub(s, 0, at)));
        if (at == SLICE_NONE) break;
        buf_addz(&c->out, ",\"'\"");
        s = slice_from(s, at + 1);
    }
    buf_addz(&c->out, ")");
}

static void add_word_test(struct css *c, struct slice attr, struct slice word)
{
    buf_addz(&c->out, "[contains(concat(' ',normalize-space(@");
    add_lower(c, attr);
    buf_addz(&c->out, "),' '),concat(' ',");
    add_literal(c, word);
    buf_addz(&c->out, ",' '))]");
}

/* ---- [attr op value] ---------------------------------------------------------------------------------- */

static bool attr_value(struct css *c, struct slice *out)
{
    char quote = peek(c);
    if (quote != '"' && quote != '\'') {
        *out = take_name(c);
        return out->n > 0 || fail(c, "a value is missing here");
    }
    size_t from = ++c->at;
    while (c->at < c->text.n && peek(c) != quote)
        c->at++;
    if (c->at >= c->text.n) return fail(c, "the quote is not closed");
    *out = slice_sub(c->text, from, c->at++);
    return true;
}

static void add_call(struct css *c, const char *function, struct slice attr, struct slice value)
{
    buf_addf(&c->out, "[%s(@", function);
    add_lower(c, attr);
    buf_addz(&c->out, ",");
    add_literal(c, value);
    buf_addz(&c->out, ")]");
}

static void add_equals(struct css *c, struct slice attr, struct slice value)
{
    buf_addz(&c->out, "[@");
    add_lower(c, attr);
    buf_addz(&c->out, "=");
    add_literal(c, value);
    buf_addz(&c->out, "]");
}

static void add_suffix(struct css *c, struct slice attr, struct slice value)
{
    buf_addz(&c->out, "[substring(@");
    add_lower(c, attr);
    buf_addz(&c->out, ",string-length(@");
    add_lower(c, attr);
    buf_addz(&c->out, ")-string-length(");
    add_literal(c, value);
    buf_addz(&c->out, ")+1)=");
    add_literal(c, value);
    buf_addz(&c->out, "]");
}

/* [lang|=en]: en, or en-something. */
static void add_dashed(struct css *c, struct slice attr, struct slice value)
{
    buf_addz(&c->out, "[@");
    add_lower(c, attr);
    buf_addz(&c->out, "=");
    add_literal(c, value);
    buf_addz(&c->out, " or starts-with(@");
    add_lower(c, attr);
    buf_addz(&c->out, ",concat(");
    add_literal(c, value);
    buf_addz(&c->out, ",'-'))]");
}

static bool attribute(struct css *c)
{
    blanks(c);
    struct slice attr = take_word(c), value;
    if (attr.n == 0) return fail(c, "an attribute's name is missing here");
    blanks(c);
    char op = peek(c);
    if (op == ']') {
        c->at++;
        buf_addz(&c->out, "[@");
        add_lower(c, attr);
        return buf_addz(&c->out, "]");
    }
    if (op != '=') c->at++;
    if (slice_chr(SL("=~^$*|"), op) == SLICE_NONE || !eat(c, SL("=")))
        return fail(c, "']' or '=' is missing here");
    blanks(c);
    if (!attr_value(c, &value)) return false;
    blanks(c);
    switch (op) {
    case '~': add_word_test(c, attr, value); break;
    case '^': add_call(c, "starts-with", attr, value); break;
    case '*': add_call(c, "contains", attr, value); break;
    case '$': add_suffix(c, attr, value); break;
    case '|': add_dashed(c, attr, value); break;
    default: add_equals(c, attr, value); break;
    }
    return eat(c, SL("]")) || fail(c, "']' is missing here");
}

/* ---- :pseudo classes ---------------------------------------------------------------------------------- */

static void add_tag(struct css *c, struct slice tag)
{
    if (tag.n)
        add_lower(c, tag);
    else
        buf_addz(&c->out, "*");
}

static void add_siblings(struct css *c, const char *axis, bool of_type, uint64_t count)
{
    buf_addf(&c->out, "[count(%s-sibling::", axis);
    add_tag(c, of_type ? c->tag : SL(""));
    buf_addf(&c->out, ")=%llu]", (unsigned long long)count);
}

static bool nth(struct css *c, bool of_type)
{
    uint64_t n;
    size_t from = c->at;
    while (peek(c) >= '0' && peek(c) <= '9')
        c->at++;
    if (!num_u64(slice_sub(c->text, from, c->at), 1000000, &n) || n == 0)
        return fail(c, "a position (1, 2, 3…) is missing here");
    add_siblings(c, "preceding", of_type, n - 1);
    return eat(c, SL(")")) || fail(c, "')' is missing here");
}

static bool negation(struct css *c)
{
    struct slice tag = c->tag;
    if (++c->depth > NOT_DEPTH) return fail(c, ":not is nested too deep");
    buf_addz(&c->out, "[not(");
    blanks(c);
    if (!compound(c, "self::")) return false;
    blanks(c);
    buf_addz(&c->out, ")]");
    c->depth--;
    c->tag = tag;
    return eat(c, SL(")")) || fail(c, "')' is missing here");
}

static bool pseudo(struct css *c)
{
    size_t from = c->at;
    if (eat(c, SL("nth-child("))) return nth(c, false);
    if (eat(c, SL("nth-of-type("))) return nth(c, true);
    if (eat(c, SL("not("))) return negation(c);
    struct slice name = take_name(c);
    bool of_type = slice_ends(name, SL("-of-type"));
    if (slice_eq(name, SL("first-child")) || slice_eq(name, SL("first-of-type")))
        add_siblings(c, "preceding", of_type, 0);
    else if (slice_eq(name, SL("last-child")) || slice_eq(name, SL("last-of-type")))
        add_siblings(c, "following", of_type, 0);
    else {
        c->at = from;
        return fail(c, "this pseudo class is not supported");
    }
    return true;
}

/* ---- compounds, combinators, groups ------------------------------------------------------------------- */

/* One condition behind the tag; *any is set if there was one. */
static bool condition(struct css *c, bool *any)
{
    char ch = peek(c);
    bool more = ch == '#' || ch == '.' || ch == '[' || ch == ':';
    *any = more && !slice_starts(slice_from(c->text, c->at), SL("::"));
    if (!*any) return true;
    c->at++;
    if (ch == '[') return attribute(c);
    if (ch == ':') return pseudo(c);
    struct slice name = take_name(c);
    if (name.n == 0) return fail(c, "a name is missing here");
    if (ch == '.')
        add_word_test(c, SL("class"), name);
    else
        add_equals(c, SL("id"), name);
    return true;
}

static bool compound(struct css *c, const char *axis)
{
    size_t from = c->at;
    c->tag = eat(c, SL("*")) ? SL("") : take_word(c);
    buf_addz(&c->out, axis);
    add_tag(c, c->tag);
    for (bool any = true; any;)
        if (!condition(c, &any)) return false;
    return c->at > from || fail(c, "a tag, '#', '.', '[' or ':' is missing here");
}

/* "::attr(x)", "::text" or "@x" at the end of a group. */
static bool taken(struct css *c)
{
    if (eat(c, SL("::text"))) return buf_addz(&c->out, "/text()[normalize-space()]");
    bool call = eat(c, SL("::attr("));
    if (!call && !eat(c, SL("@"))) return true;
    struct slice name = take_word(c);
    if (name.n == 0) return fail(c, "an attribute's name is missing here");
    buf_addz(&c->out, "/@");
    add_lower(c, name);
    return !call || eat(c, SL(")")) || fail(c, "')' is missing here");
}

static bool ends_here(const struct css *c)
{
    return c->at >= c->text.n || peek(c) == ',' || peek(c) == '@' ||
           slice_starts(slice_from(c->text, c->at), SL("::"));
}

static bool group(struct css *c)
{
    blanks(c);
    if (!compound(c, "/descendant::")) return false;
    for (;;) {
        bool gap = blanks(c);
        if (ends_here(c)) break;
        const char *axis = "/descendant::"; /* "//" would cost libxml2 far more */
        if (eat(c, SL(">")))
            axis = "/";
        else if (eat(c, SL("~")))
            axis = "/following-sibling::";
        else if (eat(c, SL("+")))
            axis = "/following-sibling::*[1]/self::";
        else if (!gap)
            return fail(c, "this is not understood");
        blanks(c);
        if (!compound(c, axis)) return false;
    }
    return taken(c);
}

static bool groups(struct css *c)
{
    for (;;) {
        if (!group(c)) return false;
        blanks(c);
        if (c->at >= c->text.n) break;
        if (!eat(c, SL(","))) return fail(c, "',' is missing here");
        buf_addz(&c->out, " | ");
    }
    return !c->out.bad || fail(c, "the selector is too long");
}

const char *css_to_xpath(struct arena *a, struct slice selector, struct err *err)
{
    struct css c = { .text = selector, .out = BUF_INIT(XPATH_MAX), .err = err };
    bool ok = enc_is_utf8(selector) || fail(&c, "the selector is not UTF-8");
    const char *xpath = ok && groups(&c) ? arena_z(a, buf_slice(&c.out)) : NULL;
    buf_free(&c.out);
    return xpath;
}

bool css_is_xpath(struct slice selector)
{
    struct slice s = slice_trim(selector);
    if (s.n == 0) return false;
    if (s.p[0] == '/' || s.p[0] == '(' || slice_starts(s, SL("./"))) return true;
    size_t n = 0;
    while (n < s.n && is_name_char(s.p[n]))
        n++;
    /* A function, string(…), or an axis, descendant::a; but ::attr( and ::text are ours. */
    struct slice rest = slice_from(s, n);
    if (n == 0) return false;
    if (slice_starts(rest, SL("("))) return true;
    return slice_starts(rest, SL("::")) && !slice_starts(rest, SL("::attr(")) &&
           !slice_eq(rest, SL("::text"));
}
