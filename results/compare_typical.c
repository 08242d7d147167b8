/* "Typical": how long the middle half of the requests takes in the middle half of the seconds.
 *
 * Called by compare for each step of each run. Seconds in which the machine was busy with something else, and
 * requests that waited for it, are in neither half: so the measure stands still where means and high
 * percentiles wander, and shows smaller differences. Its error is Yuen's (Biometrika 61, 1974): that of the
 * winsorized row, here widened by the row's correlation. Limits: blocks without requests are passed over. */
#include "results/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define CORRELATION_MAX 0.8

/* Marriott and Pope (Biometrika 41, 1954) correct for the bias of short rows. */
double correlation_error(const double *v, size_t n)
{
    double mean = 0, near = 0, all = 0;
    if (n < COMPARE_BLOCKS_MIN) return 1;
    for (size_t i = 0; i < n; i++)
        mean += v[i] / (double)n;
    for (size_t i = 0; i < n; i++) {
        all += (v[i] - mean) * (v[i] - mean);
        if (i) near += (v[i] - mean) * (v[i - 1] - mean);
    }
    double rho = all > 0 ? near / all : 0;
    rho += (1 + 4 * rho) / (double)n;
    rho = rho < 0 ? 0 : rho > CORRELATION_MAX ? CORRELATION_MAX : rho;
    return sqrt((1 + rho) / (1 - rho));
}

static uint64_t overlap(uint64_t from, uint64_t to, uint64_t low, uint64_t high)
{
    if (from < low) from = low;
    if (to > high) to = high;
    return to > from ? to - from : 0;
}

/* Mean logarithm of the block's middle requests, by rank. */
static double middle_requests(const struct series *s, size_t block)
{
    const uint32_t *counts = s->counts + block * s->slots;
    uint64_t n = s->requests[block], low = n / 4, high = n - n / 4, seen = 0;
    double sum = 0;
    for (size_t i = 0; i < s->slots; i++) {
        sum += (double)overlap(seen, seen + counts[i], low, high) * s->slot_log[i];
        seen += counts[i];
    }
    return sum / (double)(high - low);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double variance(const double *v, size_t n)
{
    double mean = 0, sum = 0;
    for (size_t i = 0; i < n; i++)
        mean += v[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        sum += (v[i] - mean) * (v[i] - mean);
    return sum / (double)(n - 1);
}

/* Of the row v, in order of time; v is winsorized on the way. */
static struct typical middle_seconds(double *v, size_t n)
{
    size_t cut = n / 4, kept = n - 2 * cut;
    double *sorted = mem_alloc(n + 1, sizeof *v), mean = 0;
    memcpy(sorted, v, n * sizeof *v);
    qsort(sorted, n, sizeof *sorted, by_value);
    for (size_t i = cut; i < n - cut; i++)
        mean += sorted[i] / (double)kept;
    for (size_t i = 0; i < n; i++)
        v[i] = fmin(fmax(v[i], sorted[cut]), sorted[n - 1 - cut]);
    free(sorted);
    if (n < COMPARE_BLOCKS_MIN) return (struct typical){ .log_ms = mean };
    double squares = (double)(n - 1) * variance(v, n);
    double wider = correlation_error(v, n);
    return (struct typical){ .log_ms = mean,
                             .error = wider * sqrt(squares / ((double)kept * (double)(kept - 1))),
                             .independent = (double)kept / (wider * wider) };
}

struct typical series_typical(const struct series *s)
{
    double *v = mem_alloc(s->blocks + 1, sizeof *v);
    size_t n = 0;
    for (size_t b = 0; b < s->blocks; b++)
        if (s->requests[b]) v[n++] = middle_requests(s, b);
    struct typical t = middle_seconds(v, n);
    free(v);
    return t;
}
