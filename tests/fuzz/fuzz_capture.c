/* Capture files: any bytes as a pcap or pcapng, through the whole capture to exchanges. Covers the file
 * readers, the packet decoder, fragments, reassembly and all protocol decoders. */
#include <stdlib.h>
#include <string.h>

#include "capture/sniff/decode.h"
#include "capture/sniff/keys.h"
#include "capture/sniff/pcapfile.h"
#include "capture/sniff/txn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Every slice of it must be readable. */
static bool put(void *arg, const struct exchange *ex, struct err *err)
{
    uint64_t *sum = arg;
    (void)err;
    *sum += slice_hash(ex->response.body) + slice_hash(ex->request.body) +
            slice_hash(ex->request.url) + slice_hash(ex->comment);
    for (size_t i = 0; i < ex->request.headers.n; i++)
        *sum += slice_hash(ex->request.headers.v[i].value);
    for (size_t i = 0; i < ex->ws_n; i++)
        *sum += slice_hash(ex->ws[i].data);
    return true;
}

static void walk(struct pcapfile *f, struct sniff *s)
{
    struct decoder *d = decoder_new();
    struct flow_limits limits = { .held_bytes_flow = 65536, .flows = 64 };
    struct flow_table *t = flow_table_new(limits, &conn_flow_ops, s);
    struct packet packet;
    struct segment segment;
    struct slice secrets;
    for (enum pcap_event e;
         (e = pcapfile_next(f, &packet, &secrets)) != PCAP_END && e != PCAP_CUT;) {
        if (e == PCAP_SECRETS) keys_add(s->keys, secrets);
        if (e == PCAP_PACKET && decode_packet(d, &packet, &segment) == DECODE_SEGMENT)
            flow_push(t, &segment);
    }
    flow_table_free(t);
    decoder_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct capture_report *report = calloc(1, sizeof *report);
    struct err err = { 0 };
    uint64_t sum = 0;
    struct sniff s = { .report = report, .sink = { put, &sum }, .err = &err, .keys = keys_new() };
    s.body_limit = 1 << 20;
    s.memory_limit = 4 << 20;
    buf_init(&s.decoded, s.body_limit);
    char *copy = malloc(n + 1);
    memcpy(copy, data, n);
    struct pcapfile *f = pcapfile_new(input_memory((struct slice){ copy, n }), "fuzz", &err);
    if (f) walk(f, &s);
    pcapfile_free(f);
    txn_pool_free(&s);
    keys_free(s.keys);
    buf_free(&s.decoded);
    free(copy);
    free(report);
    return 0;
}
