/* Reassembly of one direction. Called by flow.c only.
 *
 * Invariant: held pieces are sorted by offset and do not overlap each other; `next` never moves back.
 * Cost: a piece that is in order touches no list; an early one is appended in constant time when it
 * comes behind all others, else the list is walked. */
#include "capture/sniff/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define SAMPLE_BYTES 16

void stream_start(struct stream *s, uint32_t seq)
{
    s->started = true;
    s->next = s->acked = (UINT64_C(1) << 32) + seq;
}

void stream_free(struct stream *s)
{
    while (s->first)
        stream_unhold(s);
}

uint64_t stream_offset(const struct stream *s, uint32_t seq)
{
    int32_t ahead = (int32_t)(seq - (uint32_t)s->next);
    return s->next + (uint64_t)(int64_t)ahead;
}

/* A cheap sum over both ends of a segment: enough to tell a forged or mangled copy from a true one. */
static uint32_t sample(struct slice data)
{
    size_t n = data.n < SAMPLE_BYTES ? data.n : SAMPLE_BYTES;
    uint64_t h = data.n * UINT64_C(0x9e3779b97f4a7c15), w;
    const char *ends[2] = { data.p, data.p + data.n - n };
    for (int e = 0; e < 2; e++)
        for (size_t i = 0; i < n; i += sizeof w) {
            w = 0;
            memcpy(&w, ends[e] + i, n - i < sizeof w ? n - i : sizeof w);
            h = (h ^ w) * UINT64_C(0xff51afd7ed558ccd);
            h ^= h >> 32;
        }
    return (uint32_t)h;
}

static void remember(struct stream *s, uint64_t off, struct slice data)
{
    s->seen[s->seen_at++ % STREAM_SEEN] =
        (struct seen){ .off = off, .n = (uint32_t)data.n, .sum = sample(data) };
}

static bool copy_differs(const struct stream *s, const struct piece *p)
{
    if (p->data.n == 0) return false;
    for (size_t i = 0; i < STREAM_SEEN; i++)
        if (s->seen[i].off == p->off && s->seen[i].n == p->data.n)
            return s->seen[i].sum != sample(p->data);
    return false;
}

enum piece_kind stream_judge(const struct stream *s, struct piece *p, bool *differs)
{
    *differs = false;
    if (p->off == s->next) return PIECE_NEXT;
    if (p->off > s->next) return PIECE_EARLY;
    *differs = copy_differs(s, p);
    uint64_t old = s->next - p->off;
    if (old >= p->data.n + p->cut) return PIECE_OLD;
    if (old > p->data.n) {
        p->cut -= (uint32_t)(old - p->data.n);
        p->data.n = 0;
    } else {
        p->data = slice_from(p->data, (size_t)old);
    }
    p->off = s->next;
    return PIECE_NEXT;
}

/* Links a copy of data behind `after` (NULL: first). */
static struct held *link_copy(struct stream *s, struct held *after, const struct piece *p)
{
    uint32_t n = p->cut ? p->cut : (uint32_t)p->data.n;
    size_t bytes = p->cut ? 0 : p->data.n;
    struct held *h = mem_resize(NULL, sizeof *h + bytes, 1);
    struct held **at = after ? &after->next : &s->first;
    *h = (struct held){
        .next = *at, .off = p->off, .needs = p->needs, .ts_ns = p->ts_ns, .n = n, .cut = p->cut > 0
    };
    if (bytes) memcpy(h->data, p->data.p, bytes);
    *at = h;
    if (!h->next) s->last = h;
    s->held_bytes += sizeof *h + bytes;
    s->held_n++;
    return h;
}

static bool overlap_same(const struct held *h, const struct piece *p, uint64_t end)
{
    uint64_t from = p->off > h->off ? p->off : h->off;
    uint64_t to = end < h->off + h->n ? end : h->off + h->n;
    if (from >= to || h->cut || p->cut) return true;
    return memcmp(h->data + (from - h->off), p->data.p + (from - p->off), (size_t)(to - from)) == 0;
}

/* Holds the parts of [p->off, end) that fall between pieces held already. */
static bool hold_run(struct stream *s, const struct piece *p)
{
    uint64_t at = p->off, end = p->off + (p->cut ? p->cut : p->data.n);
    struct held *before = s->last && s->last->off + s->last->n <= at ? s->last : NULL;
    struct held *h = before ? NULL : s->first;
    bool same = true;
    for (; at < end; h = h ? h->next : NULL) {
        uint64_t stop = h && h->off < end ? h->off : end;
        if (stop > at) {
            struct piece part = *p;
            part.off = at;
            if (p->cut)
                part.cut = (uint32_t)(stop - at);
            else
                part.data = slice_sub(p->data, (size_t)(at - p->off), (size_t)(stop - p->off));
            before = link_copy(s, before, &part);
        }
        if (!h) break;
        same = overlap_same(h, p, end) && same;
        if (p->needs < h->needs) h->needs = p->needs; /* h was a retransmission of this one */
        if (h->off + h->n > at) at = h->off + h->n;
        before = h;
    }
    return same;
}

bool stream_hold(struct stream *s, const struct piece *p)
{
    struct piece data = *p, rest = *p;
    data.cut = 0;
    rest.off += p->data.n;
    bool same = p->data.n == 0 || hold_run(s, &data);
    if (p->cut) hold_run(s, &rest);
    return same;
}

void stream_passed(struct stream *s, struct slice data, size_t n)
{
    if (data.n) remember(s, s->next, data);
    s->next += n;
}

void stream_unhold(struct stream *s)
{
    struct held *h = s->first;
    s->held_bytes -= sizeof *h + (h->cut ? 0 : h->n);
    s->held_n--;
    s->first = h->next;
    if (!s->first) s->last = NULL;
    free(h);
}

struct held *stream_ready(struct stream *s, size_t *skip)
{
    while (s->first && s->first->off + s->first->n <= s->next)
        stream_unhold(s);
    if (!s->first || s->first->off > s->next) return NULL;
    *skip = (size_t)(s->next - s->first->off);
    return s->first;
}

uint64_t stream_hole(const struct stream *s)
{
    if (!s->started) return 0;
    if (s->first) return s->first->off > s->next ? s->first->off - s->next : 0;
    uint64_t known = s->fin && s->fin_off < s->acked ? s->fin_off : s->acked;
    return known > s->next ? known - s->next : 0;
}
