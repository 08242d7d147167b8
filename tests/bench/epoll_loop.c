/* What the kernel and the least of code cost: a bare epoll loop, nothing around it.
 *
 * `epoll_loop http://ADDRESS:PORT CONNECTIONS REQUESTS [METHOD PATH BODY]...` keeps CONNECTIONS requests under
 * way, each connection the next of the steps in turn, and prints one JSON line: requests, failures, seconds,
 * CPU microseconds per request. An answer counts as whole when it came in one piece with its Content-Length: good
 * enough for the bench's server, and for nothing else. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "http/url.h"

struct request {
    char text[1024];
    size_t n;
};

struct bench {
    struct sockaddr_in to;
    struct request *requests;
    size_t requests_n, next;
    uint64_t left, under_way, done, failed;
    int epoll;
    char in[64 * 1024];
};

static void make_request(struct request *r, struct slice host, char **step)
{
    int n = snprintf(
        r->text, sizeof r->text,
        "%s %s HTTP/1.1\r\nHost: %.*s\r\nAccept: */*\r\n"
        "Authorization: Bearer 0123456789abcdef0123456789abcdef\r\nContent-Length: %zu\r\n\r\n%s",
        step[0], step[1], SL_FMT(host), strlen(step[2]), step[2]);
    r->n = n > 0 && (size_t)n < sizeof r->text ? (size_t)n : 0;
}

static void send_next(struct bench *b, int fd)
{
    const struct request *r = &b->requests[b->next++ % b->requests_n];
    b->left--;
    b->under_way++;
    if (send(fd, r->text, r->n, MSG_NOSIGNAL) != (ssize_t)r->n) b->failed++;
}

static bool connect_one(struct bench *b)
{
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };
    if (fd < 0 || connect(fd, (struct sockaddr *)&b->to, sizeof b->to) != 0) return false;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (epoll_ctl(b->epoll, EPOLL_CTL_ADD, fd, &e) != 0) return false;
    send_next(b, fd);
    return true;
}

static bool is_whole(struct slice answer)
{
    uint64_t length;
    size_t head = slice_find(answer, SL("\r\n\r\n")),
           at = slice_ifind(answer, SL("content-length: "));
    if (head == SLICE_NONE || at == SLICE_NONE || !slice_starts(answer, SL("HTTP/1.1 2")))
        return false;
    struct slice value = slice_from(answer, at + 16);
    value = slice_sub(value, 0, slice_chr(value, '\r'));
    return num_u64(value, UINT32_MAX, &length) && answer.n == head + 4 + length;
}

static void take_answer(struct bench *b, int fd)
{
    ssize_t n = recv(fd, b->in, sizeof b->in, 0);
    b->failed += n <= 0 || !is_whole((struct slice){ b->in, (size_t)n });
    b->done++;
    b->under_way--;
    if (n > 0 && b->left) send_next(b, fd);
}

static void run(struct bench *b)
{
    struct epoll_event events[256];
    while (b->under_way) {
        int n = epoll_wait(b->epoll, events, 256, -1);
        for (int i = 0; i < n; i++)
            take_answer(b, events[i].data.fd);
    }
}

int main(int argc, char **argv)
{
    uint64_t connections, requests;
    struct url u;
    char host[64];
    if (argc < 7 || argc % 3 != 1 || !num_u64(slice_z(argv[2]), 100000, &connections) ||
        !num_u64(slice_z(argv[3]), UINT64_MAX, &requests) || !url_parse(slice_z(argv[1]), &u))
        return fprintf(stderr, "epoll_loop URL CONNECTIONS REQUESTS METHOD PATH BODY...\n"), 2;
    struct bench *b = mem_alloc(1, sizeof *b);
    snprintf(host, sizeof host, "%.*s", SL_FMT(u.host));
    b->to = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(u.port) };
    inet_pton(AF_INET, host, &b->to.sin_addr);
    b->requests_n = (size_t)(argc - 4) / 3;
    b->requests = mem_alloc(b->requests_n, sizeof *b->requests);
    for (size_t i = 0; i < b->requests_n; i++)
        make_request(&b->requests[i], u.host, argv + 4 + 3 * i);
    b->left = requests;
    b->epoll = epoll_create1(EPOLL_CLOEXEC);
    uint64_t cpu = clock_process_cpu_ns();
    for (uint64_t i = 0; i < connections && b->left; i++)
        if (!connect_one(b)) b->failed++;
    uint64_t began = clock_mono_ns(); /* all are connected */
    run(b);
    printf("{\"requests\":%llu,\"failures\":%llu,\"seconds\":%.3f,\"cpu_us\":%.2f}\n",
           (unsigned long long)b->done, (unsigned long long)b->failed,
           (double)(clock_mono_ns() - began) / 1e9,
           (double)(clock_process_cpu_ns() - cpu) / 1000 / (double)b->done);
    return 0;
}
