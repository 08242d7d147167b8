/* A timeline: a client's requests at their recorded times, whatever the earlier answers do, unless a
 * request carries a value that an answer on its way will bring. Called by the user's state machine.
 *
 * Invariant: requests leave in recorded order; how late one is, is in its sample (intended and start). */
#include "replay/vu.h"

/* Whether an answer that is still to come brings what q reads, or the cookies of its session. */
static bool must_wait(const struct vu *vu, const struct plan_request *q)
{
    for (const struct flight *f = vu->flights; f; f = f->next) {
        const struct plan_request *flying = f->request;
        if (flying->model->recorded_cookies) return true;
        for (size_t i = 0; i < flying->extract_n; i++)
            for (size_t j = 0; j < q->needs_n; j++)
                if (q->needs[j] == flying->extract[i].slot) return true;
    }
    return false;
}

/* When a step of this user's copy is meant to go out. */
static uint64_t due_of(const struct vu *vu, const struct plan_request *q)
{
    const struct run *r = vu->w->run;
    const struct timeline_cfg *t = &r->cfg.timeline;
    uint64_t copy = vu->number / vu->w->plan->tasks_n;
    return r->start_ns + copy * t->shift_ns + (uint64_t)((double)q->model->recorded_ns / t->speed);
}

/* False when the request has to wait, for its time or for a value. */
static bool play_request(struct vu *vu, const struct plan_request *q)
{
    uint64_t due = due_of(vu, q);
    if (due > loop_now_ns(vu->w->loop)) {
        timer_set(loop_timers(vu->w->loop), &vu->timer, due);
        return false;
    }
    if (must_wait(vu, q)) return false;
    vu->due_ns = due;
    if (flight_send(vu, q))
        vu->sent = true;
    else
        atomic_fetch_add_explicit(&vu->w->counts.abandoned, 1, memory_order_relaxed);
    vu->pc++;
    return true;
}

static bool play_one(struct vu *vu)
{
    const struct op *op = vu->pc;
    switch (op->kind) {
    case OP_REQUEST: return play_request(vu, op->request);
    case OP_SET: vu_compute(vu, op); return true;
    case OP_PARALLEL:
    case OP_THINK:
    case OP_REPEAT:
    case OP_AGAIN: vu->pc++; return true;
    case OP_END: return false;
    }
    return false;
}

void vu_play(struct vu *vu)
{
    if (vu->state == VU_READY) vu_set_state(vu, VU_PLAYING);
    while (!vu->w->stopping && play_one(vu))
        ;
    bool over = vu->w->stopping || vu->pc->kind == OP_END;
    if (over && vu->flying == 0) vu_set_state(vu, VU_READY);
}
