/* Members that other threads unpack: the same texts as one by one, whatever stands between them. */
#include "results/archive_read.h"
#include "tests/unit/test.h"

#include "base/rnd.h"

/* Members of different sizes; before some, bytes that only look like the start of one. */
static void make_file(struct buf *file, size_t members, bool traps)
{
    struct buf text = BUF_INIT(1 << 20);
    struct rnd r;
    rnd_seed(&r, 3, 0);
    for (size_t i = 0; i < members; i++) {
        buf_reset(&text);
        for (uint64_t n = 1 + rnd_below(&r, 4000); n > 0; n--)
            buf_addf(&text, "[%llu]\n", (unsigned long long)rnd_below(&r, 1000));
        gz_member_fast(file, buf_slice(&text));
        if (traps && i % 3 == 0) {
            buf_reset(&text);
            gz_member_stored(&text, MEMBER_MAGIC); /* a start within a member */
            buf_add(file, buf_slice(&text));
        }
    }
    buf_free(&text);
}

/* Both ways over the file, from its start to what is no member. */
static void check_same(struct slice file, size_t threads, size_t members)
{
    struct buf one = BUF_INIT(MEMBER_TEXT_MAX), other = BUF_INIT(MEMBER_TEXT_MAX);
    struct ahead *a = ahead_new(file, 0, threads);
    size_t at = 0, ahead_at = 0, n = 0;
    while (gz_next(file, &at, &one) == GZ_MEMBER) {
        CHECK(ahead_take(a, &ahead_at, &other));
        CHECK_U(ahead_at, at);
        CHECK_S(buf_slice(&other), buf_slice(&one));
        n++;
    }
    CHECK_U(n, members);
    CHECK(!ahead_take(a, &ahead_at, &other));
    CHECK_U(ahead_at, at);
    ahead_free(a);
    buf_free(&one);
    buf_free(&other);
}

TEST(ahead_gives_what_one_thread_reads)
{
    struct buf file = BUF_INIT(64 << 20);
    make_file(&file, 60, true);
    for (size_t threads = 1; threads <= 5; threads++)
        check_same(buf_slice(&file), threads, 80);
    buf_free(&file);
}

TEST(ahead_leaves_broken_members_to_the_caller)
{
    struct buf file = BUF_INIT(64 << 20), text = BUF_INIT(MEMBER_TEXT_MAX);
    make_file(&file, 20, false);
    size_t second = 0, at = 0;
    CHECK(gz_next(buf_slice(&file), &second, &text) == GZ_MEMBER);
    file.p[second + 30] ^= 4;
    check_same(buf_slice(&file), 2, 1);
    struct ahead *a = ahead_new(buf_slice(&file), 0, 2);
    CHECK(ahead_take(a, &at, &text));
    CHECK_U(at, second);
    CHECK(!ahead_take(a, &at, &text)); /* the broken one */
    CHECK_U(at, second);
    at++;
    CHECK(!ahead_take(a, &at, &text)); /* nothing starts here */
    ahead_free(a);
    a = ahead_new(buf_slice(&file), second + 1, 2); /* behind it */
    struct slice rest = slice_from(buf_slice(&file), second + 1);
    at = second + 1 + slice_find(rest, MEMBER_MAGIC);
    CHECK(ahead_take(a, &at, &text));
    ahead_free(a); /* with members unpacked that nobody took */
    buf_free(&file);
    buf_free(&text);
}

TEST(ahead_of_nothing)
{
    struct buf text = BUF_INIT(MEMBER_TEXT_MAX);
    size_t at = 0;
    struct ahead *a = ahead_new(SL("no member in here"), 0, 2);
    CHECK(!ahead_take(a, &at, &text));
    ahead_free(a);
    a = ahead_new(SL(""), 0, 0);
    CHECK(!ahead_take(a, &at, &text));
    ahead_free(a);
    ahead_free(NULL);
    buf_free(&text);
}
