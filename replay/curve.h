/* A level over time: users that should run, or iterations that should start a second.
 *
 * Straight lines between points, constant behind the last one; two points at one time are a jump. Times
 * count from the start of the run. Workers hold equal copies and agree without talking. */
#ifndef REPLAY_CURVE_H
#define REPLAY_CURVE_H

#include "scenarios/scenarios.h"

#define CURVE_NEVER UINT64_MAX

struct curve_point {
    uint64_t at_ns;
    double level;
    double area; /* under the curve up to here, in level times seconds */
};

struct curve {
    struct curve_point *v; /* at least one */
    size_t n, cap;
};

void curve_free(struct curve *c);
/* Users wanted (closed model) or starts a second (open model), from a scenario's load. */
void curve_of_load(struct curve *c, const struct load *load);
/* From `at` on: from the level there to `level`, at `rate` a second (0: at once). */
void curve_bend(struct curve *c, uint64_t at_ns, double level, double rate);

double curve_level(const struct curve *c, uint64_t at_ns);
double curve_area(const struct curve *c, uint64_t at_ns);
/* How many users: the user with number i (from 0) is wanted while the level is above i. */
uint32_t curve_users(const struct curve *c, uint64_t at_ns);
/* The first time after `after` when the level is above `up`, or at most `down`; CURVE_NEVER. */
uint64_t curve_next(const struct curve *c, uint64_t after_ns, double up, double down);
/* The first time when the area is above `area`; CURVE_NEVER. */
uint64_t curve_area_at(const struct curve *c, double area);
uint64_t curve_end_ns(const struct curve *c); /* of the last point */

#endif
