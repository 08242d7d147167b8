/* JSONPath against RFC 9535's own examples and the ways that hostile text has. */
#include "scenarios/jsonpath.h"

#include <string.h>

#include "tests/unit/test.h"

/* RFC 9535 1.5. */
static const char store[] =
    "{ \"store\": { \"book\": [ { \"category\": \"reference\", \"author\": \"Nigel Rees\","
    " \"title\": \"Sayings of the Century\", \"price\": 8.95 },"
    " { \"category\": \"fiction\", \"author\": \"Evelyn Waugh\", \"title\": \"Sword of Honour\","
    " \"price\": 12.99 },"
    " { \"category\": \"fiction\", \"author\": \"Herman Melville\", \"title\": \"Moby Dick\","
    " \"isbn\": \"0-553-21311-3\", \"price\": 8.99 },"
    " { \"category\": \"fiction\", \"author\": \"J. R. R. Tolkien\","
    " \"title\": \"The Lord of the Rings\", \"isbn\": \"0-395-19395-8\", \"price\": 22.99 } ],"
    " \"bicycle\": { \"color\": \"red\", \"price\": 399 } } }";

/* All nodes of a path, joined by '|'. */
static struct slice nodes(struct arena *a, const char *path, struct slice text)
{
    struct err err = { 0 };
    struct jsonpath *p = jsonpath_compile(a, slice_z(path), &err);
    if (!p) test_fail(__FILE__, __LINE__, "%s: %s", path, err.text);
    struct slice all = SL("");
    struct json_hit hit;
    for (unsigned nth = 1; nth < 100 && jsonpath_find(p, text, nth, a, &hit); nth++)
        all = arena_printf(a, "%.*s%s%.*s", SL_FMT(all), nth > 1 ? "|" : "", SL_FMT(hit.raw));
    return all;
}

struct row {
    const char *text, *path, *want;
};

static const struct row rows[] = {
    { store, "$.store.book[*].author", "Nigel Rees|Evelyn Waugh|Herman Melville|J. R. R. Tolkien" },
    { store, "$..author", "Nigel Rees|Evelyn Waugh|Herman Melville|J. R. R. Tolkien" },
    { store, "$.store..price", "8.95|12.99|8.99|22.99|399" },
    { store, "$..book[2].author", "Herman Melville" },
    { store, "$..book[2].publisher", "" },
    { store, "$..book[-1].title", "The Lord of the Rings" },
    { store, "$..book[0,1].price", "8.95|12.99" },
    { store, "$..book[:2].price", "8.95|12.99" },
    { store, "$..book[?@.isbn].price", "8.99|22.99" },
    { store, "$..book[?@.price<10].title", "Sayings of the Century|Moby Dick" },
    { store, "$..book[?(@.author == 'Evelyn Waugh')].price", "12.99" },
    { store, "$.store.book[?@.category=='fiction' && @.price > 10].price", "12.99|22.99" },
    { store, "$.store.book[?!@.isbn].price", "8.95|12.99" },
    { store, "$.store.book[?@.price == $.store.book[1].price].author", "Evelyn Waugh" },
    { store, "$.store.bicycle", "{ \"color\": \"red\", \"price\": 399 }" },
    /* 2.2 root */
    { "{\"k\": \"v\"}", "$", "{\"k\": \"v\"}" },
    { "42", "$", "42" },
    /* 2.3.1 names */
    { "{\"o\": {\"j j\": {\"k.k\": 3}}, \"'\": {\"@\": 2}}", "$.o['j j']['k.k']", "3" },
    { "{\"o\": {\"j j\": {\"k.k\": 3}}, \"'\": {\"@\": 2}}", "$.o[\"j j\"][\"k.k\"]", "3" },
    { "{\"o\": {\"j j\": {\"k.k\": 3}}, \"'\": {\"@\": 2}}", "$[\"'\"][\"@\"]", "2" },
    { "{\"\\u00e9\": 1, \"a\\nb\": 2}", "$['\\u00e9','a\\nb']", "1|2" },
    { "{\"x-y\": 1}", "$.x-y", "1" },
    { "{\"a\": 1, \"a\": 2}", "$.a", "1" },
    /* 2.3.2 wildcard */
    { "{\"o\": {\"j\": 1, \"k\": 2}, \"a\": [5, 3]}", "$[*]", "{\"j\": 1, \"k\": 2}|[5, 3]" },
    { "{\"o\": {\"j\": 1, \"k\": 2}, \"a\": [5, 3]}", "$.o[*, *]", "1|2|1|2" },
    { "{\"o\": {\"j\": 1, \"k\": 2}, \"a\": [5, 3]}", "$.a[*]", "5|3" },
    /* 2.3.3 index */
    { "[\"a\", \"b\"]", "$[1]", "b" },
    { "[\"a\", \"b\"]", "$[-2]", "a" },
    { "[\"a\", \"b\"]", "$[2]", "" },
    { "[\"a\", \"b\"]", "$[-3]", "" },
    { "{\"1\": 2}", "$[1]", "" },
    /* 2.3.4 slice */
    { "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\"]", "$[1:3]", "b|c" },
    { "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\"]", "$[5:]", "f|g" },
    { "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\"]", "$[1:5:2]", "b|d" },
    { "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\"]", "$[5:1:-2]", "f|d" },
    { "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\"]", "$[::-1]", "g|f|e|d|c|b|a" },
    { "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\"]", "$[-3:-1]", "e|f" },
    { "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\"]", "$[::0]", "" },
    /* 2.3.5 filters */
    { "{\"a\": [3, 5, 1, 2, 4, 6, {\"b\": \"j\"}, {\"b\": \"k\"}, {\"b\": {}}, {\"b\": \"kilo\"}],"
      " \"o\": {\"p\": 1, \"q\": 2, \"r\": 3, \"s\": 5, \"t\": {\"u\": 6}}, \"e\": \"f\"}",
      "$.a[?@.b == 'kilo']", "{\"b\": \"kilo\"}" },
    { "{\"a\": [3, 5, 1, 2, 4, 6, {\"b\": \"j\"}, {\"b\": \"k\"}, {\"b\": {}}, {\"b\": \"kilo\"}]}",
      "$.a[?@>3.5]", "5|4|6" },
    { "{\"a\": [3, 5, 1, 2, 4, 6, {\"b\": \"j\"}, {\"b\": \"k\"}, {\"b\": {}}, {\"b\": \"kilo\"}]}",
      "$.a[?@<2 || @.b == \"k\"]", "1|{\"b\": \"k\"}" },
    { "{\"o\": {\"p\": 1, \"q\": 2, \"r\": 3, \"s\": 5, \"t\": {\"u\": 6}}}", "$.o[?@>1 && @<4]",
      "2|3" },
    { "{\"o\": {\"p\": 1, \"q\": 2, \"r\": 3, \"s\": 5, \"t\": {\"u\": 6}}}", "$.o[?@.u || @.x]",
      "{\"u\": 6}" },
    { "{\"a\": [3, 5]}", "$.a[?@.b == $.x]", "3|5" },
    { "{\"a\": [3, {\"b\": 1}]}", "$[?@[?@.b]]", "[3, {\"b\": 1}]" },
    { "[{\"a\": \"x\\u0041\"}, {\"a\": \"xB\"}]", "$[?@.a == 'xA'].a", "x\\u0041" },
    { "[1, 1.0, 1e0, \"1\", true]", "$[?@ == 1]", "1|1.0|1e0" },
    { "[null, false, true, {}]", "$[?@ == null || @ == true]", "null|true" },
    { "[{\"a\": null}, {}]", "$[?@.a]", "{\"a\": null}" },
    { "[\"a\", \"b\", 1]", "$[?@ >= 'b']", "b" },
    { "[1, 2, 3]", "$[?!(@ == 2)]", "1|3" },
    { "[[1, 1], [2, 1]]", "$[?@[0] == @[-1]]", "[1, 1]" },
    { "[{\"a\": [1, [2]], \"b\": [1.0,[2]]}, {\"a\": [1, [2]], \"b\": [[2], 1]}, {\"a\": [1], "
      "\"b\": [1, 2]}]",
      "$[?@.a == @.b].b", "[1.0,[2]]" },
    { "[{\"a\": {\"x\": 1, \"y\": {\"z\": \"\\u0041\"}}, \"b\": {\"y\": {\"z\": \"A\"}, \"x\": 1}, "
      "\"n\": 1},"
      " {\"a\": {\"x\": 1, \"y\": 2}, \"b\": {\"x\": 1}, \"n\": 2},"
      " {\"a\": {\"x\": 1}, \"b\": {\"y\": 1}, \"n\": 3}, {\"a\": {}, \"b\": [], \"n\": 4}]",
      "$[?@.a == @.b].n", "1" },
    { "[{\"a\": null}, {\"d\": 1}]", "$[?@.a == null]", "{\"a\": null}" },
    { "[{\"a\": true}, {\"a\": 1}]", "$[?@.a <= true].a", "true" },
    { "[{\"a\": 1}, {\"b\": 2}, {\"c\": 3}]", "$[?@.a, 1:]", "{\"a\": 1}|{\"b\": 2}|{\"c\": 3}" },
    { "[0, 1, 2]", "$[1, 0:3, *]", "1|0|1|2|0|1|2" },
    { "{\"o\": [0, 1, [2, 3]]}", "$..[1]", "1|3" },
    { "[{\"a\": \"b\", \"d\": \"e\"}, {\"a\": \"c\", \"d\": \"f\"}]", "$..['a','d']", "b|e|c|f" },
    { "{\"\u263a\": \"A\"}", "$.\u263a", "A" },
    /* 2.5.2 descendants */
    { "{\"o\": {\"j\": 1, \"k\": 2}, \"a\": [5, 3, [{\"j\": 4}, {\"k\": 6}]]}", "$..j", "1|4" },
    { "{\"a\": {\"x\": {\"k\": 1}}, \"k\": 2}", "$..k", "2|1" },
    { "{\"o\": {\"j\": 1, \"k\": 2}, \"a\": [5, 3, [{\"j\": 4}, {\"k\": 6}]]}", "$..[0]",
      "5|{\"j\": 4}" },
    { "[[1], [2]]", "$..*", "[1]|[2]|1|2" },
    /* blanks */
    { "{\"a\": [1, 2]}", "$ .a [ 0 , 1 ]", "1|2" },
    /* not the whole text is JSON: what stands before the mistake is found */
    { "{\"a\": 1, \"b\": ", "$.a", "1" },
    { "{\"a\": 1, \"b\": ", "$.b", "" },
    { "", "$.a", "" },
    { "<html>", "$.a", "" },
    { "\xef\xbb\xbf{\"a\": 1}", "$.a", "1" },
};

TEST(jsonpath_finds)
{
    struct arena *a = arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct slice got = nodes(a, rows[i].path, slice_z(rows[i].text));
        if (!slice_eq(got, slice_z(rows[i].want)))
            test_fail(__FILE__, __LINE__, "%s gives %.*s, want %s", rows[i].path, SL_FMT(got),
                      rows[i].want);
    }
    arena_free(a);
}

static const struct {
    const char *path, *says;
} mistakes[] = {
    { "", "starts with '$'" },
    { "token", "starts with '$'" },
    { "$.", "a name is missing" },
    { "$..", "a name is missing" },
    { "$.a.", "at character 5" },
    { "$.a[", "is missing here" },
    { "$[01]", "whole number" },
    { "$[-0]", "whole number" },
    { "$[9007199254740992]", "whole number" },
    { "$['a]", "not closed" },
    { "$['\\x']", "unknown escape" },
    { "$[\"\\ud800\"]", "surrogate" },
    { "$.a b", "at character 4" },
    { "$[?@.a == ]", "is missing here" },
    { "$[?1]", "a value alone" },
    { "$[?@..a == 1]", "can be compared" },
    { "$[?length(@) > 1]", "functions are not supported" },
    { "$[?!@.a == 1]", "wants parentheses" },
    { "$[?(@.a]", "')' is missing" },
    { "$[?((((((((((((((((((((@))))))))))))))))))))]", "nested too deep" },
    { "$[?!!!!@.a]", "one '!'" },
    { "$.a]", "is missing here" },
    { " $", "starts with '$'" },
    { "$ ", "at character 2" },
    { "$.&", "a name is missing" },
    { "$.1", "a name is missing" },
    { "$. a", "a name is missing" },
    { "$.. a", "a name is missing" },
    { "$[]", "is missing here" },
    { "$[0 2]", "is missing here" },
    { "$[?(@[0, 0] == 42)]", "can be compared" },
    { "$[?($.* <= 42)]", "can be compared" },
};

TEST(jsonpath_mistakes)
{
    struct arena *a = arena_new();
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct err err = { 0 };
        if (jsonpath_compile(a, slice_z(mistakes[i].path), &err))
            test_fail(__FILE__, __LINE__, "%s is taken", mistakes[i].path);
        if (!strstr(err.text, mistakes[i].says))
            test_fail(__FILE__, __LINE__, "%s: %s", mistakes[i].path, err.text);
    }
    arena_free(a);
}

TEST(jsonpath_hostile_text_costs_bounded_time)
{
    struct arena *a = arena_new();
    struct buf text = BUF_INIT(1 << 20);
    for (int i = 0; i < 500; i++)
        buf_addz(&text, "{\"a\":[");
    for (int i = 0; i < 500; i++)
        buf_addz(&text, "1]}");
    CHECK_S(nodes(a, "$..a..a..a..a..b", buf_slice(&text)), SL(""));
    buf_reset(&text);
    for (int i = 0; i < 250; i++)
        buf_addz(&text, "{\"a\":[");
    for (int i = 0; i < 250; i++)
        buf_addz(&text, "1]}");
    CHECK_S(nodes(a, "$..a..a..a..a..a..b", buf_slice(&text)), SL(""));
    buf_free(&text);
    arena_free(a);
}

TEST(jsonpath_cut_anywhere)
{
    struct arena *a = arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t len = strlen(rows[i].path);
        for (size_t n = 0; n <= len; n++) {
            char *cut = test_guarded(rows[i].path, n);
            struct err err = { 0 };
            struct jsonpath *p = jsonpath_compile(a, (struct slice){ cut, n }, &err);
            CHECK((p != NULL) != err_is(&err));
            test_guarded_free(cut, n);
        }
    }
    struct err err = { 0 };
    struct jsonpath *p = jsonpath_compile(a, SL("$..book[?@.isbn == '0-395-19395-8'].price"), &err);
    for (size_t n = 0; n < sizeof store; n++) {
        char *cut = test_guarded(store, n);
        struct json_hit hit;
        if (jsonpath_find(p, (struct slice){ cut, n }, 1, a, &hit)) CHECK(n > 400);
        test_guarded_free(cut, n);
    }
    arena_free(a);
}
