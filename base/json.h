/* JSON (RFC 8259): a pull reader that makes no tree, and a writer.
 *
 * The reader walks text in one pass and allocates nothing; strings are unescaped only when asked for.
 * It takes what recordings really hold: a BOM, NaN and ±Infinity (as numbers), lone surrogates (U+FFFD),
 * bytes that are not UTF-8 and raw control characters in strings (as they are). Depth and the length of strings are limited. Errors know their offset and say what was
 * expected. See docs/notes/json.md for why this is not a library. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum json_tok {
    JSON_ERROR,
    JSON_END,
    JSON_OBJECT,
    JSON_OBJECT_END,
    JSON_ARRAY,
    JSON_ARRAY_END,
    JSON_KEY,
    JSON_STRING,
    JSON_NUMBER,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
};

#define JSON_MAX_DEPTH 512
#define JSON_MAX_STRING ((size_t)128 << 20) /* as written, with escapes */

struct json {
    struct slice text;
    size_t at;        /* next byte to read */
    size_t tok_at;    /* where the current token starts */
    struct slice raw; /* current token: string without quotes, still escaped; number as written */
    bool escaped;     /* raw holds a backslash */
    enum json_tok tok;
    const char *expected; /* after JSON_ERROR */
    unsigned depth;
    unsigned char in_array[JSON_MAX_DEPTH / 8];
    unsigned char state; /* private */
};

void json_init(struct json *j, struct slice text);
enum json_tok json_next(struct json *j);
/* With tok at the start of a value: moves to its last token. On a scalar it does nothing; on a KEY it
 * moves to the last token of the member's value. False on JSON_ERROR. */
bool json_skip(struct json *j);
/* The raw text of the value at tok, whole ({…} included); moves to its last token. */
bool json_value(struct json *j, struct slice *raw);
/* Unescaped text of the current KEY or STRING: the raw slice itself if nothing was escaped. */
struct slice json_str(const struct json *j, struct arena *a);
bool json_unescape(struct buf *out, struct slice raw);
/* Whether the current KEY is name (compares unescaped). */
bool json_key_is(const struct json *j, struct slice name);
/* "file:line:column: expected …, found …" from the JSON_ERROR state (or for a wrong tok at tok_at). */
bool json_fail(const struct json *j, const char *file, const char *expected, struct err *err);

/* Writer: commas and, when indent > 0, line breaks are its own. */
struct jsonw {
    struct buf *out;
    unsigned indent, depth;
    bool comma, after_key; /* private */
};
void jsonw_object(struct jsonw *w);
void jsonw_object_end(struct jsonw *w);
void jsonw_array(struct jsonw *w);
void jsonw_array_end(struct jsonw *w);
void jsonw_key(struct jsonw *w, const char *key);
void jsonw_key_s(struct jsonw *w, struct slice key);
void jsonw_str(struct jsonw *w, struct slice s);
void jsonw_z(struct jsonw *w, const char *z);
void jsonw_u64(struct jsonw *w, uint64_t v);
void jsonw_i64(struct jsonw *w, int64_t v);
void jsonw_f64(struct jsonw *w, double v,
               int decimals); /* trailing zeros dropped; not finite: null */
void jsonw_bool(struct jsonw *w, bool v);
void jsonw_null(struct jsonw *w);
void jsonw_raw(struct jsonw *w, struct slice json);
/* A member of an object: its key, and its value or what begins it. */
void jsonw_put_object(struct jsonw *w, const char *key);
void jsonw_put_array(struct jsonw *w, const char *key);
void jsonw_put_str(struct jsonw *w, const char *key, struct slice s);
void jsonw_put_z(struct jsonw *w, const char *key, const char *z);
void jsonw_put_u64(struct jsonw *w, const char *key, uint64_t v);
void jsonw_put_i64(struct jsonw *w, const char *key, int64_t v);
void jsonw_put_f64(struct jsonw *w, const char *key, double v, int decimals);
void jsonw_put_bool(struct jsonw *w, const char *key, bool v);
void jsonw_put_names(struct jsonw *w, const char *key, const char *const *names, size_t n);

#endif
