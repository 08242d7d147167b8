/* A transaction: one exchange while it is put together from its two directions.
 *
 * Heads live in its arena, bodies in its buffers; both go back to a pool when the exchange has been given
 * to the sink. Bodies count against the capture's memory limit; what passes a limit is cut off and said. */
#ifndef SNIFF_TXN_H
#define SNIFF_TXN_H

#include "capture/sniff/conn.h"

struct txn {
    struct txn *next; /* for its owner's queue */
    struct arena *arena;
    struct exchange ex;
    struct buf body[2]; /* by direction: request, response */
    int64_t first_ns[2], last_ns[2];
    bool begun[2], done[2];  /* head seen; message complete */
    bool has_body[2];        /* a body was announced or came */
    bool damaged[2];         /* holes in the body were filled, or it was cut */
    bool connect_known;      /* the first of its connection: takes the connect times */
    enum capture_lost lost;  /* the first trouble wins */
    uint32_t stream_id;      /* HTTP/2 */
    size_t ws_cap, ws_bytes; /* WebSocket messages */
};

struct txn *txn_new(struct conn *c); /* from the pool */
/* Copies a head: text holds the slices of h, which are moved along into the arena. */
struct headers txn_headers(struct txn *t, struct slice text, const struct headers *h,
                           const char **moved);
void txn_begin(struct txn *t, int dir, int64_t first_ns, int64_t now_ns);
void txn_body(struct sniff *s, struct txn *t, int dir, struct slice piece);
void txn_lost(struct txn *t, enum capture_lost lost, const char *why); /* why: a clause, or NULL */
/* Gives the exchange to the sink and t to the pool. */
void txn_finish(struct conn *c, struct txn *t);
/* "scheme://authority/target" in the arena; an absolute target stays as it is. */
struct slice txn_url(const struct conn *c, struct txn *t, bool secure, struct slice authority,
                     struct slice target);
/* The reason for what is unfinished when a connection ends. */
enum capture_lost txn_end_reason(const struct conn *c);
void txn_pool_free(struct sniff *s);

#endif
