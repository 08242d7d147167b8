/* Recognising protocols. Called by detect.c on the first bytes, by http1.c to find the next message.
 *
 * Each candidate answers yes, no, or not yet; the first yes wins, and "not yet" of any candidate waits.
 * A request line is believed only when all of it is there and ends in HTTP/1.x: SIP, RTSP and SMTP look
 * the same up to that point. */
#include "capture/sniff/judge.h"

#include <string.h>

#include "capture/sniff/bytes.h"

static const struct slice preface = { "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24 };

static bool is_method_char(char c)
{
    return (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

/* Bytes of a method and its blank; 0: none; SLICE_NONE: not yet. */
static size_t method_len(struct slice s)
{
    size_t i = 0;
    while (i < s.n && i < 25 && is_method_char(s.p[i]))
        i++;
    if (i == s.n && i < 25) return SLICE_NONE;
    return i >= 3 && i < 25 && s.p[i] == ' ' ? i + 1 : 0;
}

static bool line_is_request(struct slice line)
{
    line = slice_trim(line);
    if (line.n < 9) return false;
    struct slice version = slice_from(line, line.n - 9);
    return slice_starts(version, SL(" HTTP/1.")) && version.p[8] >= '0' && version.p[8] <= '9';
}

static enum verdict judge_request(struct slice s)
{
    size_t n = method_len(s);
    if (n == 0) return JUDGE_OTHER;
    if (n == SLICE_NONE) return JUDGE_MORE;
    size_t lf = slice_chr(s, '\n');
    if (lf == SLICE_NONE) return s.n > JUDGE_LINE_MAX ? JUDGE_OTHER : JUDGE_MORE;
    return line_is_request(slice_sub(s, n, lf)) ? JUDGE_REQUEST : JUDGE_OTHER;
}

static enum verdict judge_prefix(struct slice s, struct slice want, enum verdict yes)
{
    size_t n = s.n < want.n ? s.n : want.n;
    if (memcmp(s.p, want.p, n) != 0) return JUDGE_OTHER;
    return n == want.n ? yes : JUDGE_MORE;
}

static enum verdict judge_tls(struct slice s)
{
    const uint8_t *p = (const uint8_t *)s.p;
    if (p[0] < 20 || p[0] > 24) return JUDGE_OTHER;
    if (s.n > 1 && p[1] != 3) return JUDGE_OTHER;
    if (s.n > 2 && p[2] > 4) return JUDGE_OTHER;
    if (s.n < 6) return JUDGE_MORE;
    size_t n = be16(p + 3);
    if (n == 0 || n > 16384 + 2048) return JUDGE_OTHER;
    if (p[0] != 22) return JUDGE_TLS_MIDDLE;
    if (p[5] == 1) return JUDGE_TLS_CLIENT;
    return p[5] == 2 ? JUDGE_TLS_SERVER : JUDGE_TLS_MIDDLE;
}

/* A ClientHello in SSL 2's record format (RFC 5246 E.2). */
static enum verdict judge_ssl2(struct slice s)
{
    const uint8_t *p = (const uint8_t *)s.p;
    if (!(p[0] & 0x80)) return JUDGE_OTHER;
    if (s.n > 2 && p[2] != 1) return JUDGE_OTHER;
    if (s.n < 7) return JUDGE_MORE;
    bool version = (p[3] == 3 && p[4] <= 3) || (p[3] == 0 && p[4] == 2);
    size_t ciphers = be16(p + 5), n = (size_t)(p[0] & 0x7f) << 8 | p[1];
    return version && ciphers && ciphers % 3 == 0 && n > ciphers + 8 ? JUDGE_SSL2 : JUDGE_OTHER;
}

static bool frame_plausible(const uint8_t *p)
{
    uint32_t stream = be32(p + 5), n = be24(p);
    if (p[3] > 9 || n > 16384 || stream >> 31) return false;
    switch (p[3]) {
    case 0:
    case 1: return stream != 0;
    case 2: return n == 5 && stream;
    case 3: return n == 4 && stream;
    case 4: return n % 6 == 0 && !stream && n <= 240 && !((p[4] & 1) && n);
    case 6: return n == 8 && !stream;
    case 7: return n >= 8 && !stream;
    case 8: return n == 4;
    default: return stream != 0;
    }
}

/* A chain of frames that ends where the bytes end, or goes on behind them. */
static enum verdict judge_frames(struct slice s)
{
    size_t at = 0, frames = 0;
    while (s.n - at >= 9) {
        const uint8_t *p = (const uint8_t *)s.p + at;
        if (!frame_plausible(p)) return JUDGE_OTHER;
        frames++;
        if (be24(p) > s.n - at - 9) break;
        at += 9 + be24(p);
    }
    return frames ? JUDGE_H2_FRAMES : JUDGE_OTHER;
}

/* haproxy's PROXY protocol, versions 1 and 2. */
static enum verdict judge_proxy(struct slice s, size_t *skip)
{
    struct slice v2 = SL("\r\n\r\n\0\r\nQUIT\n");
    if (slice_starts(s, SL("PROXY "))) {
        size_t lf = slice_chr(s, '\n');
        if (lf == SLICE_NONE) return s.n < 108 ? JUDGE_MORE : JUDGE_OTHER;
        *skip = lf + 1;
        return JUDGE_PROXY;
    }
    enum verdict v = judge_prefix(s, v2, JUDGE_PROXY);
    if (v != JUDGE_PROXY) return v;
    if (s.n < 16) return JUDGE_MORE;
    *skip = 16U + be16((const uint8_t *)s.p + 14);
    return s.n < *skip ? JUDGE_MORE : JUDGE_PROXY;
}

enum verdict judge(struct slice s, size_t *skip)
{
    if (!s.n) return JUDGE_MORE;
    enum verdict v = judge_proxy(s, skip);
    if (v != JUDGE_OTHER) return v;
    while (s.n && (s.p[0] == '\r' || s.p[0] == '\n')) /* empty lines before a request */
        s = slice_from(s, 1);
    if (!s.n) return JUDGE_MORE;
    const enum verdict tried[] = {
        judge_prefix(s, preface, JUDGE_H2_CLIENT),
        judge_request(s),
        judge_prefix(s, SL("HTTP/1."), JUDGE_RESPONSE),
        judge_tls(s),
        judge_ssl2(s),
    };
    bool more = false;
    for (size_t i = 0; i < sizeof tried / sizeof *tried; i++) {
        if (tried[i] == JUDGE_MORE)
            more = true;
        else if (tried[i] != JUDGE_OTHER)
            return tried[i];
    }
    return more ? JUDGE_MORE : judge_frames(s);
}

bool judge_message_start(struct slice s, bool request)
{
    if (!request) return slice_starts(s, SL("HTTP/1.")) && s.n > 8;
    if (!s.n) return false;
    enum verdict v = judge_request(s);
    return v == JUDGE_REQUEST || (v == JUDGE_MORE && s.n > 25);
}
