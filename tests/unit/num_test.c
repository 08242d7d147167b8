/* Unit tests of base/num. */
#include "base/num.h"

#include "base/rnd.h"
#include "tests/unit/test.h"

TEST(num_whole_numbers)
{
    uint64_t u;
    int64_t i;
    CHECK(num_u64(SL("18446744073709551615"), UINT64_MAX, &u) && u == UINT64_MAX);
    CHECK(!num_u64(SL("18446744073709551616"), UINT64_MAX, &u));
    CHECK(num_u64(SL("007"), 7, &u) && u == 7);
    CHECK(!num_u64(SL("8"), 7, &u) && !num_u64(SL(""), 7, &u) && !num_u64(SL("-1"), 7, &u));
    CHECK(!num_u64(SL(" 1"), 7, &u) && !num_u64(SL("1 "), 7, &u) && !num_u64(SL("+1"), 7, &u));
    CHECK(num_i64(SL("-9223372036854775808"), &i) && i == INT64_MIN);
    CHECK(num_i64(SL("9223372036854775807"), &i) && i == INT64_MAX);
    CHECK(!num_i64(SL("9223372036854775808"), &i) && !num_i64(SL("-"), &i));
    CHECK(!num_i64(SL("-9223372036854775809"), &i) && !num_i64(SL("--1"), &i));
    CHECK(num_hex(SL("fFfF"), UINT64_MAX, &u) && u == 0xffff);
    CHECK(!num_hex(SL("0x1"), UINT64_MAX, &u) && !num_hex(SL("11111111111111111"), UINT64_MAX, &u));
}

static bool is_f64(struct slice s, double want)
{
    double d = -1;
    char *g = test_guarded(s.p, s.n);
    bool ok = num_f64((struct slice){ g, s.n }, &d);
    test_guarded_free(g, s.n);
    return ok && d == want;
}

TEST(num_fractions)
{
    double d;
    CHECK(is_f64(SL("0"), 0) && is_f64(SL("-1.5"), -1.5) && is_f64(SL("0.1"), 0.1));
    CHECK(is_f64(SL("1e3"), 1000) && is_f64(SL("2.5E-3"), 0.0025) && is_f64(SL("1e+2"), 100));
    CHECK(is_f64(SL("123456789012345.6"), 123456789012345.6));
    CHECK(is_f64(SL("3.141592653589793238462643383279502884197169399375105820974944592307816"),
                 3.14159265358979323846));
    CHECK(is_f64(SL("9007199254740993"), 9007199254740992.0));
    const struct slice bad[] = {
        SL(""),      SL("-"),   SL("01"),  SL("1."), SL(".5"),  SL("1e"),
        SL("1e999"), SL("NaN"), SL("inf"), SL("+1"), SL("0x1"), SL("1,5")
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!num_f64(bad[i], &d));
}

static uint64_t duration(struct slice s)
{
    uint64_t ns;
    return num_duration(s, &ns) ? ns : UINT64_MAX;
}

TEST(num_durations)
{
    CHECK_U(duration(SL("20")), 20 * NS_PER_S);
    CHECK_U(duration(SL("20s")), 20 * NS_PER_S);
    CHECK_U(duration(SL("1.5")), 1500 * NS_PER_MS);
    CHECK_U(duration(SL("250ms")), 250 * NS_PER_MS);
    CHECK_U(duration(SL("15us")), 15 * NS_PER_US);
    CHECK_U(duration(SL("3m")), 180 * NS_PER_S);
    CHECK_U(duration(SL("1h30m")), 5400 * NS_PER_S);
    CHECK_U(duration(SL("1h30m15.25s")), 5415250 * NS_PER_MS);
    CHECK_U(duration(SL("1m500ms")), 60500 * NS_PER_MS);
    CHECK_U(duration(SL("0.000000001")), 1);
    CHECK_U(duration(SL("3650d")), 3650ULL * 86400 * NS_PER_S);
    const struct slice bad[] = { SL(""),      SL("s"),
                                 SL("1x"),    SL("1h30"),
                                 SL("30m1h"), SL("1s1s"),
                                 SL("-1s"),   SL("1 s"),
                                 SL("1.s"),   SL(".5s"),
                                 SL("11y"),   SL("4000d"),
                                 SL("1e3"),   SL("99999999999999999999") };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_U(duration(bad[i]), UINT64_MAX);
}

static struct slice shown(struct buf *b, uint64_t ns)
{
    buf_reset(b);
    num_add_duration(b, ns);
    return buf_slice(b);
}

TEST(num_durations_come_back)
{
    struct buf b = BUF_INIT(100);
    struct rnd r;
    CHECK_S(shown(&b, 0), SL("0s"));
    CHECK_S(shown(&b, 1500 * NS_PER_MS), SL("1.5s"));
    CHECK_S(shown(&b, 250 * NS_PER_MS), SL("250ms"));
    CHECK_S(shown(&b, 5400 * NS_PER_S), SL("1h30m"));
    CHECK_S(shown(&b, 3600 * NS_PER_S), SL("1h"));
    CHECK_U(duration(shown(&b, 50ULL * 365 * 86400 * NS_PER_S)), 3653ULL * 86400 * NS_PER_S);
    CHECK_S(shown(&b, 1234567), SL("1.234567ms"));
    CHECK_S(shown(&b, 61 * NS_PER_S), SL("1m1s"));
    rnd_seed(&r, 7, 0);
    for (int i = 0; i < 2000; i++) {
        uint64_t ns = rnd_below(&r, 10ULL << rnd_below(&r, 54));
        CHECK_U(duration(shown(&b, ns)), ns);
    }
    buf_free(&b);
}

TEST(num_sizes_and_rates)
{
    uint64_t v;
    double d;
    CHECK(num_bytes(SL("10"), &v) && v == 10);
    CHECK(num_bytes(SL("64k"), &v) && v == 65536);
    CHECK(num_bytes(SL("8M"), &v) && v == 8 << 20);
    CHECK(num_bytes(SL("1GiB"), &v) && v == 1 << 30);
    CHECK(num_bytes(SL("5B"), &v) && v == 5);
    CHECK(!num_bytes(SL("k"), &v) && !num_bytes(SL("1x"), &v) && !num_bytes(SL("1ib"), &v));
    CHECK(!num_bytes(SL("99999999999999999T"), &v) && !num_bytes(SL("1k\0"), &v));
    CHECK(num_rate(SL("500/s"), &d) && d == 500);
    CHECK(num_rate(SL("30/m"), &d) && d == 0.5);
    CHECK(num_rate(SL("0.5"), &d) && d == 0.5);
    CHECK(!num_rate(SL("5/"), &d) && !num_rate(SL("/s"), &d) && !num_rate(SL("-5/s"), &d));
    struct buf b = BUF_INIT(100);
    num_add_bytes(&b, 999);
    num_add_bytes(&b, 1234567);
    num_add_bytes(&b, 999999);
    num_add_bytes(&b, UINT64_MAX);
    CHECK_S(buf_slice(&b), SL("999 B1.2 MB1.0 MB18.4 EB"));
    buf_free(&b);
}
