/* The conformance suite's HTTP/2 part: frames as servers should and should not send them (RFC 9113), played to every
 * engine over clear text by prior knowledge. The same outcome is wanted from each, and the user must be able to go on.
 *
 * HPACK here is what needs no table: 0x88 is ":status: 200", 0x0f 0x0d "content-length", 0x00 a literal. */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "tests/unit/engine_bench.h"
#include "tests/unit/scripted_h2.h"
#include "tests/unit/test.h"

/* Cases say what is unusual about them, the rest is zero. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define P(lit) .p = (lit), .n = sizeof(lit) - 1
#define HEAD(lit)                                         \
    {                                                     \
        .type = F_HEADERS, .flags = FLAG_HEAD_END, P(lit) \
    }
#define HEAD_ONLY(lit)                                               \
    {                                                                \
        .type = F_HEADERS, .flags = FLAG_HEAD_END | FLAG_END, P(lit) \
    }
#define DATA(lit)              \
    {                          \
        .type = F_DATA, P(lit) \
    }
#define LAST(lit)                                 \
    {                                             \
        .type = F_DATA, .flags = FLAG_END, P(lit) \
    }
#define RST(code)                       \
    {                                   \
        .type = F_RST, P("\0\0\0" code) \
    }
#define GOAWAY(last, code)                                           \
    {                                                                \
        .type = F_GOAWAY, .on = ON_CONNECTION, P(last "\0\0\0" code) \
    }
#define CONN(kind, lit)                           \
    {                                             \
        .type = kind, .on = ON_CONNECTION, P(lit) \
    }
#define ON_CONN(kind, flag, lit)                                 \
    {                                                            \
        .type = kind, .flags = flag, .on = ON_CONNECTION, P(lit) \
    }
#define ALL_STREAMS "\x7f\xff\xff\xff"
#define NO_STREAM "\0\0\0\0"
#define FINE HEAD("\x88"), LAST("hello")
#define X8(x) x x x x x x x x
#define LONG_HEADER "\0\x01x\x40" X8("01234567") /* x: 64 bytes */

#define OK200 WANT_OK(200, "hello")

struct h2_case {
    struct h2_script script;
    struct expect want;
    bool not_curl; /* libcurl 7.88 does not see it: no retry, or no end */
};

static const struct h2_case cases[] = {
    /* ---- whole answers ---- */
    { { "fine", { FINE } }, OK200 },
    { { "no body", { HEAD_ONLY("\x89") } }, WANT_OK(204, "") },
    { { "404", { HEAD("\x8d"), LAST("no") } }, WANT_OK(404, "no") },
    { { "500", { HEAD("\x8e"), LAST("oops") } }, WANT_OK(500, "oops") },
    { { "a length that is right",
        { HEAD("\x88\x0f\x0d\x01"
               "5"),
          LAST("hello") } },
      OK200 },
    { { "a frame for each byte",
        { HEAD("\x88"), DATA("h"), DATA("e"), DATA("l"), DATA("l"), LAST("o") } },
      OK200 },
    { { "an empty last frame", { HEAD("\x88"), DATA("hello"), LAST("") } }, OK200 },
    { { "padded frames",
        { { .type = F_HEADERS, .flags = FLAG_HEAD_END | FLAG_PADDED, P("\x03\x88\0\0\0") },
          { .type = F_DATA, .flags = FLAG_END | FLAG_PADDED, P("\x05hello\0\0\0\0\0") } } },
      OK200 },
    { { "nothing but padding",
        { HEAD("\x88"), { .type = F_DATA, .flags = FLAG_PADDED, P("\x02\0\0") }, LAST("hello") } },
      OK200 },
    { { "headers with a priority",
        { { .type = F_HEADERS, .flags = FLAG_HEAD_END | FLAG_PRIORITY, P("\0\0\0\0\x0f\x88") },
          LAST("hello") } },
      OK200 },
    { { "headers in three frames",
        { { .type = F_HEADERS, P("\x88\0\x01") },
          { .type = F_CONT, P("a\x01") },
          { .type = F_CONT, .flags = FLAG_HEAD_END, P("b") },
          LAST("hello") } },
      OK200 },
    { { "100 first",
        { HEAD("\x08\x03"
               "100"),
          FINE } },
      OK200 },
    { { "103 with a header first",
        { HEAD("\x08\x03"
               "103\0\x04link\x04</a>"),
          FINE } },
      OK200 },
    { { "trailers",
        { HEAD("\x88"), DATA("hello"),
          HEAD_ONLY("\0\x05x-sum\x01"
                    "1") } },
      OK200 },
    { { "a status nobody knows",
        { HEAD("\x08\x03"
               "599"),
          LAST("hello") } },
      WANT_OK(599, "hello") },
    { { "a redirect",
        { HEAD_ONLY("\x08\x03"
                    "302\0\x08location\x01/") } },
      WANT_OK(302, "") },
    { { "HEAD with a length",
        { HEAD_ONLY("\x88\x0f\x0d\x03"
                    "500") } },
      { OUTCOME_OK, 200, "", true } },
    { { "two cookies",
        { HEAD("\x88\0\x0aset-cookie\x03"
               "a=1\0\x0aset-cookie\x03"
               "b=2"),
          LAST("hello") } },
      OK200 },

    /* ---- frames between ---- */
    { { "frames nobody knows", { { .type = 0x42, P("?") }, CONN(0x43, "?"), FINE } }, OK200 },
    { { "ALTSVC and ORIGIN",
        { CONN(0x0a, "\0\x01"
                     "ah2=\":1\""),
          CONN(0x0c, "\0\x01"
                     "b"),
          FINE } },
      OK200 },
    { { "priority frames", { { .type = F_PRIORITY, P("\0\0\0\0\x0f") }, FINE } }, OK200 },
    { { "a storm of SETTINGS",
        { { .type = F_SETTINGS, .on = ON_CONNECTION, P("\0\x03\0\0\0\x64"), .times = 200 },
          FINE } },
      OK200 },
    { { "a storm of PING",
        { { .type = F_PING, .on = ON_CONNECTION, P("12345678"), .times = 200 }, FINE } },
      OK200 },
    { { "PING answers nobody asked for", { ON_CONN(F_PING, FLAG_ACK, "12345678"), FINE } }, OK200 },
    { { "a storm of empty DATA",
        { HEAD("\x88"), { .type = F_DATA, P(""), .times = 500 }, LAST("hello") } },
      OK200 },
    { { "a storm of window updates",
        { { .type = F_WINDOW, P("\0\0\0\x01"), .times = 500 }, FINE } },
      OK200 },
    { { "unknown settings", { CONN(F_SETTINGS, "\x12\x34\xff\xff\xff\xff"), FINE } }, OK200 },
    { { "a smaller header table", { CONN(F_SETTINGS, "\0\x01\0\0\0\0"), FINE } }, OK200 },
    { { "a larger window behind the answer's head",
        { HEAD("\x88"), CONN(F_SETTINGS, "\0\x04\0\x10\0\0"), LAST("hello") } },
      OK200 },

    /* ---- the connection or the stream ends ---- */
    { { "GOAWAY behind the answer", { FINE, GOAWAY(ALL_STREAMS, "\0") } }, OK200 },
    { { "GOAWAY before the answer", { GOAWAY(ALL_STREAMS, "\0"), FINE } }, OK200 },
    { { "GOAWAY in the answer", { HEAD("\x88"), GOAWAY(ALL_STREAMS, "\0"), LAST("hello") } },
      OK200 },
    { { "GOAWAY for what it did not read", { GOAWAY(NO_STREAM, "\0") }, .once = true },
      OK200,
      true },
    { { "GOAWAY for it, and closed", { GOAWAY(NO_STREAM, "\0") }, END_CLOSE, .once = true },
      OK200,
      true },
    { { "refused once", { RST("\x07") }, .once = true }, OK200 },
    { { "refused always", { RST("\x07") } }, CUT },
    { { "reset before the answer", { RST("\x02") } }, CUT },
    { { "cancelled in the answer", { HEAD("\x88"), DATA("hel"), RST("\x08") } }, CUT },
    { { "reset behind an interim answer",
        { HEAD("\x08\x03"
               "100"),
          RST("\x02") } },
      CUT },
    { { "closes before the answer", { { .type = 0x42, P("?") } }, END_CLOSE }, CUT },
    { { "closes in the answer", { HEAD("\x88"), DATA("hel") }, END_CLOSE }, CUT },
    { { "resets in the answer", { HEAD("\x88"), DATA("hel") }, END_RESET }, CUT },
    { { "closes in a frame", { HEAD("\x88"), { .raw = true, P("\0\0\x05\0\x01") } }, END_CLOSE },
      CUT },
    { { "GOAWAY with an error, and closed", { GOAWAY(ALL_STREAMS, "\x02") }, END_CLOSE }, CUT },

    /* ---- silence ---- */
    { { "says nothing", { { .type = 0x42, P("?") } }, END_STALL }, LATE },
    { { "stalls in the answer", { HEAD("\x88"), DATA("hel") }, END_STALL }, LATE },
    { { "stalls behind 100",
        { HEAD("\x08\x03"
               "100") },
        END_STALL },
      LATE },

    /* ---- answers that are none ---- */
    { { "no status",
        { HEAD("\0\x01"
               "a\x01"
               "b"),
          LAST("hello") } },
      CUT },
    { { "a status of letters",
        { HEAD("\x08\x03"
               "abc"),
          LAST("hello") } },
      CUT },
    { { "two statuses", { HEAD("\x88\x89"), LAST("hello") } }, CUT },
    { { "a pseudo-header of requests", { HEAD("\x88\x82"), LAST("hello") } }, CUT },
    { { "capitals in a name",
        { HEAD("\x88\0\x03X-A\x01"
               "b"),
          LAST("hello") } },
      CUT },
    { { "Connection, as HTTP/1 has it",
        { HEAD("\x88\0\x0a"
               "connection\x05"
               "close"),
          LAST("hello") } },
      CUT },
    { { "less than its length",
        { HEAD("\x88\x0f\x0d\x02"
               "10"),
          LAST("hello") } },
      CUT },
    { { "more than its length",
        { HEAD("\x88\x0f\x0d\x01"
               "2"),
          LAST("hello") } },
      CUT },
    { { "an end without an answer", { LAST("hello") } }, BROKEN },
    { { "headers over the limit",
        { HEAD("\x88" X8(X8(LONG_HEADER)) X8(X8(LONG_HEADER))), LAST("hello") } },
      BROKEN },

    /* ---- not HTTP/2 ---- */
    { { "HTTP/1 answers",
        { { .raw = true, P("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n") } },
        END_CLOSE },
      BROKEN },
    { { "a frame that is too large", { { .raw = true, P("\xff\xff\xff\0\0\0\0\0\x01") } } },
      BROKEN },
    { { "DATA on the connection", { CONN(F_DATA, "hello") } }, BROKEN },
    { { "HEADERS on the connection", { ON_CONN(F_HEADERS, FLAG_HEAD_END, "\x88") } }, BROKEN },
    { { "DATA on an idle stream", { { .type = F_DATA, .on = ON_IDLE, P("hello") } } }, BROKEN },
    { { "RST_STREAM of an idle stream", { { .type = F_RST, .on = ON_IDLE, P("\0\0\0\x08") } } },
      BROKEN },
    { { "a flood of RST_STREAM",
        { { .type = F_RST, .on = ON_IDLE, P("\0\0\0\x08"), .times = 5000 } } },
      BROKEN },
    { { "RST_STREAM of the connection", { CONN(F_RST, "\0\0\0\x08") } }, BROKEN },
    { { "RST_STREAM of three bytes", { { .type = F_RST, P("\0\0\x08") } } }, BROKEN },
    { { "CONTINUATION of nothing", { { .type = F_CONT, .flags = FLAG_HEAD_END, P("\x88") } } },
      BROKEN },
    { { "DATA among CONTINUATIONs", { { .type = F_HEADERS, P("\x88") }, DATA("hello") } }, BROKEN },
    { { "a flood of CONTINUATION",
        { { .type = F_HEADERS, P("\x88") },
          { .type = F_CONT,
            P("\0\x01"
              "a\x01"
              "b"),
            .times = 30000 } } },
      BROKEN },
    { { "headers that are no HPACK", { HEAD("\xff\xff\xff\xff\xff\xff") } }, BROKEN },
    { { "an index behind the table", { HEAD("\xfe") } }, BROKEN },
    { { "a push, though disabled",
        { { .type = F_PUSH, .flags = FLAG_HEAD_END, P("\0\0\0\x02\x82") } } },
      BROKEN },
    { { "more padding than frame",
        { HEAD("\x88"), { .type = F_DATA, .flags = FLAG_PADDED, P("\xffhello") } } },
      BROKEN,
      true },
    { { "PING of seven bytes", { CONN(F_PING, "1234567") } }, BROKEN },
    { { "PING on a stream", { { .type = F_PING, P("12345678") } } }, BROKEN },
    { { "SETTINGS of five bytes", { CONN(F_SETTINGS, "\0\x03\0\0\0") } }, BROKEN },
    { { "SETTINGS on a stream", { { .type = F_SETTINGS, P("") } } }, BROKEN },
    { { "an acknowledgement with a payload",
        { ON_CONN(F_SETTINGS, FLAG_ACK, "\0\x03\0\0\0\x64") } },
      BROKEN },
    { { "a window beyond 2^31", { CONN(F_SETTINGS, "\0\x04\xff\xff\xff\xff") } }, BROKEN },
    { { "a frame size of one", { CONN(F_SETTINGS, "\0\x05\0\0\0\x01") } }, BROKEN },
    { { "push enabled by a server", { CONN(F_SETTINGS, "\0\x02\0\0\0\x02") } }, BROKEN },
    { { "GOAWAY on a stream", { { .type = F_GOAWAY, P(NO_STREAM "\0\0\0\0") } } }, BROKEN },
    { { "the connection's window overflows",
        { CONN(F_WINDOW, ALL_STREAMS), CONN(F_WINDOW, ALL_STREAMS) } },
      BROKEN },
    { { "the connection's window grows by nothing", { CONN(F_WINDOW, "\0\0\0\0") } }, BROKEN },
    { { "the stream's window overflows", { { .type = F_WINDOW, P(ALL_STREAMS), .times = 2 } } },
      CUT },
};
#define CASES (sizeof cases / sizeof *cases)

struct play {
    struct bench b; /* first */
    struct scripted_h2 *server;
    struct h2_script scripts[CASES];
};

static void play_open(struct play *p, struct variant v, const struct h2_script *first)
{
    *p = (struct play){ .b.cfg.h2c_prior = true };
    for (size_t i = 0; i < CASES; i++)
        p->scripts[i] = cases[i].script;
    if (first) p->scripts[0] = *first;
    p->server = scripted_h2_new(p->scripts, CASES);
    bench_open(&p->b, v, scripted_h2_port(p->server));
}

static void play_close(struct play *p)
{
    bench_close(&p->b);
    scripted_h2_free(p->server);
}

static void run_case(struct play *p, size_t i)
{
    struct answered a;
    if (cases[i].not_curl && p->b.ops == &engine_curl) return;
    scripted_h2_play(p->server, i);
    bench_get(&p->b, &a, &cases[i].want, "/");
    bench_verify(&p->b, &a, &cases[i].want, cases[i].script.name);
    CHECK(a.call.outcome != OUTCOME_OK || a.call.http2);
    buf_free(&a.body);
    scripted_h2_play(p->server, 0);
    bench_get(&p->b, &a, &cases[0].want, "/");
    bench_verify(&p->b, &a, &cases[0].want, cases[i].script.name);
    buf_free(&a.body);
}

static void run_all(struct variant v)
{
    struct play p;
    play_open(&p, v, NULL);
    for (size_t i = 0; i < CASES; i++)
        run_case(&p, i);
    play_close(&p);
}

/* A request's body against windows that open a little at a time. */
static void upload(struct variant v, const struct h2_script *script, size_t n)
{
    struct play p;
    struct answered a = { 0 };
    unsigned left = 1;
    char *body = calloc(1, n), head[200];
    play_open(&p, v, script);
    int head_n =
        snprintf(head, sizeof head, "POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: %zu\r\n\r\n",
                 p.b.authority, n);
    a.call.body = (struct slice){ body, n };
    bench_send(&p.b, &a, (struct slice){ head, (size_t)head_n }, &left);
    loop_run(p.b.cfg.loop);
    bench_verify(&p.b, &a, &cases[0].want, script->name);
    CHECK_U(scripted_h2_body_bytes(p.server), n);
    CHECK_U(scripted_h2_requests(p.server), 1);
    free(body);
    buf_free(&a.body);
    play_close(&p);
}

static void windows(struct variant v)
{
    static const struct h2_script
        none = { "a window of nothing", { FINE }, .window = 1, .window_step = 4000 },
        tiny = { "windows of ten bytes", { FINE }, .window = 11, .window_step = 10 },
        usual = { "the usual window", { FINE }, .window_step = 16384 };
    upload(v, &none, 20000);
    upload(v, &tiny, 2000);
    upload(v, &usual, 1000000);
}

/* Twenty calls of one user where the server takes so many at a time: all are answered. */
static void streams(struct variant v, uint32_t max)
{
    struct h2_script script = { "few streams at a time", { FINE }, .max_streams = max };
    struct play p;
    struct answered all[20] = { 0 };
    unsigned left = 20;
    char head[100];
    play_open(&p, v, &script);
    int n = snprintf(head, sizeof head, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", p.b.authority);
    for (int i = 0; i < 20; i++)
        bench_send(&p.b, &all[i], (struct slice){ head, (size_t)n }, &left);
    loop_run(p.b.cfg.loop);
    for (int i = 0; i < 20; i++) {
        bench_verify(&p.b, &all[i], &cases[0].want, script.name);
        buf_free(&all[i].body);
    }
    CHECK_U(scripted_h2_requests(p.server), 20);
    play_close(&p);
}

#define SUITE(id, v)               \
    TEST(engine_h2_##id##_answers) \
    {                              \
        run_all(v);                \
    }                              \
    TEST(engine_h2_##id##_windows) \
    {                              \
        windows(v);                \
    }                              \
    TEST(engine_h2_##id##_streams) \
    {                              \
        streams(v, 1);             \
        streams(v, 3);             \
    }

const size_t engine_h2_cases_n = CASES + 5; /* windows, streams */

SUITE(epoll, EPOLL)
SUITE(io_uring, URING)
SUITE(curl, CURL)
