/* The event loop of one thread: epoll, a timer heap, and a queue of messages behind an eventfd.
 *
 * Each worker, the web server and the capture own one. Invariant: a loop_io that was removed is never
 * called again, even if its event was already fetched.
 *
 * A wait with a time limit makes the kernel set a timer and clear it, which in a virtual machine costs as
 * much as half a request. So what is due later has an alarm, a timerfd that is moved only when something
 * earlier comes, and the waits before it have no limit; only what is due soon limits its wait. */
#include "base/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

#define EVENTS_PER_TURN 256
#define SOON_NS (2 * NS_PER_MS)

struct message {
    void (*fn)(void *arg);
    void *arg;
};

struct messages {
    struct message *v;
    size_t n, cap;
};

struct loop {
    int epoll, wake, timerfd;
    bool has_pwait2;   /* Linux 5.11: limits in nanoseconds; else the alarm ends every wait */
    uint64_t alarm_ns; /* when the timerfd ends a wait; UINT64_MAX: it is not set */
    uint64_t now_ns;
    struct loop_waiter *waiter; /* NULL: wait by epoll */
    struct timer_heap timers;
    struct epoll_event events[EVENTS_PER_TURN];
    int event_at, event_n;
    struct loop_io wake_io, alarm_io;
    bool woken;
    atomic_bool stop;
    pthread_mutex_t lock; /* guards queue */
    struct messages queue, running;
};

static void on_wake(struct loop_io *io, unsigned events)
{
    struct loop *l = (struct loop *)((char *)io - offsetof(struct loop, wake_io));
    (void)events;
    l->woken = true;
}

/* Waking up was all. It is edge-triggered: nothing need be read. */
static void on_alarm(struct loop_io *io, unsigned events)
{
    struct loop *l = (struct loop *)((char *)io - offsetof(struct loop, alarm_io));
    (void)events;
    l->alarm_ns = UINT64_MAX;
}

static bool has_pwait2(int epoll)
{
    struct epoll_event e;
    struct timespec zero = { 0 };
    return epoll_pwait2(epoll, &e, 1, &zero, NULL) >= 0 || errno != ENOSYS;
}

static bool open_fds(struct loop *l, struct err *err)
{
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll < 0) return err_sys(err, ERR_INTERNAL, errno, "epoll_create1");
    l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (l->wake < 0) return err_sys(err, ERR_INTERNAL, errno, "eventfd");
    l->wake_io = (struct loop_io){ .fd = l->wake, .ready = on_wake };
    if (!loop_add(l, &l->wake_io, EPOLLIN, err)) return false;
    l->has_pwait2 = has_pwait2(l->epoll);
    l->timerfd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (l->timerfd < 0) return err_sys(err, ERR_INTERNAL, errno, "timerfd_create");
    l->alarm_io = (struct loop_io){ .fd = l->timerfd, .ready = on_alarm };
    return loop_add(l, &l->alarm_io, EPOLLIN | EPOLLET, err);
}

struct loop *loop_new(struct err *err)
{
    struct loop *l = mem_alloc(1, sizeof *l);
    l->epoll = l->wake = l->timerfd = -1;
    l->alarm_ns = UINT64_MAX;
    pthread_mutex_init(&l->lock, NULL);
    loop_refresh_ns(l);
    if (open_fds(l, err)) return l;
    loop_free(l);
    return NULL;
}

static void close_fd(int fd)
{
    if (fd >= 0) close(fd);
}

void loop_free(struct loop *l)
{
    if (!l) return;
    close_fd(l->timerfd);
    close_fd(l->wake);
    close_fd(l->epoll);
    timer_heap_free(&l->timers);
    pthread_mutex_destroy(&l->lock);
    free(l->queue.v);
    free(l->running.v);
    free(l);
}

bool loop_add(struct loop *l, struct loop_io *io, unsigned events, struct err *err)
{
    struct epoll_event e = { .events = events, .data.ptr = io };
    if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, io->fd, &e) == 0) return true;
    return err_sys(err, ERR_INTERNAL, errno, "watch descriptor %d", io->fd);
}

void loop_change(struct loop *l, struct loop_io *io, unsigned events)
{
    struct epoll_event e = { .events = events, .data.ptr = io };
    epoll_ctl(l->epoll, EPOLL_CTL_MOD, io->fd, &e);
}

void loop_remove(struct loop *l, struct loop_io *io)
{
    epoll_ctl(l->epoll, EPOLL_CTL_DEL, io->fd, NULL);
    for (int i = l->event_at; i < l->event_n; i++)
        if (l->events[i].data.ptr == io) l->events[i].data.ptr = NULL;
}

struct timer_heap *loop_timers(struct loop *l)
{
    return &l->timers;
}

uint64_t loop_now_ns(const struct loop *l)
{
    return l->now_ns;
}

uint64_t loop_refresh_ns(struct loop *l)
{
    bool own_clock = l->waiter && l->waiter->now;
    return l->now_ns = own_clock ? l->waiter->now(l->waiter) : clock_mono_ns();
}

void loop_set_waiter(struct loop *l, struct loop_waiter *w)
{
    l->waiter = w;
}

int loop_fd(const struct loop *l)
{
    return l->epoll;
}

static void wake(struct loop *l)
{
    uint64_t one = 1;
    ssize_t n = write(l->wake, &one, sizeof one);
    (void)n; /* it fails only when a wake-up is already due */
}

void loop_post(struct loop *l, void (*fn)(void *arg), void *arg)
{
    pthread_mutex_lock(&l->lock);
    struct messages *q = &l->queue;
    mem_grow(&q->v, &q->cap, q->n + 1, sizeof *q->v);
    q->v[q->n++] = (struct message){ fn, arg };
    bool first = q->n == 1;
    pthread_mutex_unlock(&l->lock);
    if (first) wake(l);
}

void loop_stop(struct loop *l)
{
    atomic_store(&l->stop, true);
    wake(l);
}

static struct timespec spec(uint64_t ns)
{
    return (struct timespec){ .tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S) };
}

static void set_alarm(struct loop *l, uint64_t at_ns)
{
    struct itimerspec when = { .it_value = spec(at_ns) };
    l->alarm_ns = at_ns;
    timerfd_settime(l->timerfd, TFD_TIMER_ABSTIME, &when, NULL);
}

/* When the wait must end by itself; UINT64_MAX: the alarm will end it. */
static uint64_t wait_until_ns(struct loop *l)
{
    uint64_t next = timer_next_ns(&l->timers);
    if (next >= l->alarm_ns || next == UINT64_MAX) return UINT64_MAX;
    uint64_t now = loop_refresh_ns(l);
    if (next <= now || (l->has_pwait2 && next - now <= SOON_NS)) return next;
    set_alarm(l, next);
    return UINT64_MAX;
}

static int wait_by_epoll(struct loop *l, uint64_t until_ns)
{
    bool forever = until_ns == UINT64_MAX;
    uint64_t left = until_ns > l->now_ns ? until_ns - l->now_ns : 0;
    struct timespec ts = spec(left);
    if (!l->has_pwait2 || forever)
        return epoll_wait(l->epoll, l->events, EVENTS_PER_TURN, forever ? -1 : 0);
    return epoll_pwait2(l->epoll, l->events, EVENTS_PER_TURN, &ts, NULL);
}

static void wait_for_events(struct loop *l)
{
    struct loop_waiter *w = l->waiter;
    bool own_clock = w && w->now;
    uint64_t until_ns = own_clock ? timer_next_ns(&l->timers) : wait_until_ns(l);
    if (w && !w->wait(w, until_ns)) return;
    int n = wait_by_epoll(l, w ? 0 : until_ns);
    l->event_at = 0;
    l->event_n = n > 0 ? n : 0; /* EINTR: a signal handler has set its flag */
    loop_refresh_ns(l);
}

static void run_events(struct loop *l)
{
    while (l->event_at < l->event_n) {
        struct epoll_event e = l->events[l->event_at++];
        struct loop_io *io = e.data.ptr;
        if (io) io->ready(io, e.events);
    }
}

/* Messages that are posted meanwhile wait for the next turn. */
static void run_messages(struct loop *l)
{
    uint64_t count;
    if (!l->woken) return;
    l->woken = false;
    ssize_t got = read(l->wake, &count, sizeof count);
    (void)got;
    pthread_mutex_lock(&l->lock);
    struct messages todo = l->queue;
    l->queue = l->running;
    l->queue.n = 0;
    pthread_mutex_unlock(&l->lock);
    for (size_t i = 0; i < todo.n; i++)
        todo.v[i].fn(todo.v[i].arg);
    l->running = todo;
}

void loop_run(struct loop *l)
{
    prctl(PR_SET_TIMERSLACK, 1UL); /* of this thread: timers to the nanosecond, not to 50 us */
    while (!atomic_exchange(&l->stop, false)) {
        timer_run(&l->timers, loop_refresh_ns(l));
        wait_for_events(l);
        run_events(l);
        run_messages(l);
    }
}
