/* The builder behind struct run_stats: seconds in, a const view out. Private to results.
 *
 * The collector feeds it live, the archive's reader from a file: both see the same numbers. */
#ifndef RESULTS_STATS_H
#define RESULTS_STATS_H

#include "results/tally.h"

struct stats;
struct stats *stats_new(const struct run_info *info); /* keeps info; gives */
void stats_free(struct stats *st);
/* The run's number for a failure's text, from 1; the same for the same text. */
uint32_t stats_message(struct stats *st, struct slice text);
struct slice stats_message_text(const struct stats *st, uint32_t n);
uint32_t stats_messages(const struct stats *st);
/* Failures in s carry stats_message's numbers. The view refers to s's histograms until the next call. */
void stats_add_second(struct stats *st, const struct second *s);
void stats_add_answer(struct stats *st, struct slice text, struct slice head, struct slice body);
void stats_left_out(struct stats *st, uint64_t samples);
void stats_set_archive(struct stats *st, struct slice path);
void stats_set_environment(struct stats *st, struct slice json);
void stats_finish(struct stats *st, bool interrupted);
struct stats_live {
    const struct worker_stats *workers;
    size_t workers_n;
    const struct sample *trace;
    size_t trace_n;
};
void stats_set_live(struct stats *st, const struct stats_live *live); /* keeps the arrays */
/* Statistics that begin at now_ns, of a run whose whole statistics go on; stats_follow takes over what
 * is not counted (messages' numbers, thresholds, archive …), before and after each second. */
/* Rates are per second from then on. */
void stats_count_from(struct stats *st, uint64_t since_ns);
struct stats *stats_since(const struct stats *whole, uint64_t now_ns); /* gives */
void stats_follow(struct stats *st, const struct stats *whole);
/* Evaluates the thresholds; they must outlive the view. */
void stats_judge(struct stats *st, struct thresholds *t);
const struct run_stats *stats_view(const struct stats *st);

/* health.c: whether the generator bounded the run, and a sentence about it. */
struct health {
    uint64_t seconds, busy_seconds, lagging_seconds; /* of at least half a second */
    double cpu_sum, workers_sum;
};
void health_add(struct health *h, struct generator_stats *g, const struct second *s);
void health_judge(const struct health *h, struct generator_stats *g);

#endif
