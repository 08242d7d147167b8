/* Unit tests of base/gz: members. */
#include "base/gz.h"

#include <string.h>

#include "tests/unit/test.h"

static void add_members(struct buf *gz, unsigned count)
{
    struct buf text = BUF_INIT(1 << 20);
    for (unsigned i = 0; i < count; i++) {
        buf_reset(&text);
        for (unsigned k = 0; k < 3000 * i; k++)
            buf_addf(&text, "%u,", k * i);
        CHECK(gz_member(gz, buf_slice(&text), 6));
    }
    buf_free(&text);
}

TEST(gz_gives_back_every_member)
{
    struct buf gz = BUF_INIT(1 << 20), out = BUF_INIT(1 << 20);
    size_t at = 0, before = 0;
    add_members(&gz, 4);
    for (unsigned i = 0; i < 4; i++) {
        CHECK_U(gz_next(buf_slice(&gz), &at, &out), GZ_MEMBER);
        CHECK(at > before && (i == 0 ? out.n == 0 : out.n > 3000 * i));
        if (i == 2) CHECK(slice_starts(buf_slice(&out), SL("0,2,4,6,")));
        before = at;
    }
    CHECK_U(at, gz.n);
    CHECK_U(gz_next(buf_slice(&gz), &at, &out), GZ_END);
    buf_free(&gz);
    buf_free(&out);
}

TEST(gz_cut_anywhere_is_truncated)
{
    struct buf gz = BUF_INIT(1 << 20), out = BUF_INIT(1 << 20);
    CHECK(gz_member(&gz, SL("one member of text, and some more of it"), 9));
    for (size_t n = 1; n < gz.n; n++) {
        char *g = test_guarded(gz.p, n);
        size_t at = 0;
        CHECK_U(gz_next((struct slice){ g, n }, &at, &out), GZ_TRUNCATED);
        CHECK_U(at, 0);
        test_guarded_free(g, n);
    }
    buf_free(&gz);
    buf_free(&out);
}

TEST(gz_damage_is_seen)
{
    struct buf gz = BUF_INIT(1 << 20), out = BUF_INIT(1 << 20);
    size_t at = 0;
    CHECK(gz_member(&gz, SL("some text that has a checksum"), 9));
    gz.p[gz.n - 6] ^= 1;
    CHECK_U(gz_next(buf_slice(&gz), &at, &out), GZ_DAMAGED);
    CHECK_U(gz_next(SL("no gzip at all"), &at, &out), GZ_DAMAGED);
    CHECK_U(at, 0);
    buf_free(&gz);
    buf_free(&out);
}

TEST(gz_stops_at_the_limit)
{
    struct buf gz = BUF_INIT(1 << 20), text = BUF_INIT(1 << 20), tiny = BUF_INIT(20);
    for (int i = 0; i < 50000; i++)
        buf_addc(&text, 'x');
    CHECK(gz_member(&gz, buf_slice(&text), 6));
    for (size_t max = 49998; max <= 50001; max++) {
        struct buf out = BUF_INIT(max);
        size_t at = 0;
        CHECK_U(gz_next(buf_slice(&gz), &at, &out), max < 50000 ? GZ_TOO_BIG : GZ_MEMBER);
        CHECK(out.n == (max < 50000 ? max : 50000));
        buf_free(&out);
    }
    CHECK(!gz_member(&tiny, buf_slice(&text), 6) && tiny.n == 0 && tiny.bad);
    buf_free(&gz);
    buf_free(&text);
    buf_free(&tiny);
}
