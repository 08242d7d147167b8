/* The room's public header: a scenario becomes a plan, a plan becomes load.
 *
 *   plan_new -> run_new -> run_start -> run_wait … -> run_free -> plan_free
 *
 * run_start makes the workers' threads and returns; run_stop, run_kill, run_set_users, run_set_rate and
 * run_now may be called from any thread while it goes. Samples go to the recorders that the caller gives,
 * one per worker. */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include "replay/engine.h"
#include "replay/plan.h"
#include "replay/timeline.h"

/* Recorded traffic at its recorded times: user n plays task n mod tasks, its requests at
 * recorded_ns / speed; a request whose values are still to come waits for them. */
struct timeline_cfg {
    bool on;
    double speed;      /* 1: as recorded */
    uint64_t shift_ns; /* copy k starts k shifts later */
};

struct run_cfg {
    const struct plan *plan;
    const struct engine_ops *engine;
    struct engine_cfg net;       /* loop and origins are filled in by the run; max_connections is of
                              all workers of all processes */
    struct load load;            /* the scenario's, with the command line's over it */
    unsigned workers;            /* at least 1 */
    unsigned process, processes; /* one of several that share users and iterations; 0, 0: alone */
    uint64_t seed;
    uint64_t stop_timeout_ns; /* how long users may finish */
    uint64_t dns_refresh_ns;  /* names are looked up again so often; 0: never */
    bool new_visitor;         /* connections close and cookies go at each iteration's start */
    bool want_bodies;         /* answers' bodies are kept for the archive */
    bool all_answers;         /* each answer is given to the recorder, not only failing ones */
    struct recorder *const *recorders; /* [workers]; keeps */
    struct timeline_cfg timeline;
};

enum run_phase { RUN_READY, RUN_ON, RUN_STOPPING, RUN_OVER };

struct run_state {
    enum run_phase phase;
    uint32_t users, users_wanted;
    double rate_wanted; /* open model */
    uint64_t elapsed_ns;
    uint64_t iterations; /* ended ones */
    uint64_t abandoned;  /* ended early: a variable had no value */
    uint64_t starved;    /* users that ended because a feed ran out */
    bool failed;         /* a feed that must not run out did */
    char trouble[200];   /* the first thing that went wrong inside the generator, empty if none */
};

struct run;
struct run *run_new(const struct run_cfg *cfg, struct err *err); /* gives; engines are opened */
/* start_mono_ns: what samples' times count from. */
bool run_start(struct run *r, uint64_t start_mono_ns, struct err *err);
bool run_wait(struct run *r, uint64_t timeout_ns); /* true: it is over */
int run_fd(const struct run *r);                   /* becomes readable when it is over */
void run_stop(struct run *r);                      /* users finish within the stop timeout */
void run_kill(struct run *r);                      /* at once */
bool run_set_users(struct run *r, uint32_t users, double spawn_rate); /* closed model */
bool run_set_rate(struct run *r, double rate);                        /* open model */
void run_now(struct run *r, struct run_state *out);
void run_free(struct run *r); /* kills what still runs, joins the threads */

#define LOAD_MAX_USERS 10000 /* open model, where the load says nothing else */

/* The share of the load's planned time: 0 if it has no planned end. */
uint64_t load_planned_ns(const struct load *load);

#endif
