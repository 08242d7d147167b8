/* Masking the secrets of an exchange. Called by the capture command's sink.
 *
 * Masked are: values of headers, query and form fields and JSON members whose names are those of secrets
 * (base/log.h), and every cookie. Names and lengths stay readable; bodies of other types stay as they
 * are, and so do WebSocket messages. */
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "capture/capture.h"
#include "http/cookie.h"
#include "http/form.h"

#define MASKED_MAX (UINT64_C(1) << 30)

static struct slice take(struct arena *a, struct buf *b)
{
    struct slice s = arena_dup(a, buf_slice(b));
    buf_free(b);
    return s;
}

/* "a=1; b=2" with the values masked; of Set-Cookie only the first pair, attributes stay. */
static struct slice mask_cookies(struct arena *a, struct slice value, bool set)
{
    struct buf out = BUF_INIT(MASKED_MAX);
    struct slice rest = value, piece, name, text;
    bool first = true;
    while (slice_next(&rest, ';', &piece)) {
        if (!first) buf_addc(&out, ';');
        if ((first || !set) && slice_cut(piece, '=', &name, &text)) {
            buf_add(&out, name);
            buf_addc(&out, '=');
            log_mask(&out, text);
        } else {
            buf_add(&out, piece);
        }
        first = false;
    }
    return take(a, &out);
}

static struct slice mask_value(struct arena *a, struct slice value)
{
    struct buf out = BUF_INIT(MASKED_MAX);
    log_mask(&out, value);
    return take(a, &out);
}

/* "name=value&…": query strings and form bodies. */
static struct slice mask_pairs(struct arena *a, struct slice text)
{
    struct buf out = BUF_INIT(MASKED_MAX);
    size_t n;
    struct form_field *f = form_parse(a, text, &n);
    for (size_t i = 0; i < n; i++) {
        if (i) buf_addc(&out, '&');
        buf_add(&out, f[i].raw_name);
        if (f[i].has_eq) buf_addc(&out, '=');
        if (f[i].has_eq && log_is_secret_name(f[i].name))
            log_mask(&out, f[i].raw_value);
        else
            buf_add(&out, f[i].raw_value);
    }
    return take(a, &out);
}

static struct slice mask_url(struct arena *a, struct slice url)
{
    size_t q = slice_chr(url, '?');
    if (q == SLICE_NONE) return url;
    struct slice query = mask_pairs(a, slice_from(url, q + 1));
    return arena_printf(a, "%.*s%.*s", SL_FMT(slice_sub(url, 0, q + 1)), SL_FMT(query));
}

/* Copies the text and replaces strings behind secret keys; what is no JSON to its end stays whole. */
static struct slice mask_json(struct arena *a, struct slice text)
{
    struct buf out = BUF_INIT(MASKED_MAX);
    struct json j;
    size_t copied = 0;
    bool secret = false;
    json_init(&j, text);
    for (enum json_tok t; (t = json_next(&j)) != JSON_END && t != JSON_ERROR;) {
        if (secret && (t == JSON_STRING || t == JSON_NUMBER)) {
            size_t quote = t == JSON_STRING;
            buf_add(&out, slice_sub(text, copied, j.tok_at + quote));
            log_mask(&out, j.raw);
            copied = j.tok_at + quote + j.raw.n;
        }
        secret = t == JSON_KEY && log_is_secret_name(json_str(&j, a));
    }
    if (!copied) {
        buf_free(&out);
        return text;
    }
    buf_add(&out, slice_from(text, copied));
    return take(a, &out);
}

static struct slice mask_body(struct arena *a, struct slice body, struct slice mime)
{
    struct slice type = mime_type(mime);
    if (slice_ieq(type, SL("application/x-www-form-urlencoded"))) return mask_pairs(a, body);
    if (slice_ifind(type, SL("json")) != SLICE_NONE) return mask_json(a, body);
    return body;
}

static struct headers mask_headers(struct arena *a, const struct headers *h)
{
    struct headers out = { arena_many(a, h->n + 1, struct header), h->n };
    for (size_t i = 0; i < h->n; i++) {
        out.v[i] = h->v[i];
        if (slice_ieq(h->v[i].name, SL("cookie")))
            out.v[i].value = mask_cookies(a, h->v[i].value, false);
        else if (slice_ieq(h->v[i].name, SL("set-cookie")))
            out.v[i].value = mask_cookies(a, h->v[i].value, true);
        else if (log_is_secret_name(h->v[i].name))
            out.v[i].value = mask_value(a, h->v[i].value);
    }
    return out;
}

const struct exchange *capture_mask(struct arena *a, const struct exchange *ex)
{
    struct exchange *m = arena_one(a, struct exchange);
    *m = *ex;
    m->request.url = mask_url(a, ex->request.url);
    m->response.redirect = mask_url(a, ex->response.redirect);
    m->request.headers = mask_headers(a, &ex->request.headers);
    m->response.headers = mask_headers(a, &ex->response.headers);
    for (size_t i = 0; i < m->response.headers.n; i++)
        if (slice_ieq(m->response.headers.v[i].name, SL("location")))
            m->response.headers.v[i].value = m->response.redirect;
    m->request.body = mask_body(a, ex->request.body, ex->request.mime);
    m->response.body = mask_body(a, ex->response.body, ex->response.mime);
    return m;
}
