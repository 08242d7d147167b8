/* One thread's event loop: descriptors (epoll), timers, and messages from other threads.
 *
 * Phases of a turn: 1 due timers; 2 wait for events (until the next timer); 3 events; 4 messages. The
 * clock is read when a turn starts and after waiting; loop_now_ns is the last reading. loop_post and
 * loop_stop may be called from any thread, all the rest only from the loop's own. */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include "base/err.h"
#include "base/timer.h"

struct loop;

struct loop_io {
    int fd;
    void (*ready)(struct loop_io *io, unsigned events); /* EPOLLIN | EPOLLOUT | … */
};

/* Another way to wait than epoll, set while the loop does not run: io_uring, or a virtual clock. wait ends
 * at until_ns (UINT64_MAX: never) or when something happened; true if the loop's own descriptor (loop_fd)
 * has events. now: NULL means the monotonic clock. */
struct loop_waiter {
    bool (*wait)(struct loop_waiter *w, uint64_t until_ns);
    uint64_t (*now)(struct loop_waiter *w);
};

struct loop *loop_new(struct err *err); /* gives */
void loop_free(struct loop *l);
bool loop_add(struct loop *l, struct loop_io *io, unsigned events, struct err *err);
void loop_change(struct loop *l, struct loop_io *io, unsigned events);
void loop_remove(struct loop *l, struct loop_io *io);        /* its pending events are dropped */
void loop_set_waiter(struct loop *l, struct loop_waiter *w); /* NULL: epoll again */
int loop_fd(const struct loop *l);
struct timer_heap *loop_timers(struct loop *l);
uint64_t loop_now_ns(const struct loop *l);
uint64_t loop_refresh_ns(struct loop *l); /* reads the clock again */
/* Runs fn(arg) on the loop's thread, in order of posting. */
void loop_post(struct loop *l, void (*fn)(void *arg), void *arg);
void loop_run(struct loop *l); /* until loop_stop */
void loop_stop(struct loop *l);

#endif
