/* replay/curve: levels over time, when users start and end, when iterations start. */
#include "replay/curve.h"

#include <math.h>

#include "base/num.h"
#include "tests/unit/test.h"

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-6;
}

TEST(curve_all_users_at_once)
{
    struct curve c;
    struct load load = { .users = 50 };
    curve_of_load(&c, &load);
    CHECK_U(curve_users(&c, 0), 50);
    CHECK_U(curve_next(&c, 0, 50, 49), CURVE_NEVER);
    curve_free(&c);
}

TEST(curve_spawn_rate_starts_users_evenly)
{
    struct curve c;
    struct load load = { .users = 4, .spawn_rate = 2 };
    curve_of_load(&c, &load);
    CHECK_U(curve_users(&c, 0), 0);
    uint64_t at = 0;
    for (uint32_t i = 0; i < 4; i++) {
        at = curve_next(&c, at, i, -1);
        CHECK(llabs((long long)at - (long long)(i * 500 * NS_PER_MS)) < 100);
        CHECK_U(curve_users(&c, at), i + 1);
    }
    CHECK_U(curve_next(&c, at, 4, 3), CURVE_NEVER);
    CHECK_U(curve_users(&c, 100 * NS_PER_S), 4);
    curve_free(&c);
}

TEST(curve_stages_go_up_and_down)
{
    struct curve c;
    struct stage stages[] = { { 10 * NS_PER_S, 10 }, { 5 * NS_PER_S, 10 }, { 10 * NS_PER_S, 0 } };
    struct load load = { .stages = stages, .stages_n = 3 };
    curve_of_load(&c, &load);
    CHECK(near(curve_level(&c, 5 * NS_PER_S), 5));
    CHECK(near(curve_level(&c, 12 * NS_PER_S), 10));
    CHECK(near(curve_level(&c, 20 * NS_PER_S), 5));
    CHECK_U(curve_users(&c, 25 * NS_PER_S), 0);
    /* The tenth user (number 9) leaves when the level has come down to 9. */
    uint64_t at = curve_next(&c, 15 * NS_PER_S, 10, 9);
    CHECK(llabs((long long)at - (long long)(16 * NS_PER_S)) < 1000);
    CHECK_U(curve_users(&c, at), 9);
    CHECK_U(curve_end_ns(&c), 25 * NS_PER_S);
    curve_free(&c);
}

TEST(curve_bends_where_it_is)
{
    struct curve c;
    struct load load = { .users = 10, .spawn_rate = 1 };
    curve_of_load(&c, &load);
    curve_bend(&c, 4 * NS_PER_S, 2, 2);
    CHECK(near(curve_level(&c, 4 * NS_PER_S), 4));
    CHECK(near(curve_level(&c, 4 * NS_PER_S + 500 * NS_PER_MS), 3));
    CHECK(near(curve_level(&c, 60 * NS_PER_S), 2));
    curve_bend(&c, 60 * NS_PER_S, 7, 0);
    CHECK(near(curve_level(&c, 60 * NS_PER_S), 7));
    curve_free(&c);
}

TEST(curve_area_is_the_number_of_starts)
{
    struct curve c;
    struct load load = { .arrival = ARRIVAL_CONSTANT, .rate = 500 };
    curve_of_load(&c, &load);
    CHECK(near(curve_area(&c, 30 * NS_PER_S), 15000));
    CHECK_U(curve_area_at(&c, 0), 0);
    CHECK(llabs((long long)curve_area_at(&c, 15000) - (long long)(30 * NS_PER_S)) < 10);
    curve_free(&c);
}

TEST(curve_area_of_a_ramp_is_turned_back_exactly)
{
    struct curve c;
    struct stage stages[] = { { 10 * NS_PER_S, 100 }, { 10 * NS_PER_S, 0 } };
    struct load load = { .arrival = ARRIVAL_CONSTANT, .stages = stages, .stages_n = 2 };
    curve_of_load(&c, &load);
    CHECK(near(curve_area(&c, 20 * NS_PER_S), 1000));
    for (int k = 0; k < 1000; k++) {
        uint64_t at = curve_area_at(&c, k);
        CHECK(at != CURVE_NEVER && fabs(curve_area(&c, at) - k) < 1e-3);
    }
    CHECK_U(curve_area_at(&c, 1001), CURVE_NEVER);
    curve_free(&c);
}
