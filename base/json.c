/* The JSON pull reader: one pass, no tree, no allocation but for strings with escapes.
 *
 * Called by the importers, the archive reader and the extractors, on texts of 100 MB and more: strings
 * are passed over with memchr. Invariant: at never passes text.n; after JSON_ERROR the reader stays
 * there, with at and tok_at on the byte that was wrong. */
#include "base/json.h"

#include <string.h>

#include "base/enc.h"
#include "base/file.h"

enum state { S_VALUE, S_ITEM_OR_END, S_KEY, S_KEY_OR_END, S_COLON, S_AFTER };

void json_init(struct json *j, struct slice text)
{
    *j = (struct json){ .text = text, .state = S_VALUE };
    if (slice_starts(text, SL("\xef\xbb\xbf"))) j->at = 3;
}

static enum json_tok fail(struct json *j, size_t at, const char *expected)
{
    j->at = j->tok_at = at;
    j->expected = expected;
    j->raw = (struct slice){ 0 };
    return j->tok = JSON_ERROR;
}

static void skip_blanks(struct json *j)
{
    const char *p = j->text.p;
    size_t at = j->at, n = j->text.n;
    while (at < n && (p[at] == ' ' || p[at] == '\n' || p[at] == '\r' || p[at] == '\t'))
        at++;
    j->at = at;
}

static bool in_array(const struct json *j)
{
    unsigned i = j->depth - 1;
    return j->in_array[i / 8] >> i % 8 & 1;
}

static enum json_tok open_level(struct json *j, enum json_tok tok)
{
    if (j->depth == JSON_MAX_DEPTH) return fail(j, j->at, "no more than 512 levels");
    unsigned i = j->depth++;
    unsigned char bit = (unsigned char)(1u << i % 8);
    if (tok == JSON_ARRAY)
        j->in_array[i / 8] = (unsigned char)(j->in_array[i / 8] | bit);
    else
        j->in_array[i / 8] = (unsigned char)(j->in_array[i / 8] & ~bit);
    j->state = tok == JSON_ARRAY ? S_ITEM_OR_END : S_KEY_OR_END;
    j->raw = slice_sub(j->text, j->at, j->at + 1);
    j->at++;
    return j->tok = tok;
}

static enum json_tok close_level(struct json *j)
{
    enum json_tok tok = in_array(j) ? JSON_ARRAY_END : JSON_OBJECT_END;
    j->depth--;
    j->state = S_AFTER;
    j->raw = slice_sub(j->text, j->at, j->at + 1);
    j->at++;
    return j->tok = tok;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f');
}

/* The length of the escape at p (which is a backslash), 0 if it is none. */
static size_t escape_length(const char *p, size_t n)
{
    if (n < 2) return 0;
    if (p[1] != 'u') return p[1] && strchr("\"\\/bfnrt", p[1]) ? 2 : 0;
    if (n < 6) return 0;
    return is_hex(p[2]) && is_hex(p[3]) && is_hex(p[4]) && is_hex(p[5]) ? 6 : 0;
}

static const char *find(const char *p, const char *end, char c)
{
    return p < end ? memchr(p, c, (size_t)(end - p)) : NULL;
}

/* The string whose opening quote is at j->at. Quotes are found first: most strings hold no backslash. */
static enum json_tok read_string(struct json *j, enum json_tok tok, enum state next)
{
    const char *from = j->text.p + j->at + 1;
    size_t left = j->text.n - j->at - 1;
    const char *end = from + (left < JSON_MAX_STRING ? left : JSON_MAX_STRING);
    const char *quote = find(from, end, '"'), *p = from;
    j->escaped = false;
    while (quote && (p = find(p, quote, '\\')) != NULL) {
        size_t n = escape_length(p, (size_t)(end - p));
        if (n == 0) return fail(j, (size_t)(p - j->text.p), "an escape like \\n or \\u0041");
        j->escaped = true;
        p += n;
        if (p > quote) quote = find(p, end, '"');
    }
    if (!quote && left > JSON_MAX_STRING) return fail(j, j->at, "strings below 128 MiB");
    if (!quote) return fail(j, j->text.n, "a closing '\"'");
    j->raw = (struct slice){ from, (size_t)(quote - from) };
    j->at = (size_t)(quote + 1 - j->text.p);
    j->state = (unsigned char)next;
    return j->tok = tok;
}

static enum json_tok read_word(struct json *j, const char *word, enum json_tok tok)
{
    struct slice w = slice_z(word), rest = slice_from(j->text, j->at);
    size_t same = 0;
    while (same < w.n && same < rest.n && rest.p[same] == w.p[same])
        same++;
    if (same < w.n) return fail(j, same < rest.n ? j->at : j->text.n, word);
    j->raw = slice_sub(rest, 0, w.n);
    j->at += w.n;
    j->state = S_AFTER;
    return j->tok = tok;
}

static size_t pass_digits(const struct json *j, size_t at)
{
    while (at < j->text.n && (unsigned char)(j->text.p[at] - '0') <= 9)
        at++;
    return at;
}

static bool has(const struct json *j, size_t at, char c)
{
    return at < j->text.n && j->text.p[at] == c;
}

static enum json_tok read_number(struct json *j)
{
    size_t from = j->at, at = from + has(j, from, '-'), after;
    if (at > from && has(j, at, 'I')) return read_word(j, "-Infinity", JSON_NUMBER);
    after = pass_digits(j, at);
    if (after == at) return fail(j, at, "a digit");
    if (after > at + 1 && has(j, at, '0')) return fail(j, at + 1, "a number without leading zeros");
    at = after;
    if (has(j, at, '.')) {
        after = pass_digits(j, ++at);
        if (after == at) return fail(j, at, "a digit after the point");
        at = after;
    }
    if (has(j, at, 'e') || has(j, at, 'E')) {
        at++;
        if (has(j, at, '+') || has(j, at, '-')) at++;
        after = pass_digits(j, at);
        if (after == at) return fail(j, at, "a digit of the exponent");
        at = after;
    }
    j->raw = slice_sub(j->text, from, at);
    j->at = at;
    j->state = S_AFTER;
    return j->tok = JSON_NUMBER;
}

static enum json_tok read_value(struct json *j, const char *expected)
{
    switch (j->text.p[j->at]) {
    case '{': return open_level(j, JSON_OBJECT);
    case '[': return open_level(j, JSON_ARRAY);
    case '"': return read_string(j, JSON_STRING, S_AFTER);
    case 't': return read_word(j, "true", JSON_TRUE);
    case 'f': return read_word(j, "false", JSON_FALSE);
    case 'n': return read_word(j, "null", JSON_NULL);
    case 'N': return read_word(j, "NaN", JSON_NUMBER);
    case 'I': return read_word(j, "Infinity", JSON_NUMBER);
    case '-':
    case '0' ... '9': return read_number(j);
    }
    return fail(j, j->at, expected);
}

/* Behind a value: passes the comma, or gives the closing token or the end. */
static bool after_value(struct json *j, enum json_tok *tok)
{
    bool end = j->at == j->text.n;
    if (j->depth == 0) {
        j->raw = (struct slice){ 0 };
        *tok = end ? (j->tok = JSON_END) : fail(j, j->at, "the end of the text");
        return true;
    }
    char c = end ? '\0' : j->text.p[j->at];
    if (c == ',') {
        j->at++;
        j->state = in_array(j) ? S_VALUE : S_KEY;
        skip_blanks(j);
        j->tok_at = j->at;
        return false;
    }
    if (c == (in_array(j) ? ']' : '}'))
        *tok = close_level(j);
    else
        *tok = fail(j, j->at, in_array(j) ? "',' or ']'" : "',' or '}'");
    return true;
}

enum json_tok json_next(struct json *j)
{
    enum json_tok tok;
    if (j->tok == JSON_ERROR && j->expected) return JSON_ERROR;
    skip_blanks(j);
    j->tok_at = j->at;
    j->escaped = false;
    if (j->state == S_AFTER && after_value(j, &tok)) return tok;
    if (j->state == S_COLON) {
        if (!has(j, j->at, ':')) return fail(j, j->at, "':'");
        j->at++;
        j->state = S_VALUE;
        skip_blanks(j);
        j->tok_at = j->at;
    }
    bool end = j->at == j->text.n;
    if (j->state == S_KEY || j->state == S_KEY_OR_END) {
        if (has(j, j->at, '"')) return read_string(j, JSON_KEY, S_COLON);
        if (j->state == S_KEY) return fail(j, j->at, "a member name in quotes");
        return has(j, j->at, '}') ? close_level(j) : fail(j, j->at, "a member name or '}'");
    }
    if (j->state == S_ITEM_OR_END) {
        if (has(j, j->at, ']')) return close_level(j);
        return end ? fail(j, j->at, "a value or ']'") : read_value(j, "a value or ']'");
    }
    return end ? fail(j, j->at, "a value") : read_value(j, "a value");
}

bool json_skip(struct json *j)
{
    if (j->tok == JSON_KEY) json_next(j);
    if (j->tok == JSON_OBJECT || j->tok == JSON_ARRAY) {
        unsigned outside = j->depth - 1;
        while (j->depth > outside)
            if (json_next(j) == JSON_ERROR) break;
    }
    return j->tok != JSON_ERROR;
}

bool json_value(struct json *j, struct slice *raw)
{
    size_t from = j->tok_at;
    if (!json_skip(j)) return false;
    *raw = slice_sub(j->text, from, j->at);
    return true;
}

static uint32_t hex4(const char *p)
{
    uint32_t v = 0;
    for (int i = 0; i < 4; i++) {
        unsigned c = (unsigned char)p[i];
        v = v << 4 | (c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return v;
}

static size_t put_utf8(uint32_t c, char out[4])
{
    struct buf b = { .p = out, .cap = 4, .max = 4 };
    return enc_utf8(&b, c) ? b.n : 0;
}

/* Decodes the escape at the start of s into out; the bytes it took. */
static size_t decode_escape(struct slice s, char out[4], size_t *out_n)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    size_t n = escape_length(s.p, s.n);
    *out_n = 1;
    if (n == 0) { /* not from the reader: kept as it is */
        out[0] = s.p[0];
        return 1;
    }
    if (n == 2) {
        out[0] = to[strchr(from, s.p[1]) - from];
        return 2;
    }
    uint32_t c = hex4(s.p + 2);
    if ((c & 0xfc00) == 0xd800 && s.n >= 12 && s.p[6] == '\\' &&
        escape_length(s.p + 6, s.n - 6) == 6 && (hex4(s.p + 8) & 0xfc00) == 0xdc00) {
        c = 0x10000 + ((c & 0x3ff) << 10) + (hex4(s.p + 8) & 0x3ff);
        n = 12;
    }
    if ((c & 0xfffff800) == 0xd800) c = 0xfffd;
    *out_n = put_utf8(c, out);
    return n;
}

/* Takes the next unescaped piece off *raw; false when nothing is left. small holds a decoded one. */
static bool next_piece(struct slice *raw, char small[4], struct slice *piece)
{
    if (raw->n == 0) return false;
    size_t at = slice_chr(*raw, '\\');
    if (at == 0) {
        at = decode_escape(*raw, small, &piece->n);
        piece->p = small;
    } else {
        *piece = slice_sub(*raw, 0, at);
        at = piece->n;
    }
    *raw = slice_from(*raw, at);
    return true;
}

struct slice json_str(const struct json *j, struct arena *a)
{
    if (!j->escaped) return j->raw;
    /* No escape is shorter than what it stands for. */
    char small[4], *text = arena_grow(a, NULL, 0, j->raw.n + 1);
    struct slice raw = j->raw, piece;
    size_t n = 0;
    while (next_piece(&raw, small, &piece)) {
        memcpy(text + n, piece.p, piece.n);
        n += piece.n;
    }
    text[n] = '\0';
    text = arena_grow(a, text, j->raw.n + 1, n + 1);
    return (struct slice){ text, n };
}

bool json_unescape(struct buf *out, struct slice raw)
{
    char small[4];
    struct slice piece;
    size_t before = out->n;
    while (next_piece(&raw, small, &piece)) {
        if (buf_add(out, piece)) continue;
        out->n = before;
        return false;
    }
    return !out->bad;
}

bool json_key_is(const struct json *j, struct slice name)
{
    if (!j->escaped) return slice_eq(j->raw, name);
    char small[4];
    struct slice raw = j->raw, piece;
    while (next_piece(&raw, small, &piece)) {
        if (!slice_starts(name, piece)) return false;
        name = slice_from(name, piece.n);
    }
    return name.n == 0;
}

/* What stands at the place of an error, for the sentence. */
static void describe(const struct json *j, char out[40])
{
    static const char *const names[] = {
        [JSON_END] = "the end of the text",
        [JSON_OBJECT] = "an object",
        [JSON_OBJECT_END] = "'}'",
        [JSON_ARRAY] = "an array",
        [JSON_ARRAY_END] = "']'",
        [JSON_KEY] = "a member name",
        [JSON_STRING] = "a string",
        [JSON_NUMBER] = "a number",
        [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",
        [JSON_NULL] = "null",
    };
    unsigned char c = j->tok_at < j->text.n ? (unsigned char)j->text.p[j->tok_at] : 0;
    if (j->tok != JSON_ERROR)
        snprintf(out, 40, "%s", names[j->tok]);
    else if (j->tok_at >= j->text.n)
        snprintf(out, 40, "the end of the text");
    else if (c > ' ' && c < 0x7f)
        snprintf(out, 40, "'%c'", c);
    else
        snprintf(out, 40, "byte 0x%02x", c);
}

bool json_fail(const struct json *j, const char *file, const char *expected, struct err *err)
{
    unsigned line, column;
    char found[40];
    if (!err || err_is(err)) return false;
    file_place(j->text, j->tok_at, &line, &column);
    describe(j, found);
    if (j->tok == JSON_ERROR && j->expected) expected = j->expected;
    return err_at(err, file, line, column, "expected %s, found %s", expected, found);
}
