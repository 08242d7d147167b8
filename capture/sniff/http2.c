/* HTTP/2 connections (RFC 9113): frames of both directions, header blocks through nghttp2's HPACK
 * decoder, one transaction for each stream.
 *
 * Made by detect.c (prior knowledge, or inside TLS) and by http1.c (h2c upgrade). Invariant: every header
 * block is decoded, wanted or not, because the table depends on it. Once a direction has lost bytes that
 * may have been headers, the connection is given up: what is in flight is reported, nothing is guessed.
 * Limits: 1 MiB for a header block, 10,000 open streams (beyond: the oldest of a bucket is given up). */
#include <nghttp2/nghttp2.h>
#include <stdlib.h>

#include "base/enc.h"
#include "base/mem.h"
#include "capture/sniff/bytes.h"
#include "capture/sniff/txn.h"

#define BUCKETS 64
#define STREAMS_MAX 10000
#define BLOCK_MAX (1U << 20)
#define PREFACE 24
#define FRAME_HEAD 9

enum {
    F_DATA,
    F_HEADERS,
    F_PRIORITY,
    F_RST,
    F_SETTINGS,
    F_PUSH,
    F_PING,
    F_GOAWAY,
    F_WINDOW,
    F_CONT
};
enum {
    FLAG_END_STREAM = 1,
    FLAG_ACK = 1,
    FLAG_END_HEADERS = 4,
    FLAG_PADDED = 8,
    FLAG_PRIORITY = 32
};

struct frame {
    uint32_t n, stream;
    uint8_t type, flags;
};

struct side {
    uint32_t skip; /* bytes of the preface to come */
    uint8_t head[FRAME_HEAD];
    unsigned head_n;
    bool in_frame;
    struct frame frame;
    uint32_t left, pad; /* of the frame's payload; pad: DATA, bytes at its end that are none */
    bool pad_wanted;
    struct buf payload;  /* of frames other than DATA */
    struct buf block;    /* header block so far */
    bool in_block;       /* CONTINUATION must follow (RFC 9113 6.10) */
    struct frame opener; /* HEADERS or PUSH_PROMISE that it belongs to */
    uint32_t promised;
    int64_t start_ns; /* of the frame, or of the block */
    nghttp2_hd_inflater *inflater;
    uint32_t table_size; /* asked for by this side's SETTINGS, not yet acknowledged */
    bool table_asked;
};

struct http2 {
    struct proto base;
    struct side side[2];
    struct txn *bucket[BUCKETS];
    size_t streams;
    uint32_t newest[2]; /* the highest stream that this side has opened */
    bool broken;
};

/* ---- streams ---- */

static struct txn **place(struct http2 *h, uint32_t id)
{
    struct txn **at = &h->bucket[id / 2 % BUCKETS];
    while (*at && (*at)->stream_id != id)
        at = &(*at)->next;
    return at;
}

static void end_stream(struct http2 *h, struct txn *t)
{
    struct txn **at = place(h, t->stream_id);
    *at = t->next;
    h->streams--;
    txn_finish(h->base.conn, t);
}

/* Answers are not in the capture, or streams are never ended: the last one of the bucket is the oldest. */
static void give_up_oldest(struct http2 *h, uint32_t id)
{
    struct txn *t = h->bucket[id / 2 % BUCKETS];
    if (!t) return;
    while (t->next)
        t = t->next;
    if (!t->done[TO_CLIENT]) txn_lost(t, LOST_NO_ANSWER, NULL);
    end_stream(h, t);
}

/* A new stream, whose number is higher than those before (RFC 9113 5.1.1); NULL: a frame of one that is
 * over already. */
static struct txn *add_stream(struct http2 *h, int dir, uint32_t id)
{
    if (id <= h->newest[dir]) return NULL;
    h->newest[dir] = id;
    if (h->streams >= STREAMS_MAX) give_up_oldest(h, id);
    struct txn *t = txn_new(h->base.conn), **at = &h->bucket[id / 2 % BUCKETS];
    t->stream_id = id;
    t->next = *at;
    *at = t;
    h->streams++;
    return t;
}

static void end_all(struct http2 *h, enum capture_lost lost, const char *why)
{
    for (size_t i = 0; i < BUCKETS; i++)
        while (h->bucket[i]) {
            struct txn *t = h->bucket[i];
            bool unanswered = lost == LOST_CLOSED && !t->begun[TO_CLIENT];
            /* All of the answer is there; the request's end was not waited for. */
            if (!t->done[TO_CLIENT]) txn_lost(t, unanswered ? LOST_NO_ANSWER : lost, why);
            end_stream(h, t);
        }
}

static void give_up(struct http2 *h, enum capture_lost lost, const char *why)
{
    h->broken = true;
    end_all(h, lost, why);
}

static void message_done(struct http2 *h, struct txn *t, int dir, int64_t ts_ns)
{
    t->done[dir] = true;
    t->last_ns[dir] = ts_ns;
    if (t->done[TO_SERVER] && t->done[TO_CLIENT]) end_stream(h, t);
}

/* ---- header blocks ---- */

struct fields {
    struct headers headers;
    size_t cap;
    struct slice method, scheme, authority, path, status;
};

static void take_field(struct arena *a, struct fields *f, struct slice name, struct slice value)
{
    value = arena_dup(a, value);
    if (!name.n || name.p[0] != ':') {
        headers_add(a, &f->headers, &f->cap, arena_dup(a, name), value);
        return;
    }
    if (slice_eq(name, SL(":method"))) f->method = value;
    if (slice_eq(name, SL(":scheme"))) f->scheme = value;
    if (slice_eq(name, SL(":authority"))) f->authority = value;
    if (slice_eq(name, SL(":path"))) f->path = value;
    if (slice_eq(name, SL(":status"))) f->status = value;
}

/* Decodes a whole block; a NULL arena only keeps the table right. */
static bool inflate_block(struct side *s, struct arena *a, struct fields *f)
{
    const uint8_t *p = (const uint8_t *)buf_z(&s->block); /* never NULL, also for an empty block */
    size_t n = s->block.n;
    for (;;) {
        nghttp2_nv nv;
        int flags = 0;
        ssize_t used = nghttp2_hd_inflate_hd2(s->inflater, &nv, &flags, p, n, 1);
        if (used < 0) return false;
        p += used;
        n -= (size_t)used;
        if ((flags & NGHTTP2_HD_INFLATE_EMIT) && a)
            take_field(a, f, (struct slice){ (const char *)nv.name, nv.namelen },
                       (struct slice){ (const char *)nv.value, nv.valuelen });
        if (flags & NGHTTP2_HD_INFLATE_FINAL) break;
        if (!(flags & NGHTTP2_HD_INFLATE_EMIT) && !n) return false;
    }
    return nghttp2_hd_inflate_end_headers(s->inflater) == 0;
}

static void set_request(struct http2 *h, struct txn *t, const struct fields *f)
{
    struct request *r = &t->ex.request;
    bool secure = h->base.secure || slice_ieq(f->scheme, SL("https"));
    struct slice authority = f->authority;
    if (!authority.n) authority = headers_get(&f->headers, SL("host"));
    r->headers = f->headers;
    r->method = f->method;
    r->version = SL("HTTP/2");
    r->url = txn_url(h->base.conn, t, secure, authority, f->path);
}

static void append_trailers(struct txn *t, struct headers *to, const struct headers *more)
{
    struct headers all = { 0 };
    size_t cap = 0;
    for (size_t i = 0; i < to->n; i++)
        headers_add(t->arena, &all, &cap, to->v[i].name, to->v[i].value);
    for (size_t i = 0; i < more->n; i++)
        headers_add(t->arena, &all, &cap, more->v[i].name, more->v[i].value);
    *to = all;
}

static int status_of(struct slice s)
{
    if (s.n != 3 || s.p[0] < '1' || s.p[0] > '9') return 0;
    return (s.p[0] - '0') * 100 + (s.p[1] - '0') * 10 + (s.p[2] - '0');
}

static void on_request(struct http2 *h, struct txn *t, const struct fields *f, int64_t ts_ns)
{
    if (t->begun[TO_SERVER]) {
        append_trailers(t, &t->ex.request.headers, &f->headers);
        return;
    }
    set_request(h, t, f);
    txn_begin(t, TO_SERVER, h->side[TO_SERVER].start_ns, ts_ns);
}

static void on_response(struct http2 *h, struct txn *t, const struct fields *f, int64_t ts_ns)
{
    struct response *r = &t->ex.response;
    int status = status_of(f->status);
    if (t->begun[TO_CLIENT]) {
        append_trailers(t, &r->headers, &f->headers);
        return;
    }
    if (status >= 100 && status < 200) return; /* interim */
    r->status = status;
    r->version = SL("HTTP/2");
    r->headers = f->headers;
    txn_begin(t, TO_CLIENT, h->side[TO_CLIENT].start_ns, ts_ns);
}

static void on_promise(struct http2 *h, struct txn *t, const struct fields *f, int64_t ts_ns)
{
    set_request(h, t, f);
    t->ex.from = FROM_PUSH;
    txn_begin(t, TO_SERVER, h->side[TO_CLIENT].start_ns, ts_ns);
    t->done[TO_SERVER] = true;
    h->base.conn->sniff->report->pushed++;
}

/* The block of side->opener is complete. */
static void block_done(struct http2 *h, int dir, int64_t ts_ns)
{
    struct side *s = &h->side[dir];
    bool push = s->opener.type == F_PUSH;
    uint32_t id = push ? s->promised : s->opener.stream;
    struct txn *t = *place(h, id);
    struct fields f = { 0 };
    if (!t && (dir == TO_SERVER || push)) t = add_stream(h, dir, id);
    bool ok = inflate_block(s, t ? t->arena : NULL, &f);
    buf_reset(&s->block);
    s->in_block = false;
    if (!ok) {
        give_up(h, LOST_MALFORMED, "a header block could not be decoded");
        return;
    }
    if (!t) return;
    if (push)
        on_promise(h, t, &f, ts_ns);
    else if (dir == TO_SERVER)
        on_request(h, t, &f, ts_ns);
    else
        on_response(h, t, &f, ts_ns);
    if (!push && (s->opener.flags & FLAG_END_STREAM)) message_done(h, t, dir, ts_ns);
}

/* ---- frames but DATA ---- */

/* Takes padding and priority off a HEADERS or PUSH_PROMISE payload. */
static bool strip(struct side *s, struct slice *fragment)
{
    struct cursor c = cursor_of(buf_slice(&s->payload));
    size_t pad = s->frame.flags & FLAG_PADDED ? cursor_u8(&c) : 0;
    if (s->frame.type == F_HEADERS && (s->frame.flags & FLAG_PRIORITY)) cursor_take(&c, 5);
    if (s->frame.type == F_PUSH) s->promised = cursor_u32(&c) & 0x7fffffff;
    if (c.bad || pad > c.n) return false;
    *fragment = slice_sub(cursor_rest(&c), 0, c.n - pad);
    return true;
}

static void on_block_frame(struct http2 *h, int dir, int64_t ts_ns)
{
    struct side *s = &h->side[dir];
    struct slice fragment = buf_slice(&s->payload);
    bool opens = s->frame.type != F_CONT;
    if (opens && !strip(s, &fragment)) {
        give_up(h, LOST_MALFORMED, "a HEADERS frame with wrong padding");
        return;
    }
    if (opens) {
        buf_reset(&s->block);
        s->opener = s->frame;
        s->in_block = true;
    }
    buf_add(&s->block, fragment);
    if (s->block.bad)
        give_up(h, LOST_TOO_BIG, "a header block over the limit");
    else if (s->frame.flags & FLAG_END_HEADERS)
        block_done(h, dir, ts_ns);
}

static void on_reset(struct http2 *h, int dir, struct slice payload)
{
    struct side *s = &h->side[dir];
    struct txn *t = *place(h, s->frame.stream);
    if (!t || payload.n < 4) return;
    const char *name = nghttp2_http2_strerror(be32((const uint8_t *)payload.p));
    /* RFC 9113 8.1: a server may reset a request that it has answered without all of it. */
    if (!t->done[TO_CLIENT]) txn_lost(t, LOST_RESET, NULL);
    if (!t->done[TO_CLIENT] && !t->ex.comment.n)
        t->ex.comment = arena_printf(t->arena, "RST_STREAM by the %s: %s",
                                     dir == TO_SERVER ? "client" : "server", name);
    end_stream(h, t);
}

/* SETTINGS_HEADER_TABLE_SIZE (1) limits what the other side's encoder may use, from its ACK on. */
static void read_settings(struct side *s, struct slice payload)
{
    for (struct cursor c = cursor_of(payload); c.n >= 6;) {
        uint32_t id = cursor_u16(&c), value = cursor_u32(&c);
        if (id != 1) continue;
        s->table_size = value;
        s->table_asked = true;
    }
}

static void apply_settings(struct side *asked, struct side *encoder)
{
    if (asked->table_asked)
        nghttp2_hd_inflate_change_table_size(encoder->inflater, asked->table_size);
    asked->table_asked = false;
}

static void frame_done(struct http2 *h, int dir, int64_t ts_ns)
{
    struct side *s = &h->side[dir];
    struct slice payload = buf_slice(&s->payload);
    switch (s->frame.type) {
    case F_HEADERS:
    case F_PUSH:
    case F_CONT: on_block_frame(h, dir, ts_ns); break;
    case F_RST: on_reset(h, dir, payload); break;
    case F_SETTINGS:
        if (s->frame.flags & FLAG_ACK)
            apply_settings(&h->side[!dir], s);
        else
            read_settings(s, payload);
        break;
    default: break;
    }
}

/* ---- DATA ---- */

static void data_done(struct http2 *h, int dir, int64_t ts_ns)
{
    struct side *s = &h->side[dir];
    struct txn *t = *place(h, s->frame.stream);
    if (t && (s->frame.flags & FLAG_END_STREAM)) message_done(h, t, dir, ts_ns);
}

static void data_piece(struct http2 *h, int dir, int64_t ts_ns, struct slice piece)
{
    struct side *s = &h->side[dir];
    if (s->pad_wanted && piece.n) {
        s->pad_wanted = false;
        s->pad = (uint8_t)piece.p[0];
        s->left--;
        piece = slice_from(piece, 1);
    }
    struct txn *t = *place(h, s->frame.stream);
    uint32_t body = s->left > s->pad ? s->left - s->pad : 0;
    s->left -= (uint32_t)piece.n;
    if (!t) return;
    struct slice text = slice_sub(piece, 0, body);
    if (text.n) txn_body(h->base.conn->sniff, t, dir, text);
    t->last_ns[dir] = ts_ns;
}

/* ---- the flow of bytes ---- */

static void begin_frame(struct http2 *h, int dir)
{
    struct side *s = &h->side[dir];
    const uint8_t *p = s->head;
    s->frame = (struct frame){ be24(p), be32(p + 5) & 0x7fffffff, p[3], p[4] };
    s->left = s->frame.n;
    s->head_n = 0;
    s->pad = 0;
    s->pad_wanted = s->frame.type == F_DATA && (s->frame.flags & FLAG_PADDED) && s->frame.n;
    s->in_frame = true;
    buf_reset(&s->payload);
    bool continues = s->frame.type == F_CONT;
    if (continues != s->in_block || (continues && s->frame.stream != s->opener.stream))
        give_up(h, LOST_MALFORMED, "a header block is interrupted");
    else if (s->frame.type != F_DATA && s->frame.n > BLOCK_MAX)
        give_up(h, LOST_MALFORMED, "a frame over the limit");
}

/* The head of the next frame, byte by byte if need be. */
static void feed_head(struct http2 *h, int dir, int64_t ts_ns, struct slice *in)
{
    struct side *s = &h->side[dir];
    size_t n = FRAME_HEAD - s->head_n < in->n ? FRAME_HEAD - s->head_n : in->n;
    if (!s->head_n && !s->in_block) s->start_ns = ts_ns;
    memcpy(s->head + s->head_n, in->p, n);
    s->head_n += (unsigned)n;
    *in = slice_from(*in, n);
    if (s->head_n == FRAME_HEAD) begin_frame(h, dir);
}

static void feed_payload(struct http2 *h, int dir, int64_t ts_ns, struct slice *in)
{
    struct side *s = &h->side[dir];
    struct slice piece = slice_sub(*in, 0, s->left);
    *in = slice_from(*in, piece.n);
    if (s->frame.type == F_DATA) {
        data_piece(h, dir, ts_ns, piece);
    } else {
        buf_add(&s->payload, piece);
        s->left -= (uint32_t)piece.n;
    }
    if (s->left) return;
    s->in_frame = false;
    if (s->frame.type == F_DATA)
        data_done(h, dir, ts_ns);
    else
        frame_done(h, dir, ts_ns);
}

static void http2_data(struct proto *p, int dir, int64_t ts_ns, struct slice in)
{
    struct http2 *h = (struct http2 *)p;
    struct side *s = &h->side[dir];
    if (s->skip) {
        size_t n = s->skip < in.n ? s->skip : in.n;
        s->skip -= (uint32_t)n;
        in = slice_from(in, n);
    }
    while (in.n && !h->broken) {
        if (!s->in_frame) feed_head(h, dir, ts_ns, &in);
        /* Also with nothing left to read: a frame may be empty. */
        if (s->in_frame && !h->broken && (in.n || !s->left)) feed_payload(h, dir, ts_ns, &in);
    }
}

/* A hole inside a DATA frame is filled with zeros; any other may have held headers. */
static void http2_gap(struct proto *p, int dir, uint64_t bytes)
{
    static const char zeros[4096];
    struct http2 *h = (struct http2 *)p;
    struct side *s = &h->side[dir];
    if (h->broken) return;
    if (!s->in_frame || s->frame.type != F_DATA || s->pad_wanted || bytes > s->left) {
        give_up(h, LOST_GAP, "packets were missing in the capture");
        return;
    }
    struct txn *t = *place(h, s->frame.stream);
    int64_t ts_ns = t ? t->last_ns[dir] : 0;
    if (t) t->damaged[dir] = true;
    if (t)
        txn_lost(t, LOST_GAP, "packets of the body were missing in the capture: filled with zeros");
    for (; bytes; bytes -= bytes < sizeof zeros ? bytes : sizeof zeros)
        http2_data(p, dir, ts_ns,
                   (struct slice){ zeros, bytes < sizeof zeros ? (size_t)bytes : sizeof zeros });
}

static void http2_fin(struct proto *p, int dir, int64_t ts_ns)
{
    (void)p;
    (void)dir;
    (void)ts_ns; /* streams end by themselves; what is open is seen at the connection's end */
}

static void http2_free(struct proto *p)
{
    struct http2 *h = (struct http2 *)p;
    end_all(h, txn_end_reason(p->conn), NULL);
    for (int d = 0; d < 2; d++) {
        nghttp2_hd_inflate_del(h->side[d].inflater);
        buf_free(&h->side[d].payload);
        buf_free(&h->side[d].block);
    }
    free(h);
}

static const struct proto_ops http2_ops = { http2_data, http2_gap, http2_fin, http2_free };

/* The upgraded request is stream 1, its 101 is forgotten (RFC 7540 3.2). */
static void adopt(struct http2 *h, struct txn *t)
{
    struct buf settings = BUF_INIT(4096);
    t->ex.response = (struct response){ .wire_bytes = -1 };
    t->begun[TO_CLIENT] = t->done[TO_CLIENT] = t->has_body[TO_CLIENT] = false;
    t->stream_id = 1;
    t->next = NULL;
    *place(h, 1) = t;
    h->streams++;
    h->newest[TO_SERVER] = 1;
    if (enc_unbase64(&settings, headers_get(&t->ex.request.headers, SL("HTTP2-Settings"))))
        read_settings(&h->side[TO_SERVER], buf_slice(&settings));
    apply_settings(&h->side[TO_SERVER], &h->side[TO_CLIENT]);
    buf_free(&settings);
    h->base.conn->sniff->report->protocol[PROTO_HTTP2]++;
}

struct proto *http2_new(struct conn *c, bool secure, struct txn *first)
{
    struct http2 *h = mem_alloc(1, sizeof *h);
    h->base = (struct proto){ .ops = &http2_ops, .conn = c, .secure = secure };
    for (int d = 0; d < 2; d++) {
        buf_init(&h->side[d].payload, BLOCK_MAX);
        buf_init(&h->side[d].block, BLOCK_MAX);
        h->broken = nghttp2_hd_inflate_new(&h->side[d].inflater) != 0 || h->broken;
    }
    h->side[TO_SERVER].skip = PREFACE;
    if (first) adopt(h, first);
    return &h->base;
}
