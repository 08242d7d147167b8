/* Feeds: CSV files as tables, and what a broken one is told. */
#include "scenarios/feed.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/test.h"

TEST(feed_table_cells)
{
    struct err err = { 0 };
    struct feed_table *t = feed_table_parse(
        SL("\xef\xbb\xbfuser, pass word \r\na,\"x,\"\"y\"\"\nz\"\r\n\r\nb,\r\n"), "f.csv", &err);
    if (!t) test_fail(__FILE__, __LINE__, "%s", err.text);
    CHECK_U(t->columns_n, 2);
    CHECK_S(t->columns[0], SL("user"));
    CHECK_S(t->columns[1], SL("pass word"));
    CHECK_U(t->rows, 2);
    CHECK_S(feed_table_cell(t, 0, 1), SL("x,\"y\"\nz"));
    CHECK_S(feed_table_cell(t, 1, 0), SL("b"));
    CHECK_S(feed_table_cell(t, 1, 1), SL(""));
    feed_table_free(t);
}

TEST(feed_table_many_rows)
{
    struct buf text = BUF_INIT(1 << 20);
    struct err err = { 0 };
    buf_addz(&text, "n,m\n");
    for (unsigned i = 0; i < 10000; i++)
        buf_addf(&text, "%u,x%u\n", i, i);
    struct feed_table *t = feed_table_parse(buf_slice(&text), "f.csv", &err);
    CHECK(t);
    CHECK_U(t->rows, 10000);
    CHECK_S(feed_table_cell(t, 9999, 1), SL("x9999"));
    feed_table_free(t);
    buf_free(&text);
}

TEST(feed_table_mistakes)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        { "", "f.csv: empty" },
        { "a,b\n", "no rows" },
        { "a,b\n1\n", "f.csv:2: 1 fields, but the header line has 2" },
        { "a,b\n1,2\n\n1,2,3\n", "f.csv:4: 3 fields" },
        { "a,,b\n1,2,3\n", "column 2 of the header line has no name" },
        { "a,a\n1,2\n", "two columns are named \"a\"" },
        { "a\n\"x\n", "f.csv:" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = { 0 };
        CHECK(!feed_table_parse(slice_z(rows[i].text), "f.csv", &err));
        if (!strstr(err.text, rows[i].says)) test_fail(__FILE__, __LINE__, "%s", err.text);
    }
}

TEST(feed_path_is_beside_the_scenario)
{
    struct arena *a = arena_new();
    struct scenario s = { .file = SL("x/y/s.yaml") };
    struct feed f = { .file = SL("data/u.csv") };
    CHECK_S(feed_path(a, &s, &f), SL("x/y/data/u.csv"));
    f.file = SL("/abs.csv");
    CHECK_S(feed_path(a, &s, &f), SL("/abs.csv"));
    s.file = SL("s.yaml");
    f.file = SL("u.csv");
    CHECK_S(feed_path(a, &s, &f), SL("u.csv"));
    arena_free(a);
}
