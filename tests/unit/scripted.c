/* A server that plays scripts, for the tests of the engines. It knows its scripts and reads requests; the
 * connections are the listener's. */
#include "tests/unit/scripted.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"
#include "base/mem.h"
#include "tests/unit/listener.h"

struct scripted {
    const struct script *scripts;
    size_t n;
    struct listener *listener;
    atomic_uint requests;
};

struct visit {
    struct scripted *server;
    int fd;
    char in[65536];
    size_t n;
};

static void pause_ms(long ms)
{
    struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
    nanosleep(&t, NULL);
}

static bool send_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
        if (sent <= 0) return false;
        p += sent;
        n -= (size_t)sent;
    }
    return true;
}

static bool send_drip(int fd, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!send_all(fd, p + i, 1)) return false;
        if (n < 400) pause_ms(0);
    }
    return true;
}

static bool send_split(int fd, const char *p, size_t n, size_t at)
{
    if (at > n) at = n;
    if (!send_all(fd, p, at)) return false;
    pause_ms(1);
    return send_all(fd, p + at, n - at);
}

static bool send_filler(int fd, size_t n)
{
    char block[16384];
    memset(block, 'x', sizeof block);
    while (n) {
        size_t take = n < sizeof block ? n : sizeof block;
        if (!send_all(fd, block, take)) return false;
        n -= take;
    }
    return true;
}

static bool play(int fd, const struct script *s, struct slice how)
{
    uint64_t at = 0;
    bool ok;
    if (slice_eq(how, SL("drip")))
        ok = send_drip(fd, s->bytes, s->n);
    else if (num_u64(how, 1 << 20, &at))
        ok = send_split(fd, s->bytes, s->n, (size_t)at);
    else
        ok = send_all(fd, s->bytes, s->n);
    if (ok && s->filler) ok = send_filler(fd, s->filler);
    if (ok && s->second) ok = send_all(fd, s->second, strlen(s->second));
    return ok;
}

/* Reads one request into v->in: its head, and passes over its body. False at the end. */
static bool read_request(struct visit *v, struct slice *head)
{
    size_t end;
    v->n = 0;
    while ((end = slice_find((struct slice){ v->in, v->n }, SL("\r\n\r\n"))) == SLICE_NONE) {
        ssize_t got = recv(v->fd, v->in + v->n, sizeof v->in - v->n, 0);
        if (got <= 0) return false;
        v->n += (size_t)got;
    }
    *head = (struct slice){ v->in, end + 4 };
    return true;
}

static bool skip_body(struct visit *v, struct slice head, bool slowly)
{
    size_t at = slice_ifind(head, SL("content-length: "));
    if (at == SLICE_NONE) return true;
    struct slice rest = slice_from(head, at + 16), line;
    uint64_t left = 0;
    if (!slice_next(&rest, '\n', &line) || !num_u64(slice_trim(line), 1u << 30, &left))
        return false;
    left -= v->n - head.n < left ? v->n - head.n : left;
    char sink[65536];
    while (left) {
        size_t want = slowly ? 32768 : sizeof sink;
        ssize_t got = recv(v->fd, sink, left < want ? left : want, 0);
        if (got <= 0) return false;
        left -= (size_t)got;
        if (slowly) pause_ms(1);
    }
    return true;
}

static const struct script *script_of(const struct scripted *s, struct slice head,
                                      struct slice *how)
{
    struct slice method, rest, target, number;
    uint64_t i = 0;
    if (!slice_cut(head, ' ', &method, &rest) || !slice_cut(rest, ' ', &target, &rest)) return NULL;
    target = slice_from(target, 1);
    if (!slice_cut(target, '/', &number, how)) return NULL;
    return num_u64(number, s->n - 1, &i) ? &s->scripts[i] : NULL;
}

static void finish(struct visit *v, enum ending ending)
{
    struct linger now = { .l_onoff = 1, .l_linger = 0 };
    if (ending == END_RESET) setsockopt(v->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    struct pollfd p = { .fd = v->fd, .events = POLLRDHUP };
    if (ending == END_STALL) poll(&p, 1, 20000);
}

static bool serve_one(struct visit *v)
{
    struct slice head, how;
    if (!read_request(v, &head)) return false;
    const struct script *s = script_of(v->server, head, &how);
    if (!s || !skip_body(v, head, s->read_slowly)) return false;
    atomic_fetch_add(&v->server->requests, 1);
    if (play(v->fd, s, how) && s->ending == END_KEEP) return true;
    finish(v, s->ending);
    return false;
}

static void serve(void *server, int fd)
{
    struct visit v = { .server = server, .fd = fd };
    while (serve_one(&v)) {
    }
}

struct scripted *scripted_new(const struct script *scripts, size_t n)
{
    struct scripted *s = mem_alloc(1, sizeof *s);
    s->scripts = scripts;
    s->n = n;
    s->listener = listener_new(serve, s);
    return s;
}

uint16_t scripted_port(const struct scripted *s)
{
    return listener_port(s->listener);
}

unsigned scripted_requests(const struct scripted *s)
{
    return atomic_load(&s->requests);
}

void scripted_free(struct scripted *s)
{
    listener_free(s->listener);
    free(s);
}
