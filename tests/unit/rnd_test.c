/* Unit tests of base/rnd. */
#include "base/rnd.h"

#include <math.h>

#include "tests/unit/test.h"

#define DRAWS 100000

TEST(rnd_repeats_for_a_seed)
{
    struct rnd a, b, c;
    unsigned same = 0;
    rnd_seed(&a, 42, 1);
    rnd_seed(&b, 42, 1);
    rnd_seed(&c, 42, 2);
    for (int i = 0; i < 1000; i++) {
        uint64_t v = rnd_u64(&a);
        CHECK_U(rnd_u64(&b), v);
        same += rnd_u64(&c) == v;
    }
    CHECK_U(same, 0);
    struct rnd zero = { { 1, 2, 3, 4 } }; /* the authors' generator from this state */
    CHECK_U(rnd_u64(&zero), 11520);
    CHECK_U(rnd_u64(&zero), 0);
    CHECK_U(rnd_u64(&zero), 1509978240);
}

TEST(rnd_below_is_even)
{
    struct rnd r;
    unsigned count[7] = { 0 };
    rnd_seed(&r, 1, 0);
    for (int i = 0; i < 7 * 10000; i++)
        count[rnd_below(&r, 7)]++;
    for (int i = 0; i < 7; i++)
        CHECK(count[i] > 9500 && count[i] < 10500);
    CHECK_U(rnd_below(&r, 1), 0);
}

TEST(rnd_distributions)
{
    struct rnd r;
    double unit = 0, normal = 0, square = 0, exponential = 0;
    rnd_seed(&r, 1, 0);
    for (int i = 0; i < DRAWS; i++) {
        double u = rnd_unit(&r), n = rnd_normal(&r), e = rnd_exponential(&r);
        CHECK(u >= 0 && u < 1 && isfinite(n) && e >= 0 && isfinite(e));
        unit += u;
        normal += n;
        square += n * n;
        exponential += e;
    }
    CHECK(fabs(unit / DRAWS - 0.5) < 0.01 && fabs(normal / DRAWS) < 0.02);
    CHECK(fabs(square / DRAWS - 1) < 0.03 && fabs(exponential / DRAWS - 1) < 0.02);
}

TEST(rnd_uuid_is_version_4)
{
    struct rnd r;
    char id[37], other[37];
    rnd_seed(&r, 1, 0);
    rnd_uuid(&r, id);
    rnd_uuid(&r, other);
    CHECK_U(slice_z(id).n, 36);
    CHECK(id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-');
    CHECK(id[14] == '4' && (id[19] == '8' || id[19] == '9' || id[19] == 'a' || id[19] == 'b'));
    CHECK(!slice_eq(slice_z(id), slice_z(other)));
}
