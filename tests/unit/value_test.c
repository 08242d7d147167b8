/* Which texts are tokens by themselves and which are not: pairs seen in recordings. */
#include "scenarios/value.h"

#include <stdio.h>
#include <string.h>

#include "base/rnd.h"
#include "tests/unit/test.h"

static void all_within(const char *const *v, double from, double to)
{
    for (; *v; v++) {
        double b = value_bits(slice_z(*v));
        if (b < from || b >= to) test_fail(__FILE__, __LINE__, "%s has %.1f bits", *v, b);
    }
}

TEST(value_strong)
{
    static const char *const v[] = { "BZnTgt7tiEYbH07JLhmP1tTq",
                                     "EBn7QgbxjPy7dlj4UcJ9o3Ej",
                                     "5bc1f45f5a92d771125b59e8",
                                     "Ifna-m945rMZ0N4MF7qtSegn",
                                     "23199922f43bb061a894bcf7",
                                     "cRmXrJ5vs_PpPepweeI_0A",
                                     "f6f2187d.f17ca8",
                                     "1f3b0c9e-7a55-4f1e-9f0a-1c2d3e4f5a6b",
                                     "1795396570619",
                                     "a3f81c2d9b",
                                     "abc123def456ghi789",
                                     "QN2pjhxr8hmYkVJvNVoXOGFbAAA=",
                                     "WUn_acV8-rYsLA",
                                     "BKCD-WQRX",
                                     "soxemWirROW-O5bD",
                                     NULL };
    all_within(v, BITS_STRONG, 1e9);
}

TEST(value_weak)
{
    static const char *const v[] = { "4765",
                                     "1",
                                     "wikitext",
                                     "administrator",
                                     "text/x-wiki",
                                     "en-US",
                                     "2026-11-23",
                                     "4.7.0",
                                     "true",
                                     "createNewPage",
                                     "XMLHttpRequest",
                                     "application/json",
                                     "A recorded note",
                                     "utf-8",
                                     "0000000000",
                                     "user1",
                                     "publish",
                                     "#ffffff",
                                     "1280",
                                     "post-new.php",
                                     "content-type",
                                     "2026-11-23T01:02:03",
                                     "DateTimeZone",
                                     "getElementsByTagName",
                                     "wp-block-library",
                                     "Donaudampfschiff",
                                     "MyISAM_key_blocks",
                                     "SSL_CTX_set_cert_store",
                                     "getUTCFullYear",
                                     "thumb_480.jpg",
                                     "static.example.com",
                                     NULL };
    all_within(v, 0, BITS_MEDIUM);
}

TEST(value_medium)
{
    static const char *const v[] = { "2da1c3",    "3922461",     "f81c2d9b", "utf8mb4_unicode_ci",
                                     "1280x1024", "winter-2026", NULL };
    all_within(v, BITS_MEDIUM, BITS_STRONG);
}

/* How many of 4,000 random texts are taken for something else than a token. */
static unsigned missed(const char *letters, size_t n)
{
    struct rnd rnd;
    unsigned count = 0;
    rnd_seed(&rnd, n, strlen(letters));
    for (int i = 0; i < 4000; i++) {
        char text[64];
        for (size_t k = 0; k < n; k++)
            text[k] = letters[rnd_below(&rnd, strlen(letters))];
        count += value_bits((struct slice){ text, n }) < BITS_STRONG;
    }
    return count;
}

TEST(value_chance_seldom_makes_words)
{
    static const char base64url[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    CHECK(missed(base64url, 10) < 100);
    CHECK(missed(base64url, 12) < 40);
    CHECK(missed(base64url, 14) < 20);
    CHECK(missed(base64url, 20) < 8);
    CHECK(missed("abcdefghijklmnopqrstuvwxyz0123456789", 14) < 20);
    CHECK(missed("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16) < 20);
    CHECK(missed("abcdefghijklmnopqrstuvwxyz", 24) < 20);
    CHECK(missed("0123456789abcdef", 12) < 30);
}

TEST(value_mixed_is_no_slug)
{
    CHECK(value_is_mixed(SL("A7-Pui9V")) && value_is_mixed(SL("hyDneCcl")));
    CHECK(!value_is_mixed(SL("winter-2026")) && !value_is_mixed(SL("Shoes-and-more")));
    CHECK(!value_is_mixed(SL("12345678")) && !value_is_mixed(SL("aB3dE")));
}

TEST(value_moment)
{
    CHECK(value_is_moment(SL("2026-11-23T02:13:22.000Z")));
    CHECK(value_is_moment(SL("2026-11-23 02:13:22")));
    CHECK(value_is_moment(SL("2026-11-23.02:13:22")));
    CHECK(value_is_moment(SL("2026-11-23_02:13:22")));
    CHECK(!value_is_moment(SL("2026-11-23.02:13")));
    CHECK(!value_is_moment(SL("2026-11-23x02:13:22")));
    CHECK(!value_is_moment(SL("2026-11-23.02:13:22 and more than a time")));
}

TEST(value_names)
{
    CHECK(name_eq(SL("XSRF-TOKEN"), SL("xsrf_token")));
    CHECK(!name_eq(SL("a"), SL("ab")));
    CHECK(name_is_id(SL("userId")) && name_is_id(SL("post_ID")) && !name_is_id(SL("valid")));
    CHECK(name_agrees(SL("bid"), SL("BasketId")) && name_agrees(SL("users"), SL("user_id")));
    CHECK(!name_agrees(SL("id"), SL("ProductId")) && !name_agrees(SL("bid"), SL("ProductId")));
    CHECK(name_is_password(SL("user[password]")) && name_is_password(SL("_pass")));
    CHECK(!name_is_password(SL("compass_x")));
}
