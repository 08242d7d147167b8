/* Unit tests of base/clock. */
#include "base/clock.h"

#include <time.h>

#include "base/num.h"
#include "base/rnd.h"
#include "tests/unit/test.h"

static int64_t iso(struct slice s)
{
    int64_t ns;
    char *g = test_guarded(s.p, s.n);
    bool ok = clock_parse_iso((struct slice){ g, s.n }, &ns);
    test_guarded_free(g, s.n);
    return ok ? ns : -1;
}

TEST(clock_parses_iso)
{
    const int64_t t = 1795395723LL * 1000000000; /* 2026-11-23T01:02:03Z */
    CHECK_U(iso(SL("2026-11-23T01:02:03Z")), t);
    CHECK_U(iso(SL("2026-11-23 01:02:03")), t);
    CHECK_U(iso(SL("2026-11-23T01:02:03.456Z")), t + 456000000);
    CHECK_U(iso(SL("2026-11-23T01:02:03,4Z")), t + 400000000);
    CHECK_U(iso(SL("2026-11-23T01:02:03.1234567891234+00:00")), t + 123456789);
    CHECK_U(iso(SL("2026-11-23T03:02:03+02:00")), t);
    CHECK_U(iso(SL("2026-11-22T20:32:03-0430")), t);
    CHECK_U(iso(SL("2026-11-23T03:02:03+02")), t);
    CHECK_U(iso(SL("1970-01-01T00:00:00Z")), 0);
    CHECK_U(iso(SL("2024-02-29T00:00:00Z")), 1709164800LL * 1000000000);
    CHECK_U(iso(SL("0001-01-01T00:00:00Z")), -4000000000LL * 1000000000);
    CHECK_U(iso(SL("9999-12-31T23:59:59Z")), 4000000000LL * 1000000000);
    const struct slice bad[] = {
        SL(""),
        SL("2026-11-23"),
        SL("2026-11-23T01:02"),
        SL("2026-13-23T01:02:03Z"),
        SL("2023-02-29T00:00:00Z"),
        SL("2026-11-23T24:02:03Z"),
        SL("2026-11-23T01:02:03.Z"),
        SL("2026-11-23T01:02:03Zx"),
        SL("2026-11-23T01:02:03+1"),
        SL("2026-11-23T01:02:03+02:"),
        SL("2026-1-23T01:02:03Z"),
        SL("2026-11-23T01:02:03 "),
        SL("2026-11-23X01:02:03Z"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(iso(bad[i]) == -1);
}

TEST(clock_writes_what_gmtime_says)
{
    struct buf b = BUF_INIT(100);
    struct rnd r;
    rnd_seed(&r, 3, 0);
    for (int i = 0; i < 3000; i++) {
        int64_t ms = (int64_t)rnd_below(&r, 6000000000000ULL) - 3000000000000LL, back;
        time_t s = (time_t)(ms / 1000 - (ms % 1000 < 0));
        struct tm tm;
        char want[40];
        gmtime_r(&s, &tm);
        strftime(want, sizeof want, "%Y-%m-%dT%H:%M:%S.", &tm);
        buf_reset(&b);
        clock_add_iso(&b, ms * 1000000);
        CHECK_S(slice_sub(buf_slice(&b), 0, 20), slice_z(want));
        CHECK(clock_parse_iso(buf_slice(&b), &back) && back == ms * 1000000);
    }
    buf_reset(&b);
    clock_add_compact(&b, 1795395723LL * 1000000000);
    CHECK_S(buf_slice(&b), SL("20261123T010203Z"));
    buf_free(&b);
}

static int64_t http(struct slice s)
{
    int64_t ns;
    return clock_parse_http(s, &ns) ? ns / 1000000000 : -1;
}

TEST(clock_parses_http_dates)
{
    CHECK_U(http(SL("Sun, 06 Nov 1994 08:49:37 GMT")), 784111777);
    CHECK_U(http(SL("Sunday, 06-Nov-94 08:49:37 GMT")), 784111777);
    CHECK_U(http(SL("Sun Nov  6 08:49:37 1994")), 784111777);
    CHECK_U(http(SL("Sun, 06-Nov-1994 08:49:37 GMT")), 784111777);
    CHECK_U(http(SL("Thu, 01 Jan 1970 00:00:00 GMT")), 0);
    CHECK_U(http(SL("Fri, 31 Dec 9999 23:59:59 GMT")), 4000000000LL);
    CHECK(http(SL("")) == -1 && http(SL("0")) == -1 && http(SL("Sun, 06 Nov 1994")) == -1);
    CHECK(http(SL("Sun, 32 Nov 1994 08:49:37 GMT")) == -1);
    CHECK(http(SL("08:49 06 Nov 1994")) == -1);
}

TEST(clock_moves_forward)
{
    uint64_t a = clock_mono_ns(), cpu = clock_thread_cpu_ns();
    volatile unsigned x = 0; /* work, for the CPU clocks */
    for (unsigned i = 0; i < 1000000; i++)
        x += i;
    CHECK(x > 0 && clock_mono_ns() > a && clock_thread_cpu_ns() > cpu);
    CHECK(clock_process_cpu_ns() > 0 && clock_utc_ns() > 1700000000LL * 1000000000);
}
