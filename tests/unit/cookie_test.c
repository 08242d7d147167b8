#include "http/cookie.h"

#include <stdio.h>

#include "base/clock.h"
#include "tests/unit/test.h"

#define NOW (1700000000LL * 1000000000LL) /* 2023-11-14 */

static struct url at(const char *text)
{
    struct url u;
    CHECK(url_parse(slice_z(text), &u));
    return u;
}

static bool set(struct jar *j, const char *url, const char *cookie)
{
    struct url u = at(url);
    return jar_set(j, &u, slice_z(cookie), NOW);
}

static void check_sent(const struct jar *j, const char *url, const char *want)
{
    struct url u = at(url);
    struct buf b = BUF_INIT(100000);
    jar_add_header(j, &u, NOW, &b);
    CHECK_S(buf_slice(&b), slice_z(want));
    buf_free(&b);
}

TEST(cookie_parse_attributes)
{
    struct set_cookie c;
    CHECK(cookie_parse(
        SL(" sid = a=b \"q\" ; Path=/x; domain=.Example.com;SECURE; HttpOnly; SameSite=Lax"
           "; Max-Age=60; Expires=Wed, 09 Jun 2021 10:18:14 GMT"),
        NOW, &c));
    CHECK_S(c.name, SL("sid"));
    CHECK_S(c.value, SL("a=b \"q\""));
    CHECK_S(c.path, SL("/x"));
    CHECK_S(c.domain, SL("Example.com"));
    CHECK(c.secure && c.http_only && !c.host_only);
    CHECK_U(c.expires_ns, NOW + 60LL * 1000000000LL);
    CHECK(cookie_parse(SL("a="), NOW, &c));
    CHECK_S(c.value, SL(""));
    CHECK(c.host_only && c.expires_ns == INT64_MAX && c.path.n == 0);
    CHECK(cookie_parse(SL("a=b; max-age=99999999999999999999"), NOW, &c));
    CHECK(c.expires_ns == INT64_MAX);
    CHECK(cookie_parse(SL("a=b; max-age=-5"), NOW, &c));
    CHECK(c.expires_ns == INT64_MIN);
    CHECK(cookie_parse(SL("a=b; path=x; domain="), NOW, &c));
    CHECK(c.path.n == 0 && c.host_only);
    CHECK(!cookie_parse(SL("novalue; path=/"), NOW, &c));
    CHECK(!cookie_parse(SL("=x"), NOW, &c));
    CHECK(!cookie_parse(SL(""), NOW, &c));
}

static void check_date(const char *text, const char *want_iso)
{
    int64_t got = 0;
    struct buf b = BUF_INIT(100);
    bool ok = cookie_date(slice_z(text), &got);
    if (!want_iso) {
        CHECK(!ok);
        return;
    }
    CHECK(ok);
    clock_add_iso(&b, got);
    CHECK_S(buf_slice(&b), slice_z(want_iso));
    buf_free(&b);
}

TEST(cookie_dates)
{
    check_date("Wed, 09 Jun 2021 10:18:14 GMT", "2021-06-09T10:18:14.000Z");
    check_date("Wednesday, 09-Jun-21 10:18:14 GMT", "2021-06-09T10:18:14.000Z");
    check_date("Wed, 09-Jun-2021 10:18:14 GMT", "2021-06-09T10:18:14.000Z");
    check_date("Wed Jun  9 10:18:14 2021", "2021-06-09T10:18:14.000Z");
    check_date("Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00.000Z");
    check_date("9 june 99 1:2:3", "1999-06-09T01:02:03.000Z");
    check_date("0", NULL);
    check_date("", NULL);
    check_date("Wed, 32 Jun 2021 10:18:14 GMT", NULL);
    check_date("Wed, 09 Jun 2021 24:18:14 GMT", NULL);
    check_date("Wed, 09 Jun 1600 10:18:14 GMT", NULL);
    int64_t far = 0;
    CHECK(cookie_date(SL("Fri, 31 Dec 9999 23:59:59 GMT"), &far) && far > NOW);
}

TEST(jar_sends_what_fits)
{
    struct jar *j = jar_new();
    CHECK(set(j, "https://www.shop.example/a/b", "host=1"));
    CHECK(set(j, "https://www.shop.example/a/b", "dom=2; Domain=shop.example; Path=/"));
    CHECK(set(j, "https://www.shop.example/a/b", "sec=3; Secure; Path=/"));
    CHECK(set(j, "https://www.shop.example/a/b", "deep=4; Path=/a/b/c"));
    check_sent(j, "https://www.shop.example/a/b/c/d", "deep=4; host=1; dom=2; sec=3");
    check_sent(j, "http://www.shop.example/a/x", "host=1; dom=2");
    check_sent(j, "https://www.shop.example/ab", "dom=2; sec=3");
    check_sent(j, "https://api.shop.example/a/b/c", "dom=2");
    check_sent(j, "https://evilshop.example/a", "");
    check_sent(j, "https://www.shop.example", "dom=2; sec=3");
    struct url u = at("http://www.shop.example/a");
    CHECK_S(jar_get(j, &u, SL("host"), NOW), SL("1"));
    CHECK_S(jar_get(j, &u, SL("sec"), NOW), SL(""));
    jar_free(j);
}

TEST(jar_replaces_and_deletes)
{
    struct jar *j = jar_new();
    CHECK(set(j, "http://h/", "a=1"));
    CHECK(set(j, "http://h/", "b=1"));
    CHECK(set(j, "http://h/", "a=longer value"));
    CHECK(set(j, "http://h/", "b="));
    check_sent(j, "http://h/", "a=longer value; b=");
    CHECK(set(j, "http://h/", "a=x; Max-Age=0"));
    CHECK(set(j, "http://h/", "b=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT"));
    CHECK(set(j, "http://h/", "none=x; Max-Age=0"));
    CHECK_U(jar_count(j), 0);
    check_sent(j, "http://h/", "");
    CHECK(set(j, "http://h/", "c=1; Max-Age=10"));
    struct url u = at("http://h/");
    CHECK_S(jar_get(j, &u, SL("c"), NOW + 9000000000LL), SL("1"));
    CHECK_S(jar_get(j, &u, SL("c"), NOW + 10000000000LL), SL(""));
    jar_clear(j);
    CHECK_U(jar_count(j), 0);
    jar_free(j);
    jar_free(NULL);
}

TEST(jar_refuses)
{
    struct jar *j = jar_new();
    CHECK(!set(j, "http://a.example/", "x=1; Domain=b.example"));
    CHECK(!set(j, "http://a.example/", "x=1; Domain=example"));
    CHECK(!set(j, "http://a.co.uk/", "x=1; Domain=co.uk"));
    CHECK(!set(j, "http://a.example/", "x=1; Domain=sub.a.example"));
    CHECK(!set(j, "http://10.0.0.1/", "x=1; Domain=0.0.1"));
    CHECK(!set(j, "http://a.example/", "x=1; Secure"));
    CHECK(!set(j, "https://a.example/", "__Host-x=1; Secure; Path=/; Domain=a.example"));
    CHECK(!set(j, "https://a.example/", "__Secure-x=1"));
    CHECK_U(jar_count(j), 0);
    CHECK(set(j, "http://localhost:8080/", "x=1; Secure"));
    CHECK(set(j, "http://10.0.0.1/", "x=1; Domain=10.0.0.1"));
    CHECK(set(j, "https://a.example/", "__Host-x=1; Secure; Path=/"));
    CHECK(set(j, "https://a.example/", "s=1; Secure"));
    CHECK(!set(j, "http://a.example/", "s=2"));
    check_sent(j, "http://127.0.0.1/", "");
    check_sent(j, "http://localhost/", "x=1");
    jar_free(j);
}

TEST(jar_forgets_the_oldest)
{
    struct jar *j = jar_new();
    char text[100];
    for (int i = 0; i < 200; i++) {
        snprintf(text, sizeof text, "n%d=v; Path=/%s", i, i % 2 ? "" : "long");
        CHECK(set(j, "http://h/", text));
    }
    struct url u = at("http://h/long");
    CHECK_U(jar_count(j), 180);
    CHECK_S(jar_get(j, &u, SL("n19"), NOW), SL(""));
    CHECK_S(jar_get(j, &u, SL("n20"), NOW), SL("v"));
    CHECK_S(jar_get(j, &u, SL("n199"), NOW), SL("v"));
    jar_free(j);
}

TEST(jar_packs_its_text)
{
    struct jar *j = jar_new();
    char value[4001], text[4200];
    for (int i = 0; i < 5000; i++) {
        size_t n = (size_t)(i * 37 % 4000);
        for (size_t k = 0; k < n; k++)
            value[k] = (char)('a' + i % 26);
        value[n] = '\0';
        snprintf(text, sizeof text, "c%d=%s", i % 7, value);
        CHECK(set(j, "http://h/", text));
        struct url u = at("http://h/");
        snprintf(text, sizeof text, "c%d", i % 7);
        CHECK_S(jar_get(j, &u, slice_z(text), NOW), slice_z(value));
    }
    CHECK_U(jar_count(j), 7);
    jar_free(j);
}

TEST(cookie_walks)
{
    struct slice rest = SL(" a=1; ;b = x=y ;c; d="), name, value;
    CHECK(cookie_next(&rest, &name, &value));
    CHECK_S(name, SL("a"));
    CHECK_S(value, SL("1"));
    CHECK(cookie_next(&rest, &name, &value));
    CHECK_S(name, SL("b"));
    CHECK_S(value, SL("x=y"));
    CHECK(cookie_next(&rest, &name, &value));
    CHECK_S(name, SL("c"));
    CHECK_S(value, SL(""));
    CHECK(cookie_next(&rest, &name, &value));
    CHECK_S(name, SL("d"));
    CHECK(!cookie_next(&rest, &name, &value));
}

TEST(cookie_merged_by_a_recorder)
{
    static const char text[] =
        "a=1; Expires=Wed, 09 Jun 2021 10:18:14 GMT; Path=/, b=x,y; HttpOnly,"
        "c=\"1, 2\"; Expires=Thu, 01-Jan-1970 00:00:00 GMT, d=";
    static const char *const want[] = { "a=1; Expires=Wed, 09 Jun 2021 10:18:14 GMT; Path=/",
                                        "b=x,y; HttpOnly",
                                        "c=\"1, 2\"; Expires=Thu, 01-Jan-1970 00:00:00 GMT", "d=" };
    char *p = test_guarded(text, sizeof text - 1);
    struct slice rest = { p, sizeof text - 1 }, one;
    for (size_t i = 0; i < 4; i++) {
        CHECK(cookie_next_merged(&rest, &one));
        CHECK_S(one, slice_z(want[i]));
    }
    CHECK(!cookie_next_merged(&rest, &one));
    test_guarded_free(p, sizeof text - 1);
}
