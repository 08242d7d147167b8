/* Encodings of a text inside another; see coding.h.
 *
 * Called by node.c and the candidate modules. Percent, form, JSON, HTML and hex are written character by
 * character, so a replaced stretch of the decoded text is a stretch of the raw text; base64 is not, there
 * the whole is written anew. */
#include "scenarios/correlate/coding.h"

#include <string.h>

#include "base/enc.h"
#include "base/json.h"
#include "scenarios/value.h"

#define DECODE_MAX ((size_t)64 << 20)

static bool needs_decoding(enum coding c, struct slice raw)
{
    switch (c) {
    case CODING_NONE: return false;
    case CODING_PERCENT: return slice_chr(raw, '%') != SLICE_NONE;
    case CODING_FORM: return slice_chr(raw, '%') != SLICE_NONE || slice_chr(raw, '+') != SLICE_NONE;
    case CODING_JSON: return slice_chr(raw, '\\') != SLICE_NONE;
    case CODING_HTML: return slice_chr(raw, '&') != SLICE_NONE;
    case CODING_BASE64:
    case CODING_BASE64URL:
    case CODING_HEX: return true;
    }
    return false;
}

static bool decode(struct buf *b, enum coding c, struct slice raw)
{
    switch (c) {
    case CODING_NONE: return buf_add(b, raw);
    case CODING_PERCENT: return enc_unpercent(b, raw, false);
    case CODING_FORM: return enc_unpercent(b, raw, true);
    case CODING_JSON: return json_unescape(b, raw);
    case CODING_HTML: return enc_unhtml(b, raw);
    case CODING_BASE64:
    case CODING_BASE64URL: return enc_unbase64(b, raw);
    case CODING_HEX: return enc_unhex(b, raw);
    }
    return false;
}

bool coding_decode(struct arena *a, enum coding c, struct slice raw, struct slice *out)
{
    *out = raw;
    if (!needs_decoding(c, raw)) return true;
    struct buf b = BUF_INIT(DECODE_MAX);
    bool ok = decode(&b, c, raw);
    if (ok) *out = arena_dup(a, buf_slice(&b));
    buf_free(&b);
    return ok;
}

/* Length of the unit that starts at raw[i]: an escape or one byte. */
static size_t unit(enum coding c, struct slice raw, size_t i)
{
    struct slice rest = slice_from(raw, i);
    switch (c) {
    case CODING_PERCENT:
    case CODING_FORM: return rest.p[0] == '%' && rest.n >= 3 ? 3 : 1;
    case CODING_HEX: return rest.n >= 2 ? 2 : 1;
    case CODING_JSON:
        if (rest.p[0] != '\\' || rest.n < 2) return 1;
        if (rest.p[1] != 'u' || rest.n < 6) return 2;
        if ((rest.p[2] | 32) == 'd' && rest.n >= 12 && memchr("89abAB", rest.p[3], 6) &&
            rest.p[6] == '\\')
            return 12; /* a surrogate pair */
        return 6;
    case CODING_HTML: {
        if (rest.p[0] != '&') return 1;
        size_t semi = slice_chr(slice_sub(rest, 0, 34), ';');
        return semi == SLICE_NONE ? 1 : semi + 1;
    }
    case CODING_NONE:
    case CODING_BASE64:
    case CODING_BASE64URL: return 1;
    }
    return 1;
}

size_t coding_raw_at(enum coding c, struct slice raw, size_t at)
{
    if (!needs_decoding(c, raw)) return at < raw.n ? at : raw.n;
    size_t i = 0, decoded = 0;
    struct buf b = BUF_INIT(64);
    while (i < raw.n && decoded < at) {
        size_t n = unit(c, raw, i);
        buf_reset(&b);
        decoded += n > 1 && decode(&b, c, slice_sub(raw, i, i + n)) ? b.n : n;
        i += n;
    }
    buf_free(&b);
    return i;
}

bool coding_is_base64(enum coding c)
{
    return c == CODING_BASE64 || c == CODING_BASE64URL;
}

/* Long values of letters that no URL escapes: another of their kind will not need it either. */
static bool is_url_safe_kind(struct slice s)
{
    return value_is_digits(s) || value_is_uuid(s) || value_is_hex(s) ||
           (s.n >= 20 && value_is_plain(s));
}

struct slice coding_wrap(struct arena *a, enum coding c, struct slice expr, struct slice recorded)
{
    static const char *const functions[] = { "",     "urlencode", "formencode", "json",
                                             "html", "base64",    "base64url",  "hex" };
    bool url = c == CODING_PERCENT || c == CODING_FORM;
    if (c == CODING_NONE || (url && is_url_safe_kind(recorded))) return expr;
    if ((c == CODING_JSON || c == CODING_HTML) && value_is_plain(recorded)) return expr;
    return arena_printf(a, "%s(%.*s)", functions[c], SL_FMT(expr));
}

enum extract_decode coding_extract(enum coding c)
{
    switch (c) {
    case CODING_PERCENT:
    case CODING_FORM: return DECODE_PERCENT;
    case CODING_JSON: return DECODE_JSON;
    case CODING_HTML: return DECODE_HTML;
    case CODING_BASE64:
    case CODING_BASE64URL: return DECODE_BASE64;
    case CODING_HEX: return DECODE_HEX;
    case CODING_NONE: return DECODE_NONE;
    }
    return DECODE_NONE;
}
