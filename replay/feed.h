/* Feeds: rows of a CSV file, and which of them a user gets. Rows are const and shared; the only thing
 * that changes is one atomic counter per feed, used by feeds that give a new row each iteration. */
#ifndef REPLAY_FEED_H
#define REPLAY_FEED_H

#include <stdatomic.h>

#include "base/file.h"
#include "scenarios/scenarios.h"

struct feed_table {
    const struct feed *model;
    struct file file;
    struct slice *columns; /* names, of the first line */
    uint32_t *slots;       /* of "feed.column" */
    size_t columns_n;
    struct slice *cells; /* rows_n * columns_n */
    size_t rows_n;
    uint32_t *order; /* PICK_SHUFFLE: a permutation */
    _Atomic uint64_t next;
};

/* Reads the file (relative to the folder of scenario_file). Gives; free with feed_table_free. */
struct feed_table *feed_table_new(struct arena *a, struct scope *scope, const struct feed *model,
                                  struct slice scenario_file, uint64_t seed, struct err *err);
void feed_table_free(struct feed_table *t);
/* A path that a scenario names, relative to the folder of the scenario. */
const char *feed_path(struct arena *a, struct slice file, struct slice scenario_file);
/* The row for a user (feeds per user) or for its next iteration; NULL: the feed has run out. */
const struct slice *feed_row(struct feed_table *t, uint32_t user, struct rnd *rnd);

#endif
