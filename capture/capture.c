/* A capture: source -> decode -> flows -> decoders -> sink. Called by cli/cmd_capture.c and by import.
 *
 * Invariant: a step handles a batch of packets to its end; between steps nothing is half done, so that
 * the caller may stop whenever it likes. The key log is looked at once a step while live. */
#include "capture/capture.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "capture/sniff/keys.h"
#include "capture/sniff/live.h"
#include "capture/sniff/source.h"
#include "capture/sniff/txn.h"

#define BATCH 4096
#define WAIT_MS 100
#define BODY_BYTES (UINT64_C(64) << 20)
#define MEMORY_BYTES (UINT64_C(512) << 20)

struct capture {
    struct sniff sniff;
    struct source *source;
    struct live *live;
    struct filter *filter;
    struct decoder *decoder;
    struct flow_table *flows;
    uint64_t last_packets;
    int64_t last_ns; /* time of the last packet */
    bool finished;
};

static void on_secrets(void *arg, struct slice secrets)
{
    keys_add(arg, secrets);
}

static bool open_source(struct capture *c, const struct capture_cfg *cfg, struct err *err)
{
    if (!cfg->files_n) {
        c->live = live_open(cfg->device, cfg->filter, cfg->kernel_bytes, err);
        return c->live != NULL;
    }
    c->source = source_open(cfg, err);
    if (!c->source) return false;
    if (cfg->filter) c->filter = filter_new(cfg->filter, err);
    if (cfg->filter && !c->filter) return false;
    source_scan_secrets(cfg, on_secrets, c->sniff.keys);
    return true;
}

static struct flow_limits flow_limits(const struct capture_cfg *cfg)
{
    uint64_t memory = cfg->memory_bytes ? cfg->memory_bytes : MEMORY_BYTES;
    return (struct flow_limits){ .held_bytes_all = (size_t)(memory / 8),
                                 .idle_ns = (int64_t)cfg->idle_ns };
}

struct capture *capture_open(const struct capture_cfg *cfg, struct capture_sink sink,
                             struct capture_report *report, struct err *err)
{
    struct capture *c = mem_alloc(1, sizeof *c);
    *report = (struct capture_report){ 0 };
    c->sniff = (struct sniff){ .report = report, .sink = sink, .keys = keys_new() };
    c->sniff.body_limit = cfg->body_bytes ? cfg->body_bytes : BODY_BYTES;
    c->sniff.memory_limit = cfg->memory_bytes ? cfg->memory_bytes : MEMORY_BYTES;
    buf_init(&c->sniff.decoded, c->sniff.body_limit);
    if ((cfg->keylog && !keys_follow(c->sniff.keys, cfg->keylog, err)) ||
        !open_source(c, cfg, err)) {
        capture_free(c);
        return NULL;
    }
    c->sniff.may_get_keys = c->live && cfg->keylog;
    c->decoder = decoder_new();
    c->flows = flow_table_new(flow_limits(cfg), &conn_flow_ops, &c->sniff);
    return c;
}

void capture_set_keylog(struct capture *c, const char *path)
{
    keys_follow(c->sniff.keys, path, NULL); /* made by the program that writes it: may come later */
    c->sniff.may_get_keys = c->live != NULL;
}

static void count_other(struct capture_report *r, enum decode_result result)
{
    switch (result) {
    case DECODE_SEGMENT: break;
    case DECODE_FRAGMENT: r->fragments++; break;
    case DECODE_QUIC: r->quic++; break;
    case DECODE_OTHER: r->not_tcp++; break;
    case DECODE_LINK: r->unknown_link++; break;
    case DECODE_SHORT: r->short_headers++; break;
    }
}

static void on_packet(void *arg, const struct packet *p)
{
    struct capture *c = arg;
    struct capture_report *r = c->sniff.report;
    struct segment segment;
    r->packets++;
    r->bytes += p->n;
    c->last_ns = p->ts_ns;
    enum decode_result result = decode_packet(c->decoder, p, &segment);
    if (result == DECODE_SEGMENT)
        flow_push(c->flows, &segment);
    else
        count_other(r, result);
}

static enum capture_step step_files(struct capture *c, struct err *err)
{
    struct packet packet;
    struct slice secrets;
    for (int i = 0; i < BATCH; i++) {
        switch (source_next(c->source, &packet, &secrets)) {
        case PCAP_SECRETS: keys_add(c->sniff.keys, secrets); continue;
        case PCAP_END:
        case PCAP_CUT: return CAPTURE_END;
        case PCAP_PACKET: break;
        }
        if (c->filter && !filter_passes(c->filter, &packet, err)) {
            if (err_is(err)) return CAPTURE_FAILED;
            continue;
        }
        on_packet(c, &packet);
    }
    return CAPTURE_GO;
}

static enum capture_step step_live(struct capture *c, struct err *err)
{
    keys_poll(c->sniff.keys);
    int n = live_read(c->live, WAIT_MS, BATCH, on_packet, c, err);
    c->last_packets = n > 0 ? (uint64_t)n : 0;
    if (n == 0) flow_expire(c->flows, clock_utc_ns() - (int64_t)1000000000);
    return n < 0 ? CAPTURE_FAILED : CAPTURE_GO;
}

enum capture_step capture_step(struct capture *c, struct err *err)
{
    c->sniff.err = err;
    enum capture_step step = c->live ? step_live(c, err) : step_files(c, err);
    return c->sniff.failed ? CAPTURE_FAILED : step;
}

uint64_t capture_last_packets(const struct capture *c)
{
    return c->last_packets;
}

void capture_update(struct capture *c)
{
    struct capture_report *r = c->sniff.report;
    const struct flow_stats *f = flow_stats(c->flows);
    r->tcp_segments = f->segments;
    r->retransmitted = f->retransmitted;
    r->out_of_order = f->out_of_order;
    r->differing = f->differing;
    r->cut = f->cut;
    r->gaps = f->gaps;
    r->gap_bytes = f->gap_bytes;
    r->flows = f->flows;
    r->open_flows = flow_count(c->flows);
    r->evicted_flows = f->evicted;
    r->expired_flows = f->expired;
    r->held_peak_bytes = f->held_peak_bytes;
    r->fragments_lost = decoder_lost_fragments(c->decoder);
    if (c->live) r->kernel_drops = live_drops(c->live);
    if (c->source) source_update(c->source, r);
}

bool capture_finish(struct capture *c, struct err *err)
{
    c->sniff.err = err;
    c->sniff.may_get_keys = false;
    keys_poll(c->sniff.keys);
    flow_stop(c->flows);
    c->finished = true;
    capture_update(c);
    return !c->sniff.failed;
}

void capture_free(struct capture *c)
{
    if (!c) return;
    c->sniff.failed = c->sniff.failed || !c->finished; /* the sink may be gone */
    flow_table_free(c->flows);
    decoder_free(c->decoder);
    filter_free(c->filter);
    live_free(c->live);
    source_free(c->source);
    txn_pool_free(&c->sniff);
    keys_free(c->sniff.keys);
    buf_free(&c->sniff.decoded);
    free(c);
}
