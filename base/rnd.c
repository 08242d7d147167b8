/* Seeded random numbers: xoshiro256** (Blackman and Vigna), seeded through splitmix64.
 *
 * Every virtual user has a stream of its own, so that a run with one seed is the same whatever the number
 * of workers. Not for secrets. */
#include "base/rnd.h"

#include <math.h>

static uint64_t splitmix(uint64_t *x)
{
    uint64_t z = *x += 0x9e3779b97f4a7c15ULL;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    return z ^ z >> 31;
}

void rnd_seed(struct rnd *r, uint64_t seed, uint64_t stream)
{
    uint64_t a = seed, b = stream ^ 0x6a09e667f3bcc909ULL;
    uint64_t x = splitmix(&a) ^ (splitmix(&b) * 0xd1342543de82ef95ULL);
    for (int i = 0; i < 4; i++)
        r->s[i] = splitmix(&x);
}

static uint64_t rotl(uint64_t x, int n)
{
    return x << n | x >> (64 - n);
}

uint64_t rnd_u64(struct rnd *r)
{
    uint64_t *s = r->s, result = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

/* Lemire's method: a multiplication, and a rejection that is rare. */
uint64_t rnd_below(struct rnd *r, uint64_t n)
{
    unsigned __int128 m = (unsigned __int128)rnd_u64(r) * n;
    if ((uint64_t)m < n) {
        uint64_t least = -n % n;
        while ((uint64_t)m < least)
            m = (unsigned __int128)rnd_u64(r) * n;
    }
    return (uint64_t)(m >> 64);
}

double rnd_unit(struct rnd *r)
{
    return (double)(rnd_u64(r) >> 11) * 0x1.0p-53;
}

/* Box-Muller; the second number is not kept, so that the state is the four words alone. */
double rnd_normal(struct rnd *r)
{
    double radius = sqrt(-2.0 * log(1.0 - rnd_unit(r)));
    return radius * cos(6.283185307179586 * rnd_unit(r));
}

double rnd_exponential(struct rnd *r)
{
    return -log(1.0 - rnd_unit(r));
}

void rnd_uuid(struct rnd *r, char out[37])
{
    static const char hex[] = "0123456789abcdef";
    uint64_t half[2] = { rnd_u64(r), rnd_u64(r) };
    half[0] = (half[0] & ~0xf000ULL) | 0x4000ULL;     /* version 4 */
    half[1] = (half[1] & ~(3ULL << 62)) | 2ULL << 62; /* variant 10 */
    for (int i = 0, at = 0; i < 32; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20) out[at++] = '-';
        out[at++] = hex[half[i / 16] >> (60 - 4 * (i % 16)) & 15];
    }
    out[36] = '\0';
}
