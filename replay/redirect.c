/* Redirects that a step follows by itself (when the recording did not carry the hops): the flight is
 * turned to the answer's Location. Called by replay/answer.c.
 *
 * As browsers do (Fetch 4.4): 303 becomes GET, 301 and 302 of a POST become GET; then the body and its
 * headers go. Authorization stays with its origin. Only origins of the plan are followed to. */
#include "replay/vu.h"

#include "replay/line.h"

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static bool becomes_get(int status, struct slice method)
{
    if (status == 303) return !slice_eq(method, SL("HEAD"));
    return (status == 301 || status == 302) && slice_eq(method, SL("POST"));
}

/* Whether a header line of the first request goes with the next one. */
static bool goes_on(struct slice line, bool drops_body, bool same_origin)
{
    static const struct slice of_body[] = { SL("content-"), SL("transfer-encoding:") };
    if (slice_istarts(line, SL("host:")) || slice_istarts(line, SL("cookie:"))) return false;
    if (!same_origin && slice_istarts(line, SL("authorization:"))) return false;
    for (size_t i = 0; drops_body && i < 2; i++)
        if (slice_istarts(line, of_body[i])) return false;
    return true;
}

static void add_lines(struct buf *out, struct slice head, bool drops_body, bool same_origin)
{
    struct slice line;
    slice_next(&head, '\n', &line); /* the request line */
    while (slice_next(&head, '\n', &line)) {
        line = slice_trim(line);
        if (line.n == 0 || !goes_on(line, drops_body, same_origin)) continue;
        buf_add(out, line);
        buf_add(out, SL("\r\n"));
    }
}

/* The next hop's bytes; built apart since they are made of the last hop's. */
static void build(struct flight *f, const struct url *to, const struct origin *origin, bool get)
{
    struct call *c = &f->call;
    struct slice method = slice_sub(c->head, 0, slice_chr(c->head, ' '));
    struct buf out = BUF_INIT(f->wire.max);
    bool head_request = slice_eq(method, SL("HEAD"));
    if (get) c->body = (struct slice){ 0 };
    buf_add(&out, c->body);
    size_t body = out.n;
    request_line_add(&out, &(struct request_line){ .method = get ? SL("GET") : method,
                                                   .target = to->target,
                                                   .host = origin->authority });
    add_lines(&out, c->head, get, origin == c->origin);
    struct url here = *to;
    here.scheme = origin->scheme;
    here.host = origin->host;
    here.port = origin->port;
    flight_add_cookies(f, &out, &here, NULL);
    buf_add(&out, SL("\r\n"));
    buf_free(&f->wire);
    f->wire = out;
    struct slice all = buf_slice(&f->wire);
    *c = (struct call){ .origin = origin,
                        .head = slice_from(all, body),
                        .body = slice_sub(all, 0, body),
                        .head_request = head_request };
}

bool flight_redirect(struct flight *f, struct slice *refused)
{
    struct call *c = &f->call;
    struct arena *a = f->vu->w->scratch;
    struct slice location = headers_get(&c->headers, SL("location"));
    struct url to;
    if (!is_redirect(c->status) || location.n == 0) return false;
    if (!url_parse(url_resolve(a, flight_url_text(f), location), &to)) return false;
    const struct origin *origin = hosts_find(f->vu->w->plan->hosts, &to);
    if (!origin) {
        *refused = url_origin(a, &to);
        return false;
    }
    build(f, &to, origin, becomes_get(c->status, slice_sub(c->head, 0, slice_chr(c->head, ' '))));
    return true;
}
