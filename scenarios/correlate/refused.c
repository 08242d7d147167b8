/* Requests that were refused only because a token had run out: "401, refresh, the same request again".
 *
 * Called by flow_keep. The refused attempt is left out: whether a replay is refused in the same place
 * depends on its pace, and where it is not, the request would happen twice. The refresh and the repeated
 * request stay, so every replay renews its token where the recording did. A challenge of the browser's own
 * (Basic, Digest: no Authorization at first) is not meant. */
#include "http/form.h"
#include "scenarios/correlate/flow.h"
#include "scenarios/correlate/report.h"

#define REFUSED_REACH 20 /* items between an attempt and its repetition */

/* Two sendings of a multipart body differ in their boundaries. */
static bool same_body(const struct request *a, const struct request *b)
{
    if (slice_eq(a->body, b->body)) return true;
    struct slice type = headers_get(&a->headers, SL("content-type"));
    return slice_istarts(type, SL("multipart/")) && a->body.n == b->body.n;
}

static bool same_request(const struct item *a, const struct item *b)
{
    const struct request *x = &a->ex->request, *y = &b->ex->request;
    return slice_eq(x->method, y->method) && slice_eq(x->url, y->url) && same_body(x, y);
}

static bool sets_cookie(const struct item *it)
{
    return headers_has(&it->ex->response.headers, SL("set-cookie"));
}

/* Between the two something was renewed: another Authorization, or a cookie. */
static bool was_renewed(const struct flow *f, size_t from, size_t to)
{
    struct slice a = headers_get(&f->items[from].ex->request.headers, SL("authorization"));
    struct slice b = headers_get(&f->items[to].ex->request.headers, SL("authorization"));
    bool renewed = a.n && b.n && !slice_eq(a, b), asked = false;
    for (size_t i = from + 1; i < to; i++) {
        const struct item *it = &f->items[i];
        if (it->ex->response.status >= 400 || !it->changes_state) continue;
        asked = true;
        renewed = renewed || sets_cookie(it);
    }
    return asked && renewed;
}

static bool is_repeated(const struct flow *f, size_t at)
{
    if (f->items[at].ex->response.status != 401) return false;
    for (size_t i = at + 1; i < f->n && i <= at + REFUSED_REACH; i++)
        if (same_request(&f->items[at], &f->items[i]))
            return f->items[i].ex->response.status < 400 && was_renewed(f, at, i);
    return false;
}

void flow_drop_refused(struct flow *f)
{
    bool *drop = arena_many(f->a, f->n ? f->n : 1, bool);
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++)
        drop[i] = is_repeated(f, i);
    for (size_t i = 0; i < f->n; i++) {
        if (drop[i]) {
            report_count(f, REPORT_DROPPED, SL("refused-then-repeated"));
            continue;
        }
        f->items[n] = f->items[i];
        f->items[n].index = n;
        n++;
    }
    f->n = n;
}
