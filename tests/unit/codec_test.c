/* Unit tests of base/codec: every content coding, cut, too large and nested. */
#include "base/codec.h"

#include "base/gz.h"
#include "tests/unit/test.h"

#define PLAIN SL("hello hello hello hello hello hello hello hello!")
#define ZLIB SL("\x78\xda\xcb\x48\xcd\xc9\xc9\x57\xc8\x20\x96\x54\x04\x00\xb5\x38\x11\xa2")
#define RAW SL("\xcb\x48\xcd\xc9\xc9\x57\xc8\x20\x96\x54\x04\x00")
#define BROTLI                                                                                    \
    SL("\x1b\x2f\x00\xf8\x8d\x94\x6e\xde\x44\x55\x86\xd6\x20\x21\x6c\x6f\x4a\x11\x7b\xe2\x80\xa6" \
       "\x1a\x02")
#define ZSTD                                                                                      \
    SL("\x28\xb5\x2f\xfd\x24\x30\x6d\x00\x00\x38\x68\x65\x6c\x6c\x6f\x20\x21\x01\x00\x02\x95\x22" \
       "\xf1\x89\xe0\xf5")
/* 200,000 times 'a' */
#define BROTLI_BOMB SL("\x5b\x3f\x0d\x83\x5f\x22\x2c\x1e\x0b\x04\xf2\x09\x06\x00")
#define ZSTD_BOMB                                                                                 \
    SL("\x28\xb5\x2f\xfd\x04\x68\x4c\x00\x00\x08\x61\x01\x00\xfc\xff\x39\x10\x02\x03\x6a\x08\x61" \
       "\x83\x56\xbc\x98")

static struct slice gzipped(struct buf *b)
{
    buf_reset(b);
    CHECK(gz_member(b, PLAIN, 6));
    return buf_slice(b);
}

static void decodes(enum codec c, struct slice in)
{
    struct buf out = BUF_INIT(1000);
    char *g = test_guarded(in.p, in.n);
    CHECK_U(codec_decode(c, (struct slice){ g, in.n }, &out), CODEC_OK);
    CHECK_S(buf_slice(&out), PLAIN);
    test_guarded_free(g, in.n);
    buf_free(&out);
}

TEST(codec_decodes_each)
{
    struct buf gz = BUF_INIT(1000);
    decodes(CODEC_IDENTITY, PLAIN);
    decodes(CODEC_GZIP, gzipped(&gz));
    decodes(CODEC_DEFLATE, ZLIB);
    decodes(CODEC_DEFLATE, RAW);
    decodes(CODEC_BR, BROTLI);
    decodes(CODEC_ZSTD, ZSTD);
    buf_free(&gz);
}

TEST(codec_knows_names)
{
    CHECK_U(codec_of(SL("GZip")), CODEC_GZIP);
    CHECK_U(codec_of(SL(" x-gzip ")), CODEC_GZIP);
    CHECK_U(codec_of(SL("deflate")), CODEC_DEFLATE);
    CHECK_U(codec_of(SL("br")), CODEC_BR);
    CHECK_U(codec_of(SL("zstd")), CODEC_ZSTD);
    CHECK_U(codec_of(SL("")), CODEC_IDENTITY);
    CHECK_U(codec_of(SL("compress")), CODEC_UNKNOWN);
}

/* Every place but the end is truncated (an empty body is whole), and no byte behind it is read. */
static void cut_everywhere(enum codec c, struct slice in)
{
    struct buf out = BUF_INIT(1000);
    for (size_t n = 1; n < in.n; n++) {
        char *g = test_guarded(in.p, n);
        buf_reset(&out);
        CHECK_U(codec_decode(c, (struct slice){ g, n }, &out), CODEC_TRUNCATED);
        CHECK(slice_starts(PLAIN, buf_slice(&out)));
        test_guarded_free(g, n);
    }
    CHECK_U(codec_decode(c, slice_sub(in, 0, 0), &out), CODEC_OK);
    buf_free(&out);
}

TEST(codec_cut_anywhere_is_truncated)
{
    struct buf gz = BUF_INIT(1000);
    cut_everywhere(CODEC_GZIP, gzipped(&gz));
    cut_everywhere(CODEC_DEFLATE, ZLIB);
    cut_everywhere(CODEC_DEFLATE, RAW);
    cut_everywhere(CODEC_BR, BROTLI);
    cut_everywhere(CODEC_ZSTD, ZSTD);
    buf_free(&gz);
}

static void limited(enum codec c, struct slice in, size_t plain_n)
{
    for (size_t max = plain_n - 1; max <= plain_n + 1; max++) {
        struct buf out = BUF_INIT(max);
        CHECK_U(codec_decode(c, in, &out), max < plain_n ? CODEC_TOO_BIG : CODEC_OK);
        CHECK_U(out.n, max < plain_n ? max : plain_n);
        CHECK_U(out.p[out.n - 1], out.p[0] == 'a' ? 'a' : PLAIN.p[out.n - 1]);
        buf_free(&out);
    }
}

TEST(codec_stops_exactly_at_the_limit)
{
    struct buf gz = BUF_INIT(1000);
    limited(CODEC_IDENTITY, PLAIN, PLAIN.n);
    limited(CODEC_GZIP, gzipped(&gz), PLAIN.n);
    limited(CODEC_DEFLATE, ZLIB, PLAIN.n);
    limited(CODEC_BR, BROTLI, PLAIN.n);
    limited(CODEC_ZSTD, ZSTD, PLAIN.n);
    limited(CODEC_BR, BROTLI_BOMB, 200000);
    limited(CODEC_ZSTD, ZSTD_BOMB, 200000);
    buf_free(&gz);
}

static void with_tail(enum codec c, struct slice in, struct buf *b)
{
    buf_reset(b);
    buf_add(b, in);
    buf_add(b, SL("\0\0garbage"));
    decodes(c, buf_slice(b));
}

TEST(codec_ignores_what_follows)
{
    struct buf gz = BUF_INIT(1000), b = BUF_INIT(1000), out = BUF_INIT(1000);
    with_tail(CODEC_GZIP, gzipped(&gz), &b);
    with_tail(CODEC_DEFLATE, ZLIB, &b);
    with_tail(CODEC_BR, BROTLI, &b);
    with_tail(CODEC_ZSTD, ZSTD, &b);
    buf_reset(&b);
    buf_add(&b, gzipped(&gz));
    buf_add(&b, gzipped(&gz));
    CHECK_U(codec_decode(CODEC_GZIP, buf_slice(&b), &out), CODEC_OK); /* two members */
    CHECK_U(out.n, 2 * PLAIN.n);
    buf_free(&gz);
    buf_free(&b);
    buf_free(&out);
}

TEST(codec_refuses_what_is_not_coded)
{
    const enum codec all[] = { CODEC_GZIP, CODEC_DEFLATE, CODEC_BR, CODEC_ZSTD, CODEC_UNKNOWN };
    struct buf out = BUF_INIT(1000);
    for (size_t i = 0; i < 5; i++)
        CHECK_U(codec_decode(all[i], SL("<html>plain text</html>"), &out), CODEC_BAD);
    CHECK_U(out.n, 0);
    buf_free(&out);
}

static enum codec_result decode_all(struct slice encodings, struct slice in, struct buf *out)
{
    buf_reset(out);
    return codec_decode_all(encodings, in, out);
}

TEST(codec_undoes_lists_from_the_last)
{
    struct buf gz = BUF_INIT(1000), out = BUF_INIT(1000);
    CHECK(gz_member(&gz, BROTLI, 6));
    CHECK_U(decode_all(SL("br, gzip"), buf_slice(&gz), &out), CODEC_OK);
    CHECK_S(buf_slice(&out), PLAIN);
    CHECK_U(decode_all(SL("br,identity, GZIP"), buf_slice(&gz), &out), CODEC_OK);
    CHECK_S(buf_slice(&out), PLAIN);
    CHECK_U(decode_all(SL("gzip, br"), buf_slice(&gz), &out), CODEC_BAD);
    CHECK_U(decode_all(SL(""), PLAIN, &out), CODEC_OK);
    CHECK_S(buf_slice(&out), PLAIN);
    CHECK_U(decode_all(SL("br,br,br,br,br"), BROTLI, &out), CODEC_BAD);
    CHECK_U(decode_all(SL("br, gzip"), slice_sub(buf_slice(&gz), 0, gz.n - 4), &out),
            CODEC_TRUNCATED);
    CHECK_S(buf_slice(&out), PLAIN); /* only the checksum was missing */
    buf_free(&gz);
    buf_free(&out);
}
