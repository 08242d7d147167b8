/* The first decoder of every connection and of every tunnel: waits until it knows what the bytes are,
 * then hands everything to the decoder of that protocol.
 *
 * Invariant: until there is a child, held[dir] are the bytes of a direction since its beginning, or since
 * the last place where a start was looked for. What is not recognised at the beginning may still become
 * so at the start of a later packet (a capture that joined in the middle, SOCKS in front): up to
 * TRY_BYTES, then the connection is left alone. What is held counts against the capture's memory. */
#include <stdlib.h>

#include "base/mem.h"
#include "capture/sniff/conn.h"
#include "capture/sniff/engine.h"
#include "capture/sniff/judge.h"

#define TRY_BYTES (256U << 10)

struct detect {
    struct proto base;
    struct proto *child;
    struct buf held[2];
    int64_t held_ns[2];
    enum verdict last[2];
    uint64_t tried; /* bytes given up so far */
    bool sides_known, over;
    bool swap; /* this decoder's directions are the flow's, turned around for the child */
    bool fin[2];
};

static void forward(struct detect *d, int dir, int64_t ts_ns, struct slice data)
{
    proto_data(d->child, dir ^ d->swap, ts_ns, data);
}

/* Which protocol it is: counted, decoded by. */
static struct proto *make_child(struct detect *d, enum verdict v)
{
    struct conn *c = d->base.conn;
    bool secure = d->base.secure;
    switch (v) {
    case JUDGE_REQUEST:
    case JUDGE_RESPONSE: conn_count(c, PROTO_HTTP1); return http1_new(c, secure);
    case JUDGE_H2_CLIENT: conn_count(c, PROTO_HTTP2); return http2_new(c, secure, NULL);
    case JUDGE_TLS_CLIENT:
    case JUDGE_TLS_SERVER:
    case JUDGE_TLS_MIDDLE: conn_count(c, PROTO_TLS); return tlsconn_new(c);
    case JUDGE_H2_FRAMES: conn_count(c, PROTO_HTTP2_MIDDLE); return NULL;
    case JUDGE_SSL2: conn_count(c, PROTO_SSL2); return NULL;
    case JUDGE_MORE:
    case JUDGE_PROXY:
    case JUDGE_OTHER: return NULL;
    }
    return NULL;
}

static void settle_sides(struct detect *d, int dir, enum verdict v)
{
    bool client =
        v == JUDGE_REQUEST || v == JUDGE_H2_CLIENT || v == JUDGE_TLS_CLIENT || v == JUDGE_SSL2;
    if (d->sides_known || v == JUDGE_TLS_MIDDLE || v == JUDGE_H2_FRAMES) return;
    d->swap = client ? dir != TO_SERVER : dir != TO_CLIENT;
    d->sides_known = true;
    conn_set_sides(d->base.conn, d->swap);
}

static void drop_held(struct detect *d, int dir, size_t n)
{
    sniff_give(d->base.conn->sniff, n);
    buf_drop(&d->held[dir], n);
}

static void free_held(struct detect *d, int dir)
{
    drop_held(d, dir, d->held[dir].n);
    buf_free(&d->held[dir]);
}

static void give_held(struct detect *d, int dir)
{
    forward(d, dir, d->held_ns[dir], buf_slice(&d->held[dir]));
    free_held(d, dir);
}

static void decide(struct detect *d, int dir, enum verdict v)
{
    settle_sides(d, dir, v);
    d->child = make_child(d, v);
    d->over = true;
    int first = d->held[0].n && d->held_ns[0] <= d->held_ns[1] ? 0 : 1;
    give_held(d, first);
    give_held(d, !first);
    for (int i = 0; i < 2; i++)
        if (d->fin[i]) proto_fin(d->child, i ^ d->swap, d->held_ns[i]);
}

static void give_up(struct detect *d)
{
    d->over = true;
    conn_count(d->base.conn, PROTO_OTHER);
    free_held(d, 0);
    free_held(d, 1);
}

/* Nothing that is known, n bytes of it: the next packet may begin with something. */
static void pass_over(struct detect *d, int dir, size_t n)
{
    d->tried += n;
    d->base.conn->sniff->report->skipped_bytes += n;
    drop_held(d, dir, d->held[dir].n);
    if (d->tried > TRY_BYTES) give_up(d);
}

/* A server may speak first (HTTP/2 SETTINGS): frames wait for the other side's preface, when the
 * connection was seen from its beginning. */
static bool waits(const struct detect *d, int dir, enum verdict v)
{
    if (v == JUDGE_MORE) return true;
    return v == JUDGE_H2_FRAMES && conn_from_start(d->base.conn) && !d->tried &&
           d->last[!dir] == JUDGE_MORE;
}

static void look(struct detect *d, int dir)
{
    size_t skip = 0, n = d->held[dir].n;
    enum verdict v = judge(buf_slice(&d->held[dir]), &skip);
    d->last[dir] = v;
    if (v == JUDGE_PROXY) {
        drop_held(d, dir, skip);
        look(d, dir); /* once: the header is gone */
        return;
    }
    bool late = d->tried > 0 && conn_from_start(d->base.conn);
    if (late && (v == JUDGE_TLS_MIDDLE || v == JUDGE_SSL2 || v == JUDGE_H2_FRAMES)) v = JUDGE_OTHER;
    if (waits(d, dir, v) && n <= TRY_BYTES) return;
    if (v == JUDGE_OTHER || waits(d, dir, v))
        pass_over(d, dir, n);
    else
        decide(d, dir, v);
}

static void detect_data(struct proto *p, int dir, int64_t ts_ns, struct slice data)
{
    struct detect *d = (struct detect *)p;
    if (d->child) {
        forward(d, dir, ts_ns, data);
        return;
    }
    if (d->over) return;
    if (!d->held[dir].n) d->held_ns[dir] = ts_ns;
    if (!sniff_take(d->base.conn->sniff, data.n)) {
        pass_over(d, dir, d->held[dir].n + data.n);
    } else if (buf_add(&d->held[dir], data)) {
        look(d, dir);
    } else {
        sniff_give(d->base.conn->sniff, data.n);
        give_up(d);
    }
}

static void detect_gap(struct proto *p, int dir, uint64_t bytes)
{
    struct detect *d = (struct detect *)p;
    if (d->child) proto_gap(d->child, dir ^ d->swap, bytes);
    if (!d->over) pass_over(d, dir, d->held[dir].n + 1);
}

static void detect_fin(struct proto *p, int dir, int64_t ts_ns)
{
    struct detect *d = (struct detect *)p;
    d->fin[dir] = true;
    proto_fin(d->child, dir ^ d->swap, ts_ns);
}

static void detect_free(struct proto *p)
{
    struct detect *d = (struct detect *)p;
    bool frames = d->last[0] == JUDGE_H2_FRAMES || d->last[1] == JUDGE_H2_FRAMES;
    proto_free(d->child);
    if (!d->over) conn_count(p->conn, frames ? PROTO_HTTP2_MIDDLE : PROTO_OTHER);
    free_held(d, 0);
    free_held(d, 1);
    free(d);
}

static const struct proto_ops detect_ops = { detect_data, detect_gap, detect_fin, detect_free };

struct proto *detect_new(struct conn *c, bool secure, bool sides_known)
{
    struct detect *d = mem_alloc(1, sizeof *d);
    d->base = (struct proto){ .ops = &detect_ops, .conn = c, .secure = secure };
    d->sides_known = sides_known;
    d->swap = !secure && sides_known && !c->tunnel && c->swapped;
    buf_init(&d->held[0], TRY_BYTES + (64U << 10));
    buf_init(&d->held[1], TRY_BYTES + (64U << 10));
    return &d->base;
}
