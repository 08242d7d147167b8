/* The seam under the native engine: sockets that connect, send and deliver, by epoll or io_uring.
 *
 * Called by conn.c only, on the worker's thread. Received bytes lie in a buffer of the io's own and are
 * good until the callback returns, so that a connection at rest owns no buffer. Sent bytes are copied
 * when the kernel does not take them at once. A callback may send on, drop, or open any connection. */
#ifndef REPLAY_NATIVE_IO_H
#define REPLAY_NATIVE_IO_H

#include <sys/socket.h>

#include "base/err.h"
#include "base/loop.h"
#include "base/slice.h"

struct io; /* each kind has its own struct behind this name */

enum io_phase { IO_CONNECTING, IO_OPEN, IO_DROPPED };

/* Embedded as the first member of a connection. All fields are the io's. */
struct io_conn {
    struct loop_io ready; /* the descriptor */
    struct io *io;
    struct io_out *out;   /* bytes that the kernel has not taken yet */
    struct io_conn *next; /* in the io's list of dropped ones */
    uint32_t in_flight;   /* io_uring: operations whose end has not come */
    uint8_t phase;        /* enum io_phase */
};

struct io_events {
    void (*connected)(struct io_conn *c, int errnum); /* 0: open; after an error drop it */
    void (*data)(struct io_conn *c, struct slice bytes);
    void (*closed)(struct io_conn *c, int errnum); /* by the peer (0) or by trouble; then drop it */
    void (*released)(struct io_conn *c);           /* some time after drop: its memory may go */
};

struct io_ops {
    const char *name;
    struct io *(*open)(struct loop *l, const struct io_events *ev, struct err *err); /* gives */
    void (*close)(struct io *io); /* every connection was dropped before */
    /* Begins; false with errno when there is no socket to be had. from: local address or NULL. */
    bool (*connect)(struct io *io, struct io_conn *c, const struct sockaddr_storage *to,
                    const struct sockaddr_storage *from);
    void (*send)(struct io_conn *c, struct slice head, struct slice body);
    void (*drop)(struct io_conn *c); /* closes; no callback but released follows */
};

extern const struct io_ops io_epoll_ops, io_uring_ops;
/* The one that name asks for; NULL or "auto": io_uring if the kernel has it, else epoll. NULL: neither. */
const struct io_ops *io_find(const char *name);

/* ---- shared by both kinds ---- */

/* Bytes waiting to be sent. */
struct io_out {
    struct io_out *next;
    size_t n, at, cap;
    char bytes[];
};
struct io_out *io_out_of(struct slice head, struct slice body); /* gives */
void io_out_free_all(struct io_out *o);

/* A socket without delay, bound to from when there is one; -1 with errno. */
int io_socket(const struct sockaddr_storage *to, const struct sockaddr_storage *from);
socklen_t io_addr_bytes(const struct sockaddr_storage *a);

#endif
