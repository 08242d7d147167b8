/* The demo target's pauses: an answer waits as if a database were behind the shop.
 *
 * Called by demo_server.c, on its thread, for each request when --delay is given. A thread of its own
 * resumes what is due. Invariant: whatever was held is resumed once; behind demo_delay_end nothing waits. */
#include "cli/demo_delay.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/rnd.h"
#include "base/timer.h"

#define SPREAD 0.3 /* of the logarithm: 9 of 10 answers within 0.6 and 1.6 of the median */

struct demo_delay {
    uint64_t median_ns;
    void (*resume)(void *what);
    struct rnd rnd;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wake;
    struct timer_heap heap;
    bool ended;
};

struct held {
    struct timer timer; /* first: fire() gets its address */
    struct demo_delay *delay;
    void *what;
};

static void fire(struct timer *t)
{
    struct held *h = (struct held *)t;
    h->delay->resume(h->what);
    free(h);
}

static struct timespec timespec_of(uint64_t ns)
{
    return (struct timespec){ .tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S) };
}

static void *delay_main(void *arg)
{
    struct demo_delay *d = arg;
    pthread_mutex_lock(&d->lock);
    while (!d->ended) {
        uint64_t next = timer_next_ns(&d->heap);
        struct timespec at = timespec_of(next);
        if (next == UINT64_MAX)
            pthread_cond_wait(&d->wake, &d->lock);
        else
            pthread_cond_timedwait(&d->wake, &d->lock, &at);
        timer_run(&d->heap, clock_mono_ns());
    }
    timer_run(&d->heap, UINT64_MAX);
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

struct demo_delay *demo_delay_new(uint64_t median_ns, void (*resume)(void *what), struct err *err)
{
    struct demo_delay *d = mem_alloc(1, sizeof *d);
    pthread_condattr_t attr;
    d->median_ns = median_ns;
    d->resume = resume;
    rnd_seed(&d->rnd, clock_mono_ns(), 0);
    pthread_mutex_init(&d->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&d->wake, &attr);
    pthread_condattr_destroy(&attr);
    int state = pthread_create(&d->thread, NULL, delay_main, d);
    if (state == 0) return d;
    err_sys(err, ERR_INTERNAL, state, "thread of the demo target's delays");
    free(d);
    return NULL;
}

void demo_delay_hold(struct demo_delay *d, void *what)
{
    struct held *h = mem_alloc(1, sizeof *h);
    *h = (struct held){ .timer.fire = fire, .delay = d, .what = what };
    pthread_mutex_lock(&d->lock);
    double ns = (double)d->median_ns * exp(SPREAD * rnd_normal(&d->rnd));
    if (d->ended)
        fire(&h->timer);
    else
        timer_set(&d->heap, &h->timer, clock_mono_ns() + (uint64_t)ns);
    pthread_cond_signal(&d->wake);
    pthread_mutex_unlock(&d->lock);
}

void demo_delay_end(struct demo_delay *d)
{
    pthread_mutex_lock(&d->lock);
    d->ended = true;
    pthread_cond_signal(&d->wake);
    pthread_mutex_unlock(&d->lock);
    pthread_join(d->thread, NULL);
}

void demo_delay_free(struct demo_delay *d)
{
    if (!d) return;
    timer_heap_free(&d->heap);
    pthread_cond_destroy(&d->wake);
    pthread_mutex_destroy(&d->lock);
    free(d);
}
