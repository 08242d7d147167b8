/* Extractors on answers: each kind, then regex and decode, then hostile bodies. */
#include "scenarios/extract.h"

#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "tests/unit/test.h"

static const char page[] =
    "<!DOCTYPE html><html><head><title> Shop &amp; more </title>"
    "<meta name=\"csrf-token\" content=\"meta+tok/en==\"></head><body>"
    "<form id=\"search\"><input name=\"q\" value=\"\"></form>"
    "<form id=\"login\" action=\"/login?next=%2F&amp;x=1\" class=\"wide main\">"
    "<input type=hidden name=csrf value=\"a&quot;b&#39;c\"><input name=user></form>"
    "<ul><li class=\"item first\">One</li><li class=\"item\"><a href=\"/p/1\">Two</a></li>"
    "<li class=\"item last\" data-id=\"3-x\">Three <b>bold</b> </li></ul>"
    "<script>var cfg = {\"token\":\"js-1\"};</script></body></html>";

static const char soap[] =
    "<?xml version=\"1.0\"?><s:Env xmlns:s=\"urn:s\" xmlns:t=\"urn:t\">"
    "<s:Body><t:Id a=\"1\">77</t:Id><t:Id a=\"2\">78</t:Id></s:Body></s:Env>";

static const char json[] =
    "{\"token\": \"a\\u00e9\\\"b\", \"n\": 1.50, \"none\": null, \"yes\": true,"
    " \"list\": [{\"id\": 1}, {\"id\": 2}], \"empty\": \"\"}";

static struct header head[] = {
    { { "Content-Type", 12 }, { "text/html; charset=utf-8", 24 } },
    { { "X-Id", 4 }, { "one", 3 } },
    { { "x-id", 4 }, { "two", 3 } },
    { { "Set-Cookie", 10 }, { "sid=first; Path=/", 17 } },
    { { "set-cookie", 10 }, { "other=x", 7 } },
    { { "Set-Cookie", 10 }, { "sid=se=cond; HttpOnly", 21 } },
    { { "Location", 8 },
      { "https://idp.example/cb/order/42?code=a%2Fb+c&state=s1#access_token=tok&n=", 73 } },
};
static const struct headers headers = { head, sizeof head / sizeof *head };

static struct slice run_on(struct arena *a, struct extract e, const struct answer *answer)
{
    struct err err = { 0 };
    struct slice out = { NULL, 0 };
    struct extractor *x = extractor_compile(a, &e, &err);
    if (!x) test_fail(__FILE__, __LINE__, "%.*s: %s", SL_FMT(e.expr), err.text);
    if (!extractor_run(x, answer, a, &out)) out = SL("(not found)");
    extractor_free(x);
    return out;
}

struct row {
    enum extract_kind kind;
    const char *body, *expr;
    unsigned nth;
    const char *want;
};

#define NOT "(not found)"
static const struct row rows[] = {
    { EXTRACT_JSON, json, "$.token", 0, "a\xc3\xa9\"b" },
    { EXTRACT_JSON, json, "$.n", 0, "1.50" },
    { EXTRACT_JSON, json, "$.yes", 0, "true" },
    { EXTRACT_JSON, json, "$.none", 0, NOT },
    { EXTRACT_JSON, json, "$.empty", 0, "" },
    { EXTRACT_JSON, json, "$.list[1]", 0, "{\"id\": 2}" },
    { EXTRACT_JSON, json, "$.list[*].id", 2, "2" },
    { EXTRACT_JSON, json, "$.list[*].id", 3, NOT },
    { EXTRACT_JSON, ")]}',\n{\"a\": 1}", "$.a", 0, "1" },
    { EXTRACT_JSON, "for(;;);{\"a\": 1}", "$.a", 0, "1" },
    { EXTRACT_JSON, page, "$.a", 0, NOT },
    { EXTRACT_HEADER, "", "x-ID", 0, "one" },
    { EXTRACT_HEADER, "", "x-id", 2, "two" },
    { EXTRACT_HEADER, "", "x-id", 3, NOT },
    { EXTRACT_COOKIE, "", "sid", 0, "se=cond" },
    { EXTRACT_COOKIE, "", "Sid", 0, NOT },
    { EXTRACT_HTML, page, "input[name=csrf]", 0, "a\"b'c" },
    { EXTRACT_HTML, page, "//input[@name='csrf']/@value", 0, "a\"b'c" },
    { EXTRACT_HTML, page, "//form[@id='login']/input[1]", 0, "" },
    { EXTRACT_HTML, page, "meta[name='csrf-token']", 0, "meta+tok/en==" },
    { EXTRACT_HTML, page, "title", 0, "Shop & more" },
    { EXTRACT_HTML, page, "//html//body//ul//li//b", 0, "bold" },
    { EXTRACT_HTML, page, "string(//title)", 0, " Shop & more " },
    { EXTRACT_HTML, page, "string(//nothing)", 0, NOT },
    { EXTRACT_HTML, page, "count(//li)", 0, "3" },
    { EXTRACT_HTML, page, "form#login@action", 0, "/login?next=%2F&x=1" },
    { EXTRACT_HTML, page, "form.main::attr(id)", 0, "login" },
    { EXTRACT_HTML, page, "FORM.wide.main INPUT[name=csrf]::attr(type)", 0, "hidden" },
    { EXTRACT_HTML, page, "li.item", 2, "Two" },
    { EXTRACT_HTML, page, "li.item", 4, NOT },
    { EXTRACT_HTML, page, "li.ite", 0, NOT },
    { EXTRACT_HTML, page, "li:nth-child(2) a@href", 0, "/p/1" },
    { EXTRACT_HTML, page, "ul > li:last-child", 0, "Three bold" },
    { EXTRACT_HTML, page, "li:last-child::text", 0, "Three" },
    { EXTRACT_HTML, page, "li.first + li > a", 0, "Two" },
    { EXTRACT_HTML, page, "li.first ~ li", 2, "Three bold" },
    { EXTRACT_HTML, page, "li:not(.first):not(.last)", 0, "Two" },
    { EXTRACT_HTML, page, "[data-id^='3']@class", 0, "item last" },
    { EXTRACT_HTML, page, "[data-id$=x]@data-id", 0, "3-x" },
    { EXTRACT_HTML, page, "[data-id*='-']@data-id", 0, "3-x" },
    { EXTRACT_HTML, page, "[data-id|='3']@data-id", 0, "3-x" },
    { EXTRACT_HTML, page, "li[class~=last]@data-id", 0, "3-x" },
    { EXTRACT_HTML, page, "h1, title", 0, "Shop & more" },
    { EXTRACT_HTML, page, "form:nth-of-type(2)@id", 0, "login" },
    { EXTRACT_HTML, "", "title", 0, NOT },
    { EXTRACT_HTML, "\0\0\0", "title", 0, NOT },
    { EXTRACT_XML, soap, "//t:Id", 0, "77" },
    { EXTRACT_XML, soap, "//t:Id[@a='2']", 0, "78" },
    { EXTRACT_XML, soap, "//*[local-name()='Id']/@a", 2, "2" },
    { EXTRACT_XML, "<a><b>1</b>", "//b", 0, "1" },
    { EXTRACT_REGEX, page, "\"token\":\"([^\"]+)\"", 0, "js-1" },
    { EXTRACT_REGEX, page, "<li", 3, "<li" },
    { EXTRACT_REGEX, page, "<li", 4, NOT },
    { EXTRACT_REGEX, page, "x*", 2, "" },
    { EXTRACT_REGEX, "\xff\xfe id=5 \xff", "id=(\\d)", 0, "5" },
    { EXTRACT_REGEX, "n\xc3\xa9!", "n(.)!", 0, "\xc3\xa9" },
    { EXTRACT_BETWEEN, page, "cfg = ", 0, NOT },
    { EXTRACT_LOCATION, "", "", 0,
      "https://idp.example/cb/order/42?code=a%2Fb+c&state=s1#access_token=tok&n=" },
    { EXTRACT_LOCATION, "", "code", 0, "a/b c" },
    { EXTRACT_LOCATION, "", "state", 0, "s1" },
    { EXTRACT_LOCATION, "", "access_token", 0, "tok" },
    { EXTRACT_LOCATION, "", "n", 0, "" },
    { EXTRACT_LOCATION, "", "nope", 0, NOT },
    { EXTRACT_LOCATION, "", "/2", 0, "order" },
    { EXTRACT_LOCATION, "", "/-1", 0, "42" },
    { EXTRACT_LOCATION, "", "/9", 0, NOT },
    { EXTRACT_BODY, " tok\r\n", "", 0, "tok" },
    { EXTRACT_BODY, " \n", "", 0, NOT },
};

TEST(extract_each_kind)
{
    struct arena *a = arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *r = &rows[i];
        struct answer answer = { .status = 302, .headers = &headers, .body = slice_z(r->body) };
        struct extract e = { .kind = r->kind, .expr = slice_z(r->expr), .nth = r->nth };
        if (r->kind == EXTRACT_BETWEEN) e.right = SL("@never@");
        struct slice got = run_on(a, e, &answer);
        if (!slice_eq(got, slice_z(r->want)) || !got.p)
            test_fail(__FILE__, __LINE__, "row %zu, %s: %.*s, want %s", i, r->expr, SL_FMT(got),
                      r->want);
    }
    arena_free(a);
}

TEST(extract_between)
{
    struct arena *a = arena_new();
    struct answer answer = { .body = SL("<a>1</a><a>2</a><a>3") };
    struct extract e = { .kind = EXTRACT_BETWEEN, .expr = SL("<a>"), .right = SL("</a>") };
    CHECK_S(run_on(a, e, &answer), SL("1"));
    e.nth = 2;
    CHECK_S(run_on(a, e, &answer), SL("2"));
    e.nth = 3;
    CHECK_S(run_on(a, e, &answer), SL(NOT));
    e.right = SL("");
    e.nth = 1;
    CHECK_S(run_on(a, e, &answer), SL("1</a><a>2</a><a>3"));
    e.expr = SL("");
    e.right = SL("<a>2");
    CHECK_S(run_on(a, e, &answer), SL("<a>1</a>"));
    arena_free(a);
}

TEST(extract_location_without_redirect)
{
    struct arena *a = arena_new();
    struct answer answer = { .status = 200, .url = SL("http://h/cb?code=7") };
    struct extract e = { .kind = EXTRACT_LOCATION, .expr = SL("code") };
    CHECK_S(run_on(a, e, &answer), SL("7"));
    answer.status = 302;
    CHECK_S(run_on(a, e, &answer), SL(NOT));
    arena_free(a);
}

TEST(extract_refines_then_decodes)
{
    struct arena *a = arena_new();
    struct answer answer = { .body = SL("{\"u\": \"/cb?code=x%2525&y=1\","
                                        " \"jwt\": \"e30.eyJzdWIiOiIxIn0.sig\","
                                        " \"b\": \"NDE=\"}") };
    struct extract e = { .kind = EXTRACT_JSON,
                         .expr = SL("$.u"),
                         .regex = SL("code=([^&]*)"),
                         .decode = { DECODE_PERCENT, DECODE_PERCENT } };
    CHECK_S(run_on(a, e, &answer), SL("x%"));
    e = (struct extract){ .expr = SL("$.jwt"), .decode = { DECODE_JWT } };
    CHECK_S(run_on(a, e, &answer), SL("{\"sub\":\"1\"}"));
    e = (struct extract){ .expr = SL("$.b"), .decode = { DECODE_BASE64, DECODE_HEX } };
    CHECK_S(run_on(a, e, &answer), SL("A"));
    e.decode[0] = DECODE_JWT;
    CHECK_S(run_on(a, e, &answer), SL(NOT));
    e = (struct extract){ .kind = EXTRACT_REGEX,
                          .expr = SL("\"u\": (\".*?\")"),
                          .decode = { DECODE_HTML } };
    CHECK_S(run_on(a, e, &answer), SL("\"/cb?code=x%2525&y=1\""));
    arena_free(a);
}

TEST(extract_shares_a_parsed_document)
{
    struct arena *a = arena_new();
    struct answer_docs *docs = answer_docs_new();
    struct answer answer = { .body = slice_z(page), .docs = docs };
    struct extract e = { .kind = EXTRACT_HTML, .expr = SL("title") };
    CHECK_S(run_on(a, e, &answer), SL("Shop & more"));
    /* The document of before is still the one that is asked, until the reset. */
    answer.body = SL("<title>other</title>");
    CHECK_S(run_on(a, e, &answer), SL("Shop & more"));
    answer_docs_reset(docs);
    CHECK_S(run_on(a, e, &answer), SL("other"));
    answer_docs_reset(docs);
    answer.body = slice_z(soap);
    e = (struct extract){ .kind = EXTRACT_XML, .expr = SL("//t:Id") };
    CHECK_S(run_on(a, e, &answer), SL("77"));
    answer_docs_free(docs);
    arena_free(a);
}

static const struct {
    enum extract_kind kind;
    const char *expr, *says;
} mistakes[] = {
    { EXTRACT_JSON, "token", "starts with '$'" },
    { EXTRACT_HEADER, "", "header's name" },
    { EXTRACT_HTML, "//input[", "XPath" },
    { EXTRACT_HTML, "input[name", "is missing here" },
    { EXTRACT_HTML, "input:hover", "not supported" },
    { EXTRACT_HTML, "input:nth-child(odd)", "a position" },
    { EXTRACT_HTML, "input >", "is missing here" },
    { EXTRACT_HTML, "a::attr(", "attribute's name" },
    { EXTRACT_HTML, "a[b='c]", "not closed" },
    { EXTRACT_HTML, "a:not(:not(:not(:not(:not(b)))))", "too deep" },
    { EXTRACT_REGEX, "(", "at character 2" },
    { EXTRACT_REGEX, "", "pattern is missing" },
    { EXTRACT_BETWEEN, "", "boundary" },
};

TEST(extract_mistakes)
{
    struct arena *a = arena_new();
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct err err = { 0 };
        struct extract e = { .kind = mistakes[i].kind, .expr = slice_z(mistakes[i].expr) };
        CHECK(!extractor_compile(a, &e, &err));
        if (!strstr(err.text, mistakes[i].says))
            test_fail(__FILE__, __LINE__, "%s: %s", mistakes[i].expr, err.text);
    }
    arena_free(a);
}

TEST(extract_hostile_bodies_end)
{
    struct arena *a = arena_new();
    struct buf body = BUF_INIT(4 << 20);
    uint64_t start = clock_thread_cpu_ns();
    for (int i = 0; i < 30000; i++)
        buf_addc(&body, 'a');
    struct answer answer = { .body = buf_slice(&body) };
    struct extract e = { .kind = EXTRACT_REGEX, .expr = SL("^(a+)+$b") };
    CHECK_S(run_on(a, e, &answer), SL(NOT));
    buf_reset(&body);
    for (int i = 0; i < 20000; i++)
        buf_addz(&body, "<div><a>");
    answer.body = buf_slice(&body);
    e = (struct extract){ .kind = EXTRACT_HTML, .expr = SL("div div div p") };
    CHECK_S(run_on(a, e, &answer), SL(NOT));
    e.expr = SL("//div//div//div//div//p");
    CHECK_S(run_on(a, e, &answer), SL(NOT));
    buf_reset(&body);
    for (int i = 0; i < 200000; i++)
        buf_addz(&body, "[");
    answer.body = buf_slice(&body);
    e = (struct extract){ .kind = EXTRACT_JSON, .expr = SL("$..a") };
    CHECK_S(run_on(a, e, &answer), SL(NOT));
    CHECK(clock_thread_cpu_ns() - start < 20 * NS_PER_S);
    buf_free(&body);
    arena_free(a);
}

TEST(extract_truncated_bodies)
{
    static const struct {
        enum extract_kind kind;
        const char *expr, *body;
    } cases[] = { { EXTRACT_JSON, "$.list[?@.id == 2].id", json },
                  { EXTRACT_HTML, "li.last@data-id", page },
                  { EXTRACT_XML, "//t:Id", soap },
                  { EXTRACT_REGEX, "token\":\"([^\"]+)\"", page },
                  { EXTRACT_BETWEEN, "cfg", page },
                  { EXTRACT_BODY, "", json } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *a = arena_new(), *scratch = arena_new();
        struct err err = { 0 };
        struct extract e = { .kind = cases[i].kind, .expr = slice_z(cases[i].expr) };
        struct extractor *x = extractor_compile(a, &e, &err);
        CHECK(x);
        for (size_t n = 0; n <= strlen(cases[i].body); n++) {
            char *cut = test_guarded(cases[i].body, n);
            struct answer answer = { .headers = &headers, .body = { cut, n } };
            struct slice out;
            if (extractor_run(x, &answer, scratch, &out)) CHECK(out.p && n > 0);
            arena_reset(scratch);
            test_guarded_free(cut, n);
        }
        extractor_free(x);
        arena_free(a);
        arena_free(scratch);
    }
}
