/* HdrHistogram's V2 compressed encoding, both ways. Called by the archive and by reports.
 *
 * Layout (HdrHistogram, AbstractHistogram.encodeIntoByteBuffer): big-endian cookie, payload length,
 * normalizing offset, digits, lowest, highest, ratio; then the counts as ZigZag LEB128, where a negative
 * number is a run of empty slots. The whole is deflated (zlib) behind a cookie and a length, and written
 * as base64. The decoder takes only our own range, the one that the archive format names. */
#include "results/hist.h"

#include <string.h>

#include "base/codec.h"
#include "base/enc.h"
#include "base/gz.h"

#define COOKIE_V2 0x1c849313U      /* 0x1c849303 | 0x10: 9 byte LEB128 */
#define COOKIE_V2_ZLIB 0x1c849314U /* 0x1c849304 | 0x10 */
#define HEAD_BYTES 40
#define LEVEL 1 /* counts are all but random: higher levels save 2 % at three times the cost */
#define MAX_BYTES (HEAD_BYTES + HIST_SLOTS * 9)

static void put_be(struct buf *out, uint64_t v, unsigned bytes)
{
    for (unsigned i = bytes; i-- > 0;)
        buf_addc(out, (char)(v >> (8 * i) & 0xff));
}

/* ZigZag LEB128-64b9B: seven bits a byte, the ninth byte holds eight. */
static void put_zigzag(struct buf *out, int64_t n)
{
    uint64_t v = ((uint64_t)n << 1) ^ (uint64_t)(n >> 63);
    for (unsigned i = 0; i < 8 && v >> 7; i++, v >>= 7)
        buf_addc(out, (char)((v & 0x7f) | 0x80));
    buf_addc(out, (char)v);
}

static void put_counts(struct buf *out, const struct hist *h)
{
    uint64_t low, high, count;
    size_t done = 0; /* slots that are written */
    for (size_t next = 0; hist_next(h, &next, &low, &high, &count); done = next) {
        size_t empty = next - 1 - done;
        if (empty) put_zigzag(out, empty == 1 ? 0 : -(int64_t)empty);
        put_zigzag(out, (int64_t)count);
    }
}

static void put_payload(struct buf *out, struct slice counts)
{
    const double ratio = 1;
    uint64_t ratio_bits;
    memcpy(&ratio_bits, &ratio, sizeof ratio_bits);
    put_be(out, COOKIE_V2, 4);
    put_be(out, counts.n, 4);
    put_be(out, 0, 4);
    put_be(out, 3, 4);
    put_be(out, 1, 8);
    put_be(out, HIST_TOP_US, 8);
    put_be(out, ratio_bits, 8);
    buf_add(out, counts);
}

bool hist_encode(const struct hist *h, struct buf *out)
{
    struct buf counts = BUF_INIT(MAX_BYTES), plain = BUF_INIT(2 * MAX_BYTES);
    struct buf zipped = BUF_INIT(2 * MAX_BYTES), framed = BUF_INIT(2 * MAX_BYTES + 8);
    put_counts(&counts, h);
    put_payload(&plain, buf_slice(&counts));
    bool ok = gz_zlib(&zipped, buf_slice(&plain), LEVEL);
    put_be(&framed, COOKIE_V2_ZLIB, 4);
    put_be(&framed, zipped.n, 4);
    buf_add(&framed, buf_slice(&zipped));
    ok = ok && !framed.bad && enc_base64(out, buf_slice(&framed), false);
    buf_free(&counts);
    buf_free(&plain);
    buf_free(&zipped);
    buf_free(&framed);
    return ok;
}

static uint64_t get_be(struct slice s, size_t at, unsigned bytes)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < bytes; i++)
        v = v << 8 | (unsigned char)s.p[at + i];
    return v;
}

static bool get_zigzag(struct slice s, size_t *at, int64_t *out)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 9; i++) {
        if (*at >= s.n) return false;
        uint64_t byte = (unsigned char)s.p[(*at)++];
        if (i == 8) {
            v |= byte << 56;
            break;
        }
        v |= (byte & 0x7f) << (7 * i);
        if (!(byte & 0x80)) break;
    }
    *out = (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
    return true;
}

static bool get_counts(struct hist *h, struct slice s)
{
    size_t slot = 0;
    for (size_t at = 0; at < s.n;) {
        int64_t n;
        if (!get_zigzag(s, &at, &n)) return false;
        if (n <= 0) {
            uint64_t run = n == 0 ? 1 : (uint64_t)(-(n + 1)) + 1;
            if (run > HIST_SLOTS - slot) return false;
            slot += run;
            continue;
        }
        if (slot >= HIST_SLOTS) return false;
        hist_slot_add(h, slot++, (uint64_t)n);
    }
    return true;
}

static bool get_payload(struct hist *h, struct slice s)
{
    if (s.n < HEAD_BYTES || get_be(s, 0, 4) != COOKIE_V2) return false;
    if (get_be(s, 4, 4) != s.n - HEAD_BYTES || get_be(s, 8, 4) != 0) return false;
    if (get_be(s, 12, 4) != 3 || get_be(s, 16, 8) != 1) return false;
    if (get_be(s, 24, 8) != HIST_TOP_US) return false;
    return get_counts(h, slice_from(s, HEAD_BYTES));
}

bool hist_decode(struct hist *h, struct slice base64)
{
    struct buf framed = BUF_INIT(2 * MAX_BYTES + 8), plain = BUF_INIT(MAX_BYTES);
    bool ok = base64.n <= 4 * MAX_BYTES && enc_unbase64(&framed, base64);
    struct slice s = buf_slice(&framed);
    ok = ok && s.n > 8 && get_be(s, 0, 4) == COOKIE_V2_ZLIB && get_be(s, 4, 4) == s.n - 8;
    ok = ok && codec_decode(CODEC_DEFLATE, slice_from(s, 8), &plain) == CODEC_OK;
    ok = ok && get_payload(h, buf_slice(&plain));
    buf_free(&framed);
    buf_free(&plain);
    return ok;
}
