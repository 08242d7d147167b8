/* The native engine's table: calls become flights, flights end in done. Called by virtual users.
 *
 * Nothing is allocated for a call once the pool of flights is warm. done is never called from inside
 * send: what fails at once is kept and ended at the loop's next turn. */
#include "replay/native/native.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

/* ---- lists of flights ---- */

void flights_push(struct flights *l, struct flight *f)
{
    f->next = NULL;
    *(l->last ? &l->last->next : &l->first) = f;
    l->last = f;
}

struct flight *flights_pop(struct flights *l)
{
    struct flight *f = l->first;
    if (!f) return NULL;
    l->first = f->next;
    if (!l->first) l->last = NULL;
    return f;
}

bool flights_remove(struct flights *l, struct flight *f)
{
    struct flight *before = NULL;
    for (struct flight *at = l->first; at; before = at, at = at->next) {
        if (at != f) continue;
        *(before ? &before->next : &l->first) = f->next;
        if (l->last == f) l->last = before;
        return true;
    }
    return false;
}

/* ---- flights ---- */

static void on_flight_deadline(struct timer *t)
{
    struct flight *f = (struct flight *)t;
    if (!f->call) return;
    struct engine *e = f->engine;
    if (loop_now_ns(e->cfg->loop) < f->deadline_ns) {
        timer_set(loop_timers(e->cfg->loop), &f->deadline, f->deadline_ns);
        return;
    }
    if (f->conn)
        f->conn->protocol->cancel(f->conn, f);
    else if (!flights_remove(&f->call->user->waiting, f) && !flights_remove(&e->starved, f))
        return; /* among the failed ones already */
    flight_end(f, OUTCOME_TIMEOUT, NULL);
}

static size_t head_limit(const struct engine_cfg *cfg)
{
    return cfg->max_head_bytes ? cfg->max_head_bytes : ENGINE_HEAD_BYTES;
}

static size_t body_limit(const struct engine_cfg *cfg)
{
    return cfg->max_body_bytes ? cfg->max_body_bytes : ENGINE_BODY_BYTES;
}

static struct reader *reader_new(const struct engine_cfg *cfg)
{
    struct reader *r = mem_alloc(1, sizeof *r);
    struct parse_limits limits = { .head_bytes = head_limit(cfg), .body_bytes = body_limit(cfg) };
    http_parser_init(&r->parser, PARSE_RESPONSE, limits);
    r->parser.borrow = true; /* h1.c keeps what outlives a turn */
    return r;
}

struct http_parser *flight_parser(struct flight *f)
{
    struct engine *e = f->engine;
    if (f->reader) return &f->reader->parser;
    f->reader = e->readers;
    if (f->reader)
        e->readers = f->reader->next;
    else
        f->reader = reader_new(e->cfg);
    f->reader->parser.answers_head = f->call->head_request;
    return &f->reader->parser;
}

static void give_reader_back(struct flight *f)
{
    if (!f->reader) return;
    http_parser_next_message(&f->reader->parser);
    f->reader->next = f->engine->readers;
    f->engine->readers = f->reader;
    f->reader = NULL;
}

static void readers_free(struct reader *r)
{
    while (r) {
        struct reader *next = r->next;
        http_parser_free(&r->parser);
        free(r);
        r = next;
    }
}

static struct flight *flight_new(struct engine *e, struct call *call)
{
    struct flight *f = e->pool;
    if (f) {
        e->pool = f->next;
    } else {
        f = mem_alloc(1, sizeof *f);
        f->engine = e;
        f->deadline.fire = on_flight_deadline;
        buf_init(&f->body, body_limit(e->cfg));
        buf_init(&f->names, head_limit(e->cfg));
    }
    f->call = call;
    f->conn = NULL;
    f->retried = f->answered = false;
    call->engine_data = f;
    return f;
}

static void flight_free(struct flight *f)
{
    buf_free(&f->body);
    buf_free(&f->names);
    free(f->headers);
    free(f);
}

/* The call is its owner's again, who may send it anew from inside done. */
static void let_go(struct flight *f)
{
    f->call->engine_data = NULL;
    f->call = NULL;
}

static void flight_recycle(struct flight *f)
{
    f->conn = NULL;
    f->stream = 0;
    f->broken = NULL;
    f->body_sent = 0;
    f->headers_n = 0;
    buf_reset(&f->body);
    buf_reset(&f->names);
    give_reader_back(f);
    f->next = f->engine->pool;
    f->engine->pool = f;
}

void flight_end(struct flight *f, enum outcome outcome, const char *trouble)
{
    struct call *call = f->call;
    call->outcome = outcome;
    call->trouble = trouble;
    call->end_ns = loop_now_ns(f->engine->cfg->loop);
    if (call->end_ns < call->start_ns) call->end_ns = clock_mono_ns(); /* sent in this turn */
    if (!call->start_ns) call->start_ns = call->end_ns;
    let_go(f);
    call->done(call);
    flight_recycle(f);
}

void flight_fail_soon(struct flight *f, enum outcome outcome, const char *trouble)
{
    f->call->outcome = outcome;
    f->call->trouble = trouble;
    flights_push(&f->engine->failed, f);
    engine_soon(f->engine);
}

bool flight_can_retry(const struct flight *f)
{
    return !f->retried && !f->answered && f->call->reused;
}

void flight_retry(struct flight *f)
{
    struct call *call = f->call;
    f->retried = true;
    f->answered = false;
    call->first_byte_ns = 0;
    f->conn = NULL;
    f->stream = 0;
    f->body_sent = 0;
    call->bytes_out = 0;
    call->start_ns = 0;
    conn_dispatch(f->engine, f);
}

void flight_answer_bytes(struct flight *f, size_t n)
{
    if (!f->answered) f->call->first_byte_ns = loop_now_ns(f->engine->cfg->loop);
    f->answered = true;
    f->call->bytes_in += n;
}

bool flight_gather(struct flight *f, struct slice piece)
{
    if (f->call->want_body) return buf_add(&f->body, piece);
    return true;
}

/* ---- the engine ---- */

static void on_soon(struct timer *t)
{
    struct engine *e = (struct engine *)((char *)t - offsetof(struct engine, soon));
    struct flight *f;
    while ((f = flights_pop(&e->failed)))
        flight_end(f, f->call->outcome, f->call->trouble);
    conn_feed_starved(e);
    h2_flush_all(e);
}

void engine_soon(struct engine *e)
{
    if (!timer_is_set(&e->soon)) timer_set(loop_timers(e->cfg->loop), &e->soon, 0);
}

static bool any_tls(const struct engine_cfg *cfg)
{
    for (size_t i = 0; i < cfg->origins_n; i++)
        if (cfg->origins[i]->tls) return true;
    return false;
}

static void native_close(struct engine *e)
{
    timer_clear(loop_timers(e->cfg->loop), &e->soon);
    if (e->io) e->ops->close(e->io);
    while (e->pool) {
        struct flight *f = e->pool;
        e->pool = f->next;
        timer_clear(loop_timers(e->cfg->loop), &f->deadline);
        flight_free(f);
    }
    readers_free(e->readers);
    tls_ctx_free(e->tls);
    buf_free(&e->frames);
    pool_free(e->blocks);
    free(e);
}

static struct engine *native_open(const struct engine_cfg *cfg, struct err *err)
{
    struct engine *e = mem_alloc(1, sizeof *e);
    e->cfg = cfg;
    e->soon.fire = on_soon;
    buf_init(&e->frames, SIZE_MAX);
    e->ops = io_find(cfg->io);
    if (!e->ops) {
        err_set(err, ERR_USAGE, "--io %s: this kernel does not have it; epoll always works",
                cfg->io);
        goto fail;
    }
    e->io = e->ops->open(cfg->loop, &conn_events, err);
    if (!e->io) goto fail;
    if (any_tls(cfg) && !(e->tls = tls_ctx_new(cfg, err))) goto fail;
    return e;
fail:
    native_close(e);
    return NULL;
}

static struct engine_user *native_user_open(struct engine *e)
{
    struct engine_user *u = mem_alloc(1, sizeof *u);
    u->engine = e;
    return u;
}

static void native_user_reset(struct engine_user *u)
{
    while (u->conns)
        conn_drop(u->conns);
    tls_saved_free(u->sessions);
    u->sessions = NULL;
}

static void native_user_close(struct engine_user *u)
{
    native_user_reset(u);
    free(u);
}

static void native_send(struct engine *e, struct call *c)
{
    struct flight *f = flight_new(e, c);
    conn_dispatch(e, f);
    f->deadline_ns = UINT64_MAX;
    if (!c->timeout_ns) return;
    uint64_t from_ns = c->start_ns ? c->start_ns : clock_mono_ns();
    f->deadline_ns = from_ns + c->timeout_ns;
    if (!timer_is_set(&f->deadline) || f->deadline.at_ns > f->deadline_ns)
        timer_set(loop_timers(e->cfg->loop), &f->deadline, f->deadline_ns);
}

static void native_cancel(struct engine *e, struct call *c)
{
    struct flight *f = c->engine_data;
    if (!f) return;
    if (f->conn)
        f->conn->protocol->cancel(f->conn, f);
    else if (!flights_remove(&c->user->waiting, f) && !flights_remove(&e->starved, f))
        flights_remove(&e->failed, f);
    let_go(f);
    flight_recycle(f);
}

static size_t native_connections(const struct engine *e)
{
    return e->conns;
}

const struct engine_ops engine_native = {
    .name = "native",
    .open = native_open,
    .close = native_close,
    .user_open = native_user_open,
    .user_reset = native_user_reset,
    .user_close = native_user_close,
    .send = native_send,
    .cancel = native_cancel,
    .connections = native_connections,
};
