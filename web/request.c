/* A request's bytes to a struct ask: its head, its body up to what route.c admits, an upload straight to a file.
 * Called by libmicrohttpd on the web thread. A request that is refused or too large is answered at once and
 * its body is not kept. Limits: UPLOADS files at once; BODY_S and UPLOAD_S for a body to come whole. */
#include "web/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"

#define UPLOADS 2
#define HEAD_S 30
#define BODY_S 30
#define UPLOAD_S 1800

/* ---- asks --------------------------------------------------------------------------------------- */

static struct slice header(struct MHD_Connection *c, const char *name)
{
    return slice_z(MHD_lookup_connection_value(c, MHD_HEADER_KIND, name));
}

static enum MHD_Result on_argument(void *cls, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    struct ask *q = cls;
    (void)kind;
    if (q->args_n < ASK_ARGS)
        q->args[q->args_n++] = (struct ask_arg){ slice_z(name), slice_z(value) };
    return MHD_YES;
}

/* Addresses as a number, for limits: IPv6 ones by their network. */
static uint64_t client_of(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (!info || !info->client_addr) return 0;
    if (info->client_addr->sa_family == AF_INET) {
        const struct sockaddr_in *four = (const void *)info->client_addr;
        return slice_hash((struct slice){ (const char *)&four->sin_addr, 4 });
    }
    const struct sockaddr_in6 *six = (const void *)info->client_addr;
    return slice_hash((struct slice){ (const char *)&six->sin6_addr, 8 });
}

static void fill_ask(struct request *r, struct MHD_Connection *c, const char *method,
                     const char *path)
{
    struct ask *q = &r->ask;
    *q = (struct ask){
        .method = slice_z(method),
        .path = arena_dup(r->arena, slice_z(path)),
        .host = header(c, "Host"),
        .origin = header(c, "Origin"),
        .fetch_site = header(c, "Sec-Fetch-Site"),
        .authorization = header(c, "Authorization"),
        .cookie_token = slice_z(MHD_lookup_connection_value(c, MHD_COOKIE_KIND, r->web->cookie)),
        .type = header(c, "Content-Type"),
        .if_none_match = header(c, "If-None-Match"),
        .gzip = slice_find(header(c, "Accept-Encoding"), SL("gzip")) != SLICE_NONE,
        .client = client_of(c),
        .arena = r->arena,
    };
    MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, on_argument, q);
}

/* ---- bodies ------------------------------------------------------------------------------------------ */

static enum MHD_Result send_error(struct request *q, struct MHD_Connection *c, unsigned status,
                                  struct slice sentence)
{
    struct reply r = reply_new();
    q->refused = true;
    reply_error(&r, status, sentence);
    return reply_send(q, c, &r);
}

static bool open_upload(struct request *q)
{
    struct web *w = q->web;
    const char *path =
        arena_printf(q->arena, "%s/upload-%llu", w->folder, (unsigned long long)++w->uploads_made)
            .p;
    q->upload_fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (q->upload_fd < 0) return false;
    w->uploads++;
    q->upload_path = path;
    return true;
}

static bool declared_too_large(struct MHD_Connection *c, size_t max)
{
    uint64_t n;
    struct slice length = header(c, "Content-Length");
    return length.n && (!num_u64(length, UINT64_MAX, &n) || n > max);
}

static enum MHD_Result begin(struct request *q, struct MHD_Connection *c)
{
    struct reply r = reply_new();
    client_within(c, BODY_S * NS_PER_S);
    if (!route_admit(&q->web->site, &q->ask, &q->admission, &r)) {
        q->refused = true;
        return reply_send(q, c, &r);
    }
    if (declared_too_large(c, q->admission.max_body))
        return send_error(q, c, 413, SL("The request is larger than this path takes."));
    if (!q->admission.to_file) return MHD_YES;
    if (q->web->uploads >= UPLOADS)
        return send_error(q, c, 429, SL("Other files are being uploaded; wait a moment."));
    client_within(c, UPLOAD_S * NS_PER_S);
    if (!open_upload(q))
        return send_error(q, c, 507, SL("The temporary folder cannot be written."));
    return MHD_YES;
}

static void take_body(struct request *q, struct slice piece)
{
    if (!q->admission.to_file) {
        buf_add(&q->body, piece);
        return;
    }
    q->upload_bytes += piece.n;
    if (q->upload_bytes > q->admission.max_body) q->failed = true;
    while (piece.n && !q->failed) {
        ssize_t n = write(q->upload_fd, piece.p, piece.n);
        if (n <= 0 && errno != EINTR) q->failed = true;
        if (n > 0) piece = slice_from(piece, (size_t)n);
    }
}

static void drop_upload(struct request *q)
{
    if (!q->upload_path) return;
    unlink(q->upload_path);
    q->upload_path = NULL;
    q->web->uploads--;
}

static enum MHD_Result finish(struct request *q, struct MHD_Connection *c)
{
    client_within(c, CLIENT_ANY_TIME); /* it reads now: idle connections end by themselves */
    if (q->body.bad)
        return send_error(q, c, 413, SL("The request is larger than this path takes."));
    if (q->failed) return send_error(q, c, 507, SL("The file could not be stored."));
    struct reply r = reply_new();
    q->ask.body = buf_slice(&q->body);
    if (q->upload_fd >= 0) {
        close(q->upload_fd);
        q->upload_fd = -1;
        if (q->upload_bytes) q->ask.upload_path = q->upload_path;
    }
    route_answer(&q->web->site, &q->ask, &r);
    drop_upload(q); /* before the client hears that it was read */
    return reply_send(q, c, &r);
}

enum MHD_Result on_request(void *web, struct MHD_Connection *c, const char *url, const char *method,
                           const char *version, const char *data, size_t *data_n, void **request)
{
    (void)version;
    struct request *q = *request;
    if (!q) {
        *request = q = mem_alloc(1, sizeof *q);
        q->web = web;
        q->arena = arena_new();
        q->upload_fd = -1;
        fill_ask(q, c, method, url);
        buf_init(&q->body, 64 * 1024);
        return begin(q, c);
    }
    if (q->refused) {
        *data_n = 0;
        return MHD_YES;
    }
    if (*data_n == 0) return finish(q, c);
    take_body(q, (struct slice){ data, *data_n });
    *data_n = 0;
    return MHD_YES;
}

void on_request_completed(void *web, struct MHD_Connection *c, void **request,
                          enum MHD_RequestTerminationCode why)
{
    struct request *q = *request;
    (void)web;
    (void)why;
    if (!q) return;
    client_within(c, HEAD_S * NS_PER_S); /* for the next one */
    if (q->upload_fd >= 0) close(q->upload_fd);
    drop_upload(q);
    arena_free(q->arena);
    buf_free(&q->body);
    free(q);
    *request = NULL;
}
