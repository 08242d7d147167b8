/* Transactions: from the pool, filled by http1.c, http2.c and ws.c, to the sink.
 *
 * Invariant: body buffers and WebSocket messages of transactions in use are taken from the capture's
 * memory. The exchange borrows from the transaction and its connection, both alive while the sink is
 * called. */
#include "capture/sniff/txn.h"

#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/mem.h"

#define KEEP_BYTES (64U << 10) /* body buffers up to this size stay in the pool */
#define SPARE_ARENA (64U << 10)

struct txn *txn_new(struct conn *c)
{
    struct sniff *s = c->sniff;
    struct txn *t = s->spare;
    if (t) {
        s->spare = t->next;
    } else {
        t = mem_alloc(1, sizeof *t);
        t->arena = arena_new();
    }
    struct txn fresh = { .arena = t->arena, .body = { t->body[0], t->body[1] } };
    *t = fresh;
    struct exchange *ex = &t->ex;
    ex->start_ns = ex->blocked_ns = ex->dns_ns = ex->connect_ns = ex->tls_ns = TIME_UNKNOWN;
    ex->send_ns = ex->wait_ns = ex->receive_ns = ex->total_ns = TIME_UNKNOWN;
    ex->response.wire_bytes = -1;
    for (int d = 0; d < 2; d++) {
        t->body[d].max = s->body_limit;
        buf_reset(&t->body[d]);
    }
    t->connect_known = !c->connect_used;
    c->connect_used = true;
    return t;
}

static void free_txn(struct txn *t)
{
    buf_free(&t->body[0]);
    buf_free(&t->body[1]);
    arena_free(t->arena);
    free(t);
}

void txn_pool_free(struct sniff *s)
{
    for (struct txn *t = s->spare, *next; t; t = next) {
        next = t->next;
        free_txn(t);
    }
    s->spare = NULL;
}

static void recycle(struct sniff *s, struct txn *t)
{
    for (int d = 0; d < 2; d++) {
        sniff_give(s, t->body[d].n);
        if (t->body[d].cap > KEEP_BYTES) buf_free(&t->body[d]);
    }
    sniff_give(s, t->ws_bytes);
    if (arena_bytes(t->arena) > SPARE_ARENA) {
        arena_free(t->arena);
        t->arena = arena_new();
    } else {
        arena_reset(t->arena);
    }
    t->next = s->spare;
    s->spare = t;
}

struct headers txn_headers(struct txn *t, struct slice text, const struct headers *h,
                           const char **moved)
{
    struct slice copy = arena_dup(t->arena, text);
    struct headers out = { arena_many(t->arena, h->n + 1, struct header), h->n };
    for (size_t i = 0; i < h->n; i++) {
        out.v[i].name = (struct slice){ copy.p + (h->v[i].name.p - text.p), h->v[i].name.n };
        out.v[i].value = (struct slice){ copy.p + (h->v[i].value.p - text.p), h->v[i].value.n };
        if (!h->v[i].value.n) out.v[i].value = SL(""); /* may point anywhere */
    }
    *moved = copy.p;
    return out;
}

void txn_begin(struct txn *t, int dir, int64_t first_ns, int64_t now_ns)
{
    t->begun[dir] = true;
    t->first_ns[dir] = first_ns;
    t->last_ns[dir] = now_ns;
}

void txn_body(struct sniff *s, struct txn *t, int dir, struct slice piece)
{
    t->has_body[dir] = true;
    if (t->body[dir].bad) return;
    size_t room = s->body_limit - t->body[dir].n;
    struct slice fits = slice_sub(piece, 0, room);
    if (!sniff_take(s, fits.n)) fits.n = 0;
    buf_add(&t->body[dir], fits);
    if (fits.n == piece.n) return;
    t->body[dir].bad = true;
    t->damaged[dir] = true;
    txn_lost(t, LOST_TOO_BIG, "the body is over the limit and was cut off");
}

void txn_lost(struct txn *t, enum capture_lost lost, const char *why)
{
    if (t->lost) return;
    t->lost = lost;
    if (why) t->ex.comment = slice_z(why);
}

enum capture_lost txn_end_reason(const struct conn *c)
{
    switch (c->how) {
    case FLOW_FIN: return LOST_CLOSED;
    case FLOW_RST: return LOST_RESET;
    case FLOW_IDLE: return LOST_IDLE;
    case FLOW_REUSED:
    case FLOW_EVICTED: return LOST_CLOSED;
    case FLOW_STOPPED: return LOST_CUT_OFF;
    }
    return LOST_CLOSED;
}

struct slice txn_url(const struct conn *c, struct txn *t, bool secure, struct slice authority,
                     struct slice target)
{
    if (slice_istarts(target, SL("http://")) || slice_istarts(target, SL("https://")))
        return target;
    const char *scheme = secure ? "https" : "http";
    size_t fragment = slice_chr(target, '#');
    if (fragment != SLICE_NONE) target = slice_sub(target, 0, fragment);
    struct slice slash = target.n && target.p[0] == '/' ? SL("") : SL("/");
    size_t scheme_n = secure ? 5 : 4;
    if (!authority.n) {
        bool usual = c->server_port == (secure ? 443 : 80), v6 = strchr(c->server_ip, ':');
        authority = usual ? arena_printf(t->arena, v6 ? "[%s]" : "%s", c->server_ip)
                          : arena_printf(t->arena, v6 ? "[%s]:%u" : "%s:%u", c->server_ip,
                                         (unsigned)c->server_port);
    }
    size_t n = scheme_n + 3 + authority.n + slash.n + target.n;
    char *p = arena_alloc(t->arena, 1, n + 1), *at = p;
    memcpy(at, scheme, scheme_n);
    memcpy(at += scheme_n, "://", 3);
    memcpy(at += 3, authority.p, authority.n);
    at += authority.n;
    if (slash.n) *at++ = '/';
    if (target.n) memcpy(at, target.p, target.n);
    return (struct slice){ p, n };
}

/* ---- to the sink ---- */

static int64_t span(int64_t from, int64_t to)
{
    return to > from ? to - from : 0;
}

/* send: first to last byte of the request; wait: to the first byte of the answer; receive: to its last.
 * The connect times belong to the connection's first exchange, which then starts that much earlier. */
static void fill_times(const struct conn *c, struct txn *t)
{
    struct exchange *ex = &t->ex;
    const struct flow *f = c->flow;
    if (!t->begun[0]) return;
    ex->start_ns = t->first_ns[0];
    ex->send_ns = span(t->first_ns[0], t->last_ns[0]);
    ex->total_ns = ex->send_ns;
    if (t->begun[1]) {
        ex->wait_ns = span(t->last_ns[0], t->first_ns[1]);
        ex->receive_ns = span(t->first_ns[1], t->last_ns[1]);
        ex->total_ns += ex->wait_ns + ex->receive_ns;
    }
    if (!t->connect_known || !f->syn_ns || !f->established_ns) return;
    ex->connect_ns = span(f->syn_ns, f->established_ns);
    ex->tls_ns = c->tls_ns;
    int64_t before = ex->connect_ns + (c->tls_ns > 0 ? c->tls_ns : 0);
    ex->start_ns -= before;
    ex->total_ns += before;
}

static enum body_state body_state(const struct txn *t, int dir)
{
    if (!t->has_body[dir]) return BODY_NONE;
    if (t->damaged[dir]) return BODY_DAMAGED;
    return t->done[dir] ? BODY_WHOLE : BODY_DAMAGED;
}

/* Undoes the content codings; what cannot be undone is kept as it came. */
static void decode_body(struct sniff *s, struct txn *t)
{
    struct response *r = &t->ex.response;
    r->wire_bytes = (int64_t)t->body[1].n;
    r->body = buf_slice(&t->body[1]);
    struct slice coding = headers_get(&r->headers, SL("Content-Encoding"));
    if (!coding.n || !r->body.n || codec_of(coding) == CODEC_IDENTITY) return;
    buf_reset(&s->decoded);
    s->decoded.max = s->body_limit;
    enum codec_result done = codec_decode_all(coding, r->body, &s->decoded);
    if (done == CODEC_OK) {
        r->body = buf_slice(&s->decoded);
        return;
    }
    r->body_state = BODY_DAMAGED;
    if (s->decoded.n) r->body = buf_slice(&s->decoded); /* up to the damage */
    if (!t->ex.comment.n && done == CODEC_TOO_BIG)
        t->ex.comment = SL("the decoded body is over the limit and was cut off");
    else if (!t->ex.comment.n)
        t->ex.comment = SL("the content coding could not be undone");
}

static void fill_exchange(struct conn *c, struct txn *t)
{
    struct exchange *ex = &t->ex;
    fill_times(c, t);
    ex->connection = slice_z(c->id);
    ex->client = slice_z(c->client);
    ex->server_ip = slice_z(c->server_ip);
    ex->incomplete = t->lost != LOST_NOTHING;
    ex->request.body = buf_slice(&t->body[0]);
    ex->request.body_state = body_state(t, 0);
    ex->request.mime = headers_get(&ex->request.headers, SL("Content-Type"));
    ex->response.mime = headers_get(&ex->response.headers, SL("Content-Type"));
    ex->response.redirect = headers_get(&ex->response.headers, SL("Location"));
    ex->response.body_state = body_state(t, 1);
    if (!t->begun[1]) ex->response.error = slice_z(capture_lost_name(t->lost));
    if (t->begun[1]) decode_body(c->sniff, t);
}

void txn_finish(struct conn *c, struct txn *t)
{
    struct sniff *s = c->sniff;
    struct capture_report *r = s->report;
    if (!t->begun[0]) t->lost = LOST_NO_REQUEST;
    if (t->lost == LOST_NOTHING)
        r->complete++;
    else
        r->incomplete++;
    r->lost[t->lost] += t->lost != LOST_NOTHING;
    if (t->begun[0] && !s->failed) {
        fill_exchange(c, t);
        s->failed = !s->sink.put(s->sink.arg, &t->ex, s->err);
    }
    recycle(s, t);
    if (s->decoded.cap > (1U << 20)) buf_free(&s->decoded);
}
