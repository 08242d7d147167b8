/* One conformance suite for every engine: the same trouble gets the same name on each of them.
 *
 * Each case (engine_cases.c) is a scripted answer and what the call must report. Every case is delivered
 * whole, byte by byte, and split in two at several places; after it the same user must be able to go on.
 * HTTP/2 and TLS have suites of their own: engine_h2_test.c, engine_tls_test.c. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "tests/unit/engine_bench.h"
#include "tests/unit/test.h"

/* The server of the cases, and a bench towards it. */
struct play {
    struct bench b; /* first */
    struct scripted *server;
    struct script *scripts;
};

static void play_open(struct play *p, struct variant v, bool read_slowly)
{
    *p = (struct play){ 0 };
    p->scripts = mem_alloc(engine_cases_n, sizeof *p->scripts);
    for (size_t i = 0; i < engine_cases_n; i++)
        p->scripts[i] = engine_cases[i].script;
    p->scripts[0].read_slowly = read_slowly; /* before the server's threads can read it */
    p->server = scripted_new(p->scripts, engine_cases_n);
    bench_open(&p->b, v, scripted_port(p->server));
}

static void play_close(struct play *p)
{
    bench_close(&p->b);
    scripted_free(p->server);
    free(p->scripts);
}

static void ask(struct play *p, struct answered *a, size_t i, const char *how)
{
    char target[64];
    snprintf(target, sizeof target, "/%zu/%s", i, how);
    bench_get(&p->b, a, &engine_cases[i].want, target);
}

static void verify(const struct play *p, const struct answered *a, size_t i, const char *how)
{
    char name[200];
    snprintf(name, sizeof name, "\"%s\" (%s)", engine_cases[i].script.name, how);
    bench_verify(&p->b, a, &engine_cases[i].want, name);
    bool ok = engine_cases[i].want.outcome == OUTCOME_OK;
    if (ok && engine_cases[i].script.filler) CHECK_U(a->body.n, engine_cases[i].script.filler);
}

/* The case, then the plain one: whatever happened, the user can go on. */
static void run_case(struct play *p, size_t i, const char *how)
{
    struct answered a;
    ask(p, &a, i, how);
    verify(p, &a, i, how);
    buf_free(&a.body);
    ask(p, &a, 0, "whole");
    verify(p, &a, 0, "after the case");
    buf_free(&a.body);
}

static void run_all(struct variant v, bool (*run)(struct play *, size_t))
{
    struct play p;
    play_open(&p, v, false);
    for (size_t i = 0; i < engine_cases_n; i++)
        CHECK(run(&p, i));
    play_close(&p);
}

static bool run_whole(struct play *p, size_t i)
{
    /* libcurl hands out whole lines only and has a limit of its own for them. */
    if (p->b.ops == &engine_curl && strcmp(engine_cases[i].script.name, "head over the limit") == 0)
        return true;
    run_case(p, i, "whole");
    return true;
}

static bool run_drip(struct play *p, size_t i)
{
    if (!engine_cases[i].script.filler) run_case(p, i, "drip");
    return true;
}

static bool run_split(struct play *p, size_t i)
{
    char how[24];
    size_t n = engine_cases[i].script.n;
    bool short_enough =
        !engine_cases[i].script.filler && engine_cases[i].want.outcome != OUTCOME_TIMEOUT;
    for (size_t at = 1; short_enough && at < n; at += n / 7 + 1) {
        snprintf(how, sizeof how, "%zu", at);
        run_case(p, i, how);
    }
    return true;
}

/* ---- what is not one answer to one request ---- */

static size_t case_named(const char *name)
{
    for (size_t i = 0; i < engine_cases_n; i++)
        if (strcmp(engine_cases[i].script.name, name) == 0) return i;
    test_fail(__FILE__, __LINE__, "no case %s", name);
}

static void refused(struct variant v)
{
    struct play p;
    struct answered a;
    play_open(&p, v, false);
    ((struct sockaddr_in *)&p.b.addr)->sin_port = htons(1);
    p.b.origin.port = 1;
    ask(&p, &a, 0, "whole");
    CHECK_U(a.call.outcome, OUTCOME_REFUSED);
    CHECK_U(a.call.bytes_in, 0);
    buf_free(&a.body);
    play_close(&p);
}

static void no_address(struct variant v)
{
    struct play p;
    struct answered a;
    play_open(&p, v, false);
    atomic_store(&p.b.origin.addresses, NULL);
    ask(&p, &a, 0, "whole");
    CHECK_U(a.call.outcome, OUTCOME_RESOLVE);
    buf_free(&a.body);
    play_close(&p);
}

/* The server closes a kept connection silently: the next request goes again, and counts once. */
static void kept_and_closed(struct variant v)
{
    struct play p;
    struct answered a;
    play_open(&p, v, false);
    size_t closes = case_named("closes without saying");
    for (int i = 0; i < 20; i++) {
        ask(&p, &a, closes, "whole");
        verify(&p, &a, closes, "kept and closed");
        buf_free(&a.body);
    }
    CHECK_U(scripted_requests(p.server), 20);
    play_close(&p);
}

/* Twenty calls of one user at once: at most six connections, all answered. */
static void many_at_once(struct variant v)
{
    struct play p;
    struct answered all[20] = { 0 };
    unsigned left = 20;
    char head[100];
    play_open(&p, v, false);
    int n = snprintf(head, sizeof head, "GET /0/whole HTTP/1.1\r\nHost: %s\r\n\r\n", p.b.authority);
    for (int i = 0; i < 20; i++)
        bench_send(&p.b, &all[i], (struct slice){ head, (size_t)n }, &left);
    loop_run(p.b.cfg.loop);
    unsigned fresh = 0;
    for (int i = 0; i < 20; i++) {
        verify(&p, &all[i], 0, "many at once");
        fresh += !all[i].call.reused;
        buf_free(&all[i].body);
    }
    CHECK(fresh >= 1 && fresh <= 6);
    CHECK_U(p.b.ops->connections(p.b.engine), fresh); /* kept open */
    p.b.ops->user_reset(p.b.user);
    CHECK_U(p.b.ops->connections(p.b.engine), 0);
    play_close(&p);
}

static void cancelled(struct variant v)
{
    struct play p;
    struct answered first = { 0 }, second;
    unsigned left = 2;
    char head[100];
    play_open(&p, v, false);
    size_t stalls = case_named("says nothing");
    int n = snprintf(head, sizeof head, "GET /%zu/whole HTTP/1.1\r\nHost: %s\r\n\r\n", stalls,
                     p.b.authority);
    bench_send(&p.b, &first, (struct slice){ head, (size_t)n }, &left);
    p.b.ops->cancel(p.b.engine, &first.call);
    ask(&p, &second, 0, "whole");
    verify(&p, &second, 0, "after a cancelled one");
    CHECK_U(left, 2);
    buf_free(&first.body);
    buf_free(&second.body);
    play_close(&p);
}

/* A request body larger than every socket buffer, to a server that reads slowly. */
static void large_upload(struct variant v)
{
    struct play p;
    struct answered a = { 0 };
    unsigned left = 1;
    size_t n = 3000000;
    char *body = calloc(1, n), head[200];
    play_open(&p, v, true);
    int head_n = snprintf(head, sizeof head,
                          "POST /0/whole HTTP/1.1\r\nHost: %s\r\nContent-Length: %zu\r\n\r\n",
                          p.b.authority, n);
    a.call.body = (struct slice){ body, n };
    bench_send(&p.b, &a, (struct slice){ head, (size_t)head_n }, &left);
    loop_run(p.b.cfg.loop);
    verify(&p, &a, 0, "large upload");
    CHECK(a.call.bytes_out >= n);
    CHECK_U(scripted_requests(p.server), 1);
    free(body);
    buf_free(&a.body);
    play_close(&p);
}

#define SUITE(id, v)                    \
    TEST(engine_##id##_answers_whole)   \
    {                                   \
        run_all(v, run_whole);          \
    }                                   \
    TEST(engine_##id##_answers_drip)    \
    {                                   \
        run_all(v, run_drip);           \
    }                                   \
    TEST(engine_##id##_answers_split)   \
    {                                   \
        run_all(v, run_split);          \
    }                                   \
    TEST(engine_##id##_refused)         \
    {                                   \
        refused(v);                     \
    }                                   \
    TEST(engine_##id##_no_address)      \
    {                                   \
        no_address(v);                  \
    }                                   \
    TEST(engine_##id##_kept_and_closed) \
    {                                   \
        kept_and_closed(v);             \
    }                                   \
    TEST(engine_##id##_many_at_once)    \
    {                                   \
        many_at_once(v);                \
    }                                   \
    TEST(engine_##id##_cancelled)       \
    {                                   \
        cancelled(v);                   \
    }                                   \
    TEST(engine_##id##_large_upload)    \
    {                                   \
        large_upload(v);                \
    }

SUITE(epoll, EPOLL)
SUITE(io_uring, URING)
SUITE(curl, CURL)
