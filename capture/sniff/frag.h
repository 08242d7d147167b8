/* IP fragments put together again (RFC 791 3.2, RFC 8200 4.5). First copy of overlapping bytes wins.
 *
 * At most 64 datagrams at a time, none older than 30 s of packet time; the oldest makes room. */
#ifndef SNIFF_FRAG_H
#define SNIFF_FRAG_H

#include "base/slice.h"

struct frag_key {
    uint8_t src[16], dst[16];
    uint32_t id;
    uint8_t protocol;
};

struct fragment {
    struct frag_key key;
    int64_t ts_ns;
    uint32_t offset; /* bytes */
    bool more;
    struct slice data;
};

struct frag_table;

struct frag_table *frag_new(void); /* gives */
void frag_free(struct frag_table *t);
/* True when the datagram is whole: its payload, valid until the next call. */
bool frag_push(struct frag_table *t, const struct fragment *f, struct slice *whole);
uint64_t frag_lost(const struct frag_table *t);

#endif
