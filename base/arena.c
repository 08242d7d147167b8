/* Arenas: bump allocation in a chain of blocks, freed or reset all at once.
 *
 * Sessions, plans and virtual users allocate here. Invariant: the block at the head is the one that is
 * filled; blocks behind it are full or hold one large request. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define BLOCK_MIN 4096u
#define BLOCK_MAX (1u << 20)
#define ALIGN 16u

struct block {
    struct block *next;
    size_t cap, used;
    _Alignas(ALIGN) char bytes[];
};

struct arena {
    struct block *head;
    size_t next_cap, handed_out;
};

struct arena *arena_new(void)
{
    struct arena *a = mem_alloc(1, sizeof *a);
    a->next_cap = BLOCK_MIN;
    return a;
}

static void free_blocks(struct block *b)
{
    while (b) {
        struct block *next = b->next;
        free(b);
        b = next;
    }
}

void arena_free(struct arena *a)
{
    if (!a) return;
    free_blocks(a->head);
    free(a);
}

/* Takes the largest ordinary block out of the chain; NULL if there is none. */
static struct block *take_largest(struct arena *a)
{
    struct block **best = NULL;
    for (struct block **b = &a->head; *b; b = &(*b)->next)
        if ((*b)->cap <= BLOCK_MAX && (!best || (*b)->cap > (*best)->cap)) best = b;
    if (!best) return NULL;
    struct block *kept = *best;
    *best = kept->next;
    return kept;
}

void arena_reset(struct arena *a)
{
    struct block *kept = take_largest(a);
    free_blocks(a->head);
    a->head = kept;
    a->handed_out = 0;
    if (!kept) return;
    kept->next = NULL;
    kept->used = 0;
}

static struct block *block_new(size_t cap)
{
    size_t bytes;
    if (!size_add(cap, sizeof(struct block), &bytes)) bytes = SIZE_MAX;
    struct block *b = mem_resize(NULL, bytes, 1);
    *b = (struct block){ .cap = cap };
    return b;
}

/* A block of its own for a large request goes behind the head, which stays the one that is filled. */
static void *take_large(struct arena *a, size_t n)
{
    struct block *b = block_new(n);
    b->used = n;
    if (a->head) {
        b->next = a->head->next;
        a->head->next = b;
    } else {
        a->head = b;
    }
    return b->bytes;
}

static void *take(struct arena *a, size_t n, size_t align)
{
    a->handed_out += n;
    struct block *b = a->head;
    if (b) {
        size_t at = (b->used + align - 1) & ~(align - 1);
        if (at <= b->cap && n <= b->cap - at) {
            b->used = at + n;
            return b->bytes + at;
        }
    }
    if (n > BLOCK_MAX / 4 && n > a->next_cap / 4) return take_large(a, n);
    while (a->next_cap < n)
        a->next_cap *= 2;
    b = block_new(a->next_cap);
    if (a->next_cap < BLOCK_MAX) a->next_cap *= 2;
    b->next = a->head;
    b->used = n;
    a->head = b;
    return b->bytes;
}

void *arena_alloc(struct arena *a, size_t count, size_t size)
{
    size_t bytes;
    if (!size_mul(count, size, &bytes)) bytes = SIZE_MAX; /* mem ends the process */
    void *p = take(a, bytes, ALIGN);
    memset(p, 0, bytes);
    return p;
}

char *arena_z(struct arena *a, struct slice s)
{
    char *p = take(a, s.n + 1, 1);
    if (s.n) memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return p;
}

struct slice arena_dup(struct arena *a, struct slice s)
{
    return (struct slice){ arena_z(a, s), s.n };
}

struct slice arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int len = vsnprintf(NULL, 0, fmt, ap);
    size_t n = len > 0 ? (size_t)len : 0;
    char *p = take(a, n + 1, 1);
    p[0] = '\0';
    if (n) vsnprintf(p, n + 1, fmt, again);
    va_end(again);
    va_end(ap);
    return (struct slice){ p, n };
}

void *arena_grow(struct arena *a, void *old, size_t old_bytes, size_t new_bytes)
{
    struct block *b = a->head;
    if (old && b && (char *)old + old_bytes == b->bytes + b->used) {
        size_t at = b->used - old_bytes;
        if (new_bytes <= b->cap - at) {
            b->used = at + new_bytes;
            a->handed_out += new_bytes - old_bytes;
            return old;
        }
    }
    void *p = take(a, new_bytes, ALIGN);
    size_t keep = old_bytes < new_bytes ? old_bytes : new_bytes;
    if (old && keep) memcpy(p, old, keep);
    return p;
}

size_t arena_bytes(const struct arena *a)
{
    return a->handed_out;
}
