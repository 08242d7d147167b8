/* WebSocket connections (RFC 6455): messages into their handshake's exchange.
 *
 * Made by http1.c behind a 101. Frames are unmasked, fragments joined, permessage-deflate (RFC 7692)
 * undone with the context that was negotiated. Control frames are not recorded. Invariant: side.message
 * holds the fragments of the message being read. A direction that lost bytes is not read any more.
 * Limits: a message and all messages together are at most the body limit; all count against the capture's
 * memory. */
#include <stdlib.h>

#include "base/inflate.h"
#include "base/mem.h"
#include "capture/sniff/bytes.h"
#include "capture/sniff/txn.h"

#define HEAD_MAX 14

struct side {
    uint8_t head[HEAD_MAX];
    unsigned head_n;
    bool in_frame, broken;
    uint8_t first; /* FIN, RSV, opcode of the frame */
    bool masked;
    uint8_t mask[4];
    uint64_t left, done;
    int opcode; /* of the message; 0: none is open */
    bool compressed;
    int64_t start_ns;
    struct buf message;
    struct inflate *z; /* NULL: not negotiated */
    bool forget;       /* no_context_takeover */
};

struct ws {
    struct proto base;
    struct txn *txn;
    struct side side[2];
};

/* Bytes of the head that begins with these n, 0 while it cannot be told. */
static unsigned head_bytes(const uint8_t *p, unsigned n)
{
    if (n < 2) return 0;
    unsigned len = p[1] & 0x7f;
    return 2 + (len == 126 ? 2U : len == 127 ? 8U : 0U) + (p[1] & 0x80 ? 4U : 0U);
}

/* Empties the message being read. */
static void forget_message(struct ws *w, struct side *s)
{
    sniff_give(w->base.conn->sniff, s->message.n);
    buf_reset(&s->message);
}

static void begin_frame(struct ws *w, struct side *s, int64_t ts_ns)
{
    const uint8_t *p = s->head;
    unsigned at = 2, len = p[1] & 0x7f, opcode = p[0] & 15;
    s->left = len;
    if (len == 126) s->left = be16(p + 2);
    if (len == 127) s->left = (uint64_t)be32(p + 2) << 32 | be32(p + 6);
    at += len == 126 ? 2 : len == 127 ? 8 : 0;
    s->masked = p[1] & 0x80;
    if (s->masked) memcpy(s->mask, p + at, 4);
    s->first = p[0];
    s->done = 0;
    s->in_frame = true;
    s->head_n = 0;
    if (s->left >> 63 || opcode > 10 || (opcode > 2 && opcode < 8)) s->broken = true;
    if (opcode != 1 && opcode != 2) return;
    s->opcode = (int)opcode;
    s->compressed = s->z && (p[0] & 0x40);
    s->start_ns = ts_ns;
    forget_message(w, s);
}

/* RFC 7692 7.2.2: the message and the four bytes that its sender took off. */
static bool decompress(struct side *s, struct buf *out)
{
    struct slice in[2] = { buf_slice(&s->message), { "\x00\x00\xff\xff", 4 } };
    for (int i = 0; i < 2; i++)
        while (in[i].n) {
            size_t got = 0, before = in[i].n;
            char *room = buf_room(out, 16384);
            if (!room) return false;
            enum inflate_status st = inflate_run(s->z, &in[i], room, 16384, &got);
            buf_grew(out, got);
            if (st == INFLATE_BAD) return false;
            if (st == INFLATE_END) inflate_reset(s->z);
            if (!got && in[i].n == before) break;
        }
    /* What a full output left inside. */
    for (size_t got = 16384; got == 16384;) {
        struct slice none = { 0 };
        char *room = buf_room(out, 16384);
        if (!room || inflate_run(s->z, &none, room, 16384, &got) == INFLATE_BAD)
            return room != NULL;
        buf_grew(out, got);
    }
    if (s->forget) inflate_reset(s->z);
    return true;
}

static void add_message(struct ws *w, int dir, struct slice data)
{
    struct sniff *sniff = w->base.conn->sniff;
    struct txn *t = w->txn;
    struct exchange *ex = &t->ex;
    sniff->report->web_socket_messages++;
    size_t bytes = data.n + sizeof *ex->ws;
    if (t->ws_bytes + bytes > sniff->body_limit || !sniff_take(sniff, bytes)) {
        txn_lost(t, LOST_TOO_BIG, "the messages are over the limit: later ones were left out");
        return;
    }
    t->ws_bytes += bytes;
    if (ex->ws_n == t->ws_cap) {
        size_t cap = t->ws_cap ? 2 * t->ws_cap : 16;
        ex->ws = arena_grow(t->arena, ex->ws, ex->ws_n * sizeof *ex->ws, cap * sizeof *ex->ws);
        t->ws_cap = cap;
    }
    ex->ws[ex->ws_n++] = (struct ws_message){
        .direction = dir == TO_SERVER ? WS_SEND : WS_RECEIVE,
        .time_ns = w->side[dir].start_ns,
        .opcode = w->side[dir].opcode,
        .data = arena_dup(t->arena, data),
    };
}

static void message_done(struct ws *w, int dir)
{
    struct side *s = &w->side[dir];
    struct buf plain = BUF_INIT(w->base.conn->sniff->body_limit);
    if (s->message.bad) {
        txn_lost(w->txn, LOST_TOO_BIG, "a message over the limit was left out");
        s->broken = s->compressed && !s->forget;
    } else if (!s->compressed) {
        add_message(w, dir, buf_slice(&s->message));
    } else if (decompress(s, &plain)) {
        add_message(w, dir, buf_slice(&plain));
    } else {
        txn_lost(w->txn, LOST_MALFORMED, "a compressed message could not be read");
        s->broken = true;
    }
    buf_free(&plain);
    s->opcode = 0;
    forget_message(w, s);
}

static void frame_done(struct ws *w, int dir)
{
    struct side *s = &w->side[dir];
    unsigned opcode = s->first & 15;
    s->in_frame = false;
    if (opcode < 8 && (s->first & 0x80) && s->opcode) message_done(w, dir);
}

static void feed_head(struct ws *w, struct side *s, int64_t ts_ns, struct slice *in)
{
    while (in->n && !s->in_frame) {
        s->head[s->head_n++] = (uint8_t)in->p[0];
        *in = slice_from(*in, 1);
        if (s->head_n == head_bytes(s->head, s->head_n)) begin_frame(w, s, ts_ns);
    }
}

/* Room in the message; NULL, and the message is bad, when a limit is passed. */
static char *message_room(struct ws *w, struct side *s, size_t n)
{
    char *room = s->message.bad ? NULL : buf_room(&s->message, n);
    if (room && sniff_take(w->base.conn->sniff, n)) return room;
    s->message.bad = true;
    return NULL;
}

static void feed_payload(struct ws *w, struct side *s, struct slice *in)
{
    struct slice piece = slice_sub(*in, 0, s->left < in->n ? (size_t)s->left : in->n);
    *in = slice_from(*in, piece.n);
    s->left -= piece.n;
    bool wanted = (s->first & 15) < 8 && s->opcode;
    char *room = wanted ? message_room(w, s, piece.n) : NULL;
    for (size_t i = 0; room && i < piece.n; i++)
        room[i] = (char)(piece.p[i] ^ (s->masked ? s->mask[(s->done + i) & 3] : 0));
    if (room) buf_grew(&s->message, piece.n);
    s->done += piece.n;
}

static void ws_data(struct proto *p, int dir, int64_t ts_ns, struct slice in)
{
    struct ws *w = (struct ws *)p;
    struct side *s = &w->side[dir];
    while (in.n && !s->broken) {
        feed_head(w, s, ts_ns, &in);
        if (s->broken) txn_lost(w->txn, LOST_MALFORMED, "not WebSocket frames");
        if (!s->in_frame || s->broken) return;
        feed_payload(w, s, &in);
        if (!s->left) frame_done(w, dir);
    }
}

static void ws_gap(struct proto *p, int dir, uint64_t bytes)
{
    struct ws *w = (struct ws *)p;
    (void)bytes;
    w->side[dir].broken = true;
    txn_lost(w->txn, LOST_GAP, "packets were missing in the capture: later messages were left out");
}

static void ws_fin(struct proto *p, int dir, int64_t ts_ns)
{
    (void)p;
    (void)dir;
    (void)ts_ns;
}

static void ws_free(struct proto *p)
{
    struct ws *w = (struct ws *)p;
    for (int d = 0; d < 2; d++) {
        forget_message(w, &w->side[d]);
        buf_free(&w->side[d].message);
        inflate_free(w->side[d].z);
    }
    txn_finish(p->conn, w->txn);
    free(w);
}

static const struct proto_ops ws_ops = { ws_data, ws_gap, ws_fin, ws_free };

/* "http://…" as "ws://…", as browsers record it. */
static struct slice ws_url(struct txn *t)
{
    struct slice url = t->ex.request.url;
    if (!slice_starts(url, SL("http"))) return url;
    return arena_printf(t->arena, "ws%.*s", SL_FMT(slice_from(url, 4)));
}

struct proto *ws_new(struct conn *c, struct txn *handshake)
{
    struct ws *w = mem_alloc(1, sizeof *w);
    struct slice ext = headers_get(&handshake->ex.response.headers, SL("Sec-WebSocket-Extensions"));
    bool deflate = slice_ifind(ext, SL("permessage-deflate")) != SLICE_NONE;
    w->base = (struct proto){ .ops = &ws_ops, .conn = c };
    w->txn = handshake;
    w->side[TO_SERVER].forget = slice_ifind(ext, SL("client_no_context")) != SLICE_NONE;
    w->side[TO_CLIENT].forget = slice_ifind(ext, SL("server_no_context")) != SLICE_NONE;
    for (int d = 0; d < 2; d++) {
        buf_init(&w->side[d].message, c->sniff->body_limit);
        if (deflate) w->side[d].z = inflate_new(INFLATE_RAW);
    }
    handshake->done[TO_SERVER] = true;
    handshake->ex.request.url = ws_url(handshake);
    handshake->ex.resource = SL("websocket");
    c->sniff->report->protocol[PROTO_WEBSOCKET]++;
    return &w->base;
}
