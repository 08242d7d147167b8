/* A small YAML emitter: block mappings and lists, flow mappings, four ways to write a scalar.
 *
 * Called by scenario_write. A text is plain where nobody could take it for something else; in single quotes
 * when it holds double ones or '\\'; as a literal block when it has several clean lines; as !!binary when it is not
 * UTF-8; otherwise in double quotes with escapes. */
#include "scenarios/emit.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/enc.h"

#define LONG_KEY 800 /* YAML's implicit keys end at 1024 characters */

/* ---- what a scalar may look like ------------------------------------------------------------------- */

static bool is_word(struct slice s)
{
    static const char *const words[] = { "true", "false", "null", "yes", "no",  "on",
                                         "off",  "y",     "n",    "inf", "nan", "~" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (slice_ieq(s, slice_z(words[i]))) return true;
    return false;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* As a key or a value; brackets and commas only where no flow mapping is open. */
static bool is_plain(struct slice s, bool flow)
{
    if (s.n == 0 || s.n > 200 || is_word(s)) return false;
    bool start = is_letter(s.p[0]) || s.p[0] == '/' || s.p[0] == '_' || s.p[0] == '$';
    if (!start || s.p[s.n - 1] == ':' || s.p[s.n - 1] == ' ') return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool ok = is_letter(c) || (c >= '0' && c <= '9') ||
                  slice_chr(SL("_-./$%+=~^;@!()<>*?&|"), c) != SLICE_NONE;
        ok = ok || (!flow && slice_chr(SL("{}[],"), c) != SLICE_NONE);
        if (c == ':' || c == ' ') ok = i + 1 < s.n && s.p[i + 1] != ' ' && s.p[i + 1] != ':';
        if (!ok) return false;
    }
    return slice_find(s, SL(": ")) == SLICE_NONE;
}

/* The code point at s[*i]; moves behind it. s is UTF-8. */
static uint32_t code_point(struct slice s, size_t *i)
{
    unsigned char c = (unsigned char)s.p[(*i)++];
    unsigned more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
    uint32_t cp = more ? c & (0x3fu >> more) : c;
    for (; more && *i < s.n; more--)
        cp = cp << 6 | ((unsigned char)s.p[(*i)++] & 0x3f);
    return cp;
}

/* Not to be shown as itself in YAML, or not to be told from a line's end. */
static bool is_special(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x2028 || cp == 0x2029 || cp == 0xfeff ||
           (cp & 0xfffe) == 0xfffe;
}

static bool has_special(struct slice s, bool lines_ok)
{
    for (size_t i = 0; i < s.n;) {
        uint32_t cp = code_point(s, &i);
        if (is_special(cp) && !(lines_ok && cp == '\n')) return true;
    }
    return false;
}

/* Several lines that a literal block shows as they are. */
static bool is_block(struct slice s)
{
    if (s.n < 2 || s.p[0] == '\n' || s.p[0] == ' ') return false;
    size_t line = slice_chr(s, '\n');
    return line != SLICE_NONE && line + 1 < s.n && !has_special(s, true);
}

/* ---- scalars -------------------------------------------------------------------------------------- */

static void add_escape(struct buf *out, uint32_t cp)
{
    switch (cp) {
    case '\n': buf_addz(out, "\\n"); return;
    case '\r': buf_addz(out, "\\r"); return;
    case '\t': buf_addz(out, "\\t"); return;
    default: break;
    }
    if (cp < 0x100)
        buf_addf(out, "\\x%02x", cp);
    else if (cp < 0x10000)
        buf_addf(out, "\\u%04x", cp);
    else
        buf_addf(out, "\\U%08x", cp);
}

static void add_double(struct buf *out, struct slice s)
{
    buf_addc(out, '"');
    for (size_t i = 0; i < s.n;) {
        size_t from = i;
        uint32_t cp = code_point(s, &i);
        if (is_special(cp)) {
            add_escape(out, cp);
            continue;
        }
        if (cp == '"' || cp == '\\') buf_addc(out, '\\');
        buf_add(out, slice_sub(s, from, i));
    }
    buf_addc(out, '"');
}

static void add_scalar(struct buf *out, struct slice s, bool flow)
{
    if (!enc_is_utf8(s)) {
        buf_addz(out, "!!binary \"");
        enc_base64(out, s, false);
        buf_addc(out, '"');
        return;
    }
    bool quotes = (slice_chr(s, '"') != SLICE_NONE || slice_chr(s, '\\') != SLICE_NONE) &&
                  slice_chr(s, '\'') == SLICE_NONE;
    if (is_plain(s, flow))
        buf_add(out, s);
    else if (quotes && !has_special(s, false))
        buf_addf(out, "'%.*s'", SL_FMT(s));
    else
        add_double(out, s);
}

void emit_scalar(struct buf *out, struct slice text)
{
    add_scalar(out, text, true);
}

/* ---- lines ---------------------------------------------------------------------------------------- */

static void add_indent(struct emit *e, unsigned n)
{
    if (e->out->n) buf_addc(e->out, '\n');
    for (unsigned i = 0; i < n; i++)
        buf_addc(e->out, ' ');
}

size_t emit_column(const struct emit *e)
{
    size_t n = e->out->n;
    while (n > 0 && e->out->p[n - 1] != '\n')
        n--;
    return e->out->n - n;
}

static void add_line(struct emit *e)
{
    add_indent(e, e->dash ? e->indent - 2 : e->indent);
    if (e->dash) buf_addz(e->out, "- ");
    e->dash = false;
}

void emit_key(struct emit *e, struct slice key)
{
    if (e->flow) {
        buf_addz(e->out, e->first ? " " : ", ");
        e->first = false;
    } else {
        add_line(e);
    }
    bool explicit_key = key.n > LONG_KEY;
    if (explicit_key) buf_addz(e->out, "? ");
    emit_scalar(e->out, key);
    if (explicit_key && e->flow) buf_addc(e->out, ' ');
    if (explicit_key && !e->flow) add_indent(e, e->indent);
    buf_addc(e->out, ':');
}

void emit_keyz(struct emit *e, const char *key)
{
    emit_key(e, slice_z(key));
}

void emit_raw(struct emit *e, const char *z)
{
    buf_addf(e->out, " %s", z);
}

void emit_rawf(struct emit *e, const char *fmt, ...)
{
    char text[100];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    emit_raw(e, text);
}

static void add_block(struct emit *e, struct slice text)
{
    bool one = text.p[text.n - 1] == '\n', more = one && text.p[text.n - 2] == '\n';
    buf_addz(e->out, more ? " |+" : one ? " |" : " |-");
    if (one) text.n--;
    for (size_t at = 0; at != SLICE_NONE;) {
        at = slice_chr(text, '\n');
        struct slice line = slice_sub(text, 0, at);
        add_indent(e, line.n ? e->indent + 2 : 0);
        buf_add(e->out, line);
        text = slice_from(text, at == SLICE_NONE ? text.n : at + 1);
    }
}

void emit_text(struct emit *e, struct slice text)
{
    if (!e->flow && is_block(text) && enc_is_utf8(text)) {
        add_block(e, text);
        return;
    }
    buf_addc(e->out, ' ');
    add_scalar(e->out, text, e->flow > 0);
}

void emit_in(struct emit *e)
{
    e->indent += 2;
}

void emit_out(struct emit *e)
{
    e->indent -= 2;
}

void emit_item(struct emit *e)
{
    e->indent += 2;
    e->dash = true;
}

void emit_item_end(struct emit *e)
{
    e->indent -= 2;
    e->dash = false;
}

void emit_item_text(struct emit *e, struct slice text)
{
    emit_item(e);
    add_line(e);
    add_scalar(e->out, text, false);
    emit_item_end(e);
}

void emit_comment(struct emit *e, struct slice text)
{
    struct slice line;
    while (slice_next(&text, '\n', &line)) {
        add_indent(e, e->indent);
        buf_addz(e->out, "# ");
        for (size_t i = 0; i < line.n; i++)
            buf_addc(e->out, (unsigned char)line.p[i] < ' ' ? ' ' : line.p[i]);
    }
}
