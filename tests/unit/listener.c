/* A thread accepts, a thread serves each connection. Freed while they run: every socket is shut down, which
 * ends the reads and writes of the threads. Limit: MAX_CONNECTIONS in a life. */
#include "tests/unit/listener.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/unit/test.h"

#define MAX_CONNECTIONS 4096

struct connection {
    struct listener *l;
    int fd; /* -1: closed */
    pthread_t thread;
};

struct listener {
    void (*serve)(void *server, int fd);
    void *server;
    int fd;
    uint16_t port;
    pthread_t acceptor;
    pthread_mutex_t lock; /* of every connection's fd */
    struct connection connections[MAX_CONNECTIONS];
    size_t n;
};

static void *connection_main(void *arg)
{
    struct connection *c = arg;
    c->l->serve(c->l->server, c->fd);
    pthread_mutex_lock(&c->l->lock);
    close(c->fd);
    c->fd = -1;
    pthread_mutex_unlock(&c->l->lock);
    return NULL;
}

static void *accept_main(void *arg)
{
    struct listener *l = arg;
    int fd, one = 1;
    while (l->n < MAX_CONNECTIONS && (fd = accept(l->fd, NULL, NULL)) >= 0) {
        struct connection *c = &l->connections[l->n++];
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        c->l = l;
        c->fd = fd;
        CHECK(pthread_create(&c->thread, NULL, connection_main, c) == 0);
    }
    return NULL;
}

struct listener *listener_new(void (*serve)(void *server, int fd), void *server)
{
    struct listener *l = mem_alloc(1, sizeof *l);
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof a;
    l->serve = serve;
    l->server = server;
    pthread_mutex_init(&l->lock, NULL);
    l->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(l->fd, (struct sockaddr *)&a, sizeof a) == 0);
    CHECK(listen(l->fd, 1024) == 0);
    CHECK(getsockname(l->fd, (struct sockaddr *)&a, &len) == 0);
    l->port = ntohs(a.sin_port);
    CHECK(pthread_create(&l->acceptor, NULL, accept_main, l) == 0);
    return l;
}

uint16_t listener_port(const struct listener *l)
{
    return l->port;
}

void listener_free(struct listener *l)
{
    shutdown(l->fd, SHUT_RDWR);
    pthread_join(l->acceptor, NULL);
    close(l->fd);
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < l->n; i++)
        if (l->connections[i].fd >= 0) shutdown(l->connections[i].fd, SHUT_RDWR);
    pthread_mutex_unlock(&l->lock);
    for (size_t i = 0; i < l->n; i++)
        pthread_join(l->connections[i].thread, NULL);
    pthread_mutex_destroy(&l->lock);
    free(l);
}
