/* A scenario run by the fake engine under its virtual clock, with everything that was sent written down. */
#ifndef TESTS_UNIT_VIRTUAL_RUN_H
#define TESTS_UNIT_VIRTUAL_RUN_H

#include "replay/fake.h"
#include "replay/replay.h"

struct sent {
    uint64_t at_ns; /* since the start of the run */
    char *text;     /* head and body */
};

struct virtual_run {
    /* in */
    const char *yaml;                /* its load section is the load */
    const struct scenario *scenario; /* instead of yaml; borrowed */
    struct timeline_cfg timeline;
    const char *host; /* NULL: the scenario's target */
    double think_factor;
    unsigned workers; /* 0: 1 */
    uint64_t seed;
    /* May be NULL: all 200, after 1 ms. v->sent_n - 1 is the request. */
    void (*answer)(struct virtual_run *v, struct slice head, struct fake_answer *out);
    void *arg;
    /* out */
    struct sent *sent;
    size_t sent_n, sent_cap;
    struct run_state state;
    uint64_t requests, failures, cancelled, late, dropped;
    uint64_t outcomes[OUTCOMES];
    uint64_t p50_ns, p90_ns, max_ns; /* response time */
    uint64_t end_ns;                 /* when the last answer came */
    char first_failure[200];
};

void virtual_run(struct virtual_run *v); /* fails the test if the scenario cannot be compiled */
void virtual_run_free(struct virtual_run *v);
/* The place of the n-th request (from 0) whose text has this in it; SIZE_MAX if there is none. */
size_t virtual_find(const struct virtual_run *v, const char *part, size_t n);
size_t virtual_count(const struct virtual_run *v, const char *part);
uint64_t virtual_ms(const struct virtual_run *v, size_t i);

#endif
