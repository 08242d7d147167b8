/* The only place that includes microhttpd, for the three files that know it. Private to web.
 *
 *   server.c   the daemon, its thread, its connections, and web.h's functions
 *   request.c  bytes of a request to a struct ask, bodies and uploads
 *   reply.c    a struct reply to bytes, and streams of events
 *
 * One thread runs the daemon in external epoll mode and is woken through an eventfd when there are new
 * events; every call of the library comes from that thread. */
#ifndef WEB_SERVE_H
#define WEB_SERVE_H

#include <microhttpd.h>
#include <stdatomic.h>

#include "base/file.h"
#include "web/route.h"

struct stream;

/* A connection from its accept to its end. */
struct client {
    int fd;
    uint64_t until_ns; /* it is closed then; UINT64_MAX: not for being slow */
    struct client *next, **at;
};

struct web {
    struct site site;
    struct MHD_Daemon *daemon;
    struct stream *streams;
    struct client *clients;
    pthread_t thread;
    atomic_bool stop;
    bool closing; /* web thread: streams end */
    int wake_fd, uploads;
    uint64_t uploads_made, last_beat_ns;
    char folder[256], link[600], cookie[32];
    struct file cert, key;
};

struct request {
    struct web *web;
    struct ask ask;
    struct arena *arena;
    struct buf body;
    struct admission admission;
    int upload_fd; /* -1: none */
    const char *upload_path;
    uint64_t upload_bytes;
    bool refused, failed;
};

/* MHD_AccessHandlerCallback: once for the head, then for each piece of the body, then for its end. */
enum MHD_Result on_request(void *web, struct MHD_Connection *c, const char *url, const char *method,
                           const char *version, const char *data, size_t *data_n, void **request);
/* MHD_RequestCompletedCallback. */
void on_request_completed(void *web, struct MHD_Connection *c, void **request,
                          enum MHD_RequestTerminationCode why);

struct reply reply_new(void);
/* Queues the reply and frees what it holds. */
enum MHD_Result reply_send(struct request *q, struct MHD_Connection *c, struct reply *r);
/* There may be something to read for every stream. */
void streams_resume(struct web *w);

/* The connection may take so long for what it does now. */
void client_within(struct MHD_Connection *c, uint64_t ns);
#define CLIENT_ANY_TIME UINT64_MAX

#endif
