/* Pools: small blocks for one thread, for a library that takes an allocator and makes and drops the same few
 * sizes all the time.
 *
 * A block that is given back waits for the next of its size, so a warm pool never calls malloc. The pool keeps
 * what was in use at the busiest moment until it is freed; blocks of more than POOL_LARGEST bytes are malloc's
 * and go back at once. Out of memory ends the process (base/mem.h). */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stddef.h>

#define POOL_LARGEST 1024u

struct pool;

struct pool *pool_new(void);       /* gives */
void pool_free(struct pool *pool); /* NULL ok; every block was given back before */
/* n bytes, aligned for any type, not zeroed; gives. */
void *pool_take(struct pool *pool, size_t n);
/* Moves what the block held to one of n bytes; takes block (NULL: pool_take), gives. */
void *pool_resize(struct pool *pool, void *block, size_t n);
void pool_give(struct pool *pool, void *block); /* NULL ok */

#endif
