/* Bodies: what a recording holds of them, and how sure one can be of it (enum body_state).
 *
 * Called by message.c. `text` wins over `params`. A body that went through text is compared with the
 * length that was sent: bytes that a recorder kept one by one as characters are brought back, others that
 * it replaced are told as damaged. */
#include "har/reader.h"

#include <string.h>

#include "base/codec.h"
#include "base/enc.h"
#include "base/num.h"
#include "http/form.h"

static const struct slice replacement = { "\xef\xbf\xbd", 3 }; /* U+FFFD */

/* The state that our own writer put beside a body. */
static bool told_state(struct slice s, enum body_state *out)
{
    static const char *const names[] = { "none", "whole", "missing", "damaged" };
    for (size_t i = 0; i < HAR_COUNT(names); i++) {
        if (!slice_eq(s, slice_z(names[i]))) continue;
        *out = (enum body_state)i;
        return true;
    }
    return false;
}

/* Content-Length if it is given, else the recorder's bodySize; -1 if neither. */
static int64_t sent_length(const struct har_message *m, const struct headers *h)
{
    uint64_t n;
    if (num_u64(slice_trim(headers_get(h, SL("Content-Length"))), INT64_MAX, &n)) return (int64_t)n;
    return m->body_size > 0 ? m->body_size : -1;
}

/* The text, unpacked from base64 or taken from its own file; false if that fails. */
static bool load_text(struct har_reader *r, const struct har_body *body, struct slice *out)
{
    *out = body->text;
    if (body->text.n == 0 && body->file.n > 0) return har_attachment(r, body->file, out);
    if (body->text.n == 0 || !slice_ieq(body->encoding, SL("base64"))) return true;
    struct buf b = BUF_INIT(body->text.n + 1);
    bool ok = enc_unbase64(&b, body->text);
    if (ok) *out = arena_dup(r->s->arena, buf_slice(&b));
    buf_free(&b);
    return ok;
}

/* One character per byte (Firefox, for bodies that are no UTF-8): as many characters as bytes were sent,
 * all below U+0100. */
static bool is_bytes_as_text(struct slice s, int64_t length)
{
    int64_t chars = 0;
    for (size_t i = 0; i < s.n; i++, chars++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x80) continue;
        if ((c != 0xc2 && c != 0xc3) || i + 1 == s.n) return false;
        i++;
    }
    return chars == length && (int64_t)s.n != length;
}

static struct slice bytes_of_text(struct arena *a, struct slice s)
{
    char *out = arena_grow(a, NULL, 0, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x80) c = (unsigned char)((c & 3) << 6 | (s.p[++i] & 0x3f));
        out[n++] = (char)c;
    }
    return (struct slice){ out, n };
}

static bool is_upload(struct slice mime)
{
    return slice_istarts(mime, SL("multipart/")) || slice_istarts(mime, SL("image/")) ||
           slice_istarts(mime, SL("application/octet-stream"));
}

/* Firebug and old Firefox put the upload stream's own headers in front of a form. */
static struct slice without_stream_head(struct slice text, struct slice mime)
{
    if (!slice_istarts(text, SL("Content-Type:")) && !slice_istarts(text, SL("Content-Length:")))
        return text;
    size_t end = slice_find(text, SL("\r\n\r\n"));
    bool form = slice_istarts(mime, SL("application/x-www-form-urlencoded")) ||
                slice_istarts(mime, SL("multipart/"));
    return form && end != SLICE_NONE && end < 1000 ? slice_from(text, end + 4) : text;
}

/* Puts a text that is there into the request. */
static void take_text(struct har_reader *r, struct slice text, int64_t length, struct request *out)
{
    text = without_stream_head(text, out->mime);
    out->body_state = BODY_WHOLE;
    if (length >= 0 && is_bytes_as_text(text, length))
        text = bytes_of_text(r->s->arena, text);
    else if (slice_find(text, replacement) != SLICE_NONE && length != (int64_t)text.n)
        out->body_state = BODY_DAMAGED;
    else if (length > (int64_t)text.n && is_upload(out->mime))
        out->body_state = BODY_DAMAGED;
    out->body = text;
}

static void keep_params(struct har_reader *r, const struct har_list *list, struct request *out)
{
    if (list->n == 0) return;
    out->params = arena_many(r->s->arena, list->n, struct post_param);
    out->params_n = list->n;
    for (size_t i = 0; i < list->n; i++) {
        const struct har_item *it = &list->v[i];
        out->params[i] = (struct post_param){ it->name, it->value, it->file_name, it->content_type,
                                              it->file_name.p != NULL };
    }
}

/* What is known of a body whose text is not there. */
static enum body_state absent(const struct har_message *m, const struct request *req,
                              int64_t length)
{
    bool post = slice_ieq(req->method, SL("POST")) || slice_ieq(req->method, SL("PUT")) ||
                slice_ieq(req->method, SL("PATCH"));
    if (length > 0 || headers_has(&req->headers, SL("Transfer-Encoding"))) return BODY_MISSING;
    if (length == 0) return post && m->body.text.p ? BODY_WHOLE : BODY_NONE;
    if (post && !m->body.text.p && m->body.mime.n > 0) return BODY_MISSING;
    return post && m->body.text.p && req->mime.n > 0 ? BODY_WHOLE : BODY_NONE;
}

void har_request_body(struct har_reader *r, struct har_message *m, struct request *out)
{
    int64_t length = sent_length(m, &out->headers);
    struct slice text = { 0 };
    bool loaded = load_text(r, &m->body, &text);
    if (told_state(m->body.state, &out->body_state) && loaded) {
        out->body = text;
        keep_params(r, &m->body.params, out);
        return;
    }
    if (!loaded) {
        out->body_state = m->body.file.n ? BODY_MISSING : BODY_DAMAGED;
    } else if (text.n > 0 && m->body.encoding.n > 0) {
        out->body = text;
        out->body_state = BODY_WHOLE;
    } else if (text.n > 0) {
        take_text(r, text, length, out);
    } else if (m->body.params.n > 0) {
        bool known = har_params_body(r, &m->body.params, out->mime, length, &out->body);
        out->body_state = known ? BODY_WHOLE : BODY_MISSING;
        keep_params(r, &m->body.params, out);
    } else {
        out->body_state = absent(m, out, length);
    }
}

/* Polly.JS keeps a compressed body as a JSON list of its chunks, in hex or base64. */
static bool join_chunks(struct slice text, struct buf *out)
{
    struct json j;
    json_init(&j, text);
    if (json_next(&j) != JSON_ARRAY) return false;
    while (json_next(&j) == JSON_STRING)
        if (j.escaped || (!enc_unhex(out, j.raw) && !enc_unbase64(out, j.raw))) return false;
    return j.tok == JSON_ARRAY_END && out->n > 0;
}

static bool is_packed(struct slice body)
{
    return slice_starts(body, SL("\x1f\x8b")) || slice_starts(body, SL("\x28\xb5\x2f\xfd"));
}

/* Some recorders keep the body as it came: compressed. */
static struct slice uncompressed(struct har_reader *r, const struct headers *h, struct slice body)
{
    struct slice coding = headers_get(h, SL("Content-Encoding")), packed = body;
    if (coding.n == 0) return body;
    struct buf b = BUF_INIT(r->max_bytes), chunks = BUF_INIT(body.n + 1);
    if (slice_starts(body, SL("[\"")) && join_chunks(body, &chunks)) packed = buf_slice(&chunks);
    bool try = is_packed(packed) || packed.p != body.p; /* brotli has no mark of its own */
    if (try && codec_decode_all(coding, packed, &b) == CODEC_OK)
        body = arena_dup(r->s->arena, buf_slice(&b));
    buf_free(&b);
    buf_free(&chunks);
    return body;
}

static bool has_no_body(struct slice method, int status)
{
    return slice_ieq(method, SL("HEAD")) || status < 200 || status == 204 || status == 304;
}

static bool is_wide_text(struct slice mime)
{
    return slice_ifind(mime, SL("utf-16")) != SLICE_NONE ||
           slice_ifind(mime, SL("utf-32")) != SLICE_NONE;
}

/* Cut short, or binary that went through text. Three bytes may be a byte order mark that is gone. */
static bool looks_damaged(const struct har_body *body, struct slice text, struct slice mime)
{
    bool binary = slice_ieq(body->encoding, SL("base64"));
    if (body->size > (int64_t)text.n + (binary ? 0 : 3)) return binary || !is_wide_text(mime);
    return !binary && is_upload(mime) && slice_find(text, replacement) != SLICE_NONE;
}

void har_response_body(struct har_reader *r, struct har_message *m, struct slice method,
                       struct response *out)
{
    struct slice text = { 0 };
    bool loaded = load_text(r, &m->body, &text);
    if (loaded && told_state(m->body.state, &out->body_state)) {
        out->body = text;
    } else if (!loaded) {
        out->body_state = m->body.file.n ? BODY_MISSING : BODY_DAMAGED;
    } else if (text.n > 0) {
        out->body = uncompressed(r, &out->headers, text);
        bool unpacked = out->body.p != text.p; /* what is decoded whole is whole */
        bool damaged = !unpacked && looks_damaged(&m->body, out->body, out->mime);
        out->body_state = damaged ? BODY_DAMAGED : BODY_WHOLE;
    } else if (has_no_body(method, out->status)) {
        out->body_state = BODY_NONE;
    } else if (m->body.size > 0 || m->body_size > 0) {
        out->body_state = BODY_MISSING;
    } else {
        out->body_state = m->body.text.p ? BODY_WHOLE : BODY_NONE;
    }
}
