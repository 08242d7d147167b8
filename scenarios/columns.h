/* What scenario_check needs to know of the files that a scenario names. Private to the room. */
#ifndef SCENARIOS_COLUMNS_H
#define SCENARIOS_COLUMNS_H

#include "base/err.h"
#include "scenarios/model.h"

/* The path of a file that a scenario names: relative names are relative to the scenario's folder. */
const char *columns_path(struct arena *a, const struct scenario *s, struct slice file);
/* The names in the header line of a CSV file, without blanks at their ends. Refused: no header line, a
 * column without a name, two with the same. */
bool columns_read(struct arena *a, const char *path, struct slice **columns, size_t *n,
                  struct err *err);
bool columns_parse(struct arena *a, struct slice text, const char *name, struct slice **columns,
                   size_t *n, struct err *err);

#endif
