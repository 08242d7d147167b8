/* Packets: any bytes under every link type, then as segments into the reassembler. The first byte
 * chooses the link type, then pieces: two bytes of length, the packet. */
#include <stdlib.h>
#include <string.h>

#include "capture/sniff/bytes.h"
#include "capture/sniff/decode.h"
#include "capture/sniff/flow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void on_data(void *arg, struct flow *f, int dir, int64_t ts_ns, struct slice data)
{
    (void)f;
    (void)dir;
    (void)ts_ns;
    for (size_t i = 0; i < data.n; i++)
        *(char *)arg ^= data.p[i];
}

static void on_gap(void *arg, struct flow *f, int dir, uint64_t bytes)
{
    (void)arg;
    (void)f;
    (void)dir;
    (void)bytes;
}

static void on_fin(void *arg, struct flow *f, int dir, int64_t ts_ns)
{
    (void)arg;
    (void)f;
    (void)dir;
    (void)ts_ns;
}

static void on_close(void *arg, struct flow *f, enum flow_end how)
{
    (void)arg;
    (void)f;
    (void)how;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const uint16_t links[] = { 1,   0,   9,   12,  50,  51,  101, 104,
                                      105, 108, 113, 127, 192, 228, 239, 276 };
    static const struct flow_ops ops = { on_data, on_gap, on_fin, on_close };
    char sum = 0;
    if (n < 3) return 0;
    struct decoder *d = decoder_new();
    struct flow_table *t = flow_table_new((struct flow_limits){ .flows = 8 }, &ops, &sum);
    struct segment segment;
    int64_t ts = 0;
    for (size_t at = 1; at + 2 <= n; ts += 1000000) {
        size_t len = be16(data + at);
        at += 2;
        if (len > n - at) len = n - at;
        uint8_t *copy = malloc(len + 1);
        memcpy(copy, data + at, len);
        struct packet p = { .ts_ns = ts, .link = links[data[0] % 16], .wire_len = (uint32_t)len };
        p.p = copy;
        p.n = len;
        if (decode_packet(d, &p, &segment) == DECODE_SEGMENT) flow_push(t, &segment);
        free(copy);
        at += len;
    }
    flow_table_free(t);
    decoder_free(d);
    return 0;
}
