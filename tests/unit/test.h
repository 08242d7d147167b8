/* The unit tests' harness: TEST(name) { … } in any file of tests/unit registers itself.
 *
 * Each test runs in a process of its own with a time limit, so that a crash or a hang is one failure.
 * A failed check prints file:line and both values and ends the test. */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/slice.h"

struct test {
    const char *name, *file;
    void (*run)(void);
};

#define TEST(id)                                                                                  \
    static void test_##id(void);                                                                  \
    static const struct test reg_##id = { #id, __FILE__, test_##id };                             \
    static const struct test *const ptr_##id __attribute__((used, section("tests"))) = &reg_##id; \
    static void test_##id(void)

void test_fail(const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), noreturn));
void test_eq_u(const char *file, int line, const char *what, uint64_t got, uint64_t want);
void test_eq_s(const char *file, int line, const char *what, struct slice got, struct slice want);

#define CHECK(cond)                                              \
    do {                                                         \
        if (!(cond)) test_fail(__FILE__, __LINE__, "%s", #cond); \
    } while (0)
#define CHECK_U(got, want) test_eq_u(__FILE__, __LINE__, #got, (uint64_t)(got), (uint64_t)(want))
#define CHECK_S(got, want) test_eq_s(__FILE__, __LINE__, #got, (got), (want))
#define CHECK_Z(got, want) test_eq_s(__FILE__, __LINE__, #got, slice_z(got), slice_z(want))

/* A copy of n bytes that ends right before an inaccessible page: reading past it crashes. Gives; free
 * with test_guarded_free. */
char *test_guarded(const void *p, size_t n);
void test_guarded_free(char *p, size_t n);
/* A fresh private folder, removed when the test ends. */
const char *test_tmpdir(void);

#endif
