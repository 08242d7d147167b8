/* io by io_uring: requests are queued and submitted in one call with the wait for answers; receives are
 * multishot into a ring of buffers that all connections share. Called through io_ops by conn.c.
 *
 * It takes over the loop's waiting: the loop's own epoll descriptor is polled inside the ring. A dropped
 * connection stays until every operation of it has ended (in_flight), because the kernel may still write
 * through it. The ring is enabled by the thread that first uses it (SINGLE_ISSUER). */
#include "replay/native/io.h"

#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "replay/native/uring_probe.h"

#define SQ_ENTRIES 1024
#define BUFFERS 512 /* a power of two */
#define BUFFER_BYTES (8 * 1024)
#define BUFFER_GROUP 1
#define SMALL_OUT_BYTES 2048
#define KERNEL_BATCH 16
#define TURN_MOST 512
#define RING_FLAGS                                                                       \
    (IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_R_DISABLED | \
     IORING_SETUP_CQSIZE)

/* What an operation was, in the low bits of its user data; the rest is the connection's address. */
enum op { OP_CONNECT, OP_RECV, OP_SEND, OP_CANCEL, OP_LOOP };
#define OP_MASK 7U

struct io {
    struct loop_waiter waiter; /* first: the loop hands it back */
    struct loop *loop;
    const struct io_events *ev;
    struct io_uring ring;
    struct io_uring_buf_ring *buf_ring;
    char *buffers;
    struct io_out *spare; /* small blocks for sending */
    size_t dropped;       /* connections whose operations have not all ended */
    bool enabled, loop_ready;
};

static void enable(struct io *io);

/* A queue entry, counted on its connection. A full queue is submitted to make room; the kernel takes nothing
 * of it only while it has no memory. */
static struct io_uring_sqe *sqe_for(struct io *io, struct io_conn *c)
{
    struct io_uring_sqe *sqe;
    if (!io->enabled) enable(io);
    while (!(sqe = io_uring_get_sqe(&io->ring)))
        io_uring_submit(&io->ring);
    if (c) c->in_flight++;
    return sqe;
}

static uint64_t tag_of(const struct io_conn *c, enum op op)
{
    return (uint64_t)(uintptr_t)c | (uint64_t)op;
}

static void tag(struct io_uring_sqe *sqe, const struct io_conn *c, enum op op)
{
    io_uring_sqe_set_data64(sqe, tag_of(c, op));
}

static void watch_loop(struct io *io)
{
    struct io_uring_sqe *sqe = sqe_for(io, NULL);
    io_uring_prep_poll_add(sqe, loop_fd(io->loop), POLLIN);
    tag(sqe, NULL, OP_LOOP);
}

static void watch_input(struct io_conn *c)
{
    struct io_uring_sqe *sqe = sqe_for(c->io, c);
    io_uring_prep_recv_multishot(sqe, c->ready.fd, NULL, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = BUFFER_GROUP;
    tag(sqe, c, OP_RECV);
}

static void send_first(struct io_conn *c)
{
    struct io_out *o = c->out;
    struct io_uring_sqe *sqe = sqe_for(c->io, c);
    io_uring_prep_send(sqe, c->ready.fd, o->bytes + o->at, o->n - o->at,
                       MSG_NOSIGNAL | MSG_WAITALL);
    tag(sqe, c, OP_SEND);
}

/* ---- the ends of operations ---- */

static void release_if_quiet(struct io_conn *c)
{
    if (c->phase != IO_DROPPED || c->in_flight) return;
    struct io *io = c->io;
    io_out_free_all(c->out);
    c->out = NULL;
    if (c->ready.fd >= 0) close(c->ready.fd);
    io->dropped--;
    io->ev->released(c);
}

static void recycle_out(struct io *io, struct io_out *o)
{
    if (o->cap != SMALL_OUT_BYTES) {
        free(o);
        return;
    }
    o->next = io->spare;
    io->spare = o;
}

static void on_sent(struct io_conn *c, int res)
{
    if (c->phase == IO_DROPPED || res < 0) return; /* trouble is told by the receive */
    struct io_out *o = c->out;
    o->at += (size_t)res;
    if (o->at < o->n) {
        send_first(c);
        return;
    }
    c->out = o->next;
    recycle_out(c->io, o);
    if (c->out) send_first(c);
}

static void give_back(struct io *io, unsigned id)
{
    io_uring_buf_ring_add(io->buf_ring, io->buffers + (size_t)id * BUFFER_BYTES, BUFFER_BYTES,
                          (unsigned short)id, io_uring_buf_ring_mask(BUFFERS), 0);
    io_uring_buf_ring_advance(io->buf_ring, 1);
}

static void on_received(struct io_conn *c, const struct io_uring_cqe *cqe)
{
    struct io *io = c->io;
    bool has_buffer = cqe->flags & IORING_CQE_F_BUFFER;
    bool goes_on = cqe->flags & IORING_CQE_F_MORE;
    unsigned id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
    int res = cqe->res;
    if (c->phase != IO_DROPPED && res > 0)
        io->ev->data(c, (struct slice){ io->buffers + (size_t)id * BUFFER_BYTES, (size_t)res });
    if (has_buffer) give_back(io, id);
    if (c->phase == IO_DROPPED || goes_on) return;
    /* ENOBUFS: more arrived in one turn than there are buffers; those just went back. */
    if (res > 0 || res == -ENOBUFS)
        watch_input(c);
    else
        io->ev->closed(c, -res);
}

static void on_connected(struct io_conn *c, int res)
{
    if (c->phase == IO_DROPPED) return;
    if (res == 0) {
        c->phase = IO_OPEN;
        watch_input(c);
    }
    c->io->ev->connected(c, -res);
}

static void on_end(struct io *io, const struct io_uring_cqe *cqe)
{
    struct io_conn *c = (struct io_conn *)(uintptr_t)(cqe->user_data & ~(uint64_t)OP_MASK);
    enum op op = (enum op)(cqe->user_data & OP_MASK);
    if (c && !(cqe->flags & IORING_CQE_F_MORE)) c->in_flight--;
    switch (op) {
    case OP_CONNECT: on_connected(c, cqe->res); break;
    case OP_RECV: on_received(c, cqe); break;
    case OP_SEND: on_sent(c, cqe->res); break;
    case OP_LOOP: io->loop_ready = true; break;
    case OP_CANCEL: break;
    }
    if (c) release_if_quiet(c);
}

/* ---- waiting in the loop's place ---- */

static void enable(struct io *io)
{
    io->enabled = true;
    /* liburing 2.3 declares io_uring_enable_rings and does not export it. */
    syscall(__NR_io_uring_register, io->ring.ring_fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
    io_uring_register_ring_fd(&io->ring); /* one look-up less in each call */
    watch_loop(io);
}

static void submit_and_wait(struct io *io, uint64_t until_ns)
{
    struct io_uring_cqe *cqe;
    if (until_ns == UINT64_MAX) {
        io_uring_submit_and_wait(&io->ring, 1);
        return;
    }
    uint64_t now = loop_now_ns(io->loop), left = until_ns > now ? until_ns - now : 0;
    if (left == 0) {
        io_uring_submit_and_get_events(&io->ring);
        return;
    }
    struct __kernel_timespec ts = { .tv_sec = (long long)(left / NS_PER_S),
                                    .tv_nsec = (long long)(left % NS_PER_S) };
    io_uring_submit_and_wait_timeout(&io->ring, &cqe, 1, &ts, NULL);
}

static unsigned reap(struct io *io)
{
    unsigned head, seen = 0;
    struct io_uring_cqe *cqe;
    io_uring_for_each_cqe(&io->ring, head, cqe)
    {
        on_end(io, cqe);
        seen++;
    }
    io_uring_cq_advance(&io->ring, seen);
    return seen;
}

/* The kernel ends about twenty operations for a call that waits for one. The rest is asked for, so that under
 * overload answers are not left behind while new requests are started. */
static void reap_all(struct io *io)
{
    unsigned seen = 0, more;
    do {
        loop_refresh_ns(io->loop);
        seen += more = reap(io);
    } while (more >= KERNEL_BATCH && seen < TURN_MOST && io_uring_get_events(&io->ring) == 0);
}

static bool uring_wait(struct loop_waiter *w, uint64_t until_ns)
{
    struct io *io = (struct io *)w;
    if (!io->enabled) enable(io);
    submit_and_wait(io, until_ns);
    reap_all(io);
    bool ready = io->loop_ready;
    io->loop_ready = false;
    if (ready) watch_loop(io);
    return ready;
}

/* ---- life ---- */

static bool add_buffers(struct io *io)
{
    size_t ring_bytes = BUFFERS * sizeof(struct io_uring_buf);
    void *p = NULL;
    if (posix_memalign(&p, 4096, ring_bytes) != 0) return false;
    memset(p, 0, ring_bytes);
    io->buf_ring = p;
    io->buffers = mem_alloc(BUFFERS, BUFFER_BYTES);
    struct io_uring_buf_reg reg = { .ring_addr = (uint64_t)(uintptr_t)p,
                                    .ring_entries = BUFFERS,
                                    .bgid = BUFFER_GROUP };
    if (io_uring_register_buf_ring(&io->ring, &reg, 0) != 0) return false;
    io_uring_buf_ring_init(io->buf_ring);
    for (unsigned i = 0; i < BUFFERS; i++)
        give_back(io, i);
    return true;
}

static void uring_free(struct io *io)
{
    io_uring_queue_exit(&io->ring);
    free(io->buf_ring);
    free(io->buffers);
    io_out_free_all(io->spare);
    free(io);
}

static struct io *uring_open(struct loop *l, const struct io_events *ev, struct err *err)
{
    struct io *io = mem_alloc(1, sizeof *io);
    struct io_uring_params params = { .flags = RING_FLAGS, .cq_entries = 8 * SQ_ENTRIES };
    int rc = io_uring_queue_init_params(SQ_ENTRIES, &io->ring, &params);
    if (rc < 0) {
        free(io);
        err_sys(err, ERR_INTERNAL, -rc, "io_uring");
        return NULL;
    }
    io->loop = l;
    io->ev = ev;
    io->waiter.wait = uring_wait;
    if (!add_buffers(io)) {
        uring_free(io);
        err_set(err, ERR_INTERNAL, "io_uring: no ring of buffers");
        return NULL;
    }
    if (l) loop_set_waiter(l, &io->waiter);
    return io;
}

static void uring_close(struct io *io)
{
    uint64_t end_ns = loop_refresh_ns(io->loop) + NS_PER_S;
    while (io->dropped && loop_refresh_ns(io->loop) < end_ns) {
        submit_and_wait(io, end_ns);
        reap(io);
    }
    loop_set_waiter(io->loop, NULL);
    uring_free(io);
}

bool uring_works(void)
{
    struct io *io = uring_open(NULL, NULL, NULL);
    if (io) uring_free(io);
    return io != NULL;
}

/* ---- operations ---- */

static bool uring_connect(struct io *io, struct io_conn *c, const struct sockaddr_storage *to,
                          const struct sockaddr_storage *from)
{
    int fd = io_socket(to, from);
    if (fd < 0) return false;
    *c = (struct io_conn){ .ready = { .fd = fd }, .io = io, .phase = IO_CONNECTING };
    struct io_uring_sqe *sqe = sqe_for(io, c);
    io_uring_prep_connect(sqe, fd, (const struct sockaddr *)to, io_addr_bytes(to));
    tag(sqe, c, OP_CONNECT);
    return true;
}

static struct io_out *out_of(struct io *io, struct slice head, struct slice body)
{
    size_t n = head.n + body.n;
    if (n > SMALL_OUT_BYTES) return io_out_of(head, body);
    struct io_out *o = io->spare;
    if (o)
        io->spare = o->next;
    else
        o = mem_resize(NULL, 1, sizeof *o + SMALL_OUT_BYTES);
    *o = (struct io_out){ .n = n, .cap = SMALL_OUT_BYTES };
    if (head.n) memcpy(o->bytes, head.p, head.n);
    if (body.n) memcpy(o->bytes + head.n, body.p, body.n);
    return o;
}

static void uring_send(struct io_conn *c, struct slice head, struct slice body)
{
    struct io_out **end = &c->out;
    while (*end)
        end = &(*end)->next;
    *end = out_of(c->io, head, body);
    if (end == &c->out) send_first(c);
}

/* The cancel keeps the connection until the loop's next turn. By its tag an operation is found at once; by
 * descriptor, which takes the sends along, the kernel looks through those of all connections. The descriptor
 * goes at once, so that a limit of them holds, and behind all that was queued for it: its number may be the
 * next connection's. */
static void uring_drop(struct io_conn *c)
{
    if (c->phase == IO_DROPPED) return;
    enum op pending = c->phase == IO_CONNECTING ? OP_CONNECT : OP_RECV;
    c->phase = IO_DROPPED;
    c->io->dropped++;
    struct io_uring_sqe *sqe = sqe_for(c->io, c);
    if (c->out)
        io_uring_prep_cancel_fd(sqe, c->ready.fd, IORING_ASYNC_CANCEL_ALL);
    else
        io_uring_prep_cancel64(sqe, tag_of(c, pending), 0);
    tag(sqe, c, OP_CANCEL);
    io_uring_submit(&c->io->ring);
    close(c->ready.fd);
    c->ready.fd = -1;
}

const struct io_ops io_uring_ops = { "io_uring",    uring_open, uring_close,
                                     uring_connect, uring_send, uring_drop };
