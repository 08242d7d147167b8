/* A run cut into blocks of seconds, and one step's blocks as a matrix of counts for resampling.
 *
 * Called by compare. Blocks, not requests, are what is drawn: requests of one second are not independent of
 * each other. Slots of the histograms that never occur are left out of the matrix. */
#include "results/compare.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"

void blocks_init(struct blocks *b, size_t steps_n)
{
    *b = (struct blocks){ .steps_n = steps_n, .per = 1 };
}

void blocks_free(struct blocks *b)
{
    for (size_t i = 0; i < b->cap; i++)
        tally_free(&b->v[i]);
    free(b->v);
    *b = (struct blocks){ 0 };
}

/* A new empty block at the end. */
static struct tally *push_block(struct blocks *b)
{
    size_t need = (b->n + 1) * b->steps_n, had = b->cap;
    if (need > b->cap) {
        mem_grow(&b->v, &b->cap, need, sizeof *b->v);
        for (size_t i = had; i < b->cap; i++)
            tally_init(&b->v[i]);
    }
    b->n++;
    return b->v + (b->n - 1) * b->steps_n;
}

/* Twice as many seconds per block: neighbours merge, the rest of the room is emptied. */
static void halve(struct blocks *b)
{
    for (size_t i = 0; i < b->n; i++) {
        struct tally *from = b->v + i * b->steps_n, *to = b->v + i / 2 * b->steps_n;
        for (size_t s = 0; s < b->steps_n && from != to; s++) {
            if (i % 2 == 0) tally_clear(&to[s]);
            tally_merge(&to[s], &from[s]);
        }
    }
    size_t left = (b->n + 1) / 2;
    for (size_t i = left * b->steps_n; i < b->n * b->steps_n; i++)
        tally_clear(&b->v[i]);
    b->in_last = b->n % 2 ? b->in_last : b->per + b->in_last;
    b->n = left;
    b->per *= 2;
}

void blocks_add(struct blocks *b, const struct second *s)
{
    if (s->to_ns - s->from_ns < NS_PER_S / 2) return; /* the last bit of a second is no block */
    if (b->n == COMPARE_BLOCKS && b->in_last == b->per) halve(b);
    if (b->n == 0 || b->in_last == b->per) {
        push_block(b);
        b->in_last = 0;
    }
    struct tally *last = b->v + (b->n - 1) * b->steps_n;
    for (size_t i = 0; i < b->steps_n && i < s->steps_n; i++)
        tally_merge(&last[i], &s->steps[i]);
    b->in_last++;
}

static void merge_step(struct hist *into, const struct blocks *b, size_t block, size_t step)
{
    for (size_t s = 0; s < b->steps_n; s++)
        if (step == b->steps_n || s == step)
            hist_merge(into, b->v[block * b->steps_n + s].response);
}

static void fill_slots(struct series *out, const struct hist *all)
{
    uint64_t low, high, count;
    size_t n = 0;
    for (size_t i = 0; hist_next(all, &i, &low, &high, &count);)
        n++;
    out->slots = n;
    out->slot_ms = mem_alloc(n + 1, sizeof *out->slot_ms);
    out->slot_log = mem_alloc(n + 1, sizeof *out->slot_log);
    n = 0;
    for (size_t i = 0; hist_next(all, &i, &low, &high, &count); n++) {
        out->slot_ms[n] = stats_ms((low + high) / 2);
        out->slot_log[n] = log(out->slot_ms[n]);
    }
}

/* Both walks are in order of the slots: each of the block's is one of all. */
static void fill_counts(struct series *out, size_t block, const struct hist *all,
                        const struct hist *h)
{
    uint64_t low, high, count, slot_low, slot_high, any;
    size_t slot = 0, at = 0;
    bool more = hist_next(all, &at, &slot_low, &slot_high, &any);
    for (size_t i = 0; hist_next(h, &i, &low, &high, &count);) {
        while (more && slot_low < low) {
            more = hist_next(all, &at, &slot_low, &slot_high, &any);
            slot++;
        }
        out->counts[block * out->slots + slot] = (uint32_t)count;
    }
}

struct series series_new(const struct blocks *b, size_t step)
{
    struct series out = { .blocks = b->n };
    struct hist *all = hist_new(), *one = hist_new();
    for (size_t i = 0; i < b->n; i++)
        merge_step(all, b, i, step);
    fill_slots(&out, all);
    out.counts = mem_alloc(b->n * out.slots + 1, sizeof *out.counts);
    out.requests = mem_alloc(b->n + 1, sizeof *out.requests);
    out.failures = mem_alloc(b->n + 1, sizeof *out.failures);
    for (size_t i = 0; i < b->n; i++) {
        hist_clear(one);
        merge_step(one, b, i, step);
        fill_counts(&out, i, all, one);
        for (size_t s = 0; s < b->steps_n; s++) {
            if (step != b->steps_n && s != step) continue;
            out.requests[i] += b->v[i * b->steps_n + s].requests;
            out.failures[i] += b->v[i * b->steps_n + s].failures;
        }
    }
    hist_free(all);
    hist_free(one);
    return out;
}

void series_free(struct series *s)
{
    free(s->slot_ms);
    free(s->slot_log);
    free(s->counts);
    free(s->requests);
    free(s->failures);
    *s = (struct series){ 0 };
}
