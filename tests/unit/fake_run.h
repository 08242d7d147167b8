/* A small made-up run for tests of results/: recorders, collector and archive with given samples. */
#ifndef TESTS_UNIT_FAKE_RUN_H
#define TESTS_UNIT_FAKE_RUN_H

#include "base/rnd.h"
#include "results/results.h"

struct fake_run {
    const char *path;     /* archive; NULL: none */
    const char *sign_key; /* NULL: not signed */
    enum archive_level level;
    uint32_t seconds, per_second, workers;
    uint64_t seed;
    bool disk_breaks; /* closing the archive fails, as it should */
    double slower;    /* factor on service times; 0 means 1 */
    const struct threshold_cfg *thresholds;
    size_t thresholds_n;
};

struct fake_result {
    struct run_info info;
    struct collector *collector; /* finished */
    struct archive_writer *writer;
    struct recorder *recorders[8];
    uint32_t workers;
    uint64_t samples, failures;
};

extern const struct step_info fake_steps[3];
struct sample fake_sample(struct rnd *r, const struct fake_run *run, uint32_t second);
void fake_run(const struct fake_run *run, struct fake_result *out);
void fake_run_free(struct fake_result *f);

#endif
