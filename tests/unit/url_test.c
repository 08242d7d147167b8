#include "http/url.h"

#include "tests/unit/test.h"

static struct url parsed(const char *text)
{
    struct url u;
    struct slice s = slice_z(text);
    char *p = test_guarded(s.p, s.n);
    CHECK(url_parse((struct slice){ p, s.n }, &u));
    test_guarded_free(p, s.n);
    CHECK(url_parse(s, &u));
    return u;
}

TEST(url_parts)
{
    struct url u = parsed("HTTPS://me:pw@Shop.example:8443/a/b;c?x=1&y=%20#frag");
    CHECK_S(u.scheme, SL("HTTPS"));
    CHECK_S(u.userinfo, SL("me:pw"));
    CHECK_S(u.host, SL("Shop.example"));
    CHECK_U(u.port, 8443);
    CHECK(u.port_given && u.has_query && url_is_secure(&u));
    CHECK_S(u.path, SL("/a/b;c"));
    CHECK_S(u.query, SL("x=1&y=%20"));
    CHECK_S(u.target, SL("/a/b;c?x=1&y=%20"));
    u = parsed("ws://[2001:db8::1]/chat?");
    CHECK_S(u.host, SL("2001:db8::1"));
    CHECK_U(u.port, 80);
    CHECK(!u.port_given && u.has_query);
    CHECK_S(u.target, SL("/chat?"));
    u = parsed("http://h:");
    CHECK_U(u.port, 80);
    CHECK_S(u.target, SL("/"));
    u = parsed("http://h/a?b?c/d:e@f");
    CHECK_S(u.query, SL("b?c/d:e@f"));
}

TEST(url_target_without_path)
{
    struct url u = parsed("http://h?a=1");
    struct buf b = BUF_INIT(100);
    CHECK_S(u.path, SL(""));
    url_add_target(&b, &u);
    CHECK_S(buf_slice(&b), SL("/?a=1"));
    buf_reset(&b);
    u = parsed("http://h#x");
    url_add_target(&b, &u);
    CHECK_S(buf_slice(&b), SL("/"));
    buf_free(&b);
}

TEST(url_refused)
{
    static const char *const bad[] = {
        "",           "/a",           "//h/a",         "http:/a",
        "ftp://h/",   "http://",      "http:///a",     "http://h:99999/",
        "http://h:x", "http://[::1/", "http://[::1]x", "http://a b/",
        "data:x",     "http://a\\b/", "about:blank",   "http://u@/"
    };
    struct url u;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(!url_parse(slice_z(bad[i]), &u));
}

static void check_origin(const char *text, const char *want)
{
    struct arena *a = arena_new();
    struct url u = parsed(text);
    CHECK_S(url_origin(a, &u), slice_z(want));
    arena_free(a);
}

TEST(url_origins)
{
    check_origin("HTTP://Example.COM:80/x", "http://example.com");
    check_origin("https://h:80/", "https://h:80");
    check_origin("wss://[::1]:443/", "wss://[::1]");
    struct url a = parsed("https://A.b/1"), b = parsed("HTTPS://a.B:443/2"),
               c = parsed("http://a.b/");
    CHECK(url_same_origin(&a, &b));
    CHECK(!url_same_origin(&a, &c));
}

static void check_resolve(const char *base, const char *ref, const char *want)
{
    struct arena *a = arena_new();
    struct slice got = url_resolve(a, slice_z(base), slice_z(ref));
    CHECK_S(got, slice_z(want));
    arena_free(a);
}

/* RFC 3986 5.4.1 and 5.4.2, fragments dropped. */
TEST(url_resolve_rfc)
{
    static const char *const table[][2] = {
        { "g:h", "g:h" },
        { "g", "http://a/b/c/g" },
        { "./g", "http://a/b/c/g" },
        { "g/", "http://a/b/c/g/" },
        { "/g", "http://a/g" },
        { "//g", "http://g" },
        { "?y", "http://a/b/c/d;p?y" },
        { "g?y", "http://a/b/c/g?y" },
        { "#s", "http://a/b/c/d;p?q" },
        { "g#s", "http://a/b/c/g" },
        { "g?y#s", "http://a/b/c/g?y" },
        { ";x", "http://a/b/c/;x" },
        { "g;x", "http://a/b/c/g;x" },
        { "g;x?y#s", "http://a/b/c/g;x?y" },
        { "", "http://a/b/c/d;p?q" },
        { ".", "http://a/b/c/" },
        { "./", "http://a/b/c/" },
        { "..", "http://a/b/" },
        { "../", "http://a/b/" },
        { "../g", "http://a/b/g" },
        { "../..", "http://a/" },
        { "../../", "http://a/" },
        { "../../g", "http://a/g" },
        { "../../../g", "http://a/g" },
        { "../../../../g", "http://a/g" },
        { "/./g", "http://a/g" },
        { "/../g", "http://a/g" },
        { "g.", "http://a/b/c/g." },
        { ".g", "http://a/b/c/.g" },
        { "g..", "http://a/b/c/g.." },
        { "..g", "http://a/b/c/..g" },
        { "./../g", "http://a/b/g" },
        { "./g/.", "http://a/b/c/g/" },
        { "g/./h", "http://a/b/c/g/h" },
        { "g/../h", "http://a/b/c/h" },
        { "g;x=1/./y", "http://a/b/c/g;x=1/y" },
        { "g;x=1/../y", "http://a/b/c/y" },
        { "g?y/./x", "http://a/b/c/g?y/./x" },
        { "g?y/../x", "http://a/b/c/g?y/../x" },
        { "http:g", "http:g" },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        check_resolve("http://a/b/c/d;p?q", table[i][0], table[i][1]);
}

TEST(url_resolve_more)
{
    check_resolve("http://a", "g", "http://a/g");
    check_resolve("http://a?x", "?y", "http://a?y");
    check_resolve("https://a/b?x", "https://c/d/../e?f", "https://c/e?f");
    check_resolve("http://a/b//c/d", "../x//y", "http://a/b//x//y");
    check_resolve("http://a/b", "mailto:me", "mailto:me");
    check_resolve("http://a/", "/..", "http://a/");
    check_resolve("http://a/", "/a//../b", "http://a/a/b");
}

TEST(url_sites)
{
    CHECK_S(url_site(SL("a.b.example.com")), SL("example.com"));
    CHECK_S(url_site(SL("example.com.")), SL("example.com"));
    CHECK_S(url_site(SL("www.shop.co.uk")), SL("shop.co.uk"));
    CHECK_S(url_site(SL("co.uk")), SL("co.uk"));
    CHECK_S(url_site(SL("www.co.example")), SL("co.example"));
    CHECK_S(url_site(SL("localhost")), SL("localhost"));
    CHECK_S(url_site(SL("10.1.2.3")), SL("10.1.2.3"));
    CHECK_S(url_site(SL("2001:db8::1")), SL("2001:db8::1"));
    CHECK(url_is_address(SL("1.2.3.4")) && !url_is_address(SL("1.2.3.400")) &&
          !url_is_address(SL("1.2.3")) && url_is_address(SL("::1")));
}
