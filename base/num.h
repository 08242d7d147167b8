/* Numbers and units from text, through one checked door.
 *
 * Every parser takes the whole slice or refuses it: no leading blanks, no trailing rest, no overflow. */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include "base/buf.h"

bool num_u64(struct slice s, uint64_t max, uint64_t *out); /* decimal digits */
bool num_i64(struct slice s, int64_t *out);                /* optional '-' */
bool num_hex(struct slice s, uint64_t max, uint64_t *out); /* hexadecimal digits, no 0x */
bool num_f64(struct slice s, double *out);                 /* JSON's number, finite, C locale */
/* Durations as Locust and k6 write them: 20, 20s, 250ms, 15us, 3m, 1h30m, 1.5s. A bare number is
 * seconds. At most 10 years. */
bool num_duration(struct slice s, uint64_t *out_ns);
bool num_bytes(struct slice s, uint64_t *out_bytes);   /* 10, 64k, 8M, 1G (powers of 1024) */
bool num_rate(struct slice s, double *out_per_second); /* 500/s, 30/m, 500 (a second) */
/* "1.5s", "250ms", "1h30m": parses back, so it is 10 years at most. */
void num_add_duration(struct buf *out, uint64_t ns);
void num_add_bytes(struct buf *out, uint64_t bytes); /* "1.2 MB": for people */

#define NS_PER_US 1000ULL
#define NS_PER_MS 1000000ULL
#define NS_PER_S 1000000000ULL

#endif
