/* Patterns on answers: PCRE2, just-in-time compiled, with limits. Private to the room. */
#ifndef SCENARIOS_REGEX_H
#define SCENARIOS_REGEX_H

#include "base/arena.h"
#include "base/err.h"

struct regex;

struct regex *regex_compile(struct slice pattern, struct err *err); /* gives */
void regex_free(struct regex *r);
/* The nth match (from 1): group 1 if the pattern has one and it took part, otherwise all of it. False too
 * when the match limit is passed. The text need not be UTF-8. */
bool regex_find(const struct regex *r, struct slice text, unsigned nth, struct arena *scratch,
                struct slice *out);

#endif
