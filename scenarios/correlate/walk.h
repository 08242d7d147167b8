/* Walking every text of a request. Private to the room. */
#ifndef CORRELATE_WALK_H
#define CORRELATE_WALK_H

#include "scenarios/correlate/flow.h"

/* Calls fn for every node of the item's request, parents first. */
void walk_nodes(struct item *it, void (*fn)(struct node *n, void *arg), void *arg);
/* The use of n's whole text, NULL if there is none. */
struct use *whole_use(const struct flow *f, const struct node *n);

#endif
