/* gzip members: one written at a time, one read at a time; and zlib's inflate for base/codec.
 *
 * Used by the archive and by everything that reads it. Output goes to a bounded buffer, so that a small
 * file that inflates to a large one stops at the caller's limit. */
#include "base/gz.h"

#include <zlib.h>

#define CHUNK_BYTES 16384u
#define ZLIB_MAX (1u << 30) /* zlib counts in unsigned int */

static uInt clip(size_t n)
{
    return n > ZLIB_MAX ? ZLIB_MAX : (uInt)n;
}

/* zlib's pointers are not const. */
static Bytef *bytes(const char *p)
{
    return (Bytef *)(uintptr_t)p;
}

static bool deflate_all(z_stream *z, struct slice text, struct buf *out)
{
    size_t left = text.n;
    int state = Z_OK;
    z->next_in = bytes(text.p);
    while (state == Z_OK) {
        char *to = buf_room(out, CHUNK_BYTES < out->max - out->n ? CHUNK_BYTES : out->max - out->n);
        uInt room = clip(out->cap - out->n), given = clip(left);
        if (!to || room == 0) return false;
        z->next_out = (Bytef *)to;
        z->avail_out = room;
        z->avail_in = given;
        state = deflate(z, given == left ? Z_FINISH : Z_NO_FLUSH);
        left -= given - z->avail_in;
        buf_grew(out, room - z->avail_out);
    }
    return state == Z_STREAM_END;
}

bool gz_member(struct buf *out, struct slice text, int level)
{
    z_stream z = { 0 };
    size_t before = out->n;
    if (out->bad || deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    bool ok = deflate_all(&z, text, out);
    deflateEnd(&z);
    if (ok) return true;
    out->n = before;
    out->bad = true;
    return false;
}

/* One call of inflate into what room there is. A full buffer gets one byte of scratch: a stream that ends
 * exactly at the limit needs none of it. */
static int inflate_step(z_stream *z, struct buf *out, bool *too_big)
{
    size_t left = out->max - out->n;
    Bytef scratch;
    uInt room = 1;
    z->next_out = &scratch;
    if (left) {
        char *to = buf_room(out, left < CHUNK_BYTES ? left : CHUNK_BYTES);
        if (!to) return Z_MEM_ERROR;
        z->next_out = (Bytef *)to;
        room = clip(out->cap - out->n);
    }
    z->avail_out = room;
    int state = inflate(z, Z_NO_FLUSH);
    *too_big = !left && z->avail_out == 0;
    if (left) buf_grew(out, room - z->avail_out);
    return state;
}

static enum gz_status inflate_all(z_stream *z, struct slice in, size_t *used, struct buf *out)
{
    int state = Z_OK;
    bool too_big = false;
    z->next_in = bytes(in.p);
    while (state == Z_OK && !too_big) {
        uInt given = clip(in.n - *used);
        z->avail_in = given;
        state = inflate_step(z, out, &too_big);
        *used += given - z->avail_in;
    }
    if (too_big) return GZ_TOO_BIG;
    if (state == Z_STREAM_END) return GZ_MEMBER;
    return state == Z_BUF_ERROR ? GZ_TRUNCATED : GZ_DAMAGED;
}

enum gz_status gz_inflate(enum gz_wrap wrap, struct slice in, size_t *used, struct buf *out)
{
    static const int window_bits[] = { 15 + 16, 15, -15 };
    z_stream z = { 0 };
    *used = 0;
    if (out->bad) return GZ_TOO_BIG;
    if (inflateInit2(&z, window_bits[wrap]) != Z_OK) return GZ_DAMAGED;
    enum gz_status status = inflate_all(&z, in, used, out);
    inflateEnd(&z);
    return status;
}

enum gz_status gz_next(struct slice data, size_t *offset, struct buf *out)
{
    size_t used;
    buf_reset(out);
    if (*offset >= data.n) return GZ_END;
    enum gz_status status = gz_inflate(GZ_WRAP_GZIP, slice_from(data, *offset), &used, out);
    if (status == GZ_MEMBER) *offset += used;
    return status;
}
