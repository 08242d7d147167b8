/* Feeds: rows of a CSV file, and which of them a user gets. Rows are const and shared; the only thing
 * that changes is one atomic counter per feed, used by feeds that give a new row each iteration. */
#ifndef REPLAY_FEEDER_H
#define REPLAY_FEEDER_H

#include <stdatomic.h>

#include "base/file.h"
#include "scenarios/scenarios.h"

struct feeder {
    const struct feed *model;
    struct file file; /* as it was read */
    uint32_t *slots;  /* of "feed.column" */
    size_t columns_n;
    struct slice *cells; /* rows_n * columns_n */
    size_t rows_n;
    uint32_t *order; /* PICK_SHUFFLE: a permutation */
    _Atomic uint64_t next;
    uint64_t first, step; /* of several processes each takes every step-th row */
};

/* Reads the feed's file. Gives; free with feeder_free. */
struct feeder *feeder_new(struct arena *a, struct scope *scope, const struct scenario *s,
                          const struct feed *model, uint64_t seed, struct err *err);
void feeder_free(struct feeder *f);
/* Starts from its first row again; process k of n takes the rows k, k + n, … */
void feeder_share(struct feeder *f, unsigned process, unsigned processes);
/* The row (columns_n cells) for a user, or for its next iteration; NULL: the feed has run out. */
const struct slice *feeder_pick(struct feeder *f, uint32_t user, struct rnd *rnd);

/* A path that a scenario names: relative to the folder of its file. */
const char *scenario_path(struct arena *a, const struct scenario *s, struct slice file);

#endif
