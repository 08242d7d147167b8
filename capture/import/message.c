/* Recorded HTTP messages taken apart. Called by the readers of Burp, SAZ, GoReplay, message logs and others.
 *
 * Recorders save what they saw, or what they made of it: HTTP/2 with a start line, bodies unchunked or
 * decompressed under headers that say otherwise, lines that end with LF. Invariant: a body is only
 * transformed if its bytes prove that they need it; otherwise it stays as it is. */
#include "capture/import/message.h"

#include <string.h>

#include "base/codec.h"
#include "base/enc.h"
#include "base/num.h"
#include "http/form.h"

#define BODY_MAX ((size_t)64 << 20)

/* RFC 9110 5.6.2 */
static bool is_token(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c)) return false;
    }
    return s.n > 0;
}

void message_add_header(struct import *im, struct headers *h, struct slice name, struct slice value)
{
    name = slice_trim(name);
    if (name.n && name.p[0] == ':') return; /* HTTP/2's own */
    if (!is_token(name) || slice_chr(value, '\0') != SLICE_NONE) {
        im->bad_headers++;
        return;
    }
    if ((h->n & (h->n - 1)) == 0) {
        size_t cap = h->n ? 2 * h->n : 1;
        h->v = arena_grow(im->s->arena, h->v, h->n * sizeof *h->v, cap * sizeof *h->v);
    }
    h->v[h->n++] = (struct header){ name, slice_trim(value) };
}

void message_fields(struct import *im, struct headers *h, struct slice lines)
{
    struct slice line, name, value;
    while (slice_next(&lines, '\n', &line)) {
        if (slice_trim(line).n == 0) continue;
        bool pseudo = line.p[0] == ':';
        if (slice_cut(slice_from(line, pseudo), ':', &name, &value) && !pseudo)
            message_add_header(im, h, name, value);
        else if (!pseudo)
            im->bad_headers++;
    }
}

/* Splits a message behind its empty line; a message without one is all head. */
static void split(struct slice raw, struct slice *head, struct slice *body)
{
    *head = raw;
    *body = slice_from(raw, raw.n);
    for (size_t at = 0; at < raw.n;) {
        size_t lf = slice_chr(slice_from(raw, at), '\n');
        if (lf == SLICE_NONE) return;
        size_t next = at + lf + 1;
        if (lf == 0 || (lf == 1 && raw.p[at] == '\r')) {
            *head = slice_sub(raw, 0, at);
            *body = slice_from(raw, next);
            return;
        }
        at = next;
    }
}

static struct slice next_word(struct slice *line)
{
    struct slice word;
    *line = slice_trim(*line);
    size_t end = slice_chr(*line, ' ');
    word = slice_sub(*line, 0, end);
    *line = slice_trim(slice_from(*line, word.n));
    return word;
}

static struct slice start_line(struct slice *head)
{
    struct slice line = { 0 };
    while (slice_next(head, '\n', &line) && slice_trim(line).n == 0)
        ;
    return slice_trim(line);
}

struct slice message_url(struct import *im, const struct message_place *place, struct slice target)
{
    bool secure = slice_ieq(place->scheme, SL("https")) || slice_ieq(place->scheme, SL("wss"));
    struct slice scheme = place->scheme.n ? place->scheme : SL("http");
    bool bare6 =
        slice_chr(place->host, ':') != SLICE_NONE && place->host.p[0] != '[' &&
        slice_chr(slice_from(place->host, slice_chr(place->host, ':') + 1), ':') != SLICE_NONE;
    struct buf b = BUF_INIT(target.n + place->host.n + 64);
    buf_addf(&b, "%.*s://%s%.*s%s", SL_FMT(scheme), bare6 ? "[" : "", SL_FMT(place->host),
             bare6 ? "]" : "");
    if (place->port && place->port != (secure ? 443U : 80U)) buf_addf(&b, ":%u", place->port);
    if (target.n == 0 || (target.p[0] != '/' && target.p[0] != '?')) buf_addc(&b, '/');
    buf_add(&b, slice_sub(target, 0, slice_chr(target, '#')));
    struct slice url = import_keep(im, buf_slice(&b));
    buf_free(&b);
    return url;
}

static struct slice absolute(struct import *im, const struct exchange *ex, struct slice target,
                             const struct message_place *place)
{
    static const struct slice schemes[] = {
        { "http://", 7 }, { "https://", 8 }, { "ws://", 5 }, { "wss://", 6 }
    };
    struct message_place here = place ? *place : (struct message_place){ 0 };
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (slice_istarts(target, schemes[i])) return slice_sub(target, 0, slice_chr(target, '#'));
    if (slice_eq(ex->request.method, SL("CONNECT"))) return target;
    if (here.host.n == 0) {
        here.host = headers_get(&ex->request.headers, SL("Host"));
        here.port = 0;
    }
    return here.host.n ? message_url(im, &here, target) : (struct slice){ 0 };
}

bool message_is_request(struct slice text)
{
    struct slice line = slice_sub(text, 0, slice_chr(text, '\n'));
    struct slice method = next_word(&line);
    return method.n > 0 && method.n < 32 && is_token(method) && line.n > 0;
}

bool message_request(struct import *im, struct exchange *ex, struct slice raw,
                     const struct message_place *place)
{
    struct slice head, body;
    split(raw, &head, &body);
    struct slice line = start_line(&head), method = next_word(&line);
    if (!is_token(method) || method.n > 32 || line.n == 0) return false;
    struct request *r = &ex->request;
    size_t version = line.n;
    while (version > 0 && line.p[version - 1] != ' ')
        version--;
    bool has_version = version > 0 && slice_istarts(slice_from(line, version), SL("HTTP/"));
    struct slice target = has_version ? slice_trim(slice_sub(line, 0, version)) : line;
    r->version = has_version ? slice_from(line, version) : (struct slice){ 0 };
    r->method = method;
    message_fields(im, &r->headers, head);
    r->url = absolute(im, ex, target, place);
    message_request_body(im, ex, body);
    return r->url.n > 0;
}

bool message_response(struct import *im, struct exchange *ex, struct slice raw)
{
    struct slice head, body, rest = raw;
    uint64_t status = 0;
    struct slice line;
    do { /* interim answers (RFC 9110 15.2) come first */
        split(rest, &head, &body);
        line = start_line(&head);
        if (line.n == 0) return true;
        ex->response.version = next_word(&line);
        if (!slice_istarts(ex->response.version, SL("HTTP/"))) return false;
        if (!num_u64(next_word(&line), 999, &status)) return false;
        rest = body;
    } while (status >= 100 && status < 200 && status != 101 && rest.n > 0);
    ex->response.status = (int)status;
    ex->response.reason = line;
    message_fields(im, &ex->response.headers, head);
    message_response_body(im, ex, body);
    return true;
}

/* ---- bodies --------------------------------------------------------------------------------------- */

void message_request_body(struct import *im, struct exchange *ex, struct slice body)
{
    struct request *r = &ex->request;
    struct slice length = slice_trim(headers_get(&r->headers, SL("Content-Length")));
    uint64_t want = 0;
    bool told = num_u64(length, INT64_MAX, &want);
    (void)im;
    r->mime = headers_get(&r->headers, SL("Content-Type"));
    if (told && body.n > want)
        body = slice_sub(body, 0, (size_t)want); /* padding of the recorder */
    r->body = body;
    if (body.n == 0)
        r->body_state = told && want > 0 ? BODY_MISSING : BODY_NONE;
    else
        r->body_state = told && want > body.n ? BODY_DAMAGED : BODY_WHOLE;
}

/* RFC 9112 7.1. False if it is not chunked all through: the recorder undid it. */
static bool dechunk(struct slice in, struct buf *out)
{
    for (;;) {
        size_t lf = slice_chr(in, '\n');
        uint64_t size;
        if (lf == SLICE_NONE || lf > 64) return false;
        struct slice line = slice_sub(in, 0, lf);
        line = slice_trim(slice_sub(line, 0, slice_chr(line, ';')));
        if (!num_hex(line, SIZE_MAX / 2, &size)) return false;
        if (size == 0) return true;
        in = slice_from(in, lf + 1);
        if (size > in.n || !buf_add(out, slice_sub(in, 0, (size_t)size))) return false;
        in = slice_from(in, (size_t)size);
        if (slice_starts(in, SL("\r"))) in = slice_from(in, 1);
        if (!slice_starts(in, SL("\n"))) return false;
        in = slice_from(in, 1);
    }
}

static bool has_magic(struct slice body)
{
    return slice_starts(body, SL("\x1f\x8b")) || slice_starts(body, SL("\x28\xb5\x2f\xfd"));
}

/* Undoes content codings; the state of what is left. */
static enum body_state decompress(struct import *im, struct slice coding, struct slice *body)
{
    struct buf b = BUF_INIT(BODY_MAX);
    enum body_state state = BODY_WHOLE;
    enum codec_result got = codec_decode_all(coding, *body, &b);
    if (got == CODEC_OK && import_unpacked(im, b.n, NULL))
        *body = import_keep(im, buf_slice(&b));
    else if (got == CODEC_OK || got == CODEC_TOO_BIG)
        state = BODY_MISSING;
    else if (has_magic(*body) || got == CODEC_TRUNCATED)
        state = BODY_DAMAGED;
    else if (!enc_is_utf8(*body) && slice_istarts(coding, SL("br")))
        state = BODY_DAMAGED;
    if (state == BODY_MISSING) *body = (struct slice){ 0 };
    buf_free(&b);
    return state;
}

static bool has_no_body(const struct exchange *ex)
{
    int status = ex->response.status;
    return slice_eq(ex->request.method, SL("HEAD")) || status < 200 || status == 204 ||
           status == 304;
}

void message_response_body(struct import *im, struct exchange *ex, struct slice body)
{
    struct response *r = &ex->response;
    struct slice coding = slice_trim(headers_get(&r->headers, SL("Content-Encoding")));
    uint64_t want = 0;
    bool told =
        num_u64(slice_trim(headers_get(&r->headers, SL("Content-Length"))), INT64_MAX, &want);
    r->mime = headers_get(&r->headers, SL("Content-Type"));
    r->redirect = headers_get(&r->headers, SL("Location"));
    r->wire_bytes = body.n ? (int64_t)body.n : (told ? (int64_t)want : -1);
    r->body_state = BODY_NONE;
    if (has_no_body(ex)) return;
    struct buf plain = BUF_INIT(body.n);
    if (headers_has(&r->headers, SL("Transfer-Encoding")) && dechunk(body, &plain))
        body = import_keep(im, buf_slice(&plain));
    buf_free(&plain);
    r->body = body;
    r->body_state = BODY_WHOLE;
    if (body.n == 0)
        r->body_state = told && want > 0 ? BODY_MISSING : BODY_WHOLE;
    else if (coding.n && !slice_ieq(coding, SL("identity")))
        r->body_state = decompress(im, coding, &r->body);
    else if (told && want > body.n && enc_is_utf8(body))
        r->body_state = BODY_DAMAGED;
}
