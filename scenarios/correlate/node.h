/* What use.c needs of node.c besides flow.h. Private to the room. */
#ifndef CORRELATE_NODE_H
#define CORRELATE_NODE_H

#include "scenarios/correlate/flow.h"

/* A child for parent's text[from, to); NULL if that does not decode. */
struct node *node_child(struct flow *f, struct node *parent, size_t from, size_t to, enum coding c);
/* Path segments and the query of a URL that starts at n->text[from]. */
void node_expand_url(struct flow *f, struct node *n, size_t from, unsigned depth);

#endif
