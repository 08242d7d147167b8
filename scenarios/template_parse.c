/* The inside of ${…}: a recursive descent parser over one slice.
 *
 *   expr := term ("+" term)*        term := "text" | 'text' | number | name | name "(" args ")"
 *
 * Called by template_compile. The place of a mistake is *at. Nesting is limited to DEPTH_MAX calls, so
 * that neither this parser nor the renderer can use up the stack. */
#include "scenarios/template_parse.h"

#include <stdlib.h>

#include "base/num.h"
#include "scenarios/nearest.h"

#define DEPTH_MAX 16
#define NODES_MAX 256

struct parser {
    struct arena *arena;
    struct scope *scope;
    struct slice text;
    size_t at;
    unsigned depth;
    struct err *err;
};

static bool parse_expr(struct parser *p, struct nodes *out);

static void skip_blanks(struct parser *p)
{
    while (p->at < p->text.n && (p->text.p[p->at] == ' ' || p->text.p[p->at] == '\t'))
        p->at++;
}

static char peek(const struct parser *p)
{
    return p->at < p->text.n ? p->text.p[p->at] : 0;
}

static bool eat(struct parser *p, char c)
{
    skip_blanks(p);
    if (peek(p) != c || p->at >= p->text.n) return false;
    p->at++;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
           c == '-' || (unsigned char)c >= 0x80;
}

static struct slice take_name(struct parser *p)
{
    size_t from = p->at;
    while (is_name_char(peek(p)) || (p->at > from && peek(p) == '.'))
        p->at++;
    return slice_sub(p->text, from, p->at);
}

static char unescaped(char c)
{
    switch (c) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;
    }
}

static bool parse_string(struct parser *p, struct slice *out)
{
    char quote = peek(p);
    size_t from = ++p->at;
    while (p->at < p->text.n && peek(p) != quote)
        p->at += peek(p) == '\\' ? 2 : 1;
    if (p->at >= p->text.n) {
        p->at = from - 1;
        return err_set(p->err, ERR_INPUT, "a text in %c…%c is not closed", quote, quote);
    }
    struct slice raw = slice_sub(p->text, from, p->at++);
    char *to = arena_alloc(p->arena, 1, raw.n + 1);
    *out = (struct slice){ to, 0 };
    for (size_t i = 0; i < raw.n; i++)
        to[out->n++] = raw.p[i] == '\\' ? unescaped(raw.p[++i]) : raw.p[i];
    return true;
}

/* A word: bare letters, or a text in quotes. */
static bool parse_word(struct parser *p, struct slice *out)
{
    if (peek(p) == '"' || peek(p) == '\'') return parse_string(p, out);
    *out = take_name(p);
    return out->n > 0 || err_set(p->err, ERR_INPUT, "a word is missing here");
}

static bool parse_number(struct parser *p, int64_t *out)
{
    size_t from = p->at;
    if (peek(p) == '-') p->at++;
    while (is_digit(peek(p)))
        p->at++;
    if (num_i64(slice_sub(p->text, from, p->at), out)) return true;
    p->at = from;
    return err_set(p->err, ERR_INPUT, "a whole number is missing here");
}

/* A duration with an optional sign; days too, which base/num does not know. */
static bool parse_offset(struct parser *p, int64_t *out)
{
    size_t from = p->at;
    struct slice word;
    if (peek(p) == '"' || peek(p) == '\'') {
        if (!parse_string(p, &word)) return false;
    } else {
        while (peek(p) == '+' || peek(p) == '-' || peek(p) == '.' || is_name_char(peek(p)))
            p->at++;
        word = slice_sub(p->text, from, p->at);
    }
    bool minus = slice_starts(word, SL("-"));
    if (minus || slice_starts(word, SL("+"))) word = slice_from(word, 1);
    uint64_t ns = 0, days = 0;
    if (slice_ends(word, SL("d")) && num_u64(slice_sub(word, 0, word.n - 1), 36500, &days))
        ns = days * 86400 * NS_PER_S;
    else if (!num_duration(word, &ns)) {
        p->at = from;
        return err_set(p->err, ERR_INPUT, "a time like +1h, -30m or 7d is missing here");
    }
    *out = minus ? -(int64_t)ns : (int64_t)ns;
    return true;
}

/* ---- calls ---------------------------------------------------------------------------------------- */

static bool parse_arg(struct parser *p, struct call *c, char kind)
{
    unsigned i = c->args.count++;
    skip_blanks(p);
    switch (kind) {
    case 'w': return parse_word(p, &c->args.t[i]);
    case 'n': return parse_number(p, &c->args.n[i]);
    case 'd': return parse_offset(p, &c->args.n[i]);
    case 'g': {
        struct slice tag;
        if (!parse_word(p, &tag)) return false;
        c->memo = scope_memo(p->scope, c->fn, tag) + 1;
        return true;
    }
    default: return parse_expr(p, &c->text[i]);
    }
}

static bool parse_args(struct parser *p, struct call *c)
{
    bool optional = false, first = true;
    for (const char *kind = c->fn->args; *kind; kind++) {
        if (*kind == '?') {
            optional = true;
            continue;
        }
        if (optional) {
            skip_blanks(p);
            if (peek(p) == ')') break;
        }
        if (!first && !eat(p, ','))
            return err_set(p->err, ERR_INPUT, "%s() wants one more argument here", c->fn->name);
        first = false;
        if (!parse_arg(p, c, *kind)) return false;
    }
    if (eat(p, ')')) return true;
    return err_set(p->err, ERR_INPUT, "%s(): ')' is missing here", c->fn->name);
}

static bool parse_call(struct parser *p, const struct tfunc *fn, struct node *out)
{
    size_t from = p->at;
    struct call *c = arena_one(p->arena, struct call);
    c->fn = fn;
    *out = (struct node){ .kind = NODE_CALL, .call = c };
    if (!fn->args) return true;
    if (++p->depth > DEPTH_MAX)
        return err_set(p->err, ERR_INPUT, "functions nested deeper than %d", DEPTH_MAX);
    if (!parse_args(p, c)) return false;
    p->depth--;
    if (!fn->check || fn->check(&c->args, p->err)) return true;
    p->at = from;
    return false;
}

/* env(NAME[, "default"]): read once, now. */
static bool parse_env(struct parser *p, struct node *out)
{
    size_t from = p->at;
    struct slice name, value = { NULL, 0 };
    skip_blanks(p);
    if (!parse_word(p, &name)) return false;
    bool has_default = eat(p, ',');
    if (has_default) {
        skip_blanks(p);
        if (!parse_word(p, &value)) return false;
    }
    if (!eat(p, ')')) return err_set(p->err, ERR_INPUT, "env(): ')' is missing here");
    const char *set = getenv(arena_z(p->arena, name));
    if (set) value = arena_dup(p->arena, slice_z(set));
    *out = (struct node){ .kind = NODE_TEXT, .text = value };
    if (set || has_default) return true;
    p->at = from;
    return err_set(
        p->err, ERR_INPUT,
        "the environment has no %.*s: give -e %.*s=VALUE, or write env(%.*s, \"default\")",
        SL_FMT(name), SL_FMT(name), SL_FMT(name));
}

static bool unknown_function(struct parser *p, struct slice name)
{
    struct nearest near;
    char hint[80];
    const struct tfunc *f;
    nearest_init(&near, name);
    for (size_t i = 0; (f = tfunc_at(i)); i++)
        nearest_consider(&near, slice_z(f->name));
    p->at -= name.n + 1;
    return err_set(p->err, ERR_INPUT, "unknown function \"%.*s\"%s", SL_FMT(name),
                   nearest_hint(&near, hint, sizeof hint));
}

static bool parse_name(struct parser *p, struct node *out)
{
    size_t from = p->at;
    struct slice name = take_name(p);
    if (peek(p) == '(') {
        p->at++;
        if (slice_eq(name, SL("env"))) return parse_env(p, out);
        const struct tfunc *fn = tfunc_find(name);
        return fn && fn->args ? parse_call(p, fn, out) : unknown_function(p, name);
    }
    if (scope_has(p->scope, name)) {
        *out = (struct node){ NODE_SLOT, scope_slot(p->scope, name), name, NULL };
        return true;
    }
    const struct tfunc *fn = tfunc_find(name);
    if (fn && !fn->args) return parse_call(p, fn, out);
    char hint[80];
    p->at = from;
    if (fn) return err_set(p->err, ERR_INPUT, "%s is a function: write %s()", fn->name, fn->name);
    return err_set(p->err, ERR_INPUT, "unknown variable \"%.*s\"%s", SL_FMT(name),
                   scope_hint(p->scope, name, hint, sizeof hint));
}

static bool parse_term(struct parser *p, struct node *out)
{
    skip_blanks(p);
    char c = peek(p);
    *out = (struct node){ .kind = NODE_TEXT };
    if (c == '"' || c == '\'') return parse_string(p, &out->text);
    if (is_digit(c) || (c == '-' && p->at + 1 < p->text.n && is_digit(p->text.p[p->at + 1]))) {
        size_t from = p->at++;
        while (is_digit(peek(p)) || peek(p) == '.')
            p->at++;
        out->text = slice_sub(p->text, from, p->at);
        return true;
    }
    if (is_name_char(c)) return parse_name(p, out);
    return err_set(p->err, ERR_INPUT, "a variable, a function or a text in quotes is missing here");
}

static bool parse_expr(struct parser *p, struct nodes *out)
{
    do {
        struct node node;
        if (out->n >= NODES_MAX)
            return err_set(p->err, ERR_INPUT, "more than %d parts are joined", NODES_MAX);
        if (!parse_term(p, &node)) return false;
        nodes_add(p->arena, out, node);
    } while (eat(p, '+'));
    return true;
}

bool expr_parse(struct arena *a, struct scope *s, struct slice text, size_t *at, struct nodes *out,
                struct err *err)
{
    struct parser p = { .arena = a, .scope = s, .text = text, .at = *at, .err = err };
    bool ok = parse_expr(&p, out);
    if (ok && !eat(&p, '}')) ok = err_set(err, ERR_INPUT, "'}' is missing here");
    *at = p.at;
    return ok;
}

size_t template_expr_end(struct slice text, size_t at)
{
    char quote = 0;
    for (size_t i = at + 2; i < text.n; i++) {
        char c = text.p[i];
        if (quote && c == '\\')
            i++;
        else if (quote)
            quote = c == quote ? 0 : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '}')
            return i + 1;
    }
    return SLICE_NONE;
}
