/* What the two halves of the curl engine share: engine_curl.c has the multi handles, their sockets and the table of
 * replay/engine.h; curl_xfer.c has the easy handles, which turn a call into options and options into an answer. */
#ifndef REPLAY_CURL_XFER_H
#define REPLAY_CURL_XFER_H

#include <curl/curl.h>

#include "replay/curl_head.h"
#include "replay/curl_sock.h"

struct xfer;

/* What libcurl is told of an origin instead of looking its name up. */
struct told {
    const struct addresses *of; /* what list was made of */
    struct curl_slist *list;    /* NULL: nothing to tell */
    const char *path;           /* of a unix socket; NULL: none */
};

struct engine {
    const struct engine_cfg *cfg;
    struct xfer *spare;
    struct socks socks;
    struct told *told; /* per origin */
    unsigned look_up;  /* which look-up they are of */
    unsigned next_source;
};

struct engine_user {
    struct engine *e;
    CURLM *multi; /* NULL: nothing sent yet */
    struct timer timer;
    int active;          /* transfers given to multi */
    struct xfer *unsent; /* their host has no address: told from the timer */
    uint64_t told;       /* origins whose addresses multi knows, by index, … */
    unsigned look_up;    /* … as of this look-up */
    const struct sockaddr_storage *source;
};

/* One easy handle and what it needs for a request. */
struct xfer {
    CURL *easy;
    struct engine *e;
    struct call *c;
    struct buf head;          /* the request's lines, NUL-terminated */
    struct curl_slist *nodes; /* over them: curl only reads the list */
    size_t nodes_cap;
    struct buf target;           /* last told */
    const struct origin *origin; /* last told */
    struct slice method_told;    /* empty: curl's own choice */
    char method[32];
    uint64_t timeout_ns; /* last told */
    bool resolve_told, path_told;
    struct curl_head answer;
    struct buf body;
    uint64_t body_bytes, head_bytes;
    bool again; /* was sent a second time */
    char why[CURL_ERROR_SIZE];
    struct xfer *next;
};

struct xfer *xfer_new(struct engine *e); /* from the pool, or made; NULL: out of memory */
void xfer_rest(struct xfer *x);          /* into the pool */
void xfer_free(struct xfer *x);
void xfer_ask(struct xfer *x, struct engine_user *u); /* x->c in libcurl's options */
void xfer_read(struct xfer *x, CURLcode code);        /* what came of it, into x->c */
void xfer_told_free(struct engine *e);

#endif
