/* The list of beacon hosts: its form, and what it matches. */
#include "scenarios/correlate/beacons.h"

#include "base/file.h"
#include "tests/unit/test.h"

TEST(beacons_match_subdomains)
{
    struct map *m = beacons_new();
    CHECK(map_count(m) > 100);
    CHECK(beacons_has(m, SL("google-analytics.com")));
    CHECK(beacons_has(m, SL("www.Google-Analytics.COM")));
    CHECK(beacons_has(m, SL("o12.ingest.sentry.io")));
    CHECK(beacons_has(m, SL("bat.bing.com")));
    CHECK(!beacons_has(m, SL("www.bing.com")));
    CHECK(!beacons_has(m, SL("notgoogle-analytics.com")));
    CHECK(!beacons_has(m, SL("com")));
    CHECK(!beacons_has(m, SL("")));
    CHECK(!beacons_has(m, SL("127.0.0.1")));
    map_free(m);
}

/* Names as they are compared: lower case, letters, digits, '-' and dots, none twice. */
TEST(beacons_list_is_tidy)
{
    struct file f;
    struct err err = { 0 };
    struct slice line, rest;
    size_t n = 0;
    CHECK(file_read(&f, "scenarios/correlate/beacons.txt", 1 << 20, &err));
    rest = f.text;
    while (slice_next(&rest, '\n', &line)) {
        if (!line.n || line.p[0] == '#') continue;
        n++;
        CHECK(slice_chr(line, '.') != SLICE_NONE);
        for (size_t i = 0; i < line.n; i++) {
            char c = line.p[i];
            CHECK((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.');
        }
    }
    struct map *m = beacons_new();
    CHECK_U(map_count(m), n);
    map_free(m);
    file_close(&f);
}
