/* The hash map: entries in order of insertion, and an index of their numbers by open addressing.
 *
 * Used by import for its tables. The hash is SipHash-1-3 under a random key (getrandom), so that a
 * recording made to collide costs no more than another. Invariant: the index is at most half full. */
#include "base/map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"

struct entry {
    struct slice key;
    uint64_t hash;
    void *value;
};

struct map {
    struct entry *v;
    size_t n, cap;
    size_t *index; /* entry number + 1; 0: free */
    size_t mask;   /* size of index - 1 */
    uint64_t k0, k1;
};

#define FIRST_INDEX 16

struct map *map_new(void)
{
    struct map *m = mem_alloc(1, sizeof *m);
    uint64_t key[2] = { (uintptr_t)m, (uintptr_t)&key };
    if (getrandom(key, sizeof key, GRND_NONBLOCK) < 0) key[0] ^= 0x9e3779b97f4a7c15ULL;
    m->k0 = key[0];
    m->k1 = key[1];
    m->index = mem_alloc(FIRST_INDEX, sizeof *m->index);
    m->mask = FIRST_INDEX - 1;
    return m;
}

void map_free(struct map *m)
{
    if (!m) return;
    free(m->v);
    free(m->index);
    free(m);
}

static uint64_t rotl(uint64_t x, int n)
{
    return x << n | x >> (64 - n);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotl(v[1], 13) ^ v[0];
    v[0] = rotl(v[0], 32);
    v[2] += v[3];
    v[3] = rotl(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotl(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotl(v[1], 17) ^ v[2];
    v[2] = rotl(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
}

static uint64_t hash(const struct map *m, struct slice s)
{
    uint64_t v[4] = { m->k0 ^ 0x736f6d6570736575ULL, m->k1 ^ 0x646f72616e646f6dULL,
                      m->k0 ^ 0x6c7967656e657261ULL, m->k1 ^ 0x7465646279746573ULL };
    uint64_t word, last = (uint64_t)s.n << 56;
    for (; s.n >= 8; s.p += 8, s.n -= 8) {
        memcpy(&word, s.p, 8);
        sip_word(v, word);
    }
    word = 0;
    if (s.n) memcpy(&word, s.p, s.n);
    sip_word(v, last | word);
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* The slot of key in the index: its own, or the free one where it belongs. */
static size_t find_slot(const struct map *m, struct slice key, uint64_t h)
{
    size_t slot = h & m->mask;
    for (; m->index[slot]; slot = (slot + 1) & m->mask) {
        const struct entry *e = &m->v[m->index[slot] - 1];
        if (e->hash == h && slice_eq(e->key, key)) return slot;
    }
    return slot;
}

void *map_get(const struct map *m, struct slice key)
{
    size_t number = m->index[find_slot(m, key, hash(m, key))];
    return number ? m->v[number - 1].value : NULL;
}

static void grow_index(struct map *m)
{
    size_t size = (m->mask + 1) * 2;
    free(m->index);
    m->index = mem_alloc(size, sizeof *m->index);
    m->mask = size - 1;
    for (size_t i = 0; i < m->n; i++) {
        size_t slot = m->v[i].hash & m->mask;
        while (m->index[slot])
            slot = (slot + 1) & m->mask;
        m->index[slot] = i + 1;
    }
}

void **map_at(struct map *m, struct slice key)
{
    uint64_t h = hash(m, key);
    size_t slot = find_slot(m, key, h);
    if (m->index[slot]) return &m->v[m->index[slot] - 1].value;
    if ((m->n + 1) * 2 > m->mask) {
        grow_index(m);
        slot = find_slot(m, key, h);
    }
    mem_grow(&m->v, &m->cap, m->n + 1, sizeof *m->v);
    m->v[m->n] = (struct entry){ .key = key, .hash = h };
    m->index[slot] = ++m->n;
    return &m->v[m->n - 1].value;
}

size_t map_count(const struct map *m)
{
    return m->n;
}

bool map_next(const struct map *m, size_t *i, struct slice *key, void **value)
{
    if (*i >= m->n) return false;
    *key = m->v[*i].key;
    *value = m->v[*i].value;
    (*i)++;
    return true;
}
