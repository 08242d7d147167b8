/* A live interface and BPF filters: libpcap's only home. */
#ifndef SNIFF_LIVE_H
#define SNIFF_LIVE_H

#include "capture/sniff/pcapfile.h"

struct live;

/* Opens the device ("any" for all) and sets the filter. NULL with err set on failure. Gives. */
struct live *live_open(const char *device, const char *filter, uint64_t kernel_bytes,
                       struct err *err);
void live_free(struct live *l);
/* Waits at most wait_ms for packets and hands what is there to fn, at most max of them. Gives their
 * number, -1 with err set when the device is gone. */
int live_read(struct live *l, int wait_ms, int max, void (*fn)(void *arg, const struct packet *p),
              void *arg, struct err *err);
uint64_t live_drops(struct live *l); /* packets that the kernel had no room for */

/* A BPF program for packets of files: one for each link type that comes. */
struct filter;
/* Borrows the text. NULL with err set if it can be no filter for any link type. Gives. */
struct filter *filter_new(const char *text, struct err *err);
void filter_free(struct filter *f);
/* Whether the packet passes. A filter that does not compile for its link type: false, err set. */
bool filter_passes(struct filter *f, const struct packet *p, struct err *err);

#endif
