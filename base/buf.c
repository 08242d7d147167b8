/* The growing byte buffer: one block, doubled as needed, never past its maximum.
 *
 * Used wherever text is made. Invariant: n <= cap, n <= max, and one byte behind cap is allocated so that
 * buf_z never moves the text. Once bad, every append refuses until buf_reset. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

#define FIRST_BYTES 64

void buf_init(struct buf *b, size_t max_bytes)
{
    *b = BUF_INIT(max_bytes);
}

void buf_free(struct buf *b)
{
    if (!b) return;
    free(b->p);
    *b = BUF_INIT(b->max);
}

void buf_reset(struct buf *b)
{
    b->n = 0;
    b->bad = false;
}

/* Makes room for n more bytes, or turns the buffer bad. */
static bool reserve(struct buf *b, size_t n)
{
    if (b->bad) return false;
    if (n <= b->cap - b->n) return true;
    if (b->n > b->max || n > b->max - b->n) {
        b->bad = true;
        return false;
    }
    size_t need = b->n + n, cap = b->cap < FIRST_BYTES ? FIRST_BYTES : b->cap;
    while (cap < need)
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    if (cap > b->max) cap = b->max;
    b->p = mem_resize(b->p, cap + (cap < SIZE_MAX), 1);
    b->cap = cap;
    return true;
}

bool buf_add_slow(struct buf *b, struct slice s)
{
    if (!reserve(b, s.n)) return false;
    if (s.n) memcpy(b->p + b->n, s.p, s.n);
    b->n += s.n;
    return true;
}

bool buf_addz(struct buf *b, const char *z)
{
    return buf_add(b, slice_z(z));
}

bool buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    /* The spare byte behind cap takes printf's NUL. */
    size_t room = b->p ? b->cap - b->n + 1 : 0;
    int len = vsnprintf(b->p ? b->p + b->n : NULL, room, fmt, ap);
    bool ok = len >= 0 && reserve(b, (size_t)len);
    if (ok && len > 0 && (size_t)len >= room) vsnprintf(b->p + b->n, (size_t)len + 1, fmt, again);
    if (ok) b->n += (size_t)len;
    if (len < 0) b->bad = true;
    va_end(again);
    va_end(ap);
    return ok;
}

bool buf_addu(struct buf *b, uint64_t v)
{
    char text[20], *p = text + sizeof text;
    do {
        *--p = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    return buf_add(b, (struct slice){ p, (size_t)(text + sizeof text - p) });
}

char *buf_room_slow(struct buf *b, size_t n)
{
    if (!reserve(b, n)) return NULL;
    if (!b->p) b->p = mem_resize(NULL, 1, 1); /* n == 0: still a pointer, NULL means full */
    return b->p + b->n;
}

void buf_grew(struct buf *b, size_t n)
{
    b->n += n;
}

void buf_drop(struct buf *b, size_t n)
{
    if (n > b->n) n = b->n;
    b->n -= n;
    if (n && b->n) memmove(b->p, b->p + n, b->n);
}

struct slice buf_slice(const struct buf *b)
{
    return (struct slice){ b->p, b->n };
}

const char *buf_z(struct buf *b)
{
    if (!b->p) b->p = mem_resize(NULL, 1, 1);
    b->p[b->n] = '\0';
    return b->p;
}
