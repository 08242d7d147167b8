/* Histograms: resolution, exact merge, percentiles against sorted values, HdrHistogram's encoding. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "base/rnd.h"
#include "results/hist.h"

TEST(hist_empty)
{
    struct hist *h = hist_new();
    CHECK_U(hist_count(h), 0);
    CHECK_U(hist_percentile_ns(h, 99), 0);
    CHECK_U(hist_min_ns(h), 0);
    hist_free(h);
}

TEST(hist_one_value_is_every_percentile)
{
    struct hist *h = hist_new();
    hist_add(h, 12345678);
    CHECK_U(hist_percentile_ns(h, 0), 12345678);
    CHECK_U(hist_percentile_ns(h, 50), 12345678);
    CHECK_U(hist_percentile_ns(h, 100), 12345678);
    CHECK(hist_mean_ns(h) == 12345678.0);
    hist_free(h);
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Every percentile is within 0.1 % (or 1 us) of the nearest-rank value. */
TEST(hist_percentiles_have_three_digits)
{
    enum { N = 20000 };
    static const double ps[] = { 1, 25, 50, 75, 90, 95, 99, 99.9, 99.99 };
    uint64_t *v = calloc(N, sizeof *v);
    struct hist *h = hist_new();
    struct rnd r;
    rnd_seed(&r, 7, 0);
    for (size_t i = 0; i < N; i++) {
        v[i] = rnd_below(&r, 1ULL << (10 + rnd_below(&r, 26)));
        hist_add(h, v[i]);
    }
    qsort(v, N, sizeof *v, by_value);
    for (size_t i = 0; i < sizeof ps / sizeof *ps; i++) {
        uint64_t want = v[(size_t)(ps[i] / 100 * N + 0.999999) - 1],
                 got = hist_percentile_ns(h, ps[i]);
        uint64_t slack = want / 1000 + 1000;
        CHECK(got + slack >= want && got <= want + slack);
    }
    CHECK_U(hist_max_ns(h), v[N - 1]);
    CHECK_U(hist_count_to(h, UINT64_MAX), N);
    free(v);
    hist_free(h);
}

TEST(hist_merge_equals_adding)
{
    struct hist *a = hist_new(), *b = hist_new(), *all = hist_new();
    struct rnd r;
    rnd_seed(&r, 3, 1);
    for (size_t i = 0; i < 5000; i++) {
        uint64_t v = rnd_below(&r, 1ULL << 40);
        hist_add(i % 3 ? a : b, v);
        hist_add(all, v);
    }
    hist_merge(a, b);
    CHECK_U(hist_count(a), hist_count(all));
    CHECK_U(hist_sum_ns(a), hist_sum_ns(all));
    CHECK_U(hist_min_ns(a), hist_min_ns(all));
    CHECK_U(hist_max_ns(a), hist_max_ns(all));
    for (size_t i = 0; i < HIST_SLOTS; i++)
        CHECK_U(hist_slot(a, i), hist_slot(all, i));
    hist_clear(a);
    CHECK_U(hist_count(a), 0);
    CHECK_U(hist_count_to(a, UINT64_MAX), 0);
    hist_free(a);
    hist_free(b);
    hist_free(all);
}

TEST(hist_beyond_an_hour_counts_in_the_last_slot)
{
    struct hist *h = hist_new();
    hist_add(h, UINT64_MAX / 4);
    hist_add(h, 3600ULL * 1000000000);
    CHECK_U(hist_count(h), 2);
    CHECK_U(hist_slot(h, HIST_SLOTS - 1024 + (HIST_TOP_US >> 21) - 1024), 2);
    hist_free(h);
}

TEST(hist_encoding_round_trips)
{
    struct hist *h = hist_new(), *back = hist_new();
    struct buf text = BUF_INIT(1 << 20);
    struct rnd r;
    rnd_seed(&r, 11, 0);
    for (size_t i = 0; i < 3000; i++)
        hist_add_n(h, rnd_below(&r, 1ULL << (12 + rnd_below(&r, 28))), 1 + rnd_below(&r, 300));
    CHECK(hist_encode(h, &text));
    CHECK(slice_starts(buf_slice(&text), SL("HISTFAAA")));
    CHECK(hist_decode(back, buf_slice(&text)));
    CHECK_U(hist_count(back), hist_count(h));
    for (size_t i = 0; i < HIST_SLOTS; i++)
        CHECK_U(hist_slot(back, i), hist_slot(h, i));
    buf_free(&text);
    hist_free(h);
    hist_free(back);
}

/* Cut or flipped anywhere: refused or decoded, never a crash or a read beyond the text. */
TEST(hist_decoding_survives_damage)
{
    struct hist *h = hist_new();
    struct buf text = BUF_INIT(1 << 20);
    for (uint64_t i = 0; i < 200; i++)
        hist_add(h, i * i * 10000);
    CHECK(hist_encode(h, &text));
    size_t padding = 0;
    while (text.p[text.n - 1 - padding] == '=')
        padding++;
    for (size_t n = 0; n < text.n - padding; n++) {
        char *cut = test_guarded(text.p, n);
        struct hist *back = hist_new();
        CHECK(!hist_decode(back, (struct slice){ cut, n }));
        hist_free(back);
        test_guarded_free(cut, n);
    }
    for (size_t i = 0; i < text.n; i++) {
        struct hist *back = hist_new();
        char was = text.p[i];
        text.p[i] = was == 'A' ? 'B' : 'A';
        hist_decode(back, buf_slice(&text));
        text.p[i] = was;
        hist_free(back);
    }
    buf_free(&text);
    hist_free(h);
}

/* The same values as org.HdrHistogram.Histogram(1, 3600000000, 3) encodes: 1, 2, 3, 1000, 100000 us. */
TEST(hist_known_percentiles)
{
    struct hist *h = hist_new();
    static const uint64_t us[] = { 1, 2, 3, 1000, 100000 };
    for (size_t i = 0; i < 5; i++)
        hist_add(h, us[i] * 1000);
    CHECK_U(hist_percentile_ns(h, 50), 3000);
    CHECK_U(hist_percentile_ns(h, 80), 1000000);
    CHECK_U(hist_percentile_ns(h, 99), 100000000);
    uint64_t low, high, count;
    size_t i = 0, n = 0;
    while (hist_next(h, &i, &low, &high, &count)) {
        CHECK_U(count, 1);
        CHECK(us[n] * 1000 >= low && us[n] * 1000 <= high);
        n++;
    }
    CHECK_U(n, 5);
    hist_free(h);
}
