/* A virtual user's state machine. Called by the worker (begin, stop, kill), by its own timer, and by
 * landed flights.
 *
 * Invariants: the state changes in vu_set_state only, which knows the allowed transitions; a user that is
 * READY is being run by vu_run further up the stack, so nothing recurses; a timer is set in THINKING and
 * WAITING only; flights exist in FLYING only. */
#include "replay/vu.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

/* An iteration that sent nothing waits at least this long, so that a broken scenario does not spin. */
#define EMPTY_PAUSE_NS (1000 * NS_PER_MS)

static void vu_run(struct vu *vu);
static void next_iteration(struct vu *vu);

#define TO(s) (1u << (s))
static const unsigned allowed[] = {
    [VU_READY] = TO(VU_FLYING) | TO(VU_THINKING) | TO(VU_WAITING) | TO(VU_IDLE) | TO(VU_PLAYING) |
                 TO(VU_ENDED),
    [VU_FLYING] = TO(VU_READY) | TO(VU_ENDED),
    [VU_THINKING] = TO(VU_READY) | TO(VU_ENDED),
    [VU_WAITING] = TO(VU_READY) | TO(VU_ENDED),
    [VU_PLAYING] = TO(VU_READY) | TO(VU_ENDED),
    [VU_IDLE] = TO(VU_READY) | TO(VU_ENDED),
    [VU_ENDED] = 0,
};

void vu_set_state(struct vu *vu, enum vu_state to)
{
    assert(allowed[vu->state] & TO(to));
    vu->state = (uint8_t)to;
}

static void enter(struct vu *vu, enum vu_section section, const struct op *ops)
{
    vu->section = (uint8_t)section;
    vu->pc = ops;
}

/* ---- variables ------------------------------------------------------------------------------------ */

void vu_unset(struct vu *vu, uint32_t slot)
{
    if (vu->caps[slot]) free((void *)(uintptr_t)vu->values[slot].p);
    vu->caps[slot] = 0;
    vu->values[slot] = (struct slice){ 0 };
}

void vu_borrow(struct vu *vu, uint32_t slot, struct slice value)
{
    vu_unset(vu, slot);
    vu->values[slot] = value.p ? value : SL("");
}

/* A value keeps its block while the next one fits: a token that changes its text costs no malloc. */
void vu_set(struct vu *vu, uint32_t slot, struct slice value)
{
    if (value.n > UINT32_MAX - 16) return;
    if (value.n == 0) {
        vu_borrow(vu, slot, value);
        return;
    }
    char *p = vu->caps[slot] ? (char *)(uintptr_t)vu->values[slot].p : NULL;
    if (value.n > vu->caps[slot]) {
        uint32_t cap = ((uint32_t)value.n + 15) & ~15u;
        char *bigger = mem_alloc(cap, 1);
        memcpy(bigger, value.p, value.n);
        free(p);
        vu->caps[slot] = cap;
        vu->values[slot] = (struct slice){ bigger, value.n };
        return;
    }
    memmove(p, value.p, value.n);
    vu->values[slot].n = value.n;
}

struct template_env vu_env(struct vu *vu)
{
    struct worker *w = vu->w;
    return (struct template_env){
        .values = vu->values,
        .rnd = &vu->rnd,
        .now_utc_ns = worker_utc_ns(w),
        .vu = vu->number + 1,
        .iteration = vu->iteration,
        .run = (uint64_t)w->run->start_utc_ns,
        .counter = &vu->counter,
        .memo = &vu->memo,
        .scratch = w->scratch,
    };
}

static bool set_rendered(struct vu *vu, uint32_t slot, const struct wire *value)
{
    struct template_env env = vu_env(vu);
    struct buf *out = &vu->w->text;
    struct slice unset;
    buf_reset(out);
    bool ok = wire_render(value, &env, out, &unset);
    if (ok) vu_set(vu, slot, buf_slice(out));
    arena_reset(vu->w->scratch);
    return ok;
}

/* False: the feed has run out and does not go around. */
static bool take_rows(struct vu *vu, bool per_iteration)
{
    const struct plan *p = vu->w->plan;
    for (size_t i = 0; i < p->feeds_n; i++) {
        struct feeder *f = p->feeds[i];
        if (f->model->per_iteration != per_iteration) continue;
        const struct slice *row = feeder_pick(f, vu->number, &vu->rnd);
        if (!row) {
            worker_starved(vu->w, f);
            return false;
        }
        for (size_t j = 0; j < f->columns_n; j++)
            vu_borrow(vu, f->slots[j], row[j]);
    }
    return true;
}

/* ---- life ------------------------------------------------------------------------------------------ */

static void on_timer(struct timer *t)
{
    struct vu *vu = (struct vu *)((char *)t - offsetof(struct vu, timer));
    bool waited = vu->state == VU_WAITING;
    worker_lag(vu->w, t);
    if (vu->state == VU_PLAYING)
        vu_play(vu);
    else
        vu_set_state(vu, VU_READY);
    if (waited) next_iteration(vu);
    vu_run(vu);
}

struct vu *vu_new(struct worker *w, uint32_t number, uint32_t local)
{
    size_t slots = w->plan->slots;
    struct vu *vu = mem_alloc(1, sizeof *vu + slots * (sizeof(struct slice) + sizeof(uint32_t)));
    vu->w = w;
    vu->number = number;
    vu->local = local;
    vu->timer.fire = on_timer;
    vu->caps = (uint32_t *)(void *)&vu->values[slots];
    vu->net = w->ops->user_open(w->engine);
    rnd_seed(&vu->rnd, w->run->cfg.seed, number);
    return vu;
}

void vu_free(struct vu *vu)
{
    if (!vu) return;
    timer_clear(loop_timers(vu->w->loop), &vu->timer);
    for (uint32_t i = 0; i < vu->w->plan->slots; i++)
        vu_unset(vu, i);
    vu->w->ops->user_close(vu->net);
    template_memo_free(vu->memo);
    jar_free(vu->jar);
    free(vu);
}

static void end(struct vu *vu)
{
    vu_set_state(vu, VU_ENDED);
    worker_user_ended(vu->w, vu);
}

/* on_stop, or the end if there is none or it has begun already. */
static void leave(struct vu *vu)
{
    const struct op *ops = vu->w->plan->on_stop;
    if (vu->section == VU_ON_STOP || !ops) {
        end(vu);
        return;
    }
    /* The run's end cuts a pause short: what follows is meant for now, not for the pause's end. */
    uint64_t now = loop_now_ns(vu->w->loop);
    if (vu->due_ns > now) vu->due_ns = now;
    enter(vu, VU_ON_STOP, ops);
}

/* The run is being stopped: nothing but on_stop is begun any more. */
static bool must_leave(const struct vu *vu)
{
    return vu->section != VU_ON_STOP && vu->w->stopping;
}

void vu_begin(struct vu *vu, uint64_t due_ns)
{
    const struct plan *p = vu->w->plan;
    vu->due_ns = vu->iteration_start_ns = due_ns;
    bool ok = take_rows(vu, false);
    for (size_t i = 0; i < p->vars_n && ok; i++)
        ok = set_rendered(vu, p->vars[i].slot, &p->vars[i].value);
    if (!ok) {
        end(vu);
        return;
    }
    enter(vu, VU_ON_START, p->on_start);
    if (!p->on_start) next_iteration(vu);
    vu_run(vu);
}

static const struct op *pick_task(struct vu *vu)
{
    const struct plan *p = vu->w->plan;
    if (vu->w->run->cfg.timeline.on) return p->tasks[vu->number % p->tasks_n].ops;
    if (p->tasks_n == 1) return p->tasks[0].ops;
    uint64_t at = rnd_below(&vu->rnd, p->weights);
    size_t i = 0;
    while (p->tasks[i].weight_up_to <= at)
        i++;
    return p->tasks[i].ops;
}

static bool may_iterate(struct vu *vu)
{
    uint64_t loops = vu->w->run->cfg.load.loops;
    if (vu->w->stopping || vu->retired) return false;
    if (loops && vu->iteration >= loops) return false;
    return worker_ticket(vu->w) && take_rows(vu, true);
}

/* Begins the iteration that is due at due_ns. */
static void next_iteration(struct vu *vu)
{
    if (!may_iterate(vu)) {
        leave(vu);
        return;
    }
    vu->iteration_start_ns = vu->due_ns;
    vu->sent = false;
    template_memo_reset(vu->memo);
    if (vu->w->run->cfg.new_visitor && vu->iteration > 0) {
        vu->w->ops->user_reset(vu->net);
        if (vu->jar) jar_clear(vu->jar);
    }
    enter(vu, VU_TASK, pick_task(vu));
}

void vu_start_iteration(struct vu *vu, uint64_t due_ns)
{
    vu_set_state(vu, VU_READY);
    vu->due_ns = due_ns;
    next_iteration(vu);
    vu_run(vu);
}

/* Sleeps until due_ns in the given state; false when there is nothing to sleep for. An answer's end may be
 * later than the loop's reading of the clock: no pause is no timer, whatever that says. */
static bool sleeps(struct vu *vu, uint64_t due_ns, enum vu_state state)
{
    uint64_t was = vu->due_ns;
    vu->due_ns = due_ns;
    if (due_ns <= was || due_ns <= loop_now_ns(vu->w->loop)) return false;
    vu_set_state(vu, state);
    timer_set(loop_timers(vu->w->loop), &vu->timer, due_ns);
    return true;
}

/* When the next iteration is due: the wait after this one, or pacing from its start. */
static uint64_t after_wait(struct vu *vu)
{
    const struct plan *p = vu->w->plan;
    uint64_t ns = plan_wait_ns(p, &p->wait, &vu->rnd), due = vu->due_ns + ns;
    if (p->wait.kind == WAIT_PACING) due = vu->iteration_start_ns + ns;
    if (due < vu->due_ns) due = vu->due_ns;
    return vu->sent ? due : due + EMPTY_PAUSE_NS;
}

static bool is_last(const struct vu *vu)
{
    uint64_t loops = vu->w->run->cfg.load.loops;
    return vu->w->stopping || vu->w->draining || vu->retired || (loops && vu->iteration >= loops);
}

/* The task is through (or abandoned). */
static void end_iteration(struct vu *vu)
{
    struct worker *w = vu->w;
    vu->iteration++;
    atomic_fetch_add_explicit(&w->counts.iterations, 1, memory_order_relaxed);
    if (is_last(vu)) {
        leave(vu);
        return;
    }
    if (w->run->cfg.load.arrival != ARRIVAL_NONE) {
        vu_set_state(vu, VU_IDLE);
        worker_user_ended(w, vu);
        return;
    }
    if (!sleeps(vu, after_wait(vu), VU_WAITING)) next_iteration(vu);
}

static void end_section(struct vu *vu)
{
    switch ((enum vu_section)vu->section) {
    case VU_ON_START: next_iteration(vu); return;
    case VU_TASK: end_iteration(vu); return;
    case VU_ON_STOP: end(vu); return;
    }
}

/* A step that cannot be sent ends the iteration; in on_start it ends the user, who would never get
 * anywhere. */
static void abandon(struct vu *vu)
{
    atomic_fetch_add_explicit(&vu->w->counts.abandoned, 1, memory_order_relaxed);
    if (vu->section == VU_TASK)
        end_iteration(vu);
    else
        leave(vu);
}

/* ---- operations ------------------------------------------------------------------------------------ */

static void op_requests(struct vu *vu, const struct op *first, uint32_t n)
{
    bool ok = true;
    vu->pc = first + n;
    for (uint32_t i = 0; i < n; i++)
        ok &= flight_send(vu, first[i].request);
    if (vu->flying) {
        vu->sent = true;
        vu_set_state(vu, VU_FLYING);
    }
    if (ok) return;
    if (vu->flying)
        vu->broken = true;
    else
        abandon(vu);
}

static void op_think(struct vu *vu, const struct op *op)
{
    vu->pc = op + 1;
    if (vu->w->stopping) return;
    sleeps(vu, vu->due_ns + plan_wait_ns(vu->w->plan, &op->wait, &vu->rnd), VU_THINKING);
}

bool vu_compute(struct vu *vu, const struct op *op)
{
    vu->pc = op + 1;
    for (uint32_t i = 0; i < op->n; i++)
        if (!set_rendered(vu, op->set[i].slot, &op->set[i].value)) return false;
    return true;
}

static void op_again(struct vu *vu, const struct op *op)
{
    bool more = --vu->repeat[op->depth] > 0;
    vu->pc = more ? op - op->n : op + 1;
}

static void run_op(struct vu *vu)
{
    const struct op *op = vu->pc;
    if (vu->w->run->cfg.timeline.on && op->kind != OP_END && vu->section == VU_TASK) {
        vu_play(vu);
        return;
    }
    switch (op->kind) {
    case OP_REQUEST: op_requests(vu, op, 1); return;
    case OP_PARALLEL: op_requests(vu, op + 1, op->n); return;
    case OP_THINK: op_think(vu, op); return;
    case OP_SET:
        if (!vu_compute(vu, op)) abandon(vu);
        return;
    case OP_REPEAT:
        vu->repeat[op->depth] = op->n;
        vu->pc = op + 1;
        return;
    case OP_AGAIN: op_again(vu, op); return;
    case OP_END: end_section(vu); return;
    }
}

/* Runs until the user waits for something or has ended (the worker frees it in a later turn). */
static void vu_run(struct vu *vu)
{
    while (vu->state == VU_READY) {
        if (must_leave(vu))
            leave(vu);
        else
            run_op(vu);
    }
}

/* ---- from outside ----------------------------------------------------------------------------------- */

void vu_landed(struct vu *vu, uint64_t end_ns)
{
    if (end_ns > vu->due_ns) vu->due_ns = end_ns;
    vu->flying--;
    if (vu->state == VU_PLAYING) {
        vu_play(vu);
        vu_run(vu);
        return;
    }
    if (vu->flying > 0) return;
    vu_set_state(vu, VU_READY);
    if (vu->broken) {
        vu->broken = false;
        abandon(vu);
    }
    vu_run(vu);
}

void vu_stop(struct vu *vu)
{
    if (vu->state == VU_FLYING || vu->state == VU_ENDED) return; /* flights land first */
    timer_clear(loop_timers(vu->w->loop), &vu->timer);
    if (vu->state == VU_PLAYING) {
        vu_play(vu);
    } else {
        vu_set_state(vu, VU_READY);
        if (vu->section != VU_ON_STOP) leave(vu);
    }
    vu_run(vu);
}

void vu_kill(struct vu *vu)
{
    while (vu->flights) {
        struct flight *f = vu->flights;
        vu->w->ops->cancel(vu->w->engine, &f->call);
        flight_cancelled(f);
        flight_free(f);
    }
    vu->flying = 0;
    end(vu);
}
