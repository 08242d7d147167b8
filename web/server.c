/* The one place that knows libmicrohttpd: connections in, struct ask and struct reply in between, bytes out.
 *
 * One thread runs the daemon in external epoll mode and is woken through an eventfd when there are new
 * events; every call of the library comes from that thread. Bodies are gathered up to what route.c admits,
 * uploads straight to a file. Streams that have nothing to read are suspended; one that does not take its
 * bytes for IDLE_S is closed by the library. Limits: CONNECTIONS at once, UPLOADS files at once. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netdb.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "web/route.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/gz.h"
#include "base/mem.h"
#include "base/num.h"

#define CONNECTIONS 256u
#define CONNECTION_BYTES ((size_t)32 * 1024)
#define IDLE_S 30u
#define UPLOADS 2
#define BEAT_NS (10 * NS_PER_S)
#define REPLY_BYTES (256u << 20)
#define GZIP_FROM 1400
#define STREAM_BYTES 8192

struct stream {
    struct web *web;
    struct MHD_Connection *connection;
    struct events_cursor cursor;
    bool suspended;
    struct stream *next, **at; /* list of all; at points to what points here */
};

struct web {
    struct site site;
    struct MHD_Daemon *daemon;
    struct stream *streams;
    pthread_t thread;
    atomic_bool stop;
    bool closing; /* web thread: streams end */
    int wake_fd, uploads;
    uint64_t uploads_made, last_beat_ns;
    char folder[256], link[600];
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
        .cookie_token = slice_z(MHD_lookup_connection_value(c, MHD_COOKIE_KIND, "reprise_token")),
        .type = header(c, "Content-Type"),
        .if_none_match = header(c, "If-None-Match"),
        .gzip = slice_find(header(c, "Accept-Encoding"), SL("gzip")) != SLICE_NONE,
        .client = client_of(c),
        .arena = r->arena,
    };
    MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, on_argument, q);
}

/* ---- streams -------------------------------------------------------------------------------------- */

static ssize_t on_stream_read(void *cls, uint64_t position, char *out, size_t max)
{
    struct stream *s = cls;
    (void)position;
    if (s->web->closing) return MHD_CONTENT_READER_END_OF_STREAM;
    struct board *l = &s->web->site.board;
    pthread_mutex_lock(&l->lock);
    size_t n = events_read(l->events, &s->cursor, out, max);
    pthread_mutex_unlock(&l->lock);
    if (n == EVENTS_LOST) return MHD_CONTENT_READER_END_OF_STREAM;
    if (n == 0) {
        s->suspended = true;
        MHD_suspend_connection(s->connection);
    }
    return (ssize_t)n;
}

static void on_stream_end(void *cls)
{
    struct stream *s = cls;
    *s->at = s->next;
    if (s->next) s->next->at = s->at;
    free(s);
}

static struct MHD_Response *new_stream(struct web *w, struct MHD_Connection *c)
{
    struct stream *s = mem_alloc(1, sizeof *s);
    *s = (struct stream){ .web = w, .connection = c, .next = w->streams, .at = &w->streams };
    pthread_mutex_lock(&w->site.board.lock);
    s->cursor = events_end(w->site.board.events);
    pthread_mutex_unlock(&w->site.board.lock);
    if (s->next) s->next->at = &s->next;
    w->streams = s;
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BYTES, on_stream_read, s,
                                             on_stream_end);
}

static void resume_streams(struct web *w)
{
    for (struct stream *s = w->streams; s; s = s->next) {
        if (!s->suspended) continue;
        s->suspended = false;
        MHD_resume_connection(s->connection);
    }
}

/* ---- replies ----------------------------------------------------------------------------------------- */

static void add_safety_headers(struct MHD_Response *m)
{
    static const char *const headers[][2] = {
        { "Content-Security-Policy",
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
          "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" },
        { "X-Content-Type-Options", "nosniff" },
        { "X-Frame-Options", "DENY" },
        { "Referrer-Policy", "no-referrer" },
        { "Cross-Origin-Resource-Policy", "same-origin" },
        { "Cross-Origin-Opener-Policy", "same-origin" },
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        MHD_add_response_header(m, headers[i][0], headers[i][1]);
}

static void add_headers(struct request *q, const struct reply *r, struct MHD_Response *m)
{
    add_safety_headers(m);
    MHD_add_response_header(m, "Cache-Control", r->asset ? "no-cache" : "no-store");
    MHD_add_response_header(m, "Vary", "Accept-Encoding");
    if (r->type) MHD_add_response_header(m, "Content-Type", r->type);
    if (r->asset) MHD_add_response_header(m, "ETag", r->asset->etag);
    if (r->allow) MHD_add_response_header(m, "Allow", r->allow);
    if (r->location.n) MHD_add_response_header(m, "Location", arena_z(q->arena, r->location));
    if (r->status == 401) MHD_add_response_header(m, "WWW-Authenticate", "Bearer");
    if (r->status == 429) MHD_add_response_header(m, "Retry-After", "1");
    if (r->download.n) {
        struct slice v =
            arena_printf(q->arena, "attachment; filename=\"%.*s\"", SL_FMT(r->download));
        MHD_add_response_header(m, "Content-Disposition", v.p);
    }
    if (!r->set_cookie) return;
    const struct web *w = q->web;
    struct slice v = arena_printf(q->arena, "reprise_token=%s; Path=/; HttpOnly; SameSite=Strict%s",
                                  w->site.guard.token, w->cert.text.n ? "; Secure" : "");
    MHD_add_response_header(m, "Set-Cookie", v.p);
}

static struct MHD_Response *from_bytes(struct slice s)
{
    struct MHD_Response *m =
        MHD_create_response_from_buffer(s.n, mem_dup(s.p ? s.p : "", s.n), MHD_RESPMEM_MUST_FREE);
    return m;
}

static struct MHD_Response *zipped(struct MHD_Response *m)
{
    MHD_add_response_header(m, "Content-Encoding", "gzip");
    return m;
}

static struct MHD_Response *asset_response(const struct request *q, const struct reply *r)
{
    const struct asset *a = r->asset;
    struct slice gzip = { (const char *)a->gzip, a->gzip_bytes };
    if (r->status == 304) return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (q->ask.gzip)
        return zipped(MHD_create_response_from_buffer(gzip.n, (void *)(uintptr_t)gzip.p,
                                                      MHD_RESPMEM_PERSISTENT));
    struct buf plain = BUF_INIT(a->plain_bytes);
    size_t at = 0;
    gz_next(gzip, &at, &plain);
    struct MHD_Response *m = from_bytes(buf_slice(&plain));
    buf_free(&plain);
    return m;
}

static struct MHD_Response *body_response(const struct request *q, const struct reply *r)
{
    struct slice body = buf_slice(&r->body);
    if (!q->ask.gzip || body.n < GZIP_FROM) return from_bytes(body);
    struct buf small = BUF_INIT(body.n + 1000);
    bool ok = gz_member(&small, body, 1);
    struct MHD_Response *m = ok ? zipped(from_bytes(buf_slice(&small))) : from_bytes(body);
    buf_free(&small);
    return m;
}

static enum MHD_Result send_reply(struct request *q, struct MHD_Connection *c, struct reply *r)
{
    struct MHD_Response *m;
    if (r->body.bad) reply_error(r, 500, SL("The answer is larger than this server sends."));
    if (r->stream)
        m = new_stream(q->web, c);
    else if (r->fd >= 0)
        m = MHD_create_response_from_fd64(r->fd_bytes, r->fd);
    else if (r->asset)
        m = asset_response(q, r);
    else
        m = body_response(q, r);
    if (!m) return MHD_NO;
    add_headers(q, r, m);
    enum MHD_Result queued = MHD_queue_response(c, r->status, m);
    MHD_destroy_response(m);
    buf_free(&r->body);
    return queued;
}

static struct reply new_reply(void)
{
    return (struct reply){ .status = 200, .fd = -1, .body = BUF_INIT(REPLY_BYTES) };
}

static enum MHD_Result send_error(struct request *q, struct MHD_Connection *c, unsigned status,
                                  struct slice sentence)
{
    struct reply r = new_reply();
    q->refused = true;
    reply_error(&r, status, sentence);
    return send_reply(q, c, &r);
}

/* ---- requests ------------------------------------------------------------------------------------------ */

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
    struct reply r = new_reply();
    if (!route_admit(&q->web->site, &q->ask, &q->admission, &r)) {
        q->refused = true;
        return send_reply(q, c, &r);
    }
    if (declared_too_large(c, q->admission.max_body))
        return send_error(q, c, 413, SL("The request is larger than this path takes."));
    if (!q->admission.to_file) return MHD_YES;
    if (q->web->uploads >= UPLOADS)
        return send_error(q, c, 429, SL("Other files are being uploaded; wait a moment."));
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
    if (q->body.bad)
        return send_error(q, c, 413, SL("The request is larger than this path takes."));
    if (q->failed) return send_error(q, c, 507, SL("The file could not be stored."));
    struct reply r = new_reply();
    q->ask.body = buf_slice(&q->body);
    if (q->upload_fd >= 0) {
        close(q->upload_fd);
        q->upload_fd = -1;
        if (q->upload_bytes) q->ask.upload_path = q->upload_path;
    }
    route_answer(&q->web->site, &q->ask, &r);
    drop_upload(q); /* before the client hears that it was read */
    return send_reply(q, c, &r);
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
        q->web = cls;
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

static void on_completed(void *cls, struct MHD_Connection *c, void **con_cls,
                         enum MHD_RequestTerminationCode why)
{
    (void)cls;
    (void)c;
    (void)why;
    struct request *q = *con_cls;
    if (!q) return;
    if (q->upload_fd >= 0) close(q->upload_fd);
    drop_upload(q);
    arena_free(q->arena);
    buf_free(&q->body);
    free(q);
    *con_cls = NULL;
}

/* ---- the thread --------------------------------------------------------------------------------------- */

static int turn_timeout_ms(const struct web *w)
{
    MHD_UNSIGNED_LONG_LONG wanted;
    uint64_t now = clock_mono_ns(), beat = w->last_beat_ns + BEAT_NS;
    uint64_t ms = beat > now ? (beat - now) / NS_PER_MS + 1 : 0;
    if (MHD_get_timeout(w->daemon, &wanted) == MHD_YES && wanted < ms) ms = wanted;
    return (int)ms;
}

/* Streams of a run that stands still are told that we are alive. */
static void beat(struct web *w)
{
    uint64_t now = clock_mono_ns();
    if (now < w->last_beat_ns + BEAT_NS) return;
    w->last_beat_ns = now;
    board_event(&w->site.board, "beat", SL("{}"));
}

static void *serve(void *arg)
{
    struct web *w = arg;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(w->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct pollfd p[] = { { .fd = info->epoll_fd, .events = POLLIN },
                          { .fd = w->wake_fd, .events = POLLIN } };
    while (!atomic_load(&w->stop)) {
        uint64_t count;
        poll(p, 2, turn_timeout_ms(w));
        beat(w);
        if (read(w->wake_fd, &count, sizeof count) == (ssize_t)sizeof count) resume_streams(w);
        MHD_run(w->daemon);
    }
    w->closing = true;
    resume_streams(w);
    MHD_run(w->daemon);
    return NULL;
}

/* ---- life ------------------------------------------------------------------------------------------------ */

static bool resolve(const char *host, uint16_t port, struct sockaddr_storage *out, struct err *err)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *found;
    int state = getaddrinfo(host, NULL, &hints, &found);
    if (state != 0) return err_set(err, ERR_USAGE, "--web-host %s: %s", host, gai_strerror(state));
    memcpy(out, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    if (out->ss_family == AF_INET)
        ((struct sockaddr_in *)(void *)out)->sin_port = htons(port);
    else
        ((struct sockaddr_in6 *)(void *)out)->sin6_port = htons(port);
    return true;
}

static bool read_tls(struct web *w, const struct web_cfg *cfg, struct err *err)
{
    if (!cfg->tls_cert && !cfg->tls_key) return true;
    if (!cfg->tls_cert || !cfg->tls_key)
        return err_set(err, ERR_USAGE, "--tls-cert and --tls-key belong together");
    return file_read(&w->cert, cfg->tls_cert, 1 << 20, err) &&
           file_read(&w->key, cfg->tls_key, 1 << 20, err);
}

static bool listen_at(struct web *w, struct sockaddr_storage *at, struct err *err)
{
    struct MHD_OptionItem options[12] = {
        { MHD_OPTION_SOCK_ADDR, 0, at },
        { MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS, NULL },
        { MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, NULL },
        { MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)CONNECTION_BYTES, NULL },
    };
    struct MHD_OptionItem *o = options + 4;
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
    if (at->ss_family == AF_INET6) flags |= MHD_USE_IPv6;
    if (w->cert.text.n) {
        flags |= MHD_USE_TLS;
        *o++ = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_CERT, 0,
                                        mem_dup(w->cert.text.p, w->cert.text.n) };
        *o++ = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_KEY, 0,
                                        mem_dup(w->key.text.p, w->key.text.n) };
    }
    *o = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
    errno = 0;
    w->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, w, MHD_OPTION_NOTIFY_COMPLETED,
                                 on_completed, NULL, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
    for (struct MHD_OptionItem *i = options + 4; i < o; i++)
        free(i->ptr_value);
    if (w->daemon) return true;
    if (errno == 0) return err_set(err, ERR_USAGE, "--tls-cert or --tls-key cannot be used");
    return err_sys(err, ERR_USAGE, errno, "the page cannot listen there");
}

static bool make_folder(struct web *w, struct err *err)
{
    const char *tmp = getenv("TMPDIR");
    int n =
        snprintf(w->folder, sizeof w->folder, "%s/reprise-web-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (n < 0 || (size_t)n >= sizeof w->folder || !mkdtemp(w->folder)) {
        w->folder[0] = '\0';
        return err_sys(err, ERR_INTERNAL, errno, "temporary folder");
    }
    w->site.folder = w->folder;
    return true;
}

static void make_link(struct web *w, const char *host)
{
    uint16_t port = MHD_get_daemon_info(w->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    const char *token = w->site.guard.token;
    bool any = strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
    const char *shown = any && w->site.guard.machine[0] ? w->site.guard.machine : host;
    bool six = strchr(shown, ':') != NULL;
    snprintf(w->link, sizeof w->link, "http%s://%s%s%s:%u/%s%s", w->cert.text.n ? "s" : "",
             six ? "[" : "", shown, six ? "]" : "", port, *token ? "?token=" : "", token);
}

static bool start(struct web *w, const struct web_cfg *cfg, struct err *err)
{
    const char *host = cfg->host ? cfg->host : "127.0.0.1";
    struct sockaddr_storage at = { 0 };
    bool token = cfg->want_token || (!cfg->insecure && !guard_is_local(host));
    if (!guard_init(&w->site.guard, host, token, err)) return false;
    if (!read_tls(w, cfg, err) || !resolve(host, cfg->port, &at, err)) return false;
    if (!make_folder(w, err)) return false;
    if (!listen_at(w, &at, err)) {
        err_context(err, "%s:%u", host, cfg->port);
        return false;
    }
    make_link(w, host);
    w->last_beat_ns = clock_mono_ns();
    int state = pthread_create(&w->thread, NULL, serve, w);
    if (state == 0) return true;
    MHD_stop_daemon(w->daemon);
    w->daemon = NULL;
    return err_sys(err, ERR_INTERNAL, state, "thread of the page");
}

struct web *web_new(const struct web_cfg *cfg, struct err *err)
{
    struct web *w = mem_alloc(1, sizeof *w);
    w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    board_init(&w->site.board, cfg->control, w->wake_fd);
    if (w->wake_fd >= 0 && start(w, cfg, err)) return w;
    web_free(w);
    return NULL;
}

void web_free(struct web *w)
{
    if (!w) return;
    if (w->daemon) {
        uint64_t one = 1;
        atomic_store(&w->stop, true);
        ssize_t n = write(w->wake_fd, &one, sizeof one);
        (void)n;
        pthread_join(w->thread, NULL);
        MHD_stop_daemon(w->daemon);
    }
    if (w->folder[0]) rmdir(w->folder);
    if (w->wake_fd >= 0) close(w->wake_fd);
    board_free(&w->site.board);
    file_close(&w->cert);
    file_close(&w->key);
    free(w);
}

const char *web_link(const struct web *w)
{
    return w->link;
}

void web_set_state(struct web *w, enum web_state s)
{
    board_set_state(&w->site.board, s);
}

void web_plan_changed(struct web *w)
{
    board_event(&w->site.board, "plan", SL("{}"));
}

void web_note(struct web *w, enum log_level level, const char *fmt, ...)
{
    char text[BOARD_LOG_BYTES];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    board_note(&w->site.board, level, text);
}

struct interval_sink *web_sink(struct web *w)
{
    return &w->site.board.sink;
}

void web_begin(struct web *w, struct collector *c, const struct run_info *info)
{
    board_begin(&w->site.board, c, info);
}

void web_leave(struct web *w)
{
    board_leave(&w->site.board);
}
