/* base/json_tree: trees of small documents, members, limits, cuts. */
#include "base/json_tree.h"

#include "tests/unit/test.h"

static struct json_node *tree(struct arena *a, struct slice text, size_t max)
{
    struct json j;
    json_init(&j, text);
    json_next(&j);
    return json_tree(&j, a, max);
}

TEST(json_tree_members_and_lists)
{
    struct arena *a = arena_new();
    struct json_node *n = tree(
        a, SL("{\"a\":\"x\\u0041\",\"n\":1.5,\"t\":true,\"l\":[1,{\"k\":null},[]],\"a\":2}"), 100);
    CHECK(n);
    CHECK_S(json_member_text(n, SL("a")), SL("xA"));
    CHECK_S(json_member_text(n, SL("n")), SL("1.5"));
    CHECK(json_member_true(n, SL("t")));
    CHECK(!json_member_true(n, SL("n")));
    const struct json_node *l = json_member(n, SL("l"));
    CHECK_U(l->kind, JSON_ARRAY);
    CHECK_U(l->child->next->kind, JSON_OBJECT);
    CHECK_U(json_member(l->child->next, SL("k"))->kind, JSON_NULL);
    CHECK(l->child->next->next->kind == JSON_ARRAY && !l->child->next->next->child);
    CHECK(!json_member(n, SL("none")));
    CHECK(!json_member(l, SL("a")));
    CHECK_U(json_member_text(NULL, SL("a")).n, 0);
    arena_free(a);
}

TEST(json_tree_limits_and_cuts)
{
    struct arena *a = arena_new();
    struct slice text = SL("{\"a\":[1,2,{\"b\":\"c\"}],\"d\":false}");
    CHECK(tree(a, text, 7));
    CHECK(!tree(a, text, 3));
    for (size_t n = 0; n < text.n; n++)
        CHECK(!tree(a, slice_sub(text, 0, n), 100));
    CHECK_S(tree(a, SL(" \"s\" "), 1)->text, SL("s"));
    arena_free(a);
}
