/* Bodies rebuilt from postData.params, for recordings that do not hold the text.
 *
 * Called by body.c. Recorders disagree on whether values are percent-encoded and whether uploads are
 * base64; the length of the body that was sent decides, if the recording tells it, else the look of the
 * values. */
#include "har/reader.h"

#include <string.h>

#include "base/enc.h"
#include "http/form.h"

#define BODY_MAX ((size_t)1 << 30)

static void join(struct buf *b, const struct har_list *params, bool encode)
{
    for (size_t i = 0; i < params->n; i++) {
        const struct har_item *it = &params->v[i];
        if (i > 0) buf_addc(b, '&');
        if (encode) {
            enc_percent(b, it->name, ENC_FORM);
            buf_addc(b, '=');
            enc_percent(b, it->value, ENC_FORM);
            continue;
        }
        buf_add(b, it->name);
        buf_addc(b, '=');
        buf_add(b, it->value);
    }
}

/* Whether text can be what stood in the body: no byte that would have been encoded. */
static bool looks_encoded(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c <= ' ' || c >= 0x7f || strchr("&=#\"<>", c)) return false;
    }
    return true;
}

static bool all_look_encoded(const struct har_list *params)
{
    for (size_t i = 0; i < params->n; i++)
        if (!looks_encoded(params->v[i].name) || !looks_encoded(params->v[i].value)) return false;
    return true;
}

static void urlencoded(struct buf *b, const struct har_list *params, int64_t length)
{
    join(b, params, false);
    if (length == (int64_t)b->n) return;
    bool raw = all_look_encoded(params);
    struct buf encoded = BUF_INIT(BODY_MAX);
    join(&encoded, params, true);
    if (length == (int64_t)encoded.n || !raw) {
        buf_reset(b);
        buf_add(b, buf_slice(&encoded));
    }
    buf_free(&encoded);
}

/* Names in a part's head as browsers write them (RFC 7578 4.2, WHATWG form encoding). */
static void add_quoted(struct buf *b, const char *before, struct slice s)
{
    buf_addz(b, before);
    for (size_t i = 0; i < s.n; i++) {
        switch (s.p[i]) {
        case '"': buf_addz(b, "%22"); break;
        case '\r': buf_addz(b, "%0D"); break;
        case '\n': buf_addz(b, "%0A"); break;
        default: buf_addc(b, s.p[i]);
        }
    }
    buf_addc(b, '"');
}

static void add_part(struct buf *b, struct slice boundary, const struct har_item *it, bool decode)
{
    buf_addz(b, "--");
    buf_add(b, boundary);
    add_quoted(b, "\r\nContent-Disposition: form-data; name=\"", it->name);
    if (it->file_name.p) add_quoted(b, "; filename=\"", it->file_name);
    if (it->content_type.n) {
        buf_addz(b, "\r\nContent-Type: ");
        buf_add(b, it->content_type);
    }
    buf_addz(b, "\r\n\r\n");
    if (!decode || !it->file_name.p || !enc_unbase64(b, it->value)) buf_add(b, it->value);
    buf_addz(b, "\r\n");
}

static void multipart(struct buf *b, const struct har_list *params, struct slice boundary,
                      bool decode)
{
    for (size_t i = 0; i < params->n; i++)
        add_part(b, boundary, &params->v[i], decode);
    buf_addz(b, "--");
    buf_add(b, boundary);
    buf_addz(b, "--\r\n");
}

/* An upload whose content the recording does not hold cannot be rebuilt. */
static bool contents_known(const struct har_list *params)
{
    for (size_t i = 0; i < params->n; i++)
        if (params->v[i].file_name.n > 0 && params->v[i].value.n == 0) return false;
    return true;
}

static bool multipart_body(struct buf *b, const struct har_list *params, struct slice content_type,
                           int64_t length)
{
    struct slice boundary = multipart_boundary(content_type);
    if (boundary.n == 0 || !contents_known(params)) return false;
    multipart(b, params, boundary, true);
    if (length == (int64_t)b->n) return true; /* Charles keeps uploads as base64 */
    buf_reset(b);
    multipart(b, params, boundary, false);
    return true;
}

static bool is_form(struct slice mime)
{
    return mime.n == 0 || slice_ifind(mime, SL("urlencoded")) != SLICE_NONE;
}

bool har_params_body(struct har_reader *r, const struct har_list *params, struct slice content_type,
                     int64_t length, struct slice *body)
{
    struct buf b = BUF_INIT(BODY_MAX);
    struct slice mime = mime_type(content_type);
    bool known = false;
    if (is_form(mime)) {
        urlencoded(&b, params, length);
        known = true;
    } else if (slice_istarts(mime, SL("multipart/"))) {
        known = multipart_body(&b, params, content_type, length);
    }
    if (known) *body = arena_dup(r->s->arena, buf_slice(&b));
    buf_free(&b);
    return known;
}
