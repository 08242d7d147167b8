/* HTTP/2 from a connection's bytes: frames in every split, streams, header tables, push, losses. */
#include <nghttp2/nghttp2.h>
#include <string.h>

#include "tests/unit/capture_lab.h"

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

enum { F_DATA, F_HEADERS, F_PRIORITY, F_RST, F_SETTINGS, F_PUSH, F_CONT = 9 };
enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4, PADDED = 8 };

/* What a side sends, and its header encoder. */
struct end {
    struct buf out;
    nghttp2_hd_deflater *deflater;
};

static void end_init(struct end *e)
{
    buf_init(&e->out, 1 << 20);
    CHECK(nghttp2_hd_deflate_new(&e->deflater, 4096) == 0);
}

static void end_free(struct end *e)
{
    buf_free(&e->out);
    nghttp2_hd_deflate_del(e->deflater);
}

static void frame(struct end *e, int type, int flags, uint32_t stream, struct slice payload)
{
    char head[9] = { (char)(payload.n >> 16),
                     (char)(payload.n >> 8),
                     (char)payload.n,
                     (char)type,
                     (char)flags,
                     (char)(stream >> 24),
                     (char)(stream >> 16),
                     (char)(stream >> 8),
                     (char)stream };
    buf_add(&e->out, (struct slice){ head, 9 });
    buf_add(&e->out, payload);
}

/* fields: name, value, …, NULL */
static struct slice block(struct end *e, const char *const *fields, char *room, size_t cap)
{
    nghttp2_nv nv[16];
    size_t n = 0;
    for (; fields[2 * n]; n++) {
        nv[n] = (nghttp2_nv){ (uint8_t *)(uintptr_t)fields[2 * n],
                              (uint8_t *)(uintptr_t)fields[2 * n + 1], strlen(fields[2 * n]),
                              strlen(fields[2 * n + 1]), 0 };
    }
    ssize_t used = nghttp2_hd_deflate_hd(e->deflater, (uint8_t *)room, cap, nv, n);
    CHECK(used > 0);
    return (struct slice){ room, (size_t)used };
}

static void headers(struct end *e, uint32_t stream, int flags, const char *const *fields)
{
    char room[1000];
    frame(e, F_HEADERS, flags | END_HEADERS, stream, block(e, fields, room, sizeof room));
}

static const char *const get[] = { ":method", "GET", ":scheme", "http", ":authority", "h",
                                   ":path",   "/x",  "k",       "v",    NULL };
static const char *const ok[] = { ":status", "200", "content-type", "text/plain", NULL };

struct pair {
    struct end client, server;
    struct lab *lab;
};

static struct pair pair_new(void)
{
    struct pair p;
    end_init(&p.client);
    end_init(&p.server);
    p.lab = lab_new();
    buf_addz(&p.client.out, PREFACE);
    frame(&p.client, F_SETTINGS, 0, 0, SL(""));
    frame(&p.server, F_SETTINGS, 0, 0, SL(""));
    return p;
}

static void pair_free(struct pair *p)
{
    end_free(&p->client);
    end_free(&p->server);
    lab_free(p->lab);
}

static void send_all(struct pair *p, size_t piece)
{
    lab_pieces(p->lab, 0, buf_slice(&p->client.out), piece);
    lab_pieces(p->lab, 1, buf_slice(&p->server.out), piece);
    buf_reset(&p->client.out);
    buf_reset(&p->server.out);
}

TEST(capture_http2_interleaved_streams_in_pieces_of_every_size)
{
    for (size_t n = 1; n < 80; n++) {
        struct pair p = pair_new();
        headers(&p.client, 1, END_STREAM, get);
        headers(&p.client, 3, END_STREAM, get);
        headers(&p.server, 3, 0, ok);
        headers(&p.server, 1, 0, ok);
        frame(&p.server, F_DATA, 0, 1, SL("on"));
        frame(&p.server, F_DATA, PADDED | END_STREAM, 3, SL("\x03three\0\0\0"));
        frame(&p.server, F_DATA, 0, 1, SL("e"));
        frame(&p.server, F_DATA, END_STREAM, 1, SL(""));
        send_all(&p, n);
        CHECK_U(p.lab->report.complete, 2);
        CHECK_S(lab_exchange(p.lab, 0)->response.body, SL("three"));
        CHECK_S(lab_exchange(p.lab, 1)->response.body, SL("one"));
        CHECK_S(lab_exchange(p.lab, 1)->request.url, SL("http://h/x"));
        CHECK_S(headers_get(&lab_exchange(p.lab, 1)->response.headers, SL("content-type")),
                SL("text/plain"));
        pair_free(&p);
    }
}

TEST(capture_http2_continuation_padding_trailers_and_interim)
{
    const char *const early[] = { ":status", "103", "link", "x", NULL };
    const char *const trailer[] = { "grpc-status", "0", NULL };
    struct pair p = pair_new();
    char room[1000], padded[1010] = { 4 };
    struct slice b = block(&p.client, get, room, sizeof room);
    memcpy(padded + 1, b.p, 3);
    frame(&p.client, F_HEADERS, PADDED | END_STREAM, 1, (struct slice){ padded, 8 });
    frame(&p.client, F_CONT, 0, 1, slice_sub(b, 3, 5));
    frame(&p.client, F_CONT, END_HEADERS, 1, slice_from(b, 5));
    headers(&p.server, 1, 0, early);
    headers(&p.server, 1, 0, ok);
    frame(&p.server, F_DATA, 0, 1, SL("body"));
    headers(&p.server, 1, END_STREAM, trailer);
    send_all(&p, 7);
    CHECK_U(p.lab->report.complete, 1);
    CHECK_U(lab_exchange(p.lab, 0)->response.status, 200);
    CHECK_S(headers_get(&lab_exchange(p.lab, 0)->response.headers, SL("grpc-status")), SL("0"));
    pair_free(&p);
}

TEST(capture_http2_push_is_recorded_as_such)
{
    struct pair p = pair_new();
    char room[1000], payload[1004] = { 0, 0, 0, 2 };
    headers(&p.client, 1, END_STREAM, get);
    struct slice b = block(&p.server, get, room, sizeof room);
    memcpy(payload + 4, b.p, b.n);
    frame(&p.server, F_PUSH, END_HEADERS, 1, (struct slice){ payload, b.n + 4 });
    headers(&p.server, 1, END_STREAM, ok);
    headers(&p.server, 2, 0, ok);
    frame(&p.server, F_DATA, END_STREAM, 2, SL("pushed"));
    send_all(&p, 1000);
    CHECK_U(p.lab->report.complete, 2);
    CHECK_U(p.lab->report.pushed, 1);
    CHECK_U(lab_exchange(p.lab, 1)->from, FROM_PUSH);
    CHECK_S(lab_exchange(p.lab, 1)->response.body, SL("pushed"));
    pair_free(&p);
}

TEST(capture_http2_reset_and_end_of_connection)
{
    struct pair p = pair_new();
    for (uint32_t i = 1; i < 7; i += 2)
        headers(&p.client, i, END_STREAM, get);
    headers(&p.server, 1, 0, ok);
    frame(&p.server, F_RST, 0, 1, SL("\0\0\0\x02"));
    headers(&p.server, 3, 0, ok);
    send_all(&p, 1000);
    lab_end(p.lab, FLOW_FIN);
    CHECK_U(p.lab->report.lost[LOST_RESET], 1);
    CHECK_S(lab_exchange(p.lab, 0)->comment, SL("RST_STREAM by the server: INTERNAL_ERROR"));
    CHECK_U(p.lab->report.lost[LOST_CLOSED], 1);
    CHECK_U(p.lab->report.lost[LOST_NO_ANSWER], 1);
    pair_free(&p);
}

TEST(capture_http2_holes)
{
    struct pair p = pair_new();
    headers(&p.client, 1, END_STREAM, get);
    headers(&p.server, 1, 0, ok);
    frame(&p.server, F_DATA, END_STREAM, 1, SL("0123456789"));
    struct slice all = buf_slice(&p.server.out);
    lab_data(p.lab, 0, buf_slice(&p.client.out));
    buf_reset(&p.client.out);
    lab_data(p.lab, 1, slice_sub(all, 0, all.n - 8));
    lab_gap(p.lab, 1, 3); /* inside of DATA: filled */
    lab_data(p.lab, 1, slice_from(all, all.n - 5));
    buf_reset(&p.server.out);
    CHECK_U(p.lab->report.lost[LOST_GAP], 1);
    CHECK_S(lab_exchange(p.lab, 0)->response.body, SL("01\0\0\00056789"));
    headers(&p.client, 3, END_STREAM, get);
    send_all(&p, 1000);
    lab_gap(p.lab, 1, 30); /* may have been headers: the rest cannot be decoded */
    headers(&p.server, 3, END_STREAM, ok);
    send_all(&p, 1000);
    CHECK_U(p.lab->report.lost[LOST_GAP], 2);
    CHECK_U(p.lab->report.complete, 0);
    pair_free(&p);
}

/* What comes late for a stream that was reset is decoded for the table's sake, and is no request. */
TEST(capture_http2_frames_behind_a_reset_are_no_new_stream)
{
    static const char *const trailers[] = { "sum", "1", NULL };
    struct pair p = pair_new();
    headers(&p.client, 1, 0, get);
    frame(&p.server, F_RST, 0, 1, SL("\0\0\0\x08"));
    send_all(&p, 1000);
    headers(&p.client, 1, END_STREAM, trailers);
    headers(&p.client, 3, END_STREAM, get);
    headers(&p.server, 3, END_STREAM, ok);
    send_all(&p, 1000);
    lab_end(p.lab, FLOW_FIN);
    CHECK_U(p.lab->session->n, 2);
    CHECK_U(p.lab->report.lost[LOST_RESET], 1);
    CHECK_U(p.lab->report.complete, 1);
    pair_free(&p);
}

TEST(capture_http2_interrupted_header_block_is_malformed)
{
    for (int other = 0; other < 3; other++) {
        struct pair p = pair_new();
        char room[1000];
        headers(&p.client, 1, END_STREAM, get);
        frame(&p.client, F_HEADERS, 0, 3, block(&p.client, get, room, sizeof room));
        if (other == 0) frame(&p.client, F_DATA, 0, 1, SL("x"));
        if (other == 1) frame(&p.client, F_CONT, END_HEADERS, 1, SL(""));
        if (other == 2) headers(&p.client, 5, END_STREAM, get);
        send_all(&p, 7);
        CHECK_U(p.lab->report.lost[LOST_MALFORMED], 1);
        pair_free(&p);
    }
}

/* Only the client's direction was captured: what waits is bounded. */
TEST(capture_http2_streams_without_answers)
{
    struct pair p = pair_new();
    for (uint32_t i = 1; i < 24000; i += 2) {
        headers(&p.client, i, END_STREAM, get);
        send_all(&p, 1000);
    }
    CHECK_U(p.lab->report.lost[LOST_NO_ANSWER], 2000);
    CHECK_U(p.lab->session->n, 2000);
    pair_free(&p);
}

TEST(capture_http2_joined_in_the_middle_is_counted_not_guessed)
{
    struct pair p = pair_new();
    p.lab->flow.client = -1;
    p.lab->flow.syn[0] = p.lab->flow.syn[1] = false;
    buf_reset(&p.client.out);
    headers(&p.client, 1, END_STREAM, get);
    lab_data(p.lab, 0, buf_slice(&p.client.out));
    lab_end(p.lab, FLOW_FIN);
    CHECK_U(p.lab->report.protocol[PROTO_HTTP2_MIDDLE], 1);
    CHECK_U(p.lab->report.complete + p.lab->report.incomplete, 0);
    pair_free(&p);
}

TEST(capture_http2_upgraded_from_http1)
{
    struct pair p = pair_new();
    lab_data(p.lab, 0,
             SL("GET /first HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: "
                "h2c\r\n"
                "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"));
    lab_data(p.lab, 1,
             SL("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"));
    headers(&p.server, 1, 0, ok);
    frame(&p.server, F_DATA, END_STREAM, 1, SL("1"));
    headers(&p.client, 3, END_STREAM, get);
    headers(&p.server, 3, END_STREAM, ok);
    send_all(&p, 5);
    CHECK_U(p.lab->report.complete, 2);
    CHECK_S(lab_exchange(p.lab, 0)->request.url, SL("http://h/first"));
    CHECK_S(lab_exchange(p.lab, 0)->response.body, SL("1"));
    CHECK_U(lab_exchange(p.lab, 0)->response.status, 200);
    pair_free(&p);
}

/* The server speaks first, and the client's table is larger than the default. */
TEST(capture_http2_server_first_and_table_size)
{
    struct pair p = pair_new();
    buf_reset(&p.server.out);
    frame(&p.server, F_SETTINGS, 0, 0, SL("\x00\x01\x00\x01\x00\x00"));
    lab_data(p.lab, 1, buf_slice(&p.server.out));
    buf_reset(&p.server.out);
    frame(&p.client, F_SETTINGS, ACK, 0, SL(""));
    nghttp2_hd_deflate_change_table_size(p.client.deflater, 65536);
    headers(&p.client, 1, END_STREAM, get);
    headers(&p.server, 1, END_STREAM, ok);
    send_all(&p, 9);
    CHECK_U(p.lab->report.complete, 1);
    pair_free(&p);
}

TEST(capture_http2_empty_header_block)
{
    struct pair p = pair_new();
    frame(&p.client, F_HEADERS, END_STREAM | END_HEADERS, 1, SL(""));
    send_all(&p, 1000);
    lab_end(p.lab, FLOW_FIN);
    CHECK_U(p.lab->report.complete, 0);
    CHECK_U(p.lab->report.incomplete, 1);
    pair_free(&p);
}
