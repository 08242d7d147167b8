/* Checks: what passes, and what the reason says when it does not. */
#include <string.h>

#include "base/num.h"
#include "scenarios/extract.h"
#include "tests/unit/test.h"

static struct header head[] = { { { "Content-Type", 12 }, { "application/json", 16 } } };
static const struct headers headers = { head, 1 };

static const struct {
    struct check check;
    const char *why; /* NULL: passes */
} rows[] = {
    { { .kind = CHECK_STATUS, .value = { "200", 3 } }, NULL },
    { { .kind = CHECK_STATUS, .value = { "2xx", 3 } }, NULL },
    { { .kind = CHECK_STATUS, .value = { "302 | 200", 9 } }, NULL },
    { { .kind = CHECK_STATUS, .value = { "100-204", 7 } }, NULL },
    { { .kind = CHECK_STATUS, .value = { "3xx|404", 7 } }, "status 200, want 3xx|404" },
    { { .kind = CHECK_BODY_CONTAINS, .value = { "\"ok\"", 4 } }, NULL },
    { { .kind = CHECK_BODY_CONTAINS, .value = { "Welcome", 7 } },
      "body does not contain \"Welcome\"" },
    { { .kind = CHECK_BODY_NOT, .value = { "Error", 5 } }, NULL },
    { { .kind = CHECK_BODY_NOT, .value = { "ok", 2 } }, "body contains \"ok\"" },
    { { .kind = CHECK_BODY_MATCHES, .value = { "\"n\":\\s*\\d", 9 } }, NULL },
    { { .kind = CHECK_BODY_MATCHES, .value = { "^x", 2 } }, "body does not match ^x" },
    { { .kind = CHECK_HEADER, .name = { "content-type", 12 }, .value = { "JSON", 4 } }, NULL },
    { { .kind = CHECK_HEADER, .name = { "Content-Type", 12 } }, NULL },
    { { .kind = CHECK_HEADER, .name = { "ETag", 4 } }, "no header ETag" },
    { { .kind = CHECK_HEADER, .name = { "Content-Type", 12 }, .value = { "html", 4 } },
      "header Content-Type is \"application/json\", want \"html\"" },
    { { .kind = CHECK_JSON, .name = { "$.ok", 4 } }, NULL },
    { { .kind = CHECK_JSON, .name = { "$.ok", 4 }, .value = { "true", 4 } }, NULL },
    { { .kind = CHECK_JSON, .name = { "$.n", 3 }, .value = { "5.0", 3 } }, NULL },
    { { .kind = CHECK_JSON, .name = { "$.s", 3 }, .value = { "a\"b", 3 } }, NULL },
    { { .kind = CHECK_JSON, .name = { "$.none", 6 }, .value = { "null", 4 } }, NULL },
    { { .kind = CHECK_JSON, .name = { "$.n", 3 }, .value = { "6", 1 } },
      "json $.n is \"5\", want \"6\"" },
    { { .kind = CHECK_JSON, .name = { "$.x", 3 } }, "json $.x is not there" },
    { { .kind = CHECK_TIME, .max_ns = NS_PER_S }, NULL },
    { { .kind = CHECK_TIME, .max_ns = 500 * NS_PER_MS }, "slower than 500ms" },
};

TEST(check_each_kind)
{
    struct arena *a = arena_new();
    struct buf why = BUF_INIT(1000);
    struct answer answer = { .status = 200,
                             .headers = &headers,
                             .body =
                                 SL("{\"ok\": true, \"n\": 5, \"s\": \"a\\\"b\", \"none\": null}"),
                             .time_ns = 900 * NS_PER_MS };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = { 0 };
        struct checker *c = checker_compile(a, &rows[i].check, &err);
        if (!c) test_fail(__FILE__, __LINE__, "row %zu: %s", i, err.text);
        buf_reset(&why);
        bool ok = checker_run(c, &answer, rows[i].check.value, a, &why);
        if (ok != !rows[i].why) test_fail(__FILE__, __LINE__, "row %zu: %s", i, buf_z(&why));
        CHECK_S(buf_slice(&why), slice_z(rows[i].why));
        checker_free(c);
    }
    buf_free(&why);
    arena_free(a);
}

TEST(check_mistakes)
{
    static const struct check wrong[] = {
        { .kind = CHECK_STATUS, .value = { "ok", 2 } },
        { .kind = CHECK_STATUS, .value = { "", 0 } },
        { .kind = CHECK_STATUS, .value = { "2000", 4 } },
        { .kind = CHECK_STATUS, .value = { "204-200", 7 } },
        { .kind = CHECK_STATUS, .value = { "200||", 5 } },
        { .kind = CHECK_BODY_CONTAINS },
        { .kind = CHECK_BODY_MATCHES, .value = { "[", 1 } },
        { .kind = CHECK_JSON, .name = { "ok", 2 } },
        { .kind = CHECK_HEADER },
        { .kind = CHECK_TIME },
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct err err = { 0 };
        if (checker_compile(a, &wrong[i], &err)) test_fail(__FILE__, __LINE__, "row %zu", i);
        CHECK(err.text[0]);
    }
    arena_free(a);
}
