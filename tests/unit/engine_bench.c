/* An engine under test, its one user and its calls. Used by engine_test.c, engine_h2_test.c and
 * engine_tls_test.c. */
#include "tests/unit/engine_bench.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "tests/unit/test.h"

static void on_done(struct call *c)
{
    struct answered *a = (struct answered *)c;
    buf_reset(&a->body);
    buf_add(&a->body, c->answer_body);
    if (--*a->left == 0) loop_stop(a->bench->cfg.loop);
}

static void set_origin(struct bench *b, uint16_t port)
{
    struct sockaddr_in *in = (struct sockaddr_in *)&b->addr;
    struct origin *o = &b->origin;
    *in = (struct sockaddr_in){ .sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    if (!o->host.n) o->host = SL("127.0.0.1");
    int n = snprintf(b->authority, sizeof b->authority, "%.*s:%u", SL_FMT(o->host), port);
    o->scheme = o->tls ? SL("https") : SL("http");
    o->port = port;
    b->addresses = (struct addresses){ .v = &b->addr, .n = 1 };
    atomic_init(&o->addresses, &b->addresses);
    o->authority = (struct slice){ b->authority, (size_t)n };
    b->origins[0] = o;
}

void bench_open(struct bench *b, struct variant v, uint16_t port)
{
    struct err err = { 0 };
    set_origin(b, port);
    b->cfg.loop = loop_new(&err);
    b->cfg.origins = b->origins;
    b->cfg.origins_n = 1;
    b->cfg.io = v.io;
    b->cfg.connections_per_host = 6;
    b->cfg.connect_timeout_ns = 5 * NS_PER_S;
    b->cfg.max_head_bytes = HEAD_LIMIT;
    b->cfg.max_body_bytes = BODY_LIMIT;
    b->ops = v.ops;
    b->engine = v.ops->open(&b->cfg, &err);
    if (!b->engine) test_fail(__FILE__, __LINE__, "%s", err.text);
    b->user = v.ops->user_open(b->engine);
}

void bench_close(struct bench *b)
{
    b->ops->user_close(b->user);
    b->ops->close(b->engine);
    loop_free(b->cfg.loop);
}

void bench_send(struct bench *b, struct answered *a, struct slice head, unsigned *left)
{
    a->bench = b;
    a->left = left;
    buf_init(&a->body, BODY_LIMIT);
    a->call.user = b->user;
    a->call.origin = &b->origin;
    a->call.head = head;
    a->call.want_body = true;
    a->call.done = on_done;
    if (!a->call.timeout_ns) a->call.timeout_ns = 10 * NS_PER_S;
    b->ops->send(b->engine, &a->call);
}

void bench_get(struct bench *b, struct answered *a, const struct expect *want, const char *target)
{
    char head[200];
    unsigned left = 1;
    int n = snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: %s\r\n\r\n",
                     want->head_request ? "HEAD" : "GET", target, b->authority);
    *a = (struct answered){ 0 };
    a->call.head_request = want->head_request;
    if (want->outcome == OUTCOME_TIMEOUT) a->call.timeout_ns = 60 * NS_PER_MS;
    bench_send(b, a, (struct slice){ head, (size_t)n }, &left);
    loop_run(b->cfg.loop);
}

void bench_verify(const struct bench *b, const struct answered *a, const struct expect *want,
                  const char *name)
{
    const struct call *c = &a->call;
    if (c->outcome != want->outcome || (want->status && c->status != want->status))
        test_fail(__FILE__, __LINE__, "%s %s: %s: %s %d (%s), want %s %d", b->ops->name,
                  b->cfg.io ? b->cfg.io : "", name, outcome_name(c->outcome), c->status,
                  c->trouble ? c->trouble : "", outcome_name(want->outcome), want->status);
    CHECK(c->start_ns <= c->end_ns);
    if (c->outcome != OUTCOME_OK) return;
    CHECK(c->first_byte_ns >= c->start_ns && c->first_byte_ns <= c->end_ns);
    CHECK(c->reused ? c->connected_ns == 0 : c->connected_ns >= c->start_ns);
    struct slice body = { a->body.p, a->body.n };
    if (want->body) CHECK_S(body, slice_z(want->body));
}
