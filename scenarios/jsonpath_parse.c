/* The JSONPath parser: RFC 9535's grammar by recursive descent, to segments and filters in an arena.
 *
 * Called while a scenario is compiled. Mistakes name their place in the path, counted from 1. Limits:
 * PATH_MAX_PARTS segments and selectors, FILTER_DEPTH nested filters. */
#include "scenarios/jsonpath_impl.h"

#include "base/enc.h"
#include "base/num.h"

#define PATH_MAX_PARTS 64
#define FILTER_DEPTH 16
#define INT_MAX_EXACT 9007199254740991 /* 2^53 - 1 (RFC 9535 2.1) */

struct parser {
    struct arena *arena;
    struct slice text;
    size_t at;
    unsigned depth;
    struct err *err;
};

static struct filter *parse_or(struct parser *p);
static struct jsonpath *parse_path(struct parser *p);

static bool fail(struct parser *p, const char *what)
{
    return err_set(p->err, ERR_INPUT, "JSON path %.*s: at character %zu: %s", SL_FMT(p->text),
                   p->at + 1, what);
}

static char peek(const struct parser *p)
{
    return p->at < p->text.n ? p->text.p[p->at] : 0;
}

static void blanks(struct parser *p)
{
    while (p->at < p->text.n && slice_chr(SL(" \t\r\n"), peek(p)) != SLICE_NONE)
        p->at++;
}

static bool eat(struct parser *p, struct slice what)
{
    if (!slice_starts(slice_from(p->text, p->at), what)) return false;
    p->at += what.n;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

/* ---- names and numbers ------------------------------------------------------------------------------ */

/* The four digits behind \u. */
static bool hex4(struct parser *p, uint32_t *out)
{
    uint64_t v;
    if (!num_hex(slice_sub(p->text, p->at, p->at + 4), 0xffff, &v) || p->text.n - p->at < 4)
        return fail(p, "\\u wants four hexadecimal digits");
    p->at += 4;
    *out = (uint32_t)v;
    return true;
}

static bool unicode_escape(struct parser *p, struct buf *out)
{
    uint32_t high, low;
    if (!hex4(p, &high)) return false;
    if (high >= 0xdc00 && high <= 0xdfff) return fail(p, "half of a surrogate pair");
    if (high < 0xd800 || high > 0xdfff) return enc_utf8(out, high);
    if (!eat(p, SL("\\u")) || !hex4(p, &low) || low < 0xdc00 || low > 0xdfff)
        return fail(p, "half of a surrogate pair");
    return enc_utf8(out, 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
}

static bool escape(struct parser *p, char quote, struct buf *out)
{
    static const char from[] = "bfnrt/\\", to[] = "\b\f\n\r\t/\\";
    char c = peek(p);
    p->at++;
    if (c == 'u') return unicode_escape(p, out);
    if (c == quote) return buf_addc(out, quote);
    for (size_t i = 0; i < sizeof from - 1; i++)
        if (c == from[i]) return buf_addc(out, to[i]);
    p->at--;
    return fail(p, "unknown escape");
}

static bool string_text(struct parser *p, char quote, struct buf *out)
{
    while (p->at < p->text.n && peek(p) != quote) {
        char c = peek(p);
        if ((unsigned char)c < 0x20) return fail(p, "a control character must be escaped");
        p->at++;
        if (c != '\\') {
            buf_addc(out, c);
            continue;
        }
        if (!escape(p, quote, out)) return false;
    }
    if (p->at >= p->text.n) return fail(p, "the quote is not closed");
    p->at++;
    return true;
}

static bool parse_string(struct parser *p, struct slice *out)
{
    struct buf text = BUF_INIT(p->text.n + 1);
    char quote = p->text.p[p->at++];
    bool ok = string_text(p, quote, &text);
    if (ok) *out = arena_dup(p->arena, buf_slice(&text));
    buf_free(&text);
    return ok;
}

static bool parse_int(struct parser *p, int64_t *out)
{
    size_t from = p->at;
    if (peek(p) == '-') p->at++;
    while (is_digit(peek(p)))
        p->at++;
    struct slice digits = slice_sub(p->text, from, p->at);
    struct slice bare = digits.n && digits.p[0] == '-' ? slice_from(digits, 1) : digits;
    bool leading = bare.n > 1 && bare.p[0] == '0';
    bool minus_zero = slice_eq(digits, SL("-0"));
    if (!leading && !minus_zero && num_i64(digits, out) && *out <= INT_MAX_EXACT &&
        *out >= -INT_MAX_EXACT)
        return true;
    p->at = from;
    return fail(p, "a whole number is missing here");
}

/* ---- selectors ------------------------------------------------------------------------------------ */

static bool parse_slice(struct parser *p, struct selector *s)
{
    s->kind = SELECT_SLICE;
    s->step = 1;
    blanks(p);
    if (peek(p) == '-' || is_digit(peek(p))) {
        s->has_to = true;
        if (!parse_int(p, &s->to)) return false;
        blanks(p);
    }
    if (!eat(p, SL(":"))) return true;
    blanks(p);
    return !(peek(p) == '-' || is_digit(peek(p))) || parse_int(p, &s->step);
}

static bool parse_number_selector(struct parser *p, struct selector *s)
{
    s->kind = SELECT_INDEX;
    if (peek(p) != ':') {
        if (!parse_int(p, &s->from)) return false;
        s->has_from = true;
    }
    size_t behind = p->at;
    blanks(p);
    if (eat(p, SL(":"))) return parse_slice(p, s);
    p->at = behind;
    return true;
}

static bool parse_selector(struct parser *p, struct selector *s)
{
    char c = peek(p);
    *s = (struct selector){ .kind = SELECT_NAME };
    if (c == '"' || c == '\'') return parse_string(p, &s->name);
    if (c == '*') {
        p->at++;
        s->kind = SELECT_WILDCARD;
        return true;
    }
    if (c == '?') {
        p->at++;
        s->kind = SELECT_FILTER;
        return (s->filter = parse_or(p)) != NULL;
    }
    if (c == ':' || c == '-' || is_digit(c)) return parse_number_selector(p, s);
    return fail(p, "a name in quotes, an index, '*', a slice or '?' is missing here");
}

static void add_selector(struct parser *p, struct segment *seg, struct selector s)
{
    size_t size = sizeof s;
    seg->v = arena_grow(p->arena, seg->v, seg->n * size, (seg->n + 1) * size);
    seg->v[seg->n++] = s;
}

static bool parse_brackets(struct parser *p, struct segment *seg)
{
    do {
        struct selector s;
        blanks(p);
        if (seg->n >= PATH_MAX_PARTS) return fail(p, "too many selectors");
        if (!parse_selector(p, &s)) return false;
        add_selector(p, seg, s);
        blanks(p);
    } while (eat(p, SL(",")));
    return eat(p, SL("]")) || fail(p, "',' or ']' is missing here");
}

/* What follows a dot: a bare name or '*'. */
static bool parse_dotted(struct parser *p, struct segment *seg)
{
    struct selector s = { .kind = SELECT_NAME };
    size_t from = p->at;
    if (eat(p, SL("*"))) {
        s.kind = SELECT_WILDCARD;
    } else {
        if (!is_name_char(peek(p))) return fail(p, "a name is missing here");
        while (is_name_char(peek(p)) || is_digit(peek(p)) || peek(p) == '-')
            p->at++;
        s.name = slice_sub(p->text, from, p->at);
    }
    add_selector(p, seg, s);
    return true;
}

static bool parse_segment(struct parser *p, struct segment *seg)
{
    *seg = (struct segment){ .descend = eat(p, SL("..")) };
    if (eat(p, SL("["))) return parse_brackets(p, seg);
    if (seg->descend || eat(p, SL("."))) return parse_dotted(p, seg);
    return fail(p, "'.' or '[' is missing here");
}

static bool is_singular(const struct segment *seg)
{
    if (seg->descend || seg->n != 1) return false;
    return seg->v[0].kind == SELECT_NAME || seg->v[0].kind == SELECT_INDEX;
}

/* The segments behind '$' or '@'; stops before what is none. */
static bool parse_segments(struct parser *p, struct jsonpath *path)
{
    for (;;) {
        size_t behind = p->at;
        blanks(p);
        if (peek(p) != '.' && peek(p) != '[') {
            p->at = behind;
            return true;
        }
        struct segment seg;
        if (path->n >= PATH_MAX_PARTS) return fail(p, "too many segments");
        if (!parse_segment(p, &seg)) return false;
        if (!is_singular(&seg)) path->singular = false;
        path->v = arena_grow(p->arena, path->v, path->n * sizeof seg, (path->n + 1) * sizeof seg);
        path->v[path->n++] = seg;
    }
}

static struct jsonpath *parse_path(struct parser *p)
{
    struct jsonpath *path = arena_one(p->arena, struct jsonpath);
    path->relative = peek(p) == '@';
    path->singular = true;
    p->at++;
    return parse_segments(p, path) ? path : NULL;
}

/* ---- filters -------------------------------------------------------------------------------------- */

static bool parse_json_number(struct parser *p, struct operand *o)
{
    size_t from = p->at;
    while (p->at < p->text.n &&
           (is_digit(peek(p)) || slice_chr(SL("+-.eE"), peek(p)) != SLICE_NONE))
        p->at++;
    o->kind = OPERAND_NUMBER;
    o->text = slice_sub(p->text, from, p->at);
    return num_f64(o->text, &o->number) || fail(p, "this is no number");
}

static bool parse_word(struct parser *p, struct operand *o)
{
    size_t from = p->at;
    while (is_name_char(peek(p)) || is_digit(peek(p)))
        p->at++;
    struct slice word = slice_sub(p->text, from, p->at);
    o->kind = OPERAND_WORD;
    o->word = slice_eq(word, SL("true"))    ? JSON_TRUE
              : slice_eq(word, SL("false")) ? JSON_FALSE
              : slice_eq(word, SL("null"))  ? JSON_NULL
                                            : JSON_ERROR;
    if (o->word != JSON_ERROR) return true;
    p->at = from;
    return fail(p, word.n ? "functions are not supported in filters"
                          : "a path (@…), a text in quotes or a number is missing here");
}

static bool parse_operand(struct parser *p, struct operand *o)
{
    char c = peek(p);
    *o = (struct operand){ .kind = OPERAND_STRING };
    if (c == '"' || c == '\'') return parse_string(p, &o->text);
    if (c == '-' || is_digit(c)) return parse_json_number(p, o);
    if (c != '@' && c != '$') return parse_word(p, o);
    o->kind = OPERAND_PATH;
    return (o->path = parse_path(p)) != NULL;
}

static bool parse_compare_op(struct parser *p, enum compare *op)
{
    static const struct {
        struct slice text;
        enum compare op;
    } ops[] = { { { "==", 2 }, CMP_EQ }, { { "!=", 2 }, CMP_NE }, { { "<=", 2 }, CMP_LE },
                { { ">=", 2 }, CMP_GE }, { { "<", 1 }, CMP_LT },  { { ">", 1 }, CMP_GT } };
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        *op = ops[i].op;
        if (eat(p, ops[i].text)) return true;
    }
    return false;
}

static struct filter *parse_comparison(struct parser *p)
{
    struct filter *f = arena_one(p->arena, struct filter);
    size_t from = p->at;
    f->kind = FILTER_COMPARE;
    if (!parse_operand(p, &f->a)) return NULL;
    size_t behind = p->at;
    blanks(p);
    if (!parse_compare_op(p, &f->op)) {
        p->at = f->a.kind == OPERAND_PATH ? behind : from;
        f->kind = FILTER_EXISTS;
        if (f->a.kind == OPERAND_PATH) return f;
        fail(p, "a value alone is no filter");
        return NULL;
    }
    blanks(p);
    if (!parse_operand(p, &f->b)) return NULL;
    bool many = (f->a.kind == OPERAND_PATH && !f->a.path->singular) ||
                (f->b.kind == OPERAND_PATH && !f->b.path->singular);
    if (!many) return f;
    p->at = from;
    fail(p, "only a path of names and indices can be compared");
    return NULL;
}

static struct filter *parse_basic(struct parser *p);

/* Behind '!'. */
static struct filter *parse_negated(struct parser *p)
{
    struct filter *f = arena_one(p->arena, struct filter);
    f->kind = FILTER_NOT;
    blanks(p);
    size_t from = p->at;
    bool group = peek(p) == '(', twice = peek(p) == '!';
    if (!twice && !(f->left = parse_basic(p))) return NULL;
    if (!twice && (group || f->left->kind != FILTER_COMPARE)) return f;
    p->at = from;
    fail(p, twice ? "one '!' is enough" : "'!' before a comparison wants parentheses");
    return NULL;
}

static struct filter *parse_basic(struct parser *p)
{
    blanks(p);
    if (eat(p, SL("!"))) return parse_negated(p);
    if (!eat(p, SL("("))) return parse_comparison(p);
    struct filter *inner = parse_or(p);
    if (!inner) return NULL;
    blanks(p);
    if (eat(p, SL(")"))) return inner;
    fail(p, "')' is missing here");
    return NULL;
}

static struct filter *join(struct parser *p, enum filter_kind kind, struct filter *left,
                           struct filter *right)
{
    struct filter *f = arena_one(p->arena, struct filter);
    *f = (struct filter){ .kind = kind, .left = left, .right = right };
    return right ? f : NULL;
}

/* True if the operator follows, blanks before it or not; otherwise nothing is eaten. */
static bool eat_operator(struct parser *p, struct slice op)
{
    size_t behind = p->at;
    blanks(p);
    if (eat(p, op)) return true;
    p->at = behind;
    return false;
}

static struct filter *parse_and(struct parser *p)
{
    struct filter *left = parse_basic(p);
    while (left && eat_operator(p, SL("&&")))
        left = join(p, FILTER_AND, left, parse_basic(p));
    return left;
}

static struct filter *parse_or(struct parser *p)
{
    if (++p->depth > FILTER_DEPTH) {
        fail(p, "filters are nested too deep");
        return NULL;
    }
    struct filter *left = parse_and(p);
    while (left && eat_operator(p, SL("||")))
        left = join(p, FILTER_OR, left, parse_and(p));
    p->depth--;
    return left;
}

struct jsonpath *jsonpath_compile(struct arena *a, struct slice text, struct err *err)
{
    struct parser p = { .arena = a, .text = text, .err = err };
    if (peek(&p) != '$') {
        fail(&p, "a path starts with '$', like $.token");
        return NULL;
    }
    struct jsonpath *path = parse_path(&p);
    if (!path) return NULL;
    if (p.at == text.n) return path;
    fail(&p, "'.' or '[' is missing here");
    return NULL;
}
