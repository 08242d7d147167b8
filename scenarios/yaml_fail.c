/* Messages about a place in a file: file:line:column, the sentence, the line itself, a caret.
 *
 * Called by the YAML reader, the model reader and scenario_check. Long lines are cut around the column;
 * control characters are shown as blanks, so that the caret stands where it should. */
#include <stdarg.h>
#include <stdio.h>

#include "scenarios/yaml.h"

#define SHOWN 70 /* characters of a long line: 80 with what stands before them */

static struct slice line_of(struct slice text, unsigned line)
{
    struct slice piece = SL("");
    while (line-- > 0)
        if (!slice_next(&text, '\n', &piece)) return SL("");
    return piece;
}

/* Where so many characters end, in bytes. */
static size_t bytes_of(struct slice line, size_t characters)
{
    size_t at = 0;
    while (at < line.n && ((line.p[at] & 0xC0) == 0x80 || characters-- > 0))
        at++;
    return at;
}

/* "\n  12 | text\n     |   ^" */
static void add_quote(struct buf *out, struct slice text, struct place at)
{
    struct slice line = line_of(text, at.line);
    if (slice_ends(line, SL("\r"))) line.n--;
    size_t column = at.column ? at.column - 1 : 0;
    if (line.n == 0) return;
    if (column > line.n) column = line.n;
    size_t from = column > SHOWN * 2 / 3 ? column - SHOWN * 2 / 3 : 0;
    struct slice shown = slice_from(line, bytes_of(line, from));
    shown.n = bytes_of(shown, SHOWN);
    buf_addf(out, "\n%5u | ", at.line);
    for (size_t i = 0; i < shown.n; i++) {
        char c = shown.p[i];
        buf_addc(out, (unsigned char)c < ' ' || c == 127 ? ' ' : c);
    }
    buf_addf(out, "\n      | %*s^", (int)(column - from), "");
}

bool yaml_place_error(const struct ysource *src, struct place at, struct err *err)
{
    char said[sizeof err->text];
    struct buf out = BUF_INIT(sizeof err->text - 1);
    if (!err) return false;
    snprintf(said, sizeof said, "%s", err->text);
    buf_addf(&out, "%s:%u:%u: %.*s", src->name, at.line, at.column, 600, said);
    if (at.line == 0) {
        buf_reset(&out);
        buf_addf(&out, "%s: %.*s", src->name, 600, said);
    } else {
        size_t before = out.n;
        add_quote(&out, src->text, at);
        if (out.bad) out.n = before;
    }
    enum err_code code = err->code ? err->code : ERR_INPUT;
    *err = (struct err){ .code = ERR_NONE };
    err_set(err, code, "%s", buf_z(&out));
    buf_free(&out);
    return false;
}

bool yaml_fail(const struct ysource *src, struct place at, struct err *err, const char *fmt, ...)
{
    char text[600];
    va_list ap;
    if (!err || err_is(err)) return false;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    err_set(err, ERR_INPUT, "%s", text);
    return yaml_place_error(src, at, err);
}
