/* Slices: a pointer and a length into text that somebody else owns.
 *
 * The one string type that crosses module borders. A slice is never NUL-terminated by promise and may
 * hold any byte. It borrows: the memory must outlive it. The empty slice has n == 0; p may then be NULL.
 * All comparisons that ignore case are ASCII only, as HTTP wants (RFC 9110 5.1). */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const char *p;
    size_t n;
};

#define SLICE_NONE SIZE_MAX
/* A slice of a string literal. */
#define SL(lit) ((struct slice){ "" lit, sizeof(lit) - 1 })
/* For printf: "%.*s". */
#define SL_FMT(s) (int)(s).n, (s).p ? (s).p : ""

struct slice slice_z(const char *z);                          /* NULL gives the empty slice */
bool slice_same_fold(const char *a, const char *b, size_t n); /* private: of slice_ieq */
int slice_cmp(struct slice a, struct slice b);                /* byte order, then length */
bool slice_starts(struct slice s, struct slice prefix);
bool slice_istarts(struct slice s, struct slice prefix);
bool slice_ends(struct slice s, struct slice suffix);
/* Offset of the first occurrence, SLICE_NONE if there is none; an empty needle is found at 0. */
size_t slice_find(struct slice hay, struct slice needle);
size_t slice_ifind(struct slice hay, struct slice needle);
size_t slice_chr(struct slice s, char c);
/* s[from, to), both clipped to the length. Inline, because parsers live on it. */
static inline struct slice slice_sub(struct slice s, size_t from, size_t to)
{
    if (to > s.n) to = s.n;
    if (from > to) from = to;
    return (struct slice){ s.p ? s.p + from : NULL, to - from };
}

static inline struct slice slice_from(struct slice s, size_t from)
{
    return slice_sub(s, from, s.n);
}

/* Inline, because most texts that are compared with a literal differ in length already. */
static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.n == b.n && (b.n == 0 || memcmp(a.p, b.p, b.n) == 0);
}

/* Inline, because most names differ in length already, or in the first letter, or in nothing; b is the
 * one that a compiler may know. */
static inline bool slice_ieq(struct slice a, struct slice b)
{
    if (a.n != b.n) return false;
    if (b.n == 0) return true;
    if ((a.p[0] ^ b.p[0]) & ~32) return false;
    return memcmp(a.p, b.p, b.n) == 0 || slice_same_fold(a.p, b.p, b.n);
}

/* Without blanks (space, tab, CR, LF) at both ends. */
struct slice slice_trim(struct slice s);
/* Splits at the first sep: head before it, tail after it. False, with nothing written, if there is none. */
bool slice_cut(struct slice s, char sep, struct slice *head, struct slice *tail);
/* Takes the next piece up to sep off *rest; false when *rest is empty. "a,,b" gives a, "", b; "a," gives
 * only a, as lines of a file do. */
bool slice_next(struct slice *rest, char sep, struct slice *piece);
/* 64-bit hash, the same in every process (not for hostile keys without base/map's limit). */
uint64_t slice_hash(struct slice s);

#endif
