/* A bounded queue of pointers from one thread to one other, without locks.
 *
 * Private to results. Only the producer calls push, only the consumer calls pop. Full and empty are
 * ordinary answers: nobody waits. What the producer wrote before a push is seen behind the pop. */
#ifndef RESULTS_RING_H
#define RESULTS_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define RING_SLOTS 256 /* power of two */

struct ring {
    _Alignas(64) atomic_size_t head; /* consumer's */
    _Alignas(64) atomic_size_t tail; /* producer's */
    void *slots[RING_SLOTS];
};

bool ring_push(struct ring *r, void *p); /* false: full */
void *ring_pop(struct ring *r);          /* NULL: empty */

#endif
