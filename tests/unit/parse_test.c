/* The HTTP/1 parser: what it tells, and that it tells the same however the bytes come. */
#include "http/parse.h"

#include <string.h>

#include "base/buf.h"
#include "tests/unit/test.h"

struct run {
    enum parse_kind kind;
    struct parse_limits limits;
    bool borrow, head, connect;
};

static void note_headers(struct buf *out, const char *tag, const struct headers *h)
{
    for (size_t i = 0; i < h->n; i++)
        buf_addf(out, "%s %.*s=%.*s\n", tag, SL_FMT(h->v[i].name), SL_FMT(h->v[i].value));
}

static void note_head(struct buf *out, const struct http_parser *p)
{
    static const char *const framing[] = { "none", "length", "chunked", "close", "tunnel" };
    if (p->kind == PARSE_REQUEST)
        buf_addf(out, "%.*s %.*s 1.%d", SL_FMT(p->method), SL_FMT(p->target), p->version_minor);
    else
        buf_addf(out, "%d '%.*s' 1.%d", p->status, SL_FMT(p->reason), p->version_minor);
    buf_addf(out, " %s%s%s\n", framing[p->framing], p->keep_alive ? " keep" : "",
             p->upgrade ? " upgrade" : "");
    note_headers(out, "h", &p->headers);
}

/* Feeds one piece; bodies are gathered so that their pieces do not show. False when it is over. */
static bool feed(struct http_parser *p, struct slice in, struct buf *body, struct buf *out)
{
    for (;;) {
        switch (http_parser_feed(p, &in)) {
        case PARSE_MORE: CHECK_U(in.n, 0); return true;
        case PARSE_HEAD: note_head(out, p); break;
        case PARSE_BODY:
            CHECK(p->piece.n > 0);
            buf_add(body, p->piece);
            break;
        case PARSE_DONE:
            note_headers(out, "t", &p->trailers);
            buf_addf(out, "body %.*s\n", SL_FMT(buf_slice(body)));
            CHECK_U(p->body_bytes, body->n);
            buf_reset(body);
            if (p->upgrade) {
                buf_addf(out, "tunnel\n");
                return false;
            }
            http_parser_next_message(p);
            break;
        case PARSE_BAD: buf_addf(out, "bad %s\n", p->error); return false;
        }
    }
}

static void finish(struct http_parser *p, struct buf *body, struct buf *out)
{
    switch (http_parser_eof(p)) {
    case PARSE_MORE: buf_addf(out, "end\n"); break;
    case PARSE_DONE: buf_addf(out, "body %.*s\nend\n", SL_FMT(buf_slice(body))); break;
    case PARSE_BAD: buf_addf(out, "bad %s\n", p->error); break;
    case PARSE_HEAD:
    case PARSE_BODY: test_fail(__FILE__, __LINE__, "an event the end cannot be");
    }
}

/* The story of a stream cut at a and b, each piece in guarded memory of its own. */
static struct buf story(struct run r, struct slice text, size_t a, size_t b)
{
    struct http_parser p;
    struct buf out = BUF_INIT(1 << 20), body = BUF_INIT(1 << 20);
    struct slice cut[3] = { slice_sub(text, 0, a), slice_sub(text, a, b), slice_from(text, b) };
    char *mem[3];
    bool more = true;
    http_parser_init(&p, r.kind, r.limits);
    p.borrow = r.borrow;
    p.answers_head = r.head;
    p.answers_connect = r.connect;
    for (int i = 0; i < 3; i++)
        mem[i] = test_guarded(cut[i].p, cut[i].n);
    for (int i = 0; i < 3 && more; i++)
        more = feed(&p, (struct slice){ mem[i], cut[i].n }, &body, &out);
    if (more) finish(&p, &body, &out);
    for (int i = 0; i < 3; i++)
        test_guarded_free(mem[i], cut[i].n);
    http_parser_free(&p);
    buf_free(&body);
    return out;
}

static struct buf story_bytewise(struct run r, struct slice text)
{
    struct http_parser p;
    struct buf out = BUF_INIT(1 << 20), body = BUF_INIT(1 << 20);
    bool more = true;
    http_parser_init(&p, r.kind, r.limits);
    p.answers_head = r.head;
    p.answers_connect = r.connect;
    for (size_t i = 0; i < text.n && more; i++) {
        char *one = test_guarded(text.p + i, 1);
        more = feed(&p, (struct slice){ one, 1 }, &body, &out);
        test_guarded_free(one, 1);
    }
    if (more) finish(&p, &body, &out);
    http_parser_free(&p);
    buf_free(&body);
    return out;
}

/* The story must be want, whole, borrowed, byte by byte and split at every place. */
static void check_run(struct run r, struct slice text, const char *want)
{
    struct buf got = story(r, text, text.n, text.n);
    CHECK_S(buf_slice(&got), slice_z(want));
    buf_free(&got);
    got = story_bytewise(r, text);
    CHECK_S(buf_slice(&got), slice_z(want));
    buf_free(&got);
    r.borrow = true;
    for (size_t i = 0; i <= text.n; i++) {
        got = story(r, text, i, i + (text.n - i) / 2);
        CHECK_S(buf_slice(&got), slice_z(want));
        buf_free(&got);
    }
}

static void check_request(const char *text, const char *want)
{
    check_run((struct run){ .kind = PARSE_REQUEST }, slice_z(text), want);
}

static void check_response(const char *text, const char *want)
{
    check_run((struct run){ .kind = PARSE_RESPONSE }, slice_z(text), want);
}

TEST(parse_request_plain)
{
    check_request("GET /a?b=1 HTTP/1.1\r\nHost: x:80\r\nAccept:  a, b \t\r\nEmpty:\r\n\r\n",
                  "GET /a?b=1 1.1 none keep\nh Host=x:80\nh Accept=a, b\nh Empty=\nbody \nend\n");
}

TEST(parse_request_bodies_in_a_row)
{
    check_request("\r\n\nPOST / HTTP/1.1\nContent-Length: 5\n\nhello"
                  "POST /c HTTP/1.1\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n"
                  "5;x=\"y\"\r\nabcde\r\n0A \r\n0123456789\r\n0\r\nDigest: z\r\nB: c\r\n\r\n"
                  "GET / HTTP/1.0\r\nConnection: Keep-Alive, x\r\n\r\nGET / HTTP/1.0\r\n\r\n",
                  "POST / 1.1 length keep\nh Content-Length=5\nbody hello\n"
                  "POST /c 1.1 chunked keep\nh Transfer-Encoding=gzip, Chunked\n"
                  "t Digest=z\nt B=c\nbody abcde0123456789\n"
                  "GET / 1.0 none keep\nh Connection=Keep-Alive, x\nbody \n"
                  "GET / 1.0 none\nbody \nend\n");
}

TEST(parse_request_target_with_blanks)
{
    check_request("GET /a b HTTP/1.1\r\n\r\n", "GET /a b 1.1 none keep\nbody \nend\n");
}

TEST(parse_unfolds)
{
    check_request("GET / HTTP/1.1\r\nA: one\r\n\ttwo \r\n  three\r\nB:\r\n x\r\nC: y\r\n  \r\n\r\n",
                  "GET / 1.1 none keep\nh A=one two three\nh B=x\nh C=y\nbody \nend\n");
}

TEST(parse_response_framing)
{
    check_response(
        "HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\nContent-Length: 3\r\n\r\nabc"
        "HTTP/1.1 204\r\nContent-Length: 9\r\n\r\n"
        "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"
        "HTTP/1.1 100 Continue\r\n\r\n"
        "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n"
        "HTTP/1.0 200 Fine so\r\nTransfer-Encoding: identity\r\n\r\nrest of it",
        "200 'OK' 1.1 length keep\nh Content-Length=3, 3\nh Content-Length=3\nbody abc\n"
        "204 '' 1.1 none keep\nh Content-Length=9\nbody \n"
        "304 'Not Modified' 1.1 none keep\nh Transfer-Encoding=chunked\nbody \n"
        "100 'Continue' 1.1 none keep\nbody \n"
        "200 '' 1.1 chunked keep\nh Transfer-Encoding=chunked\nh Content-Length=1\nbody \n"
        "200 'Fine so' 1.0 close\nh Transfer-Encoding=identity\nbody rest of it\nend\n");
}

TEST(parse_answers_head_through_interim)
{
    check_run((struct run){ .kind = PARSE_RESPONSE, .head = true },
              SL("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 70\r\n\r\n"
                 "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"),
              "103 'Early Hints' 1.1 none keep\nbody \n"
              "200 'OK' 1.1 none keep\nh Content-Length=70\nbody \n"
              "200 'OK' 1.1 length keep\nh Content-Length=1\nbody x\nend\n");
}

TEST(parse_tunnels)
{
    check_response(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x05hello",
        "101 'Switching Protocols' 1.1 tunnel upgrade\nh Upgrade=websocket\nbody \ntunnel\n");
    check_run((struct run){ .kind = PARSE_RESPONSE, .connect = true },
              SL("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n\x16\x03\x01"),
              "200 'OK' 1.1 tunnel upgrade\nh Content-Length=5\nbody \ntunnel\n");
    check_run((struct run){ .kind = PARSE_RESPONSE, .connect = true },
              SL("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno"),
              "403 'No' 1.1 length keep\nh Content-Length=2\nbody no\nend\n");
}

TEST(parse_tunnel_leaves_the_rest)
{
    struct http_parser p;
    struct slice in = SL("HTTP/1.1 101 x\r\n\r\nrest");
    http_parser_init(&p, PARSE_RESPONSE, (struct parse_limits){ 0 });
    CHECK(http_parser_feed(&p, &in) == PARSE_HEAD);
    CHECK_S(p.head, SL("HTTP/1.1 101 x\r\n"));
    CHECK(http_parser_feed(&p, &in) == PARSE_DONE);
    CHECK_S(in, SL("rest"));
    CHECK(http_parser_feed(&p, &in) == PARSE_DONE);
    http_parser_free(&p);
    http_parser_free(&p);
}

TEST(parse_refuses_heads)
{
    check_request("\x16\x03\x01 garbage", "bad not an HTTP/1 request\n");
    check_request("GET\r\n\r\n", "bad not an HTTP/1 request\n");
    check_request("GET / HTTP/2.0\r\n\r\n", "bad a request line without HTTP/1.x\n");
    check_request("GET /\r\n\r\n", "bad a request line without HTTP/1.x\n");
    check_request("GET / HTTP/1.1\r\nA : b\r\n\r\n", "bad a blank in a header name\n");
    check_request("GET / HTTP/1.1\r\nA\x01: b\r\n\r\n", "bad a bad header name\n");
    check_request("GET / HTTP/1.1\r\n: b\r\n\r\n", "bad an empty header name\n");
    check_request("GET / HTTP/1.1\r\nAb\r\n\r\n", "bad a header line without ':'\n");
    check_request("GET / HTTP/1.1\r\n A: b\r\n\r\n", "bad a blank before the first header\n");
    check_request("GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", "bad a bare CR in the head\n");
    check_run((struct run){ .kind = PARSE_REQUEST }, SL("GET / HTTP/1.1\r\nA: b\0c\r\n\r\n"),
              "bad a NUL byte in the head\n");
    check_response("HTTP/2 200\r\n\r\n", "bad not an HTTP/1 response\n");
    check_response("HTTP/1.1 20x OK\r\n\r\n", "bad a status that is no number of three digits\n");
    check_response("HTTP/1.1 2000 OK\r\n\r\n", "bad a status that is no number of three digits\n");
    check_response("HTTP/1.1 099 OK\r\n\r\n", "bad a status that is no number of three digits\n");
    check_response("HTTP/1.1\r\n\r\n", "bad a status line without HTTP/1.x and a status\n");
}

TEST(parse_refuses_framing)
{
    check_request("GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                  "bad two Content-Length that differ\n");
    check_request("GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                  "bad a Content-Length that is no number\n");
    check_request("GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
                  "bad a Content-Length that is no number\n");
    check_request("GET / HTTP/1.1\r\nContent-Length:\r\n\r\n", "bad an empty Content-Length\n");
    check_request("GET / HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
                  "bad a request whose last transfer coding is not chunked\n");
}

static void check_chunks(const char *chunks, const char *want)
{
    struct buf text = BUF_INIT(4096), story_want = BUF_INIT(4096);
    buf_addz(&text, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    buf_addz(&text, chunks);
    buf_addz(&story_want, "200 'OK' 1.1 chunked keep\nh Transfer-Encoding=chunked\n");
    buf_addz(&story_want, want);
    check_response(buf_z(&text), buf_z(&story_want));
    buf_free(&text);
    buf_free(&story_want);
}

TEST(parse_chunks)
{
    check_chunks("1\na\n2 ; x\r\nbc\r\n000\n\n", "body abc\nend\n");
    check_chunks("g\r\n", "bad a chunk size that is no number\n");
    check_chunks("1g\r\n", "bad a chunk size that is no number\n");
    check_chunks("\r\n", "bad a chunk without a size\n");
    check_chunks("1\rx", "bad a bare CR in a chunk line\n");
    check_chunks("1\r\nab\r\n", "bad a chunk longer than its size\n");
    check_chunks("ffffffffffffffff1\r\n", "bad a chunk size over the limit\n");
    check_chunks("0\r\nA b\r\n\r\n", "bad a blank in a header name\n");
    check_chunks("5\r\nab", "bad closed in the middle of a chunked body\n");
    check_chunks("0\r\nA: b\r\n", "bad closed in the middle of a chunked body\n");
}

TEST(parse_limits)
{
    struct parse_limits small = { .head_bytes = 40, .headers = 2, .body_bytes = 4 };
    struct run request = { .kind = PARSE_REQUEST, .limits = small };
    struct run response = { .kind = PARSE_RESPONSE, .limits = small };
    check_run(request, SL("GET / HTTP/1.1\r\nAbcd: 012345678901234\r\n\r\n"), /* 41 bytes */
              "bad the head is over the limit\n");
    check_run(request, SL("GET / HTTP/1.1\r\nAbcd: 01234567890123\r\n\r\n"),
              "GET / 1.1 none keep\nh Abcd=01234567890123\nbody \nend\n");
    check_run(request, SL("GET / HTTP/1.1\r\nA:\r\nB:\r\nC:\r\n\r\n"), "bad too many headers\n");
    check_run(request, SL("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n"),
              "bad the body is over the limit\n");
    check_run(response, SL("HTTP/1.1 200 OK\r\n\r\n1234"), "200 'OK' 1.1 close\nbody 1234\nend\n");
    check_run(response, SL("HTTP/1.1 200 OK\r\n\r\n12345"),
              "200 'OK' 1.1 close\nbad the body is over the limit\n");
    small.head_bytes = 60;
    response.limits = small;
    check_run(response,
              SL("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde"),
              "200 'OK' 1.1 chunked keep\nh Transfer-Encoding=chunked\n"
              "bad the body is over the limit\n");
    check_run(response,
              SL("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
                 "A: 01234567890123456789012345678901234567890123456789012345678901234567890"),
              "200 'OK' 1.1 chunked keep\nh Transfer-Encoding=chunked\n"
              "bad the trailers are over the limit\n");
}

/* Wherever a stream is cut, the parser says that it is not complete, and never more than it saw. */
static void check_truncated(enum parse_kind kind, struct slice text, size_t last_message)
{
    for (size_t i = 0; i < text.n; i++) {
        struct buf got = story((struct run){ .kind = kind }, slice_sub(text, 0, i), i, i);
        bool cut_inside = i > 0 && i != last_message;
        CHECK(slice_ends(buf_slice(&got), SL("end\n")) == !cut_inside);
        buf_free(&got);
    }
}

TEST(parse_truncated_everywhere)
{
    static const char first[] = "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";
    static const char both[] = "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"
                               "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                               "3\r\nabc\r\n0\r\nA: b\r\n\r\n";
    check_truncated(PARSE_REQUEST, slice_z(both), sizeof first - 1);
}

TEST(parse_borrow_points_into_the_feed)
{
    struct http_parser p;
    static const char text[] = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n";
    struct slice in = slice_z(text);
    http_parser_init(&p, PARSE_REQUEST, (struct parse_limits){ 0 });
    p.borrow = true;
    CHECK(http_parser_feed(&p, &in) == PARSE_HEAD);
    CHECK(p.target.p == text + 4);
    CHECK(p.headers.v[0].value.p == strchr(text, 'h'));
    http_parser_next_message(&p);
    p.borrow = false;
    in = slice_z(text);
    CHECK(http_parser_feed(&p, &in) == PARSE_HEAD);
    CHECK(p.target.p != text + 4);
    CHECK_S(p.target, SL("/x"));
    http_parser_free(&p);
}
