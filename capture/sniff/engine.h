/* Connections as the flow table makes and ends them; what decoders may ask about theirs. */
#ifndef SNIFF_ENGINE_H
#define SNIFF_ENGINE_H

#include "capture/sniff/conn.h"

/* swapped: the flow's direction 0 goes to the client. Fills in the addresses. */
void conn_set_sides(struct conn *c, bool swapped);
bool conn_from_start(const struct conn *c); /* its SYN was captured */

#endif
