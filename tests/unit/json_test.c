/* Unit tests of base/json: the reader and the writer. */
#include "base/json.h"

#include <string.h>

#include "tests/unit/test.h"

static const char letters[] = "!.{}[]KSNtfn";

/* The tokens of a text as letters, up to the error or the end. */
static struct slice tokens(struct slice text, struct buf *out)
{
    struct json j;
    json_init(&j, text);
    buf_reset(out);
    for (enum json_tok t = JSON_NULL; t != JSON_END && t != JSON_ERROR;) {
        t = json_next(&j);
        CHECK(j.at <= text.n && j.tok_at <= text.n);
        buf_addc(out, letters[t]);
    }
    return buf_slice(out);
}

TEST(json_gives_every_token)
{
    struct buf b = BUF_INIT(1000);
    CHECK_S(tokens(SL("{\"a\": [1, -2.5e+3, \"x\"], \"b\" : {} , \"c\":[ ],\"d\":true}"), &b),
            SL("{K[NNS]K{}K[]Kt}."));
    CHECK_S(tokens(SL("\xef\xbb\xbf [null,false]\r\n"), &b), SL("[nf]."));
    CHECK_S(tokens(SL("[NaN,Infinity,-Infinity,0,-0,0.5]"), &b), SL("[NNNNNN]."));
    CHECK_S(tokens(SL("\"x\""), &b), SL("S."));
    CHECK_S(tokens(SL(" 7 "), &b), SL("N."));
    buf_free(&b);
}

static void expect_error(struct slice text, size_t at, const char *expected)
{
    struct json j;
    json_init(&j, text);
    for (enum json_tok t = json_next(&j); t != JSON_END && t != JSON_ERROR;)
        t = json_next(&j);
    CHECK_U(j.tok, JSON_ERROR);
    CHECK_Z(j.expected, expected);
    CHECK_U(j.at, at);
    CHECK_U(json_next(&j), JSON_ERROR); /* and it stays there */
    CHECK_U(j.at, at);
}

TEST(json_says_what_was_expected)
{
    expect_error(SL(""), 0, "a value");
    expect_error(SL("[1 2]"), 3, "',' or ']'");
    expect_error(SL("{\"a\":1 \"b\"}"), 7, "',' or '}'");
    expect_error(SL("{\"a\" 1}"), 5, "':'");
    expect_error(SL("{1:2}"), 1, "a member name or '}'");
    expect_error(SL("{\"a\":1,}"), 7, "a member name in quotes");
    expect_error(SL("[1,]"), 3, "a value");
    expect_error(SL("[}"), 1, "a value or ']'");
    expect_error(SL("[1}"), 2, "',' or ']'");
    expect_error(SL("1 2"), 2, "the end of the text");
    expect_error(SL("01"), 1, "a number without leading zeros");
    expect_error(SL("-"), 1, "a digit");
    expect_error(SL("1."), 2, "a digit after the point");
    expect_error(SL("1e"), 2, "a digit of the exponent");
    expect_error(SL("nul"), 3, "null");
    expect_error(SL("[trux]"), 1, "true");
    expect_error(SL("\"ab"), 3, "a closing '\"'");
    expect_error(SL("[\"a\\x\"]"), 3, "an escape like \\n or \\u0041");
    expect_error(SL("\"\\u12"), 5, "a closing '\"'");
    expect_error(SL("\"\\u12x4\""), 1, "an escape like \\n or \\u0041");
}

TEST(json_fail_names_the_place)
{
    struct json j;
    struct err err = { 0 };
    json_init(&j, SL("{\n  \"a\": 1,\n  \"b\" 2\n}"));
    while (json_next(&j) != JSON_ERROR)
        CHECK(j.tok != JSON_END);
    CHECK(!json_fail(&j, "x.har", "ignored", &err));
    CHECK_Z(err.text, "x.har:3:7: expected ':', found '2'");
    err = (struct err){ 0 };
    json_init(&j, SL("[\"a\"]"));
    json_next(&j);
    json_next(&j);
    json_fail(&j, "y", "a number", &err);
    CHECK_Z(err.text, "y:1:2: expected a number, found a string");
    err = (struct err){ 0 };
    json_init(&j, SL("["));
    json_next(&j);
    json_next(&j);
    json_fail(&j, "z", NULL, &err);
    CHECK_Z(err.text, "z:1:2: expected a value or ']', found the end of the text");
}

TEST(json_limits_depth)
{
    char text[JSON_MAX_DEPTH + 1];
    struct buf b = BUF_INIT(10000);
    memset(text, '[', sizeof text);
    expect_error((struct slice){ text, sizeof text }, JSON_MAX_DEPTH, "no more than 512 levels");
    for (int i = 0; i < JSON_MAX_DEPTH; i++)
        buf_addc(&b, '[');
    for (int i = 0; i < JSON_MAX_DEPTH; i++)
        buf_addc(&b, ']');
    struct json j;
    json_init(&j, buf_slice(&b));
    json_next(&j);
    CHECK(json_skip(&j) && json_next(&j) == JSON_END);
    buf_free(&b);
}

static const char sample[] =
    "{\"a\\u00e9\\n\":[1.5e3,\"\\\"x\\\\\",true,{\"k\":null}],\"b\":-Infinity}";

TEST(json_never_reads_behind_the_end)
{
    struct buf b = BUF_INIT(1000);
    for (size_t n = 0; n < sizeof sample; n++) {
        char *g = test_guarded(sample, n);
        struct slice got = tokens((struct slice){ g, n }, &b);
        CHECK(got.n > 0 && got.p[got.n - 1] == (n == sizeof sample - 1 ? '.' : '!'));
        struct json j;
        json_init(&j, (struct slice){ g, n });
        while (json_next(&j) != JSON_ERROR && j.tok != JSON_END)
            continue;
        if (j.tok == JSON_ERROR) CHECK_U(j.at, n); /* truncated: the offset is the end */
        test_guarded_free(g, n);
    }
    buf_free(&b);
}

TEST(json_unescapes)
{
    struct arena *a = arena_new();
    struct json j;
    json_init(&j, SL("[\"plain\",\"\\\"\\\\\\/"
                     "\\b\\f\\n\\r\\t\",\"\\u00e9\\u20AC\\ud83d\\ude00\",\"a\\ud800b\\ude00\"]"));
    json_next(&j);
    json_next(&j);
    CHECK(!j.escaped && json_str(&j, a).p == j.raw.p);
    CHECK_S(json_str(&j, a), SL("plain"));
    json_next(&j);
    CHECK(j.escaped);
    CHECK_S(json_str(&j, a), SL("\"\\/\b\f\n\r\t"));
    json_next(&j);
    CHECK_S(json_str(&j, a), SL("é€😀"));
    json_next(&j);
    CHECK_S(json_str(&j, a), SL("a\xef\xbf\xbd"
                                "b\xef\xbf\xbd"));
    struct buf small = BUF_INIT(3);
    CHECK(!json_unescape(&small, SL("a\\u20ac")) && small.n == 0);
    buf_free(&small);
    arena_free(a);
}

TEST(json_compares_keys)
{
    struct json j;
    json_init(&j, SL("{\"log\":1,\"l\\u006fg\":2}"));
    json_next(&j);
    json_next(&j);
    CHECK(json_key_is(&j, SL("log")) && !json_key_is(&j, SL("lo")) && !json_key_is(&j, SL("logs")));
    json_next(&j);
    json_next(&j);
    CHECK(json_key_is(&j, SL("log")) && !json_key_is(&j, SL("lo")) && !json_key_is(&j, SL("logs")));
}

TEST(json_skips_and_gives_values)
{
    struct json j;
    struct slice raw;
    json_init(&j, SL("{\"a\":{\"x\":[1,{\"y\":\"}]\"}]},\"b\":[2],\"c\":\"s\",\"d\":4}"));
    json_next(&j);
    json_next(&j);
    json_next(&j);
    CHECK(json_value(&j, &raw));
    CHECK_S(raw, SL("{\"x\":[1,{\"y\":\"}]\"}]}"));
    CHECK_U(json_next(&j), JSON_KEY);
    CHECK(json_skip(&j)); /* from the key: the member */
    CHECK_U(j.tok, JSON_ARRAY_END);
    CHECK_U(json_next(&j), JSON_KEY);
    json_next(&j);
    CHECK(json_value(&j, &raw));
    CHECK_S(raw, SL("\"s\""));
    json_next(&j);
    CHECK(json_key_is(&j, SL("d")));
    json_init(&j, SL("[[1,"));
    json_next(&j);
    CHECK(!json_skip(&j));
    CHECK_U(j.tok, JSON_ERROR);
}

static void write_sample(struct jsonw *w)
{
    jsonw_object(w);
    jsonw_key(w, "a");
    jsonw_array(w);
    jsonw_u64(w, UINT64_MAX);
    jsonw_i64(w, INT64_MIN);
    jsonw_bool(w, true);
    jsonw_null(w);
    jsonw_array_end(w);
    jsonw_key(w, "e");
    jsonw_object(w);
    jsonw_object_end(w);
    jsonw_key(w, "q\"");
    jsonw_str(w, SL("\x01\n\xff"
                    "é"));
    jsonw_object_end(w);
}

TEST(json_writes)
{
    struct buf b = BUF_INIT(1000);
    struct jsonw w = { .out = &b };
    write_sample(&w);
    CHECK_S(buf_slice(&b),
            SL("{\"a\":[18446744073709551615,-9223372036854775808,true,null],\"e\":{},"
               "\"q\\\"\":\"\\u0001\\n\xef\xbf\xbdé\"}"));
    buf_reset(&b);
    w = (struct jsonw){ .out = &b, .indent = 2 };
    jsonw_object(&w);
    jsonw_key(&w, "a");
    jsonw_array(&w);
    jsonw_u64(&w, 1);
    jsonw_u64(&w, 2);
    jsonw_array_end(&w);
    jsonw_key(&w, "b");
    jsonw_z(&w, "x");
    jsonw_object_end(&w);
    CHECK_S(buf_slice(&b), SL("{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": \"x\"\n}"));
    buf_free(&b);
}

TEST(json_writes_numbers_short)
{
    struct buf b = BUF_INIT(1000);
    struct jsonw w = { .out = &b };
    const double v[] = { 1.5, 2, -0.0, 0.125, -3.14159, 1e18, 0.0004, 1.0 / 0.0, 99.9996 };
    jsonw_array(&w);
    for (size_t i = 0; i < sizeof v / sizeof *v; i++)
        jsonw_f64(&w, v[i], 3);
    jsonw_array_end(&w);
    CHECK_S(buf_slice(&b), SL("[1.5,2,0,0.125,-3.142,1000000000000000000,0,null,100]"));
    buf_free(&b);
}

TEST(jsonw_members)
{
    static const char *const names[] = { "a", "b" };
    struct buf out = BUF_INIT(1000);
    struct jsonw w = { .out = &out };
    jsonw_object(&w);
    jsonw_put_str(&w, "s", SL("x\"y"));
    jsonw_put_z(&w, "z", "t");
    jsonw_put_u64(&w, "u", UINT64_MAX);
    jsonw_put_i64(&w, "i", -5);
    jsonw_put_f64(&w, "f", 1.23456, 3);
    jsonw_put_bool(&w, "b", true);
    jsonw_put_names(&w, "n", names, 2);
    jsonw_put_object(&w, "o");
    jsonw_put_array(&w, "a");
    jsonw_array_end(&w);
    jsonw_object_end(&w);
    jsonw_object_end(&w);
    CHECK_S(buf_slice(&out),
            SL("{\"s\":\"x\\\"y\",\"z\":\"t\",\"u\":18446744073709551615,\"i\":-5,\"f\":1.235,"
               "\"b\":true,\"n\":[\"a\",\"b\"],\"o\":{\"a\":[]}}"));
    buf_free(&out);
}
