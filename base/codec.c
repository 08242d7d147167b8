/* Content codings undone: gzip and deflate (base/gz), br (libbrotlidec), zstd (libzstd).
 *
 * Called on the bodies of recordings and of answers: hostile input. Output is bounded by out->max; every
 * decoder is fed whole, since bodies are in memory anyway. */
#include "base/codec.h"

#include <brotli/decode.h>
#include <zstd.h>

#include "base/gz.h"

#define CHUNK_BYTES 16384u
#define CODINGS_MAX 4

enum codec codec_of(struct slice name)
{
    static const struct {
        const char *name;
        enum codec codec;
    } names[] = {
        { "", CODEC_IDENTITY },   { "identity", CODEC_IDENTITY }, { "gzip", CODEC_GZIP },
        { "x-gzip", CODEC_GZIP }, { "deflate", CODEC_DEFLATE },   { "br", CODEC_BR },
        { "zstd", CODEC_ZSTD },
    };
    name = slice_trim(name);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (slice_ieq(name, slice_z(names[i].name))) return names[i].codec;
    return CODEC_UNKNOWN;
}

static enum codec_result result_of(enum gz_status status)
{
    switch (status) {
    case GZ_MEMBER:
    case GZ_END: return CODEC_OK;
    case GZ_TRUNCATED: return CODEC_TRUNCATED;
    case GZ_TOO_BIG: return CODEC_TOO_BIG;
    case GZ_DAMAGED: break;
    }
    return CODEC_BAD;
}

static enum codec_result identity(struct slice in, struct buf *out)
{
    size_t left = out->max - out->n;
    buf_add(out, slice_sub(in, 0, left));
    return in.n > left ? CODEC_TOO_BIG : CODEC_OK;
}

/* All members; bytes behind the last that start no member are ignored. */
static enum codec_result gzip(struct slice in, struct buf *out)
{
    size_t used;
    enum gz_status status = gz_inflate(GZ_WRAP_GZIP, in, &used, out);
    while (status == GZ_MEMBER) {
        in = slice_from(in, used);
        if (!slice_starts(in, SL("\x1f\x8b"))) return CODEC_OK;
        status = gz_inflate(GZ_WRAP_GZIP, in, &used, out);
    }
    return result_of(status);
}

/* RFC 9110 8.4.1.2: deflate means zlib's format, but some servers send raw deflate. */
static enum codec_result deflate(struct slice in, struct buf *out)
{
    size_t used, before = out->n;
    enum gz_status status = gz_inflate(GZ_WRAP_ZLIB, in, &used, out);
    if (status == GZ_DAMAGED && out->n == before) status = gz_inflate(GZ_WRAP_RAW, in, &used, out);
    return result_of(status);
}

/* Room for the next piece of output, at the end of out or, when that is full, one byte of scratch: data
 * that ends exactly at the limit needs none of it. */
struct room {
    char *p;
    size_t n;
    bool full;
    char scratch;
};

static void make_room(struct room *r, struct buf *out)
{
    size_t left = out->max - out->n;
    r->p = left ? buf_room(out, left < CHUNK_BYTES ? left : CHUNK_BYTES) : NULL;
    r->full = !r->p;
    r->n = r->full ? 1 : out->cap - out->n;
    if (r->full) r->p = &r->scratch;
}

/* Keeps what was written; false if that passed the limit. */
static bool take_room(const struct room *r, struct buf *out, size_t written)
{
    if (r->full) return written == 0;
    buf_grew(out, written);
    return true;
}

static enum codec_result brotli(struct slice in, struct buf *out)
{
    BrotliDecoderState *s = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    BrotliDecoderResult state = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
    const uint8_t *from = (const uint8_t *)in.p;
    size_t left = in.n;
    bool fits = true;
    if (!s) return CODEC_BAD;
    while (state == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT && fits) {
        struct room r;
        make_room(&r, out);
        uint8_t *to = (uint8_t *)r.p;
        size_t room = r.n;
        state = BrotliDecoderDecompressStream(s, &left, &from, &room, &to, NULL);
        fits = take_room(&r, out, r.n - room);
    }
    BrotliDecoderDestroyInstance(s);
    if (!fits) return CODEC_TOO_BIG;
    if (state == BROTLI_DECODER_RESULT_SUCCESS) return CODEC_OK;
    return state == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT ? CODEC_TRUNCATED : CODEC_BAD;
}

/* One frame after the other; after a whole one, what starts no frame is ignored. */
static enum codec_result zstd_frames(ZSTD_DCtx *z, struct slice in, struct buf *out)
{
    ZSTD_inBuffer from = { in.p, in.n, 0 };
    bool whole = false;
    for (;;) {
        struct room r;
        make_room(&r, out);
        ZSTD_outBuffer to = { r.p, r.n, 0 };
        size_t before = from.pos, hint = ZSTD_decompressStream(z, &to, &from);
        if (!take_room(&r, out, to.pos)) return CODEC_TOO_BIG;
        if (ZSTD_isError(hint)) return whole ? CODEC_OK : CODEC_BAD;
        whole = hint == 0;
        if (whole && from.pos == from.size) return CODEC_OK;
        if (!whole && from.pos == before && to.pos == 0) return CODEC_TRUNCATED;
    }
}

static enum codec_result zstd(struct slice in, struct buf *out)
{
    ZSTD_DCtx *z = ZSTD_createDCtx();
    if (!z) return CODEC_BAD;
    enum codec_result result = zstd_frames(z, in, out);
    ZSTD_freeDCtx(z);
    return result;
}

enum codec_result codec_decode(enum codec c, struct slice in, struct buf *out)
{
    if (out->bad) return CODEC_TOO_BIG;
    if (in.n == 0) return c == CODEC_UNKNOWN ? CODEC_BAD : CODEC_OK;
    switch (c) {
    case CODEC_IDENTITY: return identity(in, out);
    case CODEC_GZIP: return gzip(in, out);
    case CODEC_DEFLATE: return deflate(in, out);
    case CODEC_BR: return brotli(in, out);
    case CODEC_ZSTD: return zstd(in, out);
    case CODEC_UNKNOWN: break;
    }
    return CODEC_BAD;
}

/* The codings of a header value without identity; false if there are too many. */
static bool list_codings(struct slice value, enum codec list[CODINGS_MAX], size_t *n)
{
    struct slice piece;
    *n = 0;
    while (slice_next(&value, ',', &piece)) {
        enum codec c = codec_of(piece);
        if (c == CODEC_IDENTITY) continue;
        if (*n == CODINGS_MAX) return false;
        list[(*n)++] = c;
    }
    return true;
}

enum codec_result codec_decode_all(struct slice encodings, struct slice in, struct buf *out)
{
    enum codec list[CODINGS_MAX];
    enum codec_result result = CODEC_OK, last;
    struct buf between[2] = { BUF_INIT(out->max), BUF_INIT(out->max) };
    size_t n;
    if (!list_codings(encodings, list, &n)) return CODEC_BAD;
    /* A cut or too large inner body still gives what it holds to the outer coding. */
    for (; n > 1 && result != CODEC_BAD; n--) {
        struct buf *b = &between[n % 2];
        buf_reset(b);
        last = codec_decode(list[n - 1], in, b);
        if (result == CODEC_OK || last == CODEC_BAD) result = last;
        in = buf_slice(b);
    }
    if (result != CODEC_BAD) {
        last = codec_decode(n ? list[0] : CODEC_IDENTITY, in, out);
        if (result == CODEC_OK) result = last;
    }
    buf_free(&between[0]);
    buf_free(&between[1]);
    return result;
}
