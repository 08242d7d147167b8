/* Comparing two runs: blocks, their statistics, the verdicts. Private to results.
 *
 * docs/notes/compare.md states the method. */
#ifndef RESULTS_COMPARE_H
#define RESULTS_COMPARE_H

#include "base/rnd.h"
#include "results/archive_read.h"

#define COMPARE_BLOCKS 120 /* a run is cut into at most so many */
#define COMPARE_BLOCKS_MIN 5
#define COMPARE_RESAMPLES 400

/* One step's requests over a run, block by block, in the slots that occur. */
struct series {
    size_t blocks, slots;
    double *slot_ms, *slot_log;    /* [slots]: value, its logarithm */
    uint32_t *counts;              /* [blocks][slots] */
    uint64_t *requests, *failures; /* [blocks] */
};

/* Seconds become blocks of equal length: when there are more than COMPARE_BLOCKS, neighbours merge. */
struct blocks {
    size_t steps_n; /* the run's; series steps_n is the whole */
    size_t n, per;  /* blocks, seconds in each */
    size_t in_last;
    struct tally *v; /* [n][steps_n] */
    size_t cap;
};
void blocks_init(struct blocks *b, size_t steps_n);
void blocks_free(struct blocks *b);
void blocks_add(struct blocks *b, const struct second *s);
/* The series of one step, of all for step == steps_n. Gives. */
struct series series_new(const struct blocks *b, size_t step);
void series_free(struct series *s);

/* The measures of a series and of its resamples, but for the typical one. */
struct measured {
    double v[COMPARE_MEASURES]; /* as enum compare_measure_id; times in ms */
};
struct measured series_measure(const struct series *s,
                               const uint32_t *weights); /* NULL: as it is */
/* Standard errors by resampling blocks: of logarithms for times, of the difference for ratios. And how many
 * independent blocks the run is worth for each measure. */
struct errors {
    struct measured error, independent;
};
struct errors series_errors(const struct series *s, struct rnd *r);

/* What a request takes when the run is not disturbed (compare_typical.c). */
struct typical {
    double log_ms, error; /* the logarithm and its standard error */
    double independent;   /* how many independent seconds it is worth; 0: too few to tell */
};
struct typical series_typical(const struct series *s);
/* By how much neighbours in the row v that resemble each other widen the error of its mean; at least 1. */
double correlation_error(const double *v, size_t n);

/* Fills low, high, p and (by Holm's method over the family) significant. */
void compare_judge(struct compare_result *c);
void compare_fill(struct compare_step *step, const struct series *a, const struct series *b,
                  const struct compare_cfg *cfg, struct rnd *r);
bool compare_rules(struct compare_result *c, const struct compare_cfg *cfg, struct err *err);

#endif
