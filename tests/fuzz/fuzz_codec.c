/* Fuzz target of base/codec: the first byte chooses the codings, the rest is the body. */
#include <stdint.h>
#include <stdlib.h>

#include "base/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const codings[] = { "gzip",     "deflate",  "br",           "zstd",
                                           "gzip, br", "identity", "zstd, x-gzip", "lzma" };
    if (n == 0) return 0;
    struct slice in = { (const char *)data + 1, n - 1 };
    struct buf out = BUF_INIT(30000), more = BUF_INIT(60000);
    struct slice name = slice_z(codings[data[0] % 8]);
    enum codec_result got = codec_decode_all(name, in, &out);
    enum codec_result with_more = codec_decode_all(name, in, &more);
    if (out.n > 30000 || more.n > 60000) abort();
    if (got == CODEC_OK && (with_more != CODEC_OK || !slice_eq(buf_slice(&out), buf_slice(&more))))
        abort();
    buf_free(&out);
    buf_free(&more);
    return 0;
}
