/* Header lines of feeds, and where a scenario's files are. */
#include "scenarios/columns.h"

#include <string.h>

#include "tests/unit/test.h"

TEST(columns_names)
{
    struct arena *a = arena_new();
    struct err err = { 0 };
    struct slice *c;
    size_t n;
    CHECK(columns_parse(a, SL("\xef\xbb\xbfuser, pass word \r\na,b\n"), "f.csv", &c, &n, &err));
    CHECK_U(n, 2);
    CHECK_S(c[0], SL("user"));
    arena_free(a);
}

TEST(columns_mistakes)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        { "", "f.csv: empty" },
        { "a,,b\n1,2,3\n", "column 2 of the header line has no name" },
        { "a,b, a\n1,2\n", "two columns are named \"a\"" },
        { "\"a\n", "f.csv:" },
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = { 0 };
        struct slice *c;
        size_t n;
        CHECK(!columns_parse(a, slice_z(rows[i].text), "f.csv", &c, &n, &err));
        if (!strstr(err.text, rows[i].says)) test_fail(__FILE__, __LINE__, "%s", err.text);
    }
    arena_free(a);
}

TEST(columns_path_is_beside_the_scenario)
{
    struct arena *a = arena_new();
    struct scenario s = { .file = SL("x/y/s.yaml") };
    CHECK_Z(columns_path(a, &s, SL("data/u.csv")), "x/y/data/u.csv");
    CHECK_Z(columns_path(a, &s, SL("/abs.csv")), "/abs.csv");
    s.file = SL("s.yaml");
    CHECK_Z(columns_path(a, &s, SL("u.csv")), "u.csv");
    arena_free(a);
}
