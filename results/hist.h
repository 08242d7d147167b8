/* Private to results: what the archive needs to know of a histogram beyond results.h. */
#ifndef RESULTS_HIST_H
#define RESULTS_HIST_H

#include "results/results.h"

#define HIST_TOP_US 3600000000ULL /* one hour */
#define HIST_SLOTS 23552          /* (22 + 1) * 1024: HdrHistogram's counts array for that range */

uint64_t hist_sum_ns(const struct hist *h);
/* After hist_decode into an empty histogram: puts back what the encoding does not hold. */
void hist_set_exact(struct hist *h, uint64_t min_ns, uint64_t max_ns, uint64_t sum_ns);
/* The slots by number, as the encoding stores them. */
uint64_t hist_slot(const struct hist *h, size_t slot);
void hist_slot_add(struct hist *h, size_t slot, uint64_t count); /* slot < HIST_SLOTS */

#endif
