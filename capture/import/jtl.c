/* JMeter's results in XML ("View Results Tree"), saved with data. Called through formats.c.
 *
 * A sample with samples inside is the sum of them (redirects, embedded files): the inner ones are what
 * was sent. A <sample> around samples is a transaction and becomes a page. Results that were saved
 * without URL and data cannot be replayed; the warning tells which settings of JMeter keep them. */
#include "capture/import/read.h"

#include "base/num.h"
#include "capture/import/message.h"

struct jtl {
    struct import *im;
    size_t no_url, no_data;
};

static int64_t ms_attr(const struct xml_node *n, struct slice name)
{
    uint64_t ms;
    return num_u64(xml_attr(n, name), (uint64_t)1 << 43, &ms) ? (int64_t)(ms * NS_PER_MS)
                                                              : TIME_UNKNOWN;
}

static struct slice text_of(struct import *im, const struct xml_node *n, struct slice name)
{
    const struct xml_node *c = xml_child(n, name);
    return c ? import_keep(im, c->text) : (struct slice){ 0 };
}

static void fill_request(struct import *im, const struct xml_node *n, struct slice url,
                         struct exchange *ex)
{
    struct request *r = &ex->request;
    r->url = import_keep(im, slice_sub(url, 0, slice_chr(url, '#')));
    r->method = import_keep(im, xml_child_text(n, SL("method")));
    if (r->method.n == 0) r->method = SL("GET");
    message_fields(im, &r->headers, text_of(im, n, SL("requestHeader")));
    struct slice cookies = slice_trim(text_of(im, n, SL("cookies")));
    if (cookies.n && !headers_has(&r->headers, SL("Cookie")))
        message_add_header(im, &r->headers, SL("Cookie"), cookies);
    bool body = !slice_eq(r->method, SL("GET")) && !slice_eq(r->method, SL("HEAD"));
    struct slice sent = text_of(im, n, SL("queryString")); /* of a POST: its body */
    message_request_body(im, ex, body ? sent : (struct slice){ 0 });
    if (slice_find(sent, SL("<actual file content, not shown here>")) != SLICE_NONE)
        r->body_state = BODY_DAMAGED;
}

static void fill_response(struct jtl *j, const struct xml_node *n, struct exchange *ex)
{
    struct import *im = j->im;
    struct slice head = text_of(im, n, SL("responseHeader")), line;
    uint64_t status = 0;
    if (!num_u64(slice_trim(xml_attr(n, SL("rc"))), 999, &status)) {
        ex->response.error = import_keep(im, xml_attr(n, SL("rc")));
        return;
    }
    ex->response.status = (int)status;
    ex->response.reason = import_keep(im, xml_attr(n, SL("rm")));
    if (slice_starts(head, SL("HTTP/"))) slice_next(&head, '\n', &line);
    message_fields(im, &ex->response.headers, head);
    const struct xml_node *data = xml_child(n, SL("responseData"));
    message_response_body(im, ex, data ? import_keep(im, data->text) : (struct slice){ 0 });
    if (data && ex->response.body_state != BODY_DAMAGED) return;
    if (!data && ex->response.body_state != BODY_NONE) ex->response.body_state = BODY_MISSING;
    if (!data) j->no_data++;
}

static struct slice page_of(struct import *im, const struct xml_node *group)
{
    struct session *s = im->s;
    if (!group) return (struct slice){ 0 };
    struct page page = { .title = import_keep(im, xml_attr(group, SL("lb"))),
                         .start_ns = ms_attr(group, SL("ts")) };
    page.id = arena_printf(s->arena, "page_%zu", s->pages_n + 1);
    if ((s->pages_n & (s->pages_n - 1)) == 0)
        s->pages = arena_grow(s->arena, s->pages, s->pages_n * sizeof page,
                              (s->pages_n ? 2 * s->pages_n : 1) * sizeof page);
    s->pages[s->pages_n++] = page;
    return page.id;
}

static bool add_sample(struct jtl *j, const struct xml_node *n, struct slice page, struct err *err)
{
    struct import *im = j->im;
    struct slice url = xml_child_text(n, SL("java.net.URL"));
    if (!import_row(im, 0, err)) return false;
    if (url.n == 0) {
        j->no_url++;
        session_dropped(im->s, "no-url");
        return true;
    }
    struct exchange *ex = session_add(im->s);
    fill_request(im, n, url, ex);
    fill_response(j, n, ex);
    ex->start_ns = ms_attr(n, SL("ts"));
    ex->total_ns = ms_attr(n, SL("t"));
    ex->wait_ns = ms_attr(n, SL("lt"));
    ex->connect_ns = ms_attr(n, SL("ct"));
    ex->page = page;
    ex->client = import_keep(im, xml_attr(n, SL("tn")));
    ex->comment = import_keep(im, xml_attr(n, SL("lb")));
    return true;
}

static bool is_sample(const struct xml_node *n)
{
    return slice_eq(n->name, SL("httpSample")) || slice_eq(n->name, SL("sample"));
}

/* The samples without samples inside, in order; depth is limited by base/xml. */
static bool add_tree(struct jtl *j, const struct xml_node *n, struct slice page, struct err *err)
{
    bool inner = false;
    if (slice_eq(n->name, SL("sample")) && page.n == 0 && xml_child(n, SL("httpSample")))
        page = page_of(j->im, n);
    for (const struct xml_node *c = n->child; c; c = c->next) {
        if (!is_sample(c)) continue;
        inner = true;
        if (!add_tree(j, c, page, err)) return false;
    }
    if (inner || slice_eq(n->name, SL("sample"))) return true;
    return add_sample(j, n, page, err);
}

static bool read_samples(struct jtl *j, struct xml *x, struct err *err)
{
    enum xml_event ev;
    while ((ev = xml_next(x)) != XML_EOF && ev != XML_BAD) {
        if (ev != XML_START || xml_depth(x) == 0) continue;
        arena_reset(j->im->scratch);
        struct xml_node *n = xml_tree(x, j->im->scratch);
        if (!n) break;
        if (is_sample(n) && !add_tree(j, n, (struct slice){ 0 }, err)) return false;
    }
    return xml_ok(x, err);
}

bool jtl_read(struct import *im, struct err *err)
{
    struct jtl j = { .im = im };
    struct xml *x = xml_open(im->text, im->path);
    im->s->creator = SL("JMeter");
    bool ok = read_samples(&j, x, err);
    xml_close(x);
    if (ok && j.no_url > 0)
        session_warn(im->s,
                     "set jmeter.save.saveservice.url, .requestHeaders, .responseHeaders, "
                     ".samplerData and .response_data to true and run JMeter again",
                     "%zu sample%s saved without URL", j.no_url, j.no_url == 1 ? " was" : "s were");
    if (ok && j.no_data > 0)
        session_warn(im->s,
                     "set jmeter.save.saveservice.response_data to true and run JMeter again",
                     "%zu answer%s saved without data: tokens in them cannot be found", j.no_data,
                     j.no_data == 1 ? " was" : "s were");
    return ok;
}
