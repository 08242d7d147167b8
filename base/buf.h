/* A growing byte buffer that must name its maximum.
 *
 * Once an append would pass max, nothing is added, the buffer turns bad and stays so until reset: a
 * caller may append many times and check once. Out of memory ends the process (base/mem.h). */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <string.h>

#include "base/slice.h"

struct buf {
    char *p;
    size_t n, cap, max;
    bool bad; /* an append did not fit */
};

#define BUF_INIT(max_bytes) ((struct buf){ .max = (max_bytes) })

void buf_init(struct buf *b, size_t max_bytes);
void buf_free(struct buf *b);  /* NULL ok; the struct can be used again */
void buf_reset(struct buf *b); /* empties, keeps the memory, clears bad */
bool buf_add_slow(struct buf *b,
                  struct slice s); /* private: the way of buf_add when it must grow */
bool buf_addz(struct buf *b, const char *z);
bool buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool buf_addu(struct buf *b, uint64_t v);     /* decimal, without printf's cost */
char *buf_room_slow(struct buf *b, size_t n); /* private: the way of buf_room when it must grow */
void buf_grew(struct buf *b, size_t n);
void buf_drop(struct buf *b, size_t n); /* removes n bytes from the front */
struct slice buf_slice(const struct buf *b);
const char *buf_z(struct buf *b); /* NUL-terminated view; the NUL is not counted in n */

/* s must not point into b. */
static inline bool buf_add(struct buf *b, struct slice s)
{
    if (b->bad || s.n > b->cap - b->n) return buf_add_slow(b, s);
    if (s.n) memcpy(b->p + b->n, s.p, s.n);
    b->n += s.n;
    return true;
}

/* Room for n more bytes at the end, NULL if that passes max; commit what was written with buf_grew. */
static inline char *buf_room(struct buf *b, size_t n)
{
    if (b->bad || !b->p || n > b->cap - b->n) return buf_room_slow(b, n);
    return b->p + b->n;
}

static inline bool buf_addc(struct buf *b, char c)
{
    if (b->bad || b->cap == b->n) return buf_add_slow(b, (struct slice){ &c, 1 });
    b->p[b->n++] = c;
    return true;
}

#endif
