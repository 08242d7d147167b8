/* io by epoll: level-triggered, registered once per connection, so that a request costs one send, one
 * recv and its share of one epoll_wait. Called through io_ops by conn.c.
 *
 * EPOLLOUT is asked for only while bytes wait. A recv that fills less than the buffer has emptied the
 * socket: no second call is made to hear EAGAIN. */
#include "replay/native/io.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/mem.h"

#define IN_BYTES (64 * 1024)

struct io {
    struct loop *loop;
    const struct io_events *ev;
    struct io_conn *dropped;
    struct timer release;
    char in[IN_BYTES];
};

static struct io *io_of_timer(struct timer *t)
{
    return (struct io *)((char *)t - offsetof(struct io, release));
}

static void release_dropped(struct timer *t)
{
    struct io *io = io_of_timer(t);
    while (io->dropped) {
        struct io_conn *c = io->dropped;
        io->dropped = c->next;
        io->ev->released(c);
    }
}

static struct io *epoll_open(struct loop *l, const struct io_events *ev, struct err *err)
{
    (void)err;
    struct io *io = mem_alloc(1, sizeof *io);
    io->loop = l;
    io->ev = ev;
    io->release.fire = release_dropped;
    return io;
}

static void epoll_close(struct io *io)
{
    timer_clear(loop_timers(io->loop), &io->release);
    release_dropped(&io->release);
    free(io);
}

/* Tries to send what waits; true when nothing waits any more. Trouble shows as an event of its own. */
static bool flush(struct io_conn *c)
{
    while (c->out) {
        struct io_out *o = c->out;
        ssize_t n = send(c->ready.fd, o->bytes + o->at, o->n - o->at, MSG_NOSIGNAL);
        if (n < 0) return false;
        o->at += (size_t)n;
        if (o->at < o->n) return false;
        c->out = o->next;
        free(o);
    }
    return true;
}

static void receive(struct io_conn *c)
{
    struct io *io = c->io;
    for (;;) {
        ssize_t n = recv(c->ready.fd, io->in, sizeof io->in, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (n <= 0) {
            io->ev->closed(c, n < 0 ? errno : 0);
            return;
        }
        io->ev->data(c, (struct slice){ io->in, (size_t)n });
        if (c->phase == IO_DROPPED || (size_t)n < sizeof io->in) return;
        loop_refresh_ns(io->loop);
    }
}

static void finish_connect(struct io_conn *c)
{
    int errnum = 0;
    socklen_t n = sizeof errnum;
    if (getsockopt(c->ready.fd, SOL_SOCKET, SO_ERROR, &errnum, &n) != 0) errnum = errno;
    if (errnum == 0) {
        c->phase = IO_OPEN;
        loop_change(c->io->loop, &c->ready, EPOLLIN);
    }
    c->io->ev->connected(c, errnum);
}

static void on_ready(struct loop_io *ready, unsigned events)
{
    struct io_conn *c = (struct io_conn *)ready;
    if (c->phase == IO_CONNECTING) {
        finish_connect(c);
        return;
    }
    if ((events & EPOLLOUT) && flush(c)) loop_change(c->io->loop, &c->ready, EPOLLIN);
    if (events & ~(unsigned)EPOLLOUT) receive(c);
}

static bool epoll_connect(struct io *io, struct io_conn *c, const struct sockaddr_storage *to,
                          const struct sockaddr_storage *from)
{
    int fd = io_socket(to, from);
    if (fd < 0) return false;
    *c = (struct io_conn){ .ready = { fd, on_ready }, .io = io, .phase = IO_CONNECTING };
    int rc = connect(fd, (const struct sockaddr *)to, io_addr_bytes(to));
    struct err err = { 0 };
    /* A connection that is open at once (a unix socket) still reports through the loop. */
    if ((rc == 0 || errno == EINPROGRESS) &&
        loop_add(io->loop, &c->ready, EPOLLIN | EPOLLOUT, &err))
        return true;
    int saved = errno;
    close(fd);
    errno = saved;
    return false;
}

static void keep_for_later(struct io_conn *c, struct slice head, struct slice body)
{
    struct io_out **end = &c->out;
    while (*end)
        end = &(*end)->next;
    *end = io_out_of(head, body);
    if (end == &c->out) loop_change(c->io->loop, &c->ready, EPOLLIN | EPOLLOUT);
}

static void epoll_send(struct io_conn *c, struct slice head, struct slice body)
{
    size_t sent = 0;
    if (!c->out) {
        struct iovec v[2] = { { (void *)(uintptr_t)head.p, head.n },
                              { (void *)(uintptr_t)body.p, body.n } };
        struct msghdr m = { .msg_iov = v, .msg_iovlen = body.n ? 2 : 1 };
        ssize_t n = body.n ? sendmsg(c->ready.fd, &m, MSG_NOSIGNAL)
                           : send(c->ready.fd, head.p, head.n, MSG_NOSIGNAL);
        if (n > 0) sent = (size_t)n;
        if (sent == head.n + body.n) return;
    }
    size_t of_body = sent > head.n ? sent - head.n : 0;
    keep_for_later(c, slice_from(head, sent), slice_from(body, of_body));
}

static void epoll_drop(struct io_conn *c)
{
    struct io *io = c->io;
    if (c->phase == IO_DROPPED) return;
    c->phase = IO_DROPPED;
    loop_remove(io->loop, &c->ready);
    close(c->ready.fd);
    io_out_free_all(c->out);
    c->out = NULL;
    c->next = io->dropped;
    io->dropped = c;
    if (!timer_is_set(&io->release)) timer_set(loop_timers(io->loop), &io->release, 0);
}

const struct io_ops io_epoll_ops = { "epoll",       epoll_open, epoll_close,
                                     epoll_connect, epoll_send, epoll_drop };
