/* Unit tests of base/enc: encodings and digests. */
#include "base/enc.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/unit/test.h"

typedef bool coder(struct buf *, struct slice);

static void gives(coder *f, struct slice in, struct slice want)
{
    struct buf b = BUF_INIT(10000);
    char *g = test_guarded(in.p, in.n);
    buf_addc(&b, '>');
    CHECK(f(&b, (struct slice){ g, in.n }));
    CHECK_S(slice_from(buf_slice(&b), 1), want);
    test_guarded_free(g, in.n);
    buf_free(&b);
}

static void refuses(coder *f, struct slice in)
{
    struct buf b = BUF_INIT(10000);
    buf_addc(&b, '>');
    CHECK(!f(&b, in));
    CHECK_S(buf_slice(&b), SL(">"));
    buf_free(&b);
}

static bool component(struct buf *b, struct slice s)
{
    return enc_percent(b, s, ENC_COMPONENT);
}

static bool form(struct buf *b, struct slice s)
{
    return enc_percent(b, s, ENC_FORM);
}

static bool path(struct buf *b, struct slice s)
{
    return enc_percent(b, s, ENC_PATH);
}

static bool unpercent(struct buf *b, struct slice s)
{
    return enc_unpercent(b, s, false);
}

static bool unform(struct buf *b, struct slice s)
{
    return enc_unpercent(b, s, true);
}

static bool base64(struct buf *b, struct slice s)
{
    return enc_base64(b, s, false);
}

static bool base64url(struct buf *b, struct slice s)
{
    return enc_base64(b, s, true);
}

TEST(enc_percent_three_ways)
{
    gives(component, SL("a b/ü~*"), SL("a%20b%2F%C3%BC~%2A"));
    gives(form, SL("a b/~*&"), SL("a+b%2F%7E*%26"));
    gives(path, SL("/a b/c;d=1?"), SL("/a%20b/c;d=1%3F"));
    gives(component, SL("a\0b"), SL("a%00b"));
}

TEST(enc_unpercent_keeps_what_is_no_code)
{
    gives(unpercent, SL("a%20b+%2f%C3%bc"), SL("a b+/ü"));
    gives(unform, SL("a+b%2B"), SL("a b+"));
    gives(unpercent, SL("100%"), SL("100%"));
    gives(unpercent, SL("%zz%4"), SL("%zz%4"));
    gives(unpercent, SL("%%41"), SL("%A"));
}

TEST(enc_base64_both_ways)
{
    gives(base64, SL(""), SL(""));
    gives(base64, SL("f"), SL("Zg=="));
    gives(base64, SL("fo"), SL("Zm8="));
    gives(base64, SL("foobar"), SL("Zm9vYmFy"));
    gives(base64, SL("\xfb\xff"), SL("+/8="));
    gives(base64url, SL("\xfb\xff"), SL("-_8"));
    gives(enc_unbase64, SL("Zm9v\r\nYmFy"), SL("foobar"));
    gives(enc_unbase64, SL("Zg"), SL("f"));
    gives(enc_unbase64, SL("Zg==\n"), SL("f"));
    gives(enc_unbase64, SL("-_8"), SL("\xfb\xff"));
    refuses(enc_unbase64, SL("Z"));
    refuses(enc_unbase64, SL("Zg="));
    refuses(enc_unbase64, SL("Zg==Zg=="));
    refuses(enc_unbase64, SL("Zm9v===="));
    refuses(enc_unbase64, SL("Zm 9"));
}

TEST(enc_round_trips_every_length)
{
    struct buf b = BUF_INIT(10000), c = BUF_INIT(10000);
    char text[300];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)(i * 7);
    for (size_t n = 0; n <= sizeof text; n++) {
        struct slice s = { text, n };
        coder *const pairs[][2] = { { base64, enc_unbase64 },
                                    { base64url, enc_unbase64 },
                                    { enc_hex, enc_unhex },
                                    { component, unpercent },
                                    { form, unform } };
        for (size_t i = 0; i < 5; i++) {
            buf_reset(&b);
            buf_reset(&c);
            CHECK(pairs[i][0](&b, s) && pairs[i][1](&c, buf_slice(&b)));
            CHECK_S(buf_slice(&c), s);
        }
    }
    buf_free(&b);
    buf_free(&c);
}

TEST(enc_hex_refuses)
{
    gives(enc_hex, SL("\x01\xab"), SL("01ab"));
    gives(enc_unhex, SL("01AB"), SL("\x01\xab"));
    refuses(enc_unhex, SL("0"));
    refuses(enc_unhex, SL("0g"));
}

TEST(enc_json_escapes_at_every_place)
{
    gives(enc_json, SL("a\"b\\c\n\r\t\b\f\x01\x1f\x7f"),
          SL("a\\\"b\\\\c\\n\\r\\t\\b\\f\\u0001\\u001f\x7f"));
    gives(enc_json, SL("é€😀"), SL("é€😀"));
    gives(enc_json, SL("\xc3(\xe2\x82"), SL("\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd"));
    gives(enc_json, SL("\xc0\x80\xed\xa0\x80\0"),
          SL("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
             "\xef\xbf\xbd\\u0000"));
    for (size_t at = 0; at < 24; at++) { /* words of eight: the odd byte anywhere */
        char in[24], want[64];
        memset(in, 'x', sizeof in);
        in[at] = '"';
        int n = snprintf(want, sizeof want, "%.*s\\\"%.*s", (int)at, "xxxxxxxxxxxxxxxxxxxxxxxx",
                         (int)(23 - at), "xxxxxxxxxxxxxxxxxxxxxxxx");
        gives(enc_json, (struct slice){ in, sizeof in }, (struct slice){ want, (size_t)n });
    }
}

TEST(enc_html_both_ways)
{
    gives(enc_html, SL("<a href=\"x\">'&"), SL("&lt;a href=&quot;x&quot;&gt;&#39;&amp;"));
    gives(enc_unhtml, SL("&lt;&#39;&#x27;&amp;lt;&eacute;&euro;&#8364;"), SL("<''&lt;é€€"));
    gives(enc_unhtml, SL("?a=1&copy=2&b;&"), SL("?a=1&copy=2&b;&"));
    gives(enc_unhtml, SL("&#x110000;&#0;&#xd800;&#146;"),
          SL("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd’"));
    gives(enc_unhtml, SL("&#&#x;&#39"), SL("&#&#x;'"));
    gives(enc_unhtml, SL("&yuml;&iexcl;&raquo;"), SL("ÿ¡»"));
}

TEST(enc_xml_holds_any_bytes)
{
    gives(enc_xml, SL("a<\t\n\r\x01z\x1f"), SL("a&lt;\t\n\r\xef\xbf\xbdz\xef\xbf\xbd"));
    gives(enc_xml, SL("é€"), SL("é€"));
    gives(enc_xml, SL("\xe9<\0"), SL("\xef\xbf\xbd&lt;\xef\xbf\xbd"));
}

TEST(enc_unicode)
{
    struct buf b = BUF_INIT(100);
    CHECK(enc_utf8(&b, 'a') && enc_utf8(&b, 0xe9) && enc_utf8(&b, 0x20ac) && enc_utf8(&b, 0x1f600));
    CHECK_S(buf_slice(&b), SL("aé€😀"));
    CHECK(!enc_utf8(&b, 0xd800) && !enc_utf8(&b, 0x110000) && !b.bad);
    buf_free(&b);
    CHECK(enc_is_utf8(SL("aé€😀")) && enc_is_utf8(SL("")));
    CHECK(!enc_is_utf8(SL("\xff")) && !enc_is_utf8(SL("\xe2\x82")) &&
          !enc_is_utf8(SL("\xf4\x90\x80\x80")));
    gives(enc_utf16,
          SL("\xff\xfe"
             "a\0\xac\x20"),
          SL("a€"));
    gives(enc_utf16, SL("\xfe\xff\xd8\x3d\xde\x00\xd8\x3d"), SL("😀\xef\xbf\xbd"));
    refuses(enc_utf16, SL("ab"));
}

static struct slice hex_of(const unsigned char *p, size_t n, struct buf *b)
{
    buf_reset(b);
    enc_hex(b, (struct slice){ (const char *)p, n });
    return buf_slice(b);
}

TEST(enc_digests)
{
    struct buf b = BUF_INIT(1000);
    unsigned char d[64];
    size_t n;
    const struct slice abc = SL("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256_of(SL("abc"), d);
    CHECK_S(hex_of(d, 32, &b), abc);
    struct sha256 *h = sha256_new();
    for (int i = 0; i < 2; i++) { /* twice: end starts anew */
        sha256_add(h, SL("a"));
        sha256_add(h, SL("bc"));
        sha256_end(h, d);
        CHECK_S(hex_of(d, 32, &b), abc);
    }
    sha256_free(h);
    CHECK(enc_digest("MD5", SL(""), d, &n));
    CHECK_S(hex_of(d, n, &b), SL("d41d8cd98f00b204e9800998ecf8427e"));
    CHECK(!enc_digest("no such", SL(""), d, &n));
    CHECK(enc_hmac("SHA256", SL("Jefe"), SL("what do ya want for nothing?"), d, &n)); /* RFC 4231 */
    CHECK_S(hex_of(d, n, &b),
            SL("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
    CHECK(enc_hmac("SHA1", (struct slice){ 0 }, (struct slice){ 0 }, d, &n) && n == 20);
    buf_free(&b);
}

TEST(enc_stops_at_a_full_buffer)
{
    coder *const all[] = { component, base64,    enc_hex,      enc_json,
                           enc_html,  unpercent, enc_unbase64, enc_unhtml };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct buf b = BUF_INIT(3);
        CHECK(!all[i](&b, SL("abcdefgh")) && b.n <= 3);
        buf_free(&b);
    }
}
