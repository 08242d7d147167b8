/* Pools: one list of spare blocks for each size, in steps of 16 bytes.
 *
 * Invariant: the head in front of a block names its size as long as the block lives; only while it is
 * spare does the head name the next spare one too. */
#include "base/pool.h"

#include <assert.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define STEP 16u
#define SIZES (POOL_LARGEST / STEP + 1)

struct head {
    alignas(STEP) size_t steps; /* of STEP bytes, without the head */
    struct head *next;
};
static_assert(sizeof(struct head) == STEP, "a block and its head are whole steps");

struct pool {
    struct head *spare[SIZES]; /* by steps */
};

struct pool *pool_new(void)
{
    return mem_alloc(1, sizeof(struct pool));
}

void pool_free(struct pool *pool)
{
    if (!pool) return;
    for (size_t i = 0; i < SIZES; i++) {
        while (pool->spare[i]) {
            struct head *h = pool->spare[i];
            pool->spare[i] = h->next;
            free(h);
        }
    }
    free(pool);
}

static struct head *head_of(void *block)
{
    return (struct head *)block - 1;
}

static size_t steps_of(size_t n)
{
    return n / STEP + (n % STEP != 0);
}

void *pool_take(struct pool *pool, size_t n)
{
    size_t steps = steps_of(n);
    struct head *h = steps < SIZES ? pool->spare[steps] : NULL;
    if (h) {
        pool->spare[steps] = h->next;
        return h + 1;
    }
    h = mem_resize(NULL, steps + 1, STEP);
    h->steps = steps;
    return h + 1;
}

void pool_give(struct pool *pool, void *block)
{
    if (!block) return;
    struct head *h = head_of(block);
    if (h->steps >= SIZES) {
        free(h);
        return;
    }
    h->next = pool->spare[h->steps];
    pool->spare[h->steps] = h;
}

void *pool_resize(struct pool *pool, void *block, size_t n)
{
    if (!block) return pool_take(pool, n);
    size_t had = head_of(block)->steps;
    if (steps_of(n) <= had) return block;
    void *bigger = pool_take(pool, n);
    memcpy(bigger, block, had * STEP);
    pool_give(pool, block);
    return bigger;
}
