/* Whole gzip members by libdeflate: what the archive writes once a second and reads by the thousand.
 *
 * A member is at most a mebibyte, so that whole-buffer coding fits; streams stay with zlib (base/gz.c), which
 * also has the last word on what is damaged and what is cut. The one place that includes libdeflate.h. */
#include "base/gz.h"

#include <libdeflate.h>

/* docs/notes/archive.md: 3 takes half as much time again and saves 3 %. */
#define LEVEL 2

bool gz_member_fast(struct buf *out, struct slice text)
{
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(LEVEL);
    if (!c) return gz_member(out, text, LEVEL);
    size_t room = libdeflate_gzip_compress_bound(c, text.n);
    char *to = buf_room(out, room);
    size_t n = to ? libdeflate_gzip_compress(c, text.p, text.n, to, room) : 0;
    buf_grew(out, n);
    libdeflate_free_compressor(c);
    return n > 0;
}

bool gz_zlib(struct buf *out, struct slice text, int level)
{
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(level);
    if (!c) return false;
    size_t room = libdeflate_zlib_compress_bound(c, text.n);
    char *to = buf_room(out, room);
    size_t n = to ? libdeflate_zlib_compress(c, text.p, text.n, to, room) : 0;
    buf_grew(out, n);
    libdeflate_free_compressor(c);
    return n > 0;
}

/* True if the member is whole and fits; anything else is left for zlib to name. */
static bool unpack(struct slice in, struct buf *out, size_t *used)
{
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    size_t room = out->max, n = 0;
    char *to = d && room <= GZ_FAST_MAX ? buf_room(out, room) : NULL;
    bool ok = to && libdeflate_gzip_decompress_ex(d, in.p, in.n, to, room, used, &n) ==
                        LIBDEFLATE_SUCCESS;
    if (ok) buf_grew(out, n);
    libdeflate_free_decompressor(d);
    return ok;
}

enum gz_status gz_next(struct slice data, size_t *offset, struct buf *out)
{
    size_t used;
    buf_reset(out);
    if (*offset >= data.n) return GZ_END;
    struct slice in = slice_from(data, *offset);
    enum gz_status status = GZ_MEMBER;
    if (!unpack(in, out, &used)) {
        buf_reset(out);
        status = gz_inflate(GZ_WRAP_GZIP, in, &used, out);
    }
    if (status == GZ_MEMBER) *offset += used;
    return status;
}
