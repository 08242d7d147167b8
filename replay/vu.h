/* A virtual user: an explicit state machine over the plan's operations. Private to the room.
 *
 * At rest it costs this struct, its variables, its jar and what the engine keeps for it. Requests under
 * way are flights, borrowed from the worker's pool. */
#ifndef REPLAY_VU_H
#define REPLAY_VU_H

#include "http/cookie.h"
#include "replay/worker.h"

enum vu_state {
    VU_READY,    /* the next operation runs now */
    VU_FLYING,   /* requests are under way */
    VU_THINKING, /* a think step's timer runs */
    VU_WAITING,  /* between iterations */
    VU_IDLE,     /* open model: waits to be started */
    VU_PLAYING,  /* timeline: requests go out at their times while others fly */
    VU_ENDED,
};

enum vu_section { VU_ON_START, VU_TASK, VU_ON_STOP };

/* One request under way. */
struct flight {
    struct call call; /* first: the engine gives it back */
    struct vu *vu;
    const struct plan_request *request;
    struct buf wire;      /* head and body as sent */
    uint64_t intended_ns; /* monotonic */
    unsigned redirects_left;
    struct flight *next, *prev; /* of the user's, or next in the worker's pool */
};

struct vu {
    struct worker *w;
    struct timer timer;
    const struct op *pc;
    uint64_t due_ns;             /* monotonic: when the next thing was meant to happen */
    uint64_t iteration_start_ns; /* due time of the iteration */
    uint64_t counter;            /* of counter() */
    uint32_t number, local;      /* over all workers; on this one */
    uint32_t iteration;
    uint16_t flying;
    uint8_t state, section; /* enum vu_state, vu_section: set by vu_set_state, vu_enter */
    bool retired;           /* the schedule does not want it any more */
    bool sent;              /* something in this iteration */
    bool broken;            /* one of several requests could not be sent */
    uint32_t repeat[PLAN_MAX_REPEATS];
    struct flight *flights;
    struct engine_user *net;
    struct jar *jar;            /* made with the first cookie */
    struct template_memo *memo; /* made with the first tagged value */
    struct rnd rnd;
    struct vu *next;       /* idle or ended: the worker's lists */
    uint32_t *caps;        /* [slots] bytes owned by a value; 0: borrowed or unset */
    struct slice values[]; /* [slots]; p NULL: unset */
};

/* Makes a user and runs it from its due time on. */
struct vu *vu_new(struct worker *w, uint32_t number, uint32_t local);
void vu_free(struct vu *vu);
void vu_begin(struct vu *vu, uint64_t due_ns);           /* on_start, then iterations */
void vu_start_iteration(struct vu *vu, uint64_t due_ns); /* an idle user, open model */
void vu_stop(struct vu *vu);                             /* finish: on_stop at the next step */
void vu_kill(struct vu *vu);                             /* cancels what flies; ends it */
/* A flight has landed and was taken account of; goes on when it was the last one. */
void vu_landed(struct vu *vu, uint64_t end_ns);
void vu_set(struct vu *vu, uint32_t slot, struct slice value);    /* copies */
void vu_borrow(struct vu *vu, uint32_t slot, struct slice value); /* the plan's text */
void vu_unset(struct vu *vu, uint32_t slot);
struct template_env vu_env(struct vu *vu);
void vu_set_state(struct vu *vu, enum vu_state to);
/* A set step: computes its variables and goes on behind it; false when one has no value. */
bool vu_compute(struct vu *vu, const struct op *op);
/* play.c: READY or PLAYING; sends what is due. READY again at the end of the task, or when stopping. */
void vu_play(struct vu *vu);

/* send.c: renders and sends; false when a variable has no value or the target is not allowed. */
bool flight_send(struct vu *vu, const struct plan_request *q);
void flight_sent(struct flight *f); /* hands the rendered bytes to the engine */
void flight_free(struct flight *f); /* back to the pool */
void flight_add_cookies(struct flight *f, struct buf *out, const struct url *u,
                        const struct template_env *env);
/* The URL that the flight goes to: parts borrow from its bytes. */
struct url flight_url(const struct flight *f);
/* "https://host/path?query" of the request, in the worker's scratch. */
struct slice flight_url_text(const struct flight *f);

/* answer.c: the engine's done. */
void flight_done(struct call *c);
/* A sample for a flight that was cancelled. */
void flight_cancelled(struct flight *f);

/* redirect.c: turns the flight to the Location of its answer; false if it is not a redirect to follow. */
bool flight_redirect(struct flight *f, struct slice *refused);

#endif
