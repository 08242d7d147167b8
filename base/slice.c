/* Slices: comparing, searching and splitting text that somebody else owns.
 *
 * Used everywhere. Nothing here allocates or writes to the text. Every function takes the empty slice
 * with a NULL pointer, so no libc function is called with n == 0. */
#include "base/slice.h"

#include <string.h>

struct slice slice_z(const char *z)
{
    return (struct slice){ z, z ? strlen(z) : 0 };
}

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

bool slice_same_fold(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i] && lower(a[i]) != lower(b[i])) return false;
    return true;
}

int slice_cmp(struct slice a, struct slice b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    if (c) return c < 0 ? -1 : 1;
    return a.n < b.n ? -1 : a.n > b.n;
}

bool slice_starts(struct slice s, struct slice prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool slice_istarts(struct slice s, struct slice prefix)
{
    return s.n >= prefix.n && slice_same_fold(s.p, prefix.p, prefix.n);
}

bool slice_ends(struct slice s, struct slice suffix)
{
    return s.n >= suffix.n && slice_eq(slice_from(s, s.n - suffix.n), suffix);
}

size_t slice_find(struct slice hay, struct slice needle)
{
    if (needle.n == 0) return 0;
    if (needle.n > hay.n) return SLICE_NONE;
    const char *at = memmem(hay.p, hay.n, needle.p, needle.n);
    return at ? (size_t)(at - hay.p) : SLICE_NONE;
}

size_t slice_ifind(struct slice hay, struct slice needle)
{
    if (needle.n == 0) return 0;
    if (needle.n > hay.n) return SLICE_NONE;
    unsigned char first = lower(needle.p[0]);
    for (size_t i = 0; i <= hay.n - needle.n; i++)
        if (lower(hay.p[i]) == first && slice_same_fold(hay.p + i, needle.p, needle.n)) return i;
    return SLICE_NONE;
}

size_t slice_chr(struct slice s, char c)
{
    const char *at = s.n ? memchr(s.p, c, s.n) : NULL;
    return at ? (size_t)(at - s.p) : SLICE_NONE;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice slice_trim(struct slice s)
{
    while (s.n && blank(s.p[s.n - 1]))
        s.n--;
    while (s.n && blank(s.p[0])) {
        s.p++;
        s.n--;
    }
    return s;
}

bool slice_cut(struct slice s, char sep, struct slice *head, struct slice *tail)
{
    size_t at = slice_chr(s, sep);
    if (at == SLICE_NONE) return false;
    *head = slice_sub(s, 0, at);
    *tail = slice_from(s, at + 1);
    return true;
}

bool slice_next(struct slice *rest, char sep, struct slice *piece)
{
    if (rest->n == 0) return false;
    if (slice_cut(*rest, sep, piece, rest)) return true;
    *piece = *rest;
    *rest = slice_from(*rest, rest->n);
    return true;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    unsigned __int128 m = (unsigned __int128)a * b;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Up to 8 bytes as a number, the same on every machine that is little-endian. */
static uint64_t load(const char *p, size_t n)
{
    uint64_t v = 0;
    memcpy(&v, p, n);
    return v;
}

uint64_t slice_hash(struct slice s)
{
    const uint64_t k0 = 0xa0761d6478bd642fULL, k1 = 0xe7037ed1a0b428dbULL;
    uint64_t h = mix(s.n ^ k0, k1);
    for (; s.n > 8; s.p += 8, s.n -= 8)
        h = mix(h ^ load(s.p, 8) ^ k0, k1);
    if (s.n) h = mix(h ^ load(s.p, s.n) ^ k1, k0);
    return mix(h ^ k0, k1);
}
