/* How many connections the system lets a process have open: one descriptor each. */
#ifndef CLI_DESCRIPTORS_H
#define CLI_DESCRIPTORS_H

#include <stdbool.h>
#include <stdint.h>

/* What one process of the run wants. */
struct descriptors {
    uint32_t users;  /* at the same time */
    unsigned each;   /* connections that one of them may have open */
    uint64_t most;   /* --max-connections, of this process; 0: no limit */
    bool makes_room; /* the engine closes resting connections for others */
    bool quiet;
};

/* Raises RLIMIT_NOFILE as far as this user may. Returns how many connections the process may have open: `most`,
 * or what the limit allows (0: any number). Says so on standard error where that is fewer than may be wanted. */
uint64_t descriptors_raise(const struct descriptors *want);

#endif
