/* What both kinds of io share: making sockets, keeping bytes that are still to be sent, choosing. */
#include "replay/native/io.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "replay/native/uring_probe.h"

struct io_out *io_out_of(struct slice head, struct slice body)
{
    size_t n = head.n + body.n;
    struct io_out *o = mem_resize(NULL, 1, sizeof *o + n);
    *o = (struct io_out){ .n = n, .cap = n };
    if (head.n) memcpy(o->bytes, head.p, head.n);
    if (body.n) memcpy(o->bytes + head.n, body.p, body.n);
    return o;
}

void io_out_free_all(struct io_out *o)
{
    while (o) {
        struct io_out *next = o->next;
        free(o);
        o = next;
    }
}

socklen_t io_addr_bytes(const struct sockaddr_storage *a)
{
    switch (a->ss_family) {
    case AF_INET6: return sizeof(struct sockaddr_in6);
    case AF_UNIX: return sizeof(struct sockaddr_un);
    }
    return sizeof(struct sockaddr_in);
}

static bool prepare(int fd, const struct sockaddr_storage *to, const struct sockaddr_storage *from)
{
    int one = 1;
    if (to->ss_family != AF_UNIX && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0)
        return false;
    if (!from || from->ss_family != to->ss_family) return true;
    /* The port is chosen at connect, so that one address serves many times 28,000 connections to
     * different servers (ip(7)). */
    if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one) != 0) return false;
    return bind(fd, (const struct sockaddr *)from, io_addr_bytes(from)) == 0;
}

int io_socket(const struct sockaddr_storage *to, const struct sockaddr_storage *from)
{
    int fd = socket(to->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    if (prepare(fd, to, from)) return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

const struct io_ops *io_find(const char *name)
{
    bool any = !name || strcmp(name, "auto") == 0;
    if ((any || strcmp(name, "io_uring") == 0) && uring_works()) return &io_uring_ops;
    if (any || strcmp(name, "epoll") == 0) return &io_epoll_ops;
    return NULL;
}
