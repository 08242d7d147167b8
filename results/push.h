/* Live results to other systems: the formats, and the ways they are sent. Private to results. */
#ifndef RESULTS_PUSH_H
#define RESULTS_PUSH_H

#include "results/results.h"

/* Counters at the last interval, per step and in all, for formats that send differences. */
struct push_last {
    uint64_t *requests, *failures; /* steps_n + 1 */
};
/* One interval's message; last is brought up to date. */
void push_statsd(const struct run_stats *s, struct push_last *last, struct buf *out);
void push_influx(const struct run_stats *s, struct push_last *last, struct buf *out);
void push_otlp(const struct run_stats *s, struct push_last *last, struct buf *out);

/* Ways to send, each opened once and used by one thread. */
struct push_way {
    bool (*send)(struct push_way *w, struct slice message, struct err *err);
    void (*close)(struct push_way *w);
};
struct push_way *push_udp(const char *host_port,
                          struct err *err); /* gives; a datagram per 1,400 bytes */
struct push_way *push_file(const char *path, struct err *err); /* gives; appends */
struct push_way *push_http(const char *url, const char *content_type, struct err *err); /* gives */

#endif
