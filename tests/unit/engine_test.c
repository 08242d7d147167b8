/* One conformance suite for every engine: the same trouble gets the same name on each of them.
 *
 * Each case is a scripted answer and what the call must report. Every case is delivered whole, byte by
 * byte, and split in two at several places; after it the same user must be able to go on. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "replay/engine.h"
#include "tests/unit/scripted.h"
#include "tests/unit/test.h"

#define HEAD_LIMIT 8192
#define BODY_LIMIT (8 * 1024 * 1024)
#define S(lit) .bytes = (lit), .n = sizeof(lit) - 1

struct expect {
    enum outcome outcome;
    int status;
    const char *body; /* NULL: not looked at */
    bool head_request;
};

struct conf {
    struct script script;
    struct expect want;
};

#define OK200(text)                  \
    {                                \
        OUTCOME_OK, 200, text, false \
    }
#define BROKEN                           \
    {                                    \
        OUTCOME_PROTOCOL, 0, NULL, false \
    }
#define CUT                           \
    {                                 \
        OUTCOME_RESET, 0, NULL, false \
    }
#define LATE                            \
    {                                   \
        OUTCOME_TIMEOUT, 0, NULL, false \
    }

static const struct conf cases[] = {
    /* ---- whole answers, RFC 9112 ---- */
    { { "fine", S("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello") }, OK200("hello") },
    { { "empty", S("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") }, OK200("") },
    { { "not found", S("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno") },
      { OUTCOME_OK, 404, "no", false } },
    { { "server error", S("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n") },
      { OUTCOME_OK, 503, "", false } },
    { { "no reason", S("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok") }, OK200("ok") },
    { { "empty reason", S("HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok") }, OK200("ok") },
    { { "names in any case", S("HTTP/1.1 200 OK\r\ncONTENT-lENGTH: 2\r\n\r\nok") }, OK200("ok") },
    { { "blanks around a value", S("HTTP/1.1 200 OK\r\nContent-Length:  \t 2 \t\r\n\r\nok") },
      OK200("ok") },
    { { "no blank behind the colon", S("HTTP/1.1 200 OK\r\nContent-Length:2\r\n\r\nok") },
      OK200("ok") },
    { { "bare line feeds", S("HTTP/1.1 200 OK\nContent-Length: 2\n\nok") }, OK200("ok") },
    { { "the same length twice",
        S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok") },
      OK200("ok") },
    { { "chunked",
        S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n") },
      OK200("hello") },
    { { "two chunks",
        S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n"
          "0\r\n\r\n") },
      OK200("hello") },
    { { "chunk size in capitals with zeros",
        S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
          "00A\r\n0123456789\r\n0\r\n\r\n") },
      OK200("0123456789") },
    { { "chunk extension", S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "2;name=value\r\nok\r\n0\r\n\r\n") },
      OK200("ok") },
    { { "trailers", S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n"
                      "X-Sum: 1\r\nX-More: 2\r\n\r\n") },
      OK200("ok") },
    { { "no chunks at all", S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") },
      OK200("") },
    { { "until the end", S("HTTP/1.1 200 OK\r\n\r\nhello"), .ending = END_CLOSE }, OK200("hello") },
    { { "until the end, nothing", S("HTTP/1.1 200 OK\r\n\r\n"), .ending = END_CLOSE }, OK200("") },
    { { "HTTP/1.0", S("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"), .ending = END_CLOSE },
      OK200("ok") },
    { { "HTTP/1.0 kept",
        S("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok") },
      OK200("ok") },
    { { "said to close", S("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"),
        .ending = END_CLOSE },
      OK200("ok") },
    { { "said to close, stays open",
        S("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok") },
      OK200("ok") },
    { { "closes without saying", S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        .ending = END_CLOSE },
      OK200("ok") },
    { { "204", S("HTTP/1.1 204 No Content\r\n\r\n") }, { OUTCOME_OK, 204, "", false } },
    { { "304 with a length", S("HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n") },
      { OUTCOME_OK, 304, "", false } },
    { { "HEAD with a length", S("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n") },
      { OUTCOME_OK, 200, "", true } },
    { { "HEAD chunked", S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") },
      { OUTCOME_OK, 200, "", true } },
    { { "100 first",
        S("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") },
      OK200("ok") },
    { { "103 with headers first", S("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                                    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") },
      OK200("ok") },
    { { "a storm of 102", S("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
                            "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
                            "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
                            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") },
      OK200("ok") },
    { { "redirect is not followed",
        S("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n") },
      { OUTCOME_OK, 302, "", false } },
    { { "body is not decoded",
        S("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08") },
      OK200("\x1f\x8b\x08") },
    { { "5 MB", S("HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n"), .filler = 5000000 },
      { OUTCOME_OK, 200, NULL, false } },
    { { "5 MB until the end", S("HTTP/1.1 200 OK\r\n\r\n"), END_CLOSE, .filler = 5000000 },
      { OUTCOME_OK, 200, NULL, false } },

    /* ---- not HTTP ---- */
    { { "garbage", S("hello, who is there?\r\n\r\n"), .ending = END_CLOSE }, BROKEN },
    { { "garbage and open", S("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n") }, BROKEN },
    { { "length is no number", S("HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok") }, BROKEN },
    { { "length is negative", S("HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok") }, BROKEN },
    { { "two lengths", S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok") },
      BROKEN },
    { { "length beyond 64 bits",
        S("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nok") },
      BROKEN },
    { { "chunk size is no number",
        S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n0\r\n\r\n") },
      BROKEN },
    { { "chunk size beyond 64 bits", S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                       "fffffffffffffffff\r\nok\r\n0\r\n\r\n") },
      BROKEN },
    { { "chunk without its end",
        S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokay0\r\n\r\n") },
      BROKEN },
    { { "head over the limit", S("HTTP/1.1 200 OK\r\nX-Filler: "), .filler = 3 * HEAD_LIMIT },
      BROKEN },
    { { "body over the limit", S("HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n"),
        .filler = 9000000 },
      BROKEN },

    /* ---- cut off ---- */
    { { "closes at once", S(""), .ending = END_CLOSE }, CUT },
    { { "resets at once", S(""), .ending = END_RESET }, CUT },
    { { "closes in the status line", S("HTTP/1.1 20"), .ending = END_CLOSE }, CUT },
    { { "closes in the headers", S("HTTP/1.1 200 OK\r\nContent-Le"), .ending = END_CLOSE }, CUT },
    { { "closes before the body", S("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
        .ending = END_CLOSE },
      CUT },
    { { "closes in the body", S("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"),
        .ending = END_CLOSE },
      CUT },
    { { "resets in the body", S("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"),
        .ending = END_RESET },
      CUT },
    { { "closes in a chunk size", S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5"),
        .ending = END_CLOSE },
      CUT },
    { { "closes in a chunk", S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"),
        .ending = END_CLOSE },
      CUT },
    { { "closes before the last chunk",
        S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
        .ending = END_CLOSE },
      CUT },
    { { "closes behind 100", S("HTTP/1.1 100 Continue\r\n\r\n"), .ending = END_CLOSE }, CUT },

    /* ---- silence ---- */
    { { "says nothing", S(""), .ending = END_STALL }, LATE },
    { { "stalls in the head", S("HTTP/1.1 200 OK\r\nConte"), .ending = END_STALL }, LATE },
    { { "stalls in the body", S("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"),
        .ending = END_STALL },
      LATE },
    { { "stalls in a chunk", S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"),
        .ending = END_STALL },
      LATE },
    { { "stalls behind 100", S("HTTP/1.1 100 Continue\r\n\r\n"), .ending = END_STALL }, LATE },
};
#define CASES (sizeof cases / sizeof *cases)

struct variant {
    const struct engine_ops *ops;
    const char *io;
};

struct bench {
    struct engine_cfg cfg;
    struct origin origin;
    const struct origin *origins[1];
    struct sockaddr_storage addr;
    char authority[32];
    const struct engine_ops *ops;
    struct engine *engine;
    struct engine_user *user;
    struct scripted *server;
    struct script scripts[CASES];
    bool read_slowly; /* script 0 */
};

struct answered {
    struct call call; /* first */
    struct bench *bench;
    struct buf body;
    unsigned *left;
};

static void on_done(struct call *c)
{
    struct answered *a = (struct answered *)c;
    buf_reset(&a->body);
    buf_add(&a->body, c->answer_body);
    if (--*a->left == 0) loop_stop(a->bench->cfg.loop);
}

static void bench_open(struct bench *b, struct variant v)
{
    struct err err = { 0 };
    for (size_t i = 0; i < CASES; i++)
        b->scripts[i] = cases[i].script;
    b->scripts[0].read_slowly = b->read_slowly; /* before the server's threads can read it */
    b->server = scripted_new(b->scripts, CASES);
    struct sockaddr_in *in = (struct sockaddr_in *)&b->addr;
    *in = (struct sockaddr_in){ .sin_family = AF_INET,
                                .sin_port = htons(scripted_port(b->server)),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int n = snprintf(b->authority, sizeof b->authority, "127.0.0.1:%u", scripted_port(b->server));
    b->origin = (struct origin){ .scheme = SL("http"),
                                 .host = SL("127.0.0.1"),
                                 .port = scripted_port(b->server),
                                 .addrs = &b->addr,
                                 .addrs_n = 1,
                                 .authority = { b->authority, (size_t)n } };
    b->origins[0] = &b->origin;
    b->cfg = (struct engine_cfg){ .loop = loop_new(&err),
                                  .origins = b->origins,
                                  .origins_n = 1,
                                  .io = v.io,
                                  .connections_per_host = 6,
                                  .connect_timeout_ns = 5 * NS_PER_S,
                                  .max_head_bytes = HEAD_LIMIT,
                                  .max_body_bytes = BODY_LIMIT };
    b->ops = v.ops;
    b->engine = v.ops->open(&b->cfg, &err);
    if (!b->engine) test_fail(__FILE__, __LINE__, "%s", err.text);
    b->user = v.ops->user_open(b->engine);
}

static void bench_close(struct bench *b)
{
    b->ops->user_close(b->user);
    b->ops->close(b->engine);
    loop_free(b->cfg.loop);
    scripted_free(b->server);
}

static void send_head(struct bench *b, struct answered *a, struct slice head, unsigned *left)
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

static void ask(struct bench *b, struct answered *a, size_t i, const char *how)
{
    char head[200];
    unsigned left = 1;
    bool is_head = cases[i].want.head_request;
    int n = snprintf(head, sizeof head, "%s /%zu/%s HTTP/1.1\r\nHost: %s\r\n\r\n",
                     is_head ? "HEAD" : "GET", i, how, b->authority);
    *a = (struct answered){ 0 };
    a->call.head_request = is_head;
    if (cases[i].want.outcome == OUTCOME_TIMEOUT) a->call.timeout_ns = 60 * NS_PER_MS;
    send_head(b, a, (struct slice){ head, (size_t)n }, &left);
    loop_run(b->cfg.loop);
}

static void verify(const struct bench *b, const struct answered *a, size_t i, const char *how)
{
    const struct expect *want = &cases[i].want;
    const struct call *c = &a->call;
    if (c->outcome != want->outcome || (want->status && c->status != want->status))
        test_fail(__FILE__, __LINE__, "%s %s: \"%s\" (%s): %s %d (%s), want %s %d", b->ops->name,
                  b->cfg.io ? b->cfg.io : "", cases[i].script.name, how, outcome_name(c->outcome),
                  c->status, c->trouble ? c->trouble : "", outcome_name(want->outcome),
                  want->status);
    CHECK(c->start_ns <= c->end_ns);
    if (c->outcome != OUTCOME_OK) return;
    CHECK(c->first_byte_ns >= c->start_ns && c->first_byte_ns <= c->end_ns);
    CHECK(c->reused ? c->connected_ns == 0 : c->connected_ns >= c->start_ns);
    struct slice body = { a->body.p, a->body.n };
    if (want->body) CHECK_S(body, slice_z(want->body));
    if (cases[i].script.filler) CHECK_U(body.n, cases[i].script.filler);
}

/* The case, then the plain one: whatever happened, the user can go on. */
static void run_case(struct bench *b, size_t i, const char *how)
{
    struct answered a;
    ask(b, &a, i, how);
    verify(b, &a, i, how);
    buf_free(&a.body);
    ask(b, &a, 0, "whole");
    verify(b, &a, 0, "after the case");
    buf_free(&a.body);
}

static void run_all(struct variant v, bool (*run)(struct bench *, size_t))
{
    struct bench b = { 0 };
    bench_open(&b, v);
    for (size_t i = 0; i < CASES; i++)
        CHECK(run(&b, i));
    bench_close(&b);
}

static bool run_whole(struct bench *b, size_t i)
{
    /* libcurl hands out whole lines only and has a limit of its own for them. */
    if (b->ops == &engine_curl && strcmp(cases[i].script.name, "head over the limit") == 0)
        return true;
    run_case(b, i, "whole");
    return true;
}

static bool run_drip(struct bench *b, size_t i)
{
    if (!cases[i].script.filler) run_case(b, i, "drip");
    return true;
}

static bool run_split(struct bench *b, size_t i)
{
    char how[24];
    size_t n = cases[i].script.n;
    bool short_enough = !cases[i].script.filler && cases[i].want.outcome != OUTCOME_TIMEOUT;
    for (size_t at = 1; short_enough && at < n; at += n / 7 + 1) {
        snprintf(how, sizeof how, "%zu", at);
        run_case(b, i, how);
    }
    return true;
}

/* ---- what is not one answer to one request ---- */

static size_t case_named(const char *name)
{
    for (size_t i = 0; i < CASES; i++)
        if (strcmp(cases[i].script.name, name) == 0) return i;
    test_fail(__FILE__, __LINE__, "no case %s", name);
}

static void refused(struct variant v)
{
    struct bench b = { 0 };
    struct answered a;
    bench_open(&b, v);
    ((struct sockaddr_in *)&b.addr)->sin_port = htons(1);
    b.origin.port = 1;
    ask(&b, &a, 0, "whole");
    CHECK_U(a.call.outcome, OUTCOME_REFUSED);
    CHECK_U(a.call.bytes_in, 0);
    buf_free(&a.body);
    bench_close(&b);
}

static void no_address(struct variant v)
{
    struct bench b = { 0 };
    struct answered a;
    bench_open(&b, v);
    b.origin.addrs_n = 0;
    ask(&b, &a, 0, "whole");
    CHECK_U(a.call.outcome, OUTCOME_RESOLVE);
    buf_free(&a.body);
    bench_close(&b);
}

/* The server closes a kept connection silently: the next request goes again, and counts once. */
static void kept_and_closed(struct variant v)
{
    struct bench b = { 0 };
    struct answered a;
    bench_open(&b, v);
    size_t closes = case_named("closes without saying");
    for (int i = 0; i < 20; i++) {
        ask(&b, &a, closes, "whole");
        verify(&b, &a, closes, "kept and closed");
        buf_free(&a.body);
    }
    CHECK_U(scripted_requests(b.server), 20);
    bench_close(&b);
}

/* Twenty calls of one user at once: at most six connections, all answered. */
static void many_at_once(struct variant v)
{
    struct bench b = { 0 };
    struct answered all[20] = { 0 };
    unsigned left = 20;
    char head[100];
    bench_open(&b, v);
    int n = snprintf(head, sizeof head, "GET /0/whole HTTP/1.1\r\nHost: %s\r\n\r\n", b.authority);
    for (int i = 0; i < 20; i++)
        send_head(&b, &all[i], (struct slice){ head, (size_t)n }, &left);
    loop_run(b.cfg.loop);
    unsigned fresh = 0;
    for (int i = 0; i < 20; i++) {
        verify(&b, &all[i], 0, "many at once");
        fresh += !all[i].call.reused;
        buf_free(&all[i].body);
    }
    CHECK(fresh >= 1 && fresh <= 6);
    CHECK_U(b.ops->connections(b.engine), fresh); /* kept open */
    b.ops->user_reset(b.user);
    CHECK_U(b.ops->connections(b.engine), 0);
    bench_close(&b);
}

static void cancelled(struct variant v)
{
    struct bench b = { 0 };
    struct answered first = { 0 }, second;
    unsigned left = 2;
    char head[100];
    bench_open(&b, v);
    size_t stalls = case_named("says nothing");
    int n = snprintf(head, sizeof head, "GET /%zu/whole HTTP/1.1\r\nHost: %s\r\n\r\n", stalls,
                     b.authority);
    send_head(&b, &first, (struct slice){ head, (size_t)n }, &left);
    b.ops->cancel(b.engine, &first.call);
    ask(&b, &second, 0, "whole");
    verify(&b, &second, 0, "after a cancelled one");
    CHECK_U(left, 2);
    buf_free(&first.body);
    buf_free(&second.body);
    bench_close(&b);
}

/* A request body larger than every socket buffer, to a server that reads slowly. */
static void large_upload(struct variant v)
{
    struct bench b = { .read_slowly = true };
    struct answered a = { 0 };
    unsigned left = 1;
    size_t n = 3000000;
    char *body = calloc(1, n), head[200];
    bench_open(&b, v);
    int head_n = snprintf(head, sizeof head,
                          "POST /0/whole HTTP/1.1\r\nHost: %s\r\nContent-Length: %zu\r\n\r\n",
                          b.authority, n);
    a.call.body = (struct slice){ body, n };
    send_head(&b, &a, (struct slice){ head, (size_t)head_n }, &left);
    loop_run(b.cfg.loop);
    verify(&b, &a, 0, "large upload");
    CHECK(a.call.bytes_out >= n);
    CHECK_U(scripted_requests(b.server), 1);
    free(body);
    buf_free(&a.body);
    bench_close(&b);
}

#define EPOLL ((struct variant){ &engine_native, "epoll" })
#define URING ((struct variant){ &engine_native, "io_uring" })
#define CURL ((struct variant){ &engine_curl, NULL })

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
