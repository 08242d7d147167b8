/* "Did you mean …" over candidates that are slices and come one at a time.
 *
 * Called on error paths only, by the YAML reader (keys), the templates (variables, functions) and the
 * checks. A word is near when at most a third of its letters, and at least one, must change. */
#include "scenarios/nearest.h"

#include <stdio.h>

#include "base/near.h"

void nearest_init(struct nearest *n, struct slice word)
{
    *n = (struct nearest){ .word = word, .distance = word.n < 6 ? 2 : word.n / 3 + 1 };
}

void nearest_consider(struct nearest *n, struct slice candidate)
{
    if (candidate.n == 0) return;
    size_t d = near_distance(n->word, candidate);
    if (d >= n->distance) return;
    n->distance = d;
    n->best = candidate;
}

const char *nearest_hint(const struct nearest *n, char *text, size_t size)
{
    text[0] = 0;
    if (n->best.n) snprintf(text, size, ", did you mean \"%.*s\"?", SL_FMT(n->best));
    return text;
}
