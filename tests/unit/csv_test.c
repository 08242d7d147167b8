/* Unit tests of base/csv. */
#include "base/csv.h"

#include "tests/unit/test.h"

/* All rows as "a|b/c|d/", with "!" and the error's text behind on a failure. */
static struct slice rows(struct slice text, struct buf *out)
{
    struct arena *a = arena_new();
    struct slice *v;
    struct err err = { 0 };
    struct csv c;
    size_t n;
    csv_init(&c, "f.csv", text);
    buf_reset(out);
    while (csv_row(&c, a, &v, &n, &err)) {
        for (size_t i = 0; i < n; i++) {
            if (i) buf_addc(out, '|');
            buf_add(out, v[i]);
        }
        buf_addf(out, "/%u;", c.line);
    }
    if (err_is(&err)) buf_addf(out, "!%s", err.text);
    CHECK(!csv_row(&c, a, &v, &n, &err)); /* and it stays at the end */
    arena_free(a);
    return buf_slice(out);
}

TEST(csv_reads_rows)
{
    struct buf b = BUF_INIT(10000);
    CHECK_S(rows(SL("a,b\nc,\"d\"\n"), &b), SL("a|b/1;c|d/2;"));
    CHECK_S(rows(SL("\xef\xbb\xbf"
                    "a,b\r\n\r\nc,d"),
                 &b),
            SL("a|b/1;c|d/3;"));
    CHECK_S(rows(SL("\"x \"\"y\"\"\",\"1,2\"\n,\n"), &b), SL("x \"y\"|1,2/1;|/2;"));
    CHECK_S(rows(SL("\"two\r\nlines\",1\nnext,2\n"), &b), SL("two\r\nlines|1/1;next|2/3;"));
    CHECK_S(rows(SL("a\"b,c\r"), &b), SL("a\"b|c/1;"));
    CHECK_S(rows(SL("\"\"\n"), &b), SL("/1;"));
    CHECK_S(rows(SL(""), &b), SL(""));
    CHECK_S(rows(SL("\n\r\n"), &b), SL(""));
    buf_free(&b);
}

TEST(csv_says_what_is_wrong)
{
    struct buf b = BUF_INIT(10000);
    CHECK_S(rows(SL("a\n\"b\nc"), &b),
            SL("a/1;!f.csv:2: expected a closing '\"', found the end of the file"));
    CHECK_S(rows(SL("\"a\"b,c\n"), &b),
            SL("!f.csv:1: expected ',' or the end of the line after a quoted field, found 'b'"));
    buf_free(&b);
}

TEST(csv_limits_fields)
{
    struct buf text = BUF_INIT(20000), b = BUF_INIT(20000);
    for (int i = 0; i < 9999; i++)
        buf_addc(&text, ',');
    CHECK(slice_ends(rows(buf_slice(&text), &b), SL("/1;")));
    buf_addc(&text, ',');
    CHECK_S(rows(buf_slice(&text), &b), SL("!f.csv:1: more than 10000 fields in a row"));
    buf_free(&text);
    buf_free(&b);
}

TEST(csv_reads_no_byte_behind_its_end)
{
    const struct slice text = SL("ab,\"c\"\"d\",\r\n\"e\nf\",g\r\n");
    struct buf b = BUF_INIT(10000);
    for (size_t n = 0; n <= text.n; n++) {
        char *g = test_guarded(text.p, n);
        CHECK(rows((struct slice){ g, n }, &b).n > 0 || n == 0);
        test_guarded_free(g, n);
    }
    CHECK_S(buf_slice(&b), SL("ab|c\"d|/1;e\nf|g/2;"));
    buf_free(&b);
}

TEST(csv_fields_come_back)
{
    const struct slice fields[] = { SL("plain"), SL("a,b"), SL("\"q\""), SL("two\nlines"),
                                    SL(" x") };
    struct buf b = BUF_INIT(10000), out = BUF_INIT(10000);
    for (size_t i = 0; i < 5; i++) {
        if (i) buf_addc(&b, ',');
        csv_add_field(&b, fields[i]);
    }
    CHECK_S(buf_slice(&b), SL("plain,\"a,b\",\"\"\"q\"\"\",\"two\nlines\",\" x\""));
    CHECK_S(rows(buf_slice(&b), &out), SL("plain|a,b|\"q\"|two\nlines| x/1;"));
    buf_free(&b);
    buf_free(&out);
}
