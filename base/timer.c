/* A heap of timers that live inside their owners.
 *
 * Called by the loop, and by the fake engine with a virtual clock. Invariant: v[i].t->slot == i + 1, v[i].at_ns
 * is its timer's, or the last run's if that was later when it was set, and a parent is never later than its
 * children; equal times are ordered by id. Four children and the times in the heap itself: with a million
 * timers each level costs one cache line, not four. */
#include "base/timer.h"

#include <stdlib.h>

#include "base/mem.h"

#define CHILDREN 4

static bool before(const struct timer_entry *a, const struct timer_entry *b)
{
    return a->at_ns < b->at_ns || (a->at_ns == b->at_ns && a->t->id < b->t->id);
}

static size_t parent(size_t i)
{
    return (i - 1) / CHILDREN;
}

static void put(struct timer_heap *h, size_t i, struct timer_entry e)
{
    h->v[i] = e;
    e.t->slot = i + 1;
}

static void sift_up(struct timer_heap *h, size_t i, struct timer_entry e)
{
    for (; i > 0 && before(&e, &h->v[parent(i)]); i = parent(i))
        put(h, i, h->v[parent(i)]);
    put(h, i, e);
}

/* The earliest of the children that begin at first. */
static size_t earliest(const struct timer_heap *h, size_t first)
{
    size_t best = first, end = h->n - first < CHILDREN ? h->n : first + CHILDREN;
    for (size_t i = first + 1; i < end; i++)
        if (before(&h->v[i], &h->v[best])) best = i;
    return best;
}

static void sift_down(struct timer_heap *h, size_t i, struct timer_entry e)
{
    for (size_t first; (first = CHILDREN * i + 1) < h->n;) {
        size_t child = earliest(h, first);
        if (!before(&h->v[child], &e)) break;
        put(h, i, h->v[child]);
        i = child;
    }
    put(h, i, e);
}

/* Finds the place of e, which belongs near i. */
static void settle(struct timer_heap *h, size_t i, struct timer_entry e)
{
    if (i > 0 && before(&e, &h->v[parent(i)]))
        sift_up(h, i, e);
    else
        sift_down(h, i, e);
}

void timer_heap_free(struct timer_heap *h)
{
    for (size_t i = 0; i < h->n; i++)
        h->v[i].t->slot = 0;
    free(h->v);
    *h = (struct timer_heap){ .next_id = h->next_id };
}

void timer_set(struct timer_heap *h, struct timer *t, uint64_t at_ns)
{
    t->at_ns = at_ns;
    t->id = h->next_id++;
    struct timer_entry e = { at_ns > h->now_ns ? at_ns : h->now_ns, t };
    if (t->slot) {
        settle(h, t->slot - 1, e);
        return;
    }
    mem_grow(&h->v, &h->cap, h->n + 1, sizeof *h->v);
    h->n++;
    sift_up(h, h->n - 1, e);
}

void timer_clear(struct timer_heap *h, struct timer *t)
{
    if (!t->slot) return;
    size_t i = t->slot - 1;
    struct timer_entry last = h->v[--h->n];
    t->slot = 0;
    if (last.t != t) settle(h, i, last);
}

bool timer_is_set(const struct timer *t)
{
    return t->slot != 0;
}

uint64_t timer_next_ns(const struct timer_heap *h)
{
    return h->n ? h->v[0].at_ns : UINT64_MAX;
}

size_t timer_run(struct timer_heap *h, uint64_t now_ns)
{
    uint64_t first_new = h->next_id;
    h->now_ns = now_ns;
    size_t fired = 0;
    while (h->n && h->v[0].at_ns <= now_ns && h->v[0].t->id < first_new) {
        struct timer *t = h->v[0].t;
        timer_clear(h, t);
        t->fire(t);
        fired++;
    }
    return fired;
}
