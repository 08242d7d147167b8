/* The nearest known name to a mistyped one: "did you mean". */
#ifndef BASE_NEAR_H
#define BASE_NEAR_H

#include "base/slice.h"

/* Edit distance (insert, delete, replace, swap of neighbours), case ignored; names longer than 64 bytes
 * are far from everything. */
unsigned near_distance(struct slice a, struct slice b);
/* The nearest of names[n], NULL if none is near enough (a third of its length, at least 1) to be meant. */
const char *near_name(struct slice word, const char *const *names, size_t n);

#endif
