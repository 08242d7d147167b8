/* Message heads: start lines, header fields, framing. Called by http/parse.c with whole heads.
 *
 * Scans with memchr; a header name is checked byte by byte against the token table on the way to its
 * colon. Nothing is copied: slices of the text that was given. Malformed heads are refused rather than
 * repaired, because two readers that repair differently are a hole (RFC 9112 11.2); what recordings
 * really hold and no reader misunderstands is taken: bare LF, blanks in a request target. */
#include "http/head.h"

#include <string.h>

#include "base/mem.h"
#include "base/num.h"

/* RFC 9110 5.6.2 */
static const bool token_char[256] = {
    ['!'] = true,         ['#' ... '\''] = true, ['*'] = true,         ['+'] = true,
    ['-'] = true,         ['.'] = true,          ['0' ... '9'] = true, ['A' ... 'Z'] = true,
    ['^' ... 'z'] = true, ['|'] = true,          ['~'] = true,
};

static bool is_token(char c)
{
    return token_char[(unsigned char)c];
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

size_t head_end(struct slice text, size_t from, bool *folded)
{
    while (from < text.n) {
        const char *lf = memchr(text.p + from, '\n', text.n - from);
        if (!lf) return SLICE_NONE;
        from = (size_t)(lf - text.p) + 1;
        size_t left = text.n - from;
        if (left > 0 && lf[1] == '\n') return from + 1;
        if (left > 1 && lf[1] == '\r' && lf[2] == '\n') return from + 2;
        if (left > 0 && is_blank(lf[1])) *folded = true;
    }
    return SLICE_NONE;
}

const char *head_start(enum parse_kind kind, struct slice text)
{
    struct slice version = SL("HTTP/1.");
    if (kind == PARSE_RESPONSE) {
        size_t n = text.n < version.n ? text.n : version.n;
        return memcmp(text.p, version.p, n) ? "not an HTTP/1 response" : NULL;
    }
    size_t i = 0;
    while (i < text.n && i < 40 && is_token(text.p[i]))
        i++;
    if (i == text.n) return NULL;
    return i > 0 && i < 40 && text.p[i] == ' ' ? NULL : "not an HTTP/1 request";
}

/* The next line without its end; false at the end of text. */
static bool next_line(struct slice *text, struct slice *line)
{
    if (text->n == 0) return false;
    const char *lf = memchr(text->p, '\n', text->n);
    size_t n = lf ? (size_t)(lf - text->p) : text->n;
    *line = (struct slice){ text->p, n };
    *text = slice_from(*text, lf ? n + 1 : n);
    if (n > 0 && line->p[n - 1] == '\r') line->n--;
    return true;
}

static const char *bad_bytes(struct slice line)
{
    if (line.n == 0) return NULL;
    if (memchr(line.p, '\r', line.n)) return "a bare CR in the head";
    return memchr(line.p, '\0', line.n) ? "a NUL byte in the head" : NULL;
}

static bool version_minor(struct slice s, int *minor)
{
    if (s.n != 8 || memcmp(s.p, "HTTP/1.", 7) || s.p[7] < '0' || s.p[7] > '9') return false;
    *minor = s.p[7] - '0';
    return true;
}

const char *head_request_line(struct http_parser *p, struct slice *text)
{
    struct slice line = { 0 }, rest;
    if (!next_line(text, &line)) return "an empty head";
    const char *why = bad_bytes(line);
    if (why) return why;
    if (!slice_cut(line, ' ', &p->method, &rest)) return "a request line without a target";
    if (rest.n < 10 || rest.p[rest.n - 9] != ' ') return "a request line without HTTP/1.x";
    if (!version_minor(slice_from(rest, rest.n - 8), &p->version_minor))
        return "a request line without HTTP/1.x";
    p->target = slice_sub(rest, 0, rest.n - 9);
    return NULL;
}

static bool three_digits(const char *p, int *n)
{
    unsigned a = (unsigned)(p[0] - '0'), b = (unsigned)(p[1] - '0'), c = (unsigned)(p[2] - '0');
    *n = (int)(a * 100 + b * 10 + c);
    return a < 10 && b < 10 && c < 10;
}

/* Obsolete folding (RFC 9112 5.2): the continuation moves up behind the value, one blank between. The
 * value ends before its line's end, so there is always room. */
static void unfold(struct slice *value, struct slice more)
{
    more = slice_trim(more);
    if (more.n == 0) return;
    if (value->n == 0) {
        *value = more;
        return;
    }
    char *end = (char *)(uintptr_t)value->p + value->n;
    *end = ' ';
    memmove(end + 1, more.p, more.n);
    value->n += 1 + more.n;
}

/* What a value may hold: all but NUL and line ends. */
static bool is_text(char c)
{
    return c != '\0' && c != '\r' && c != '\n';
}

/* The high bit of the first of eight bytes that is below a blank is set, and none before it
 * (little-endian). */
static uint64_t controls(const char *p)
{
    const uint64_t ones = 0x0101010101010101;
    uint64_t x;
    memcpy(&x, p, sizeof x);
    return (x - ones * ' ') & ~x & ones << 7;
}

/* To the line's end, or a byte that has no place in a line. */
static inline const char *skip_text(const char *p, const char *end)
{
    while (end - p >= 8) {
        uint64_t found = controls(p);
        if (!found) {
            p += 8;
            continue;
        }
        p += __builtin_ctzll(found) / 8;
        if (!is_text(*p)) return p;
        p++; /* a tab, or another control character */
    }
    while (p < end && is_text(*p))
        p++;
    return p;
}

static inline const char *skip_token(const char *p, const char *end)
{
    for (; end - p >= 8; p += 8) {
        if (!is_token(p[0])) return p;
        if (!is_token(p[1])) return p + 1;
        if (!is_token(p[2])) return p + 2;
        if (!is_token(p[3])) return p + 3;
        if (!is_token(p[4])) return p + 4;
        if (!is_token(p[5])) return p + 5;
        if (!is_token(p[6])) return p + 6;
        if (!is_token(p[7])) return p + 7;
    }
    while (p < end && is_token(*p))
        p++;
    return p;
}

/* Behind the line's end at p (or the text's); NULL with *why for what is no line end. */
static const char *line_end(const char *p, const char *end, const char **why)
{
    if (p == end) return p;
    if (*p == '\n') return p + 1;
    if (*p == '\r' && p + 1 == end) return end;
    if (*p == '\r' && p[1] == '\n') return p + 2;
    *why = *p ? "a bare CR in the head" : "a NUL byte in the head";
    return NULL;
}

/* "HTTP/1.1 200 OK": the line's rest is the reason, which may hold anything. */
const char *head_status_line(struct http_parser *p, struct slice *text)
{
    const char *at = text->p, *end = at + text->n, *why = NULL;
    int status;
    if (text->n == 0) return "an empty head";
    const char *to = skip_text(at, end), *next = line_end(to, end, &why);
    size_t n = (size_t)(to - at);
    if (why) return why;
    if (n < 12 || !version_minor((struct slice){ at, 8 }, &p->version_minor) || at[8] != ' ')
        return "a status line without HTTP/1.x and a status";
    if (!three_digits(at + 9, &status) || status < 100)
        return "a status that is no number of three digits";
    if (n > 12 && at[12] != ' ') return "a status that is no number of three digits";
    p->status = status;
    p->reason = n > 13 ? (struct slice){ at + 13, n - 13 } : (struct slice){ to, 0 };
    *text = (struct slice){ next, (size_t)(end - next) };
    return NULL;
}

/* The rest of a line from p on, without blanks at its ends; p moves behind the line. */
static const char *rest_of_line(const char **p, const char *end, struct slice *rest)
{
    const char *why = NULL, *from = *p;
    while (from < end && is_blank(*from))
        from++;
    const char *to = skip_text(from, end);
    *p = line_end(to, end, &why);
    while (to > from && is_blank(to[-1]))
        to--;
    *rest = (struct slice){ from, (size_t)(to - from) };
    return why;
}

static const char *name_trouble(const char *name, const char *p, const char *end)
{
    if (p == end || *p == '\r' || *p == '\n') return "a header line without ':'";
    if (*p != ':') return is_blank(*p) ? "a blank in a header name" : "a bad header name";
    return p == name ? "an empty header name" : NULL;
}

static const char *field(const char **p, const char *end, struct header *h)
{
    const char *name = *p, *colon = skip_token(name, end);
    const char *why = name_trouble(name, colon, end);
    if (why) return why;
    h->name = (struct slice){ name, (size_t)(colon - name) };
    *p = colon + 1;
    return rest_of_line(p, end, &h->value);
}

/* A line as nearly all are: "name: value" and CR LF. Behind it, or NULL: it is another. */
static inline const char *plain_field(const char *name, const char *end, struct header *h)
{
    const char *colon = skip_token(name, end);
    if (end - colon < 4 || colon == name || memcmp(colon, ": ", 2) != 0) return NULL;
    const char *from = colon + 2, *to = skip_text(from, end);
    if (end - to < 2 || memcmp(to, "\r\n", 2) != 0) return NULL;
    if (*from <= ' ' || to[-1] <= ' ') return NULL; /* more blanks, or no value, or not ASCII */
    h->name = (struct slice){ name, (size_t)(colon - name) };
    h->value = (struct slice){ from, (size_t)(to - from) };
    return to + 2;
}

/* As many of them as there are room for, up to a line of another kind, or the empty one. */
static const char *plain_fields(const char *p, const char *end, struct headers *h, size_t room)
{
    struct header *v = h->v;
    size_t n = h->n;
    for (const char *next; n < room && (next = plain_field(p, end, &v[n])); p = next)
        n++;
    h->n = n;
    return p;
}

static bool is_empty_line(const char *p, const char *end)
{
    return *p == '\n' || (*p == '\r' && p + 1 < end && p[1] == '\n');
}

static const char *folded(const char **p, const char *end, struct headers *h, unsigned how)
{
    struct slice more;
    if (h->n == 0) return "a blank before the first header";
    if (how & HEAD_AS_IS) return "a folded line";
    const char *why = rest_of_line(p, end, &more);
    if (!why) unfold(&h->v[h->n - 1].value, more);
    return why;
}

static const char *behind_line(const char *p, const char *end)
{
    const char *lf = memchr(p, '\n', (size_t)(end - p));
    return lf ? lf + 1 : end;
}

/* The line at *p: a header, or more of the one before it. */
static const char *line_to_header(const char **p, const char *end, struct headers *h, unsigned how)
{
    const char *line = *p, *why = NULL;
    if (is_blank(*line))
        why = folded(p, end, h, how);
    else if (!(why = field(p, end, &h->v[h->n])))
        h->n++;
    bool passed_over = why && (how & HEAD_LENIENT) && !(how & HEAD_AS_IS && is_blank(*line));
    if (!passed_over) return why;
    *p = behind_line(line, end);
    return NULL;
}

const char *head_fields(struct slice *text, struct headers *h, size_t *cap, size_t max,
                        unsigned how)
{
    const char *p = text->p, *end = p + text->n;
    h->n = 0;
    for (;;) {
        p = plain_fields(p, end, h, *cap < max ? *cap : max);
        if (p == end || is_empty_line(p, end)) break;
        if (h->n == max) return "too many headers";
        if (h->n == *cap) mem_grow(&h->v, cap, h->n + 1, sizeof *h->v);
        const char *why = line_to_header(&p, end, h, how);
        if (why) return why;
    }
    *text = (struct slice){ NULL, 0 };
    if (p == end) return NULL;
    p = behind_line(p, end);
    *text = (struct slice){ p, (size_t)(end - p) };
    return NULL;
}

/* What the headers say about the message's end and the connection. */
struct hints {
    bool has_length, has_coding, chunked, close, keep_alive;
    uint64_t length;
};

/* RFC 9112 6.3: repeated equal lengths are one length, anything else is refused. */
static const char *read_length(struct hints *hi, struct slice value)
{
    struct slice piece;
    uint64_t n;
    if (value.n == 0) return "an empty Content-Length";
    if (!hi->has_length && num_u64(value, INT64_MAX, &hi->length)) {
        hi->has_length = true;
        return NULL;
    }
    while (slice_next(&value, ',', &piece)) {
        if (!num_u64(slice_trim(piece), INT64_MAX, &n)) return "a Content-Length that is no number";
        if (hi->has_length && hi->length != n) return "two Content-Length that differ";
        hi->has_length = true;
        hi->length = n;
    }
    return NULL;
}

static void read_coding(struct hints *hi, struct slice value)
{
    struct slice piece;
    while (slice_next(&value, ',', &piece)) {
        piece = slice_trim(piece);
        if (piece.n == 0 || slice_ieq(piece, SL("identity"))) continue;
        hi->has_coding = true;
        hi->chunked = slice_ieq(piece, SL("chunked"));
    }
}

static void read_connection(struct hints *hi, struct slice value)
{
    struct slice piece;
    if (slice_ieq(value, SL("keep-alive"))) {
        hi->keep_alive = true;
        return;
    }
    while (slice_next(&value, ',', &piece)) {
        piece = slice_trim(piece);
        if (slice_ieq(piece, SL("close"))) hi->close = true;
        if (slice_ieq(piece, SL("keep-alive"))) hi->keep_alive = true;
    }
}

static const char *read_hints(const struct headers *h, struct hints *hi, bool lenient)
{
    for (size_t i = 0; i < h->n; i++) {
        struct slice name = h->v[i].name, value = h->v[i].value;
        const char *why = NULL;
        if (slice_ieq(name, SL("Content-Length"))) why = read_length(hi, value);
        if (slice_ieq(name, SL("Transfer-Encoding"))) read_coding(hi, value);
        if (slice_ieq(name, SL("Connection"))) read_connection(hi, value);
        if (why && !lenient) return why;
    }
    return NULL;
}

static bool bodyless(const struct http_parser *p)
{
    return p->answers_head || p->status < 200 || p->status == 204 || p->status == 304;
}

static bool tunnel(const struct http_parser *p)
{
    return p->status == 101 || (p->answers_connect && p->status >= 200 && p->status < 300);
}

static enum parse_framing frame_of(const struct http_parser *p, const struct hints *hi)
{
    bool response = p->kind == PARSE_RESPONSE;
    if (response && tunnel(p)) return FRAME_TUNNEL;
    if (response && bodyless(p)) return FRAME_NONE;
    if (hi->has_coding) return hi->chunked ? FRAME_CHUNKED : FRAME_CLOSE;
    if (hi->has_length) return FRAME_LENGTH;
    return response ? FRAME_CLOSE : FRAME_NONE;
}

const char *head_framing(struct http_parser *p)
{
    struct hints hi = { 0 };
    const char *why = read_hints(&p->headers, &hi, p->lenient);
    if (why) return why;
    p->framing = frame_of(p, &hi);
    /* RFC 9112 6.1: nobody can know where such a request ends. */
    if (p->kind == PARSE_REQUEST && p->framing == FRAME_CLOSE && p->lenient)
        p->framing = hi.has_length ? FRAME_LENGTH : FRAME_NONE;
    if (p->kind == PARSE_REQUEST && p->framing == FRAME_CLOSE)
        return "a request whose last transfer coding is not chunked";
    p->content_length = p->framing == FRAME_LENGTH ? hi.length : 0;
    p->upgrade = p->framing == FRAME_TUNNEL;
    p->keep_alive = p->version_minor > 0 ? !hi.close : hi.keep_alive && !hi.has_coding;
    if (p->framing == FRAME_CLOSE || p->upgrade) p->keep_alive = false;
    return NULL;
}
