/* Counts of one step in one interval, and of an interval over all steps. Private to results.
 *
 * The same record is filled by a recorder (one worker's second), by the collector (everybody's second)
 * and by the archive's reader (a second read back), so that all three are merged by the same code. */
#ifndef RESULTS_TALLY_H
#define RESULTS_TALLY_H

#include "results/results.h"

struct tally {
    uint64_t requests, failures, cancelled;
    uint64_t bytes_in, bytes_out, connections;
    uint64_t outcomes[OUTCOMES];
    uint64_t first_start_ns, last_end_ns; /* 0 when empty */
    struct hist *service, *response;
};

void tally_init(struct tally *t);
void tally_free(struct tally *t);
void tally_clear(struct tally *t);
void tally_add(struct tally *t, const struct sample *s);
void tally_merge(struct tally *into, const struct tally *from);
bool tally_is_empty(const struct tally *t);

struct failure_count {
    uint32_t step, message;
    uint16_t status;
    uint8_t outcome;
    uint64_t count, first_ns, last_ns;
};

#define FAILURES_MAX 512 /* kinds per second; what is beyond counts under its step's last kind */

struct second {
    uint64_t from_ns, to_ns;
    struct tally *steps;
    size_t steps_n;
    struct failure_count *failures; /* FAILURES_MAX */
    size_t failures_n;
    uint64_t late, late_max_ns, dropped, lag_max_ns, left_out;
    uint64_t warm_up;          /* requests that are not in steps and failures: of the warm-up */
    uint64_t answers_left_out; /* examples that found no room on their way to the archive */
    /* Gauges at the end of it; filled by the collector. */
    uint32_t users, users_max, sockets; /* users_max: the most at once within it */
    uint64_t memory_bytes;
    double cpu_max, cpu_sum; /* of one core: the busiest worker, all workers */
    uint32_t workers;
};

void second_init(struct second *s, size_t steps_n);
void second_free(struct second *s);
void second_clear(struct second *s);
/* warm_up_ns: a sample that was intended before it is only counted as such. */
void second_add(struct second *s, const struct sample *sample, uint64_t warm_up_ns);
void second_failure(struct second *s, const struct failure_count *f);
/* Everything but failures, whose messages have other numbers, and gauges. */
void second_merge(struct second *into, const struct second *from);

#endif
