/* The page's server: libmicrohttpd's daemon, the one thread that runs it, its connections, and what web.h
 * gives to others.
 *
 * The thread waits for the daemon's epoll descriptor and for an eventfd that tells of new events. Limits:
 * CONNECTIONS at once, PER_CLIENT from one address; one that is idle for IDLE_S is closed by the library, one
 * that takes too long to send a request (byte by byte, say) by close_late. */
#include "web/serve.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

#define CONNECTIONS 256u
#define PER_CLIENT 128u
#define CONNECTION_BYTES ((size_t)32 * 1024)
#define IDLE_S 30u
#define FIRST_HEAD_NS (5 * NS_PER_S)
#define TLS_VERSIONS "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
#define BEAT_NS (10 * NS_PER_S)

/* ---- connections -------------------------------------------------------------------------------- */

static void on_connection(void *web, struct MHD_Connection *c, void **client,
                          enum MHD_ConnectionNotificationCode what)
{
    struct web *w = web;
    struct client *k = *client;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        *k->at = k->next;
        if (k->next) k->next->at = k->at;
        free(k);
        return;
    }
    *client = k = mem_alloc(1, sizeof *k);
    k->fd = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    k->until_ns = clock_mono_ns() + FIRST_HEAD_NS;
    k->next = w->clients;
    k->at = &w->clients;
    if (k->next) k->next->at = &k->next;
    w->clients = k;
}

void client_within(struct MHD_Connection *c, uint64_t ns)
{
    struct client *k =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    k->until_ns = ns == CLIENT_ANY_TIME ? ns : clock_mono_ns() + ns;
}

/* The library's limit is for silence only. The descriptor stays its own: it sees the end and closes. */
static void close_late(struct web *w)
{
    uint64_t now = clock_mono_ns();
    for (struct client *k = w->clients; k; k = k->next) {
        if (k->until_ns > now) continue;
        k->until_ns = CLIENT_ANY_TIME;
        shutdown(k->fd, SHUT_RDWR);
    }
}

static uint64_t next_late_ns(const struct web *w)
{
    uint64_t next = UINT64_MAX;
    for (const struct client *k = w->clients; k; k = k->next)
        if (k->until_ns < next) next = k->until_ns;
    return next;
}

/* ---- the thread --------------------------------------------------------------------------------------- */

static int turn_timeout_ms(const struct web *w)
{
    MHD_UNSIGNED_LONG_LONG wanted;
    uint64_t now = clock_mono_ns(), next = w->last_beat_ns + BEAT_NS, late = next_late_ns(w);
    if (late < next) next = late;
    uint64_t ms = next > now ? (next - now) / NS_PER_MS + 1 : 0;
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
        close_late(w);
        if (read(w->wake_fd, &count, sizeof count) == (ssize_t)sizeof count) streams_resume(w);
        MHD_run(w->daemon);
    }
    w->closing = true;
    streams_resume(w);
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
        { MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, w },
        { MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_request_completed, w },
        { MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS, NULL },
        { MHD_OPTION_PER_IP_CONNECTION_LIMIT, PER_CLIENT, NULL },
        { MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, NULL },
        { MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)CONNECTION_BYTES, NULL },
    };
    struct MHD_OptionItem *own = options + 7, *o = own;
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
    if (at->ss_family == AF_INET6) flags |= MHD_USE_IPv6;
    if (w->cert.text.n) {
        flags |= MHD_USE_TLS;
        *o++ = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_CERT, 0,
                                        mem_dup(w->cert.text.p, w->cert.text.n) };
        *o++ = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_KEY, 0,
                                        mem_dup(w->key.text.p, w->key.text.n) };
        *o++ = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_PRIORITIES, 0,
                                        mem_dup(TLS_VERSIONS, sizeof TLS_VERSIONS) };
    }
    *o = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
    errno = 0;
    w->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, w, MHD_OPTION_ARRAY, options,
                                 MHD_OPTION_END);
    for (struct MHD_OptionItem *i = own; i < o; i++)
        free(i->ptr_value);
    if (w->daemon) return true;
    if (errno == 0) return err_set(err, ERR_USAGE, "--tls-cert or --tls-key cannot be used");
    return err_sys(err, ERR_USAGE, errno, "the page cannot listen there");
}

static bool make_folder(struct web *w, struct err *err)
{
    int n = snprintf(w->folder, sizeof w->folder, "%s/reprise-web-XXXXXX", file_temp_folder());
    if (n < 0 || (size_t)n >= sizeof w->folder || !mkdtemp(w->folder)) {
        w->folder[0] = '\0';
        return err_sys(err, ERR_INTERNAL, errno, "temporary folder");
    }
    w->site.folder = w->folder;
    return true;
}

/* Cookies do not tell ports apart: each program on this machine has one of its own name. */
static void make_link(struct web *w, const char *host)
{
    uint16_t port = MHD_get_daemon_info(w->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    const char *token = w->site.guard.token;
    bool any = strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
    const char *shown = any && w->site.guard.machine[0] ? w->site.guard.machine : host;
    bool six = strchr(shown, ':') != NULL;
    snprintf(w->cookie, sizeof w->cookie, "reprise_token_%u", port);
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
