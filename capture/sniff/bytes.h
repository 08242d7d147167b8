/* Reading numbers out of bytes that came from the network or a capture file.
 *
 * A cursor never reads past its end: a read that does not fit gives zero and turns it bad, so that a
 * parser may read a whole structure and ask once. The plain readers trust their caller to have checked. */
#ifndef SNIFF_BYTES_H
#define SNIFF_BYTES_H

#include <string.h>

#include "base/slice.h"

static inline uint16_t be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t be24(const uint8_t *p)
{
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static inline uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | be24(p + 1);
}

static inline uint16_t le16(const uint8_t *p)
{
    return (uint16_t)(p[1] << 8 | p[0]);
}

static inline uint32_t le32(const uint8_t *p)
{
    return (uint32_t)le16(p + 2) << 16 | le16(p);
}

struct cursor {
    const uint8_t *p;
    size_t n;
    bool bad;
};

static inline struct cursor cursor_of(struct slice s)
{
    return (struct cursor){ .p = (const uint8_t *)s.p, .n = s.n };
}

/* The next n bytes, NULL (and bad) if they are not there. */
static inline const uint8_t *cursor_take(struct cursor *c, size_t n)
{
    if (c->bad || n > c->n) {
        c->bad = true;
        return NULL;
    }
    const uint8_t *p = c->p;
    c->p += n;
    c->n -= n;
    return p;
}

static inline uint32_t cursor_u8(struct cursor *c)
{
    const uint8_t *p = cursor_take(c, 1);
    return p ? *p : 0;
}

static inline uint32_t cursor_u16(struct cursor *c)
{
    const uint8_t *p = cursor_take(c, 2);
    return p ? be16(p) : 0;
}

static inline uint32_t cursor_u24(struct cursor *c)
{
    const uint8_t *p = cursor_take(c, 3);
    return p ? be24(p) : 0;
}

static inline uint32_t cursor_u32(struct cursor *c)
{
    const uint8_t *p = cursor_take(c, 4);
    return p ? be32(p) : 0;
}

/* A cursor over the next n bytes; bad when they are not there. */
static inline struct cursor cursor_sub(struct cursor *c, size_t n)
{
    const uint8_t *p = cursor_take(c, n);
    return (struct cursor){ .p = p, .n = p ? n : 0, .bad = !p };
}

static inline struct slice cursor_rest(const struct cursor *c)
{
    return (struct slice){ (const char *)c->p, c->n };
}

#endif
