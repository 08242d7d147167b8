/* A connection's life: connecting, handshake, idle, busy, gone. Called by the engine's send and by io.
 *
 * A user has at most connections_per_host to one origin, as a browser does; flights that find none free
 * wait in the user's queue, in order. When the worker's max_connections is reached, the connection that
 * rested longest makes room, of whichever user; when none rests, the flight starves until one does. Those who
 * starve are served in order, and before anybody else. */
#include "replay/native/native.h"

#include <errno.h>
#include <string.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

/* A connect takes the kernel milliseconds where ports run out: answers and the run's end come in between. */
#define FED_PER_TURN 64

/* ---- the engine's list of idle connections ---- */

static void idle_add(struct conn *c)
{
    struct engine *e = c->engine;
    c->newer = NULL;
    c->older = e->idle_newest;
    if (c->older) c->older->newer = c;
    e->idle_newest = c;
    if (!e->idle_oldest) e->idle_oldest = c;
}

static void idle_remove(struct conn *c)
{
    struct engine *e = c->engine;
    *(c->newer ? &c->newer->older : &e->idle_newest) = c->older;
    *(c->older ? &c->older->newer : &e->idle_oldest) = c->newer;
    c->newer = c->older = NULL;
}

static void conn_set_state(struct conn *c, enum conn_state to)
{
    if (c->state == to) return;
    if (c->state == CONN_IDLE) idle_remove(c);
    c->state = (uint8_t)to;
    if (to == CONN_IDLE) idle_add(c);
}

/* ---- opening ---- */

static void opening_free(struct conn *c)
{
    if (!c->opening) return;
    timer_clear(loop_timers(c->engine->cfg->loop), &c->opening->deadline);
    free(c->opening);
    c->opening = NULL;
}

static void on_connect_deadline(struct timer *t)
{
    struct opening *o = (struct opening *)t;
    conn_failed(o->conn, OUTCOME_TIMEOUT, "no connection within the time limit");
}

static bool try_address(struct conn *c)
{
    struct engine *e = c->engine;
    const struct engine_cfg *cfg = e->cfg;
    const struct sockaddr_storage *from = NULL;
    if (cfg->sources_n) from = &cfg->sources[e->source++ % cfg->sources_n];
    return e->ops->connect(e->io, &c->io, &c->opening->to->v[c->opening->addr], from);
}

static struct conn *conn_new(struct engine_user *u, const struct origin *origin)
{
    struct engine *e = u->engine;
    struct conn *c = mem_alloc(1, sizeof *c);
    c->engine = e;
    c->user = u;
    c->origin = origin;
    c->opening = mem_alloc(1, sizeof *c->opening);
    c->opening->conn = c;
    c->opening->to = origin_addresses(origin);
    c->opening->deadline.fire = on_connect_deadline;
    c->next = u->conns;
    u->conns = c;
    e->conns++;
    return c;
}

static void unlink_conn(struct conn *c)
{
    struct conn **p = &c->user->conns;
    while (*p != c)
        p = &(*p)->next;
    *p = c->next;
    c->engine->conns--;
}

static void on_released(struct io_conn *io)
{
    free(io);
}

/* The socket call itself failed: nothing is under way that io would release. */
static void discard_unopened(struct conn *c)
{
    opening_free(c);
    unlink_conn(c);
    free(c);
}

static enum outcome outcome_of(int errnum)
{
    switch (errnum) {
    case ECONNREFUSED: return OUTCOME_REFUSED;
    case ETIMEDOUT: return OUTCOME_TIMEOUT;
    }
    return OUTCOME_CONNECT;
}

static const char *trouble_of(int errnum)
{
    /* unix(7): the server has not accepted those before yet, and there is nothing to wait on. */
    return errnum == EAGAIN ? "the socket's queue of connections is full" : strerrordesc_np(errnum);
}

/* A new connection for f's user; false when there is none to be had, and f ends soon. */
static bool conn_open(struct engine *e, struct flight *f)
{
    struct call *call = f->call;
    if (!origin_addresses(call->origin)) {
        flight_fail_soon(f, OUTCOME_RESOLVE, NULL);
        return false;
    }
    struct conn *c = conn_new(call->user, call->origin);
    uint64_t now = clock_mono_ns();
    if (!try_address(c)) {
        int errnum = errno;
        discard_unopened(c);
        flight_fail_soon(f, outcome_of(errnum), trouble_of(errnum));
        return false;
    }
    c->opening->start_ns = now;
    if (e->cfg->connect_timeout_ns)
        timer_set(loop_timers(e->cfg->loop), &c->opening->deadline,
                  now + e->cfg->connect_timeout_ns);
    if (!call->start_ns) call->start_ns = now;
    flights_push(&call->user->waiting, f);
    return true;
}

/* Takes the first of the user's flights to the origin out of the queue. */
static struct flight *pop_waiting(struct engine_user *u, const struct origin *origin)
{
    struct flight *f = u->waiting.first;
    while (f && f->call->origin != origin)
        f = f->next;
    if (f) flights_remove(&u->waiting, f);
    return f;
}

void conn_failed(struct conn *c, enum outcome outcome, const char *trouble)
{
    struct flight *f = pop_waiting(c->user, c->origin);
    conn_drop(c);
    if (f) flight_end(f, outcome, trouble);
}

static void conn_ready(struct conn *c, const struct protocol *protocol)
{
    opening_free(c);
    c->protocol = protocol;
    c->open_ns = clock_mono_ns();
    if (protocol == &protocol_h2 && !h2_new(c)) {
        conn_failed(c, OUTCOME_PROTOCOL, "no HTTP/2 session");
        return;
    }
    conn_rest(c);
}

void conn_secured(struct conn *c, bool http2)
{
    conn_ready(c, http2 ? &protocol_h2 : &protocol_h1);
}

/* The next address of the name, if there is one (an IPv6 one that nobody serves comes first often). The
 * old socket is dropped with a struct of its own, because io still owns it. */
static bool try_next_address(struct conn *c)
{
    struct opening *o = c->opening;
    if (o->addr + 1 >= o->to->n) return false;
    struct conn *again = conn_new(c->user, c->origin);
    again->opening->to = o->to;
    again->opening->addr = o->addr + 1;
    again->opening->start_ns = o->start_ns;
    if (!try_address(again)) {
        discard_unopened(again);
        return false;
    }
    if (timer_is_set(&o->deadline))
        timer_set(loop_timers(c->engine->cfg->loop), &again->opening->deadline, o->deadline.at_ns);
    conn_drop(c);
    return true;
}

static void on_connected(struct io_conn *io, int errnum)
{
    struct conn *c = (struct conn *)io;
    if (errnum) {
        if (!try_next_address(c)) conn_failed(c, outcome_of(errnum), trouble_of(errnum));
        return;
    }
    if (!c->origin->tls) {
        conn_ready(c, c->engine->cfg->h2c_prior ? &protocol_h2 : &protocol_h1);
        return;
    }
    conn_set_state(c, CONN_HANDSHAKE);
    if (!tls_begin(c)) conn_failed(c, OUTCOME_TLS, "no TLS session");
}

/* ---- use ---- */

static struct conn *free_conn(struct engine_user *u, const struct origin *origin, unsigned *count)
{
    for (struct conn *c = u->conns; c; c = c->next) {
        if (c->origin != origin || c->closing) continue;
        (*count)++;
        if (c->protocol && c->protocol->has_room(c)) return c;
        /* One HTTP/2 connection serves a user; while it opens, and h2 may come of it, others wait. */
        if (c->protocol == &protocol_h2 || (c->opening && c->engine->cfg->http2 && origin->tls))
            *count = UINT16_MAX;
    }
    return NULL;
}

void conn_take(struct conn *c, struct flight *f)
{
    struct call *call = f->call;
    conn_set_state(c, CONN_BUSY);
    f->conn = c;
    call->connected_ns = c->open_ns;
    call->reused = c->open_ns == 0;
    if (!call->start_ns) call->start_ns = clock_mono_ns();
    c->open_ns = 0;
    c->protocol->start(c, f);
}

/* Room for one more connection under the worker's limit. */
static bool make_room(struct engine *e)
{
    if (!e->cfg->max_connections || e->conns < e->cfg->max_connections) return true;
    if (!e->idle_oldest) return false;
    conn_drop(e->idle_oldest);
    return true;
}

/* A connection that rests is taken only in turn: else a user without pauses would keep it from those who
 * starve. False when there is none to be had, and f ends soon. */
static bool dispatch(struct engine *e, struct flight *f, bool its_turn)
{
    struct engine_user *u = f->call->user;
    unsigned count = 0;
    struct conn *c = free_conn(u, f->call->origin, &count);
    if (c && (its_turn || c->state != CONN_IDLE)) {
        conn_take(c, f);
    } else if (!c && count >= e->cfg->connections_per_host) {
        flights_push(&u->waiting, f);
    } else if (its_turn && make_room(e)) {
        return conn_open(e, f);
    } else {
        flights_push(&e->starved, f);
        if (e->idle_oldest) engine_soon(e);
    }
    return true;
}

bool conn_dispatch(struct engine *e, struct flight *f)
{
    return dispatch(e, f, !e->starved.first);
}

/* Those who waited for a connection that is gone, or never came, look for another until one is on its way. */
static void serve_waiting(struct engine *e, struct engine_user *u, const struct origin *origin)
{
    struct flight *f;
    while ((f = pop_waiting(u, origin)))
        if (conn_dispatch(e, f)) return;
}

static bool can_feed(const struct engine *e)
{
    return e->starved.first && (e->conns < e->cfg->max_connections || e->idle_oldest);
}

void conn_feed_starved(struct engine *e)
{
    for (unsigned i = 0; i < FED_PER_TURN && can_feed(e); i++) {
        struct flight *f = flights_pop(&e->starved);
        struct engine_user *u = f->call->user;
        const struct origin *origin = f->call->origin;
        if (!dispatch(e, f, true)) serve_waiting(e, u, origin);
    }
    if (can_feed(e)) engine_soon(e);
}

void conn_rest(struct conn *c)
{
    struct flight *f;
    while (!c->closing && c->protocol->has_room(c) && (f = pop_waiting(c->user, c->origin)))
        conn_take(c, f);
    if (c->closing || c->state == CONN_GONE) return;
    if (c->protocol->in_use(c)) return;
    conn_set_state(c, CONN_IDLE);
    if (c->engine->starved.first) engine_soon(c->engine);
}

void conn_drop(struct conn *c)
{
    if (c->state == CONN_GONE) return;
    conn_set_state(c, CONN_GONE);
    opening_free(c);
    unlink_conn(c);
    if (c->protocol) c->protocol->free(c);
    tls_end(c);
    c->engine->ops->drop(&c->io);
    if (c->engine->starved.first) engine_soon(c->engine);
    serve_waiting(c->engine, c->user, c->origin);
}

void conn_send(struct conn *c, struct slice head, struct slice body)
{
    if (c->ssl)
        tls_send(c, head, body);
    else
        c->engine->ops->send(&c->io, head, body);
}

static void on_data(struct io_conn *io, struct slice bytes)
{
    struct conn *c = (struct conn *)io;
    if (c->ssl)
        tls_feed(c, bytes);
    else
        c->protocol->data(c, bytes);
}

static void on_closed(struct io_conn *io, int errnum)
{
    struct conn *c = (struct conn *)io;
    if (c->protocol)
        c->protocol->eof(c, errnum, NULL);
    else
        conn_failed(c, OUTCOME_TLS, "closed in the middle of the TLS handshake");
}

const struct io_events conn_events = { on_connected, on_data, on_closed, on_released };
