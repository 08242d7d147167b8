/* A Basic login of another tool's plan as a header (RFC 7617 2). Called by the importers of plans.
 *
 * Without variables it is computed now; with variables the users compute it: Basic ${base64(user + ":x")}. */
#include "scenarios/foreign/foreign_build.h"

#include "base/enc.h"
#include "scenarios/template.h"

#define MAX_LOGIN 8192

/* Where the literal text at the front ends: at a "${" that is not escaped as "$${", or at the end. */
static size_t literal_end(struct slice text)
{
    size_t at = 0;
    for (;;) {
        size_t next = slice_find(slice_from(text, at), SL("${"));
        if (next == SLICE_NONE) return text.n;
        at += next;
        if (at == 0 || text.p[at - 1] != '$') return at;
        at += 2;
    }
}

/* What a literal text of a template stands for. */
static void add_literal(struct buf *out, struct slice text)
{
    for (size_t at; (at = slice_find(text, SL("$${"))) != SLICE_NONE;
         text = slice_from(text, at + 3)) {
        buf_add(out, slice_sub(text, 0, at));
        buf_addz(out, "${");
    }
    buf_add(out, text);
}

static void add_quoted(struct buf *out, struct slice text)
{
    struct buf plain = BUF_INIT(MAX_LOGIN);
    add_literal(&plain, text);
    template_quote(out, buf_slice(&plain));
    buf_free(&plain);
}

/* A template's text as one expression: "literal" + name + … */
static void add_expression(struct buf *out, struct slice text)
{
    const char *between = "";
    while (text.n) {
        size_t end = literal_end(text);
        buf_addz(out, between);
        if (end) {
            add_quoted(out, slice_sub(text, 0, end));
        } else {
            end = template_expr_end(text, 0);
            if (end == SLICE_NONE) end = text.n; /* not closed: an error where it is compiled */
            buf_add(out, slice_sub(text, 2, end - 1));
        }
        text = slice_from(text, end);
        between = " + ";
    }
}

struct slice foreign_basic(struct foreign *f, struct slice login)
{
    struct buf b = BUF_INIT(4 * MAX_LOGIN), plain = BUF_INIT(MAX_LOGIN);
    buf_addz(&b, "Basic ");
    if (literal_end(login) == login.n) {
        add_literal(&plain, login);
        enc_base64(&b, buf_slice(&plain), false);
    } else {
        buf_addz(&b, "${base64(");
        add_expression(&b, login);
        buf_addz(&b, ")}");
    }
    struct slice value = foreign_keep(f, buf_slice(&b));
    buf_free(&b);
    buf_free(&plain);
    return value;
}
