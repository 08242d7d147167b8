/* A feed's table: a CSV file with a header line, whole in memory. Which row a user gets is replay's
 * matter. */
#ifndef SCENARIOS_FEED_H
#define SCENARIOS_FEED_H

#include "scenarios/model.h"

struct feed_table {
    struct slice *columns;
    size_t columns_n;
    struct slice *cells; /* row by row */
    size_t rows;
    struct arena *arena; /* private */
};

/* The path of a feed's file: relative names are relative to the scenario's folder. */
struct slice feed_path(struct arena *a, const struct scenario *s, const struct feed *f);
/* Gives. Refuses: no header line, no rows, rows of another length than the header, a column without a name
 * or twice there, more than 1 GiB. */
struct feed_table *feed_table_read(const char *path, struct err *err);
struct feed_table *feed_table_parse(struct slice text, const char *name, struct err *err);
struct slice feed_table_cell(const struct feed_table *t, size_t row, size_t column);
void feed_table_free(struct feed_table *t);
/* Only the header line, for checks. */
bool feed_columns(struct arena *a, const char *path, struct slice **columns, size_t *n,
                  struct err *err);

#endif
