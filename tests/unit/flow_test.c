/* The reassembler: a property test over random sessions, and the cases that have names. */
#include "capture/sniff/flow.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/rnd.h"
#include "tests/unit/test.h"

struct heard {
    struct buf text[2];
    uint64_t gap_bytes[2];
    int fins, closes;
    enum flow_end how;
    bool keep;
};

static void on_data(void *arg, struct flow *f, int dir, int64_t ts_ns, struct slice data)
{
    struct heard *h = arg;
    (void)ts_ns;
    f->keep = h->keep;
    CHECK(data.n > 0);
    buf_add(&h->text[dir], data);
}

static void on_gap(void *arg, struct flow *f, int dir, uint64_t bytes)
{
    (void)f;
    ((struct heard *)arg)->gap_bytes[dir] += bytes;
}

static void on_fin(void *arg, struct flow *f, int dir, int64_t ts_ns)
{
    (void)f;
    (void)dir;
    (void)ts_ns;
    ((struct heard *)arg)->fins++;
}

static void on_close(void *arg, struct flow *f, enum flow_end how)
{
    struct heard *h = arg;
    (void)f;
    h->closes++;
    h->how = how;
}

static const struct flow_ops ops = { on_data, on_gap, on_fin, on_close };

static struct heard *heard_new(void)
{
    struct heard *h = mem_alloc(1, sizeof *h);
    buf_init(&h->text[0], 1 << 20);
    buf_init(&h->text[1], 1 << 20);
    return h;
}

static void heard_free(struct heard *h)
{
    buf_free(&h->text[0]);
    buf_free(&h->text[1]);
    free(h);
}

/* ---- random sessions ---- */

#define SEGMENTS 400

struct session {
    struct rnd rnd;
    char text[2][6000];
    size_t n[2], sent[2];
    uint32_t isn[2];
    struct segment seg[SEGMENTS];
    size_t segs;
};

static struct segment *add(struct session *s, int dir, uint32_t seq, size_t n)
{
    struct segment *g = &s->seg[s->segs++];
    *g = (struct segment){ .ts_ns = (int64_t)s->segs * 1000000, .seq = seq, .flags = TCP_ACK };
    g->src = (struct endpoint){ .ip = { [15] = (uint8_t)(1 + dir) }, .port = dir ? 80 : 40000 };
    g->dst = (struct endpoint){ .ip = { [15] = (uint8_t)(2 - dir) }, .port = dir ? 40000 : 80 };
    g->ack = s->isn[!dir] + 1 + (uint32_t)s->sent[!dir];
    g->wire_bytes = (uint32_t)n;
    return g;
}

static void add_data(struct session *s, int dir, size_t from, size_t n)
{
    struct segment *g = add(s, dir, s->isn[dir] + 1 + (uint32_t)from, n);
    g->data = (struct slice){ s->text[dir] + from, n };
    if (from + n > s->sent[dir]) s->sent[dir] = from + n;
}

/* New data, and now and then a copy of old data with other borders, or a keep-alive probe. */
static void add_random(struct session *s, int dir)
{
    size_t from = s->sent[dir], left = s->n[dir] - from;
    size_t n = left ? 1 + rnd_below(&s->rnd, left < 90 ? left : 90) : 0;
    if (rnd_below(&s->rnd, 4) == 0 && from) {
        from -= 1 + rnd_below(&s->rnd, from < 200 ? from : 200);
        n = 1 + rnd_below(&s->rnd, s->n[dir] - from < 150 ? s->n[dir] - from : 150);
    }
    if (n) add_data(s, dir, from, n);
}

static void make_session(struct session *s, uint64_t seed)
{
    rnd_seed(&s->rnd, seed, 1);
    s->segs = 0;
    for (int d = 0; d < 2; d++) {
        s->n[d] = rnd_below(&s->rnd, sizeof s->text[d]);
        s->sent[d] = 0;
        for (size_t i = 0; i < s->n[d]; i++)
            s->text[d][i] = (char)rnd_u64(&s->rnd);
        s->isn[d] = rnd_below(&s->rnd, 2) ? (uint32_t)rnd_u64(&s->rnd)
                                          : UINT32_MAX - (uint32_t)rnd_below(&s->rnd, 5000);
    }
    add(s, 0, s->isn[0], 0)->flags = TCP_SYN;
    add(s, 1, s->isn[1], 0)->flags = TCP_SYN | TCP_ACK;
    while ((s->sent[0] < s->n[0] || s->sent[1] < s->n[1]) && s->segs < SEGMENTS - 4)
        add_random(s, (int)rnd_below(&s->rnd, 2));
    add(s, 0, s->isn[0] + 1 + (uint32_t)s->sent[0], 0)->flags = TCP_FIN | TCP_ACK;
    add(s, 1, s->isn[1] + 1 + (uint32_t)s->sent[1], 0)->flags = TCP_FIN | TCP_ACK;
}

/* As a recorder with several queues: each packet comes late by up to 30 places. The SYNs stay in front. */
static void shuffle(struct session *s)
{
    uint64_t reach = 1 + rnd_below(&s->rnd, 30), key[SEGMENTS];
    for (size_t i = 2; i < s->segs; i++) {
        struct segment g = s->seg[i];
        uint64_t k = i + rnd_below(&s->rnd, reach);
        size_t j = i;
        for (; j > 2 && key[j - 1] > k; j--) {
            s->seg[j] = s->seg[j - 1];
            key[j] = key[j - 1];
        }
        s->seg[j] = g;
        key[j] = k;
    }
}

static void check_seed(struct session *s, uint64_t seed)
{
    make_session(s, seed);
    shuffle(s);
    struct heard *h = heard_new();
    struct flow_table *t = flow_table_new((struct flow_limits){ 0 }, &ops, h);
    for (size_t i = 0; i < s->segs; i++) {
        flow_push(t, &s->seg[i]);
        if (rnd_below(&s->rnd, 8) == 0) flow_push(t, &s->seg[i]);
    }
    flow_stop(t);
    for (int d = 0; d < 2; d++) {
        struct slice want = { s->text[d], s->sent[d] };
        if (!slice_eq(buf_slice(&h->text[d]), want) || h->gap_bytes[d])
            test_fail(__FILE__, __LINE__, "seed %llu direction %d: got %zu, gaps %llu, want %zu",
                      (unsigned long long)seed, d, h->text[d].n,
                      (unsigned long long)h->gap_bytes[d], want.n);
    }
    CHECK_U(h->closes, 1);
    CHECK_U(h->fins, 2);
    CHECK_U(h->how, FLOW_FIN);
    CHECK_U(flow_stats(t)->flows, 1);
    CHECK_U(flow_stats(t)->differing, 0);
    flow_table_free(t);
    heard_free(h);
}

TEST(flow_random_sessions_come_out_identical)
{
    struct session *s = mem_alloc(1, sizeof *s);
    for (uint64_t seed = 1; seed <= 10000; seed++)
        check_seed(s, seed);
    free(s);
}

/* Loses random packets: what is passed on and what is reported missing must add up. */
TEST(flow_losses_are_accounted_for)
{
    struct session *s = mem_alloc(1, sizeof *s);
    for (uint64_t seed = 1; seed <= 500; seed++) {
        make_session(s, seed);
        struct heard *h = heard_new();
        struct flow_table *t = flow_table_new((struct flow_limits){ 0 }, &ops, h);
        for (size_t i = 0; i < s->segs; i++)
            if (i < 2 || i + 2 >= s->segs || rnd_below(&s->rnd, 10)) flow_push(t, &s->seg[i]);
        flow_stop(t);
        for (int d = 0; d < 2; d++)
            CHECK_U(h->text[d].n + h->gap_bytes[d], s->sent[d]);
        flow_table_free(t);
        heard_free(h);
    }
    free(s);
}

/* ---- cases with names ---- */

struct fixture {
    struct heard *h;
    struct flow_table *t;
    int64_t ts;
};

static struct fixture fixture(struct flow_limits limits)
{
    struct fixture x = { .h = heard_new(), .ts = 1000000 };
    x.t = flow_table_new(limits, &ops, x.h);
    return x;
}

static void fixture_free(struct fixture *x)
{
    flow_table_free(x->t);
    heard_free(x->h);
}

static void send(struct fixture *x, int dir, uint32_t seq, uint32_t ack, const char *text)
{
    struct segment g = { .ts_ns = x->ts += 1000, .seq = seq, .ack = ack };
    g.flags = ack ? TCP_ACK : 0;
    g.src = (struct endpoint){ .ip = { [15] = (uint8_t)(1 + dir) }, .port = (uint16_t)(5 + dir) };
    g.dst = (struct endpoint){ .ip = { [15] = (uint8_t)(2 - dir) }, .port = (uint16_t)(6 - dir) };
    g.data = slice_z(text);
    g.wire_bytes = (uint32_t)g.data.n;
    flow_push(x->t, &g);
}

static void send_flags(struct fixture *x, int dir, uint32_t seq, uint8_t flags)
{
    struct segment g = { .ts_ns = x->ts += 1000, .seq = seq, .flags = flags };
    g.src = (struct endpoint){ .ip = { [15] = (uint8_t)(1 + dir) }, .port = (uint16_t)(5 + dir) };
    g.dst = (struct endpoint){ .ip = { [15] = (uint8_t)(2 - dir) }, .port = (uint16_t)(6 - dir) };
    flow_push(x->t, &g);
}

TEST(flow_first_copy_wins_and_difference_is_counted)
{
    struct fixture x = fixture((struct flow_limits){ 0 });
    send(&x, 0, 100, 0, "abc");
    send(&x, 0, 106, 0, "ghi");
    send(&x, 0, 103, 0, "defXYZ"); /* overlaps what is held, with other text */
    CHECK_S(buf_slice(&x.h->text[0]), SL("abcdefghi"));
    CHECK_U(flow_stats(x.t)->differing, 1);
    send(&x, 0, 100, 0, "aBc"); /* a retransmission that is not what was sent first */
    CHECK_U(flow_stats(x.t)->differing, 2);
    send(&x, 0, 100, 0, "abc");
    CHECK_U(flow_stats(x.t)->differing, 2);
    CHECK_S(buf_slice(&x.h->text[0]), SL("abcdefghi"));
    fixture_free(&x);
}

TEST(flow_gap_is_recognised_from_the_peers_ack)
{
    struct fixture x = fixture((struct flow_limits){ 0 });
    send(&x, 0, 100, 500, "abc");
    send(&x, 0, 106, 500, "ghi");
    CHECK_U(x.h->gap_bytes[0], 0);
    for (int i = 0; i < 60; i++)
        send(&x, 1, 500, 109, "");
    CHECK_U(x.h->gap_bytes[0], 3);
    CHECK_S(buf_slice(&x.h->text[0]), SL("abcghi"));
    fixture_free(&x);
}

TEST(flow_unacknowledged_hole_waits_for_its_retransmission)
{
    struct fixture x = fixture((struct flow_limits){ 0 });
    send(&x, 0, 100, 500, "abc");
    send(&x, 0, 106, 500, "ghi");
    for (int i = 0; i < 200; i++)
        send(&x, 1, 500, 103, "");
    send(&x, 0, 103, 500, "def");
    CHECK_U(x.h->gap_bytes[0], 0);
    CHECK_S(buf_slice(&x.h->text[0]), SL("abcdefghi"));
    fixture_free(&x);
}

TEST(flow_answer_waits_for_its_question)
{
    struct fixture x = fixture((struct flow_limits){ 0 });
    send(&x, 0, 100, 500, "a");
    send(&x, 1, 500, 106, "answer"); /* acknowledges bytes that are still to come */
    CHECK_U(x.h->text[1].n, 0);
    send(&x, 0, 101, 500, "bcdef");
    CHECK_S(buf_slice(&x.h->text[0]), SL("abcdef"));
    CHECK_S(buf_slice(&x.h->text[1]), SL("answer"));
    fixture_free(&x);
}

TEST(flow_held_memory_is_bounded)
{
    struct fixture x = fixture((struct flow_limits){ .held_bytes_flow = 4096 });
    char text[101];
    memset(text, 'x', 100);
    text[100] = '\0';
    send(&x, 0, 100, 0, "a");
    for (uint32_t i = 0; i < 1000; i++)
        send(&x, 0, 200 + i * 100, 0, text);
    CHECK(flow_stats(x.t)->held_peak_bytes < 4096 + 200);
    CHECK_U(x.h->gap_bytes[0], 99);
    CHECK_U(x.h->text[0].n, 1 + 100000);
    fixture_free(&x);
}

TEST(flow_cut_packet_is_a_gap)
{
    struct fixture x = fixture((struct flow_limits){ 0 });
    send(&x, 0, 100, 0, "abc");
    struct segment g = { .ts_ns = x.ts, .seq = 103, .data = SL("de"), .wire_bytes = 10 };
    g.src = (struct endpoint){ .ip = { [15] = 1 }, .port = 5 };
    g.dst = (struct endpoint){ .ip = { [15] = 2 }, .port = 6 };
    flow_push(x.t, &g);
    send(&x, 0, 113, 0, "end");
    CHECK_S(buf_slice(&x.h->text[0]), SL("abcdeend"));
    CHECK_U(x.h->gap_bytes[0], 8);
    CHECK_U(flow_stats(x.t)->cut, 1);
    fixture_free(&x);
}

TEST(flow_port_reuse_and_reset)
{
    struct fixture x = fixture((struct flow_limits){ 0 });
    send_flags(&x, 0, 99, TCP_SYN);
    send_flags(&x, 0, 99, TCP_SYN); /* a retransmitted SYN is no new connection */
    send(&x, 0, 100, 0, "one");
    CHECK_U(flow_stats(x.t)->flows, 1);
    send_flags(&x, 0, 7000, TCP_SYN);
    CHECK_U(x.h->closes, 1);
    CHECK_U(x.h->how, FLOW_REUSED);
    send(&x, 0, 7001, 0, "two");
    send_flags(&x, 0, 7004, TCP_RST);
    CHECK_U(x.h->closes, 1); /* it lingers: data may follow a reset that nobody believed */
    flow_expire(x.t, x.ts + INT64_C(3000000000));
    CHECK_U(x.h->closes, 2);
    CHECK_U(x.h->how, FLOW_RST);
    CHECK_S(buf_slice(&x.h->text[0]), SL("onetwo"));
    fixture_free(&x);
}

TEST(flow_idle_expiry_and_keep_alive_probe)
{
    struct fixture x = fixture((struct flow_limits){ 0 });
    send(&x, 0, 100, 0, "abc");
    send(&x, 0, 102, 0, "c"); /* probe: one byte before the next */
    send(&x, 0, 103, 0, "d");
    CHECK_S(buf_slice(&x.h->text[0]), SL("abcd"));
    flow_expire(x.t, x.ts + INT64_C(301000000000));
    CHECK_U(x.h->closes, 1);
    CHECK_U(x.h->how, FLOW_IDLE);
    CHECK_U(flow_count(x.t), 0);
    fixture_free(&x);
}

/* A connection whose key has not come yet stays for as long as late packets are awaited. */
TEST(flow_kept_by_its_user_ends_later)
{
    struct fixture x = fixture((struct flow_limits){ 0 });
    x.h->keep = true;
    send(&x, 0, 100, 0, "question");
    send(&x, 1, 500, 108, "answer");
    send_flags(&x, 0, 108, TCP_FIN);
    send_flags(&x, 1, 506, TCP_FIN);
    CHECK_U(x.h->fins, 2);
    CHECK_U(x.h->closes, 0);
    flow_expire(x.t, x.ts + INT64_C(3000000000));
    CHECK_U(x.h->closes, 1);
    CHECK_U(x.h->how, FLOW_FIN);
    fixture_free(&x);
}

/* Its acknowledgement tells that it was there: not a byte that is missing. */
TEST(flow_missed_fin_is_no_gap)
{
    struct fixture x = fixture((struct flow_limits){ 0 });
    send(&x, 0, 100, 0, "question");
    send(&x, 1, 500, 108, "answer");
    send(&x, 0, 108, 507, ""); /* 506 and the FIN */
    flow_stop(x.t);
    CHECK_S(buf_slice(&x.h->text[1]), SL("answer"));
    CHECK_U(x.h->gap_bytes[1], 0);
    CHECK_U(x.h->fins, 1);
    fixture_free(&x);
}

TEST(flow_fin_before_bytes_that_came_is_not_believed)
{
    struct fixture x = fixture((struct flow_limits){ 0 });
    send(&x, 0, 100, 0, "abcdef");
    send_flags(&x, 0, 90, TCP_FIN);
    CHECK_U(x.h->fins, 0);
    send(&x, 0, 106, 0, "g");
    send_flags(&x, 0, 107, TCP_FIN);
    CHECK_U(x.h->fins, 1);
    CHECK_S(buf_slice(&x.h->text[0]), SL("abcdefg"));
    fixture_free(&x);
}

TEST(flow_number_is_limited)
{
    struct fixture x = fixture((struct flow_limits){ .flows = 10 });
    for (uint32_t i = 0; i < 100; i++) {
        struct segment g = { .ts_ns = x.ts, .seq = 1, .flags = TCP_SYN };
        g.src = (struct endpoint){ .ip = { 1 }, .port = (uint16_t)(1000 + i) };
        g.dst = (struct endpoint){ .ip = { 2 }, .port = 80 };
        flow_push(x.t, &g);
    }
    CHECK_U(flow_count(x.t), 10);
    CHECK_U(flow_stats(x.t)->evicted, 90);
    fixture_free(&x);
}

/* The first packet of a capture has no earlier one to tell its date from. */
TEST(flow_the_first_packet_of_a_capture_opens_its_connection)
{
    struct fixture x = fixture((struct flow_limits){ 0 });
    x.ts += INT64_C(1700000000000000000);
    send(&x, 0, 100, 0, "a");
    send(&x, 0, 101, 0, "b");
    CHECK_U(x.h->closes, 0);
    CHECK_S(buf_slice(&x.h->text[0]), SL("ab"));
    fixture_free(&x);
}

TEST(flow_one_packet_with_a_wrong_date_ends_nothing)
{
    struct fixture x = fixture((struct flow_limits){ 0 });
    send(&x, 0, 100, 0, "abc");
    x.ts += INT64_C(70000000000000000);
    send(&x, 0, 103, 0, "d");
    x.ts -= INT64_C(70000000000000000);
    send(&x, 0, 104, 0, "e");
    CHECK_U(x.h->closes, 0);
    CHECK_S(buf_slice(&x.h->text[0]), SL("abcde"));
    fixture_free(&x);
}
