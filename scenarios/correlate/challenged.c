/* Recorders that miss the Authorization header with which a browser answers a challenge (RFC 7617).
 *
 * Called by flow_keep. What a browser sends again after a 401 is, for recorders that ask the browser itself,
 * one request: its answer is the second's, its headers are the first's. What its page then loads carries
 * the header, so the page had it as well, and the redirects that led there. A recording that shows the 401
 * is left alone, and so is a first header on a page: nothing tells which page before it was meant. */
#include "scenarios/correlate/flow.h"
#include "scenarios/correlate/report.h"

static struct slice basic_of(const struct item *it)
{
    struct slice text = headers_get(&it->ex->request.headers, SL("authorization"));
    return slice_istarts(text, SL("basic ")) ? text : SL("");
}

static void give(struct flow *f, struct item *it, struct slice text)
{
    struct exchange *ex = arena_one(f->a, struct exchange);
    *ex = *it->ex;
    struct headers *h = &ex->request.headers;
    struct header *v = arena_many(f->a, h->n + 1, struct header);
    for (size_t i = 0; i < h->n; i++)
        v[i] = h->v[i];
    v[h->n] = (struct header){ .name = SL("Authorization"), .value = text };
    *h = (struct headers){ v, h->n + 1 };
    it->ex = ex;
}

/* The page that asset belongs to; NULL: the recording shows the challenge, or there is no such page. */
static struct item *page_before(struct flow *f, const struct item *asset)
{
    struct item *page = NULL;
    for (size_t i = 0; i < asset->index; i++) {
        struct item *it = &f->items[i];
        if (it->ex->response.status == 401) return NULL;
        if (it->navigation && slice_eq(it->origin, asset->origin)) page = it;
    }
    return page;
}

void flow_challenged(struct flow *f)
{
    size_t k = 0;
    while (k < f->n && !basic_of(&f->items[k]).n)
        k++;
    if (k == f->n || f->items[k].navigation) return;
    struct item *page = page_before(f, &f->items[k]);
    if (!page) return;
    report_warn(f, "check it: reprise try",
                "#%zu %.*s was recorded without the Authorization of what it loads: put back",
                page->index, SL_FMT(page->url.path));
    for (struct item *it = page; it; it = it->hop_of)
        give(f, it, basic_of(&f->items[k]));
}
