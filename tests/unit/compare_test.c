/* Comparing: no difference where there is none, a difference where there is one, rules and doubts. The full
 * calibration (100 repetitions each) is tests/bench/compare.c. */
#include "tests/unit/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "results/compare.h"
#include "tests/unit/fake_run.h"

static void make_run(char path[4096], const char *name, uint64_t seed, double slower)
{
    struct fake_run run = { .path = path,
                            .level = ARCHIVE_INTERVALS,
                            .seconds = 30,
                            .per_second = 1500,
                            .workers = 2,
                            .seed = seed,
                            .slower = slower };
    struct fake_result f;
    snprintf(path, 4096, "%s/%s", test_tmpdir(), name);
    fake_run(&run, &f);
    fake_run_free(&f);
}

static struct compare_result *compare(const char *a, const char *b, const char *rule)
{
    struct err err = { 0 };
    struct compare_cfg cfg = { .noise = 0.005, .seed = 1, .rules = &rule, .rules_n = rule ? 1 : 0 };
    struct compare_result *c = compare_archives(a, b, &cfg, &err);
    if (!c) test_fail(__FILE__, __LINE__, "%s", err.text);
    return c;
}

TEST(compare_equal_runs)
{
    char a[4096], b[4096];
    make_run(a, "a", 1, 1);
    make_run(b, "b", 2, 1);
    struct compare_result *c = compare(a, b, "p(95) > +1%");
    CHECK(!c->worse && !c->better);
    CHECK_U(c->doubts_n, 0);
    CHECK_U(c->steps_n, 4);
    CHECK_S(c->steps[3].name, SL("Aggregated"));
    CHECK(compare_rules_ok(c));
    for (unsigned k = 0; k < COMPARE_FAILED; k++) {
        const struct compare_measure *m = &c->steps[3].measures[k];
        CHECK(m->known && m->low < m->change && m->change < m->high);
        CHECK(fabs(m->change) < 0.05);
    }
    compare_free(c);
    c = compare(a, a, NULL);
    CHECK(c->steps[3].measures[COMPARE_P95].change == 0 && !c->worse);
    compare_free(c);
}

TEST(compare_slower_run)
{
    char a[4096], b[4096];
    make_run(a, "a", 1, 1);
    make_run(b, "b", 2, 1.1);
    struct compare_result *c = compare(a, b, "p(50) > +5%");
    CHECK(c->worse && !c->better && !compare_rules_ok(c));
    const struct compare_measure *m = &c->steps[3].measures[COMPARE_TYPICAL];
    CHECK(m->significant && m->low < 0.09 && m->high > 0.08 && m->a < m->b);
    struct buf text = BUF_INIT(1 << 20);
    compare_write_text(c, &text);
    CHECK(slice_find(buf_slice(&text), SL("SLOWER")) != SLICE_NONE);
    CHECK(slice_find(buf_slice(&text), SL("B is worse than A.")) != SLICE_NONE);
    compare_free(c);
    c = compare(b, a, "p(50) < -5%");
    CHECK(c->better && !c->worse && !compare_rules_ok(c));
    compare_free(c);
    buf_free(&text);
}

/* The percentiles of the matrix are those of the histograms. */
TEST(compare_measures_agree_with_the_report)
{
    char a[4096];
    const char *paths[1] = { a };
    make_run(a, "a", 4, 1);
    struct compare_result *c = compare(a, a, NULL);
    struct archive_load *l = archive_load(paths, 1, NULL, NULL);
    const struct step_stats *t = &archive_load_stats(l)->total;
    const struct compare_measure *m = c->steps[3].measures;
    CHECK(fabs(m[COMPARE_P50].a / stats_ms(hist_percentile_ns(t->response, 50)) - 1) < 0.002);
    CHECK(fabs(m[COMPARE_P99].a / stats_ms(hist_percentile_ns(t->response, 99)) - 1) < 0.002);
    CHECK(fabs(m[COMPARE_FAILED].a - stats_failure_ratio(t)) < 1e-9);
    CHECK_U(c->steps[3].requests_a, t->requests);
    archive_load_free(l);
    compare_free(c);
}

TEST(compare_refuses_bad_rules)
{
    static const char *const bad[] = { "",
                                       "p(95)",
                                       "p(95) > 5",
                                       "p(95) > fast%",
                                       "p(42) > +5%",
                                       "{step:nowhere} p(95) > +5%",
                                       "{group:x} p(95) > 1%" };
    char a[4096];
    make_run(a, "a", 1, 1);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = { 0 };
        struct compare_cfg cfg = { .rules = &bad[i], .rules_n = 1 };
        CHECK(!compare_archives(a, a, &cfg, &err));
        CHECK(err.code == ERR_USAGE &&
              slice_find(slice_z(err.text), slice_z(bad[i])) != SLICE_NONE);
    }
}

/* More seconds than blocks: neighbours merge, nothing is lost. */
TEST(compare_blocks_of_long_runs)
{
    struct blocks b;
    struct second s;
    struct sample p = { .start_ns = 1, .end_ns = 5000001 };
    blocks_init(&b, 2);
    second_init(&s, 2);
    for (uint64_t i = 0; i < 1000; i++) {
        second_clear(&s);
        s.from_ns = i * NS_PER_S;
        s.to_ns = s.from_ns + NS_PER_S;
        p.step = (uint32_t)(i % 2);
        second_add(&s, &p, 0);
        blocks_add(&b, &s);
    }
    CHECK(b.n <= COMPARE_BLOCKS && b.n >= COMPARE_BLOCKS / 2);
    struct series one = series_new(&b, 0), all = series_new(&b, 2);
    uint64_t sum_one = 0, sum_all = 0;
    for (size_t i = 0; i < b.n; i++) {
        sum_one += one.requests[i];
        sum_all += all.requests[i];
    }
    CHECK_U(sum_one, 500);
    CHECK_U(sum_all, 1000);
    CHECK_U(all.slots, 1);
    series_free(&one);
    series_free(&all);
    second_free(&s);
    blocks_free(&b);
}
