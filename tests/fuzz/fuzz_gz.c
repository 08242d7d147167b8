/* Fuzz target of base/gz: members are read up to the limit, and what was written is read. */
#include <stdint.h>
#include <stdlib.h>

#include "base/gz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct slice in = { (const char *)data, n };
    struct buf out = BUF_INIT(20000), gz = BUF_INIT(1 << 24), big = BUF_INIT(1 << 24);
    size_t at = 0, before = 0;
    while (gz_next(in, &at, &out) == GZ_MEMBER) {
        if (at <= before || at > n || out.n > 20000) abort();
        before = at;
    }
    if (at != before) abort();
    at = 0;
    if (!gz_member(&gz, in, 1) || gz_next(buf_slice(&gz), &at, &big) != GZ_MEMBER) abort();
    if (at != gz.n || !slice_eq(buf_slice(&big), in)) abort();
    buf_free(&out);
    buf_free(&gz);
    buf_free(&big);
    return 0;
}
