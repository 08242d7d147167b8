/* Histograms: HdrHistogram's log-linear buckets in pages of 64 counters that exist once they are used.
 *
 * Called by recorders (one worker each) and by the collector on what it has taken from them. A value
 * below 2,048 us has its own slot; above, each power of two is cut into 1,024 slots, so that a slot is at
 * most 0.1 % wide. Bitmaps of used pages make clearing and merging cost what was used, not what could
 * be. Minimum, maximum and sum are exact and in nanoseconds; slots count whole microseconds. */
#include "results/hist.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

#define PAGE_SLOTS 64
#define PAGES (HIST_SLOTS / PAGE_SLOTS)
#define WORDS ((PAGES + 63) / 64)
#define HALF_BITS 10
#define HALF (1U << HALF_BITS)

struct hist {
    uint64_t count, sum_ns, min_ns, max_ns;
    uint64_t used[WORDS]; /* pages that hold something */
    uint64_t *pages[PAGES];
};

struct hist *hist_new(void)
{
    return mem_alloc(1, sizeof(struct hist));
}

void hist_free(struct hist *h)
{
    if (!h) return;
    for (size_t i = 0; i < PAGES; i++)
        free(h->pages[i]);
    free(h);
}

static size_t slot_of(uint64_t us)
{
    if (us > HIST_TOP_US) us = HIST_TOP_US;
    unsigned bucket = 63U - (unsigned)__builtin_clzll(us | (2 * HALF - 1)) - HALF_BITS;
    return ((size_t)(bucket + 1) << HALF_BITS) + (size_t)(us >> bucket) - HALF;
}

static void slot_range(size_t slot, uint64_t *low_us, uint64_t *high_us)
{
    unsigned bucket = (unsigned)(slot >> HALF_BITS);
    uint64_t sub = (slot & (HALF - 1)) + (bucket ? HALF : 0);
    unsigned shift = bucket ? bucket - 1 : 0;
    *low_us = sub << shift;
    *high_us = *low_us + (1ULL << shift) - 1;
}

/* The page is made at its first use: a worker is warm once it has seen its range of latencies. */
static inline uint64_t *slot_place(struct hist *h, size_t slot)
{
    size_t page = slot / PAGE_SLOTS;
    if (!h->pages[page]) h->pages[page] = mem_alloc(PAGE_SLOTS, sizeof(uint64_t));
    h->used[page / 64] |= 1ULL << (page % 64);
    return &h->pages[page][slot % PAGE_SLOTS];
}

static void note_range(struct hist *h, uint64_t min_ns, uint64_t max_ns)
{
    if (h->count == 0 || min_ns < h->min_ns) h->min_ns = min_ns;
    if (max_ns > h->max_ns) h->max_ns = max_ns;
}

static inline void add(struct hist *h, uint64_t ns, uint64_t count)
{
    *slot_place(h, slot_of(ns / NS_PER_US)) += count;
    note_range(h, ns, ns);
    h->count += count;
    h->sum_ns += ns * count;
}

void hist_add_n(struct hist *h, uint64_t ns, uint64_t count)
{
    if (count) add(h, ns, count);
}

void hist_add(struct hist *h, uint64_t ns)
{
    add(h, ns, 1);
}

static void merge_page(struct hist *into, const struct hist *from, size_t page)
{
    uint64_t *to = slot_place(into, page * PAGE_SLOTS);
    for (size_t i = 0; i < PAGE_SLOTS; i++)
        to[i] += from->pages[page][i];
}

void hist_merge(struct hist *into, const struct hist *from)
{
    if (from->count == 0) return;
    for (size_t w = 0; w < WORDS; w++)
        for (uint64_t bits = from->used[w]; bits; bits &= bits - 1)
            merge_page(into, from, w * 64 + (size_t)__builtin_ctzll(bits));
    note_range(into, from->min_ns, from->max_ns);
    into->count += from->count;
    into->sum_ns += from->sum_ns;
}

void hist_clear(struct hist *h)
{
    for (size_t w = 0; w < WORDS; w++) {
        for (uint64_t bits = h->used[w]; bits; bits &= bits - 1)
            memset(h->pages[w * 64 + (size_t)__builtin_ctzll(bits)], 0,
                   PAGE_SLOTS * sizeof(uint64_t));
        h->used[w] = 0;
    }
    h->count = h->sum_ns = h->min_ns = h->max_ns = 0;
}

uint64_t hist_count(const struct hist *h)
{
    return h->count;
}

uint64_t hist_min_ns(const struct hist *h)
{
    return h->min_ns;
}

uint64_t hist_max_ns(const struct hist *h)
{
    return h->max_ns;
}

uint64_t hist_sum_ns(const struct hist *h)
{
    return h->sum_ns;
}

double hist_mean_ns(const struct hist *h)
{
    return h->count ? (double)h->sum_ns / (double)h->count : 0;
}

/* The next slot at or behind *slot that holds something. */
static bool next_slot(const struct hist *h, size_t *slot)
{
    for (; *slot < HIST_SLOTS; (*slot)++) {
        size_t page = *slot / PAGE_SLOTS;
        if (!(h->used[page / 64] >> (page % 64) & 1))
            *slot = page * PAGE_SLOTS + PAGE_SLOTS - 1;
        else if (h->pages[page][*slot % PAGE_SLOTS])
            return true;
    }
    return false;
}

bool hist_next(const struct hist *h, size_t *i, uint64_t *low_ns, uint64_t *high_ns,
               uint64_t *count)
{
    if (!next_slot(h, i)) return false;
    slot_range(*i, low_ns, high_ns);
    *low_ns *= NS_PER_US;
    *high_ns = (*high_ns + 1) * NS_PER_US - 1;
    *count = h->pages[*i / PAGE_SLOTS][*i % PAGE_SLOTS];
    (*i)++;
    return true;
}

static uint64_t clip(const struct hist *h, uint64_t ns)
{
    if (ns > h->max_ns) return h->max_ns;
    return ns < h->min_ns ? h->min_ns : ns;
}

uint64_t hist_percentile_ns(const struct hist *h, double p)
{
    if (h->count == 0) return 0;
    if (p >= 100) return h->max_ns;
    double exact = (double)h->count * (p < 0 ? 0 : p) / 100;
    uint64_t rank = (uint64_t)exact;
    /* The nearest-rank method rounds up; a hair of tolerance keeps 99.9 % of 1,000 at 999. */
    if (exact - (double)rank > 1e-9 * exact) rank++;
    if (rank == 0) rank = 1;
    uint64_t seen = 0;
    for (size_t slot = 0; next_slot(h, &slot); slot++) {
        seen += h->pages[slot / PAGE_SLOTS][slot % PAGE_SLOTS];
        if (seen < rank) continue;
        uint64_t low, high;
        slot_range(slot, &low, &high);
        return clip(h, high * NS_PER_US);
    }
    return h->max_ns;
}

uint64_t hist_count_to(const struct hist *h, uint64_t ns)
{
    uint64_t seen = 0;
    size_t last = slot_of(ns / NS_PER_US);
    for (size_t slot = 0; next_slot(h, &slot) && slot <= last; slot++)
        seen += h->pages[slot / PAGE_SLOTS][slot % PAGE_SLOTS];
    return seen;
}

uint64_t hist_slot(const struct hist *h, size_t slot)
{
    const uint64_t *page = h->pages[slot / PAGE_SLOTS];
    return page ? page[slot % PAGE_SLOTS] : 0;
}

void hist_slot_add(struct hist *h, size_t slot, uint64_t count)
{
    uint64_t low, high;
    if (count == 0) return;
    slot_range(slot, &low, &high);
    *slot_place(h, slot) += count;
    note_range(h, low * NS_PER_US, high * NS_PER_US);
    h->count += count;
    h->sum_ns += (low + high) * NS_PER_US / 2 * count;
}

void hist_set_exact(struct hist *h, uint64_t min_ns, uint64_t max_ns, uint64_t sum_ns)
{
    h->min_ns = min_ns;
    h->max_ns = max_ns;
    h->sum_ns = sum_ns;
}
