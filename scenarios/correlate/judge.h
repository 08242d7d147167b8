/* The judgement: may this origin feed this use, and how sure is it? Private to the room. */
#ifndef CORRELATE_JUDGE_H
#define CORRELATE_JUDGE_H

#include "scenarios/correlate/flow.h"

/* 0: no; else how sure, up to 1. */
double judge_use(const struct flow *f, const struct use *u, struct origin *o);
/* How good the place is, whatever the value: names before positions, own answers before lists. */
double judge_place(const struct flow *f, const struct use *u, struct origin *o);
/* An ETag that comes back as If-Match (RFC 9110 13.1.1): only a server makes these. */
bool judge_is_entity_tag(const struct use *u, const struct origin *o);
/* An answer that says that something was made (201), and a key under which it says how that is called. */
bool judge_names_made(const struct item *from, struct slice key);

#endif
