/* From a packet as captured to a TCP segment: link layers, IP with options, extension headers and
 * fragments, tunnels. Checksums are not verified: offloading makes them wrong on purpose. */
#ifndef SNIFF_DECODE_H
#define SNIFF_DECODE_H

#include "capture/sniff/pcapfile.h"

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32 };

/* An address and a port; IPv4 as ::ffff:a.b.c.d (RFC 4291 2.5.5.2). */
struct endpoint {
    uint8_t ip[16];
    uint16_t port;
};

struct segment {
    int64_t ts_ns;
    struct endpoint src, dst;
    uint32_t seq, ack;
    uint8_t flags;
    struct slice data;   /* payload as captured */
    uint32_t wire_bytes; /* payload on the wire; more than data.n if the snap length cut it */
};

enum decode_result {
    DECODE_SEGMENT,
    DECODE_FRAGMENT, /* kept until its datagram is whole */
    DECODE_QUIC,     /* UDP that looks like QUIC: HTTP/3 is not decoded */
    DECODE_OTHER,    /* not TCP */
    DECODE_LINK,     /* a link type that is not understood */
    DECODE_SHORT,    /* headers cut, or contradicting themselves */
};
#define DECODE_RESULTS 6

struct decoder;

struct decoder *decoder_new(void); /* gives */
void decoder_free(struct decoder *d);
/* out borrows the packet's bytes, or the decoder's for a reassembled datagram (until the next call). */
enum decode_result decode_packet(struct decoder *d, const struct packet *packet,
                                 struct segment *out);
uint64_t decoder_lost_fragments(const struct decoder *d); /* datagrams given up */

#endif
