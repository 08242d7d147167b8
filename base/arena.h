/* Arenas: memory that is freed all at once, by lifetime.
 *
 * Blocks double from 4 KiB to 1 MiB; larger requests get a block of their own. Everything is aligned to
 * 16 bytes (text: 1). arena_reset keeps the largest block (of at most 1 MiB), so that a warm arena
 * allocates nothing. Not thread-safe. Out of memory ends the process (base/mem.h). */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/slice.h"

struct arena;

struct arena *arena_new(void); /* gives */
void arena_free(struct arena *a);
void arena_reset(struct arena *a);
void *arena_alloc(struct arena *a, size_t count, size_t size); /* zeroed */
struct slice arena_dup(struct arena *a, struct slice s);       /* copy, NUL behind it */
char *arena_z(struct arena *a, struct slice s);                /* the same as a C string */
struct slice arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Grows the last allocation in place when it can, copies otherwise. old may be NULL. */
void *arena_grow(struct arena *a, void *old, size_t old_bytes, size_t new_bytes);
size_t arena_bytes(const struct arena *a); /* handed out since new or reset */

#define arena_one(a, type) ((type *)arena_alloc((a), 1, sizeof(type)))
#define arena_many(a, count, type) ((type *)arena_alloc((a), (count), sizeof(type)))

#endif
