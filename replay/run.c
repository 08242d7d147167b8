/* A run: workers made, started, told to stop, joined. Called by cli/ and later by the web page; everything
 * that another thread asks of a worker goes there as a message.
 *
 * Invariant: messages are posted only to workers whose threads were started and not yet joined. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "replay/worker.h"

/* ---- what workers say --------------------------------------------------------------------------------- */

void run_trouble(struct run *r, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    pthread_mutex_lock(&r->lock);
    if (!r->trouble[0]) vsnprintf(r->trouble, sizeof r->trouble, fmt, ap);
    pthread_mutex_unlock(&r->lock);
    va_end(ap);
}

void run_worker_over(struct run *r)
{
    uint64_t one = 1;
    if (atomic_fetch_add(&r->over, 1) + 1 < r->started) return;
    atomic_store(&r->phase, RUN_OVER);
    ssize_t n = write(r->event, &one, sizeof one);
    (void)n; /* it fails only when it is readable already */
}

/* ---- messages to workers -------------------------------------------------------------------------------- */

struct message {
    struct worker *w;
    uint64_t at_ns;
    double level, rate;
};

static void stop_message(void *arg)
{
    worker_stop(arg);
}

static void kill_message(void *arg)
{
    worker_kill(arg);
}

static void bend_message(void *arg)
{
    struct message *m = arg;
    worker_bend(m->w, m->at_ns, m->level, m->rate);
    free(m);
}

static void post_all(struct run *r, void (*fn)(void *))
{
    for (unsigned i = 0; i < r->started; i++)
        loop_post(r->workers[i]->loop, fn, r->workers[i]);
}

void run_stop(struct run *r)
{
    int on = RUN_ON;
    if (atomic_compare_exchange_strong(&r->phase, &on, RUN_STOPPING)) post_all(r, stop_message);
}

void run_kill(struct run *r)
{
    int phase = atomic_load(&r->phase);
    if (phase != RUN_ON && phase != RUN_STOPPING) return;
    atomic_compare_exchange_strong(&r->phase, &phase, RUN_STOPPING);
    post_all(r, kill_message);
}

static uint64_t elapsed_ns(const struct run *r)
{
    uint64_t now = clock_mono_ns();
    return now > r->start_ns ? now - r->start_ns : 0;
}

static bool bend(struct run *r, double level, double rate)
{
    if (atomic_load(&r->phase) != RUN_ON) return false;
    uint64_t at = elapsed_ns(r);
    pthread_mutex_lock(&r->lock);
    curve_bend(&r->curve, at, level, rate);
    pthread_mutex_unlock(&r->lock);
    for (unsigned i = 0; i < r->started; i++) {
        struct message *m = mem_alloc(1, sizeof *m);
        *m = (struct message){ r->workers[i], at, level, rate };
        loop_post(r->workers[i]->loop, bend_message, m);
    }
    return true;
}

bool run_set_users(struct run *r, uint32_t users, double spawn_rate)
{
    return r->cfg.load.arrival == ARRIVAL_NONE && bend(r, users, spawn_rate);
}

bool run_set_rate(struct run *r, double rate)
{
    return r->cfg.load.arrival != ARRIVAL_NONE && bend(r, rate, 0);
}

/* ---- life ------------------------------------------------------------------------------------------------ */

uint64_t load_planned_ns(const struct load *load)
{
    uint64_t sum = 0;
    if (load->run_time_ns) return load->run_time_ns;
    for (size_t i = 0; i < load->stages_n; i++)
        sum += load->stages[i].duration_ns;
    return sum;
}

/* This process's share of what is counted for all of them. */
static void take_share(struct run *r)
{
    struct run_cfg *c = &r->cfg;
    if (c->processes == 0) c->processes = 1;
    uint64_t all = c->load.iterations;
    if (all) c->load.iterations = all / c->processes + (c->process < all % c->processes);
    for (size_t i = 0; i < c->plan->feeds_n; i++)
        feeder_share(c->plan->feeds[i], c->process, c->processes);
}

struct run *run_new(const struct run_cfg *cfg, struct err *err)
{
    struct run *r = mem_alloc(1, sizeof *r);
    r->cfg = *cfg;
    take_share(r);
    r->cfg.load.run_time_ns = load_planned_ns(&cfg->load);
    pthread_mutex_init(&r->lock, NULL);
    curve_of_load(&r->curve, &r->cfg.load);
    r->workers = mem_alloc(cfg->workers, sizeof(void *));
    r->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bool ok = r->event >= 0 || err_sys(err, ERR_INTERNAL, errno, "eventfd");
    for (unsigned i = 0; ok && i < cfg->workers; i++)
        ok = (r->workers[i] = worker_new(r, i, err)) != NULL;
    if (ok) return r;
    run_free(r);
    return NULL;
}

bool run_start(struct run *r, uint64_t start_mono_ns, struct err *err)
{
    r->start_ns = start_mono_ns;
    r->start_utc_ns = clock_utc_ns() - (int64_t)(clock_mono_ns() - start_mono_ns);
    r->started = r->cfg.workers;
    if (r->cfg.dns_refresh_ns) {
        r->refresher = refresher_start(r->cfg.plan->hosts, r->cfg.dns_refresh_ns, err);
        if (!r->refresher) return false;
    }
    atomic_store(&r->phase, RUN_ON);
    for (unsigned i = 0; i < r->cfg.workers; i++) {
        int failed = pthread_create(&r->workers[i]->thread, NULL, worker_main, r->workers[i]);
        if (!failed) continue;
        /* Those that never started count as over. */
        r->started = i;
        run_kill(r);
        return err_sys(err, ERR_INTERNAL, failed, "start a thread");
    }
    return true;
}

int run_fd(const struct run *r)
{
    return r->event;
}

bool run_wait(struct run *r, uint64_t timeout_ns)
{
    struct pollfd p = { .fd = r->event, .events = POLLIN };
    uint64_t ms = timeout_ns / NS_PER_MS;
    poll(&p, 1, ms > 1000000 ? 1000000 : (int)ms);
    return atomic_load(&r->phase) == RUN_OVER;
}

static void add_counts(const struct worker *w, struct run_state *out)
{
    const struct worker_counts *c = &w->counts;
    out->users += atomic_load_explicit(&c->users, memory_order_relaxed);
    out->iterations += atomic_load_explicit(&c->iterations, memory_order_relaxed);
    out->abandoned += atomic_load_explicit(&c->abandoned, memory_order_relaxed);
    out->starved += atomic_load_explicit(&c->starved, memory_order_relaxed);
}

void run_now(struct run *r, struct run_state *out)
{
    *out = (struct run_state){ .phase = (enum run_phase)atomic_load(&r->phase) };
    for (unsigned i = 0; i < r->cfg.workers; i++)
        add_counts(r->workers[i], out);
    out->failed = atomic_load(&r->failed);
    if (out->phase != RUN_READY) out->elapsed_ns = elapsed_ns(r);
    pthread_mutex_lock(&r->lock);
    if (r->cfg.load.arrival == ARRIVAL_NONE)
        out->users_wanted = curve_users(&r->curve, out->elapsed_ns);
    else
        out->rate_wanted = curve_level(&r->curve, out->elapsed_ns);
    snprintf(out->trouble, sizeof out->trouble, "%s", r->trouble);
    pthread_mutex_unlock(&r->lock);
}

void run_free(struct run *r)
{
    if (!r) return;
    run_kill(r);
    for (unsigned i = 0; i < r->started; i++)
        pthread_join(r->workers[i]->thread, NULL);
    refresher_stop(r->refresher);
    for (unsigned i = 0; r->workers && i < r->cfg.workers; i++)
        worker_free(r->workers[i]);
    if (r->event >= 0) close(r->event);
    pthread_mutex_destroy(&r->lock);
    curve_free(&r->curve);
    free(r->workers);
    free(r);
}
