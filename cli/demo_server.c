/* The demo target's server: libmicrohttpd on one thread, requests in, demo_route's replies out.
 *
 * Called by cmd_demo.c. Bodies of requests are gathered up to MAX_BODY; larger ones get 413. Invariant:
 * the state belongs to the server's thread from demo_start to demo_stop. */
#include "cli/demo.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "cli/demo_delay.h"

#define MAX_BODY (64 * 1024)
#define MAX_ANSWER (1024 * 1024)
#define SPARE_FDS 64
#define MAX_FDS 65536

struct demo {
    struct demo_state *state;
    struct MHD_Daemon *daemon;
    struct demo_delay *delay; /* NULL: answers come at once */
    uint16_t port;
};

/* One request under way; made at its head, freed when libmicrohttpd is through with it. */
struct request {
    struct arena *arena;
    struct buf body;
    bool waited;
};

static struct slice header(struct MHD_Connection *c, enum MHD_ValueKind kind, const char *name)
{
    return slice_z(MHD_lookup_connection_value(c, kind, name));
}

static void add_headers(struct MHD_Response *r, const struct demo_reply *reply, struct arena *a)
{
    MHD_add_response_header(r, "Content-Type", reply->type);
    MHD_add_response_header(r, "Cache-Control", "no-store");
    if (reply->location.n) MHD_add_response_header(r, "Location", arena_z(a, reply->location));
    if (!reply->cookie) return;
    const char *end = *reply->cookie ? "" : "; Max-Age=0";
    struct slice v =
        arena_printf(a, "sid=%s; Path=/; HttpOnly; SameSite=Lax%s", reply->cookie, end);
    MHD_add_response_header(r, "Set-Cookie", v.p);
}

static enum MHD_Result answer(struct MHD_Connection *c, struct demo_reply *reply, struct arena *a)
{
    struct slice body = buf_slice(&reply->body);
    char *copy = mem_dup(body.p, body.n);
    struct MHD_Response *r = MHD_create_response_from_buffer(body.n, copy, MHD_RESPMEM_MUST_FREE);
    if (!r) {
        free(copy);
        return MHD_NO;
    }
    add_headers(r, reply, a);
    enum MHD_Result queued = MHD_queue_response(c, reply->status, r);
    MHD_destroy_response(r);
    return queued;
}

static enum MHD_Result whole_request(struct demo *d, struct MHD_Connection *c, struct request *q,
                                     const char *method, const char *path)
{
    if (d->delay && !q->waited) {
        q->waited = true;
        MHD_suspend_connection(c);
        demo_delay_hold(d->delay, c);
        return MHD_YES;
    }
    struct demo_ask ask = {
        .method = slice_z(strcmp(method, "HEAD") == 0 ? "GET" : method),
        .path = slice_z(path),
        .sid = header(c, MHD_COOKIE_KIND, "sid"),
        .authorization = header(c, MHD_HEADER_KIND, "Authorization"),
        .csrf_header = header(c, MHD_HEADER_KIND, "X-CSRF-Token"),
        .body = buf_slice(&q->body),
        .arena = q->arena,
    };
    struct demo_reply reply = { .status = 413, .type = "text/plain", .body = BUF_INIT(MAX_ANSWER) };
    if (!q->body.bad) demo_route(d->state, &ask, &reply);
    enum MHD_Result queued = answer(c, &reply, q->arena);
    buf_free(&reply.body);
    return queued;
}

/* MHD_AccessHandlerCallback: once for the head, then for each piece of the body, then for its end. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_n, void **con_cls)
{
    (void)version;
    struct request *q = *con_cls;
    if (!q) {
        *con_cls = q = mem_alloc(1, sizeof *q);
        q->arena = arena_new();
        buf_init(&q->body, MAX_BODY);
        return MHD_YES;
    }
    if (*data_n == 0) return whole_request(cls, c, q, method, url);
    buf_add(&q->body, (struct slice){ data, *data_n });
    *data_n = 0;
    return MHD_YES;
}

static void on_completed(void *cls, struct MHD_Connection *c, void **con_cls,
                         enum MHD_RequestTerminationCode why)
{
    (void)cls;
    (void)c;
    (void)why;
    struct request *q = *con_cls;
    if (!q) return;
    arena_free(q->arena);
    buf_free(&q->body);
    free(q);
}

/* As many connections as the process may have descriptors. */
static unsigned connection_limit(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) != 0) return 960;
    r.rlim_cur = r.rlim_max < MAX_FDS ? r.rlim_max : MAX_FDS;
    setrlimit(RLIMIT_NOFILE, &r);
    return (unsigned)r.rlim_cur - SPARE_FDS;
}

static void resume(void *connection)
{
    MHD_resume_connection(connection);
}

/* libmicrohttpd wants no connection suspended when it stops. */
static void demo_end(struct demo *d)
{
    if (d->delay) demo_delay_end(d->delay);
    if (d->daemon) MHD_stop_daemon(d->daemon);
}

static void demo_free(struct demo *d)
{
    demo_delay_free(d->delay);
    demo_state_free(d->state);
    free(d);
}

struct demo *demo_start(uint16_t port, uint64_t delay_ns, struct err *err)
{
    struct demo *d = mem_alloc(1, sizeof *d);
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    d->state = demo_state_new();
    if (delay_ns && !(d->delay = demo_delay_new(delay_ns, resume, err))) {
        demo_free(d);
        return NULL;
    }
    d->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO | MHD_ALLOW_SUSPEND_RESUME, port, NULL, NULL,
        on_request, d, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&at, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, NULL, MHD_OPTION_CONNECTION_LIMIT, connection_limit(),
        MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024u, MHD_OPTION_CONNECTION_TIMEOUT, 120u, MHD_OPTION_END);
    if (!d->daemon) {
        err_sys(err, ERR_INTERNAL, errno, "the demo target cannot listen on 127.0.0.1:%u", port);
        demo_end(d);
        demo_free(d);
        return NULL;
    }
    d->port = MHD_get_daemon_info(d->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    return d;
}

uint16_t demo_port(const struct demo *d)
{
    return d->port;
}

void demo_stop(struct demo *d, struct demo_truth *truth)
{
    if (!d) return;
    demo_end(d);
    *truth = *demo_state_truth(d->state);
    demo_free(d);
}
