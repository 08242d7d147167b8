/* Requests and responses of an entry as the session holds them: headers cleaned, cookies completed.
 *
 * Called by entry.c once an entry is read whole, because members come in any order. The quirks of
 * recorders that are undone here are told in docs/notes/har.md. */
#include "har/reader.h"

#include <string.h>

#include "base/clock.h"
#include "base/enc.h"
#include "http/cookie.h"
#include "http/form.h"

/* RFC 9110 5.6.2; anything else in a name could not be sent again. */
static bool is_token(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c)) return false;
    }
    return s.n > 0;
}

static size_t count_lines(struct slice s)
{
    size_t n = 1;
    for (size_t at; (at = slice_chr(s, '\n')) != SLICE_NONE; n++)
        s = slice_from(s, at + 1);
    return n;
}

/* Old Chrome joins the values of one name with line feeds: a header for each. */
static void add_lines(struct headers *h, struct slice name, struct slice value)
{
    struct slice line;
    if (value.n == 0) {
        h->v[h->n++] = (struct header){ name, value };
        return;
    }
    while (slice_next(&value, '\n', &line))
        h->v[h->n++] = (struct header){ name, slice_trim(line) };
}

/* HTTP/2 pseudo-headers go; :authority is what Host was before. */
static void fill_headers(struct har_reader *r, const struct har_list *list, struct headers *out)
{
    struct slice authority = { 0 };
    size_t cap = 1;
    for (size_t i = 0; i < list->n; i++)
        cap += count_lines(list->v[i].value);
    out->v = arena_many(r->s->arena, cap, struct header);
    out->n = 0;
    for (size_t i = 0; i < list->n; i++) {
        struct slice name = slice_trim(list->v[i].name), value = list->v[i].value;
        if (slice_eq(name, SL(":authority"))) authority = slice_trim(value);
        if (slice_starts(name, SL(":"))) continue;
        if (!is_token(name) || slice_chr(value, '\0') != SLICE_NONE)
            r->bad_headers++;
        else
            add_lines(out, name, value);
    }
    if (authority.n == 0 || headers_has(out, SL("Host"))) return;
    memmove(out->v + 1, out->v, out->n * sizeof *out->v);
    out->v[0] = (struct header){ SL("Host"), authority };
    out->n++;
}

static void add_header(struct har_reader *r, struct headers *h, struct slice name,
                       struct slice value)
{
    size_t bytes = h->n * sizeof *h->v;
    h->v = arena_grow(r->s->arena, h->v, bytes, bytes + sizeof *h->v);
    h->v[h->n++] = (struct header){ name, value };
}

static void remove_header(struct headers *h, size_t i)
{
    memmove(&h->v[i], &h->v[i + 1], (h->n - i - 1) * sizeof *h->v);
    h->n--;
}

/* Which of several Content-Type headers is the request's own: the one that the body was taken apart by,
 * else the first. */
static size_t own_content_type(const struct headers *h, struct slice mime)
{
    size_t first = SLICE_NONE;
    for (size_t i = 0; i < h->n; i++) {
        if (!slice_ieq(h->v[i].name, SL("Content-Type"))) continue;
        if (mime.n > 0 && slice_ieq(h->v[i].value, mime)) return i;
        if (first == SLICE_NONE) first = i;
    }
    return first;
}

/* Firefox appends the part headers of an upload to those of the request. */
static void drop_part_headers(struct headers *h, struct slice mime)
{
    size_t own = own_content_type(h, mime), length = SLICE_NONE;
    for (size_t i = h->n; i-- > 0;) {
        struct slice name = h->v[i].name;
        bool part = slice_ieq(name, SL("Content-Type")) && i != own;
        if (slice_ieq(name, SL("Content-Disposition")))
            part = slice_istarts(h->v[i].value, SL("form-data"));
        if (slice_ieq(name, SL("Content-Length"))) {
            part = length != SLICE_NONE && slice_eq(h->v[length].value, h->v[i].value);
            if (!part) length = i;
        }
        if (!part) continue;
        remove_header(h, i);
        if (own != SLICE_NONE && own > i) own--;
        if (length != SLICE_NONE && length > i) length--;
    }
}

static void note_secrets(struct har_reader *r, const struct har_message *m, const struct headers *h)
{
    static const char *const names[] = { "Cookie", "Set-Cookie", "Authorization" };
    if (m->cookies.n > 0) r->secrets = true;
    for (size_t i = 0; i < HAR_COUNT(names); i++)
        if (headers_has(h, slice_z(names[i]))) r->secrets = true;
}

/* Some recorders list the cookies but not the header that carried them. */
static void complete_cookie(struct har_reader *r, const struct har_message *m, struct headers *h)
{
    struct buf b = BUF_INIT((size_t)1 << 20);
    if (m->cookies.n == 0 || headers_has(h, SL("Cookie"))) return;
    for (size_t i = 0; i < m->cookies.n; i++) {
        if (i > 0) buf_addz(&b, "; ");
        buf_add(&b, m->cookies.v[i].name);
        buf_addc(&b, '=');
        buf_add(&b, m->cookies.v[i].value);
    }
    add_header(r, h, SL("Cookie"), arena_dup(r->s->arena, buf_slice(&b)));
    buf_free(&b);
}

static void add_attribute(struct buf *b, const char *name, struct slice value)
{
    if (value.n == 0) return;
    buf_addz(b, name);
    buf_add(b, value);
}

/* An expiry matters to a replay only if it deletes the cookie. */
static void complete_set_cookie(struct har_reader *r, const struct har_message *m,
                                struct headers *h)
{
    struct buf b = BUF_INIT((size_t)1 << 20);
    if (m->cookies.n == 0 || headers_has(h, SL("Set-Cookie"))) return;
    for (size_t i = 0; i < m->cookies.n; i++) {
        const struct har_item *c = &m->cookies.v[i];
        int64_t expires;
        buf_reset(&b);
        buf_add(&b, c->name);
        buf_addc(&b, '=');
        buf_add(&b, c->value);
        add_attribute(&b, "; Path=", c->path);
        add_attribute(&b, "; Domain=", c->domain);
        if (clock_parse_iso(c->expires, &expires) && expires <= r->entry.start_ns)
            buf_addz(&b, "; Max-Age=0");
        if (c->http_only) buf_addz(&b, "; HttpOnly");
        if (c->secure) buf_addz(&b, "; Secure");
        add_header(r, h, SL("Set-Cookie"), arena_dup(r->s->arena, buf_slice(&b)));
    }
    buf_free(&b);
}

/* The URL without fragment; with the query that a recorder lists beside it only. */
static struct slice fill_url(struct har_reader *r, const struct har_message *m)
{
    struct slice url = slice_trim(m->url);
    url = slice_sub(url, 0, slice_chr(url, '#'));
    if (m->query.n == 0 || slice_chr(url, '?') != SLICE_NONE) return url;
    struct buf b = BUF_INIT((size_t)16 << 20);
    buf_add(&b, url);
    for (size_t i = 0; i < m->query.n; i++) {
        buf_addc(&b, i == 0 ? '?' : '&');
        enc_percent(&b, m->query.v[i].name, ENC_FORM);
        buf_addc(&b, '=');
        enc_percent(&b, m->query.v[i].value, ENC_FORM);
    }
    url = arena_dup(r->s->arena, buf_slice(&b));
    buf_free(&b);
    return url;
}

void har_request_fill(struct har_reader *r, struct har_message *m, struct request *out)
{
    out->method = is_token(m->method) ? m->method : SL("GET");
    out->url = fill_url(r, m);
    out->version = m->version;
    fill_headers(r, &m->headers, &out->headers);
    drop_part_headers(&out->headers, m->body.mime);
    note_secrets(r, m, &out->headers);
    complete_cookie(r, m, &out->headers);
    out->mime = headers_get(&out->headers, SL("Content-Type"));
    if (out->mime.n == 0) out->mime = m->body.mime;
    har_request_body(r, m, out);
}

void har_response_fill(struct har_reader *r, struct har_message *m, struct slice method,
                       struct response *out)
{
    out->wire_bytes = m->body_size >= 0 ? m->body_size : -1;
    if (!m->seen) return;
    out->status = m->status >= 100 && m->status <= 999 ? (int)m->status : 0;
    out->reason = m->reason;
    out->version = m->version;
    out->redirect = m->redirect;
    out->error = m->error;
    fill_headers(r, &m->headers, &out->headers);
    note_secrets(r, m, &out->headers);
    complete_set_cookie(r, m, &out->headers);
    out->mime = m->body.mime;
    if (out->mime.n == 0) out->mime = headers_get(&out->headers, SL("Content-Type"));
    har_response_body(r, m, method, out);
}

/* How many Set-Cookie headers h has once they are split; out: where they go, NULL to count. */
static size_t split_cookies(const struct headers *h, bool always, struct header *out)
{
    size_t n = 0;
    for (size_t i = 0; i < h->n; i++) {
        struct slice rest = h->v[i].value, one;
        bool cookie = slice_ieq(h->v[i].name, SL("Set-Cookie"));
        bool more = false;
        while (cookie && cookie_next_merged(&rest, &one)) {
            /* Not behind a ';': the comma may be the value's own, so all that is left is one cookie. */
            if (!always && slice_chr(one, ';') == SLICE_NONE)
                one = (struct slice){ one.p, (size_t)(rest.p + rest.n - one.p) }, rest.n = 0;
            if (out) out[n] = (struct header){ h->v[i].name, one };
            n++;
            more = true;
        }
        if (more) continue;
        if (out) out[n] = h->v[i];
        n++;
    }
    return n;
}

void har_split_cookies(struct session *s, struct headers *h, bool always)
{
    size_t n = split_cookies(h, always, NULL);
    if (n == h->n) return;
    struct header *v = arena_many(s->arena, n, struct header);
    split_cookies(h, always, v);
    h->v = v;
    h->n = n;
}
