/* A worker: one thread, one loop, one engine, its users. Private to the room.
 *
 * Nothing here is shared but the run's const plan, its atomic phase and its atomic ticket counter; other
 * threads talk to a worker by loop_post only. */
#ifndef REPLAY_WORKER_H
#define REPLAY_WORKER_H

#include <pthread.h>
#include <stdatomic.h>

#include "replay/curve.h"
#include "replay/replay.h"

struct vu;
struct flight;
struct worker;

struct run {
    struct run_cfg cfg;
    struct worker **workers;
    unsigned started;            /* threads */
    struct refresher *refresher; /* NULL: names stay as they were before the load */
    uint64_t start_ns;
    int64_t start_utc_ns;
    _Atomic int phase;
    _Atomic uint64_t tickets; /* iterations begun, when their number is limited */
    _Atomic unsigned over;    /* workers that have ended */
    int event;                /* eventfd: over */
    pthread_mutex_t lock;     /* guards curve and trouble, off the hot path */
    struct curve curve;       /* as last set */
    char trouble[200];
    _Atomic bool failed;
};

/* What other threads read while the worker runs. */
struct worker_counts {
    _Atomic uint32_t users;
    _Atomic uint64_t iterations, abandoned, starved;
};

struct worker {
    struct run *run;
    const struct plan *plan;
    unsigned index; /* of all processes' workers */
    struct loop *loop;
    const struct engine_ops *ops;
    struct engine *engine;
    struct recorder *rec;
    struct engine_cfg net;
    pthread_t thread;

    struct curve curve;
    uint64_t changed_ns; /* when the level was last looked at, since the start */
    uint32_t level;      /* own users wanted: local numbers below it */
    struct vu **users;   /* by local number; NULL: none now */
    uint32_t users_cap, running;
    struct vu *idle;        /* open model: resting users */
    struct vu *ended;       /* to be freed in the next turn: somebody may still look at them */
    double next_area;       /* open model: the next start, in area under the rate */
    uint64_t next_start_ns; /* and when that is */
    struct rnd rnd;         /* of the schedule; users have their own */

    struct timer schedule_timer, second_timer, end_timer, reap_timer;
    uint64_t lag_ns;                      /* the latest timer of this second was so late */
    uint64_t cpu_told_ns, cpu_told_at_ns; /* the thread's CPU when it was told last, and when */
    bool stopping, killed;
    bool draining;            /* open model: no iteration will start any more */
    struct flight *spare;     /* flights at rest */
    struct arena *scratch;    /* of one answer or one rendering */
    struct answer_docs *docs; /* of one answer: parsed at most once */
    struct buf decoded, text; /* an answer's body; a failure's reason */
    unsigned warned;
    struct worker_counts counts;
};

struct worker *worker_new(struct run *r, unsigned index,
                          struct err *err); /* gives; engine opened */
void worker_free(struct worker *w);
void *worker_main(void *worker);                /* the thread */
uint64_t worker_now_ns(const struct worker *w); /* since the start of the run */
int64_t worker_utc_ns(const struct worker *w);
/* A timer has fired: how late it is, is the loop's lag. */
void worker_lag(struct worker *w, const struct timer *t);
/* A user is gone or rests: what the schedule wants of it. */
void worker_user_ended(struct worker *w, struct vu *vu);
/* A feed has run out: what its `end` says. */
void worker_starved(struct worker *w, const struct feeder *f);
/* One more iteration of the run's limited number; false when there is none left. */
bool worker_ticket(struct worker *w);
void worker_stop(struct worker *w);
void worker_kill(struct worker *w);
/* A curve that begins at the run's current time; takes its points. */
void worker_bend(struct worker *w, uint64_t at_ns, double level, double rate);
/* Something wrong inside the generator; the first text of a run is kept. */
void run_trouble(struct run *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void run_worker_over(struct run *r);

#endif
