/* The flow table. Called by engine.c for every segment.
 *
 * Invariant: a flow is in one hash chain and in one of two lists, open or lingering, each in order of
 * last activity, so that expiry looks at the heads only. Lingering flows have ended (both FIN, or RST)
 * and wait for stragglers; data after a reset brings one back.
 * The in-order case costs one lookup, two list moves and no allocation. */
#include "capture/sniff/flow.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

#define LINGER_NS ((int64_t)(2 * NS_PER_S))
#define LATE_PACKETS 48 /* recorders with several queues mix the order about this much */
#define LATE_NS ((int64_t)NS_PER_S)
#define UNACKED_LATE_NS ((int64_t)(10 * NS_PER_S)) /* a retransmission may still come */
#define FAR_AHEAD (UINT64_C(1) << 30)
#define HELD_PIECES_MAX 16384

struct flow_list {
    struct flow *oldest, *newest;
};

struct flow_table {
    struct flow_limits limits;
    const struct flow_ops *ops;
    void *arg;
    struct flow **bucket;
    size_t buckets, n;
    uint64_t seed, next_id;
    struct flow_list open, linger;
    struct flow *spare;
    size_t held_bytes;
    int64_t now_ns;  /* the latest time that two packets in a row have reached */
    int64_t last_ns; /* of the last packet */
    struct flow_stats stats;
};

struct flow_table *flow_table_new(struct flow_limits limits, const struct flow_ops *ops, void *arg)
{
    struct flow_table *t = mem_alloc(1, sizeof *t);
    if (!limits.held_bytes_flow) limits.held_bytes_flow = 4U << 20;
    if (!limits.held_bytes_all) limits.held_bytes_all = 64U << 20;
    if (!limits.flows) limits.flows = 200000;
    if (!limits.idle_ns) limits.idle_ns = (int64_t)(300 * NS_PER_S);
    t->limits = limits;
    t->ops = ops;
    t->arg = arg;
    t->buckets = 1024;
    t->bucket = mem_alloc(t->buckets, sizeof *t->bucket);
    t->seed = clock_mono_ns() * UINT64_C(0x9e3779b97f4a7c15);
    return t;
}

/* ---- hash table ---- */

static uint64_t end_hash(const struct endpoint *e, uint64_t seed)
{
    uint64_t a, b;
    memcpy(&a, e->ip, 8);
    memcpy(&b, e->ip + 8, 8);
    uint64_t h = (a ^ seed) * UINT64_C(0xff51afd7ed558ccd);
    h = (h ^ (h >> 32) ^ b) * UINT64_C(0xc4ceb9fe1a85ec53);
    return (h ^ (h >> 29) ^ e->port) * UINT64_C(0x9e3779b97f4a7c15);
}

/* The same for both directions. */
static uint64_t key_hash(const struct flow_table *t, const struct segment *s)
{
    uint64_t h = end_hash(&s->src, t->seed) + end_hash(&s->dst, t->seed);
    return h ^ (h >> 31);
}

static bool same_end(const struct endpoint *a, const struct endpoint *b)
{
    return a->port == b->port && memcmp(a->ip, b->ip, 16) == 0;
}

static struct flow *find(struct flow_table *t, const struct segment *s, uint64_t hash, int *dir)
{
    for (struct flow *f = t->bucket[hash & (t->buckets - 1)]; f; f = f->chain) {
        if (f->hash != hash) continue;
        *dir = same_end(&f->end[0], &s->src) && same_end(&f->end[1], &s->dst) ? 0 : 1;
        if (*dir == 0) return f;
        if (same_end(&f->end[1], &s->src) && same_end(&f->end[0], &s->dst)) return f;
    }
    return NULL;
}

static void grow(struct flow_table *t)
{
    size_t n = t->buckets * 2;
    struct flow **bucket = mem_alloc(n, sizeof *bucket);
    for (size_t i = 0; i < t->buckets; i++)
        for (struct flow *f = t->bucket[i], *next; f; f = next) {
            next = f->chain;
            f->chain = bucket[f->hash & (n - 1)];
            bucket[f->hash & (n - 1)] = f;
        }
    free(t->bucket);
    t->bucket = bucket;
    t->buckets = n;
}

/* ---- lists ---- */

static struct flow_list *list_of(struct flow_table *t, const struct flow *f)
{
    return f->lingering ? &t->linger : &t->open;
}

static void list_remove(struct flow_list *l, struct flow *f)
{
    *(f->older ? &f->older->newer : &l->oldest) = f->newer;
    *(f->newer ? &f->newer->older : &l->newest) = f->older;
}

static void list_append(struct flow_list *l, struct flow *f)
{
    f->older = l->newest;
    f->newer = NULL;
    *(l->newest ? &l->newest->newer : &l->oldest) = f;
    l->newest = f;
}

static void touch(struct flow_table *t, struct flow *f, bool linger)
{
    f->last_ns = t->now_ns;
    if (f->lingering == linger && list_of(t, f)->newest == f) return;
    list_remove(list_of(t, f), f);
    f->lingering = linger;
    list_append(list_of(t, f), f);
}

/* ---- passing on ---- */

static bool blocked(const struct flow *f, int dir, uint64_t needs)
{
    const struct stream *peer = &f->dir[!dir];
    return needs > peer->next && peer->started && !peer->done;
}

static void pass(struct flow_table *t, struct flow *f, int dir, const struct piece *p)
{
    stream_passed(&f->dir[dir], p->data, p->data.n);
    if (p->data.n && !f->closed) t->ops->data(t->arg, f, dir, p->ts_ns, p->data);
}

static void pass_gap(struct flow_table *t, struct flow *f, int dir, uint64_t n)
{
    t->stats.gaps++;
    t->stats.gap_bytes += n;
    f->dir[dir].hole_ns = 0;
    stream_passed(&f->dir[dir], (struct slice){ 0 }, (size_t)n);
    if (!f->closed) t->ops->gap(t->arg, f, dir, n);
}

static void pass_fin(struct flow_table *t, struct flow *f, int dir)
{
    struct stream *s = &f->dir[dir];
    if (!s->fin || s->done || s->next < s->fin_off) return;
    s->done = true;
    if (!f->closed) t->ops->fin(t->arg, f, dir, t->now_ns);
}

/* Passes on the first held piece of a direction, which is ready. */
static void pass_held(struct flow_table *t, struct flow *f, int dir, size_t skip)
{
    struct stream *s = &f->dir[dir];
    struct held *h = s->first;
    struct piece p = { .off = s->next, .ts_ns = h->ts_ns };
    p.data = (struct slice){ h->data + skip, h->cut ? 0 : h->n - skip };
    if (h->cut)
        pass_gap(t, f, dir, h->n - skip);
    else
        pass(t, f, dir, &p);
    s->hole_ns = 0;
    stream_unhold(s);
}

/* Passes on held pieces of one direction whose turn has come; true if anything moved. */
static bool pump_dir(struct flow_table *t, struct flow *f, int dir)
{
    bool moved = false;
    size_t skip;
    for (struct held *h; (h = stream_ready(&f->dir[dir], &skip)) && !blocked(f, dir, h->needs);) {
        pass_held(t, f, dir, skip);
        moved = true;
    }
    pass_fin(t, f, dir);
    return moved;
}

/* Both directions wait for each other (a retransmission with a newer acknowledgement came before its
 * original): the older piece goes first. */
static bool unlock(struct flow_table *t, struct flow *f)
{
    size_t skip[2];
    struct held *a = stream_ready(&f->dir[0], &skip[0]), *b = stream_ready(&f->dir[1], &skip[1]);
    if (!a || !b) return false;
    int dir = a->ts_ns <= b->ts_ns ? 0 : 1;
    pass_held(t, f, dir, skip[dir]);
    return true;
}

static void pump(struct flow_table *t, struct flow *f)
{
    bool moved = true;
    while (moved && (f->dir[0].first || f->dir[1].first)) {
        moved = pump_dir(t, f, 0);
        moved = pump_dir(t, f, 1) || moved;
        moved = moved || unlock(t, f);
    }
    pass_fin(t, f, 0);
    pass_fin(t, f, 1);
}

/* ---- holes ---- */

static bool is_late(const struct flow_table *t, const struct flow *f, int dir)
{
    const struct stream *s = &f->dir[dir];
    int64_t age = t->now_ns - s->hole_ns;
    if (s->held_bytes > t->limits.held_bytes_flow || s->held_n > HELD_PIECES_MAX) return true;
    if (t->held_bytes > t->limits.held_bytes_all && s->first) return true;
    if (s->acked > s->next) return s->hole_packets > LATE_PACKETS || age > LATE_NS;
    return age > UNACKED_LATE_NS;
}

/* Gives up the hole of a direction if it is time; true if it did. */
static bool give_up_late(struct flow_table *t, struct flow *f, int dir)
{
    struct stream *s = &f->dir[dir];
    uint64_t hole = stream_hole(s);
    if (!hole) {
        s->hole_ns = 0;
        return false;
    }
    if (!s->hole_ns) {
        s->hole_ns = t->now_ns ? t->now_ns : 1;
        s->hole_packets = 0;
    }
    s->hole_packets++;
    if (!is_late(t, f, dir)) return false;
    pass_gap(t, f, dir, hole);
    return true;
}

static size_t flow_held(const struct flow *f)
{
    return f->dir[0].held_bytes + f->dir[1].held_bytes;
}

static void settle(struct flow_table *t, struct flow *f)
{
    for (bool again = true; again;) {
        size_t before = flow_held(f);
        pump(t, f);
        t->held_bytes -= before - flow_held(f);
        again = give_up_late(t, f, 0) || give_up_late(t, f, 1);
    }
}

/* At the end, an acknowledgement of one more than all bytes is that of a FIN which the capture has missed. */
static bool infer_fin(struct stream *s)
{
    if (!s->started || s->fin || s->first || s->acked != s->next + 1) return false;
    s->fin = true;
    s->fin_off = s->acked = s->next;
    return true;
}

/* The end: everything held is passed on, holes become gaps. */
static void drain(struct flow_table *t, struct flow *f)
{
    size_t before = flow_held(f);
    for (bool again = true; again;) {
        pump(t, f);
        again = false;
        for (int d = 0; d < 2 && !again; d++) {
            bool ended = infer_fin(&f->dir[d]);
            uint64_t hole = stream_hole(&f->dir[d]);
            if (hole) pass_gap(t, f, d, hole);
            again = hole > 0 || ended;
        }
    }
    stream_free(&f->dir[0]);
    stream_free(&f->dir[1]);
    t->held_bytes -= before;
}

/* ---- life of a flow ---- */

static void close_flow(struct flow_table *t, struct flow *f, enum flow_end how)
{
    drain(t, f);
    if (f->closed) return;
    f->closed = true;
    t->ops->close(t->arg, f, how);
}

/* Both directions have said FIN. */
static bool ended(const struct flow *f)
{
    return f->dir[0].done && f->dir[1].done;
}

static void remove_flow(struct flow_table *t, struct flow *f, enum flow_end how)
{
    if (how == FLOW_IDLE) how = ended(f) ? FLOW_FIN : f->reset ? FLOW_RST : how;
    close_flow(t, f, how);
    struct flow **at = &t->bucket[f->hash & (t->buckets - 1)];
    while (*at != f)
        at = &(*at)->chain;
    *at = f->chain;
    list_remove(list_of(t, f), f);
    t->n--;
    f->chain = t->spare;
    t->spare = f;
}

static struct flow *make(struct flow_table *t, const struct segment *s, uint64_t hash)
{
    if (t->n >= t->limits.flows) {
        t->stats.evicted++;
        remove_flow(t, t->linger.oldest ? t->linger.oldest : t->open.oldest, FLOW_EVICTED);
    }
    if (t->n >= t->buckets) grow(t);
    struct flow *f = t->spare;
    if (f)
        t->spare = f->chain;
    else
        f = mem_alloc(1, sizeof *f);
    *f = (struct flow){ .hash = hash, .id = ++t->next_id, .first_ns = s->ts_ns, .client = -1 };
    f->end[0] = s->src;
    f->end[1] = s->dst;
    f->chain = t->bucket[hash & (t->buckets - 1)];
    t->bucket[hash & (t->buckets - 1)] = f;
    list_append(&t->open, f);
    t->n++;
    t->stats.flows++;
    return f;
}

void flow_expire(struct flow_table *t, int64_t now_ns)
{
    if (now_ns > t->now_ns) t->now_ns = now_ns;
    while (t->linger.oldest && t->now_ns - t->linger.oldest->last_ns > LINGER_NS)
        remove_flow(t, t->linger.oldest, FLOW_IDLE);
    while (t->open.oldest && t->now_ns - t->open.oldest->last_ns > t->limits.idle_ns) {
        t->stats.expired++;
        remove_flow(t, t->open.oldest, FLOW_IDLE);
    }
}

void flow_stop(struct flow_table *t)
{
    while (t->linger.oldest)
        remove_flow(t, t->linger.oldest, FLOW_STOPPED);
    while (t->open.oldest)
        remove_flow(t, t->open.oldest, FLOW_STOPPED);
}

void flow_table_free(struct flow_table *t)
{
    if (!t) return;
    flow_stop(t);
    for (struct flow *f = t->spare, *next; f; f = next) {
        next = f->chain;
        free(f);
    }
    free(t->bucket);
    free(t);
}

/* ---- segments ---- */

/* A SYN that does not belong to the flow that has its ports: a new connection. */
static bool is_reuse(const struct flow *f, int dir, const struct segment *s)
{
    if ((s->flags & (TCP_SYN | TCP_ACK)) != TCP_SYN) return false;
    if (f->syn[dir]) return f->syn_seq[dir] != s->seq;
    return f->dir[dir].started;
}

static void on_syn(struct flow *f, int dir, const struct segment *s)
{
    if (f->syn[dir]) return;
    f->syn[dir] = true;
    f->syn_seq[dir] = s->seq;
    f->client = s->flags & TCP_ACK ? !dir : dir;
    if (s->flags & TCP_ACK)
        f->syn_ack_ns = s->ts_ns;
    else
        f->syn_ns = s->ts_ns;
}

static void on_ack(struct flow *f, int dir, const struct segment *s)
{
    struct stream *peer = &f->dir[!dir];
    if (f->syn_ack_ns && !f->established_ns && !(s->flags & TCP_SYN)) f->established_ns = s->ts_ns;
    if (!peer->started) return;
    uint64_t acked = stream_offset(peer, s->ack);
    /* The FIN takes a number of its own: it is no byte. */
    if (peer->fin && acked == peer->fin_off + 1) acked--;
    if (acked > peer->acked && acked - peer->next < FAR_AHEAD) peer->acked = acked;
}

/* What the peer must have been passed before this segment: its acknowledgement. */
static uint64_t needs_of(const struct flow *f, int dir, const struct segment *s)
{
    const struct stream *peer = &f->dir[!dir];
    if (!(s->flags & TCP_ACK) || !peer->started) return 0;
    uint64_t acked = stream_offset(peer, s->ack);
    if (peer->fin && acked > peer->fin_off) acked = peer->fin_off;
    return acked > peer->next && acked - peer->next < FAR_AHEAD ? acked : 0;
}

static void on_data(struct flow_table *t, struct flow *f, int dir, const struct segment *s)
{
    struct stream *st = &f->dir[dir];
    struct piece p = { .ts_ns = s->ts_ns, .data = s->data };
    bool differs;
    p.cut = s->wire_bytes > s->data.n ? s->wire_bytes - (uint32_t)s->data.n : 0;
    p.off = stream_offset(st, s->seq + (s->flags & TCP_SYN ? 1 : 0));
    p.needs = needs_of(f, dir, s);
    if (p.off > st->next + FAR_AHEAD) return;
    if (p.cut) t->stats.cut++;
    enum piece_kind kind = stream_judge(st, &p, &differs);
    t->stats.differing += differs;
    if (kind == PIECE_OLD) {
        t->stats.retransmitted++;
        return;
    }
    if (kind == PIECE_NEXT && !st->first && !p.cut && !p.needs) {
        pass(t, f, dir, &p);
        return;
    }
    if (kind == PIECE_EARLY) t->stats.out_of_order++;
    size_t before = st->held_bytes;
    if (!stream_hold(st, &p)) t->stats.differing++;
    t->held_bytes += st->held_bytes - before;
    if (t->held_bytes > t->stats.held_peak_bytes) t->stats.held_peak_bytes = t->held_bytes;
}

static void on_fin(struct flow *f, int dir, const struct segment *s)
{
    struct stream *st = &f->dir[dir];
    uint64_t off = stream_offset(st, s->seq) + s->wire_bytes + (s->flags & TCP_SYN ? 1 : 0);
    /* Before bytes that were passed on, or far behind them: no FIN of this stream. */
    if (st->fin || off + 1 < st->next || off > st->next + FAR_AHEAD) return;
    st->fin = true;
    st->fin_off = off;
    if (st->acked == st->fin_off + 1) st->acked--;
}

static struct flow *flow_of(struct flow_table *t, const struct segment *s, int *dir)
{
    uint64_t hash = key_hash(t, s);
    struct flow *f = find(t, s, hash, dir);
    if (f && is_reuse(f, *dir, s)) {
        t->stats.reused += !f->lingering;
        remove_flow(t, f, FLOW_REUSED);
        f = NULL;
    }
    if (f) return f;
    *dir = 0;
    return make(t, s, hash);
}

/* Both directions have said FIN, or one has reset: nothing more is awaited. */
static void end_if_over(struct flow_table *t, struct flow *f, const struct segment *s)
{
    bool both = ended(f);
    if (s->flags & TCP_RST) {
        t->stats.resets += !f->reset;
        f->reset = true;
    } else if (s->wire_bytes && !both) {
        f->reset = false; /* goes on all the same: the reset was not believed by the peers either */
    }
    if (both && !f->keep) close_flow(t, f, FLOW_FIN);
    touch(t, f, both || f->reset);
}

void flow_push(struct flow_table *t, const struct segment *s)
{
    int dir;
    /* One packet with a wrong date must not end all connections. */
    if (t->stats.segments == 0) t->last_ns = s->ts_ns;
    int64_t now_ns = s->ts_ns < t->last_ns ? s->ts_ns : t->last_ns;
    t->last_ns = s->ts_ns;
    flow_expire(t, now_ns);
    t->stats.segments++;
    struct flow *f = flow_of(t, s, &dir);
    struct stream *st = &f->dir[dir];
    if (s->flags & TCP_SYN) on_syn(f, dir, s);
    if (!st->started && !(s->flags & TCP_RST))
        stream_start(st, s->seq + (s->flags & TCP_SYN ? 1 : 0));
    if (s->flags & TCP_ACK) on_ack(f, dir, s);
    if (s->wire_bytes && !(s->flags & TCP_RST)) on_data(t, f, dir, s);
    if (s->flags & TCP_FIN) on_fin(f, dir, s);
    settle(t, f);
    end_if_over(t, f, s);
}

size_t flow_count(const struct flow_table *t)
{
    return t->n;
}

const struct flow_stats *flow_stats(const struct flow_table *t)
{
    return &t->stats;
}
