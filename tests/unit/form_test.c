#include "http/form.h"

#include "tests/unit/test.h"

static void check_joined(const struct form_field *v, size_t n, struct slice want)
{
    struct buf b = BUF_INIT(1 << 20);
    for (size_t i = 0; i < n; i++) {
        if (i > 0) buf_addc(&b, '&');
        buf_add(&b, v[i].raw_name);
        if (v[i].has_eq) buf_addc(&b, '=');
        buf_add(&b, v[i].raw_value);
    }
    CHECK_S(buf_slice(&b), want);
    buf_free(&b);
}

TEST(form_fields_in_order)
{
    struct arena *a = arena_new();
    size_t n;
    static const char text[] = "a=1&b=x+y%2Bz&a=2&c&d=&=e&&f=g=h&%zz=%";
    char *p = test_guarded(text, sizeof text - 1);
    struct slice s = { p, sizeof text - 1 };
    struct form_field *v = form_parse(a, s, &n);
    CHECK_U(n, 9);
    CHECK_S(v[1].value, SL("x y+z"));
    CHECK_S(v[1].raw_value, SL("x+y%2Bz"));
    CHECK_S(v[2].name, SL("a"));
    CHECK(!v[3].has_eq && v[4].has_eq && v[5].name.n == 0);
    CHECK_S(v[7].value, SL("g=h"));
    CHECK_S(v[8].name, SL("%zz"));
    check_joined(v, n, s);
    test_guarded_free(p, s.n);
    CHECK(!form_parse(a, SL(""), &n) && n == 0);
    v = form_parse(a, SL("&"), &n);
    CHECK_U(n, 2);
    check_joined(v, n, SL("&"));
    arena_free(a);
}

TEST(form_fields_have_a_limit)
{
    struct arena *a = arena_new();
    struct buf b = BUF_INIT(1 << 20);
    size_t n;
    for (int i = 0; i < 20000; i++)
        buf_addz(&b, "a=1&");
    struct form_field *v = form_parse(a, buf_slice(&b), &n);
    CHECK_U(n, 10000);
    check_joined(v, n, buf_slice(&b));
    buf_free(&b);
    arena_free(a);
}

TEST(form_media_types)
{
    struct slice ct = SL("Text/HTML ; charset=\"utf-8; x\\\"y\"; q=1 ;boundary = --a ");
    CHECK_S(mime_type(ct), SL("Text/HTML"));
    CHECK_S(mime_param(ct, SL("CHARSET")), SL("utf-8; x\\\"y"));
    CHECK_S(mime_param(ct, SL("q")), SL("1"));
    CHECK_S(mime_param(ct, SL("boundary")), SL("--a"));
    CHECK_S(mime_param(ct, SL("none")), SL(""));
    CHECK_S(mime_param(SL("a/b; x=\"open"), SL("x")), SL("open"));
    CHECK_S(multipart_boundary(ct), SL(""));
    CHECK_S(multipart_boundary(SL("multipart/form-data; boundary=\"a b\"")), SL("a b"));
}

#define BODY                                                                               \
    "preamble\r\n--xx\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n\r\n2\r\n" \
    "--xx  \r\ncontent-disposition: form-data; name=\"f\"; filename=\"\"\r\n"              \
    "Content-Type: image/png; x=y\r\n\r\n\x89PNG\r\n-\r\n"                                 \
    "--xx\r\nContent-Disposition: form-data; name=e\r\n\r\n\r\n--xx--\r\nepilogue"

TEST(multipart_parts)
{
    struct arena *a = arena_new();
    struct part *v;
    size_t n;
    CHECK(multipart_parse(a, SL(BODY), SL("xx"), &v, &n));
    CHECK_U(n, 3);
    CHECK_S(v[0].name, SL("a"));
    CHECK_S(v[0].value, SL("1\r\n\r\n2"));
    CHECK_S(v[0].head, SL("Content-Disposition: form-data; name=\"a\""));
    CHECK(!v[0].has_file_name);
    CHECK_S(v[1].name, SL("f"));
    CHECK(v[1].has_file_name && v[1].file_name.n == 0);
    CHECK_S(v[1].content_type, SL("image/png; x=y"));
    CHECK_S(v[1].value, SL("\x89PNG\r\n-"));
    CHECK_S(v[2].name, SL("e"));
    CHECK_S(v[2].value, SL(""));
    CHECK(multipart_parse(a, SL("--b\nX: y\n\nv\n--b--"), SL("b"), &v, &n));
    CHECK_U(n, 1);
    CHECK_S(v[0].value, SL("v"));
    CHECK(multipart_parse(a, SL("--b--\r\n"), SL("b"), &v, &n) && n == 0);
    CHECK(!multipart_parse(a, SL("nothing"), SL("b"), &v, &n));
    CHECK(!multipart_parse(a, SL("--b\r\n\r\nheadless\r\n--b--"), SL("b"), &v, &n));
    CHECK(!multipart_parse(a, SL("x"), SL(""), &v, &n));
    arena_free(a);
}

TEST(multipart_truncated_everywhere)
{
    struct arena *a = arena_new();
    struct slice body = SL(BODY);
    struct part *v;
    size_t n, whole = slice_find(body, SL("--xx--")) + 6;
    for (size_t i = 0; i <= body.n; i++) {
        char *p = test_guarded(body.p, i);
        CHECK(multipart_parse(a, (struct slice){ p, i }, SL("xx"), &v, &n) == (i >= whole));
        test_guarded_free(p, i);
    }
    arena_free(a);
}
