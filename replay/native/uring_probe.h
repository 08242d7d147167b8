/* Whether this kernel gives us io_uring with all that io_uring.c asks of it. */
#ifndef REPLAY_NATIVE_URING_PROBE_H
#define REPLAY_NATIVE_URING_PROBE_H

#include <stdbool.h>

bool uring_works(void);

#endif
