/* The table of unfinished IP datagrams. Called by decode.c.
 *
 * Invariant: a slot in use has bytes[], with one bit of have[] for each 8-byte unit that came. The last
 * fragment tells the length; whole means that all units below it are there. */
#include "capture/sniff/frag.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

#define SLOTS 64
#define BYTES_MAX 65536U
#define UNITS (BYTES_MAX / 8)
#define MAX_AGE_NS ((int64_t)(30 * NS_PER_S))

struct datagram {
    struct frag_key key;
    bool used;
    int64_t first_ns;
    uint32_t length; /* 0: the last fragment has not come */
    uint32_t units;  /* that came */
    uint8_t have[UNITS / 8];
    uint8_t bytes[BYTES_MAX];
};

struct frag_table {
    struct datagram *slot[SLOTS];
    uint64_t lost;
};

struct frag_table *frag_new(void)
{
    return mem_alloc(1, sizeof(struct frag_table));
}

void frag_free(struct frag_table *t)
{
    if (!t) return;
    for (size_t i = 0; i < SLOTS; i++)
        free(t->slot[i]);
    free(t);
}

static bool same_key(const struct frag_key *a, const struct frag_key *b)
{
    return a->id == b->id && a->protocol == b->protocol && memcmp(a->src, b->src, 16) == 0 &&
           memcmp(a->dst, b->dst, 16) == 0;
}

static void drop(struct frag_table *t, struct datagram *d)
{
    if (d->used) t->lost++;
    d->used = false;
}

/* A slot for a new datagram: a free one, else the oldest. */
static struct datagram *make_slot(struct frag_table *t)
{
    struct datagram *oldest = NULL;
    for (size_t i = 0; i < SLOTS; i++) {
        if (!t->slot[i]) t->slot[i] = mem_alloc(1, sizeof(struct datagram));
        if (!t->slot[i]->used) return t->slot[i];
        if (!oldest || t->slot[i]->first_ns < oldest->first_ns) oldest = t->slot[i];
    }
    drop(t, oldest);
    return oldest;
}

static struct datagram *find(struct frag_table *t, const struct fragment *f)
{
    for (size_t i = 0; i < SLOTS && t->slot[i]; i++) {
        struct datagram *d = t->slot[i];
        if (d->used && f->ts_ns - d->first_ns > MAX_AGE_NS) drop(t, d);
        if (d->used && same_key(&d->key, &f->key)) return d;
    }
    struct datagram *d = make_slot(t);
    d->used = true;
    d->key = f->key;
    d->first_ns = f->ts_ns;
    d->length = d->units = 0;
    memset(d->have, 0, sizeof d->have);
    return d;
}

static void put_unit(struct datagram *d, uint32_t unit, struct slice data)
{
    uint8_t bit = (uint8_t)(1U << unit % 8);
    if (d->have[unit / 8] & bit) return;
    d->have[unit / 8] |= bit;
    d->units++;
    memcpy(d->bytes + unit * 8U, data.p, data.n);
}

bool frag_push(struct frag_table *t, const struct fragment *f, struct slice *whole)
{
    if (f->offset + f->data.n > BYTES_MAX || f->offset % 8 || f->data.n == 0) return false;
    struct datagram *d = find(t, f);
    size_t n = f->more ? f->data.n / 8 * 8 : f->data.n;
    for (size_t at = 0; at < n; at += 8)
        put_unit(d, (uint32_t)(f->offset + at) / 8,
                 slice_sub(f->data, at, at + 8 < n ? at + 8 : n));
    if (!f->more && !d->length) d->length = (uint32_t)(f->offset + n);
    if (!d->length || d->units < (d->length + 7) / 8) return false;
    d->used = false;
    *whole = (struct slice){ (const char *)d->bytes, d->length };
    return true;
}

uint64_t frag_lost(const struct frag_table *t)
{
    return t->lost;
}
