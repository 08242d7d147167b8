/* Shapes of answers: what is kept of a page, of JSON, of a redirect. */
#include "scenarios/shape.h"

#include "base/buf.h"
#include "tests/unit/test.h"

static void is(const struct shape_of *of, const char *want)
{
    struct arena *a = arena_new();
    struct shape s = shape_take(a, of);
    struct buf b = BUF_INIT(10000);
    for (size_t i = 0; i < s.n; i++)
        buf_addf(&b, "%s%.*s", i ? ", " : "", SL_FMT(s.v[i]));
    CHECK_S(buf_slice(&b), slice_z(want));
    buf_free(&b);
    arena_free(a);
}

TEST(shape_of_a_page)
{
    is(&(struct shape_of){ .type = SL("text/html; charset=utf-8"),
                           .body = SL("<title> Sign in </title><form><input name=user>"
                                      "<input type=password name='pw[12]'><select name=user>") },
       "type text/html, title Sign in, field user, password, field pw[*]");
}

TEST(shape_of_json)
{
    is(&(struct shape_of){ .type = SL("application/json"),
                           .body = SL("{\"ok\":true,\"items\":[{\"id\":1,\"in\":{\"x\":[[2]]}},"
                                      "{\"id\":2,\"by\":0}],\"u4711\":null,\"last\":false}") },
       "type application/json, key $.ok, true $.ok, key $.items, key $.items[].id, "
       "key $.items[].in, key $.items[].in.x, key $.items[].by, key $.u*, key $.last, "
       "false $.last");
    is(&(struct shape_of){ .body = SL("[{\"a\":1},[{\"b\":2}],{\"a\":3}]") },
       "key $[].a, key $[][].b");
}

TEST(shape_of_a_redirect)
{
    is(&(struct shape_of){ .location = SL("https://a.test/notes/4711?x=1#y") },
       "location /notes/*");
    is(&(struct shape_of){ .location = SL("https://a.test") }, "location /");
}

TEST(shape_is_bounded)
{
    struct buf b = BUF_INIT(1 << 20);
    buf_addc(&b, '{');
    for (int i = 0; i < 5000; i++)
        buf_addf(&b, "%s\"k%c%c\":1", i ? "," : "", 'a' + i % 26, 'a' + i / 26 % 26);
    struct arena *a = arena_new();
    CHECK_U(shape_take(a, &(struct shape_of){ .body = buf_slice(&b) }).n, SHAPE_WORDS);
    arena_free(a);
    buf_free(&b);
}
