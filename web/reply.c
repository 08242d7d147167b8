/* A struct reply to bytes on the wire: headers, compression, files, and streams of events. Called by request.c
 * on the web thread. Invariant: every answer carries the safety headers. Streams that have nothing to read are
 * suspended; one that does not take its bytes is closed by the library after its idle time. */
#include "web/serve.h"

#include <stdlib.h>

#include "base/gz.h"
#include "base/mem.h"

#define REPLY_BYTES (256u << 20)
#define GZIP_FROM 1400
#define STREAM_BYTES 8192

struct stream {
    struct web *web;
    struct MHD_Connection *connection;
    struct events_cursor cursor;
    bool suspended;
    struct stream *next, **at; /* list of all; at points to what points here */
};

/* ---- streams -------------------------------------------------------------------------------------- */

static ssize_t on_stream_read(void *cls, uint64_t position, char *out, size_t max)
{
    struct stream *s = cls;
    (void)position;
    if (s->web->closing) return MHD_CONTENT_READER_END_OF_STREAM;
    struct board *l = &s->web->site.board;
    pthread_mutex_lock(&l->lock);
    size_t n = events_read(l->events, &s->cursor, out, max);
    pthread_mutex_unlock(&l->lock);
    if (n == EVENTS_LOST) return MHD_CONTENT_READER_END_OF_STREAM;
    if (n == 0) {
        s->suspended = true;
        MHD_suspend_connection(s->connection);
    }
    return (ssize_t)n;
}

static void on_stream_end(void *cls)
{
    struct stream *s = cls;
    *s->at = s->next;
    if (s->next) s->next->at = s->at;
    free(s);
}

static struct MHD_Response *new_stream(struct web *w, struct MHD_Connection *c)
{
    struct stream *s = mem_alloc(1, sizeof *s);
    *s = (struct stream){ .web = w, .connection = c, .next = w->streams, .at = &w->streams };
    pthread_mutex_lock(&w->site.board.lock);
    s->cursor = events_end(w->site.board.events);
    pthread_mutex_unlock(&w->site.board.lock);
    if (s->next) s->next->at = &s->next;
    w->streams = s;
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BYTES, on_stream_read, s,
                                             on_stream_end);
}

void streams_resume(struct web *w)
{
    for (struct stream *s = w->streams; s; s = s->next) {
        if (!s->suspended) continue;
        s->suspended = false;
        MHD_resume_connection(s->connection);
    }
}

/* ---- replies ----------------------------------------------------------------------------------------- */

static void add_safety_headers(struct MHD_Response *m)
{
    static const char *const headers[][2] = {
        { "Content-Security-Policy",
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
          "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" },
        { "X-Content-Type-Options", "nosniff" },
        { "X-Frame-Options", "DENY" },
        { "Referrer-Policy", "no-referrer" },
        { "Cross-Origin-Resource-Policy", "same-origin" },
        { "Cross-Origin-Opener-Policy", "same-origin" },
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        MHD_add_response_header(m, headers[i][0], headers[i][1]);
}

static void add_headers(struct request *q, const struct reply *r, struct MHD_Response *m)
{
    add_safety_headers(m);
    MHD_add_response_header(m, "Cache-Control", r->asset ? "no-cache" : "no-store");
    MHD_add_response_header(m, "Vary", "Accept-Encoding");
    if (r->type) MHD_add_response_header(m, "Content-Type", r->type);
    if (r->asset) MHD_add_response_header(m, "ETag", r->asset->etag);
    if (r->allow) MHD_add_response_header(m, "Allow", r->allow);
    if (r->location.n) MHD_add_response_header(m, "Location", arena_z(q->arena, r->location));
    if (r->status == 401) MHD_add_response_header(m, "WWW-Authenticate", "Bearer");
    if (r->status == 429) MHD_add_response_header(m, "Retry-After", "1");
    if (r->download.n) {
        struct slice v =
            arena_printf(q->arena, "attachment; filename=\"%.*s\"", SL_FMT(r->download));
        MHD_add_response_header(m, "Content-Disposition", v.p);
    }
    if (!r->set_cookie) return;
    const struct web *w = q->web;
    struct slice v = arena_printf(q->arena, "%s=%s; Path=/; HttpOnly; SameSite=Strict%s", w->cookie,
                                  w->site.guard.token, w->cert.text.n ? "; Secure" : "");
    MHD_add_response_header(m, "Set-Cookie", v.p);
}

static struct MHD_Response *from_bytes(struct slice s)
{
    struct MHD_Response *m =
        MHD_create_response_from_buffer(s.n, mem_dup(s.p ? s.p : "", s.n), MHD_RESPMEM_MUST_FREE);
    return m;
}

static struct MHD_Response *zipped(struct MHD_Response *m)
{
    MHD_add_response_header(m, "Content-Encoding", "gzip");
    return m;
}

static struct MHD_Response *asset_response(const struct request *q, const struct reply *r)
{
    const struct asset *a = r->asset;
    struct slice gzip = { (const char *)a->gzip, a->gzip_bytes };
    if (r->status == 304) return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (q->ask.gzip)
        return zipped(MHD_create_response_from_buffer(gzip.n, (void *)(uintptr_t)gzip.p,
                                                      MHD_RESPMEM_PERSISTENT));
    struct buf plain = BUF_INIT(a->plain_bytes);
    size_t at = 0;
    gz_next(gzip, &at, &plain);
    struct MHD_Response *m = from_bytes(buf_slice(&plain));
    buf_free(&plain);
    return m;
}

static struct MHD_Response *body_response(const struct request *q, const struct reply *r)
{
    struct slice body = buf_slice(&r->body);
    if (!q->ask.gzip || body.n < GZIP_FROM) return from_bytes(body);
    struct buf small = BUF_INIT(body.n + 1000);
    bool ok = gz_member(&small, body, 1);
    struct MHD_Response *m = ok ? zipped(from_bytes(buf_slice(&small))) : from_bytes(body);
    buf_free(&small);
    return m;
}

enum MHD_Result reply_send(struct request *q, struct MHD_Connection *c, struct reply *r)
{
    struct MHD_Response *m;
    if (r->body.bad) reply_error(r, 500, SL("The answer is larger than this server sends."));
    if (r->stream)
        m = new_stream(q->web, c);
    else if (r->fd >= 0)
        m = MHD_create_response_from_fd64(r->fd_bytes, r->fd);
    else if (r->asset)
        m = asset_response(q, r);
    else
        m = body_response(q, r);
    if (!m) return MHD_NO;
    add_headers(q, r, m);
    enum MHD_Result queued = MHD_queue_response(c, r->status, m);
    MHD_destroy_response(m);
    buf_free(&r->body);
    return queued;
}

struct reply reply_new(void)
{
    return (struct reply){ .status = 200, .fd = -1, .body = BUF_INIT(REPLY_BYTES) };
}
