/* A bounded single-producer single-consumer queue. See ring.h.
 *
 * Called by recorders (worker to collector) and by the archive (blocks on their way back). */
#include "results/ring.h"

bool ring_push(struct ring *r, void *p)
{
    size_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    if (tail - atomic_load_explicit(&r->head, memory_order_acquire) == RING_SLOTS) return false;
    r->slots[tail % RING_SLOTS] = p;
    atomic_store_explicit(&r->tail, tail + 1, memory_order_release);
    return true;
}

void *ring_pop(struct ring *r)
{
    size_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    if (head == atomic_load_explicit(&r->tail, memory_order_acquire)) return NULL;
    void *p = r->slots[head % RING_SLOTS];
    atomic_store_explicit(&r->head, head + 1, memory_order_release);
    return p;
}
