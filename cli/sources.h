/* --source-ip: the local addresses that a run sends from. */
#ifndef CLI_SOURCES_H
#define CLI_SOURCES_H

#include <sys/socket.h>

#include "base/arena.h"
#include "cli/opt.h"

struct sources {
    struct sockaddr_storage *v; /* the arena's */
    size_t n;
};

/* texts: addresses and blocks ("10.0.0.0/28"), commas between. An address must be one of this machine; of a block
 * those are taken that are; all are IPv4, or all IPv6. ERR_USAGE otherwise. */
bool sources_read(const struct opt_list *texts, struct arena *a, struct sources *out,
                  struct err *err);

#endif
