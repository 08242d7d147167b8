/* A worker: starts and retires its users as the curve says, keeps the second's accounts, ends.
 *
 * User number n runs on worker n mod W as local number n / W. The curve is computed, not told: all
 * workers hold the same one. Invariants: `level` own users are wanted, those below it were started; a
 * user that has ended is freed in the next turn; after `killed` nobody flies. */
#include "replay/worker.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "replay/vu.h"

#define SECOND NS_PER_S
#define MAX_TEXT (64u << 20)
#define STARTS_PER_TURN 256 /* so that answers are taken in between */
#define OWNER(type, ptr, field) ((type *)(void *)((char *)(ptr)-offsetof(type, field)))

static bool is_open(const struct worker *w)
{
    return w->run->cfg.load.arrival != ARRIVAL_NONE;
}

uint64_t worker_now_ns(const struct worker *w)
{
    uint64_t now = loop_now_ns(w->loop), start = w->run->start_ns;
    return now > start ? now - start : 0;
}

int64_t worker_utc_ns(const struct worker *w)
{
    return w->run->start_utc_ns + (int64_t)(loop_now_ns(w->loop) - w->run->start_ns);
}

static void set_timer(struct worker *w, struct timer *t, uint64_t since_start_ns)
{
    if (since_start_ns == CURVE_NEVER)
        timer_clear(loop_timers(w->loop), t);
    else
        timer_set(loop_timers(w->loop), t, w->run->start_ns + since_start_ns);
}

/* ---- the end ------------------------------------------------------------------------------------------ */

/* Whether the curve will want more of this worker. */
static bool more_to_come(const struct worker *w)
{
    return !w->stopping && timer_is_set(&w->schedule_timer);
}

static void end_if_done(struct worker *w)
{
    if (w->running > 0 || more_to_come(w)) return;
    loop_stop(w->loop);
}

static void reap(struct timer *t)
{
    struct worker *w = OWNER(struct worker, t, reap_timer);
    while (w->ended) {
        struct vu *vu = w->ended;
        w->ended = vu->next;
        vu_free(vu);
    }
    end_if_done(w);
}

static void count_users(struct worker *w)
{
    atomic_store_explicit(&w->counts.users, w->running, memory_order_relaxed);
    recorder_users(w->rec, w->running);
}

void worker_user_ended(struct worker *w, struct vu *vu)
{
    if (vu->state == VU_IDLE) {
        vu->next = w->idle;
        w->idle = vu;
        return;
    }
    w->users[vu->local] = NULL;
    w->running--;
    count_users(w);
    vu->next = w->ended;
    w->ended = vu;
    timer_set(loop_timers(w->loop), &w->reap_timer, 0);
}

bool worker_ticket(struct worker *w)
{
    uint64_t limit = w->run->cfg.load.iterations;
    if (limit == 0) return true;
    return atomic_fetch_add_explicit(&w->run->tickets, 1, memory_order_relaxed) < limit;
}

void worker_starved(struct worker *w, const struct feeder *f)
{
    const struct feed *m = f->model;
    atomic_fetch_add_explicit(&w->counts.starved, 1, memory_order_relaxed);
    run_trouble(w->run, "feed %.*s has run out: %.*s has %zu rows", SL_FMT(m->name),
                SL_FMT(m->file), f->rows_n);
    if (m->end == FEED_STOP_USER || m->end == FEED_BY_PICK) return;
    if (m->end == FEED_FAIL) atomic_store(&w->run->failed, true);
    run_stop(w->run);
}

/* ---- users ---------------------------------------------------------------------------------------------- */

/* Of all processes. */
static uint32_t workers(const struct worker *w)
{
    return w->run->cfg.workers * w->run->cfg.processes;
}

/* How many of the numbers below total are this worker's. */
static uint32_t share(const struct worker *w, uint32_t total)
{
    return total > w->index ? (total - w->index - 1) / workers(w) + 1 : 0;
}

static uint32_t number_of(const struct worker *w, uint32_t local)
{
    return local * workers(w) + w->index;
}

static struct vu *new_user(struct worker *w, uint32_t local)
{
    if (local >= w->users_cap) {
        uint32_t cap = local < 32 ? 64 : local * 2;
        w->users = mem_resize(w->users, cap, sizeof *w->users);
        memset(w->users + w->users_cap, 0, (cap - w->users_cap) * sizeof *w->users);
        w->users_cap = cap;
    }
    struct vu *vu = vu_new(w, number_of(w, local), local);
    w->users[local] = vu;
    w->running++;
    return vu;
}

/* ---- closed model ------------------------------------------------------------------------------------- */

static void start_user(struct worker *w, uint32_t local, uint64_t due_ns)
{
    struct vu *vu = local < w->users_cap ? w->users[local] : NULL;
    if (vu) {
        vu->retired = false;
        return;
    }
    vu_begin(new_user(w, local), due_ns);
}

static void retire_user(struct worker *w, uint32_t local)
{
    struct vu *vu = local < w->users_cap ? w->users[local] : NULL;
    if (!vu) return;
    vu->retired = true;
    if (vu->state == VU_WAITING) vu_stop(vu);
}

/* When the level first wants the user with this number, not before the last change. */
static uint64_t due_of(const struct worker *w, uint32_t local, uint64_t from_ns)
{
    uint64_t at = curve_next(&w->curve, from_ns, number_of(w, local), -1);
    return at == CURVE_NEVER ? from_ns : at;
}

static void follow_level(struct worker *w)
{
    uint64_t now = worker_now_ns(w);
    uint32_t want = share(w, curve_users(&w->curve, now)), all = want;
    if (want > w->level + STARTS_PER_TURN) want = w->level + STARTS_PER_TURN;
    for (; w->level < want; w->level++) {
        uint64_t due = due_of(w, w->level, w->changed_ns);
        start_user(w, w->level, w->run->start_ns + (due < now ? due : now));
    }
    while (w->level > want)
        retire_user(w, --w->level);
    count_users(w);
    if (want < all) {
        set_timer(w, &w->schedule_timer, now + 1);
        return;
    }
    w->changed_ns = now;
    double top = w->level ? (double)number_of(w, w->level - 1) : -1;
    set_timer(w, &w->schedule_timer, curve_next(&w->curve, now, number_of(w, w->level), top));
}

/* ---- open model ---------------------------------------------------------------------------------------- */

static uint32_t max_users(const struct worker *w)
{
    uint32_t max = w->run->cfg.load.max_users;
    return share(w, max ? max : LOAD_MAX_USERS);
}

static void start_iteration(struct worker *w, uint64_t due_ns)
{
    struct vu *vu = w->idle;
    if (vu) {
        w->idle = vu->next;
        vu_start_iteration(vu, due_ns);
        return;
    }
    if (w->level >= max_users(w)) {
        recorder_dropped(w->rec, 1);
        return;
    }
    vu_begin(new_user(w, w->level++), due_ns);
    count_users(w);
}

/* Constant: the k-th start of the whole run is when the area under the rate reaches k; each worker takes
 * every W-th. Poisson: W independent processes of rate/W, together one of the rate. */
static void next_start(struct worker *w)
{
    if (w->run->cfg.load.arrival == ARRIVAL_POISSON)
        w->next_area += rnd_exponential(&w->rnd) * workers(w);
    else
        w->next_area += workers(w);
    w->next_start_ns = curve_area_at(&w->curve, w->next_area);
}

static bool has_tickets(const struct worker *w)
{
    uint64_t limit = w->run->cfg.load.iterations;
    return limit == 0 || atomic_load_explicit(&w->run->tickets, memory_order_relaxed) < limit;
}

static bool is_start_due(const struct worker *w)
{
    uint64_t end = w->run->cfg.load.run_time_ns;
    return is_open(w) && w->next_start_ns <= worker_now_ns(w) && (!end || w->next_start_ns < end) &&
           has_tickets(w);
}

/* The run's iterations have all begun: who rests may go, who works goes after it. */
static void drain(struct worker *w)
{
    w->draining = true;
    timer_clear(loop_timers(w->loop), &w->schedule_timer);
    while (w->idle) {
        struct vu *vu = w->idle;
        w->idle = vu->next;
        vu_stop(vu);
    }
}

/* Those that are due, a turn's worth at most: a worker that is behind goes on taking answers, and its
 * timer, set to a time that has passed, tells how far behind it is. */
static void start_due(struct worker *w)
{
    for (unsigned n = 0; n < STARTS_PER_TURN && is_start_due(w); n++) {
        start_iteration(w, w->run->start_ns + w->next_start_ns);
        next_start(w);
    }
    if (has_tickets(w)) {
        set_timer(w, &w->schedule_timer, w->next_start_ns);
        return;
    }
    drain(w);
}

static void on_schedule(struct timer *t)
{
    struct worker *w = OWNER(struct worker, t, schedule_timer);
    if (w->stopping) return;
    worker_lag(w, t);
    if (is_open(w))
        start_due(w);
    else
        follow_level(w);
    end_if_done(w);
}

void worker_bend(struct worker *w, uint64_t at_ns, double level, double rate)
{
    curve_bend(&w->curve, at_ns, level, rate);
    if (w->stopping) return;
    if (is_open(w)) {
        double area = curve_area(&w->curve, worker_now_ns(w));
        if (w->next_area < area) w->next_area = area;
        w->next_start_ns = curve_area_at(&w->curve, w->next_area);
    }
    timer_set(loop_timers(w->loop), &w->schedule_timer, 0);
}

/* ---- stopping -------------------------------------------------------------------------------------------- */

void worker_stop(struct worker *w)
{
    if (w->stopping) return;
    w->stopping = true;
    timer_clear(loop_timers(w->loop), &w->schedule_timer);
    set_timer(w, &w->end_timer, worker_now_ns(w) + w->run->cfg.stop_timeout_ns);
    w->idle = NULL;
    for (uint32_t i = 0; i < w->users_cap; i++)
        if (w->users[i]) vu_stop(w->users[i]);
    timer_set(loop_timers(w->loop), &w->reap_timer, 0);
}

void worker_kill(struct worker *w)
{
    if (w->killed) return;
    w->killed = w->stopping = true;
    timer_clear(loop_timers(w->loop), &w->schedule_timer);
    for (uint32_t i = 0; i < w->users_cap; i++)
        if (w->users[i]) vu_kill(w->users[i]);
    timer_set(loop_timers(w->loop), &w->reap_timer, 0);
}

/* The run time is over: starts that are due still go out, unless the worker is so late that it would
 * go on for long; then they are counted as dropped. True when none is left. */
static bool settle_starts(struct worker *w)
{
    uint64_t late = worker_now_ns(w) - w->run->cfg.load.run_time_ns;
    if (is_start_due(w) && late < SECOND) return false;
    for (; is_start_due(w); next_start(w))
        recorder_dropped(w->rec, 1);
    return true;
}

/* The run time is over, or after that the stop timeout. */
static void on_end(struct timer *t)
{
    struct worker *w = OWNER(struct worker, t, end_timer);
    if (w->stopping)
        worker_kill(w);
    else if (settle_starts(w))
        worker_stop(w);
    else
        timer_set(loop_timers(w->loop), t, 0);
}

void worker_lag(struct worker *w, const struct timer *t)
{
    uint64_t now = loop_now_ns(w->loop);
    if (t->at_ns >= w->run->start_ns && now > t->at_ns + w->lag_ns) w->lag_ns = now - t->at_ns;
}

/* Tells what this thread used since the last time. */
static void tell_cpu(struct worker *w)
{
    uint64_t cpu_ns = clock_thread_cpu_ns(), now_ns = loop_now_ns(w->loop);
    recorder_cpu(w->rec, cpu_ns - w->cpu_told_ns, now_ns - w->cpu_told_at_ns);
    w->cpu_told_ns = cpu_ns;
    w->cpu_told_at_ns = now_ns;
}

static void on_second(struct timer *t)
{
    struct worker *w = OWNER(struct worker, t, second_timer);
    uint64_t now = loop_now_ns(w->loop);
    worker_lag(w, t);
    recorder_lag(w->rec, w->lag_ns);
    tell_cpu(w);
    recorder_connections(w->rec, (uint32_t)w->ops->connections(w->engine));
    w->lag_ns = 0;
    timer_set(loop_timers(w->loop), t, t->at_ns + SECOND > now ? t->at_ns + SECOND : now + SECOND);
}

/* ---- thread ------------------------------------------------------------------------------------------------ */

static void begin(struct worker *w)
{
    const struct load *load = &w->run->cfg.load;
    loop_refresh_ns(w->loop);
    w->cpu_told_ns = clock_thread_cpu_ns();
    w->cpu_told_at_ns = loop_now_ns(w->loop);
    if (is_open(w)) {
        /* The first start is at once, then one each time the area has grown by one. */
        w->next_area = load->arrival == ARRIVAL_POISSON ? rnd_exponential(&w->rnd) * workers(w)
                                                        : (double)w->index;
        w->next_start_ns = curve_area_at(&w->curve, w->next_area);
    }
    if (load->run_time_ns) set_timer(w, &w->end_timer, load->run_time_ns);
    /* Amid the seconds of the collector, which reads what it tells. */
    set_timer(w, &w->second_timer, SECOND / 2);
    set_timer(w, &w->schedule_timer, is_open(w) ? w->next_start_ns : 0);
}

/* On the thread that used the engine: an io_uring belongs to it. */
static void close_engine(struct worker *w)
{
    if (!w->engine) return;
    worker_kill(w);
    reap(&w->reap_timer);
    w->ops->close(w->engine);
    w->engine = NULL;
}

void *worker_main(void *worker)
{
    struct worker *w = worker;
    begin(w);
    loop_run(w->loop);
    close_engine(w);
    tell_cpu(w);
    run_worker_over(w->run);
    return NULL;
}

/* Its share of the run's limit, one at least; 0: no limit. */
static size_t max_connections(const struct worker *w)
{
    size_t all = w->run->cfg.net.max_connections;
    uint32_t own = share(w, all < UINT32_MAX ? (uint32_t)all : UINT32_MAX);
    return all && !own ? 1 : own;
}

struct worker *worker_new(struct run *r, unsigned index, struct err *err)
{
    struct worker *w = mem_alloc(1, sizeof *w);
    w->run = r;
    w->plan = r->cfg.plan;
    w->index = r->cfg.process * r->cfg.workers + index;
    w->rec = r->cfg.recorders[index];
    w->ops = r->cfg.engine;
    w->scratch = arena_new();
    w->docs = answer_docs_new();
    buf_init(&w->decoded, MAX_TEXT);
    buf_init(&w->text, MAX_TEXT);
    rnd_seed(&w->rnd, r->cfg.seed, UINT64_MAX - w->index);
    curve_of_load(&w->curve, &r->cfg.load);
    w->schedule_timer.fire = on_schedule;
    w->second_timer.fire = on_second;
    w->end_timer.fire = on_end;
    w->reap_timer.fire = reap;
    w->loop = loop_new(err);
    w->net = r->cfg.net;
    w->net.loop = w->loop;
    w->net.max_connections = max_connections(w);
    w->net.origins = hosts_table(w->plan->hosts, &w->net.origins_n);
    if (w->loop) w->engine = w->ops->open(&w->net, err);
    if (w->engine) return w;
    worker_free(w);
    return NULL;
}

void worker_free(struct worker *w)
{
    if (!w) return;
    close_engine(w); /* of a thread that never started */
    while (w->spare) {
        struct flight *f = w->spare;
        w->spare = f->next;
        buf_free(&f->wire);
        free(f);
    }
    loop_free(w->loop);
    curve_free(&w->curve);
    answer_docs_free(w->docs);
    arena_free(w->scratch);
    buf_free(&w->decoded);
    buf_free(&w->text);
    free(w->users);
    free(w);
}
