/* Recorded traffic as it was: each client of a recording one user, its requests at their recorded times. */
#ifndef REPLAY_TIMELINE_H
#define REPLAY_TIMELINE_H

#include "http/session.h"
#include "scenarios/scenarios.h"

/* A scenario with one task per client, in order of the clients' first requests. */
struct timeline {
    struct scenario *scenario;
    struct scenario **parts; /* what it borrows from */
    size_t parts_n;
    size_t tokens;      /* found in all */
    uint64_t length_ns; /* from the first request's start to the last one's */
};

/* Correlates each client's part of the session; a client is an address, or with by_connection an address
 * and port. Gives; the session may go. */
struct timeline *timeline_new(const struct session *s, const struct import_cfg *cfg,
                              bool by_connection, struct err *err);
void timeline_free(struct timeline *t);

#endif
