/* The incremental HTTP/1 parser: a state machine over fed bytes, one function per state.
 *
 * Called by the native engine and by capture. Each step either moves on (STEP) or tells an event; the
 * loop in http_parser_feed runs steps until there is one. Heads that lie whole in one feed are scanned
 * where they lie; the rest is gathered up to limits.head_bytes. Trailers have a buffer of their own,
 * because the head's slices must stay valid while they grow. */
#include "http/parse.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "http/head.h"

enum at {
    AT_IDLE,
    AT_HEAD,
    AT_LENGTH,
    AT_CLOSE,
    AT_SIZE,
    AT_EXT,
    AT_DATA,
    AT_DATA_END,
    AT_TRAILER,
    AT_DONE,
    AT_BAD
};

/* Beside the public events: nothing to tell yet. */
#define STEP ((enum parse_event) - 1)

struct parse_state {
    enum at at;
    struct buf head, tail; /* gathered head, gathered trailers */
    size_t scanned;        /* how far head was looked through for its end */
    bool cr;               /* a CR was the last byte of the chunk line */
    uint64_t left;         /* body or chunk bytes to come */
    size_t line;           /* bytes of the chunk line so far */
    unsigned digits;
    size_t headers_cap, trailers_cap;
};

void http_parser_init(struct http_parser *p, enum parse_kind kind, struct parse_limits limits)
{
    if (limits.head_bytes == 0) limits.head_bytes = (size_t)64 << 10;
    if (limits.headers == 0) limits.headers = 200;
    if (limits.body_bytes == 0) limits.body_bytes = UINT64_MAX;
    *p = (struct http_parser){ .kind = kind, .limits = limits };
    p->state = mem_alloc(1, sizeof *p->state);
    buf_init(&p->state->head, limits.head_bytes + 1);
    buf_init(&p->state->tail, limits.head_bytes + 1);
}

void http_parser_free(struct http_parser *p)
{
    if (!p->state) return;
    buf_free(&p->state->head);
    buf_free(&p->state->tail);
    free(p->headers.v);
    free(p->trailers.v);
    free(p->state);
    *p = (struct http_parser){ 0 };
}

void http_parser_next_message(struct http_parser *p)
{
    struct parse_state *st = p->state;
    bool interim = p->status >= 100 && p->status < 200 && p->status != 101;
    p->answers_head &= interim;
    p->answers_connect &= interim;
    p->method = p->target = p->reason = p->head = p->piece = (struct slice){ 0 };
    p->status = p->version_minor = 0;
    p->headers.n = p->trailers.n = 0;
    p->framing = FRAME_NONE;
    p->content_length = p->body_bytes = 0;
    p->keep_alive = p->upgrade = false;
    p->error = NULL;
    buf_reset(&st->head);
    buf_reset(&st->tail);
    st->at = AT_IDLE;
    st->scanned = 0;
}

static enum parse_event bad(struct http_parser *p, const char *why)
{
    p->error = why;
    p->state->at = AT_BAD;
    return PARSE_BAD;
}

static struct slice take(struct slice *in, uint64_t n)
{
    struct slice s = { in->p, n < in->n ? (size_t)n : in->n };
    *in = slice_from(*in, s.n);
    return s;
}

/* RFC 9112 2.2: empty lines before a message are passed over. */
static enum parse_event step_idle(struct http_parser *p, struct slice *in)
{
    while (in->n > 0 && (in->p[0] == '\r' || in->p[0] == '\n'))
        take(in, 1);
    if (in->n == 0) return PARSE_MORE;
    p->state->at = AT_HEAD;
    return STEP;
}

static void begin_chunk_line(struct parse_state *st)
{
    st->at = AT_SIZE;
    st->left = 0;
    st->digits = 0;
    st->line = 0;
    st->cr = false;
}

static void enter_body(struct http_parser *p)
{
    struct parse_state *st = p->state;
    switch (p->framing) {
    case FRAME_NONE:
    case FRAME_TUNNEL: st->at = AT_DONE; break;
    case FRAME_LENGTH:
        st->left = p->content_length;
        st->at = AT_LENGTH;
        break;
    case FRAME_CLOSE: st->at = AT_CLOSE; break;
    case FRAME_CHUNKED: begin_chunk_line(st); break;
    }
}

static const char *start_line(struct http_parser *p, struct slice *text)
{
    return p->kind == PARSE_REQUEST ? head_request_line(p, text) : head_status_line(p, text);
}

static const char *fields(struct http_parser *p, struct slice *text, unsigned how)
{
    how |= p->lenient ? HEAD_LENIENT : 0;
    return head_fields(text, &p->headers, &p->state->headers_cap, p->limits.headers, how);
}

/* Start line and headers are read. */
static enum parse_event begin_body(struct http_parser *p)
{
    const char *why = head_framing(p);
    if (why) return bad(p, why);
    if (p->content_length > p->limits.body_bytes) return bad(p, "the body is over the limit");
    enter_body(p);
    return PARSE_HEAD;
}

/* text: the whole head, empty line included. */
static enum parse_event head_done(struct http_parser *p, struct slice text)
{
    size_t end = text.n - (text.p[text.n - 2] == '\r' ? 2 : 1);
    p->head = slice_sub(text, 0, end);
    text = p->head;
    const char *why = start_line(p, &text);
    if (!why) why = fields(p, &text, 0);
    return why ? bad(p, why) : begin_body(p);
}

/* A head that may be borrowed and lies whole in the feed is read in one pass. STEP when it does not, or
 * when something is wrong with it: then the long way finds out what. */
static enum parse_event borrow_head(struct http_parser *p, struct slice *in)
{
    struct slice text = slice_sub(*in, 0, p->limits.head_bytes);
    if (start_line(p, &text) || fields(p, &text, HEAD_AS_IS) || !text.p) return STEP;
    size_t n = (size_t)(text.p - in->p);
    p->head = slice_sub(*in, 0, n - (text.p[-2] == '\r' ? 2 : 1));
    take(in, n);
    return begin_body(p);
}

static void move(struct slice *s, ptrdiff_t by)
{
    if (s->p) s->p += by;
}

void http_parser_keep(struct http_parser *p)
{
    struct parse_state *st = p->state;
    if (!p->head.p || st->head.n > 0) return;
    buf_add(&st->head, p->head);
    ptrdiff_t by = st->head.p - p->head.p;
    move(&p->head, by);
    move(&p->method, by);
    move(&p->target, by);
    move(&p->reason, by);
    for (size_t i = 0; i < p->headers.n; i++) {
        move(&p->headers.v[i].name, by);
        move(&p->headers.v[i].value, by);
    }
}

/* A head of which something was gathered before, or that is not whole yet. */
static enum parse_event gather_head(struct http_parser *p, struct slice *in)
{
    struct parse_state *st = p->state;
    size_t old = st->head.n, limit = p->limits.head_bytes;
    struct slice piece = slice_sub(*in, 0, limit + 1 - old);
    buf_add(&st->head, piece);
    struct slice text = buf_slice(&st->head);
    const char *why = head_start(p->kind, text);
    if (why) return bad(p, why);
    bool folded = false;
    size_t end = head_end(text, st->scanned, &folded);
    /* The empty line may have begun in the last two bytes. */
    st->scanned = text.n > 3 ? text.n - 3 : 0;
    if (end == SLICE_NONE && text.n <= limit) {
        take(in, piece.n);
        return PARSE_MORE;
    }
    if (end > limit) return bad(p, "the head is over the limit");
    take(in, end - old);
    st->head.n = end;
    return head_done(p, buf_slice(&st->head));
}

static enum parse_event step_head(struct http_parser *p, struct slice *in)
{
    struct parse_state *st = p->state;
    if (in->n == 0) return PARSE_MORE;
    if (st->head.n > 0) return gather_head(p, in);
    enum parse_event ev = p->borrow ? borrow_head(p, in) : STEP;
    if (ev != STEP) return ev;
    bool folded = false;
    size_t end = head_end(slice_sub(*in, 0, p->limits.head_bytes), 0, &folded);
    if (end == SLICE_NONE || folded) return gather_head(p, in);
    const char *why = head_start(p->kind, *in);
    if (why) return bad(p, why);
    struct slice text = take(in, end);
    if (p->borrow) return head_done(p, text);
    buf_add(&st->head, text);
    return head_done(p, buf_slice(&st->head));
}

static enum parse_event piece_of(struct http_parser *p, struct slice *in, uint64_t n)
{
    p->piece = take(in, n);
    p->body_bytes += p->piece.n;
    return PARSE_BODY;
}

static enum parse_event step_length(struct http_parser *p, struct slice *in)
{
    struct parse_state *st = p->state;
    if (st->left == 0) {
        st->at = AT_DONE;
        return STEP;
    }
    if (in->n == 0) return PARSE_MORE;
    piece_of(p, in, st->left);
    st->left -= p->piece.n;
    if (st->left == 0) st->at = AT_DONE;
    return PARSE_BODY;
}

static enum parse_event step_close(struct http_parser *p, struct slice *in)
{
    uint64_t room = p->limits.body_bytes - p->body_bytes;
    if (in->n == 0) return PARSE_MORE;
    if (room == 0) return bad(p, "the body is over the limit");
    return piece_of(p, in, room);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* The chunk line is complete: data, or the last chunk. */
static enum parse_event chunk_line_done(struct http_parser *p)
{
    struct parse_state *st = p->state;
    if (st->digits == 0) return bad(p, "a chunk without a size");
    if (st->left > p->limits.body_bytes - p->body_bytes)
        return bad(p, "the body is over the limit");
    st->at = st->left > 0 ? AT_DATA : AT_TRAILER;
    return STEP;
}

/* RFC 9112 7.1: hexadecimal digits; what follows up to the line's end is an extension. */
static enum parse_event step_size(struct http_parser *p, struct slice *in)
{
    struct parse_state *st = p->state;
    while (in->n > 0) {
        int v = hex_value(in->p[0]);
        if (v < 0) {
            st->at = AT_EXT;
            return STEP;
        }
        if (st->left >> 58) return bad(p, "a chunk size over the limit");
        if (++st->line > p->limits.head_bytes) return bad(p, "a chunk line over the limit");
        st->left = st->left << 4 | (uint64_t)v;
        st->digits++;
        take(in, 1);
    }
    return PARSE_MORE;
}

static enum parse_event step_ext(struct http_parser *p, struct slice *in)
{
    struct parse_state *st = p->state;
    while (in->n > 0) {
        char c = take(in, 1).p[0];
        if (c == '\n') return chunk_line_done(p);
        if (st->cr) return bad(p, "a bare CR in a chunk line");
        bool first = st->line == st->digits;
        if (first && c != '\r' && c != ';' && c != ' ' && c != '\t')
            return bad(p, "a chunk size that is no number");
        if (++st->line > p->limits.head_bytes) return bad(p, "a chunk line over the limit");
        st->cr = c == '\r';
    }
    return PARSE_MORE;
}

static enum parse_event step_data(struct http_parser *p, struct slice *in)
{
    struct parse_state *st = p->state;
    if (in->n == 0) return PARSE_MORE;
    piece_of(p, in, st->left);
    st->left -= p->piece.n;
    if (st->left == 0) {
        st->at = AT_DATA_END;
        st->cr = false;
    }
    return PARSE_BODY;
}

static enum parse_event step_data_end(struct http_parser *p, struct slice *in)
{
    struct parse_state *st = p->state;
    while (in->n > 0) {
        char c = take(in, 1).p[0];
        if (c == '\n') {
            begin_chunk_line(st);
            return STEP;
        }
        if (c != '\r' || st->cr) return bad(p, "a chunk longer than its size");
        st->cr = true;
    }
    return PARSE_MORE;
}

/* The gathered trailers end with an empty line; often there is nothing but that. */
static bool trailer_ended(struct slice t)
{
    if (slice_eq(t, SL("\n")) || slice_eq(t, SL("\r\n"))) return true;
    return slice_ends(t, SL("\n\n")) || slice_ends(t, SL("\n\r\n"));
}

static enum parse_event step_trailer(struct http_parser *p, struct slice *in)
{
    struct parse_state *st = p->state;
    while (in->n > 0) {
        const char *lf = memchr(in->p, '\n', in->n);
        buf_add(&st->tail, take(in, lf ? (size_t)(lf - in->p) + 1 : in->n));
        if (st->tail.bad || st->tail.n > p->limits.head_bytes)
            return bad(p, "the trailers are over the limit");
        if (!trailer_ended(buf_slice(&st->tail))) continue;
        struct slice text = buf_slice(&st->tail);
        const char *why = head_fields(&text, &p->trailers, &st->trailers_cap, p->limits.headers,
                                      p->lenient ? HEAD_LENIENT : 0);
        if (why) return bad(p, why);
        st->at = AT_DONE;
        return STEP;
    }
    return PARSE_MORE;
}

enum parse_event http_parser_feed(struct http_parser *p, struct slice *in)
{
    enum parse_event ev = STEP;
    while (ev == STEP) {
        switch (p->state->at) {
        case AT_IDLE: ev = step_idle(p, in); break;
        case AT_HEAD: ev = step_head(p, in); break;
        case AT_LENGTH: ev = step_length(p, in); break;
        case AT_CLOSE: ev = step_close(p, in); break;
        case AT_SIZE: ev = step_size(p, in); break;
        case AT_EXT: ev = step_ext(p, in); break;
        case AT_DATA: ev = step_data(p, in); break;
        case AT_DATA_END: ev = step_data_end(p, in); break;
        case AT_TRAILER: ev = step_trailer(p, in); break;
        case AT_DONE: ev = PARSE_DONE; break;
        case AT_BAD: ev = PARSE_BAD; break;
        }
    }
    return ev;
}

enum parse_event http_parser_eof(struct http_parser *p)
{
    switch (p->state->at) {
    case AT_IDLE: return PARSE_MORE;
    case AT_HEAD: return bad(p, "closed in the middle of the head");
    case AT_LENGTH:
        if (p->state->left > 0) return bad(p, "closed in the middle of the body");
        break;
    case AT_CLOSE:
    case AT_DONE: break;
    case AT_SIZE:
    case AT_EXT:
    case AT_DATA:
    case AT_DATA_END:
    case AT_TRAILER: return bad(p, "closed in the middle of a chunked body");
    case AT_BAD: return PARSE_BAD;
    }
    p->state->at = AT_DONE;
    return PARSE_DONE;
}

enum parse_event http_parser_cut_head(struct http_parser *p)
{
    struct parse_state *st = p->state;
    if (st->at != AT_HEAD) return bad(p, "cut, but not in a head");
    while (st->head.n && st->head.p[st->head.n - 1] != '\n')
        st->head.n--;
    if (!st->head.n || !buf_addc(&st->head, '\n')) return bad(p, "cut in the first line");
    p->lenient = true;
    if (head_done(p, buf_slice(&st->head)) == PARSE_BAD) return PARSE_BAD;
    p->framing = FRAME_NONE;
    st->at = AT_DONE;
    return PARSE_HEAD;
}
