/* A heap of timers inside their owners' structs; equal times fire in the order they were set. */
#ifndef BASE_TIMER_H
#define BASE_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer {
    uint64_t at_ns; /* monotonic */
    uint64_t id;    /* order of setting, breaks ties */
    size_t slot;    /* place in the heap + 1; 0: not set */
    void (*fire)(struct timer *t);
};

struct timer_entry {
    uint64_t at_ns; /* of the timer; not before the run that it was set in or after */
    struct timer *t;
};

struct timer_heap {
    struct timer_entry *v;
    size_t n, cap;
    uint64_t next_id;
    uint64_t now_ns; /* of the last run */
};

void timer_heap_free(struct timer_heap *h);
void timer_set(struct timer_heap *h, struct timer *t, uint64_t at_ns); /* sets or moves */
void timer_clear(struct timer_heap *h, struct timer *t);               /* fine if not set */
bool timer_is_set(const struct timer *t);
uint64_t timer_next_ns(const struct timer_heap *h); /* UINT64_MAX when empty */
/* Fires what is due at now, earliest first; returns how many. A timer that is set while this runs waits
 * for the next run, so that one that sets itself to now does not hold the loop; set to the past it comes
 * behind what is due by then, so that it keeps no other from its turn. */
size_t timer_run(struct timer_heap *h, uint64_t now_ns);

#endif
