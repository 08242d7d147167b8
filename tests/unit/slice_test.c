/* Unit tests of base/slice. */
#include "base/slice.h"

#include <string.h>

#include "tests/unit/test.h"

static const struct slice none = { 0 };

TEST(slice_compares)
{
    CHECK(slice_eq(none, SL("")));
    CHECK(slice_eq(SL("ab"), SL("ab")) && !slice_eq(SL("ab"), SL("aB")));
    CHECK(slice_ieq(SL("Content-Type"), SL("content-tYPE")));
    CHECK(!slice_ieq(SL("[a"), SL("{a"))); /* '[' and '{' differ by the case bit alone */
    CHECK(slice_cmp(SL("a"), SL("b")) < 0 && slice_cmp(SL("ab"), SL("a")) > 0);
    CHECK(slice_cmp(SL("\xff"), SL("a")) > 0 && slice_cmp(none, none) == 0);
    CHECK(slice_starts(SL("abc"), SL("ab")) && slice_starts(none, none));
    CHECK(!slice_starts(SL("a"), SL("ab")) && slice_istarts(SL("ABc"), SL("ab")));
    CHECK(slice_ends(SL("a.har"), SL(".har")) && !slice_ends(SL("har"), SL(".har")));
}

TEST(slice_finds)
{
    CHECK_U(slice_find(SL("hello"), SL("llo")), 2);
    CHECK_U(slice_find(SL("hello"), SL("x")), SLICE_NONE);
    CHECK_U(slice_find(none, SL("")), 0);
    CHECK_U(slice_find(none, SL("a")), SLICE_NONE);
    CHECK_U(slice_ifind(SL("xxSESSion"), SL("session")), 2);
    CHECK_U(slice_ifind(SL("sessio"), SL("session")), SLICE_NONE);
    CHECK_U(slice_chr(SL("a=b"), '='), 1);
    CHECK_U(slice_chr(none, 'a'), SLICE_NONE);
}

TEST(slice_cuts_and_trims)
{
    struct slice head, tail;
    CHECK(slice_cut(SL("a:b:c"), ':', &head, &tail));
    CHECK_S(head, SL("a"));
    CHECK_S(tail, SL("b:c"));
    head = SL("kept");
    CHECK(!slice_cut(SL("abc"), ':', &head, &tail));
    CHECK_S(head, SL("kept"));
    CHECK_S(slice_trim(SL(" \t a b\r\n")), SL("a b"));
    CHECK_S(slice_trim(SL(" \n")), SL(""));
    CHECK_S(slice_sub(SL("abc"), 1, 99), SL("bc"));
    CHECK_S(slice_sub(SL("abc"), 5, 2), SL(""));
    CHECK_S(slice_from(none, 3), SL(""));
}

TEST(slice_next_gives_every_piece)
{
    struct slice rest = SL("a,,b,"), piece;
    CHECK(slice_next(&rest, ',', &piece));
    CHECK_S(piece, SL("a"));
    CHECK(slice_next(&rest, ',', &piece));
    CHECK_S(piece, SL(""));
    CHECK(slice_next(&rest, ',', &piece));
    CHECK_S(piece, SL("b"));
    CHECK(!slice_next(&rest, ',', &piece));
}

TEST(slice_reads_no_byte_behind_its_end)
{
    for (size_t n = 0; n < 40; n++) {
        char text[40];
        memset(text, 'a', sizeof text);
        char *g = test_guarded(text, n);
        struct slice s = { g, n };
        CHECK_U(slice_hash(s), slice_hash((struct slice){ text, n }));
        CHECK_U(slice_find(s, SL("ab")), SLICE_NONE);
        CHECK_U(slice_ifind(s, SL("ab")), SLICE_NONE);
        CHECK(slice_eq(s, (struct slice){ text, n }));
        test_guarded_free(g, n);
    }
}

TEST(slice_hash_differs)
{
    CHECK(slice_hash(SL("a")) != slice_hash(SL("b")));
    CHECK(slice_hash(SL("a")) != slice_hash((struct slice){ "a\0", 2 }));
    CHECK(slice_hash(SL("12345678")) != slice_hash(SL("123456789")));
}
