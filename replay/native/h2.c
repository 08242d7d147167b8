/* HTTP/2 (RFC 9113) on an open connection, with nghttp2: many flights at once. Called by conn.c.
 *
 * Frames are sent once per turn for all flights that started in it. nghttp2 takes its memory from the
 * engine's pool: a stream is a dozen small blocks that come and go. A stream that the server refused
 * (RST REFUSED_STREAM, or past a GOAWAY) goes again on another connection; one that it reset is a failure.
 * The session is never freed while nghttp2 is on the stack: `inside` puts that off. */
#include "replay/native/native.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define STREAM_WINDOW (6 * 1024 * 1024) /* as Chromium has them */
#define CONNECTION_WINDOW (15 * 1024 * 1024)
#define MAX_STREAMS 100 /* until the server says otherwise, RFC 9113 6.5.2 */
#define MAX_REQUEST_HEADERS 100
#define KEEP_FRAMES (64u << 10) /* a larger buffer is not kept between turns */

struct h2 {
    struct conn *conn;
    nghttp2_session *session;
    struct flights flights; /* on this connection */
    size_t streams;
    struct flight *reading; /* whose headers are arriving; NULL: nobody's */
    struct h2 *next_unflushed;
    const char *broken; /* what the server did that HTTP/2 forbids */
    bool no_http2;      /* it was to speak something else altogether */
    bool unflushed;
    bool inside; /* nghttp2 is on the stack; doomed: to be freed when it has left */
    bool doomed;
};

static void mark_unflushed(struct h2 *h)
{
    if (h->unflushed) return;
    struct engine *e = h->conn->engine;
    h->unflushed = true;
    h->next_unflushed = e->unflushed;
    e->unflushed = h;
    engine_soon(e);
}

static void leave_unflushed(struct h2 *h)
{
    struct h2 **p = &h->conn->engine->unflushed;
    while (*p && *p != h)
        p = &(*p)->next_unflushed;
    if (*p) *p = h->next_unflushed;
    h->unflushed = false;
}

static void destroy(struct h2 *h)
{
    nghttp2_session_del(h->session);
    free(h);
}

/* ---- the end of flights ---- */

static void detach(struct h2 *h, struct flight *f)
{
    if (!flights_remove(&h->flights, f)) return;
    h->streams--;
    if (h->reading == f) h->reading = NULL;
    if (f->stream) nghttp2_session_set_stream_user_data(h->session, f->stream, NULL);
}

static void rest_if_free(struct conn *c)
{
    if (c->state == CONN_GONE) return;
    if (c->closing && !c->at.h2->streams)
        conn_drop(c);
    else
        conn_rest(c);
}

/* Headers came as lengths (the buffer moves while it grows); now the text stays where it is. */
static void place_headers(struct flight *f)
{
    const char *p = f->names.p;
    for (size_t i = 0; i < f->headers_n; i++) {
        f->headers[i].name.p = p;
        p += f->headers[i].name.n;
        f->headers[i].value.p = p;
        p += f->headers[i].value.n;
    }
}

static void finish(struct h2 *h, struct flight *f)
{
    struct call *call = f->call;
    struct conn *c = h->conn;
    place_headers(f);
    call->headers = (struct headers){ f->headers, f->headers_n };
    call->answer_body = buf_slice(&f->body);
    call->http2 = true;
    detach(h, f);
    c->served = true;
    rest_if_free(c);
    flight_end(f, OUTCOME_OK, NULL);
}

static int on_stream_close(nghttp2_session *s, int32_t stream, uint32_t code, void *user)
{
    struct h2 *h = user;
    struct flight *f = nghttp2_session_get_stream_user_data(s, stream);
    if (!f) return 0;
    if (code == NGHTTP2_NO_ERROR && f->call->status) {
        finish(h, f);
        return 0;
    }
    detach(h, f);
    rest_if_free(h->conn);
    if (h->no_http2) /* this side refuses what it has not sent yet */
        flight_end(f, OUTCOME_PROTOCOL, h->broken);
    else if (code == NGHTTP2_REFUSED_STREAM && !f->retried)
        flight_retry(f);
    else if (f->broken)
        flight_end(f, OUTCOME_PROTOCOL, f->broken);
    else
        flight_end(f, OUTCOME_RESET, nghttp2_http2_strerror(code));
    return 0;
}

/* ---- answers ---- */

static int on_begin_headers(nghttp2_session *s, const nghttp2_frame *frame, void *user)
{
    struct h2 *h = user;
    struct flight *f = nghttp2_session_get_stream_user_data(s, frame->hd.stream_id);
    h->reading = f;
    if (!f || frame->headers.cat == NGHTTP2_HCAT_HEADERS)
        return 0; /* trailers follow the headers */
    buf_reset(&f->names);
    f->headers_n = 0;
    f->call->status = 0;
    return 0;
}

static void keep_header(struct flight *f, struct slice name, struct slice value)
{
    if (f->headers_n == f->headers_cap)
        mem_grow(&f->headers, &f->headers_cap, f->headers_n + 1, sizeof *f->headers);
    if (!buf_add(&f->names, name) || !buf_add(&f->names, value)) return;
    f->headers[f->headers_n++] = (struct header){ { NULL, name.n }, { NULL, value.n } };
}

static int on_header(nghttp2_session *s, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_n, const uint8_t *value, size_t value_n, uint8_t flags, void *user)
{
    (void)s;
    (void)frame;
    (void)flags;
    struct flight *f = ((struct h2 *)user)->reading;
    if (!f) return 0;
    struct slice key = { (const char *)name, name_n }, text = { (const char *)value, value_n };
    if (slice_eq(key, SL(":status")) && value_n == 3)
        f->call->status = (value[0] - '0') * 100 + (value[1] - '0') * 10 + (value[2] - '0');
    else
        keep_header(f, key, text);
    if (!f->names.bad) return 0;
    f->broken = "the answer's head is over the limit";
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static int on_frame(nghttp2_session *s, const nghttp2_frame *frame, void *user)
{
    struct h2 *h = user;
    struct flight *f = nghttp2_session_get_stream_user_data(s, frame->hd.stream_id);
    if (frame->hd.type == NGHTTP2_GOAWAY) h->conn->closing = true;
    if (f) flight_answer_bytes(f, frame->hd.length + 9);
    return 0;
}

static int on_chunk(nghttp2_session *s, uint8_t flags, int32_t stream, const uint8_t *p, size_t n,
                    void *user)
{
    (void)flags;
    (void)user;
    struct flight *f = nghttp2_session_get_stream_user_data(s, stream);
    if (!f) return 0;
    if (!f->answered) flight_answer_bytes(f, 0);
    if (flight_gather(f, (struct slice){ (const char *)p, n })) return 0;
    f->broken = "the answer's body is over the limit";
    nghttp2_submit_rst_stream(s, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
    return 0;
}

/* A frame that breaks the rules: nghttp2 resets its stream or says goodbye to the connection. */
static int on_invalid_frame(nghttp2_session *s, const nghttp2_frame *frame, int error, void *user)
{
    (void)s;
    (void)frame;
    ((struct h2 *)user)->broken = nghttp2_strerror(error);
    return 0;
}

/* What nghttp2 has words for; of these only a server without HTTP/2 breaks the connection. */
static int on_complaint(nghttp2_session *s, int error, const char *text, size_t n, void *user)
{
    (void)s;
    (void)text;
    (void)n;
    struct h2 *h = user;
    if (error != NGHTTP2_ERR_SETTINGS_EXPECTED) return 0;
    h->no_http2 = true;
    h->broken = "the server does not speak HTTP/2";
    return 0;
}

/* ---- requests ---- */

static bool is_of_connection(struct slice name)
{
    return slice_eq(name, SL("host")) || slice_eq(name, SL("connection")) ||
           slice_eq(name, SL("keep-alive")) || slice_eq(name, SL("transfer-encoding")) ||
           slice_eq(name, SL("upgrade")) || slice_eq(name, SL("proxy-connection")) ||
           slice_eq(name, SL("expect"));
}

static nghttp2_nv nv_of(struct slice name, struct slice value)
{
    return (nghttp2_nv){ .name = (uint8_t *)(uintptr_t)name.p,
                         .namelen = name.n,
                         .value = (uint8_t *)(uintptr_t)value.p,
                         .valuelen = value.n,
                         .flags = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE };
}

/* Lowers a field's name in place (RFC 9113 8.2.1); where it ends, NULL if no colon ends it. */
static char *lower_name(char *p, const char *end)
{
    for (; p < end; p++) {
        if (*p == ':') return p;
        if (*p >= 'A' && *p <= 'Z') *p = (char)(*p + 32);
    }
    return NULL;
}

/* Header lines of the wire form to name-value pairs. */
static size_t read_lines(char *p, const char *end, nghttp2_nv *nv, size_t max)
{
    size_t used = 0;
    char *next;
    for (; used < max && p < end; p = next) {
        char *line_end = memchr(p, '\n', (size_t)(end - p));
        if (!line_end) break;
        next = line_end + 1;
        char *colon = lower_name(p, line_end);
        if (!colon) continue;
        struct slice name = { p, (size_t)(colon - p) };
        struct slice value = { colon + 1, (size_t)(line_end - colon) - 1 };
        if (!is_of_connection(name)) nv[used++] = nv_of(name, slice_trim(value));
    }
    return used;
}

/* The request's pairs, in the flight's own copy of the head (it stays until the answer begins). */
static size_t request_pairs(struct flight *f, nghttp2_nv *nv)
{
    const struct origin *o = f->call->origin;
    struct slice method, target, rest, head;
    buf_reset(&f->names);
    if (!buf_add(&f->names, f->call->head)) return 0;
    head = buf_slice(&f->names);
    if (!slice_cut(head, ' ', &method, &rest) || !slice_cut(rest, ' ', &target, &rest)) return 0;
    nv[0] = nv_of(SL(":method"), method);
    nv[1] = nv_of(SL(":scheme"), o->scheme);
    nv[2] = nv_of(SL(":authority"), o->authority);
    nv[3] = nv_of(SL(":path"), target);
    size_t line_end = slice_chr(rest, '\n');
    if (line_end == SLICE_NONE) return 4;
    char *lines = f->names.p + (rest.p - f->names.p) + line_end + 1;
    return 4 + read_lines(lines, f->names.p + f->names.n, nv + 4, MAX_REQUEST_HEADERS);
}

static ssize_t read_body(nghttp2_session *s, int32_t stream, uint8_t *out, size_t n,
                         uint32_t *flags, nghttp2_data_source *source, void *user)
{
    (void)s;
    (void)stream;
    (void)user;
    struct flight *f = source->ptr;
    struct slice left = slice_from(f->call->body, f->body_sent);
    size_t take = left.n < n ? left.n : n;
    if (take) memcpy(out, left.p, take);
    f->body_sent += take;
    if (take == left.n) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)take;
}

static void h2_start(struct conn *c, struct flight *f)
{
    struct h2 *h = c->at.h2;
    nghttp2_nv nv[4 + MAX_REQUEST_HEADERS];
    size_t n = request_pairs(f, nv);
    nghttp2_data_provider body = { .source.ptr = f, .read_callback = read_body };
    f->stream = nghttp2_submit_request(h->session, NULL, nv, n, f->call->body.n ? &body : NULL, f);
    f->call->bytes_out = f->call->head.n + f->call->body.n;
    flights_push(&h->flights, f);
    h->streams++;
    if (f->stream < 0) {
        f->stream = 0;
        c->closing = true; /* out of stream numbers */
        detach(h, f);
        flight_fail_soon(f, OUTCOME_PROTOCOL, "the HTTP/2 session takes no more requests");
        return;
    }
    mark_unflushed(h);
}

/* ---- the connection ---- */

static void give_up(struct conn *c, enum outcome outcome, const char *trouble);

/* Nothing goes either way any more: this side has said goodbye, or the server has and all is answered. */
static bool is_over(const struct h2 *h)
{
    return !nghttp2_session_want_read(h->session) && !nghttp2_session_want_write(h->session);
}

/* nghttp2 has left the stack: false if the connection was dropped meanwhile, and h went with it. */
static bool leave(struct h2 *h)
{
    bool lives = !h->doomed;
    h->inside = false;
    if (!lives) destroy(h);
    return lives;
}

static void flush(struct h2 *h)
{
    const uint8_t *p;
    ssize_t n;
    struct slice none = { 0 };
    struct buf *out = &h->conn->engine->frames;
    buf_reset(out);
    h->inside = true;
    while ((n = nghttp2_session_mem_send(h->session, &p)) > 0)
        buf_add(out, (struct slice){ (const char *)p, (size_t)n });
    if (!leave(h)) return;
    if (out->n) conn_send(h->conn, buf_slice(out), none);
    if (out->cap > KEEP_FRAMES) buf_free(out);
    if (is_over(h)) give_up(h->conn, OUTCOME_PROTOCOL, h->broken);
}

void h2_flush_all(struct engine *e)
{
    struct h2 *h;
    while ((h = e->unflushed)) {
        e->unflushed = h->next_unflushed;
        h->unflushed = false;
        flush(h);
    }
}

static void give_up(struct conn *c, enum outcome outcome, const char *trouble)
{
    struct flights all = c->at.h2->flights;
    c->at.h2->flights = (struct flights){ 0 };
    c->at.h2->streams = 0;
    conn_drop(c);
    struct flight *f;
    while ((f = flights_pop(&all))) {
        if (flight_can_retry(f))
            flight_retry(f);
        else
            flight_end(f, outcome, trouble);
    }
}

static void h2_data(struct conn *c, struct slice bytes)
{
    struct h2 *h = c->at.h2;
    h->inside = true;
    ssize_t rc = nghttp2_session_mem_recv(h->session, (const uint8_t *)bytes.p, bytes.n);
    if (!leave(h)) return;
    if (rc < 0) {
        give_up(c, OUTCOME_PROTOCOL, nghttp2_strerror((int)rc));
        return;
    }
    if (is_over(h)) {
        give_up(c, OUTCOME_PROTOCOL, h->broken);
        return;
    }
    if (nghttp2_session_want_write(h->session)) mark_unflushed(h);
    if (c->closing) rest_if_free(c);
}

static void h2_eof(struct conn *c, int errnum, const char *trouble)
{
    (void)errnum;
    flush(c->at.h2); /* if this side was about to say goodbye, that is what ended it */
    if (c->state != CONN_GONE) give_up(c, OUTCOME_RESET, trouble);
}

static void h2_cancel(struct conn *c, struct flight *f)
{
    struct h2 *h = c->at.h2;
    detach(h, f);
    nghttp2_submit_rst_stream(h->session, NGHTTP2_FLAG_NONE, f->stream, NGHTTP2_CANCEL);
    mark_unflushed(h);
    rest_if_free(c);
}

static bool h2_has_room(const struct conn *c)
{
    const struct h2 *h = c->at.h2;
    uint32_t max =
        nghttp2_session_get_remote_settings(h->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
    return !c->closing && h->streams < (max < MAX_STREAMS ? max : MAX_STREAMS);
}

static bool h2_in_use(const struct conn *c)
{
    return c->at.h2->streams;
}

static void h2_free(struct conn *c)
{
    struct h2 *h = c->at.h2;
    if (!h) return;
    c->at.h2 = NULL;
    if (h->unflushed) leave_unflushed(h);
    if (h->inside)
        h->doomed = true;
    else
        destroy(h);
}

/* ---- the session's memory ---- */

static struct pool *pool_of(struct engine *e)
{
    if (!e->blocks) e->blocks = pool_new();
    return e->blocks;
}

static void *from_pool(size_t n, void *pool)
{
    return pool_take(pool, n);
}

static void to_pool(void *p, void *pool)
{
    pool_give(pool, p);
}

static void *zeroed_from_pool(size_t count, size_t size, void *pool)
{
    size_t n;
    if (!size_mul(count, size, &n)) return NULL;
    return memset(pool_take(pool, n), 0, n);
}

static void *resized(void *p, size_t n, void *pool)
{
    return pool_resize(pool, p, n);
}

static nghttp2_session *session_of(struct h2 *h)
{
    nghttp2_session_callbacks *cb;
    nghttp2_session *s = NULL;
    if (nghttp2_session_callbacks_new(&cb) != 0) return NULL;
    nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_chunk);
    nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_stream_close);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(cb, on_invalid_frame);
    nghttp2_session_callbacks_set_error_callback2(cb, on_complaint);
    nghttp2_mem mem = { pool_of(h->conn->engine), from_pool, to_pool, zeroed_from_pool, resized };
    nghttp2_session_client_new3(&s, cb, h, NULL, &mem);
    nghttp2_session_callbacks_del(cb);
    return s;
}

bool h2_new(struct conn *c)
{
    struct h2 *h = mem_alloc(1, sizeof *h);
    h->conn = c;
    h->session = session_of(h);
    c->at.h2 = h;
    if (!h->session) return false;
    const nghttp2_settings_entry settings[] = {
        { NGHTTP2_SETTINGS_ENABLE_PUSH, 0 },
        { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW },
    };
    nghttp2_submit_settings(h->session, NGHTTP2_FLAG_NONE, settings, 2);
    nghttp2_session_set_local_window_size(h->session, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW);
    mark_unflushed(h);
    return true;
}

const struct protocol protocol_h2 = { h2_start,    h2_data,   h2_eof, h2_cancel,
                                      h2_has_room, h2_in_use, h2_free };
