/* HTTP/1 from a connection's bytes: pairing, bodies, tunnels, and what is left after losses. */
#include "tests/unit/capture_lab.h"

static const struct slice question = { "GET /a?b=1 HTTP/1.1\r\nHost: h:8080\r\n\r\n", 37 };

static struct slice answer(void)
{
    return SL("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
}

TEST(capture_http1_in_pieces_of_every_size)
{
    for (size_t n = 1; n < 60; n++) {
        struct lab *l = lab_new();
        for (int i = 0; i < 3; i++) {
            lab_pieces(l, 0, slice_z(question.p), n);
            lab_pieces(l, 1, answer(), n);
        }
        CHECK_U(l->report.complete, 3);
        CHECK_U(l->report.incomplete, 0);
        const struct exchange *ex = lab_exchange(l, 2);
        CHECK_S(ex->request.url, SL("http://h:8080/a?b=1"));
        CHECK_S(ex->response.body, SL("hello"));
        CHECK_U(ex->response.body_state, BODY_WHOLE);
        lab_free(l);
    }
}

TEST(capture_http1_times_come_from_packets)
{
    struct lab *l = lab_new();
    lab_data(l, 0, SL("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab"));
    lab_data(l, 0, SL("cd"));
    lab_data(l, 1, SL("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx"));
    lab_data(l, 1, SL("y"));
    const struct exchange *ex = lab_exchange(l, 0);
    CHECK_U(ex->connect_ns, 2000000); /* SYN at 1 ms, established at 3 ms */
    CHECK_U(ex->send_ns, 1000000);
    CHECK_U(ex->wait_ns, 1000000);
    CHECK_U(ex->receive_ns, 1000000);
    CHECK_U(ex->total_ns, 5000000);
    CHECK_U(ex->start_ns, 2000000); /* 4 ms less the connect time */
    lab_free(l);
}

TEST(capture_http1_pipelined_head_and_interim)
{
    struct lab *l = lab_new();
    lab_data(
        l, 0,
        SL("HEAD /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n"
           "POST /3 HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx"));
    lab_data(
        l, 1,
        SL("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"
           "HTTP/1.1 304 Not Modified\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: v\r\n\r\n"));
    CHECK_U(l->report.complete, 3);
    CHECK_U(lab_exchange(l, 0)->response.body_state, BODY_NONE);
    CHECK_U(lab_exchange(l, 1)->response.status, 304);
    CHECK_S(lab_exchange(l, 2)->response.body, SL("abc"));
    CHECK_S(headers_get(&lab_exchange(l, 2)->response.headers, SL("T")), SL("v"));
    lab_free(l);
}

TEST(capture_http1_closing_ends_a_body_only_when_it_is_clean)
{
    const struct slice head = SL("HTTP/1.0 200 OK\r\n\r\nuntil the end");
    struct lab *l = lab_new();
    lab_data(l, 0, question);
    lab_data(l, 1, head);
    lab_fin(l, 1);
    CHECK_U(l->report.complete, 1);
    CHECK_S(lab_exchange(l, 0)->response.body, SL("until the end"));
    lab_free(l);
    l = lab_new();
    lab_data(l, 0, question);
    lab_data(l, 1, head);
    lab_end(l, FLOW_RST);
    CHECK_U(l->report.lost[LOST_RESET], 1);
    CHECK_S(lab_exchange(l, 0)->response.body, SL("until the end"));
    lab_free(l);
}

TEST(capture_http1_reasons_at_the_end)
{
    const enum flow_end how[] = { FLOW_FIN, FLOW_STOPPED, FLOW_IDLE, FLOW_RST };
    const enum capture_lost why[] = { LOST_NO_ANSWER, LOST_CUT_OFF, LOST_IDLE, LOST_RESET };
    for (size_t i = 0; i < 4; i++) {
        struct lab *l = lab_new();
        lab_data(l, 0, question);
        lab_end(l, how[i]);
        CHECK_U(l->report.lost[why[i]], 1);
        CHECK_U(lab_exchange(l, 0)->response.status, 0);
        CHECK(lab_exchange(l, 0)->incomplete);
        lab_free(l);
    }
}

TEST(capture_http1_a_hole_in_a_body_is_filled)
{
    struct lab *l = lab_new();
    lab_data(l, 0, question);
    lab_data(l, 1, SL("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab"));
    lab_gap(l, 1, 5);
    lab_data(l, 1, SL("xyzHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    CHECK_U(l->report.lost[LOST_GAP], 1);
    CHECK_U(l->report.lost[LOST_NO_REQUEST], 1);
    CHECK_S(lab_exchange(l, 0)->response.body, SL("ab\0\0\0\0\0xyz"));
    CHECK_U(lab_exchange(l, 0)->response.body_state, BODY_DAMAGED);
    lab_free(l);
}

TEST(capture_http1_finds_the_next_message_after_a_hole)
{
    struct lab *l = lab_new();
    lab_data(l, 0, question);
    lab_gap(l, 1, 1000);
    lab_data(l, 1, SL("rest of a body\r\n"));
    lab_data(l, 0, question);
    lab_data(l, 1, answer());
    CHECK_U(l->report.lost[LOST_GAP], 1);
    CHECK_U(l->report.complete, 1);
    CHECK_U(l->report.skipped_bytes, 16);
    lab_free(l);
}

TEST(capture_http1_a_hole_in_a_head_leaves_its_first_lines)
{
    struct lab *l = lab_new();
    lab_data(l, 0, SL("GET /cut HTTP/1.1\r\nHost: h\r\nCookie: abc"));
    lab_gap(l, 0, 500);
    lab_data(l, 1, answer());
    lab_data(l, 0, question);
    lab_data(l, 1, answer());
    CHECK_U(l->report.lost[LOST_GAP], 1);
    CHECK_U(l->report.complete, 1);
    CHECK_S(lab_exchange(l, 0)->request.url, SL("http://h/cut"));
    CHECK_S(lab_exchange(l, 0)->response.body, SL("hello"));
    lab_free(l);
}

TEST(capture_http1_joined_in_the_middle)
{
    struct lab *l = lab_new();
    l->flow.client = -1;
    l->flow.syn[0] = l->flow.syn[1] = false;
    lab_data(l, 1, SL("the rest of some body"));
    lab_data(l, 1, question); /* direction 1 turns out to be the client's */
    lab_data(l, 0, answer());
    CHECK_U(l->report.complete, 1);
    CHECK_U(l->report.skipped_bytes, 21);
    CHECK_S(lab_exchange(l, 0)->server_ip, SL("10.0.0.1"));
    lab_free(l);
}

TEST(capture_http1_connect_goes_on_inside)
{
    struct lab *l = lab_new();
    lab_data(l, 0, SL("CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n"));
    lab_data(l, 1, SL("HTTP/1.1 200 Connection established\r\n\r\n"));
    lab_data(l, 0, SL("GET /in HTTP/1.1\r\nHost: x\r\n\r\n"));
    lab_data(l, 1, answer());
    CHECK_U(l->report.complete, 2);
    CHECK_S(lab_exchange(l, 1)->request.url, SL("http://x/in"));
    lab_free(l);
}

TEST(capture_http1_refused_upgrade_stays_http1)
{
    struct lab *l = lab_new();
    lab_data(
        l, 0,
        SL("GET /1 HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n"));
    lab_data(l, 1, answer());
    lab_data(l, 1, answer());
    CHECK_U(l->report.complete, 2);
    CHECK_S(lab_exchange(l, 1)->request.url, SL("http://h/2"));
    lab_free(l);
}

TEST(capture_http1_body_over_the_limit_is_cut)
{
    struct lab *l = lab_new();
    l->sniff.body_limit = 3;
    lab_data(l, 0, question);
    lab_data(l, 1, answer());
    CHECK_U(l->report.lost[LOST_TOO_BIG], 1);
    CHECK_S(lab_exchange(l, 0)->response.body, SL("hel"));
    lab_free(l);
}

/* Only the client's direction was captured: what waits is bounded. */
TEST(capture_http1_requests_without_answers)
{
    struct lab *l = lab_new();
    for (int i = 0; i < 1500; i++)
        lab_data(l, 0, question);
    CHECK_U(l->report.lost[LOST_NO_ANSWER], 500);
    lab_free(l);
}

TEST(capture_http1_bytes_not_recognised_yet_count_as_memory)
{
    struct lab *l = lab_new();
    l->sniff.memory_limit = 100;
    lab_data(l, 0, SL("GET /not/at/its/end"));
    CHECK_U(l->sniff.held_bytes, 19);
    lab_data(l, 0,
             (struct slice){ "01234567890123456789012345678901234567890123456789"
                             "01234567890123456789012345678901234567890123456789",
                             100 });
    CHECK_U(l->sniff.held_bytes, 0);
    CHECK_U(l->report.skipped_bytes, 119);
    lab_data(l, 0, question); /* the start of a packet is looked at again */
    lab_data(l, 1, answer());
    CHECK_U(l->report.complete, 1);
    CHECK_U(l->sniff.held_bytes, 0);
    lab_free(l);
}

TEST(capture_http1_other_protocols_are_counted)
{
    const char *const first[] = { "220 mail.example ESMTP\r\n", "OPTIONS rtsp://h RTSP/1.0\r\n\r\n",
                                  "\x01\x02\x03\x04", "INVITE sip:a SIP/2.0\r\n\r\n" };
    for (size_t i = 0; i < 4; i++) {
        struct lab *l = lab_new();
        lab_data(l, i == 0, slice_z(first[i]));
        lab_end(l, FLOW_FIN);
        CHECK_U(l->report.protocol[PROTO_OTHER], 1);
        CHECK_U(l->report.complete + l->report.incomplete, 0);
        lab_free(l);
    }
}

TEST(capture_http1_behind_a_proxy_header)
{
    struct lab *l = lab_new();
    lab_data(l, 0, SL("PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n"));
    lab_data(l, 0, question);
    lab_data(l, 1, answer());
    CHECK_U(l->report.complete, 1);
    lab_free(l);
}

/* ---- WebSocket ---- */

#define WS_ASK \
    SL("GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
#define WS_ANSWER \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"

TEST(capture_ws_fragments_masks_and_control_frames)
{
    for (size_t n = 1; n < 12; n++) {
        struct lab *l = lab_new();
        lab_data(l, 0, WS_ASK);
        lab_pieces(l, 1, SL(WS_ANSWER "\r\n"), n + 40);
        /* "Hel" and "lo" with a ping between, masked with 1 2 3 4. */
        lab_pieces(
            l, 0,
            SL("\x01\x83\x01\x02\x03\x04Igo\x89\x80\x01\x02\x03\x04\x80\x82\x01\x02\x03\x04mm"), n);
        lab_pieces(l, 1, SL("\x82\x02\xff\x00\x81\x00"), n);
        lab_end(l, FLOW_FIN);
        const struct exchange *ex = lab_exchange(l, 0);
        CHECK_S(ex->request.url, SL("ws://h/ws"));
        CHECK_U(ex->ws_n, 3);
        CHECK_S(ex->ws[0].data, SL("Hello"));
        CHECK_U(ex->ws[0].direction, WS_SEND);
        CHECK_U(ex->ws[1].opcode, 2);
        CHECK_S(ex->ws[1].data, SL("\xff\x00"));
        CHECK_U(ex->ws[2].data.n, 0);
        CHECK_U(l->report.complete, 1);
        lab_free(l);
    }
}

/* RFC 7692 7.2.3: "Hello" twice, the second time with the window of the first. */
TEST(capture_ws_messages_count_as_memory)
{
    struct lab *l = lab_new();
    l->sniff.memory_limit = 200;
    lab_data(l, 0, SL("GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\r\n"));
    lab_data(l, 1, SL("HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n"));
    for (int i = 0; i < 20; i++)
        lab_data(l, 1,
                 SL("\x81\x0a"
                    "0123456789"));
    CHECK(l->sniff.held_bytes <= 200);
    lab_end(l, FLOW_FIN);
    CHECK_U(l->report.lost[LOST_TOO_BIG], 1);
    CHECK(lab_exchange(l, 0)->ws_n > 0);
    lab_free(l);
}

TEST(capture_ws_permessage_deflate_keeps_its_window)
{
    struct lab *l = lab_new();
    lab_data(l, 0, WS_ASK);
    lab_data(l, 1, SL(WS_ANSWER "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"));
    lab_data(l, 1, SL("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00"));
    lab_end(l, FLOW_FIN);
    CHECK_U(lab_exchange(l, 0)->ws_n, 2);
    CHECK_S(lab_exchange(l, 0)->ws[0].data, SL("Hello"));
    CHECK_S(lab_exchange(l, 0)->ws[1].data, SL("Hello"));
    lab_free(l);
}
