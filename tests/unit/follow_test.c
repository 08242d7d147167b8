/* The recorded origin in texts becomes the new target, in every spelling, and nothing else does. */
#include "replay/follow.h"

#include "tests/unit/test.h"

static void becomes(const char *text, const char *want)
{
    const struct follow f = { SL("https://shop.example"), SL("http://127.0.0.1:81/p") };
    struct arena *a = arena_new();
    CHECK_S(follow_text(a, &f, slice_z(text)), slice_z(want));
    arena_free(a);
}

TEST(follow_in_every_spelling)
{
    becomes("https://shop.example", "http://127.0.0.1:81/p");
    becomes("a=HTTPS://shop.example/x b=https://shop.example.",
            "a=http://127.0.0.1:81/p/x b=http://127.0.0.1:81/p.");
    becomes("to=https%3a%2F%2fshop.example%2Fcb", "to=http%3A%2F%2F127.0.0.1%3A81%2Fp%2Fcb");
    becomes("{\"u\":\"https:\\/\\/shop.example\\/cb\"}",
            "{\"u\":\"http:\\/\\/127.0.0.1:81\\/p\\/cb\"}");
    becomes("=\"https://shop\\.example/(", "=\"http://127\\.0\\.0\\.1:81/p/(");
}

TEST(follow_leaves_other_origins)
{
    static const char *const v[] = { "https://shop.example.org/",
                                     "https://shop.example:8443/",
                                     "https%3A%2F%2Fshop.example%3A8443",
                                     "http://shop.example/",
                                     "https://shop\\.example\\.org",
                                     "https://my-shop.example",
                                     "https://shop.examples",
                                     "",
                                     NULL };
    for (size_t i = 0; v[i]; i++)
        becomes(v[i], v[i]);
}

TEST(follow_without_another_target)
{
    struct arena *a = arena_new();
    struct slice text = SL("https://shop.example");
    CHECK(follow_text(a, &(struct follow){ 0 }, text).p == text.p);
    arena_free(a);
}
