/* Extractors: one compiled record per `extract` entry, one finder per kind, then regex and decode.
 *
 * Compiled by replay's plan and the correlator, run on every answer of the step. Finders return slices of
 * the answer where they can; what must be changed (unescaped, decoded, copied out of libxml2) lands in the
 * caller's scratch arena. */
#include "scenarios/extract.h"

#include "base/enc.h"
#include "base/json.h"
#include "base/num.h"
#include "http/url.h"
#include "scenarios/css.h"
#include "scenarios/html.h"
#include "scenarios/jsonpath.h"
#include "scenarios/regex.h"

struct extractor {
    struct extract what;
    unsigned nth;          /* from 1 */
    struct jsonpath *json; /* EXTRACT_JSON */
    struct regex *pattern; /* EXTRACT_REGEX */
    struct regex *refine;  /* what.regex */
    struct markup_query markup;
};

/* ---- compiling ------------------------------------------------------------------------------------ */

static bool compile_markup(struct arena *a, struct extractor *x, struct err *err)
{
    struct slice expr = x->what.expr;
    bool css = x->what.kind == EXTRACT_HTML && !css_is_xpath(expr);
    const char *xpath = css ? css_to_xpath(a, expr, err) : arena_z(a, expr);
    enum markup m = x->what.kind == EXTRACT_HTML ? MARKUP_HTML : MARKUP_XML;
    x->markup = (struct markup_query){ m, xpath, css, x->nth, false };
    return xpath && xpath_check(&x->markup, err);
}

static bool need_expr(const struct extract *e, const char *what, struct err *err)
{
    return e->expr.n > 0 || err_set(err, ERR_INPUT, "%s is missing", what);
}

static bool compile_kind(struct arena *a, struct extractor *x, struct err *err)
{
    const struct extract *e = &x->what;
    switch (e->kind) {
    case EXTRACT_JSON: return (x->json = jsonpath_compile(a, e->expr, err)) != NULL;
    case EXTRACT_HEADER: return need_expr(e, "the header's name", err);
    case EXTRACT_COOKIE: return need_expr(e, "the cookie's name", err);
    case EXTRACT_HTML:
    case EXTRACT_XML: return need_expr(e, "the XPath", err) && compile_markup(a, x, err);
    case EXTRACT_REGEX:
        if (!need_expr(e, "the pattern", err)) return false;
        return (x->pattern = regex_compile(e->expr, err)) != NULL;
    case EXTRACT_BETWEEN:
        if (e->expr.n || e->right.n) return true;
        return err_set(err, ERR_INPUT, "between wants a left or a right boundary");
    case EXTRACT_LOCATION:
    case EXTRACT_BODY: break;
    }
    return true;
}

struct extractor *extractor_compile(struct arena *a, const struct extract *e, struct err *err)
{
    struct extractor *x = arena_one(a, struct extractor);
    x->what = *e;
    x->nth = e->nth ? e->nth : 1;
    bool ok = compile_kind(a, x, err);
    if (ok && e->regex.n) ok = (x->refine = regex_compile(e->regex, err)) != NULL;
    if (ok) return x;
    extractor_free(x);
    return NULL;
}

void extractor_free(struct extractor *x)
{
    if (!x) return;
    regex_free(x->pattern);
    regex_free(x->refine);
    x->pattern = x->refine = NULL;
}

bool extractor_needs_body(const struct extractor *x)
{
    switch (x->what.kind) {
    case EXTRACT_HEADER:
    case EXTRACT_COOKIE:
    case EXTRACT_LOCATION: return false;
    case EXTRACT_JSON:
    case EXTRACT_HTML:
    case EXTRACT_XML:
    case EXTRACT_REGEX:
    case EXTRACT_BETWEEN:
    case EXTRACT_BODY: break;
    }
    return true;
}

/* ---- finders -------------------------------------------------------------------------------------- */

static bool find_json(const struct extractor *x, const struct answer *a, struct arena *scratch,
                      struct slice *out)
{
    struct json_hit hit;
    if (!jsonpath_find(x->json, jsonpath_text(a->body), x->nth, scratch, &hit)) return false;
    if (hit.tok == JSON_NULL) return false;
    *out = hit.raw;
    if (hit.tok != JSON_STRING || !hit.escaped) return true;
    struct json j = { .tok = JSON_STRING, .raw = hit.raw, .escaped = true };
    *out = json_str(&j, scratch);
    return true;
}

static bool find_header(const struct extractor *x, const struct answer *a, struct slice *out)
{
    unsigned n = 0;
    for (size_t i = 0; a->headers && i < a->headers->n; i++) {
        if (!slice_ieq(a->headers->v[i].name, x->what.expr) || ++n < x->nth) continue;
        *out = a->headers->v[i].value;
        return true;
    }
    return false;
}

/* The last one counts, as it does in a cookie jar. */
static bool find_cookie(const struct extractor *x, const struct answer *a, struct slice *out)
{
    bool found = false;
    for (size_t i = 0; a->headers && i < a->headers->n; i++) {
        struct slice name, value, pair = a->headers->v[i].value;
        if (!slice_ieq(a->headers->v[i].name, SL("set-cookie"))) continue;
        pair = slice_sub(pair, 0, slice_chr(pair, ';'));
        if (!slice_cut(pair, '=', &name, &value)) continue;
        if (!slice_eq(slice_trim(name), x->what.expr)) continue;
        *out = slice_trim(value);
        found = true;
    }
    return found;
}

static bool find_between(const struct extractor *x, struct slice text, struct slice *out)
{
    struct slice left = x->what.expr, right = x->what.right;
    for (unsigned n = 1;; n++) {
        size_t at = slice_find(text, left);
        if (at == SLICE_NONE) return false;
        text = slice_from(text, at + left.n);
        size_t end = right.n ? slice_find(text, right) : text.n;
        if (end == SLICE_NONE) return false;
        *out = slice_sub(text, 0, end);
        if (n == x->nth) return true;
        if (end + right.n == 0 && left.n == 0) return false;
        text = slice_from(text, end + right.n);
    }
}

/* ---- location ------------------------------------------------------------------------------------- */

/* A buffer of cap bytes in the arena, which never has to grow. */
static struct buf arena_buf(struct arena *a, size_t cap)
{
    return (struct buf){ .p = arena_alloc(a, 1, cap + 1), .cap = cap, .max = cap };
}

static bool find_param(struct slice query, struct slice name, struct arena *scratch,
                       struct slice *out)
{
    struct slice pair;
    while (slice_next(&query, '&', &pair)) {
        struct slice key = pair, value = SL("");
        slice_cut(pair, '=', &key, &value);
        struct buf k = arena_buf(scratch, key.n), v = arena_buf(scratch, value.n);
        if (!enc_unpercent(&k, key, true) || !slice_eq(buf_slice(&k), name)) continue;
        if (!enc_unpercent(&v, value, true)) return false;
        *out = buf_slice(&v);
        return true;
    }
    return false;
}

/* "/2": the second segment, "/-1": the last. */
static bool find_segment(struct slice path, int64_t nth, struct slice *out)
{
    int64_t n = 0;
    struct slice rest = slice_starts(path, SL("/")) ? slice_from(path, 1) : path, piece;
    for (struct slice r = rest; slice_next(&r, '/', &piece);)
        n++;
    int64_t wanted = nth < 0 ? n + nth : nth - 1;
    for (int64_t i = 0; slice_next(&rest, '/', &piece); i++) {
        if (i != wanted) continue;
        *out = piece;
        return piece.n > 0;
    }
    return false;
}

/* Behind "scheme://host", if it stands there. */
static struct slice path_of(struct slice url)
{
    size_t at = slice_find(url, SL("://"));
    bool scheme = at != SLICE_NONE && slice_find(slice_sub(url, 0, at), SL("/")) == SLICE_NONE;
    if (scheme)
        url = slice_from(url, at + 3);
    else if (slice_starts(url, SL("//")))
        url = slice_from(url, 2);
    else
        return url;
    size_t slash = slice_chr(url, '/');
    return slash == SLICE_NONE ? SL("") : slice_from(url, slash);
}

static bool find_location(const struct extractor *x, const struct answer *a, struct arena *scratch,
                          struct slice *out)
{
    struct slice url = a->headers ? headers_get(a->headers, SL("location")) : SL("");
    if (url.n == 0 && (a->status < 300 || a->status > 399)) url = a->url;
    if (url.n == 0) return false;
    struct slice expr = x->what.expr, path = url, query = SL(""), fragment = SL("");
    bool absolute = slice_find(slice_sub(url, 0, 12), SL("://")) != SLICE_NONE || a->url.n == 0;
    *out = absolute ? url : url_resolve(scratch, a->url, url);
    if (expr.n == 0) return true;
    slice_cut(path, '#', &path, &fragment);
    slice_cut(path, '?', &path, &query);
    int64_t nth;
    if (expr.p[0] == '/' && num_i64(slice_from(expr, 1), &nth))
        return find_segment(path_of(path), nth, out);
    if (find_param(query, expr, scratch, out)) return true;
    return find_param(fragment, expr, scratch, out);
}

static bool find(const struct extractor *x, const struct answer *a, struct arena *scratch,
                 struct slice *out)
{
    switch (x->what.kind) {
    case EXTRACT_JSON: return find_json(x, a, scratch, out);
    case EXTRACT_HEADER: return find_header(x, a, out);
    case EXTRACT_COOKIE: return find_cookie(x, a, out);
    case EXTRACT_HTML:
    case EXTRACT_XML: return markup_find(&x->markup, a, scratch, out);
    case EXTRACT_REGEX: return regex_find(x->pattern, a->body, x->nth, scratch, out);
    case EXTRACT_BETWEEN: return find_between(x, a->body, out);
    case EXTRACT_LOCATION: return find_location(x, a, scratch, out);
    case EXTRACT_BODY: *out = slice_trim(a->body); return out->n > 0;
    }
    return false;
}

/* ---- decoding ------------------------------------------------------------------------------------- */

static bool decode_jwt(struct buf *out, struct slice token)
{
    struct slice head, rest, payload = SL("");
    if (!slice_cut(token, '.', &head, &rest)) return false;
    slice_next(&rest, '.', &payload);
    return payload.n > 0 && enc_unbase64(out, payload);
}

/* No decoder gives more bytes than it eats, but for HTML's short names of long characters and JSON's
 * \uXXXX, which stay below 4 for 3 (U+FFFD for a lone byte). */
static bool decode(enum extract_decode how, struct arena *scratch, struct slice *value)
{
    if (how == DECODE_NONE) return true;
    struct buf out = arena_buf(scratch, value->n * 3 + 16);
    bool ok = false;
    switch (how) {
    case DECODE_NONE: break;
    case DECODE_PERCENT: ok = enc_unpercent(&out, *value, false); break;
    case DECODE_HTML: ok = enc_unhtml(&out, *value); break;
    case DECODE_JSON: ok = json_unescape(&out, *value); break;
    case DECODE_BASE64: ok = enc_unbase64(&out, *value); break;
    case DECODE_HEX: ok = enc_unhex(&out, *value); break;
    case DECODE_JWT: ok = decode_jwt(&out, *value); break;
    }
    *value = buf_slice(&out);
    return ok;
}

bool extractor_run(const struct extractor *x, const struct answer *a, struct arena *scratch,
                   struct slice *out)
{
    struct slice value;
    if (!find(x, a, scratch, &value)) return false;
    /* A token is opened before the pattern looks into it; other decoding is of what the pattern found. */
    bool jwt = x->what.decode[0] == DECODE_JWT;
    if (jwt && !decode(DECODE_JWT, scratch, &value)) return false;
    if (x->refine && !regex_find(x->refine, value, 1, scratch, &value)) return false;
    for (size_t i = jwt; i < sizeof x->what.decode / sizeof *x->what.decode; i++)
        if (!decode(x->what.decode[i], scratch, &value)) return false;
    *out = value.p ? value : SL("");
    return true;
}
