/* The curl engine: libcurl's multi-socket interface on the worker's loop. For proxies, unusual
 * authentication and comparison; `native` is the fast one. Behind the table of replay/engine.h.
 *
 * One multi handle per user (so that connections are the user's own), made with its first request; easy
 * handles (curl_xfer.c) are pooled per worker. */
#include "replay/curl_xfer.h"

#include <stdlib.h>
#include <sys/epoll.h>

#include "base/mem.h"
#include "base/num.h"

/* ---- sockets ------------------------------------------------------------------------------------------ */

static void finish(struct engine_user *u);

static void on_ready(struct sock *s, unsigned events)
{
    struct engine_user *u = s->user;
    int running, what = 0;
    if (events & (EPOLLIN | EPOLLHUP)) what |= CURL_CSELECT_IN;
    if (events & EPOLLOUT) what |= CURL_CSELECT_OUT;
    if (events & EPOLLERR) what |= CURL_CSELECT_ERR;
    curl_multi_socket_action(u->multi, s->io.fd, what, &running);
    if (running < u->active) finish(u);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *data)
{
    struct engine_user *u = user;
    struct sock *s = sock_at(&u->e->socks, fd);
    (void)easy;
    (void)data;
    if (what == CURL_POLL_REMOVE) sock_rest(s);
    if (what == CURL_POLL_IN) sock_watch(s, u, EPOLLIN);
    if (what == CURL_POLL_OUT) sock_watch(s, u, EPOLLOUT);
    if (what == CURL_POLL_INOUT) sock_watch(s, u, EPOLLIN | EPOLLOUT);
    return 0;
}

static int on_timeout_wanted(CURLM *multi, long ms, void *user)
{
    struct engine_user *u = user;
    struct loop *l = u->e->cfg->loop;
    (void)multi;
    if (ms < 0 && !u->unsent) timer_clear(loop_timers(l), &u->timer);
    if (ms >= 0) timer_set(loop_timers(l), &u->timer, loop_now_ns(l) + (uint64_t)ms * NS_PER_MS);
    return 0;
}

static void on_timer(struct timer *t);

/* ---- what has ended ------------------------------------------------------------------------------------ */

/* libcurl sends again by itself when a kept connection turns out closed, but an easy handle only five
 * times in its life (lib/transfer.c, CONN_MAX_RETRIES); then it gives up once and counts anew. */
static bool send_again(struct engine_user *u, struct xfer *x, CURLcode code)
{
    long connects = 1;
    bool broken = code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING;
    if (!broken || x->again || x->head_bytes) return false;
    curl_easy_getinfo(x->easy, CURLINFO_NUM_CONNECTS, &connects);
    if (connects) return false;
    x->again = true;
    curl_multi_remove_handle(u->multi, x->easy);
    curl_multi_add_handle(u->multi, x->easy);
    return true;
}

/* Tells what has ended. All ended transfers leave the multi handle before the first `done` is called, for
 * that may send again. */
static void finish(struct engine_user *u)
{
    struct xfer *first = NULL, **last = &first;
    CURLMsg *m;
    int left;
    while ((m = curl_multi_info_read(u->multi, &left))) {
        struct xfer *x;
        CURLcode code = m->data.result;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &x);
        if (send_again(u, x, code)) continue;
        xfer_read(x, code);
        curl_multi_remove_handle(u->multi, x->easy);
        u->active--;
        x->next = NULL;
        *last = x;
        last = &x->next;
    }
    while (first) {
        struct xfer *x = first;
        first = x->next;
        x->c->engine_data = NULL;
        x->c->done(x->c);
        xfer_rest(x);
    }
}

static void tell_unsent(struct engine_user *u)
{
    struct xfer *x = u->unsent;
    u->unsent = NULL;
    while (x) {
        struct xfer *next = x->next;
        x->c->outcome = OUTCOME_RESOLVE;
        x->c->end_ns = loop_refresh_ns(u->e->cfg->loop);
        x->c->engine_data = NULL;
        x->c->done(x->c);
        xfer_rest(x);
        x = next;
    }
}

static void on_timer(struct timer *t)
{
    struct engine_user *u =
        (struct engine_user *)(void *)((char *)t - offsetof(struct engine_user, timer));
    int running;
    tell_unsent(u);
    if (!u->multi) return;
    curl_multi_socket_action(u->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    finish(u);
}

/* ---- the table ------------------------------------------------------------------------------------------------ */

static bool user_connect(struct engine_user *u)
{
    const struct engine_cfg *cfg = u->e->cfg;
    long per_host = cfg->connections_per_host ? cfg->connections_per_host : 6;
    u->multi = curl_multi_init();
    if (!u->multi) return false;
    curl_multi_setopt(u->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(u->multi, CURLMOPT_SOCKETDATA, u);
    curl_multi_setopt(u->multi, CURLMOPT_TIMERFUNCTION, on_timeout_wanted);
    curl_multi_setopt(u->multi, CURLMOPT_TIMERDATA, u);
    curl_multi_setopt(u->multi, CURLMOPT_MAX_HOST_CONNECTIONS, per_host);
    curl_multi_setopt(u->multi, CURLMOPT_MAXCONNECTS, per_host * (long)cfg->origins_n);
    return true;
}

static void curl_send(struct engine *e, struct call *c)
{
    struct engine_user *u = c->user;
    struct xfer *x = xfer_new(e);
    struct timer_heap *timers = loop_timers(e->cfg->loop);
    int running;
    if (!x || (!u->multi && !user_connect(u))) abort(); /* out of memory, as base/mem has it */
    x->c = c;
    c->engine_data = x;
    c->start_ns = loop_refresh_ns(e->cfg->loop);
    if (!origin_addresses(c->origin) && !e->cfg->proxy) {
        x->next = u->unsent;
        u->unsent = x;
        timer_set(timers, &u->timer, c->start_ns);
        return;
    }
    xfer_ask(x, u);
    curl_multi_add_handle(u->multi, x->easy);
    u->active++;
    /* At once, not a turn later; what ends at once is told from the timer, never from inside send. */
    curl_multi_socket_action(u->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    if (running < u->active) timer_set(timers, &u->timer, loop_now_ns(e->cfg->loop));
}

static void curl_cancel(struct engine *e, struct call *c)
{
    struct xfer *x = c->engine_data, **p = &c->user->unsent;
    (void)e;
    if (!x) return;
    while (*p && *p != x)
        p = &(*p)->next;
    if (*p) {
        *p = x->next;
    } else {
        curl_multi_remove_handle(c->user->multi, x->easy);
        c->user->active--;
    }
    c->engine_data = NULL;
    xfer_rest(x);
}

static struct engine_user *curl_user_open(struct engine *e)
{
    struct engine_user *u = mem_alloc(1, sizeof *u);
    u->e = e;
    u->timer.fire = on_timer;
    if (e->cfg->sources_n) u->source = &e->cfg->sources[e->next_source++ % e->cfg->sources_n];
    return u;
}

static void curl_user_reset(struct engine_user *u)
{
    timer_clear(loop_timers(u->e->cfg->loop), &u->timer);
    if (u->multi) curl_multi_cleanup(u->multi);
    u->multi = NULL;
    u->told = 0;
}

static void curl_user_close(struct engine_user *u)
{
    if (!u) return;
    curl_user_reset(u);
    free(u);
}

static void curl_close(struct engine *e)
{
    while (e->spare) {
        struct xfer *x = e->spare;
        e->spare = x->next;
        xfer_free(x);
    }
    xfer_told_free(e);
    socks_free(&e->socks);
    free(e);
    curl_global_cleanup();
}

static struct engine *curl_open(const struct engine_cfg *cfg, struct err *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        err_set(err, ERR_INTERNAL, "libcurl does not start");
        return NULL;
    }
    struct engine *e = mem_alloc(1, sizeof *e);
    e->cfg = cfg;
    e->socks = (struct socks){ .loop = cfg->loop, .ready = on_ready };
    e->told = mem_alloc(cfg->origins_n + 1, sizeof *e->told);
    return e;
}

static size_t curl_connections(const struct engine *e)
{
    return e->socks.connections;
}

const struct engine_ops engine_curl = {
    .name = "curl",
    .open = curl_open,
    .close = curl_close,
    .user_open = curl_user_open,
    .user_reset = curl_user_reset,
    .user_close = curl_user_close,
    .send = curl_send,
    .cancel = curl_cancel,
    .connections = curl_connections,
};
