/* Unit tests of base/mem, base/arena and base/pool. */
#include "base/mem.h"

#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/pool.h"
#include "tests/unit/test.h"

TEST(mem_checks_sizes)
{
    size_t v;
    CHECK(size_add(1, 2, &v) && v == 3);
    CHECK(!size_add(SIZE_MAX, 1, &v));
    CHECK(size_mul(3, 4, &v) && v == 12);
    CHECK(!size_mul(SIZE_MAX / 2, 3, &v));
}

TEST(mem_grows_arrays)
{
    int *v = NULL;
    size_t cap = 0;
    for (size_t i = 0; i < 1000; i++) {
        mem_grow(&v, &cap, i + 1, sizeof *v);
        CHECK(cap > i);
        v[i] = (int)i;
    }
    CHECK_U(v[999], 999);
    free(v);
    char *z = mem_dup("abc", 2);
    CHECK_Z(z, "ab");
    free(z);
}

TEST(mem_out_of_memory_exits_with_4)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        close(STDERR_FILENO);
        free(mem_resize(NULL, SIZE_MAX / 2, 4)); /* overflows */
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    CHECK_U(WEXITSTATUS(status), 4);
}

TEST(arena_gives_aligned_zeroed_memory)
{
    struct arena *a = arena_new();
    for (int round = 0; round < 3; round++) {
        for (size_t n = 1; n < 3000000; n = n * 3 + 1) {
            arena_dup(a, SL("x")); /* unaligns */
            unsigned char *p = arena_many(a, n, unsigned char);
            CHECK((uintptr_t)p % 16 == 0);
            CHECK(p[0] == 0 && p[n - 1] == 0 && p[n / 2] == 0);
            memset(p, 0xff, n);
        }
        CHECK(arena_bytes(a) > 1000000);
        arena_reset(a);
        CHECK_U(arena_bytes(a), 0);
    }
    arena_free(a);
    arena_free(NULL);
}

TEST(arena_blocks_do_not_overlap)
{
    struct arena *a = arena_new();
    char *p[500];
    for (size_t i = 0; i < 500; i++) {
        p[i] = arena_many(a, i * 7 + 1, char);
        memset(p[i], (int)(i & 0xff), i * 7 + 1);
    }
    for (size_t i = 0; i < 500; i++)
        for (size_t k = 0; k < i * 7 + 1; k++)
            CHECK(p[i][k] == (char)(i & 0xff));
    arena_free(a);
}

TEST(arena_copies_text)
{
    struct arena *a = arena_new();
    struct slice s = arena_dup(a, SL("text"));
    CHECK_S(s, SL("text"));
    CHECK(s.p[4] == '\0');
    CHECK_Z(arena_z(a, (struct slice){ 0 }), "");
    CHECK_S(arena_printf(a, "%s=%d", "x", 5), SL("x=5"));
    arena_free(a);
}

TEST(arena_grows_in_place_or_by_copy)
{
    struct arena *a = arena_new();
    char *p = arena_grow(a, NULL, 0, 4);
    memcpy(p, "abcd", 4);
    CHECK(arena_grow(a, p, 4, 100) == p);
    arena_dup(a, SL("in the way"));
    char *q = arena_grow(a, p, 100, 200);
    CHECK(q != p && memcmp(q, "abcd", 4) == 0);
    q = arena_grow(a, q, 200, 2000000);
    CHECK(memcmp(q, "abcd", 4) == 0);
    arena_free(a);
}

TEST(pool_hands_a_block_out_again)
{
    struct pool *pool = pool_new();
    char *first = pool_take(pool, 30);
    pool_give(pool, first);
    char *larger = pool_take(pool, 49);
    char *same = pool_take(pool, 17); /* 17 to 32 bytes are one size */
    char *other = pool_take(pool, 32);
    CHECK(larger != first);
    CHECK(same == first);
    CHECK(other != first);
    pool_give(pool, larger);
    pool_give(pool, same);
    pool_give(pool, other);
    pool_free(pool);
}

TEST(pool_keeps_what_a_resized_block_held)
{
    static const size_t sizes[] = { 0, 1, 16, 17, POOL_LARGEST, POOL_LARGEST + 1, 100000, 40 };
    struct pool *pool = pool_new();
    unsigned char *p = NULL;
    size_t had = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        p = pool_resize(pool, p, sizes[i]);
        CHECK_U((uintptr_t)p % 16, 0);
        for (size_t k = 0; k < had && k < sizes[i]; k++)
            CHECK_U(p[k], k & 255);
        for (size_t k = 0; k < sizes[i]; k++)
            p[k] = (unsigned char)k;
        had = sizes[i];
    }
    pool_give(pool, p);
    pool_give(pool, NULL);
    pool_free(pool);
}
