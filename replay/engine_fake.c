/* The fake engine: scripted answers under a virtual clock, so that a ten-minute scenario runs in
 * milliseconds and gives the same for the same seed. Behind the table of replay/engine.h.
 *
 * Invariant: time moves only when nothing is left to do at the present moment. */
#include "replay/fake.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"

struct engine {
    struct loop_waiter waiter; /* first */
    const struct engine_cfg *cfg;
    uint64_t now_ns;
    size_t connected; /* users */
};

struct engine_user {
    struct engine *e;
    bool connected;
};

/* One answer on its way. */
struct fake_call {
    struct timer timer;
    struct engine *e;
    struct call *c;
    struct fake_answer answer;
    struct arena *arena; /* its texts */
    struct headers headers;
    struct slice body;
};

static uint64_t virtual_now(struct loop_waiter *w)
{
    return ((struct engine *)(void *)w)->now_ns;
}

/* Without a timer there is only another thread's message to wait for. */
static bool virtual_wait(struct loop_waiter *w, uint64_t until_ns)
{
    struct engine *e = (struct engine *)(void *)w;
    struct pollfd p = { .fd = loop_fd(e->cfg->loop), .events = POLLIN };
    if (poll(&p, 1, until_ns == UINT64_MAX ? -1 : 0) > 0) return true;
    if (until_ns != UINT64_MAX && until_ns > e->now_ns) e->now_ns = until_ns;
    return false;
}

static void fake_call_free(struct fake_call *f)
{
    arena_free(f->arena);
    free(f);
}

static void on_answer(struct timer *t)
{
    struct fake_call *f = (struct fake_call *)(void *)t;
    struct call *c = f->c;
    c->outcome = f->answer.outcome;
    c->end_ns = loop_now_ns(f->e->cfg->loop);
    c->engine_data = NULL;
    if (c->outcome == OUTCOME_OK) {
        c->status = f->answer.status ? f->answer.status : 200;
        c->headers = f->headers;
        c->answer_body = f->body;
        c->first_byte_ns = c->end_ns;
        c->bytes_in = f->body.n;
    }
    c->done(c);
    fake_call_free(f);
}

static void parse_headers(struct fake_call *f)
{
    struct slice rest = arena_dup(f->arena, slice_z(f->answer.headers)), line, name, value;
    size_t cap = 0;
    while (slice_next(&rest, '\n', &line))
        if (slice_cut(line, ':', &name, &value))
            headers_add(f->arena, &f->headers, &cap, name, slice_trim(value));
}

static void fake_send(struct engine *e, struct call *c)
{
    const struct fake_script *script = e->cfg->fake;
    struct fake_call *f = mem_alloc(1, sizeof *f);
    struct loop *l = e->cfg->loop;
    f->timer.fire = on_answer;
    f->e = e;
    f->c = c;
    f->arena = arena_new();
    c->start_ns = loop_now_ns(l);
    c->bytes_out = c->head.n + c->body.n;
    if (script && script->answer) script->answer(script->arg, c, c->start_ns, &f->answer);
    c->reused = c->user->connected && !f->answer.new_connection;
    if (!c->reused) c->connected_ns = c->start_ns;
    e->connected += !c->user->connected;
    c->user->connected = true;
    parse_headers(f);
    f->body = arena_dup(f->arena, slice_z(f->answer.body));
    c->engine_data = f;
    uint64_t at = c->start_ns + f->answer.delay_ns;
    if (c->timeout_ns && f->answer.delay_ns > c->timeout_ns) {
        f->answer.outcome = OUTCOME_TIMEOUT;
        at = c->start_ns + c->timeout_ns;
    }
    timer_set(loop_timers(l), &f->timer, at);
}

static void fake_cancel(struct engine *e, struct call *c)
{
    struct fake_call *f = c->engine_data;
    if (!f) return;
    timer_clear(loop_timers(e->cfg->loop), &f->timer);
    c->engine_data = NULL;
    fake_call_free(f);
}

static struct engine_user *fake_user_open(struct engine *e)
{
    struct engine_user *u = mem_alloc(1, sizeof *u);
    u->e = e;
    return u;
}

static void fake_user_reset(struct engine_user *u)
{
    u->e->connected -= u->connected;
    u->connected = false;
}

static void fake_user_close(struct engine_user *u)
{
    fake_user_reset(u);
    free(u);
}

static struct engine *fake_open(const struct engine_cfg *cfg, struct err *err)
{
    struct engine *e = mem_alloc(1, sizeof *e);
    (void)err;
    e->cfg = cfg;
    e->now_ns = FAKE_START_NS;
    e->waiter = (struct loop_waiter){ virtual_wait, virtual_now };
    loop_set_waiter(cfg->loop, &e->waiter);
    loop_refresh_ns(cfg->loop);
    return e;
}

static void fake_close(struct engine *e)
{
    loop_set_waiter(e->cfg->loop, NULL);
    free(e);
}

static size_t fake_connections(const struct engine *e)
{
    return e->connected;
}

const struct engine_ops engine_fake = {
    .name = "fake",
    .open = fake_open,
    .close = fake_close,
    .user_open = fake_user_open,
    .user_reset = fake_user_reset,
    .user_close = fake_user_close,
    .send = fake_send,
    .cancel = fake_cancel,
    .connections = fake_connections,
};
