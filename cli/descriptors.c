/* Descriptors: raised before the load; where they will not do, that is said before the first request is sent.
 *
 * Called once by the run's job, before it makes other processes. With the native engine resting connections then
 * make room for others (replay/native/conn.c), so that no request fails for want of a descriptor. */
#include "cli/descriptors.h"

#include <stdio.h>
#include <sys/resource.h>

#define KEEP 200 /* for files, workers and the page */

static void say(const struct descriptors *want, uint64_t limit, uint64_t needed)
{
    fprintf(stderr,
            "%u users with up to %u connection%s each, but a process may have at most %llu open "
            "descriptors\n(RLIMIT_NOFILE): %s.\n"
            "More: ulimit -n %llu (as root), or --processes.\n",
            want->users, want->each, want->each == 1 ? "" : "s", (unsigned long long)limit,
            want->makes_room ? "resting connections are closed to stay below"
                             : "with this engine, requests beyond that fail",
            (unsigned long long)needed);
}

uint64_t descriptors_raise(const struct descriptors *want)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) != 0) return want->most;
    r.rlim_cur = r.rlim_max;
    setrlimit(RLIMIT_NOFILE, &r);
    if (r.rlim_max == RLIM_INFINITY) return want->most;
    uint64_t free = r.rlim_max > 2 * KEEP ? r.rlim_max - KEEP : r.rlim_max / 2;
    uint64_t needed = (uint64_t)want->users * want->each;
    if (want->most && want->most < needed) needed = want->most;
    if (needed > free && !want->quiet) say(want, r.rlim_max, needed + KEEP);
    return want->most && want->most < free ? want->most : free;
}
