/* Makes any bytes fit for libxml2, and back. Called by base/xml.c while the parser asks for input.
 *
 * Invariant: what comes out has no DOCTYPE, comment, instruction or CDATA section (their text is kept,
 * with '<' and '&' replaced like forbidden bytes), and a newline for each newline of the input. CDATA is
 * taken apart because libxml2's reader joins the pieces of long sections in quadratic time. */
#include "base/xml_filter.h"

#include <string.h>

#include "base/num.h"

enum { MAX_TEXT = 24 << 20, MAX_TAG = 1 << 20 };

static const uint16_t cp1252[32] = {
    0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021, 0x2c6,  0x2030, 0x160,
    0x2039, 0x152,  0x8d,   0x17d,  0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178,
};

static bool starts_at(struct slice in, size_t at, struct slice what)
{
    return slice_starts(slice_from(in, at), what);
}

static size_t behind(struct slice in, size_t at, struct slice end)
{
    size_t found = slice_find(slice_from(in, at), end);
    return found == SLICE_NONE ? SLICE_NONE : at + found + end.n;
}

/* Behind a DOCTYPE with its internal subset, whose quotes and comments may hold brackets. */
static size_t behind_doctype(struct slice in, size_t at)
{
    unsigned brackets = 0;
    while (at < in.n) {
        char c = in.p[at];
        if (starts_at(in, at, SL("<!--"))) {
            at = behind(in, at + 4, SL("-->"));
            if (at == SLICE_NONE) return at;
            continue;
        }
        if (c == '"' || c == '\'') {
            size_t end = slice_chr(slice_from(in, at + 1), c);
            if (end == SLICE_NONE) return SLICE_NONE;
            at += end + 1;
        }
        if (c == '[') brackets++;
        if (c == ']' && brackets > 0) brackets--;
        at++;
        if (c == '>' && brackets == 0) return at;
    }
    return SLICE_NONE;
}

size_t xml_pass_over(struct slice in, size_t at)
{
    if (starts_at(in, at, SL("<!--"))) return behind(in, at + 4, SL("-->"));
    if (starts_at(in, at, SL("<?"))) return behind(in, at + 2, SL("?>"));
    if (starts_at(in, at, SL("<!DOCTYPE")) || starts_at(in, at, SL("<!doctype")))
        return behind_doctype(in, at + 9);
    return at;
}

void xml_filter_init(struct xml_filter *f, struct slice in)
{
    *f = (struct xml_filter){ .in = in };
    if (slice_starts(in, SL("\xef\xbb\xbf"))) f->at = 3;
    if (!starts_at(in, f->at, SL("<?xml"))) return;
    struct slice line = slice_sub(in, f->at, f->at + 200);
    line = slice_sub(line, 0, slice_find(line, SL("?>")));
    if (slice_ifind(line, SL("iso-8859-1")) != SLICE_NONE) f->charset = XML_LATIN1;
    if (slice_ifind(line, SL("iso-8859-15")) != SLICE_NONE) f->charset = XML_LATIN1;
    if (slice_ifind(line, SL("windows-1252")) != SLICE_NONE) f->charset = XML_CP1252;
}

/* The length of the UTF-8 character at p that XML allows, 0 if there is none. */
static size_t utf8_at(const unsigned char *p, size_t n)
{
    if (p[0] < 0xc2 || n < 2 || (p[1] & 0xc0) != 0x80) return 0;
    if (p[0] < 0xe0) return 2;
    if (n < 3 || (p[2] & 0xc0) != 0x80) return 0;
    if (p[0] < 0xf0) {
        unsigned c = (p[0] & 15U) << 12 | (p[1] & 63U) << 6 | (p[2] & 63U);
        bool ours = c >= 0xe000 && c <= 0xe0ff;
        return c < 0x800 || (c >= 0xd800 && c < 0xe000) || c >= 0xfffe || ours ? 0 : 3;
    }
    if (n < 4 || (p[3] & 0xc0) != 0x80) return 0;
    unsigned c = (p[0] & 7U) << 18 | (p[1] & 63U) << 12 | (p[2] & 63U) << 6 | (p[3] & 63U);
    return p[0] > 0xf4 || c < 0x10000 || c > 0x10ffff ? 0 : 4;
}

static size_t put_byte(char *out, unsigned char b)
{
    out[0] = '\xee';
    out[1] = (char)(0x80 | b >> 6);
    out[2] = (char)(0x80 | (b & 63));
    return 3;
}

static size_t put_code(char *out, unsigned c)
{
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 63));
        return 2;
    }
    out[0] = (char)(0xe0 | c >> 12);
    out[1] = (char)(0x80 | (c >> 6 & 63));
    out[2] = (char)(0x80 | (c & 63));
    return 3;
}

static size_t put_high(struct xml_filter *f, char *out)
{
    const unsigned char *p = (const unsigned char *)f->in.p + f->at;
    if (f->charset != XML_UTF8) {
        f->at++;
        return put_code(out, f->charset == XML_CP1252 && *p < 0xa0 ? cp1252[*p - 0x80] : *p);
    }
    size_t n = utf8_at(p, f->in.n - f->at);
    if (n == 0) {
        f->at++;
        return put_byte(out, *p);
    }
    memcpy(out, p, n);
    f->at += n;
    return n;
}

/* A character reference to what XML forbids ("&#0;", "&#x1b;"): replaced like the byte itself. */
static size_t put_reference(struct xml_filter *f, char *out)
{
    struct slice s = slice_sub(f->in, f->at, f->at + 12);
    size_t end = slice_chr(s, ';');
    uint64_t code = 0x20;
    if (end != SLICE_NONE && slice_starts(s, SL("&#"))) {
        bool hex = end > 2 && (s.p[2] == 'x' || s.p[2] == 'X');
        struct slice digits = slice_sub(s, hex ? 3 : 2, end);
        if (!(hex ? num_hex(digits, 0x10ffff, &code) : num_u64(digits, 0x10ffff, &code)))
            code = 0x20;
    }
    if (code >= 0x20 || code == '\t' || code == '\n') {
        *out = '&';
        f->at++;
        return 1;
    }
    f->at += end + 1;
    return put_byte(out, (unsigned char)code);
}

static size_t put_char(struct xml_filter *f, char *out)
{
    unsigned char c = (unsigned char)f->in.p[f->at];
    if (c >= 0x80) return put_high(f, out);
    if (c == '&' && f->mode != XML_MODE_CDATA) return put_reference(f, out);
    f->at++;
    bool forbidden = c < 0x20 && c != '\t' && c != '\n' && c != '\r';
    if (c == '\r') forbidden = f->mode == XML_MODE_CDATA; /* elsewhere CR LF is LF, as XML has it */
    if (f->mode == XML_MODE_CDATA && (c == '<' || c == '&' || c == '>')) forbidden = true;
    if (forbidden) return put_byte(out, c);
    *out = (char)c;
    return 1;
}

static void set_mode(struct xml_filter *f, enum xml_mode mode)
{
    f->mode = mode;
    f->run = 0;
}

/* Newlines of what is left out stay, so that lines keep their numbers. */
static size_t leave_out(struct xml_filter *f, char *out, size_t room)
{
    size_t n = 0;
    while (f->at < f->skip_to && n < room)
        if (f->in.p[f->at++] == '\n') {
            if (f->started)
                out[n++] = '\n';
            else
                f->unseen++;
        }
    return n;
}

static size_t at_less_than(struct xml_filter *f, char *out)
{
    if (starts_at(f->in, f->at, SL("<![CDATA["))) {
        f->at += 9;
        set_mode(f, XML_MODE_CDATA);
        return 0;
    }
    f->skip_to = xml_pass_over(f->in, f->at);
    if (f->skip_to == SLICE_NONE) {
        f->error = "the document ends inside a comment, an instruction or its DOCTYPE";
        f->skip_to = 0;
    }
    if (f->error || f->skip_to != f->at) return 0;
    f->started = true;
    set_mode(f, XML_MODE_TAG);
    f->quote = 0;
    f->at++;
    *out = '<';
    return 1;
}

/* Blanks in front of the root element: libxml2's reader takes some of them for an empty document. */
static bool pass_blank(struct xml_filter *f, char c)
{
    if (f->started || (c != ' ' && c != '\t' && c != '\r' && c != '\n')) return false;
    if (c == '\n') f->unseen++;
    f->at++;
    return true;
}

static void in_tag(struct xml_filter *f, char c)
{
    if (f->quote) {
        if (c == f->quote) f->quote = 0;
    } else if (c == '"' || c == '\'') {
        f->quote = c;
    } else if (c == '>') {
        set_mode(f, XML_MODE_TEXT);
    }
}

static bool too_long(struct xml_filter *f)
{
    if (f->mode == XML_MODE_TAG ? f->run <= MAX_TAG : f->run <= MAX_TEXT) return false;
    f->error = f->mode == XML_MODE_TAG ? "a tag longer than 1 MiB" : "a text longer than 24 MiB";
    return true;
}

/* Copies what needs no look: most of a document. */
static size_t put_run(struct xml_filter *f, char *out, size_t room)
{
    const char *p = f->in.p + f->at;
    size_t n = 0, most = f->in.n - f->at < room ? f->in.n - f->at : room;
    if (f->mode == XML_MODE_TAG || !f->started || f->at < f->skip_to) return 0;
    for (; n < most; n++) {
        unsigned char c = (unsigned char)p[n];
        if (c < 0x20 || c >= 0x7f || c == '<' || c == '&' || c == '>' || c == ']') break;
        out[n] = (char)c;
    }
    f->at += n;
    f->run += n;
    return n;
}

size_t xml_filter_read(struct xml_filter *f, char *out, size_t room)
{
    size_t n = 0;
    while (f->at < f->in.n && n + 8 <= room && !f->error) {
        char c = f->in.p[f->at];
        size_t run = put_run(f, out + n, room - n - 8);
        if (run > 0) {
            n += run;
            if (too_long(f)) return 0;
            continue;
        }
        if (f->at < f->skip_to) {
            n += leave_out(f, out + n, room - n);
            continue;
        }
        if (pass_blank(f, c)) continue;
        if (f->mode == XML_MODE_TEXT && c == '<') {
            n += at_less_than(f, out + n);
            continue;
        }
        if (f->mode == XML_MODE_CDATA && starts_at(f->in, f->at, SL("]]>"))) {
            f->at += 3;
            set_mode(f, XML_MODE_TEXT);
            continue;
        }
        n += put_char(f, out + n);
        f->run++;
        if (f->mode == XML_MODE_TAG) in_tag(f, c);
        if (too_long(f)) return 0;
    }
    if (f->at >= f->in.n && f->mode == XML_MODE_CDATA && n == 0)
        f->error = "the document ends inside a CDATA section";
    return f->error ? 0 : n;
}

struct slice xml_unfilter(struct arena *a, struct slice s)
{
    size_t at = slice_chr(s, '\xee');
    if (at == SLICE_NONE) return arena_dup(a, s);
    char *out = arena_alloc(a, s.n + 1, 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n;) {
        unsigned char second = i + 2 < s.n ? (unsigned char)s.p[i + 1] : 0;
        if (s.p[i] != '\xee' || second < 0x80 || second > 0x83) {
            out[n++] = s.p[i++];
            continue;
        }
        out[n++] = (char)((second & 3) << 6 | (s.p[i + 2] & 63));
        i += 3;
    }
    return (struct slice){ out, n };
}
