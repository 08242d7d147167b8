/* ZIP archives made by tests (APPNOTE 4.3): stored or deflated members, a directory, an end record. */
#ifndef TESTS_ZIP_FIXTURE_H
#define TESTS_ZIP_FIXTURE_H

#include <string.h>

#include "base/gz.h"
#include "tests/unit/test.h"

struct zip_fixture {
    struct buf *out, directory;
    unsigned members;
    bool encrypted, packed;
};

static inline void zip_le(struct buf *b, size_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++, v >>= 8)
        buf_addc(b, (char)(v & 0xff));
}

/* What local header and directory have in common, from the version needed to the name's length. */
static inline void zip_common(const struct zip_fixture *z, struct buf *b, struct slice sizes,
                              const char *name)
{
    zip_le(b, 20, 2);
    zip_le(b, z->encrypted ? 1 : 0, 2);
    zip_le(b, z->packed ? 8 : 0, 2);
    zip_le(b, 0, 4);
    buf_add(b, sizes); /* crc, packed, unpacked */
    zip_le(b, strlen(name), 2);
    zip_le(b, 0, 2);
}

static inline void zip_add(struct zip_fixture *z, const char *name, struct slice text)
{
    struct buf gz = BUF_INIT(text.n + 4096), sizes = BUF_INIT(64);
    gz_member(&gz, text, 6); /* deflate data and a CRC-32 are what a gzip member holds too */
    struct slice data = z->packed ? slice_sub(buf_slice(&gz), 10, gz.n - 8) : text;
    buf_add(&sizes, slice_sub(buf_slice(&gz), gz.n - 8, gz.n - 4));
    zip_le(&sizes, data.n, 4);
    zip_le(&sizes, text.n, 4);
    size_t at = z->out->n;
    if (z->members++ == 0) buf_init(&z->directory, 1 << 20);
    buf_add(z->out, SL("PK\3\4"));
    zip_common(z, z->out, buf_slice(&sizes), name);
    buf_addz(z->out, name);
    buf_add(z->out, data);
    buf_add(&z->directory, SL("PK\1\2\x14\0"));
    zip_common(z, &z->directory, buf_slice(&sizes), name);
    zip_le(&z->directory, 0, 10);
    zip_le(&z->directory, at, 4);
    buf_addz(&z->directory, name);
    buf_free(&gz);
    buf_free(&sizes);
}

static inline void zip_end(struct zip_fixture *z)
{
    size_t at = z->out->n, n = z->directory.n;
    buf_add(z->out, buf_slice(&z->directory));
    buf_add(z->out, SL("PK\5\6\0\0\0\0"));
    zip_le(z->out, z->members, 2);
    zip_le(z->out, z->members, 2);
    zip_le(z->out, n, 4);
    zip_le(z->out, at, 4);
    zip_le(z->out, 0, 2);
    buf_free(&z->directory);
}

#endif
