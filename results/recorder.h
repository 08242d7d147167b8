/* The collector's side of a recorder. Private to results. All of it may run beside the worker. */
#ifndef RESULTS_RECORDER_H
#define RESULTS_RECORDER_H

#include "results/ring.h"
#include "results/tally.h"

#define BLOCK_SAMPLES 1024
#define BLOCKS_MAX 128 /* per worker: 10 MB, 131,072 samples on their way to the disk */
#define MESSAGES_MAX 1000
#define MESSAGE_BYTES 300

struct block {
    size_t n;
    struct sample samples[BLOCK_SAMPLES];
};

/* An answer to be archived; one allocation, texts behind it. */
struct answer {
    uint32_t step, message; /* message 0: not a failing one */
    bool cut;               /* head or body was longer */
    struct slice head, body;
};

/* What a worker recorded since the last take; the block is not full. */
struct interval {
    struct second second;
    struct block *block;      /* NULL: samples are not kept, or none since */
    uint64_t cpu_ns, span_ns; /* CPU time of the thread, and over how long; 0: not told since */
};

/* Swaps the interval that is being filled for the empty one that the last take returned. The result is
 * the collector's until recorder_give_back. */
struct interval *recorder_take(struct recorder *r);
void recorder_give_back(struct recorder *r, struct interval *i);
struct block *recorder_take_block(struct recorder *r);                  /* NULL: no full one */
bool recorder_return_block(struct recorder *r, struct block *b);        /* the archive's thread */
struct answer *recorder_take_answer(struct recorder *r);                /* gives: free() it */
size_t recorder_messages(const struct recorder *r);                     /* how many there are now */
struct slice recorder_message_text(const struct recorder *r, size_t n); /* 1 … recorder_messages */

/* The samples of one iteration of the first user that this recorder saw. */
#define TRACE_SAMPLES 128
struct trace {
    bool fresh; /* not seen by the collector yet */
    size_t n;   /* may be more than TRACE_SAMPLES: the rest was left out */
    struct sample samples[TRACE_SAMPLES];
};
/* The last iteration that ended; NULL if none did since the last call. The collector's until the next
 * call. */
const struct trace *recorder_trace(struct recorder *r);

struct recorder_gauges {
    uint32_t users, connections;
};
struct recorder_gauges recorder_gauges(const struct recorder *r);

#endif
