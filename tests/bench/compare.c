/* How often compare is right: REPS pairs of equal runs, REPS pairs of which one is slower.
 *
 *     build/bench/compare [REPS [SLOWER_PERCENT [PER_SECOND [WANDER]]]]     default: 100 5 2000 10
 *
 * Runs of 30 s whose requests are not independent: the server's speed wanders from second to second (a first
 * order process, WANDER per mille deviation, correlation 0.5), and equal runs differ by 0.5 %. Prints how many equal pairs
 * show no difference and how many slower ones are found. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "base/rnd.h"
#include "results/results.h"

enum { STEPS = 4, SECONDS = 30 };

static const struct step_info steps[STEPS] = {
    { { "GET /", 5 }, { "GET", 3 }, { "", 0 }, { "", 0 } },
    { { "POST /login", 11 }, { "POST", 4 }, { "", 0 }, { "", 0 } },
    { { "GET /items", 10 }, { "GET", 3 }, { "", 0 }, { "", 0 } },
    { { "POST /order", 11 }, { "POST", 4 }, { "", 0 }, { "", 0 } },
};

struct setting {
    uint64_t per_second;
    double wander; /* standard deviation of the server's speed from second to second */
};

static void make_run(const char *path, uint64_t seed, const struct setting *set, double slower)
{
    struct err err = { 0 };
    struct rnd r;
    struct run_info info = { .steps = steps, .steps_n = STEPS, .users = 50, .workers = 1 };
    struct archive_cfg cfg = { .path = path, .level = ARCHIVE_INTERVALS };
    struct recorder *rec = recorder_new(&(struct recorder_cfg){ steps, STEPS, false, 0, NULL });
    struct archive_writer *w = archive_writer_new(&cfg, &info, &err);
    struct collector *c = collector_new(
        &(struct collector_cfg){ .info = &info, .recorders = &rec, .recorders_n = 1, .archive = w },
        &err);
    rnd_seed(&r, seed, 7);
    double wander = 0, run = slower * exp(0.005 * rnd_normal(&r));
    for (uint64_t s = 0; s < SECONDS; s++) {
        wander = 0.5 * wander + set->wander * sqrt(0.75) * rnd_normal(&r);
        for (uint64_t i = 0; i < set->per_second; i++) {
            struct sample p = { .step = (uint32_t)rnd_below(&r, STEPS), .status = 200 };
            double ms = (2 + 3 * p.step) * run * exp(wander + 0.5 * rnd_normal(&r));
            p.start_ns = p.intended_ns = s * NS_PER_S + rnd_below(&r, NS_PER_S);
            p.end_ns = p.start_ns + (uint64_t)(ms * (double)NS_PER_MS);
            if (rnd_below(&r, 500) == 0) p.outcome = OUTCOME_STATUS;
            recorder_add(rec, &p);
        }
        collector_tick(c, (s + 1) * NS_PER_S);
    }
    if (!collector_finish(c, false, &err)) fprintf(stderr, "%s\n", err.text);
    collector_free(c);
    archive_writer_free(w);
    recorder_free(rec);
}

/* 1: B is worse; 0: nothing; -1: anything else. */
static int pair(uint64_t seed, const struct setting *set, double slower)
{
    char a[64], b[64];
    struct compare_cfg cfg = { .noise = 0.005, .seed = seed };
    snprintf(a, sizeof a, "/tmp/reprise-compare-%d-a", getpid());
    snprintf(b, sizeof b, "/tmp/reprise-compare-%d-b", getpid());
    make_run(a, 2 * seed, set, 1);
    make_run(b, 2 * seed + 1, set, slower);
    struct compare_result *c = compare_archives(a, b, &cfg, NULL);
    int found = c && !c->worse && !c->better ? 0 : c && c->worse && !c->better ? 1 : -1;
    compare_free(c);
    unlink(a);
    unlink(b);
    return found;
}

int main(int argc, char **argv)
{
    struct setting set = { 2000, 0.01 };
    uint64_t reps = 100, percent = 5, wander = 10, equal = 0, found = 0;
    if (argc > 1 && !num_u64(slice_z(argv[1]), 100000, &reps)) return 2;
    if (argc > 2 && !num_u64(slice_z(argv[2]), 1000, &percent)) return 2;
    if (argc > 3 && !num_u64(slice_z(argv[3]), 1000000, &set.per_second)) return 2;
    if (argc > 4 && !num_u64(slice_z(argv[4]), 1000, &wander)) return 2;
    set.wander = (double)wander / 1000;
    for (uint64_t i = 1; i <= reps; i++) {
        equal += pair(i, &set, 1) == 0;
        found += pair(i + 1000000, &set, 1 + (double)percent / 100) == 1;
    }
    printf("equal runs: no difference shown in %llu of %llu\n", (unsigned long long)equal,
           (unsigned long long)reps);
    printf("%llu %% slower: found in %llu of %llu\n", (unsigned long long)percent,
           (unsigned long long)found, (unsigned long long)reps);
    return 0;
}
