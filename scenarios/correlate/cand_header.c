/* Candidates in an answer's head: Location and its parts, cookies, other headers.
 *
 * Called for every answer that is not a static asset. Headers that change with every answer and mean
 * nothing to a client (dates, trace ids, rate limits) are passed over; an ETag is offered, for If-Match. */
#include "scenarios/correlate/cand.h"

#include "http/cookie.h"
#include "scenarios/correlate/coding.h"
#include "scenarios/value.h"

static bool is_noise(struct slice name)
{
    static const char *const names[] = {
        "date",
        "server",
        "content-length",
        "content-type",
        "connection",
        "keep-alive",
        "expires",
        "last-modified",
        "vary",
        "age",
        "via",
        "x-powered-by",
        "cache-control",
        "pragma",
        "transfer-encoding",
        "content-encoding",
        "content-language",
        "accept-ranges",
        "strict-transport-security",
        "content-security-policy",
        "x-frame-options",
        "x-runtime",
        "x-content-type-options",
        "x-xss-protection",
        "referrer-policy",
        "report-to",
        "nel",
        "cf-ray",
        "x-request-id",
        "x-trace-id",
        "x-amzn-trace-id",
        "x-correlation-id",
        "traceparent",
        "permissions-policy",
        "alt-svc",
        "server-timing",
        "p3p",
        "set-cookie",
        "location",
        "x-cache",
        "x-served-by",
        "x-timer",
        "content-disposition",
        "allow",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (slice_ieq(name, slice_z(names[i]))) return true;
    return slice_istarts(name, SL("x-ratelimit")) || slice_istarts(name, SL("ratelimit")) ||
           slice_istarts(name, SL("access-control-"));
}

static void offer_cookie(struct scan *s, struct slice name, struct slice text, enum coding c)
{
    struct slice value;
    if (!coding_decode(s->f->a, c, text, &value)) return;
    if (c != CODING_NONE && value.n == text.n) return;
    struct value *v = scan_value(s, value, name, ORIGIN_COOKIE);
    struct origin *o = v ? scan_origin(s, v, ORIGIN_COOKIE, name) : NULL;
    if (!o) return;
    struct extract w = { .kind = EXTRACT_COOKIE, .expr = name };
    w.decode[0] = coding_extract(c);
    way_add(o, w);
}

static void offer_cookie_parts(struct scan *s, struct slice name, struct slice value)
{
    const struct extract *w;
    struct extract *way = arena_one(s->f->a, struct extract);
    *way = (struct extract){ .kind = EXTRACT_COOKIE, .expr = name };
    w = way;
    if (value_is_jwt(value)) cand_jwt(s, value, w);
    struct slice text;
    if (coding_decode(s->f->a, CODING_PERCENT, value, &text) && text.n != value.n) {
        way->decode[0] = DECODE_PERCENT;
        cand_nested(s, text, w);
        return;
    }
    struct scan in = { s->f, s->it, value, w, s->depth + 1 };
    cand_runs(&in, value);
}

static void cookie(struct scan *s, struct slice text)
{
    struct slice name, rest, value;
    if (!slice_cut(text, '=', &name, &rest)) return;
    size_t semi = slice_chr(rest, ';');
    value = slice_trim(semi == SLICE_NONE ? rest : slice_sub(rest, 0, semi));
    name = slice_trim(name);
    if (!value.n) return;
    offer_cookie(s, name, value, CODING_NONE);
    offer_cookie(s, name, value, CODING_PERCENT);
    offer_cookie_parts(s, name, value);
}

static void plain_header(struct scan *s, const struct header *h)
{
    struct extract *way = arena_one(s->f->a, struct extract);
    *way = (struct extract){ .kind = EXTRACT_HEADER, .expr = h->name };
    struct value *v = scan_value(s, h->value, h->name, ORIGIN_HEADER);
    if (v) {
        struct origin *o = scan_origin(s, v, ORIGIN_HEADER, h->name);
        if (o) way_add(o, *way);
        return;
    }
    struct scan in = { s->f, s->it, h->value, way, s->depth + 1 };
    cand_script(&in);
}

void cand_headers(struct scan *s)
{
    const struct headers *h = &s->it->ex->response.headers;
    for (size_t i = 0; i < h->n; i++) {
        if (slice_ieq(h->v[i].name, SL("set-cookie"))) cookie(s, h->v[i].value);
        if (!is_noise(h->v[i].name) && h->v[i].value.n) plain_header(s, &h->v[i]);
    }
    struct slice to = headers_get(h, SL("location"));
    if (!to.n) to = s->it->ex->response.redirect;
    if (!to.n) return;
    struct extract *way = arena_one(s->f->a, struct extract);
    *way = (struct extract){ .kind = EXTRACT_LOCATION };
    size_t hash = slice_chr(to, '#');
    struct cand_url u = { .url = to, .whole = way, .kind = ORIGIN_LOCATION };
    cand_url(s, &u);
    if (hash == SLICE_NONE) return;
    struct scan in = { s->f, s->it, slice_from(to, hash + 1), way,
                       s->depth + 1 }; /* implicit flow */
    cand_script(&in);
}
