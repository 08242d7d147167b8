/* A server that knows how long it let each request wait: what latencies are held against.
 *
 *   delay LOG SEED MIN_MS MAX_MS [AT_MS:FOR_MS]...
 *
 * Answers a request after a time drawn between MIN and MAX (0 0: at once) and, AT ms after the first
 * request, stops altogether for FOR ms. Its first line of output is its base URL. SIGTERM writes LOG, a
 * line for each request: target, when it was read (UTC), how long it was held, how long was drawn; and
 * "stall FROM TO". All in nanoseconds, taken from the clock when it happened, not from a timer. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/rnd.h"

#define TARGET_BYTES 48
#define HEAD_BYTES 2048

struct entry {
    char target[TARGET_BYTES];
    uint64_t read_ns, sent_ns, drawn_ns;
};

struct stall {
    struct timer timer;
    struct server *server;
    uint64_t at_ns, for_ns, from_ns, to_ns;
};

struct server {
    struct loop *loop;
    struct loop_io listener, signals;
    struct rnd rnd;
    uint64_t min_ns, max_ns, utc_ns; /* utc_ns: of the monotonic clock's 0 */
    struct stall *stalls;
    size_t stalls_n;
    struct entry *log;
    size_t log_n, log_cap;
    const char *path;
    struct peer *peers;
};

/* A connection: one request at a time, as clients of keep-alive connections send them. */
struct peer {
    struct loop_io io;
    struct timer timer;
    struct server *server;
    struct peer *next, **link; /* link: who points to this one */
    size_t entry, n;
    char head[HEAD_BYTES];
};

static struct peer *peer_new(struct server *s)
{
    struct peer *p = mem_alloc(1, sizeof *p);
    p->server = s;
    p->next = s->peers;
    p->link = &s->peers;
    if (p->next) p->next->link = &p->next;
    s->peers = p;
    return p;
}

static void peer_free(struct peer *p)
{
    *p->link = p->next;
    if (p->next) p->next->link = p->link;
    timer_clear(loop_timers(p->server->loop), &p->timer);
    loop_remove(p->server->loop, &p->io);
    close(p->io.fd);
    free(p);
}

static void answer(struct timer *t)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    struct peer *p = (struct peer *)(void *)((char *)t - offsetof(struct peer, timer));
    p->server->log[p->entry].sent_ns = clock_mono_ns();
    if (send(p->io.fd, text, sizeof text - 1, MSG_NOSIGNAL) != sizeof text - 1) peer_free(p);
}

static void begin_stalls(struct server *s, uint64_t now_ns)
{
    for (size_t i = 0; i < s->stalls_n; i++)
        timer_set(loop_timers(s->loop), &s->stalls[i].timer, now_ns + s->stalls[i].at_ns);
}

static void log_request(struct peer *p, uint64_t now_ns)
{
    struct server *s = p->server;
    struct slice target, rest;
    if (s->log_n == 0) begin_stalls(s, now_ns);
    mem_grow(&s->log, &s->log_cap, s->log_n + 1, sizeof *s->log);
    p->entry = s->log_n++;
    struct entry *e = &s->log[p->entry];
    *e = (struct entry){ .read_ns = now_ns };
    e->drawn_ns = s->min_ns + (uint64_t)((double)(s->max_ns - s->min_ns) * rnd_unit(&s->rnd));
    if (!slice_cut((struct slice){ p->head, p->n }, ' ', &rest, &target) ||
        !slice_cut(target, ' ', &target, &rest))
        return;
    target = slice_sub(target, 0, TARGET_BYTES - 1);
    memcpy(e->target, target.p, target.n);
}

static void on_readable(struct loop_io *io, unsigned events)
{
    struct peer *p = (struct peer *)(void *)io;
    (void)events;
    ssize_t n = recv(io->fd, p->head + p->n, sizeof p->head - p->n, 0);
    if (n <= 0) {
        peer_free(p);
        return;
    }
    uint64_t now = clock_mono_ns();
    p->n += (size_t)n;
    if (p->n < 4 || memcmp(p->head + p->n - 4, "\r\n\r\n", 4) != 0) return;
    log_request(p, now);
    p->n = 0;
    uint64_t drawn = p->server->log[p->entry].drawn_ns;
    if (drawn)
        timer_set(loop_timers(p->server->loop), &p->timer, now + drawn);
    else
        answer(&p->timer);
}

static void on_connection(struct loop_io *io, unsigned events)
{
    struct server *s = (struct server *)(void *)((char *)io - offsetof(struct server, listener));
    int fd, one = 1;
    struct err err = { 0 };
    (void)events;
    while ((fd = accept4(io->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct peer *p = peer_new(s);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        p->io = (struct loop_io){ fd, on_readable };
        p->timer.fire = answer;
        loop_add(s->loop, &p->io, EPOLLIN, &err);
    }
}

/* Nothing is read, answered or accepted meanwhile. */
static void stall(struct timer *t)
{
    struct stall *s = (struct stall *)t;
    struct timespec ts = { (time_t)(s->for_ns / NS_PER_S), (long)(s->for_ns % NS_PER_S) };
    s->from_ns = clock_mono_ns();
    nanosleep(&ts, NULL);
    s->to_ns = clock_mono_ns();
}

static void on_signal(struct loop_io *io, unsigned events)
{
    struct server *s = (struct server *)(void *)((char *)io - offsetof(struct server, signals));
    (void)events;
    loop_stop(s->loop);
}

static bool write_log(const struct server *s)
{
    FILE *f = fopen(s->path, "w");
    if (!f) return false;
    for (size_t i = 0; i < s->stalls_n; i++)
        if (s->stalls[i].to_ns)
            fprintf(f, "stall %llu %llu\n", (unsigned long long)(s->utc_ns + s->stalls[i].from_ns),
                    (unsigned long long)(s->utc_ns + s->stalls[i].to_ns));
    for (size_t i = 0; i < s->log_n; i++) {
        const struct entry *e = &s->log[i];
        if (e->sent_ns)
            fprintf(f, "%s %llu %llu %llu\n", e->target,
                    (unsigned long long)(s->utc_ns + e->read_ns),
                    (unsigned long long)(e->sent_ns - e->read_ns), (unsigned long long)e->drawn_ns);
    }
    return fclose(f) == 0;
}

static bool listen_anywhere(struct server *s)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 16384) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &n) != 0)
        return false;
    s->listener = (struct loop_io){ fd, on_connection };
    printf("http://127.0.0.1:%u\n", ntohs(a.sin_port));
    return fflush(stdout) == 0;
}

static bool read_stall(struct server *s, struct stall *out, struct slice text)
{
    struct slice at, length;
    if (!slice_cut(text, ':', &at, &length) || !num_u64(at, UINT32_MAX, &out->at_ns) ||
        !num_u64(length, UINT32_MAX, &out->for_ns))
        return false;
    out->at_ns *= NS_PER_MS;
    out->for_ns *= NS_PER_MS;
    out->server = s;
    out->timer.fire = stall;
    return true;
}

static bool read_arguments(struct server *s, int argc, char **argv)
{
    uint64_t seed, min, max;
    if (argc < 5 || !num_u64(slice_z(argv[2]), UINT64_MAX, &seed) ||
        !num_u64(slice_z(argv[3]), UINT32_MAX, &min) ||
        !num_u64(slice_z(argv[4]), UINT32_MAX, &max) || min > max)
        return false;
    s->path = argv[1];
    s->min_ns = min * NS_PER_MS;
    s->max_ns = max * NS_PER_MS;
    rnd_seed(&s->rnd, seed, 0);
    s->stalls_n = (size_t)argc - 5;
    s->stalls = mem_alloc(s->stalls_n + 1, sizeof *s->stalls);
    for (size_t i = 0; i < s->stalls_n; i++)
        if (!read_stall(s, &s->stalls[i], slice_z(argv[5 + i]))) return false;
    return true;
}

static void server_free(struct server *s)
{
    while (s->peers)
        peer_free(s->peers);
    loop_free(s->loop);
    free(s->stalls);
    free(s->log);
}

int main(int argc, char **argv)
{
    struct server s = { .utc_ns = (uint64_t)clock_utc_ns() - clock_mono_ns() };
    struct err err = { 0 };
    struct rlimit files;
    sigset_t set;
    if (!read_arguments(&s, argc, argv)) {
        fprintf(stderr, "usage: delay LOG SEED MIN_MS MAX_MS [AT_MS:FOR_MS]...\n");
        return 2;
    }
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    s.loop = loop_new(&err);
    s.signals = (struct loop_io){ signalfd(-1, &set, SFD_CLOEXEC), on_signal };
    if (!s.loop || !listen_anywhere(&s) || !loop_add(s.loop, &s.listener, EPOLLIN, &err) ||
        !loop_add(s.loop, &s.signals, EPOLLIN, &err))
        return 4;
    loop_run(s.loop);
    bool written = write_log(&s);
    server_free(&s);
    return written ? 0 : 4;
}
