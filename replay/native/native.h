/* The native engine's parts: flights on connections of users. Private to replay/native.
 *
 *   engine_native.c  the ops table: calls become flights, cancel, users
 *   conn.c           a connection's life: open, handshake, idle, busy, gone; who may use it
 *   h1.c h2.c        a protocol on an open connection
 *   tls.c            bytes <-> records
 *   tls_certs.c      a server's certificates, kept once
 *   io_*.c           sockets
 *
 * One worker owns all of it; nothing here is shared between threads. A flight is what a call costs while
 * it is under way (deadline, gathered body); an HTTP/1 parser it has from its answer's first byte on, so
 * that ten thousand requests under way share the few parsers that are warm. Both are pooled: a user at
 * rest owns its connections' small structs and nothing else. */
#ifndef REPLAY_NATIVE_NATIVE_H
#define REPLAY_NATIVE_NATIVE_H

#include "base/loop.h"
#include "base/pool.h"
#include "http/parse.h"
#include "replay/engine.h"
#include "replay/native/io.h"

struct conn;
struct tls_ctx;
struct h2;
struct tls_saved;

/* ---- a call under way ---- */

/* Lent to a flight whose answer has begun. */
struct reader {
    struct http_parser parser;
    struct reader *next; /* in the pool */
};

struct flight {
    struct timer deadline; /* set lazily: it may fire early and is then set again */
    uint64_t deadline_ns;
    struct flight *next; /* in one list: the pool, a user's waiting ones, the failed ones */
    struct call *call;   /* NULL: in the pool */
    struct engine *engine;
    struct conn *conn;      /* NULL: waiting */
    struct reader *reader;  /* h1; NULL: the answer has not begun */
    struct buf body;        /* what was gathered, when it came in pieces */
    struct buf names;       /* h2: text of the answer's headers */
    struct header *headers; /* h2 */
    size_t headers_n, headers_cap;
    size_t body_sent;       /* h2 */
    int32_t stream;         /* h2; 0: none */
    const char *broken;     /* h2: why this side reset the stream; NULL: it did not */
    bool retried, answered; /* answered: a byte of the answer has come */
};

struct flights {
    struct flight *first, *last;
};
void flights_push(struct flights *l, struct flight *f);
struct flight *flights_pop(struct flights *l);
bool flights_remove(struct flights *l, struct flight *f);

/* The call is over: fills its end, calls done, gives the flight back. Neither may be used afterwards. */
void flight_end(struct flight *f, enum outcome outcome, const char *trouble);
/* The same from where done must not be called (inside send): at the loop's next turn. */
void flight_fail_soon(struct flight *f, enum outcome outcome, const char *trouble);
/* Whether it may go again: it was put on a kept connection that gave no byte of an answer. */
bool flight_can_retry(const struct flight *f);
void flight_retry(struct flight *f);                  /* on another connection, once */
void flight_answer_bytes(struct flight *f, size_t n); /* counts; notes the first byte's time */
/* The flight's parser, its reader taken from the pool if it has none; goes back when the flight ends. */
struct http_parser *flight_parser(struct flight *f);
/* Gathers body bytes if the call wants them; false when over the limit. */
bool flight_gather(struct flight *f, struct slice piece);

/* ---- connections ---- */

enum conn_state { CONN_CONNECTING, CONN_HANDSHAKE, CONN_IDLE, CONN_BUSY, CONN_GONE };

/* What a protocol does on an open connection. */
struct protocol {
    void (*start)(struct conn *c, struct flight *f);
    void (*data)(struct conn *c, struct slice bytes);
    /* The peer closed, or trouble (what TLS calls it, NULL: nothing to say): end or retry its flights. */
    void (*eof)(struct conn *c, int errnum, const char *trouble);
    void (*cancel)(struct conn *c, struct flight *f); /* the flight ends without an answer */
    bool (*has_room)(const struct conn *c);           /* for another flight */
    bool (*in_use)(const struct conn *c);             /* a flight is on it */
    void (*free)(struct conn *c);
};
extern const struct protocol protocol_h1, protocol_h2;

/* What is needed only until the connection is open. */
struct opening {
    struct timer deadline;
    struct conn *conn;
    uint64_t start_ns;
    const struct addresses *to;
    size_t addr; /* index of the address that is being tried */
};

struct conn {
    struct io_conn io; /* first */
    struct engine *engine;
    struct engine_user *user;
    struct conn *next;          /* of the same user */
    struct conn *newer, *older; /* idle ones of the engine, least recently used last */
    const struct origin *origin;
    const struct protocol *protocol; /* NULL until open */
    union {
        struct flight *flight; /* h1: the one under way */
        struct h2 *h2;
    } at;
    struct ssl_st *ssl;      /* OpenSSL's; NULL: clear text */
    struct opening *opening; /* NULL once open */
    uint64_t open_ns;        /* when it became ready; 0 again after the first flight took it */
    uint8_t state;           /* enum conn_state; conn_set_state only */
    bool served;             /* a whole answer came over it */
    bool closing;            /* takes no more flights */
};

extern const struct io_events conn_events;
/* Gives the flight a connection of its user: an idle one, a new one, or a place in the queue. False when there
 * is none to be had: the flight fails soon. */
bool conn_dispatch(struct engine *e, struct flight *f);
/* The protocol has room again (or nothing to do any more): serve who waits, else rest. */
void conn_rest(struct conn *c);
void conn_drop(struct conn *c); /* closes; its flights must have been ended or moved */
void conn_send(struct conn *c, struct slice head, struct slice body); /* through TLS if it has it */
void conn_secured(struct conn *c, bool http2); /* tls.c: the handshake is done */
void conn_failed(struct conn *c, enum outcome outcome, const char *trouble); /* while opening */
void conn_take(struct conn *c, struct flight *f);
void conn_feed_starved(
    struct engine *e); /* at the loop's next turn after a connection rests or goes */

/* ---- the engine and its users ---- */

struct engine_user {
    struct engine *engine;
    struct conn *conns;
    struct flights waiting;
    struct tls_saved *sessions; /* to be resumed, one per origin */
};

struct engine {
    const struct engine_cfg *cfg;
    const struct io_ops *ops;
    struct io *io;
    struct tls_ctx *tls; /* made when the plan has an https origin */
    struct flight *pool;
    struct reader *readers; /* in nobody's use */
    struct flights failed;  /* to be ended at the next turn */
    struct flights starved; /* max_connections are in use: waiting for any of them to rest */
    struct timer soon;      /* ends the failed ones, feeds the starved ones, flushes h2 */
    struct conn *idle_newest, *idle_oldest;
    struct h2 *unflushed; /* sessions with frames to send */
    struct buf frames;    /* what one of them sends */
    struct pool *blocks;  /* of the sessions; NULL until the first */
    size_t conns;         /* open or opening */
    size_t source;        /* next local address */
};
void engine_soon(struct engine *e);

/* ---- h2 ---- */
bool h2_new(struct conn *c);
void h2_flush_all(struct engine *e);

/* ---- tls ---- */
struct tls_ctx *tls_ctx_new(const struct engine_cfg *cfg, struct err *err); /* gives */
void tls_ctx_free(struct tls_ctx *t);
bool tls_begin(struct conn *c);                      /* begins the handshake */
void tls_feed(struct conn *c, struct slice records); /* hands plain bytes to the protocol */
void tls_send(struct conn *c, struct slice head, struct slice body);
void tls_end(struct conn *c); /* clear text: nothing */
void tls_saved_free(struct tls_saved *s);

#endif
