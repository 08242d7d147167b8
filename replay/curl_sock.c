/* Sockets by descriptor. Used by the curl engine only.
 *
 * libcurl asks to forget a socket after each answer and to watch it again with the next request: two system
 * calls that cost more than the rest of the loop. So a connection stays watched while it rests, until
 * it is closed or the server closes it. Invariant: `events` is what the kernel has. */
#include "replay/curl_sock.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void on_ready(struct loop_io *io, unsigned events)
{
    struct sock *s = (struct sock *)(void *)io;
    if (!s->resting) {
        s->all->ready(s, events);
        return;
    }
    /* The server closed it: libcurl will see that when it takes the connection again. */
    loop_remove(s->all->loop, io);
    s->events = 0;
}

struct sock *sock_at(struct socks *all, int fd)
{
    size_t at = (size_t)fd;
    if (at >= all->n) {
        size_t n = at < 512 ? 1024 : at * 2;
        all->by_fd = mem_resize(all->by_fd, n, sizeof *all->by_fd);
        memset(all->by_fd + all->n, 0, (n - all->n) * sizeof *all->by_fd);
        all->n = n;
    }
    struct sock *s = all->by_fd[at];
    if (s) return s;
    s = all->by_fd[at] = mem_alloc(1, sizeof *s);
    s->io = (struct loop_io){ .fd = fd, .ready = on_ready };
    s->all = all;
    return s;
}

void sock_watch(struct sock *s, struct engine_user *user, unsigned events)
{
    s->user = user;
    s->resting = false;
    if (s->events == events) return;
    if (s->events)
        loop_change(s->all->loop, &s->io, events);
    else
        loop_add(s->all->loop, &s->io, events, NULL);
    s->events = events;
}

static void forget(struct socks *all, int fd)
{
    if ((size_t)fd >= all->n || !all->by_fd[fd]) return;
    all->connections -= all->by_fd[fd]->connection;
    free(all->by_fd[fd]);
    all->by_fd[fd] = NULL;
}

void sock_rest(struct sock *s)
{
    s->resting = true;
    if (!s->connection) sock_closing(s->all, s->io.fd);
}

void sock_opened(struct socks *all, int fd)
{
    forget(all, fd); /* what stood there was closed without a word */
    sock_at(all, fd)->connection = true;
    all->connections++;
}

void sock_closing(struct socks *all, int fd)
{
    struct sock *s = (size_t)fd < all->n ? all->by_fd[fd] : NULL;
    if (s && s->events) loop_remove(all->loop, &s->io);
    forget(all, fd);
}

void socks_free(struct socks *all)
{
    for (size_t i = 0; i < all->n; i++)
        free(all->by_fd[i]);
    free(all->by_fd);
    *all = (struct socks){ 0 };
}
