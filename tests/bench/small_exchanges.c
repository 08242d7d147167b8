/* Traffic to be captured: small keep-alive HTTP exchanges on lo at a steady rate, client and server in one
 * thread, so that two cores are enough for it and for what captures it.
 *
 * `small_exchanges CONNECTIONS RATE COUNT` prints "port N", waits for a line on standard input, sends
 * COUNT exchanges (RATE each second, 0: as fast as it can) and prints one JSON line.
 * Called by bench_capture.py. A round sends one request on every connection, then answers all of them,
 * then reads all answers: four system calls for an exchange. The requests are numbered, so that each can
 * be looked for. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

struct pair {
    int client, server;
};

struct traffic {
    struct pair *v;
    uint64_t n, rate, count, done;
    unsigned port;
};

static const char answer[] =
    "HTTP/1.1 200 OK\r\nServer: small\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
    "Content-Type: text/plain\r\nContent-Length: 64\r\nConnection: keep-alive\r\n\r\n"
    "hello, a small answer of sixty-four bytes, no more and no less.\n";

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int listen_any(unsigned *port)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, n) != 0 || listen(fd, 128) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &n) != 0)
        die("listen");
    *port = ntohs(a.sin_port);
    return fd;
}

static struct pair open_pair(int listener, unsigned port)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)port) };
    struct pair p = { .client = socket(AF_INET, SOCK_STREAM, 0) };
    int on = 1;
    if (p.client < 0 || connect(p.client, (struct sockaddr *)&a, sizeof a) != 0) die("connect");
    p.server = accept(listener, NULL, NULL);
    if (p.server < 0) die("accept");
    setsockopt(p.client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(p.server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return p;
}

static void send_all(int fd, const char *p, size_t n)
{
    if (send(fd, p, n, MSG_NOSIGNAL) != (ssize_t)n) die("send");
}

/* Reads n bytes: what was sent comes as a whole, because it is small. */
static void receive(int fd, size_t n)
{
    char text[1024];
    for (size_t at = 0; at < n;) {
        ssize_t got = recv(fd, text, sizeof text, 0);
        if (got <= 0) die("recv");
        at += (size_t)got;
    }
}

/* One exchange on each of the first n connections. */
static void round_of(struct traffic *t, uint64_t n)
{
    char text[256];
    int sent = 0;
    for (uint64_t i = 0; i < n; i++) {
        sent = snprintf(text, sizeof text,
                        "GET /a/path?with=a&number=%09llu HTTP/1.1\r\nHost: 127.0.0.1:%05u\r\n"
                        "User-Agent: small\r\nAccept: */*\r\n\r\n",
                        (unsigned long long)(t->done + i), t->port);
        send_all(t->v[i].client, text, (size_t)sent);
    }
    for (uint64_t i = 0; i < n; i++) {
        receive(t->v[i].server, (size_t)sent);
        send_all(t->v[i].server, answer, sizeof answer - 1);
    }
    for (uint64_t i = 0; i < n; i++)
        receive(t->v[i].client, sizeof answer - 1);
    t->done += n;
}

/* The time at which the next round is due; late rounds follow one another without a pause. */
static void wait_for_turn(const struct traffic *t, uint64_t start_ns)
{
    if (!t->rate) return;
    uint64_t due = start_ns + t->done * NS_PER_S / t->rate;
    struct timespec at = { (time_t)(due / NS_PER_S), (long)(due % NS_PER_S) };
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR) {
    }
}

static void report(const struct traffic *t, uint64_t ns)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    printf("{\"exchanges\": %llu, \"seconds\": %.3f, \"rate\": %.0f, \"cpu_s\": %.2f}\n",
           (unsigned long long)t->done, (double)ns / 1e9, (double)t->done * 1e9 / (double)ns,
           (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
               (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6);
}

static void run(struct traffic *t)
{
    uint64_t start_ns = clock_mono_ns();
    while (t->done < t->count) {
        wait_for_turn(t, start_ns);
        round_of(t, t->count - t->done < t->n ? t->count - t->done : t->n);
    }
    report(t, clock_mono_ns() - start_ns);
}

int main(int argc, char **argv)
{
    struct traffic t = { 0 };
    char line[16];
    if (argc != 4 || !num_u64(slice_z(argv[1]), 1000, &t.n) || !t.n ||
        !num_u64(slice_z(argv[2]), 10000000, &t.rate) ||
        !num_u64(slice_z(argv[3]), 100000000, &t.count)) {
        fprintf(stderr, "usage: small_exchanges CONNECTIONS RATE COUNT\n");
        return 2;
    }
    int listener = listen_any(&t.port);
    printf("port %u\n", t.port);
    fflush(stdout);
    if (!fgets(line, sizeof line, stdin)) return 1;
    t.v = mem_alloc(t.n, sizeof *t.v);
    for (uint64_t i = 0; i < t.n; i++)
        t.v[i] = open_pair(listener, t.port);
    run(&t);
    for (uint64_t i = 0; i < t.n; i++) {
        close(t.v[i].client);
        close(t.v[i].server);
    }
    close(listener);
    free(t.v);
    return 0;
}
