/* Seeded random numbers (xoshiro256**, seeded through splitmix64): the same seed gives the same run. */
#ifndef BASE_RND_H
#define BASE_RND_H

#include <stddef.h>
#include <stdint.h>

struct rnd {
    uint64_t s[4];
};

void rnd_seed(struct rnd *r, uint64_t seed,
              uint64_t stream); /* other stream, independent numbers */
uint64_t rnd_u64(struct rnd *r);
uint64_t rnd_below(struct rnd *r, uint64_t n); /* 0 .. n-1 without bias; n > 0 */
double rnd_unit(struct rnd *r);                /* [0, 1) */
double rnd_normal(struct rnd *r);              /* mean 0, deviation 1 */
double rnd_exponential(struct rnd *r);         /* mean 1 */
void rnd_uuid(struct rnd *r, char out[37]);    /* RFC 9562 version 4, NUL-terminated */

#endif
