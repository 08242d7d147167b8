/* "Did you mean …?": the candidate nearest to a word that nobody knows. Private to the room. */
#ifndef SCENARIOS_NEAREST_H
#define SCENARIOS_NEAREST_H

#include "base/slice.h"

struct nearest {
    struct slice word;
    struct slice best; /* empty until a candidate is near enough */
    size_t distance;
};

void nearest_init(struct nearest *n, struct slice word);
void nearest_consider(struct nearest *n, struct slice candidate);
/* ", did you mean "x"?" or "" into text. */
const char *nearest_hint(const struct nearest *n, char *text, size_t size);

#endif
