/* The bench that decoder tests share: a flow without packets, a sink that copies. */
#include "tests/unit/capture_lab.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/mem.h"
#include "capture/sniff/keys.h"

static struct slice copy(struct arena *a, struct slice s)
{
    return arena_dup(a, s);
}

static bool put(void *arg, const struct exchange *ex, struct err *err)
{
    struct session *s = arg;
    (void)err;
    struct exchange *e = session_add(s);
    size_t order = e->order;
    *e = *ex;
    e->order = order;
    e->request.method = copy(s->arena, ex->request.method);
    e->request.url = copy(s->arena, ex->request.url);
    e->request.body = copy(s->arena, ex->request.body);
    e->response.body = copy(s->arena, ex->response.body);
    e->comment = copy(s->arena, ex->comment);
    e->ws = arena_many(s->arena, ex->ws_n + 1, struct ws_message);
    for (size_t i = 0; i < ex->ws_n; i++) {
        e->ws[i] = ex->ws[i];
        e->ws[i].data = copy(s->arena, ex->ws[i].data);
    }
    struct headers h = { 0 };
    size_t cap = 0;
    for (size_t i = 0; i < ex->response.headers.n; i++)
        headers_add(s->arena, &h, &cap, copy(s->arena, ex->response.headers.v[i].name),
                    copy(s->arena, ex->response.headers.v[i].value));
    e->response.headers = h;
    return true;
}

struct lab *lab_new(void)
{
    struct lab *l = mem_alloc(1, sizeof *l);
    l->session = session_new();
    l->sniff = (struct sniff){ .report = &l->report, .sink = { put, l->session }, .err = &l->err };
    l->sniff.keys = keys_new();
    l->sniff.body_limit = 1 << 20;
    l->sniff.memory_limit = 8 << 20;
    buf_init(&l->sniff.decoded, l->sniff.body_limit);
    l->flow = (struct flow){ .id = 1, .client = 0, .syn = { true, true } };
    inet_pton(AF_INET6, "::ffff:10.0.0.1", l->flow.end[0].ip);
    inet_pton(AF_INET6, "::ffff:10.0.0.2", l->flow.end[1].ip);
    l->flow.end[0].port = 40000;
    l->flow.end[1].port = 8080;
    l->flow.syn_ns = l->flow.first_ns = 1000000;
    l->flow.syn_ack_ns = 2000000;
    l->flow.established_ns = 3000000;
    l->ts_ns = 3000000;
    return l;
}

void lab_free(struct lab *l)
{
    if (l->flow.user) lab_end(l, FLOW_STOPPED);
    CHECK_U(l->sniff.held_bytes, 0);
    txn_pool_free(&l->sniff);
    keys_free(l->sniff.keys);
    buf_free(&l->sniff.decoded);
    session_free(l->session);
    free(l);
}

void lab_data(struct lab *l, int dir, struct slice data)
{
    if (!data.n) return;
    char *guarded = test_guarded(data.p, data.n);
    l->ts_ns += 1000000;
    conn_flow_ops.data(&l->sniff, &l->flow, dir, l->ts_ns, (struct slice){ guarded, data.n });
    test_guarded_free(guarded, data.n);
}

void lab_pieces(struct lab *l, int dir, struct slice data, size_t n)
{
    for (size_t at = 0; at < data.n; at += n)
        lab_data(l, dir, slice_sub(data, at, at + n));
}

void lab_gap(struct lab *l, int dir, uint64_t bytes)
{
    conn_flow_ops.gap(&l->sniff, &l->flow, dir, bytes);
}

void lab_fin(struct lab *l, int dir)
{
    conn_flow_ops.fin(&l->sniff, &l->flow, dir, l->ts_ns);
}

void lab_end(struct lab *l, enum flow_end how)
{
    conn_flow_ops.close(&l->sniff, &l->flow, how);
}

const struct exchange *lab_exchange(const struct lab *l, size_t i)
{
    CHECK(i < l->session->n);
    return l->session->exchanges[i];
}
