/* TCP connections: a table of flows, each two streams joined in time order.
 *
 * Bytes of one direction are passed on only when the bytes of the other direction that their sender had
 * acknowledged have been: an answer never comes before its question, however the packets were recorded.
 * A hole is given up ("gap") when the peer has acknowledged bytes beyond it and the packets that could
 * still be late have passed, when memory for held bytes is used up, or when the flow ends.
 * Time is packet time; memory is bounded by flow_limits. */
#ifndef SNIFF_FLOW_H
#define SNIFF_FLOW_H

#include "capture/sniff/decode.h"
#include "capture/sniff/stream.h"

enum flow_end { FLOW_FIN, FLOW_RST, FLOW_IDLE, FLOW_REUSED, FLOW_EVICTED, FLOW_STOPPED };

struct flow {
    struct endpoint end[2]; /* dir 0 goes from end[0] to end[1]: who spoke first, or sent the SYN */
    struct stream dir[2];
    uint64_t id; /* 1, 2, 3 … */
    int64_t first_ns, last_ns;
    int64_t syn_ns, syn_ack_ns, established_ns; /* 0: not seen */
    uint32_t syn_seq[2];
    bool syn[2]; /* seen, by direction */
    int client;  /* the direction of who opened the connection; -1: no SYN was seen */
    bool reset;
    bool closed; /* the ops' close has been called; kept for a while to absorb late packets */
    void *user;  /* the ops' own */
    bool keep;   /* set by the ops: what it waits for may come within the time a flow lingers */
    /* Private: */
    uint64_t hash;
    struct flow *chain, *older, *newer;
    bool lingering;
};

struct flow_ops {
    /* data is borrowed for the call. */
    void (*data)(void *arg, struct flow *f, int dir, int64_t ts_ns, struct slice data);
    void (*gap)(void *arg, struct flow *f, int dir, uint64_t bytes);
    void (*fin)(void *arg, struct flow *f, int dir, int64_t ts_ns); /* no more data in dir */
    void (*close)(void *arg, struct flow *f, enum flow_end how);    /* once for each flow */
};

struct flow_limits {
    size_t held_bytes_flow, held_bytes_all; /* 0: 4 MiB, 64 MiB */
    size_t flows;                           /* 0: 200,000 */
    int64_t idle_ns;                        /* 0: 5 minutes */
};

struct flow_stats {
    uint64_t flows, segments, retransmitted, out_of_order, differing, gaps, gap_bytes, cut, reused,
        evicted, expired, resets;
    uint64_t held_peak_bytes;
};

struct flow_table;

struct flow_table *flow_table_new(struct flow_limits limits, const struct flow_ops *ops, void *arg);
void flow_table_free(struct flow_table *t); /* closes what is open */
void flow_push(struct flow_table *t, const struct segment *s);
void flow_expire(struct flow_table *t,
                 int64_t now_ns);     /* without a packet: live captures that idle */
void flow_stop(struct flow_table *t); /* closes all flows */
size_t flow_count(const struct flow_table *t);
const struct flow_stats *flow_stats(const struct flow_table *t);

#endif
