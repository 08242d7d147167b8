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

static void add_le(struct buf *out, uint32_t v, unsigned n)
{
    for (; n > 0; n--, v >>= 8)
        buf_addc(out, (char)(v & 0xff));
}

bool gz_member_stored(struct buf *out, struct slice text)
{
    /* RFC 1952 2.3: magic, deflate, no flags, no time, no hints, Unix. RFC 1951 3.2.4: last, stored. */
    static const char head[] = "\x1f\x8b\x08\0\0\0\0\0\0\x03\x01";
    if (text.n > 65535) return false;
    buf_add(out, (struct slice){ head, sizeof head - 1 });
    add_le(out, (uint32_t)text.n, 2);
    add_le(out, (uint32_t)text.n ^ 0xffff, 2);
    buf_add(out, text);
    add_le(out, (uint32_t)crc32(crc32(0, NULL, 0), bytes(text.p), (uInt)text.n), 4);
    add_le(out, (uint32_t)text.n, 4);
    return !out->bad;
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
