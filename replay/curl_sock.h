/* The sockets of the curl engine by descriptor: watched over the loop, left watched while they rest. */
#ifndef REPLAY_CURL_SOCK_H
#define REPLAY_CURL_SOCK_H

#include "base/loop.h"

struct engine_user;

struct sock {
    struct loop_io io; /* first */
    struct socks *all;
    struct engine_user *user;
    unsigned events; /* watched for */
    bool connection; /* not one of libcurl's own (its resolver has some) */
    bool resting;    /* nobody cares for it now */
};

struct socks {
    struct loop *loop;
    void (*ready)(struct sock *s, unsigned events); /* of sockets that do not rest */
    struct sock **by_fd;
    size_t n;
    size_t connections; /* of them, open now */
};

struct sock *sock_at(struct socks *all, int fd); /* made if it is new */
void sock_watch(struct sock *s, struct engine_user *user, unsigned events);
void sock_rest(struct sock *s);               /* kept watched if it is a connection */
void sock_opened(struct socks *all, int fd);  /* a fresh connection under this number */
void sock_closing(struct socks *all, int fd); /* before close() */
void socks_free(struct socks *all);

#endif
