/* Streaming decompression over zlib. Called by the capture reader (gzip files) and the WebSocket decoder
 * (permessage-deflate). Invariant: a stream that went bad stays bad until reset. Limits: the window is
 * zlib's largest, so that every encoder's output is understood. */
#include "base/inflate.h"

#include <stdlib.h>
#include <zlib.h>

#include "base/mem.h"

struct inflate {
    z_stream z;
    bool bad;
};

struct inflate *inflate_new(enum inflate_kind kind)
{
    struct inflate *z = mem_alloc(1, sizeof *z);
    static const int bits[] = {
        [INFLATE_GZIP] = 15 + 16, [INFLATE_ZLIB] = 15, [INFLATE_RAW] = -15
    };
    z->bad = inflateInit2(&z->z, bits[kind]) != Z_OK;
    return z;
}

void inflate_free(struct inflate *z)
{
    if (!z) return;
    inflateEnd(&z->z);
    free(z);
}

void inflate_reset(struct inflate *z)
{
    z->bad = inflateReset(&z->z) != Z_OK;
}

static uInt clip(size_t n)
{
    return n > 1U << 30 ? 1U << 30 : (uInt)n;
}

enum inflate_status inflate_run(struct inflate *z, struct slice *in, char *out, size_t room,
                                size_t *n)
{
    *n = 0;
    if (z->bad) return INFLATE_BAD;
    uInt fed = clip(in->n), space = clip(room);
    z->z.next_in = (Bytef *)(uintptr_t)in->p;
    z->z.avail_in = fed;
    z->z.next_out = (Bytef *)out;
    z->z.avail_out = space;
    int rc = inflate(&z->z, Z_SYNC_FLUSH);
    *in = slice_from(*in, fed - z->z.avail_in);
    *n = space - z->z.avail_out;
    if (rc == Z_STREAM_END) return INFLATE_END;
    if (rc == Z_OK || rc == Z_BUF_ERROR) return INFLATE_MORE;
    z->bad = true;
    return INFLATE_BAD;
}
