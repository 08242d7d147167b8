/* HTTP/1 connections: two parsers and a queue of transactions between them.
 *
 * Made by detect.c. Requests enter the queue as their heads come, answers take them off in order
 * (RFC 9112 9.3.2); 1xx answers are passed over. After a loss a direction looks for the next message
 * start ("scanning"), and what it skips is counted. A hole that lies inside a body of known length is
 * filled with zeros, so that the message's end is still found; the body is then damaged.
 * Behind 101 or a CONNECT's 2xx another decoder goes on. */
#include <stdlib.h>

#include "base/mem.h"
#include "capture/sniff/judge.h"
#include "capture/sniff/txn.h"
#include "http/parse.h"

#define EARLY_BYTES (64U << 10) /* sent behind a request to upgrade, before its answer */
#define UNANSWERED_MAX 1000     /* more than that: the answers are not in the capture */

struct side {
    struct http_parser parser;
    struct txn *txn; /* whose message is being read; NULL between messages, or for an orphan */
    bool in_message; /* from the first byte of a head to the end of the message */
    bool orphan;     /* an answer without a request */
    bool scanning;
    bool resumed; /* behind a loss: messages may be missing before this one */
    int64_t start_ns;
};

struct http1 {
    struct proto base;
    struct side side[2];
    struct txn *first, *last; /* waiting for their answers, in order */
    unsigned waiting;
    struct txn *asked; /* its answer decides whether the connection stays HTTP/1 */
    struct buf early;  /* what the client sent behind it */
    int64_t early_ns;
    struct proto *child;
    bool opaque; /* upgraded to something that is not understood */
};

static struct sniff *sniff_of(const struct http1 *h)
{
    return h->base.conn->sniff;
}

/* ---- the queue ---- */

static void enqueue(struct http1 *h, struct txn *t)
{
    t->next = NULL;
    *(h->last ? &h->last->next : &h->first) = t;
    h->last = t;
    h->waiting++;
}

static struct txn *dequeue(struct http1 *h)
{
    struct txn *t = h->first;
    h->first = t->next;
    if (!h->first) h->last = NULL;
    h->waiting--;
    t->next = NULL;
    return t;
}

/* Not waited for any more: to the sink, unless its request is still being sent. */
static void give_up_first(struct http1 *h, enum capture_lost lost, const char *why)
{
    struct txn *t = dequeue(h);
    txn_lost(t, lost, why);
    if (h->side[TO_SERVER].txn == t) h->side[TO_SERVER].txn = NULL;
    if (h->asked == t) h->asked = NULL;
    txn_finish(h->base.conn, t);
}

/* ---- requests ---- */

static struct slice moved(struct slice s, struct slice text, const char *to)
{
    return s.n ? (struct slice){ to + (s.p - text.p), s.n } : s;
}

static const char *const versions[2] = { "HTTP/1.0", "HTTP/1.1" };

static struct slice version_of(const struct http_parser *p)
{
    return slice_z(versions[p->version_minor > 0]);
}

static bool asks_to_upgrade(const struct http_parser *p)
{
    return slice_eq(p->method, SL("CONNECT")) || headers_has(&p->headers, SL("Upgrade"));
}

static void request_head(struct http1 *h, int64_t ts_ns)
{
    struct side *s = &h->side[TO_SERVER];
    struct http_parser *p = &s->parser;
    struct conn *c = h->base.conn;
    struct txn *t = txn_new(c);
    const char *to;
    struct request *r = &t->ex.request;
    r->headers = txn_headers(t, p->head, &p->headers, &to);
    r->method = moved(p->method, p->head, to);
    r->version = version_of(p);
    struct slice target = moved(p->target, p->head, to);
    struct slice authority = headers_get(&r->headers, SL("Host"));
    if (slice_eq(r->method, SL("CONNECT"))) {
        authority = target;
        target = SL("");
    }
    r->url = txn_url(c, t, h->base.secure, authority, target);
    t->has_body[TO_SERVER] = p->framing == FRAME_CHUNKED || p->content_length > 0;
    txn_begin(t, TO_SERVER, s->start_ns, ts_ns);
    s->txn = t;
    enqueue(h, t);
    if (asks_to_upgrade(p)) h->asked = t;
    if (h->waiting > UNANSWERED_MAX && !h->side[TO_CLIENT].txn)
        give_up_first(h, LOST_NO_ANSWER, NULL);
}

/* ---- answers ---- */

static bool interim(const struct http_parser *p)
{
    return p->status >= 100 && p->status < 200 && p->status != 101;
}

/* After a loss an answer belongs to the latest request that was sent before it: a client that does not
 * pipeline has given up waiting for the earlier ones. */
static void drop_unanswered(struct http1 *h)
{
    while (h->first && h->first->next && h->first->next->first_ns[0] <= h->side[1].start_ns)
        give_up_first(h, LOST_GAP, NULL);
}

static void response_head(struct http1 *h, int64_t ts_ns)
{
    struct side *s = &h->side[TO_CLIENT];
    struct http_parser *p = &s->parser;
    if (interim(p)) return;
    s->txn = h->first;
    s->orphan = !s->txn;
    if (s->orphan) return;
    struct txn *t = s->txn;
    struct response *r = &t->ex.response;
    const char *to;
    r->headers = txn_headers(t, p->head, &p->headers, &to);
    r->status = p->status;
    r->reason = moved(p->reason, p->head, to);
    r->version = version_of(p);
    t->has_body[TO_CLIENT] = p->framing == FRAME_CHUNKED || p->content_length > 0;
    txn_begin(t, TO_CLIENT, s->start_ns, ts_ns);
}

/* What the parser must know before an answer's head comes. */
static void expect(struct http1 *h)
{
    struct http_parser *p = &h->side[TO_CLIENT].parser;
    struct slice method = h->first ? h->first->ex.request.method : SL("");
    p->answers_head = slice_eq(method, SL("HEAD"));
    p->answers_connect = slice_eq(method, SL("CONNECT"));
}

static void add_trailers(struct txn *t, int dir, const struct http_parser *p)
{
    struct headers *h = dir == TO_SERVER ? &t->ex.request.headers : &t->ex.response.headers;
    size_t cap = 0;
    for (size_t i = 0; i < p->trailers.n; i++) {
        struct headers all = { 0 };
        for (size_t j = 0; j < h->n; j++)
            headers_add(t->arena, &all, &cap, h->v[j].name, h->v[j].value);
        headers_add(t->arena, &all, &cap, arena_dup(t->arena, p->trailers.v[i].name),
                    arena_dup(t->arena, p->trailers.v[i].value));
        *h = all;
        cap = 0;
    }
}

/* ---- upgrades ---- */

/* The answer allows it: another decoder takes over. */
static void upgrade(struct http1 *h, int64_t ts_ns)
{
    struct conn *c = h->base.conn;
    struct txn *t = dequeue(h);
    struct slice to = headers_get(&t->ex.response.headers, SL("Upgrade"));
    bool connect = slice_eq(t->ex.request.method, SL("CONNECT"));
    t->done[TO_CLIENT] = true;
    t->last_ns[TO_CLIENT] = ts_ns;
    h->side[TO_SERVER].txn = NULL;
    h->asked = NULL;
    if (slice_ieq(to, SL("websocket"))) {
        h->child = ws_new(c, t);
    } else if (slice_ieq(to, SL("h2c"))) {
        h->child = http2_new(c, h->base.secure, t);
    } else {
        txn_finish(c, t);
        c->tunnel = true;
        h->opaque = !connect;
        if (connect) h->child = detect_new(c, false, true);
    }
    proto_data(h->child, TO_SERVER, h->early_ns, buf_slice(&h->early));
    buf_free(&h->early);
}

/* ---- the flow of bytes ---- */

static void message_done(struct http1 *h, int dir, int64_t ts_ns)
{
    struct side *s = &h->side[dir];
    struct txn *t = s->txn;
    if (dir == TO_CLIENT && interim(&s->parser)) return;
    if (s->orphan) {
        struct capture_report *r = sniff_of(h)->report;
        r->incomplete++;
        r->lost[LOST_NO_REQUEST]++;
    }
    s->txn = NULL;
    s->orphan = false;
    if (!t) return;
    t->done[dir] = true;
    t->last_ns[dir] = ts_ns;
    add_trailers(t, dir, &s->parser);
    if (dir == TO_CLIENT) {
        if (t == h->asked) h->asked = NULL;
        dequeue(h);
    }
    /* An early answer: the request's end is still to come. */
    if (t->done[TO_SERVER] && t->done[TO_CLIENT]) txn_finish(h->base.conn, t);
}

/* The message cannot go on: what there is of it is reported, and the next one looked for. */
static void break_off(struct http1 *h, int dir, enum capture_lost lost, const char *why)
{
    struct side *s = &h->side[dir];
    struct txn *t = s->txn;
    bool started = s->in_message && !s->orphan && lost != LOST_GAP;
    if (s->orphan) message_done(h, dir, 0);
    s->txn = NULL;
    s->in_message = false;
    s->scanning = true;
    http_parser_next_message(&s->parser);
    if (!t && dir == TO_CLIENT && started && h->first) give_up_first(h, lost, why);
    if (!t) return;
    txn_lost(t, lost, why);
    t->damaged[dir] = t->has_body[dir];
    t->done[dir] = true; /* nothing more of it will come */
    if (dir == TO_CLIENT || t->done[TO_CLIENT]) {
        if (h->first == t) dequeue(h);
        if (h->asked == t) h->asked = NULL;
        if (h->side[TO_SERVER].txn == t) h->side[TO_SERVER].txn = NULL;
        txn_finish(h->base.conn, t);
    }
}

/* Skips to the next message start: at the beginning of the bytes, or behind a line's end. */
static void scan(struct http1 *h, int dir, struct slice *in)
{
    size_t before = in->n;
    while (in->n && !judge_message_start(*in, dir == TO_SERVER)) {
        size_t lf = slice_chr(*in, '\n');
        *in = slice_from(*in, lf == SLICE_NONE ? in->n : lf + 1);
    }
    sniff_of(h)->report->skipped_bytes += before - in->n;
    if (!in->n) return;
    h->side[dir].scanning = false;
    h->side[dir].resumed = true;
}

static void on_body(struct http1 *h, int dir, int64_t ts_ns)
{
    struct side *s = &h->side[dir];
    if (!s->txn) return;
    txn_body(sniff_of(h), s->txn, dir, s->parser.piece);
    s->txn->last_ns[dir] = ts_ns;
}

/* One event of a parser. False: the rest of the bytes is for somebody else, or nobody. */
static bool on_event(struct http1 *h, int dir, int64_t ts_ns, enum parse_event ev)
{
    struct side *s = &h->side[dir];
    switch (ev) {
    case PARSE_MORE: return false;
    case PARSE_HEAD:
        if (dir == TO_SERVER)
            request_head(h, ts_ns);
        else
            response_head(h, ts_ns);
        return true;
    case PARSE_BODY: on_body(h, dir, ts_ns); return true;
    case PARSE_BAD: break_off(h, dir, LOST_MALFORMED, s->parser.error); return true;
    case PARSE_DONE: break;
    }
    s->in_message = false;
    if (dir == TO_CLIENT && s->parser.upgrade && s->txn) {
        s->txn = NULL;
        upgrade(h, ts_ns);
        return false;
    }
    message_done(h, dir, ts_ns);
    http_parser_next_message(&s->parser);
    return !(dir == TO_SERVER && h->asked);
}

static void feed(struct http1 *h, int dir, int64_t ts_ns, struct slice *in)
{
    struct side *s = &h->side[dir];
    enum parse_event ev;
    do {
        if (s->scanning) scan(h, dir, in);
        if (s->scanning) return;
        if (!s->in_message) {
            if (!in->n) return;
            s->in_message = true;
            s->start_ns = ts_ns;
            if (dir == TO_CLIENT && s->resumed) drop_unanswered(h);
            s->resumed = false;
            if (dir == TO_CLIENT) expect(h);
        }
        ev = http_parser_feed(&s->parser, in);
        if (ev == PARSE_BAD && in->n) *in = slice_from(*in, 1); /* not the same start again */
    } while (on_event(h, dir, ts_ns, ev));
}

static void http1_data(struct proto *p, int dir, int64_t ts_ns, struct slice data);

/* The answer said no, or was lost: what the client sent meanwhile is HTTP/1 after all. */
static void feed_early(struct http1 *h)
{
    if (h->asked || !h->early.n || h->child) return;
    struct buf early = h->early;
    h->early = (struct buf){ .max = early.max };
    http1_data(&h->base, TO_SERVER, h->early_ns, buf_slice(&early));
    buf_free(&early);
}

/* What the client sends while its request to upgrade has no answer yet. */
static void keep_early(struct http1 *h, int64_t ts_ns, struct slice data)
{
    if (h->early.n + data.n <= EARLY_BYTES) {
        if (!h->early.n) h->early_ns = ts_ns;
        buf_add(&h->early, data);
        return;
    }
    h->asked = NULL; /* answers are not captured: HTTP/1 is as good a guess as any */
    feed_early(h);
    http1_data(&h->base, TO_SERVER, ts_ns, data);
}

static void http1_data(struct proto *p, int dir, int64_t ts_ns, struct slice data)
{
    struct http1 *h = (struct http1 *)p;
    if (h->opaque) return;
    if (!h->child && dir == TO_SERVER && h->asked && h->asked->done[TO_SERVER]) {
        keep_early(h, ts_ns, data);
        return;
    }
    if (!h->child) feed(h, dir, ts_ns, &data);
    if (!data.n) return;
    if (h->child)
        proto_data(h->child, dir, ts_ns, data);
    else if (dir == TO_SERVER && h->asked)
        http1_data(p, dir, ts_ns, data); /* behind the request that asks */
}

static void http1_data_both(struct proto *p, int dir, int64_t ts_ns, struct slice data)
{
    http1_data(p, dir, ts_ns, data);
    feed_early((struct http1 *)p);
}

/* A hole inside a head: the lines before it are still worth something. */
static void cut_head(struct http1 *h, int dir)
{
    struct side *s = &h->side[dir];
    if (s->scanning || !s->in_message || s->txn || s->orphan) return;
    if (http_parser_cut_head(&s->parser) == PARSE_HEAD) on_event(h, dir, s->start_ns, PARSE_HEAD);
    if (dir == TO_SERVER) h->asked = NULL;
}

/* A hole inside a body whose length is known, or that the close will end. */
static bool can_fill(const struct side *s, uint64_t bytes)
{
    const struct http_parser *p = &s->parser;
    if (!s->in_message || (!s->txn && !s->orphan)) return false;
    if (p->framing == FRAME_CLOSE) return bytes < (64U << 20);
    return p->framing == FRAME_LENGTH && bytes <= p->content_length - p->body_bytes;
}

static void fill(struct http1 *h, int dir, uint64_t bytes)
{
    static const char zeros[4096];
    struct side *s = &h->side[dir];
    struct txn *t = s->txn;
    if (t) {
        t->damaged[dir] = true;
        txn_lost(t, LOST_GAP, "packets of the body were missing in the capture: filled with zeros");
    }
    int64_t ts_ns = t ? t->last_ns[dir] : 0;
    while (bytes) {
        size_t n = bytes < sizeof zeros ? (size_t)bytes : sizeof zeros;
        struct slice piece = { zeros, n };
        feed(h, dir, ts_ns, &piece);
        bytes -= n;
    }
}

static void http1_gap(struct proto *p, int dir, uint64_t bytes)
{
    struct http1 *h = (struct http1 *)p;
    if (h->child)
        proto_gap(h->child, dir, bytes);
    else if (can_fill(&h->side[dir], bytes))
        fill(h, dir, bytes);
    else {
        cut_head(h, dir);
        break_off(h, dir, LOST_GAP, "packets were missing in the capture");
    }
    if (dir == TO_SERVER) buf_reset(&h->early);
}

static void http1_fin(struct proto *p, int dir, int64_t ts_ns)
{
    struct http1 *h = (struct http1 *)p;
    struct side *s = &h->side[dir];
    if (h->child) {
        proto_fin(h->child, dir, ts_ns);
        return;
    }
    if (h->opaque || s->scanning || !s->in_message) return;
    int64_t last_ns = s->txn ? s->txn->last_ns[dir] : ts_ns;
    if (http_parser_eof(&s->parser) == PARSE_DONE)
        on_event(h, dir, last_ns, PARSE_DONE);
    else
        break_off(h, dir, LOST_CLOSED, s->parser.error);
}

static void http1_free(struct proto *p)
{
    struct http1 *h = (struct http1 *)p;
    enum capture_lost end = txn_end_reason(p->conn);
    proto_free(h->child);
    h->asked = NULL;
    feed_early(h);
    struct side *asking = &h->side[TO_SERVER];
    if (asking->txn && asking->txn->done[TO_CLIENT]) { /* answered early, never sent to its end */
        txn_lost(asking->txn, end, NULL);
        txn_finish(p->conn, asking->txn);
        asking->txn = NULL;
    }
    if (h->side[TO_CLIENT].orphan) message_done(h, TO_CLIENT, 0);
    while (h->first) {
        bool unanswered = !h->first->begun[TO_CLIENT] && end == LOST_CLOSED;
        give_up_first(h, unanswered ? LOST_NO_ANSWER : end, NULL);
    }
    http_parser_free(&h->side[0].parser);
    http_parser_free(&h->side[1].parser);
    buf_free(&h->early);
    free(h);
}

static const struct proto_ops http1_ops = { http1_data_both, http1_gap, http1_fin, http1_free };

struct proto *http1_new(struct conn *c, bool secure)
{
    struct http1 *h = mem_alloc(1, sizeof *h);
    struct parse_limits limits = { .head_bytes = 256U << 10, .headers = 1000 };
    h->base = (struct proto){ .ops = &http1_ops, .conn = c, .secure = secure };
    http_parser_init(&h->side[TO_SERVER].parser, PARSE_REQUEST, limits);
    http_parser_init(&h->side[TO_CLIENT].parser, PARSE_RESPONSE, limits);
    h->side[TO_SERVER].parser.borrow = h->side[TO_CLIENT].parser.borrow = true;
    h->side[TO_SERVER].parser.lenient = h->side[TO_CLIENT].parser.lenient = true;
    buf_init(&h->early, EARLY_BYTES);
    return &h->base;
}
