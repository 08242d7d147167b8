/* JSON text for the HAR writer. Called by har/write.c for every string of every entry.
 *
 * Why not base/json's writer: this is the hot path of a capture. Text without anything to escape, which
 * is nearly all of it, is found eight bytes at a time and copied in one piece. */
#include "har/text.h"

#include "base/clock.h"
#include "base/enc.h"
#include "base/num.h"

#define ONES UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/* Plain: printable ASCII but '"' and '\\'. */
static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Eight at once: a byte that is too small for the subtraction borrows into its top bit. '"' ^ 2 is a blank,
 * so that one test is for it and for control characters. */
static inline bool all_plain(uint64_t w)
{
    uint64_t control_or_quote = (w ^ ONES * 2) - ONES * 0x21, backslash = (w ^ ONES * '\\') - ONES;
    return ((control_or_quote | backslash | w) & HIGHS) == 0;
}

static bool copy_word(char *to, const char *from)
{
    uint64_t w;
    memcpy(&w, from, 8);
    if (!all_plain(w)) return false;
    memcpy(to, &w, 8);
    return true;
}

/* Four to seven bytes: the two halves overlap. */
static bool copy_short(char *to, const char *from, size_t n)
{
    uint32_t low, high;
    memcpy(&low, from, 4);
    memcpy(&high, from + n - 4, 4);
    if (!all_plain(low | (uint64_t)high << 32)) return false;
    memcpy(to, &low, 4);
    memcpy(to + n - 4, &high, 4);
    return true;
}

/* Copies the plain text at the beginning of s; gives its length. */
static size_t copy_plain(char *to, struct slice s)
{
    size_t i = 0;
    while (i + 8 <= s.n && copy_word(to + i, s.p + i))
        i += 8;
    if (s.n >= 8 && i + 8 > s.n && copy_word(to + s.n - 8, s.p + s.n - 8)) return s.n;
    if (s.n < 8 && s.n >= 4 && copy_short(to, s.p, s.n)) return s.n;
    for (; i < s.n && is_plain((uint8_t)s.p[i]); i++)
        to[i] = s.p[i];
    return i;
}

/* Bytes of the UTF-8 sequence at p, 0 if it is none (RFC 3629: no overlong forms, no surrogates). */
static size_t utf8_len(const uint8_t *p, size_t n)
{
    if (p[0] < 0x80) return 1;
    size_t want = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || n < want) return 0;
    for (size_t i = 1; i < want; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    if (p[0] == 0xe0 && p[1] < 0xa0) return 0;
    if (p[0] == 0xed && p[1] > 0x9f) return 0;
    if (p[0] == 0xf0 && p[1] < 0x90) return 0;
    if (p[0] == 0xf4 && p[1] > 0x8f) return 0;
    return want;
}

bool text_is_utf8(struct slice s)
{
    uint64_t w;
    for (size_t i = 0; i < s.n;) {
        if (i + 8 <= s.n) {
            memcpy(&w, s.p + i, 8);
            if (!(w & HIGHS)) {
                i += 8;
                continue;
            }
        }
        size_t n = utf8_len((const uint8_t *)s.p + i, s.n - i);
        if (!n) return false;
        i += n;
    }
    return true;
}

static void escape(struct buf *out, uint8_t c)
{
    static const char hex[] = "0123456789abcdef";
    char u[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };
    switch (c) {
    case '"': buf_add(out, SL("\\\"")); break;
    case '\\': buf_add(out, SL("\\\\")); break;
    case '\n': buf_add(out, SL("\\n")); break;
    case '\r': buf_add(out, SL("\\r")); break;
    case '\t': buf_add(out, SL("\\t")); break;
    default: buf_add(out, (struct slice){ u, sizeof u });
    }
}

/* One character that is not plain; gives the bytes eaten. */
static size_t special(struct buf *out, struct slice s)
{
    uint8_t c = (uint8_t)s.p[0];
    if (c < 0x80) {
        escape(out, c);
        return 1;
    }
    size_t n = utf8_len((const uint8_t *)s.p, s.n);
    buf_add(out, n ? slice_sub(s, 0, n) : SL("\xef\xbf\xbd"));
    return n ? n : 1;
}

void text_json(struct buf *out, struct slice s)
{
    buf_addc(out, '"');
    while (s.n) {
        char *room = buf_room(out, s.n);
        if (!room) return;
        size_t n = copy_plain(room, s);
        buf_grew(out, n);
        s = slice_from(s, n);
        if (s.n) s = slice_from(s, special(out, s));
    }
    buf_addc(out, '"');
}

void text_base64(struct buf *out, struct slice s)
{
    buf_addc(out, '"');
    enc_base64(out, s, false);
    buf_addc(out, '"');
}

static void digits3(char *out, uint32_t v)
{
    out[0] = (char)('0' + v / 100);
    out[1] = (char)('0' + v / 10 % 10);
    out[2] = (char)('0' + v % 10);
}

void text_ms(struct buf *out, int64_t ns)
{
    if (ns <= 0) {
        buf_add(out, ns ? SL("-1") : SL("0"));
        return;
    }
    char text[7] = ".";
    uint32_t fraction = (uint32_t)((uint64_t)ns % NS_PER_MS), below_us = fraction % 1000;
    size_t n = fraction == 0 ? 0 : below_us ? 7 : 4;
    buf_addu(out, (uint64_t)ns / NS_PER_MS);
    digits3(text + 1, fraction / 1000);
    digits3(text + 4, below_us);
    while (n && text[n - 1] == '0')
        n--;
    buf_add(out, (struct slice){ text, n });
}

void text_time(struct buf *out, struct text_clock *c, int64_t utc_ns)
{
    if (utc_ns < 0) utc_ns = 0;
    int64_t second = utc_ns / (int64_t)NS_PER_S;
    if (!c->n || c->second != second) {
        struct buf iso = BUF_INIT(64);
        clock_add_iso(&iso, second * (int64_t)NS_PER_S);
        c->n = iso.n < 19 ? 0 : 19;
        memcpy(c->date, iso.p, c->n); /* up to the seconds */
        c->second = second;
        buf_free(&iso);
    }
    char text[32];
    uint64_t us = (uint64_t)utc_ns % NS_PER_S / NS_PER_US;
    memcpy(text, c->date, c->n);
    text[c->n] = '.';
    for (size_t i = c->n + 6; i > c->n; i--, us /= 10)
        text[i] = (char)('0' + us % 10);
    text[c->n + 7] = 'Z';
    buf_addc(out, '"');
    buf_add(out, (struct slice){ text, c->n + 8 });
    buf_addc(out, '"');
}
