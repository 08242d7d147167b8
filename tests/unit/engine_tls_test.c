/* The conformance suite's TLS part: certificates, handshakes and ends of connections that go wrong. The same outcome is
 * wanted from each engine, and the user must be able to go on. */
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>

#include "tests/unit/engine_bench.h"
#include "tests/unit/test.h"
#include "tests/unit/tls_server.h"

/* Cases say what is unusual about them, the rest is zero. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define FINE .answer = ANSWER
#define UNENDED .answer = "HTTP/1.1 200 OK\r\n\r\nhello"
#define SHORT .answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"

#define OK200 WANT_OK(200, "hello")
#define NO_TLS WANT_FAILURE(OUTCOME_TLS)

enum { VERIFY, INSECURE, WITH_HTTP2 };

struct tls_case {
    struct tls_script script;
    struct expect want;
    int how;
};

static const struct tls_case cases[] = {
    { { "fine", FINE }, OK200 },
    { { "TLS 1.2", FINE, .version = TLS1_2_VERSION }, OK200 },
    { { "TLS 1.3", FINE, .version = TLS1_3_VERSION }, OK200 },
    { { "a record for each byte", FINE, .drip = true }, OK200 },
    { { "a body of many records", .answer = "HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n",
        .filler = 500000 },
      { OUTCOME_OK, 200, NULL, false } },
    { { "said to close",
        .answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
        .end = TLS_NOTIFY },
      OK200 },
    { { "closed in order", FINE, .end = TLS_NOTIFY }, OK200 },
    { { "closed without close_notify", FINE, .end = TLS_CUT }, OK200 },
    { { "a body until the end", UNENDED, .end = TLS_NOTIFY }, OK200 },

    /* ---- certificates ---- */
    { { "nobody vouches for it", FINE, CERT_UNTRUSTED }, NO_TLS },
    { { "another host's", FINE, CERT_WRONG_HOST }, NO_TLS },
    { { "another address's", FINE, CERT_WRONG_ADDRESS }, NO_TLS },
    { { "expired", FINE, CERT_EXPIRED }, NO_TLS },
    { { "not yet valid", FINE, CERT_NOT_YET }, NO_TLS },
    { { "nobody vouches for it, which does not matter", FINE, CERT_UNTRUSTED }, OK200, INSECURE },
    { { "another host's, which does not matter", FINE, CERT_WRONG_HOST }, OK200, INSECURE },
    { { "expired, which does not matter", FINE, CERT_EXPIRED }, OK200, INSECURE },
    { { "wants ours, TLS 1.2", FINE, .wants_cert = true, .version = TLS1_2_VERSION }, NO_TLS },

    /* ---- handshakes ---- */
    { { "closes at the hello", FINE, .hello = HELLO_CLOSE }, NO_TLS },
    { { "resets at the hello", FINE, .hello = HELLO_RESET }, NO_TLS },
    { { "stalls at the hello", FINE, .hello = HELLO_STALL }, LATE },
    { { "speaks clear text", FINE, .hello = HELLO_TEXT }, NO_TLS },
    { { "handshake_failure", FINE, .hello = HELLO_ALERT }, NO_TLS },
    { { "closes in a record", FINE, .hello = HELLO_HALF }, NO_TLS },
    { { "TLS 1.1 only", FINE, .version = TLS1_1_VERSION }, NO_TLS },
    { { "no ALPN", FINE }, OK200, WITH_HTTP2 },
    { { "ALPN: HTTP/1.1 only", FINE, .alpn = ALPN_H1 }, OK200, WITH_HTTP2 },
    { { "ALPN refused", FINE, .alpn = ALPN_REFUSED }, NO_TLS, WITH_HTTP2 },

    /* ---- ends ---- */
    { { "closes before the answer", .answer = "", .end = TLS_NOTIFY }, CUT },
    { { "cut before the answer", .answer = "", .end = TLS_CUT }, CUT },
    { { "resets before the answer", .answer = "", .end = TLS_RESET }, CUT },
    { { "closes in the body", SHORT, .end = TLS_NOTIFY }, CUT },
    { { "cut in the body", SHORT, .end = TLS_CUT }, CUT },
    { { "resets in the body", SHORT, .end = TLS_RESET }, CUT },
    /* Browsers and curl take an end without close_notify for the end. */
    { { "cut in a body until the end", UNENDED, .end = TLS_CUT }, OK200 },
    { { "junk in the body", SHORT, .end = TLS_JUNK }, CUT },
    { { "says nothing", .answer = "", .end = TLS_SILENT }, LATE },
    { { "stalls in the body", SHORT, .end = TLS_SILENT }, LATE },
};
#define CASES (sizeof cases / sizeof *cases)
const size_t engine_tls_cases_n = CASES;

static void ask(struct bench *b, const struct tls_case *c, const char *name)
{
    struct answered a;
    bench_get(b, &a, &c->want, "/");
    bench_verify(b, &a, &c->want, name);
    if (c->script.filler && c->want.outcome == OUTCOME_OK) CHECK_U(a.body.n, c->script.filler);
    buf_free(&a.body);
}

/* Each case begins with a fresh connection; the plain one behind it shows that the user can go on. */
static void run_cases(struct variant v, int how)
{
    struct tls_server *s = tls_server_new();
    struct bench b = { .origin.tls = true };
    b.cfg.insecure = how == INSECURE;
    b.cfg.http2 = how == WITH_HTTP2;
    b.cfg.cacert = tls_server_ca(s);
    bench_open(&b, v, tls_server_port(s));
    for (size_t i = 0; i < CASES; i++) {
        if (cases[i].how != how) continue;
        tls_server_play(s, &cases[i].script);
        ask(&b, &cases[i], cases[i].script.name);
        tls_server_play(s, &cases[0].script);
        ask(&b, &cases[0], cases[i].script.name);
        b.ops->user_reset(b.user);
    }
    bench_close(&b);
    tls_server_free(s);
}

/* OpenSSL writes to sockets that the client has closed. */
static void block_sigpipe(void)
{
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, NULL);
}

static void run_all(struct variant v)
{
    block_sigpipe();
    run_cases(v, VERIFY);
    run_cases(v, INSECURE);
    run_cases(v, WITH_HTTP2);
}

TEST(engine_tls_epoll)
{
    run_all(EPOLL);
}

TEST(engine_tls_io_uring)
{
    run_all(URING);
}

TEST(engine_tls_curl)
{
    run_all(CURL);
}

/* A user resumes on every connection but its first; a user who begins anew resumes nothing. Each connection ends
 * with its answer. */
static void check_resumption(struct variant v, int version)
{
    const struct tls_case c = { { .answer = "HTTP/1.1 200 OK\r\nConnection: close\r\n"
                                            "Content-Length: 5\r\n\r\nhello",
                                  .end = TLS_NOTIFY,
                                  .tickets = true,
                                  .version = version },
                                OK200 };
    static const unsigned resumed[] = { 0, 1, 2, 2, 3 };
    struct tls_server *s = tls_server_new();
    struct bench b = { .origin.tls = true };
    b.cfg.cacert = tls_server_ca(s);
    bench_open(&b, v, tls_server_port(s));
    tls_server_play(s, &c.script);
    for (size_t i = 0; i < sizeof resumed / sizeof *resumed; i++) {
        if (i == 3) b.ops->user_reset(b.user);
        ask(&b, &c, "resumption");
        CHECK_U(tls_server_resumed(s), resumed[i]);
    }
    bench_close(&b);
    tls_server_free(s);
}

TEST(engine_tls_resumption)
{
    block_sigpipe();
    check_resumption(EPOLL, TLS1_2_VERSION);
    check_resumption(EPOLL, TLS1_3_VERSION);
    check_resumption(URING, TLS1_3_VERSION);
}

TEST(engine_conformance)
{
    size_t n = engine_cases_n + engine_h2_cases_n + engine_tls_cases_n;
    printf("conformance: %zu cases on each of curl, native epoll, native io_uring (%zu HTTP/1, %zu "
           "HTTP/2, %zu TLS)\n",
           n, engine_cases_n, engine_h2_cases_n, engine_tls_cases_n);
    CHECK(n >= 150);
}
