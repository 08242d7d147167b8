/* base/near: the nearest known name. */
#include "base/near.h"

#include <limits.h>

#include "tests/unit/test.h"

TEST(near_counts_edits_and_swaps)
{
    CHECK_U(near_distance(SL("users"), SL("users")), 0);
    CHECK_U(near_distance(SL("user"), SL("users")), 1);
    CHECK_U(near_distance(SL("suers"), SL("users")), 1);
    CHECK_U(near_distance(SL("USERS"), SL("users")), 0);
    CHECK_U(near_distance(SL(""), SL("abc")), 3);
    CHECK_U(near_distance(SL("kitten"), SL("sitting")), 3);
}

TEST(near_name_offers_only_what_may_be_meant)
{
    static const char *const names[] = { "users", "spawn-rate", "run-time" };
    CHECK_Z(near_name(SL("user"), names, 3), "users");
    CHECK_Z(near_name(SL("spwan-rate"), names, 3), "spawn-rate");
    CHECK(!near_name(SL("frobnicate"), names, 3));
}

TEST(near_refuses_long_names)
{
    char text[65] = { 0 };
    for (int i = 0; i < 65; i++)
        text[i] = 'a';
    CHECK_U(near_distance((struct slice){ text, 65 }, SL("a")), UINT_MAX);
}
