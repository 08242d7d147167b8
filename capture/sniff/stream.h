/* One direction of a TCP connection: segments in any order to bytes in order.
 *
 * Sequence numbers become 64-bit offsets whose low half is the sequence number, so that a wrap is
 * nothing special. What comes early is held (copied); what is in order is passed on without a copy.
 * The first copy of overlapping bytes wins. Whether a hole is lost or late is flow.c's decision. */
#ifndef SNIFF_STREAM_H
#define SNIFF_STREAM_H

#include "base/slice.h"

#define STREAM_SEEN 8

/* Bytes that came before their turn. data == NULL: cut by the snap length, known to be lost. */
struct held {
    struct held *next;
    uint64_t off, needs; /* needs: what the other direction must have reached (0: nothing) */
    int64_t ts_ns;
    uint32_t n;
    bool cut;
    char data[];
};

/* A segment that was passed on, remembered to judge its retransmissions. */
struct seen {
    uint64_t off;
    uint32_t n, sum;
};

struct stream {
    bool started, fin, done;
    uint64_t next;  /* offset of the next byte to pass on */
    uint64_t acked; /* the highest offset that the peer has acknowledged */
    uint64_t fin_off;
    struct held *first, *last;
    size_t held_bytes;
    uint32_t held_n;
    uint32_t hole_packets; /* of the flow, since the hole was noticed */
    int64_t hole_ns;       /* when it was noticed; 0: there is none */
    struct seen seen[STREAM_SEEN];
    unsigned seen_at;
};

/* A piece of a segment on its way: offset, bytes as captured, bytes that were cut off behind them. */
struct piece {
    uint64_t off, needs;
    int64_t ts_ns;
    struct slice data;
    uint32_t cut;
};

void stream_start(struct stream *s, uint32_t seq);
void stream_free(struct stream *s);
uint64_t stream_offset(const struct stream *s, uint32_t seq);

enum piece_kind {
    PIECE_OLD,   /* nothing new in it */
    PIECE_NEXT,  /* trimmed to begin at s->next */
    PIECE_EARLY, /* behind a hole */
};
/* Trims what was passed on already. *differs: a retransmission that is not the same text. */
enum piece_kind stream_judge(const struct stream *s, struct piece *p, bool *differs);
/* Copies what is new of an early piece; false if the copy differs from bytes already held. */
bool stream_hold(struct stream *s, const struct piece *p);
/* n bytes were passed on (or given up, data.n == 0). */
void stream_passed(struct stream *s, struct slice data, size_t n);
/* The first held piece if its turn has come, trimmed to s->next; it stays until stream_unhold. Pieces
 * that hold nothing new any more are dropped on the way. NULL if there is none. */
struct held *stream_ready(struct stream *s, size_t *skip);
void stream_unhold(struct stream *s); /* drops the first held piece */
/* Bytes missing before the next ones that are known to exist; 0 if there is no hole. */
uint64_t stream_hole(const struct stream *s);

#endif
