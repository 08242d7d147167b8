/* What an engine costs without virtual users: N calls kept under way over the seam of replay/engine.h.
 *
 * `engine_loop URL CONNECTIONS REQUESTS [epoll|io_uring] [STREAMS]` prints one JSON line: requests,
 * failures, seconds, CPU microseconds per request of this whole process, user and system apart. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "replay/engine.h"

struct bench {
    struct engine *engine;
    struct loop *loop;
    uint64_t left, under_way, done, failed;
    char head[512];
    size_t head_n;
};

struct client {
    struct call call; /* first */
    struct bench *bench;
};

struct options {
    struct url url;
    uint64_t connections, requests, streams;
    const char *io;
};

static void start(struct client *c);

static void on_done(struct call *call)
{
    struct client *c = (struct client *)call;
    struct bench *b = c->bench;
    b->under_way--;
    b->done++;
    if (call->outcome != OUTCOME_OK || call->status != 200) {
        if (!b->failed++)
            fprintf(stderr, "outcome %d %s status %d\n", (int)call->outcome,
                    call->trouble ? call->trouble : "", call->status);
    }
    if (b->left)
        start(c);
    else if (!b->under_way)
        loop_stop(b->loop);
}

static void start(struct client *c)
{
    struct bench *b = c->bench;
    struct engine_user *u = c->call.user;
    const struct origin *o = c->call.origin;
    b->left--;
    b->under_way++;
    c->call = (struct call){ .user = u,
                             .origin = o,
                             .head = { b->head, b->head_n },
                             .timeout_ns = 30 * NS_PER_S,
                             .done = on_done };
    engine_native.send(b->engine, &c->call);
}

static void report(const struct bench *b, uint64_t ns)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    double user = (double)r.ru_utime.tv_sec * 1e6 + (double)r.ru_utime.tv_usec;
    double sys = (double)r.ru_stime.tv_sec * 1e6 + (double)r.ru_stime.tv_usec;
    double n = (double)b->done;
    printf("{\"requests\": %llu, \"failures\": %llu, \"seconds\": %.2f, \"us_per_request\": %.2f, "
           "\"user_us\": %.2f, \"sys_us\": %.2f, \"max_rss_kib\": %ld}\n",
           (unsigned long long)b->done, (unsigned long long)b->failed, (double)ns / 1e9,
           (user + sys) / n, user / n, sys / n, r.ru_maxrss);
}

static bool read_options(int argc, char **argv, struct options *o)
{
    *o = (struct options){ .streams = 1, .io = argc > 4 ? argv[4] : NULL };
    return argc > 3 && url_parse(slice_z(argv[1]), &o->url) &&
           num_u64(slice_z(argv[2]), 20000, &o->connections) &&
           num_u64(slice_z(argv[3]), UINT64_MAX, &o->requests) &&
           (argc < 6 || num_u64(slice_z(argv[5]), 100, &o->streams));
}

static void run(struct bench *b, const struct options *o, const struct origin *origin)
{
    struct client *clients = mem_alloc(o->connections * o->streams, sizeof *clients);
    struct engine_user **users = mem_alloc(o->connections, sizeof(struct engine_user *));
    for (uint64_t i = 0; i < o->connections; i++)
        users[i] = engine_native.user_open(b->engine);
    uint64_t t0 = clock_mono_ns();
    for (uint64_t i = 0; i < o->connections * o->streams && b->left; i++) {
        clients[i].bench = b;
        clients[i].call.user = users[i / o->streams];
        clients[i].call.origin = origin;
        start(&clients[i]);
    }
    loop_run(b->loop);
    report(b, clock_mono_ns() - t0);
    for (uint64_t i = 0; i < o->connections; i++)
        engine_native.user_close(users[i]);
    free(users);
    free(clients);
}

int main(int argc, char **argv)
{
    struct err err = { 0 };
    struct options o;
    if (!read_options(argc, argv, &o)) {
        fprintf(stderr, "usage: engine_loop URL CONNECTIONS REQUESTS [epoll|io_uring] [STREAMS]\n");
        return 2;
    }
    struct sockaddr_storage addr = { 0 };
    struct sockaddr_in *in = (struct sockaddr_in *)&addr;
    in->sin_family = AF_INET;
    in->sin_port = htons(o.url.port);
    in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct addresses addresses = { .v = &addr, .n = 1 };
    char authority[32];
    int authority_n = snprintf(authority, sizeof authority, "127.0.0.1:%u", o.url.port);
    struct origin origin = { .scheme = o.url.scheme,
                             .host = SL("127.0.0.1"),
                             .port = o.url.port,
                             .tls = slice_ieq(o.url.scheme, SL("https")),
                             .authority = { authority, (size_t)authority_n },
                             .addresses = &addresses };
    const struct origin *const origins[] = { &origin };
    struct bench b = { .loop = loop_new(&err), .left = o.requests };
    struct engine_cfg cfg = { .loop = b.loop,
                              .origins = origins,
                              .origins_n = 1,
                              .insecure = true,
                              .io = o.io,
                              .connections_per_host = 6,
                              .http2 = o.streams > 1,
                              .h2c_prior = o.streams > 1,
                              .max_head_bytes = 65536,
                              .max_body_bytes = 1 << 26 };
    b.head_n = (size_t)snprintf(b.head, sizeof b.head,
                                "GET %.*s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer "
                                "0123456789abcdef0123456789abcdef\r\n\r\n",
                                SL_FMT(o.url.target), authority);
    b.engine = b.loop ? engine_native.open(&cfg, &err) : NULL;
    if (!b.engine) {
        fprintf(stderr, "%s\n", err.text);
        return 4;
    }
    run(&b, &o, &origin);
    engine_native.close(b.engine);
    loop_free(b.loop);
    return b.failed ? 1 : 0;
}
