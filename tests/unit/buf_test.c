/* Unit tests of base/buf. */
#include "base/buf.h"

#include "tests/unit/test.h"

TEST(buf_appends_everything)
{
    struct buf b = BUF_INIT(1000);
    CHECK_Z(buf_z(&b), "");
    CHECK(buf_add(&b, SL("ab")) && buf_addc(&b, 'c') && buf_addz(&b, "de"));
    CHECK(buf_addf(&b, "%d-%s", 12, "x") && buf_addu(&b, 0) && buf_addu(&b, UINT64_MAX));
    CHECK(buf_add(&b, (struct slice){ 0 }));
    CHECK_S(buf_slice(&b), SL("abcde12-x018446744073709551615"));
    CHECK_Z(buf_z(&b), "abcde12-x018446744073709551615");
    buf_drop(&b, 5);
    CHECK(slice_starts(buf_slice(&b), SL("12-x")));
    buf_drop(&b, 9999);
    CHECK_U(b.n, 0);
    buf_free(&b);
    buf_free(NULL);
    CHECK(buf_addz(&b, "again"));
    buf_free(&b);
}

TEST(buf_turns_bad_at_its_limit_and_stays_so)
{
    struct buf b = BUF_INIT(5);
    CHECK(buf_addz(&b, "1234"));
    CHECK(!buf_addz(&b, "56") && b.bad);
    CHECK_S(buf_slice(&b), SL("1234"));
    CHECK(!buf_addc(&b, '5') && !buf_addf(&b, "5") && !buf_addu(&b, 5) && !buf_room(&b, 0));
    CHECK_S(buf_slice(&b), SL("1234"));
    buf_reset(&b);
    CHECK(buf_addz(&b, "12345") && !b.bad);
    CHECK_Z(buf_z(&b), "12345");
    buf_free(&b);
    buf_init(&b, 0);
    CHECK(!buf_addc(&b, 'x') && b.bad);
    buf_free(&b);
}

TEST(buf_printf_at_every_fill)
{
    for (size_t n = 0; n < 140; n++) {
        struct buf b = BUF_INIT(1000);
        for (size_t i = 0; i < n; i++)
            buf_addc(&b, 'x');
        CHECK(buf_addf(&b, "%08d", 42));
        CHECK_S(slice_from(buf_slice(&b), n), SL("00000042"));
        buf_free(&b);
    }
}

TEST(buf_room_is_committed)
{
    struct buf b = BUF_INIT(100);
    char *p = buf_room(&b, 3);
    CHECK(p);
    memcpy(p, "xyz", 3);
    CHECK_U(b.n, 0);
    buf_grew(&b, 2);
    CHECK_S(buf_slice(&b), SL("xy"));
    CHECK(!buf_room(&b, 99) && b.bad);
    buf_free(&b);
}

TEST(buf_addf_of_nothing_to_an_empty_buffer)
{
    struct buf b = BUF_INIT(10);
    CHECK(buf_addf(&b, "%*s", 0, ""));
    CHECK_U(b.n, 0);
    buf_free(&b);
}
