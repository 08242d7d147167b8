/* The judgement: may this origin feed this use, and how sure is it? Private to the room. */
#ifndef SCENARIOS_JUDGE_H
#define SCENARIOS_JUDGE_H

#include "scenarios/flow.h"

/* 0: no; else how sure, up to 1. */
double judge_use(const struct flow *f, const struct use *u, struct origin *o);
/* How good the place is, whatever the value: names before positions, own answers before lists. */
double judge_place(const struct flow *f, const struct use *u, struct origin *o);

#endif
