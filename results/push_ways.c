/* Ways to send live results without HTTP: UDP datagrams and a file. Called by the push thread only. */
#include "results/push.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

#define DATAGRAM_MAX 1400

struct fd_way {
    struct push_way way; /* first */
    int fd;
    const char *what;
};

static void close_fd(struct push_way *w)
{
    struct fd_way *f = (struct fd_way *)w;
    if (f->fd >= 0) close(f->fd);
    free(f);
}

static struct fd_way *fd_way_new(bool (*send)(struct push_way *, struct slice, struct err *),
                                 const char *what)
{
    struct fd_way *f = mem_alloc(1, sizeof *f);
    f->way.send = send;
    f->way.close = close_fd;
    f->fd = -1;
    f->what = what;
    return f;
}

/* Whole lines, as many as fit into a datagram. */
static bool send_udp(struct push_way *w, struct slice message, struct err *err)
{
    struct fd_way *f = (struct fd_way *)w;
    while (message.n) {
        size_t n = message.n < DATAGRAM_MAX ? message.n : DATAGRAM_MAX;
        while (n < message.n && n > 1 && message.p[n - 1] != '\n')
            n--;
        if (send(f->fd, message.p, n, 0) < 0 && errno != ECONNREFUSED)
            return err_sys(err, ERR_INTERNAL, errno, "statsd %s", f->what);
        message = slice_from(message, n);
    }
    return true; /* nobody listening is no error of UDP's sender */
}

static bool connect_udp(struct fd_way *f, const char *host, const char *port, struct err *err)
{
    struct addrinfo want = { .ai_socktype = SOCK_DGRAM }, *all = NULL;
    int state = getaddrinfo(host, port, &want, &all);
    if (state != 0) return err_set(err, ERR_USAGE, "statsd %s: %s", f->what, gai_strerror(state));
    for (struct addrinfo *a = all; a && f->fd < 0; a = a->ai_next) {
        int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) == 0)
            f->fd = fd;
        else if (fd >= 0)
            close(fd);
    }
    freeaddrinfo(all);
    return f->fd >= 0 || err_sys(err, ERR_INTERNAL, errno, "statsd %s", f->what);
}

struct push_way *push_udp(const char *host_port, struct err *err)
{
    struct fd_way *f = fd_way_new(send_udp, host_port);
    const char *colon = strrchr(host_port, ':');
    char *host = mem_dup(host_port, colon ? (size_t)(colon - host_port) : strlen(host_port));
    bool ok = connect_udp(f, host, colon ? colon + 1 : "8125", err);
    free(host);
    if (ok) return &f->way;
    close_fd(&f->way);
    return NULL;
}

static bool send_file(struct push_way *w, struct slice s, struct err *err)
{
    struct fd_way *f = (struct fd_way *)w;
    while (s.n) {
        ssize_t n = write(f->fd, s.p, s.n);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return err_sys(err, ERR_INTERNAL, errno, "%s", f->what);
        s = slice_from(s, (size_t)n);
    }
    return true;
}

struct push_way *push_file(const char *path, struct err *err)
{
    struct fd_way *f = fd_way_new(send_file, path);
    f->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (f->fd >= 0) return &f->way;
    err_sys(err, ERR_INTERNAL, errno, "%s", path);
    close_fd(&f->way);
    return NULL;
}
