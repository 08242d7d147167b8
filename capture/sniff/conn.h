/* What the decoders of one capture share, and what a decoder is.
 *
 * A connection's bytes go through a chain of decoders: detect -> (tls -> detect ->) http1 | http2 | …,
 * each owning the next. All of them speak of two directions: TO_SERVER and TO_CLIENT. */
#ifndef SNIFF_CONN_H
#define SNIFF_CONN_H

#include "capture/capture.h"
#include "capture/sniff/flow.h"

enum { TO_SERVER = 0, TO_CLIENT = 1 };

struct keys;
struct txn;

/* One capture: configuration, counters and pools of all its connections. */
struct sniff {
    struct capture_report *report;
    struct capture_sink sink;
    struct err *err;   /* the sink's failure */
    struct keys *keys; /* TLS secrets */
    bool failed;       /* the sink refused: nothing more is given to it */
    bool may_get_keys; /* live: a secret may come later than its connection */
    uint64_t body_limit, memory_limit;
    uint64_t held_bytes; /* bodies, messages, what decoders hold back; at most memory_limit */
    struct txn *spare;   /* pool */
    struct buf decoded;  /* body with its codings undone */
};

/* Takes n bytes of the capture's memory; false, and nothing taken, when that passes the limit. */
static inline bool sniff_take(struct sniff *s, size_t n)
{
    if (s->held_bytes > s->memory_limit || n > s->memory_limit - s->held_bytes) return false;
    s->held_bytes += n;
    return true;
}

static inline void sniff_give(struct sniff *s, size_t n)
{
    s->held_bytes -= n;
}

/* A TCP connection as decoders see it. */
struct conn {
    struct sniff *sniff;
    const struct flow *flow;
    struct proto *top;
    bool swapped;      /* direction 0 of the flow goes to the client */
    bool connect_used; /* the first exchange has taken the connect times */
    bool protocol_counted;
    bool tunnel;       /* decoders made from now on are inside of CONNECT */
    bool waits;        /* for a key */
    int64_t tls_ns;    /* duration of the TLS handshake; -1 */
    enum flow_end how; /* valid in proto_ops.free */
    char id[24], client[64], server_ip[48];
    uint16_t server_port;
};

struct proto;

struct proto_ops {
    void (*data)(struct proto *p, int dir, int64_t ts_ns, struct slice data);
    void (*gap)(struct proto *p, int dir, uint64_t bytes);
    void (*fin)(struct proto *p, int dir, int64_t ts_ns);
    void (*free)(struct proto *p); /* the connection is over: reports what is left, frees itself */
};

struct proto {
    const struct proto_ops *ops;
    struct conn *conn;
    bool secure; /* inside TLS: the scheme is https */
};

static inline void proto_data(struct proto *p, int dir, int64_t ts_ns, struct slice data)
{
    if (p && data.n) p->ops->data(p, dir, ts_ns, data);
}

static inline void proto_gap(struct proto *p, int dir, uint64_t bytes)
{
    if (p) p->ops->gap(p, dir, bytes);
}

static inline void proto_fin(struct proto *p, int dir, int64_t ts_ns)
{
    if (p) p->ops->fin(p, dir, ts_ns);
}

static inline void proto_free(struct proto *p)
{
    if (p) p->ops->free(p);
}

/* The callbacks of the flow table: flow.user is the struct conn, made at the first data. arg is the
 * struct sniff. */
extern const struct flow_ops conn_flow_ops;
void conn_count(struct conn *c,
                enum capture_protocol p); /* once for each connection, the first wins */

/* Decoders. Each gives itself; fails never. */

/* Finds out what the bytes are. sides_known: TO_SERVER is known to be the client's direction. */
struct proto *detect_new(struct conn *c, bool secure, bool sides_known);
struct proto *http1_new(struct conn *c, bool secure);
/* first: the HTTP/1 request that was upgraded (taken), NULL with prior knowledge. */
struct proto *http2_new(struct conn *c, bool secure, struct txn *first);
struct proto *ws_new(struct conn *c, struct txn *handshake); /* takes it */
struct proto *tlsconn_new(struct conn *c);

#endif
