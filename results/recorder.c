/* The recorder: where a worker leaves its samples. HdrHistogram's interval recorder with blocks of
 * samples beside the histograms.
 *
 * Two intervals exist. The worker writes into the active one between enter() and leave(), which make a
 * sequence number odd and even again. The collector exchanges the pointer and then waits until the
 * number has moved on or is even: from there the worker can only be in the other one. The worker never
 * waits. Full blocks travel to the collector through a ring and come back through another; when none
 * comes back in time, a sample is left out of the archive and counted. */
#include "results/recorder.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define ANSWERS_PER_MESSAGE 3
#define ANSWER_HEAD_BYTES 4096
#define ANSWER_BODY_BYTES 16384
#define TABLE_SLOTS 2048 /* power of two, > 2 * MESSAGES_MAX */

struct recorder {
    _Alignas(64) atomic_uint_fast64_t sequence; /* odd: the worker is inside */
    _Atomic(struct interval *) active;
    _Atomic(struct trace *) trace_ready; /* the middle one of three */
    _Atomic uint32_t users, connections;
    atomic_size_t messages_n;
    /* The worker's own. */
    bool keep_samples;
    uint64_t warm_up_ns;
    struct user_count *all_users; /* NULL: nobody's */
    size_t blocks_made;
    uint16_t table[TABLE_SLOTS]; /* message numbers by hash; 0: free */
    unsigned char answers_kept[MESSAGES_MAX + 1];
    bool tracing;
    uint32_t trace_user, trace_iteration;
    struct trace *trace_filling;
    struct arena *texts;
    struct slice messages[MESSAGES_MAX + 1]; /* from 1; written before messages_n says so */
    /* The collector's own. */
    struct interval *spare;
    struct interval intervals[2];
    struct trace *trace_seen;
    struct trace traces[3];
    struct ring full, returned, answers;
};

struct recorder *recorder_new(const struct recorder_cfg *cfg)
{
    struct recorder *r = aligned_alloc(64, (sizeof *r + 63) / 64 * 64);
    if (!r) abort();
    memset(r, 0, sizeof *r);
    r->keep_samples = cfg->keep_samples;
    r->warm_up_ns = cfg->warm_up_ns;
    r->all_users = cfg->users;
    r->texts = arena_new();
    for (size_t i = 0; i < 2; i++)
        second_init(&r->intervals[i].second, cfg->steps_n);
    atomic_init(&r->active, &r->intervals[0]);
    r->spare = &r->intervals[1];
    r->trace_filling = &r->traces[0];
    atomic_init(&r->trace_ready, &r->traces[1]);
    r->trace_seen = &r->traces[2];
    return r;
}

static void free_ring(struct ring *ring)
{
    void *p;
    while ((p = ring_pop(ring)))
        free(p);
}

void recorder_free(struct recorder *r)
{
    if (!r) return;
    free_ring(&r->full);
    free_ring(&r->returned);
    free_ring(&r->answers);
    for (size_t i = 0; i < 2; i++) {
        free(r->intervals[i].block);
        second_free(&r->intervals[i].second);
    }
    arena_free(r->texts);
    free(r);
}

/* ---- the worker ------------------------------------------------------------------------------------ */

static struct interval *enter(struct recorder *r)
{
    uint64_t sequence = atomic_load_explicit(&r->sequence, memory_order_relaxed);
    /* Sequentially consistent with the collector's exchange: either it sees us inside, or we see the
     * new interval. */
    atomic_store_explicit(&r->sequence, sequence + 1, memory_order_seq_cst);
    return atomic_load_explicit(&r->active, memory_order_seq_cst);
}

static void leave(struct recorder *r)
{
    uint64_t sequence = atomic_load_explicit(&r->sequence, memory_order_relaxed);
    atomic_store_explicit(&r->sequence, sequence + 1, memory_order_release);
}

static struct block *fresh_block(struct recorder *r)
{
    struct block *b = ring_pop(&r->returned);
    if (!b && r->blocks_made < BLOCKS_MAX) {
        b = mem_alloc(1, sizeof *b);
        r->blocks_made++;
    }
    if (b) b->n = 0;
    return b;
}

static void keep_sample(struct recorder *r, struct interval *i, const struct sample *s)
{
    if (!i->block && !(i->block = fresh_block(r))) {
        i->second.left_out++;
        return;
    }
    i->block->samples[i->block->n++] = *s;
    if (i->block->n < BLOCK_SAMPLES) return;
    ring_push(&r->full, i->block); /* cannot fail: there are fewer blocks than slots */
    i->block = NULL;
}

/* Hands over the iteration that is over when the first sample of the next one comes. */
static void add_to_trace(struct recorder *r, const struct sample *s)
{
    struct trace *t = r->trace_filling;
    if (t->n && s->iteration != r->trace_iteration) {
        t->fresh = true;
        t = atomic_exchange_explicit(&r->trace_ready, t, memory_order_acq_rel);
        t->fresh = false;
        t->n = 0;
        r->trace_filling = t;
    }
    r->trace_iteration = s->iteration;
    if (t->n < TRACE_SAMPLES) t->samples[t->n] = *s;
    t->n++;
}

void recorder_add(struct recorder *r, const struct sample *s)
{
    if (!r->tracing) {
        r->tracing = true;
        r->trace_user = s->user;
    }
    if (s->user == r->trace_user) add_to_trace(r, s);
    struct interval *i = enter(r);
    second_add(&i->second, s, r->warm_up_ns);
    if (r->keep_samples) keep_sample(r, i, s);
    leave(r);
}

static uint32_t new_message(struct recorder *r, size_t n, struct slice text)
{
    r->messages[n] = arena_dup(r->texts, text);
    atomic_store_explicit(&r->messages_n, n, memory_order_release);
    return (uint32_t)n;
}

uint32_t recorder_message(struct recorder *r, struct slice text)
{
    text = slice_sub(text, 0, MESSAGE_BYTES);
    size_t n = atomic_load_explicit(&r->messages_n, memory_order_relaxed);
    size_t slot = (size_t)slice_hash(text) % TABLE_SLOTS;
    for (; r->table[slot]; slot = (slot + 1) % TABLE_SLOTS)
        if (slice_eq(r->messages[r->table[slot]], text)) return r->table[slot];
    if (n == MESSAGES_MAX) return MESSAGES_MAX;
    if (n == MESSAGES_MAX - 1) return new_message(r, MESSAGES_MAX, SL("other failures"));
    r->table[slot] = (uint16_t)(n + 1);
    return new_message(r, n + 1, text);
}

static void push_answer(struct recorder *r, uint32_t step, uint32_t message, struct slice head,
                        struct slice body)
{
    struct slice h = slice_sub(head, 0, ANSWER_HEAD_BYTES),
                 b = slice_sub(body, 0, ANSWER_BODY_BYTES);
    struct answer *a = mem_alloc(1, sizeof *a + h.n + b.n);
    char *text = (char *)(a + 1);
    if (h.n) memcpy(text, h.p, h.n);
    if (b.n) memcpy(text + h.n, b.p, b.n);
    *a = (struct answer){ .step = step,
                          .message = message,
                          .cut = h.n < head.n || b.n < body.n,
                          .head = { text, h.n },
                          .body = { text + h.n, b.n } };
    if (ring_push(&r->answers, a)) return;
    free(a);
    enter(r)->second.answers_left_out++;
    leave(r);
}

void recorder_failing_answer(struct recorder *r, uint32_t message, struct slice head,
                             struct slice body)
{
    if (message == 0 || message > MESSAGES_MAX) return;
    if (r->answers_kept[message] >= ANSWERS_PER_MESSAGE) return;
    r->answers_kept[message]++;
    push_answer(r, UINT32_MAX, message, head, body);
}

void recorder_answer(struct recorder *r, uint32_t step, struct slice head, struct slice body)
{
    push_answer(r, step, 0, head, body);
}

void recorder_users(struct recorder *r, uint32_t users)
{
    uint32_t more = users - atomic_load_explicit(&r->users, memory_order_relaxed);
    atomic_store_explicit(&r->users, users, memory_order_relaxed);
    if (!r->all_users) return;
    uint32_t now = atomic_fetch_add(&r->all_users->now, more) + more;
    uint32_t most = atomic_load(&r->all_users->most);
    while (now > most && !atomic_compare_exchange_weak(&r->all_users->most, &most, now))
        ;
}

void recorder_connections(struct recorder *r, uint32_t n)
{
    atomic_store_explicit(&r->connections, n, memory_order_relaxed);
}

void recorder_late(struct recorder *r, uint64_t late_ns)
{
    struct second *s = &enter(r)->second;
    s->late++;
    if (late_ns > s->late_max_ns) s->late_max_ns = late_ns;
    leave(r);
}

void recorder_dropped(struct recorder *r, uint64_t starts)
{
    enter(r)->second.dropped += starts;
    leave(r);
}

void recorder_lag(struct recorder *r, uint64_t lag_ns)
{
    struct second *s = &enter(r)->second;
    if (lag_ns > s->lag_max_ns) s->lag_max_ns = lag_ns;
    leave(r);
}

void recorder_cpu(struct recorder *r, uint64_t cpu_ns, uint64_t span_ns)
{
    struct interval *i = enter(r);
    i->cpu_ns += cpu_ns;
    i->span_ns += span_ns;
    leave(r);
}

/* ---- the collector ---------------------------------------------------------------------------------- */

struct interval *recorder_take(struct recorder *r)
{
    struct interval *taken = atomic_exchange_explicit(&r->active, r->spare, memory_order_seq_cst);
    r->spare = NULL;
    uint64_t seen = atomic_load_explicit(&r->sequence, memory_order_seq_cst);
    while (seen % 2 && atomic_load_explicit(&r->sequence, memory_order_acquire) == seen)
        sched_yield(); /* the worker is in the middle of one sample */
    return taken;
}

void recorder_give_back(struct recorder *r, struct interval *i)
{
    second_clear(&i->second);
    i->block = NULL;
    i->cpu_ns = i->span_ns = 0;
    r->spare = i;
}

const struct trace *recorder_trace(struct recorder *r)
{
    r->trace_seen = atomic_exchange_explicit(&r->trace_ready, r->trace_seen, memory_order_acq_rel);
    struct trace *t = r->trace_seen;
    if (!t->fresh) return NULL;
    t->fresh = false;
    return t;
}

struct block *recorder_take_block(struct recorder *r)
{
    return ring_pop(&r->full);
}

bool recorder_return_block(struct recorder *r, struct block *b)
{
    return ring_push(&r->returned, b);
}

struct answer *recorder_take_answer(struct recorder *r)
{
    return ring_pop(&r->answers);
}

size_t recorder_messages(const struct recorder *r)
{
    return atomic_load_explicit(&r->messages_n, memory_order_acquire);
}

struct slice recorder_message_text(const struct recorder *r, size_t n)
{
    return r->messages[n];
}

struct recorder_gauges recorder_gauges(const struct recorder *r)
{
    return (struct recorder_gauges){
        .users = atomic_load_explicit(&r->users, memory_order_relaxed),
        .connections = atomic_load_explicit(&r->connections, memory_order_relaxed),
    };
}
