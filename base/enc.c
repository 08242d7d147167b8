/* Encodings of text: percent, base64, hex, JSON escapes, UTF-8 and UTF-16.
 *
 * Called by templates, importers and writers. Encoders only append; a decoder that refuses its input (or
 * finds the buffer full) leaves the buffer's length as it was. HTML is in enc_html.c, digests are in
 * enc_digest.c. */
#include "base/enc.h"

#include <string.h>

static const char hex_lower[] = "0123456789abcdef";
static const char hex_upper[] = "0123456789ABCDEF";

static bool alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool one_of(char c, const char *set)
{
    return c && strchr(set, c);
}

static bool stays(char c, enum enc_percent how)
{
    if (alnum(c) || one_of(c, "-._")) return true;
    switch (how) {
    case ENC_COMPONENT: return c == '~';
    case ENC_FORM: return c == '*';
    case ENC_PATH: return one_of(c, "~/!$&'()*+,;=:@");
    }
    return false;
}

bool enc_percent(struct buf *out, struct slice s, enum enc_percent how)
{
    for (size_t i = 0; i < s.n;) {
        size_t from = i;
        while (i < s.n && stays(s.p[i], how))
            i++;
        buf_add(out, slice_sub(s, from, i));
        if (i == s.n) break;
        unsigned c = (unsigned char)s.p[i++];
        if (c == ' ' && how == ENC_FORM) {
            buf_addc(out, '+');
            continue;
        }
        char code[3] = { '%', hex_upper[c >> 4], hex_upper[c & 15] };
        buf_add(out, (struct slice){ code, 3 });
    }
    return !out->bad;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool enc_unpercent(struct buf *out, struct slice s, bool form)
{
    char *to = buf_room(out, s.n);
    size_t n = 0;
    if (!to) return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        int high = -1, low = -1;
        if (c == '%' && s.n - i > 2) {
            high = hex_digit(s.p[i + 1]);
            low = hex_digit(s.p[i + 2]);
        }
        if (high >= 0 && low >= 0) {
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && form) {
            c = ' ';
        }
        to[n++] = c;
    }
    buf_grew(out, n);
    return true;
}

static const char base64_plain[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

bool enc_base64(struct buf *out, struct slice s, bool url_safe)
{
    const char *digits = url_safe ? base64_url : base64_plain;
    char *to = s.n / 3 < SIZE_MAX / 8 ? buf_room(out, (s.n + 2) / 3 * 4) : NULL;
    size_t n = 0;
    if (!to) return false;
    for (size_t i = 0; i < s.n; i += 3) {
        size_t left = s.n - i;
        unsigned v = (unsigned)(unsigned char)s.p[i] << 16;
        if (left > 1) v |= (unsigned)(unsigned char)s.p[i + 1] << 8;
        if (left > 2) v |= (unsigned char)s.p[i + 2];
        to[n++] = digits[v >> 18];
        to[n++] = digits[v >> 12 & 63];
        to[n++] = left > 1 ? digits[v >> 6 & 63] : '=';
        to[n++] = left > 2 ? digits[v & 63] : '=';
    }
    while (url_safe && n && to[n - 1] == '=')
        n--;
    buf_grew(out, n);
    return true;
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+' || c == '-') return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

bool enc_unbase64(struct buf *out, struct slice s)
{
    char *to = buf_room(out, s.n / 4 * 3 + 2);
    size_t n = 0, digits = 0, pads = 0;
    unsigned v = 0;
    if (!to) return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '\r' || c == '\n') continue;
        if (c == '=' && ++pads <= 2) continue;
        int digit = base64_digit(c);
        if (digit < 0 || pads) return false;
        v = v << 6 | (unsigned)digit;
        if (digits++ % 4 != 0) to[n++] = (char)(v >> (6 - 2 * ((digits - 1) % 4)));
    }
    if (digits % 4 == 1 || (pads && (digits + pads) % 4 != 0)) return false;
    buf_grew(out, n);
    return true;
}

bool enc_hex(struct buf *out, struct slice s)
{
    char *to = s.n < SIZE_MAX / 2 ? buf_room(out, s.n * 2) : NULL;
    if (!to) return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned c = (unsigned char)s.p[i];
        to[2 * i] = hex_lower[c >> 4];
        to[2 * i + 1] = hex_lower[c & 15];
    }
    buf_grew(out, s.n * 2);
    return true;
}

bool enc_unhex(struct buf *out, struct slice s)
{
    char *to = buf_room(out, s.n / 2);
    if (!to || s.n % 2) return false;
    for (size_t i = 0; i < s.n; i += 2) {
        int high = hex_digit(s.p[i]), low = hex_digit(s.p[i + 1]);
        if (high < 0 || low < 0) return false;
        to[i / 2] = (char)(high << 4 | low);
    }
    buf_grew(out, s.n / 2);
    return true;
}

/* True if one of the 8 bytes needs a look: below 0x20, '"', '\\', or not ASCII. The tests of single
 * bytes are the classic "has a zero byte" and "has a byte less than n" of words. */
static bool needs_look(uint64_t v)
{
    const uint64_t ones = 0x0101010101010101ULL, tops = 0x8080808080808080ULL;
    uint64_t quote = v ^ ones * '"', slash = v ^ ones * '\\';
    uint64_t found = (v - ones * 0x20) | (quote - ones) | (slash - ones) | v;
    return (found & tops) != 0;
}

static size_t plain_run(struct slice s, size_t at)
{
    uint64_t v;
    size_t i = at;
    for (; s.n - i >= 8; i += 8) {
        memcpy(&v, s.p + i, 8);
        if (needs_look(v)) break;
    }
    while (i < s.n && s.p[i] >= ' ' && s.p[i] != '"' && s.p[i] != '\\')
        i++;
    return i - at;
}

static bool continues(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* The length of the UTF-8 sequence at the start of s, 0 if it is bad (RFC 3629 4). */
static size_t utf8_length(struct slice s)
{
    unsigned a = (unsigned char)s.p[0], b = s.n > 1 ? (unsigned char)s.p[1] : 0;
    if (a < 0x80) return 1;
    if (a < 0xc2 || a > 0xf4 || (b & 0xc0) != 0x80) return 0;
    if (a < 0xe0) return 2;
    if (s.n < 3 || !continues(s.p[2])) return 0;
    if ((a == 0xe0 && b < 0xa0) || (a == 0xed && b > 0x9f)) return 0;
    if (a < 0xf0) return 3;
    if (s.n < 4 || !continues(s.p[3])) return 0;
    return (a == 0xf0 && b < 0x90) || (a == 0xf4 && b > 0x8f) ? 0 : 4;
}

/* The byte that JSON cannot hold as it is: a control character, a quote, a backslash. */
static void add_escape(struct buf *out, unsigned c)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *at = c ? strchr(from, (int)c) : NULL;
    if (at) {
        char two[2] = { '\\', to[at - from] };
        buf_add(out, (struct slice){ two, 2 });
        return;
    }
    char six[6] = { '\\', 'u', '0', '0', hex_lower[c >> 4], hex_lower[c & 15] };
    buf_add(out, (struct slice){ six, 6 });
}

bool enc_json(struct buf *out, struct slice s)
{
    for (size_t i = 0; i < s.n && !out->bad;) {
        size_t run = plain_run(s, i), n;
        /* Whole sequences that are valid belong to the run. */
        while (i + run < s.n && s.p[i + run] < 0 && (n = utf8_length(slice_from(s, i + run))) > 0)
            run += n;
        if (run) {
            buf_add(out, slice_sub(s, i, i + run));
            i += run;
            continue;
        }
        if (s.p[i] < 0)
            buf_add(out, SL("\xef\xbf\xbd"));
        else
            add_escape(out, (unsigned)s.p[i]);
        i++;
    }
    return !out->bad;
}

bool enc_utf8(struct buf *out, uint32_t c)
{
    char t[4];
    size_t n = 0;
    if (c > 0x10ffff || (c & 0xfffff800) == 0xd800) return false;
    if (c < 0x80) return buf_addc(out, (char)c);
    if (c < 0x800) {
        t[n++] = (char)(0xc0 | c >> 6);
    } else if (c < 0x10000) {
        t[n++] = (char)(0xe0 | c >> 12);
        t[n++] = (char)(0x80 | (c >> 6 & 63));
    } else {
        t[n++] = (char)(0xf0 | c >> 18);
        t[n++] = (char)(0x80 | (c >> 12 & 63));
        t[n++] = (char)(0x80 | (c >> 6 & 63));
    }
    t[n++] = (char)(0x80 | (c & 63));
    return buf_add(out, (struct slice){ t, n });
}

bool enc_is_utf8(struct slice s)
{
    for (size_t i = 0; i < s.n;) {
        size_t n = utf8_length(slice_from(s, i));
        if (n == 0) return false;
        i += n;
    }
    return true;
}

static uint32_t unit16(struct slice s, size_t at, bool big)
{
    unsigned a = (unsigned char)s.p[at], b = (unsigned char)s.p[at + 1];
    return big ? a << 8 | b : b << 8 | a;
}

bool enc_utf16(struct buf *out, struct slice s)
{
    bool big = slice_starts(s, SL("\xfe\xff"));
    if (!big && !slice_starts(s, SL("\xff\xfe"))) return false;
    size_t before = out->n;
    for (size_t i = 2; i + 1 < s.n; i += 2) {
        uint32_t c = unit16(s, i, big), low = i + 3 < s.n ? unit16(s, i + 2, big) : 0;
        if ((c & 0xfc00) == 0xd800 && (low & 0xfc00) == 0xdc00) {
            c = 0x10000 + ((c & 0x3ff) << 10) + (low & 0x3ff);
            i += 2;
        }
        enc_utf8(out, (c & 0xfffff800) == 0xd800 ? 0xfffd : c);
    }
    if (s.n % 2) enc_utf8(out, 0xfffd);
    if (out->bad) out->n = before;
    return !out->bad;
}
