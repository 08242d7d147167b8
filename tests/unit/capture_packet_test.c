/* Capture files and packets: every container and layer, cut at every place. */
#include <string.h>

#include "base/buf.h"
#include "capture/sniff/decode.h"
#include "capture/sniff/judge.h"
#include "capture/sniff/pcapfile.h"
#include "tests/unit/test.h"

static void put(struct buf *b, uint32_t v, int bytes, bool big)
{
    for (int i = 0; i < bytes; i++)
        buf_addc(b, (char)(v >> 8 * (big ? bytes - 1 - i : i)));
}

static void pcap_head(struct buf *b, uint32_t magic, bool big)
{
    put(b, magic, 4, big);
    put(b, 0x0004, 2, big);
    put(b, 2, 2, big);
    put(b, 0, 4, big);
    put(b, 0, 4, big);
    put(b, 65535, 4, big);
    put(b, 101, 4, big);
}

static void pcap_record(struct buf *b, uint32_t fraction, struct slice data, bool big)
{
    put(b, 1000, 4, big);
    put(b, fraction, 4, big);
    put(b, (uint32_t)data.n, 4, big);
    put(b, (uint32_t)data.n + 7, 4, big);
    buf_add(b, data);
}

static void check_pcap(uint32_t magic, bool big, int64_t unit)
{
    struct buf b = BUF_INIT(4096);
    pcap_head(&b, magic, big);
    pcap_record(&b, 5, SL("first"), big);
    pcap_record(&b, 6, SL("second"), big);
    for (size_t n = 24; n <= b.n; n++) {
        char *copy = test_guarded(b.p, n);
        struct pcapfile *f = pcapfile_new(input_memory((struct slice){ copy, n }), "x", NULL);
        struct packet p;
        struct slice secrets;
        size_t packets = 0;
        enum pcap_event e;
        CHECK(f);
        while ((e = pcapfile_next(f, &p, &secrets)) == PCAP_PACKET) {
            CHECK_U(p.ts_ns, INT64_C(1000000000000) + (5 + (int64_t)packets) * unit);
            CHECK_U(p.link, 101);
            CHECK_U(p.wire_len, p.n + 7);
            packets++;
        }
        bool whole = n == 24 || n == 24 + 16 + 5 || n == b.n;
        CHECK_U(e, whole ? PCAP_END : PCAP_CUT);
        CHECK_U(packets, n == b.n ? 2 : n >= 24 + 16 + 5);
        pcapfile_free(f);
        test_guarded_free(copy, n);
    }
    buf_free(&b);
}

TEST(pcap_byte_orders_resolutions_and_cuts)
{
    for (int big = 0; big < 2; big++) {
        check_pcap(0xa1b2c3d4, big, 1000);
        check_pcap(0xa1b23c4d, big, 1);
    }
}

static void block(struct buf *b, uint32_t type, const struct buf *body, bool big)
{
    uint32_t pad = (4 - body->n % 4) % 4, n = (uint32_t)body->n + pad + 12;
    put(b, type, 4, big);
    put(b, n, 4, big);
    buf_add(b, (struct slice){ body->p, body->n });
    put(b, 0, (int)pad, big);
    put(b, n, 4, big);
}

static void section(struct buf *b, bool big)
{
    struct buf body = BUF_INIT(100);
    put(&body, 0x1a2b3c4d, 4, big);
    put(&body, 1, 2, big);
    put(&body, 0, 2, big);
    put(&body, 0xffffffff, 4, big);
    put(&body, 0xffffffff, 4, big);
    block(b, 0x0a0d0d0a, &body, big);
    buf_free(&body);
}

static void interface(struct buf *b, uint32_t link, uint8_t resolution, bool big)
{
    struct buf body = BUF_INIT(100);
    put(&body, link, 2, big);
    put(&body, 0, 2, big);
    put(&body, 0, 4, big);
    put(&body, 9, 2, big);
    put(&body, 1, 2, big);
    put(&body, resolution, 1, big);
    put(&body, 0, 3, big);
    put(&body, 0, 4, big);
    block(b, 1, &body, big);
    buf_free(&body);
}

static void enhanced(struct buf *b, uint32_t face, uint32_t units, struct slice data, bool big)
{
    struct buf body = BUF_INIT(200);
    put(&body, face, 4, big);
    put(&body, 0, 4, big);
    put(&body, units, 4, big);
    put(&body, (uint32_t)data.n, 4, big);
    put(&body, (uint32_t)data.n, 4, big);
    buf_add(&body, data);
    block(b, 6, &body, big);
    buf_free(&body);
}

TEST(pcapng_interfaces_resolutions_secrets_and_sections)
{
    for (int big = 0; big < 2; big++) {
        struct buf b = BUF_INIT(4096), body = BUF_INIT(200);
        struct packet p;
        struct slice secrets;
        section(&b, big);
        interface(&b, 1, 6, big);
        interface(&b, 101, 9, big);
        interface(&b, 113, 0x80 | 10, big); /* 1/1024 s */
        put(&body, 0x544c534b, 4, big);
        put(&body, 5, 4, big);
        buf_addz(&body, "LINES");
        block(&b, 10, &body, big);
        enhanced(&b, 0, 3, SL("a"), big);
        enhanced(&b, 1, 3, SL("bb"), big);
        enhanced(&b, 2, 1024, SL("ccc"), big);
        enhanced(&b, 7, 1, SL("no such interface"), big);
        section(&b, !big);
        interface(&b, 228, 3, !big);
        enhanced(&b, 0, 2, SL("d"), !big);
        struct pcapfile *f = pcapfile_new(input_memory(buf_slice(&b)), "x", NULL);
        CHECK(f && pcapfile_has_blocks(f));
        CHECK_U(pcapfile_next(f, &p, &secrets), PCAP_SECRETS);
        CHECK_S(secrets, SL("LINES"));
        const struct {
            uint32_t link;
            int64_t ns;
        } want[] = { { 1, 3000 }, { 101, 3 }, { 113, 1000000000 }, { 228, 2000000 } };
        for (size_t i = 0; i < 4; i++) {
            CHECK_U(pcapfile_next(f, &p, &secrets), PCAP_PACKET);
            CHECK_U(p.link, want[i].link);
            CHECK_U(p.ts_ns, want[i].ns);
        }
        CHECK_U(pcapfile_next(f, &p, &secrets), PCAP_END);
        pcapfile_free(f);
        buf_free(&b);
        buf_free(&body);
    }
}

TEST(pcap_what_is_no_capture_is_refused)
{
    struct err err = { 0 };
    CHECK(!pcapfile_new(input_memory(SL("hello, this is text, not a capture")), "x", &err));
    CHECK_U(err.code, ERR_INPUT);
    CHECK(!pcapfile_new(input_memory(SL("")), "x", NULL));
}

/* ---- packets ---- */

#define TCP "\x9c\x40\x00\x50\x00\x00\x00\x07\x00\x00\x00\x09\x50\x18\x01\x00\x00\x00\x00\x00"
#define IP4(n) "\x45\x00\x00" n "\x00\x01\x00\x00\x40\x06\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02"
#define ETHER "\1\2\3\4\5\6\1\2\3\4\5\6"
#define PACKET IP4("\x2a") TCP "hi"
#define IP6 "\x60\x00\x00\x00\x00\x1e"
#define ADDR6 "\x20\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\1\x20\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\2"

static enum decode_result decode_one(struct decoder *d, uint32_t link, struct slice s,
                                     struct segment *seg)
{
    struct packet p = { .ts_ns = 1, .link = link, .wire_len = (uint32_t)s.n };
    p.p = (const uint8_t *)s.p;
    p.n = s.n;
    return decode_packet(d, &p, seg);
}

TEST(packet_layers_lead_to_the_same_segment)
{
    const struct {
        uint32_t link;
        struct slice packet;
    } cases[] = {
        { 101, SL(PACKET) },
        { 1, SL(ETHER "\x08\x00" PACKET "padding") },
        { 1, SL(ETHER "\x81\x00\x00\x05\x08\x00" PACKET) },
        { 1, SL(ETHER "\x88\xa8\x00\x05\x81\x00\x00\x06\x08\x00" PACKET) },
        { 1, SL(ETHER "\x88\x47\x00\x01\x00\x40\x00\x01\x01\x40" PACKET) },
        { 1, SL(ETHER "\x88\x64\x11\x00\x00\x01\x00\x2c\x00\x21" PACKET) },
        { 1, SL(ETHER "\x00\x32\xaa\xaa\x03\x00\x00\x00\x08\x00" PACKET) },
        { 113, SL("\0\0\0\1\0\6\1\2\3\4\5\6\0\0\x08\x00" PACKET) },
        { 276, SL("\x08\x00\0\0\0\0\0\1\0\1\0\6\1\2\3\4\5\6\0\0" PACKET) },
        { 0, SL("\2\0\0\0" PACKET) },
        { 108, SL("\0\0\0\2" PACKET) },
        { 9, SL("\xff\x03\x00\x21" PACKET) },
        { 9, SL("\x21" PACKET) },
        { 101, SL("\x45\x00\x00\x42\0\1\0\0\x40\x2f\0\0\x01\1\1\1\2\2\2\2\0\0\x08"
                  "\x00" PACKET) },                                                   /* GRE */
        { 101, SL("\x45\x00\x00\x3e\0\1\0\0\x40\x04\0\0\x01\1\1\1\2\2\2\2" PACKET) }, /* IP in IP */
        { 101, SL("\x45\x00\x00\x5c\0\1\0\0\x40\x11\0\0\x01\1\1\1\2\2\2\2\x30\x39\x12\xb5\0\x48\0\0"
                  "\x08\0\0\0\0\0\1\0" ETHER "\x08\x00" PACKET) }, /* VXLAN */
        { 101, SL("\x46\x00\x00\x2e\x00\x01\x00\x00\x40\x06\x00\x00\x0a\x00\x00\x01\x0a\x00\x00"
                  "\x02\1\1\1\0" TCP "hi") }, /* IP options */
        { 101, SL("\x45\x00\x00\x00\x00\x01\x00\x00\x40\x06\x00\x00\x0a\x00\x00\x01\x0a\x00\x00"
                  "\x02" TCP "hi") },
    };
    struct decoder *d = decoder_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct segment s = { 0 };
        for (size_t n = 0; n < cases[i].packet.n; n++) { /* cut anywhere it must not read beyond */
            char *copy = test_guarded(cases[i].packet.p, n);
            decode_one(d, cases[i].link, (struct slice){ copy, n }, &s);
            test_guarded_free(copy, n);
        }
        CHECK_U(decode_one(d, cases[i].link, cases[i].packet, &s), DECODE_SEGMENT);
        CHECK_S(s.data, SL("hi"));
        CHECK_U(s.wire_bytes, 2);
        CHECK_U(s.seq, 7);
        CHECK_U(s.ack, 9);
        CHECK_U(s.src.port, 40000);
        CHECK_U(s.dst.ip[15], 2);
        CHECK_U(s.flags, TCP_PSH | TCP_ACK);
    }
    decoder_free(d);
}

TEST(packet_ipv6_extension_headers)
{
    struct decoder *d = decoder_new();
    struct segment s = { 0 };
    struct slice p = SL(IP6 "\x00\x40" ADDR6 "\x3c\0\0\0\0\0\0\0" /* hop-by-hop, destination */
                            "\x06\0\0\0\0\0\0\0" TCP "hi");
    char copy[200];
    memcpy(copy, p.p, p.n);
    copy[5] = 16 + 22;
    CHECK_U(decode_one(d, 229, (struct slice){ copy, p.n }, &s), DECODE_SEGMENT);
    CHECK_S(s.data, SL("hi"));
    CHECK_U(s.src.ip[0], 0x20);
    decoder_free(d);
}

/* 42 bytes of IP in fragments of 16, 16 and the rest, in any order, one of them twice. */
TEST(packet_fragments_in_any_order)
{
    const int order[][4] = { { 0, 1, 2, -1 }, { 2, 1, 0, -1 }, { 1, 0, 1, 2 }, { 2, 0, 0, 1 } };
    struct slice payload = SL(TCP "0123456789abcdefgh");
    for (size_t o = 0; o < 4; o++) {
        struct decoder *d = decoder_new();
        struct segment s = { 0 };
        enum decode_result last = DECODE_OTHER;
        for (int i = 0; i < 4 && order[o][i] >= 0; i++) {
            size_t at = (size_t)order[o][i] * 16;
            struct slice piece = slice_sub(payload, at, at + 16);
            char packet[100] =
                "\x45\x00\x00\x00\x12\x34\x00\x00\x40\x06\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02";
            memcpy(packet, "\x45\x00", 2);
            packet[3] = (char)(20 + piece.n);
            packet[6] = at + 16 < payload.n ? 0x20 : 0;
            packet[7] = (char)(at / 8);
            memcpy(packet + 20, piece.p, piece.n);
            last = decode_one(d, 101, (struct slice){ packet, 20 + piece.n }, &s);
            bool end = i == 3 || order[o][i + 1] < 0;
            if (!end) CHECK_U(last, DECODE_FRAGMENT);
        }
        CHECK_U(last, DECODE_SEGMENT);
        CHECK_S(s.data, SL("0123456789abcdefgh"));
        decoder_free(d);
    }
}

TEST(packet_cut_by_the_snap_length)
{
    struct decoder *d = decoder_new();
    struct segment s = { 0 };
    struct slice p = SL(PACKET);
    CHECK_U(decode_one(d, 101, slice_sub(p, 0, p.n - 1), &s), DECODE_SEGMENT);
    CHECK_S(s.data, SL("h"));
    CHECK_U(s.wire_bytes, 2);
    CHECK_U(decode_one(d, 999, p, &s), DECODE_LINK);
    CHECK_U(decode_one(d, 101, slice_sub(p, 0, 30), &s), DECODE_SHORT);
    decoder_free(d);
}

TEST(judge_waits_as_long_as_it_must_and_no_longer)
{
    const struct {
        struct slice text;
        enum verdict want;
    } cases[] = {
        { SL("GET / HTTP/1.1\r\n"), JUDGE_REQUEST },
        { SL("M-SEARCH * HTTP/1.0\n"), JUDGE_REQUEST },
        { SL("\r\nPOST /x y HTTP/1.1\r\n"), JUDGE_REQUEST },
        { SL("HTTP/1."), JUDGE_RESPONSE },
        { SL("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), JUDGE_H2_CLIENT },
        { SL("\x16\x03\x01\x00\x50\x01"), JUDGE_TLS_CLIENT },
        { SL("\x16\x03\x03\x00\x50\x02"), JUDGE_TLS_SERVER },
        { SL("\x17\x03\x03\x00\x50\x99"), JUDGE_TLS_MIDDLE },
        { SL("\x80\x2e\x01\x03\x01\x00\x15"), JUDGE_SSL2 },
        { SL("PROXY UNKNOWN\r\n"), JUDGE_PROXY },
        { SL("INVITE sip:x SIP/2.0\r\n"), JUDGE_OTHER },
        { SL("\x05\x01\x00"), JUDGE_OTHER },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t skip = 0;
        if (cases[i].want != JUDGE_OTHER)
            for (size_t n = 1; n < cases[i].text.n; n++) {
                char *copy = test_guarded(cases[i].text.p, n);
                CHECK_U(judge((struct slice){ copy, n }, &skip), JUDGE_MORE);
                test_guarded_free(copy, n);
            }
        CHECK_U(judge(cases[i].text, &skip), cases[i].want);
    }
}
