/* A binary heap of timers that live inside their owners.
 *
 * Called by the loop, and by the fake engine with a virtual clock. Invariant: v[i]->slot == i + 1, and a
 * parent is never later than its children; equal times are ordered by id. */
#include "base/timer.h"

#include <stdlib.h>

#include "base/mem.h"

static bool before(const struct timer *a, const struct timer *b)
{
    return a->at_ns < b->at_ns || (a->at_ns == b->at_ns && a->id < b->id);
}

static void put(struct timer_heap *h, size_t i, struct timer *t)
{
    h->v[i] = t;
    t->slot = i + 1;
}

static void sift_up(struct timer_heap *h, size_t i, struct timer *t)
{
    for (; i > 0 && before(t, h->v[(i - 1) / 2]); i = (i - 1) / 2)
        put(h, i, h->v[(i - 1) / 2]);
    put(h, i, t);
}

static void sift_down(struct timer_heap *h, size_t i, struct timer *t)
{
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= h->n) break;
        if (child + 1 < h->n && before(h->v[child + 1], h->v[child])) child++;
        if (!before(h->v[child], t)) break;
        put(h, i, h->v[child]);
        i = child;
    }
    put(h, i, t);
}

/* Finds the place of t, which belongs near i. */
static void settle(struct timer_heap *h, size_t i, struct timer *t)
{
    if (i > 0 && before(t, h->v[(i - 1) / 2]))
        sift_up(h, i, t);
    else
        sift_down(h, i, t);
}

void timer_heap_free(struct timer_heap *h)
{
    for (size_t i = 0; i < h->n; i++)
        h->v[i]->slot = 0;
    free(h->v);
    *h = (struct timer_heap){ .next_id = h->next_id };
}

void timer_set(struct timer_heap *h, struct timer *t, uint64_t at_ns)
{
    t->at_ns = at_ns;
    t->id = h->next_id++;
    if (t->slot) {
        settle(h, t->slot - 1, t);
        return;
    }
    mem_grow(&h->v, &h->cap, h->n + 1, sizeof *h->v);
    h->n++;
    sift_up(h, h->n - 1, t);
}

void timer_clear(struct timer_heap *h, struct timer *t)
{
    if (!t->slot) return;
    size_t i = t->slot - 1;
    struct timer *last = h->v[--h->n];
    t->slot = 0;
    if (last != t) settle(h, i, last);
}

bool timer_is_set(const struct timer *t)
{
    return t->slot != 0;
}

uint64_t timer_next_ns(const struct timer_heap *h)
{
    return h->n ? h->v[0]->at_ns : UINT64_MAX;
}

size_t timer_run(struct timer_heap *h, uint64_t now_ns)
{
    uint64_t first_new = h->next_id;
    size_t fired = 0;
    while (h->n && h->v[0]->at_ns <= now_ns && h->v[0]->id < first_new) {
        struct timer *t = h->v[0];
        timer_clear(h, t);
        t->fire(t);
        fired++;
    }
    return fired;
}
