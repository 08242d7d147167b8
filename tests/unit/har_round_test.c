/* Session -> HAR -> session is the identity, for random sessions. */
#include "har/har.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/rnd.h"
#include "tests/unit/test.h"

struct gen {
    struct rnd r;
    struct session *s;
};

static size_t below(struct gen *g, size_t n)
{
    return (size_t)rnd_below(&g->r, n);
}

/* Text of pieces that JSON, HAR readers and heuristics may stumble over. */
static struct slice text(struct gen *g)
{
    static const struct slice pieces[] = { { "a", 1 },
                                           { "\"", 1 },
                                           { "\\", 1 },
                                           { "\xc3\xa9", 2 },
                                           { "\xf0\x9f\x98\x80", 4 },
                                           { "\x01", 1 },
                                           { "</script>", 9 },
                                           { ", b=", 4 },
                                           { ";", 1 },
                                           { "%41+&=", 6 },
                                           { "\x7f", 1 },
                                           { "\xe2\x80\xa8", 3 },
                                           { "{\"x\":1}", 7 } };
    struct buf b = BUF_INIT(1000);
    for (size_t n = below(g, 6); n > 0; n--)
        buf_add(&b, pieces[below(g, sizeof pieces / sizeof pieces[0])]);
    struct slice s = arena_dup(g->s->arena, buf_slice(&b));
    buf_free(&b);
    return s;
}

/* Text or bytes; may hold line ends, replacement characters, gzip's first bytes, anything. */
static struct slice body(struct gen *g)
{
    char bytes[40];
    size_t n = below(g, 40);
    switch (below(g, 4)) {
    case 0: return text(g);
    case 1: return SL("\xef\xbf\xbd\r\n\x1f\x8b");
    case 2: return SL("\x1f\x8b\x08");
    }
    for (size_t i = 0; i < n; i++)
        bytes[i] = (char)rnd_u64(&g->r);
    return arena_dup(g->s->arena, (struct slice){ bytes, n });
}

static void headers(struct gen *g, struct headers *h)
{
    static const char *const names[] = { "Host",   "Content-Type", "Content-Length",   "Set-Cookie",
                                         "Cookie", "X-Thing",      "Content-Encoding", "x-thing",
                                         "Accept" };
    size_t cap = 0;
    for (size_t n = below(g, 8); n > 0; n--) {
        const char *name = names[below(g, 9)];
        if (headers_has(h, slice_z(name)) && strncmp(name, "Content", 7) == 0) continue;
        headers_add(g->s->arena, h, &cap, slice_z(name), slice_trim(text(g)));
    }
}

static int64_t duration(struct gen *g)
{
    return below(g, 3) ? (int64_t)below(g, 100000000000) : below(g, 2) ? 0 : TIME_UNKNOWN;
}

static void times(struct gen *g, struct exchange *ex)
{
    ex->start_ns = 1500000000000000000 + (int64_t)below(g, 1000000000) * 1000;
    ex->blocked_ns = duration(g);
    ex->dns_ns = duration(g);
    ex->connect_ns = duration(g);
    ex->tls_ns = ex->connect_ns >= 0 ? duration(g) : TIME_UNKNOWN;
    /* HAR wants numbers for these. */
    ex->send_ns = (int64_t)below(g, 1000000);
    ex->wait_ns = (int64_t)below(g, 1000000);
    ex->receive_ns = (int64_t)below(g, 1000000);
    ex->total_ns = (int64_t)below(g, 1000000000000);
}

static void make_request(struct gen *g, struct request *r)
{
    static const char *const methods[] = { "GET", "POST", "PUT", "HEAD", "DELETE", "PROPFIND" };
    r->method = slice_z(methods[below(g, 6)]);
    r->url = arena_printf(g->s->arena, "http://h%zu:81/a?q=%%20%zu&", below(g, 9), below(g, 9));
    r->version = slice_z(below(g, 2) ? "HTTP/1.1" : "h2");
    headers(g, &r->headers);
    r->body_state = (enum body_state)below(g, 4);
    r->mime = headers_get(&r->headers, SL("Content-Type"));
    if (r->body_state == BODY_NONE) return;
    if (r->mime.n == 0) r->mime = text(g);
    if (r->body_state != BODY_MISSING) r->body = body(g);
    if (r->body_state != BODY_MISSING || below(g, 2)) return;
    r->params = arena_many(g->s->arena, 2, struct post_param);
    r->params_n = 2;
    r->params[0] = (struct post_param){ text(g), text(g), { 0 }, { 0 }, false };
    r->params[1] = (struct post_param){ text(g), text(g), text(g), text(g), true };
}

static void make_response(struct gen *g, struct response *r)
{
    r->status = below(g, 5) ? (int)(100 + below(g, 500)) : 0;
    r->reason = text(g);
    r->version = SL("HTTP/1.1");
    headers(g, &r->headers);
    r->body_state = (enum body_state)below(g, 4);
    r->mime = slice_z("text/html");
    if (r->body_state == BODY_WHOLE || r->body_state == BODY_DAMAGED) r->body = body(g);
    r->redirect = text(g);
    r->error = text(g);
    r->wire_bytes = below(g, 2) ? (int64_t)below(g, 9999) : -1;
}

static void make_exchange(struct gen *g)
{
    struct exchange *ex = session_add(g->s);
    times(g, ex);
    make_request(g, &ex->request);
    make_response(g, &ex->response);
    ex->connection = arena_printf(g->s->arena, "c%zu", below(g, 9));
    ex->client = text(g);
    ex->server_ip = SL("::1");
    ex->page = text(g);
    ex->initiator = text(g);
    ex->resource = text(g);
    ex->comment = text(g);
    ex->from = (enum served_from)below(g, 4);
    ex->incomplete = below(g, 2);
    ex->ws_n = below(g, 3);
    ex->ws = arena_many(g->s->arena, ex->ws_n + 1, struct ws_message);
    for (size_t i = 0; i < ex->ws_n; i++)
        ex->ws[i] =
            (struct ws_message){ (enum ws_direction)below(g, 2),
                                 1500000000123456789 + (int64_t)below(g, 1000), 2, body(g) };
}

static void check_headers(const struct headers *a, const struct headers *b)
{
    CHECK_U(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        CHECK_S(a->v[i].name, b->v[i].name);
        CHECK_S(a->v[i].value, b->v[i].value);
    }
}

static void check_request(const struct request *a, const struct request *b)
{
    CHECK_S(a->method, b->method);
    CHECK_S(a->url, b->url);
    CHECK_S(a->version, b->version);
    check_headers(&a->headers, &b->headers);
    CHECK_S(a->body, b->body);
    CHECK_S(a->mime, b->mime);
    CHECK_U(a->body_state, b->body_state);
    CHECK_U(a->params_n, b->params_n);
    for (size_t i = 0; i < a->params_n; i++) {
        CHECK_S(a->params[i].name, b->params[i].name);
        CHECK_S(a->params[i].value, b->params[i].value);
        CHECK_S(a->params[i].file_name, b->params[i].file_name);
        CHECK_S(a->params[i].content_type, b->params[i].content_type);
        CHECK_U(a->params[i].is_file, b->params[i].is_file);
    }
}

static void check_response(const struct response *a, const struct response *b)
{
    CHECK_U(a->status, b->status);
    CHECK_S(a->reason, b->reason);
    CHECK_S(a->version, b->version);
    check_headers(&a->headers, &b->headers);
    CHECK_S(a->body, b->body);
    CHECK_S(a->mime, b->mime);
    CHECK_U(a->body_state, b->body_state);
    CHECK_S(a->redirect, b->redirect);
    CHECK_S(a->error, b->error);
    CHECK_U(a->wire_bytes, b->wire_bytes);
}

static void check_times(const struct exchange *a, const struct exchange *b)
{
    CHECK_U(a->start_ns, b->start_ns);
    CHECK_U(a->blocked_ns, b->blocked_ns);
    CHECK_U(a->dns_ns, b->dns_ns);
    CHECK_U(a->connect_ns, b->connect_ns);
    CHECK_U(a->tls_ns, b->tls_ns);
    CHECK_U(a->send_ns, b->send_ns);
    CHECK_U(a->wait_ns, b->wait_ns);
    CHECK_U(a->receive_ns, b->receive_ns);
    CHECK_U(a->total_ns, b->total_ns);
}

static void check_exchange(const struct exchange *a, const struct exchange *b)
{
    check_times(a, b);
    check_request(&a->request, &b->request);
    check_response(&a->response, &b->response);
    CHECK_S(a->connection, b->connection);
    CHECK_S(a->client, b->client);
    CHECK_S(a->server_ip, b->server_ip);
    CHECK_S(a->page, b->page);
    CHECK_S(a->initiator, b->initiator);
    CHECK_S(a->resource, b->resource);
    CHECK_S(a->comment, b->comment);
    CHECK_U(a->from, b->from);
    CHECK_U(a->incomplete, b->incomplete);
    CHECK_U(a->ws_n, b->ws_n);
    for (size_t i = 0; i < a->ws_n; i++) {
        CHECK_U(a->ws[i].direction, b->ws[i].direction);
        CHECK_U(a->ws[i].time_ns, b->ws[i].time_ns);
        CHECK_U(a->ws[i].opcode, b->ws[i].opcode);
        CHECK_S(a->ws[i].data, b->ws[i].data);
    }
}

static void check_round(uint64_t seed)
{
    struct gen g = { .s = session_new() };
    struct err err = { 0 };
    char path[300];
    rnd_seed(&g.r, seed, 0);
    for (size_t n = below(&g, 8); n > 0; n--)
        make_exchange(&g);
    session_sort(g.s);
    struct page pages[2] = { { SL("p1"), text(&g), 1500000000000000000 },
                             { SL("p\"2"), text(&g), TIME_UNKNOWN } };
    g.s->pages = pages;
    g.s->pages_n = below(&g, 3);
    /* tests/e2e validates the files too. */
    const char *keep = getenv("REPRISE_KEEP_HAR");
    snprintf(path, sizeof path, "%s/%03llu.har", keep ? keep : test_tmpdir(),
             (unsigned long long)seed);
    CHECK(har_write(g.s, path, "1.0", &err));
    struct session *back = har_read(path, NULL, &err);
    if (!back) test_fail(__FILE__, __LINE__, "seed %llu: %s", (unsigned long long)seed, err.text);
    CHECK_U(back->n, g.s->n);
    for (size_t i = 0; i < back->n; i++)
        check_exchange(back->exchanges[i], g.s->exchanges[i]);
    CHECK_U(back->pages_n, g.s->pages_n);
    for (size_t i = 0; i < back->pages_n; i++) {
        CHECK_S(back->pages[i].id, pages[i].id);
        CHECK_S(back->pages[i].title, pages[i].title);
        CHECK_U(back->pages[i].start_ns, pages[i].start_ns);
    }
    CHECK_S(back->creator, SL("reprise 1.0"));
    session_free(back);
    session_free(g.s);
}

TEST(har_round_trip)
{
    for (uint64_t seed = 0; seed < 300; seed++)
        check_round(seed);
}
