/* What a second recording of the same walk tells. Private to the room. */
#ifndef CORRELATE_SECOND_H
#define CORRELATE_SECOND_H

#include "scenarios/correlate/flow.h"

/* Lays s beside the flow; after flow_uses, before flow_origins. */
bool flow_second(struct flow *f, const struct session *s, struct err *err);
/* Both recordings sent the same text here. */
bool second_says_constant(const struct use *u);
/* Too little speaks for an origin that is this sure, since the second recording says constant. */
bool second_vetoes(const struct use *u, double sure);
/* The origin gives the second recording's text, which is another, from its answer. */
bool second_agrees(struct flow *f, const struct use *u, const struct origin *o);

#endif
