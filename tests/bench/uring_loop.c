/* What the kernel and the least of code cost through io_uring: multishot receives into shared buffers, sends
 * queued and submitted with the wait.
 *
 * `uring_loop http://ADDRESS:PORT/PATH CONNECTIONS REQUESTS` keeps CONNECTIONS requests under way and prints one
 * JSON line: requests, failures, seconds, CPU microseconds per request. Each receive is taken for a whole answer:
 * good enough for the bench's server and its small one, and for nothing else. */
#include <arpa/inet.h>
#include <liburing.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "http/url.h"

#define BUFFERS 512 /* a power of two */
#define BUFFER_BYTES 8192
#define SENT UINT64_MAX

struct bench {
    struct io_uring ring;
    struct io_uring_buf_ring *buf_ring;
    char *buffers;
    char request[1024];
    size_t request_n;
    uint64_t left, under_way, done, failed;
};

static void give_back(struct bench *b, unsigned id)
{
    io_uring_buf_ring_add(b->buf_ring, b->buffers + (size_t)id * BUFFER_BYTES, BUFFER_BYTES,
                          (unsigned short)id, io_uring_buf_ring_mask(BUFFERS), 0);
    io_uring_buf_ring_advance(b->buf_ring, 1);
}

static bool open_ring(struct bench *b)
{
    struct io_uring_params params = { .flags =
                                          IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN };
    if (io_uring_queue_init_params(1024, &b->ring, &params) < 0) return false;
    b->buf_ring = aligned_alloc(4096, BUFFERS * sizeof(struct io_uring_buf));
    b->buffers = mem_alloc(BUFFERS, BUFFER_BYTES);
    struct io_uring_buf_reg reg = { .ring_addr = (uint64_t)(uintptr_t)b->buf_ring,
                                    .ring_entries = BUFFERS };
    if (io_uring_register_buf_ring(&b->ring, &reg, 0) != 0) return false;
    io_uring_buf_ring_init(b->buf_ring);
    for (unsigned i = 0; i < BUFFERS; i++)
        give_back(b, i);
    return io_uring_register_ring_fd(&b->ring) == 1;
}

static void send_next(struct bench *b, int fd)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&b->ring);
    io_uring_prep_send(sqe, fd, b->request, b->request_n, MSG_NOSIGNAL);
    io_uring_sqe_set_data64(sqe, SENT);
    b->left--;
    b->under_way++;
}

static void receive(struct bench *b, int fd)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&b->ring);
    io_uring_prep_recv_multishot(sqe, fd, NULL, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    io_uring_sqe_set_data64(sqe, (unsigned)fd);
}

static bool connect_one(struct bench *b, const struct sockaddr_in *to)
{
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)to, sizeof *to) != 0) return false;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    receive(b, fd);
    send_next(b, fd);
    return io_uring_submit(&b->ring) >= 0;
}

static void take_answer(struct bench *b, const struct io_uring_cqe *cqe)
{
    int fd = (int)cqe->user_data;
    if (cqe->user_data == SENT) return;
    b->done++;
    b->under_way--;
    b->failed += cqe->res <= 0;
    if (cqe->flags & IORING_CQE_F_BUFFER) give_back(b, cqe->flags >> IORING_CQE_BUFFER_SHIFT);
    if (cqe->res <= 0) return;
    if (!(cqe->flags & IORING_CQE_F_MORE)) receive(b, fd);
    if (b->left) send_next(b, fd);
}

static void run(struct bench *b)
{
    while (b->under_way && io_uring_submit_and_wait(&b->ring, 1) >= 0) {
        unsigned head, n = 0;
        struct io_uring_cqe *cqe;
        io_uring_for_each_cqe(&b->ring, head, cqe)
        {
            take_answer(b, cqe);
            n++;
        }
        io_uring_cq_advance(&b->ring, n);
    }
}

int main(int argc, char **argv)
{
    uint64_t connections;
    struct url u;
    char host[64];
    struct bench *b = mem_alloc(1, sizeof *b);
    if (argc != 4 || !num_u64(slice_z(argv[2]), 256, &connections) ||
        !num_u64(slice_z(argv[3]), UINT64_MAX, &b->left) || !url_parse(slice_z(argv[1]), &u))
        return fprintf(stderr, "uring_loop URL CONNECTIONS REQUESTS\n"), 2;
    snprintf(host, sizeof host, "%.*s", SL_FMT(u.host));
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(u.port) };
    inet_pton(AF_INET, host, &to.sin_addr);
    b->request_n =
        (size_t)snprintf(b->request, sizeof b->request,
                         "GET %.*s HTTP/1.1\r\nHost: %s:%u\r\nAccept: */*\r\n"
                         "Authorization: Bearer 0123456789abcdef0123456789abcdef\r\n\r\n",
                         SL_FMT(u.target), host, (unsigned)u.port);
    if (b->request_n >= sizeof b->request || !open_ring(b))
        return fprintf(stderr, "uring_loop: no io_uring as it is needed\n"), 1;
    uint64_t cpu = clock_process_cpu_ns();
    for (uint64_t i = 0; i < connections && b->left; i++)
        if (!connect_one(b, &to)) b->failed++;
    uint64_t began = clock_mono_ns(); /* all are connected */
    run(b);
    printf("{\"requests\":%llu,\"failures\":%llu,\"seconds\":%.3f,\"cpu_us\":%.2f}\n",
           (unsigned long long)b->done, (unsigned long long)b->failed,
           (double)(clock_mono_ns() - began) / 1e9,
           (double)(clock_process_cpu_ns() - cpu) / 1000 / (double)b->done);
    return 0;
}
