/* Charles' sessions, exported as XML (.chlsx). Called through formats.c.
 *
 * One <transaction> per exchange, its parts as attributes and raw header lists. */
#include "capture/import/charles.h"

#include "base/clock.h"
#include "base/num.h"
#include "capture/import/message.h"

static int64_t ms_attr(const struct xml_node *n, struct slice name)
{
    uint64_t ms;
    return num_u64(xml_attr(n, name), (uint64_t)1 << 43, &ms) ? (int64_t)(ms * NS_PER_MS)
                                                              : TIME_UNKNOWN;
}

static int64_t start_of(const struct xml_node *t)
{
    int64_t ns = ms_attr(t, SL("startTimeMillis"));
    if (ns == TIME_UNKNOWN && !clock_parse_iso(xml_attr(t, SL("startTime")), &ns))
        return TIME_UNKNOWN;
    return ns;
}

static struct charles_message message(struct import *im, const struct xml_node *m)
{
    const struct xml_node *body = xml_child(m, SL("body")), *list = xml_child(m, SL("headers"));
    struct charles_message out = {
        .body = body ? body->text : (struct slice){ 0 },
        .size = xml_attr(m, SL("body")),
        .base64 = body && slice_ieq(xml_attr(body, SL("encoding")), SL("base64")),
    };
    for (const struct xml_node *h = xml_child(list, SL("header")); h;
         h = xml_again(h, SL("header")))
        message_add_header(im, &out.headers, import_keep(im, xml_child_text(h, SL("name"))),
                           import_keep(im, xml_child_text(h, SL("value"))));
    return out;
}

static void add_transaction(struct import *im, const struct xml_node *t)
{
    const struct xml_node *request = xml_child(t, SL("request")),
                          *response = xml_child(t, SL("response"));
    struct charles_row row = {
        .scheme = xml_attr(t, SL("protocol")),
        .host = xml_attr(t, SL("host")),
        .port = xml_attr(t, SL("port")),
        .actual_port = xml_attr(t, SL("actualPort")),
        .path = xml_attr(t, SL("path")),
        .query = xml_attr(t, SL("query")),
        .method = xml_attr(t, SL("method")),
        .version = xml_attr(t, SL("protocolVersion")),
        .state = xml_attr(t, SL("status")),
        .status = xml_attr(response, SL("status")),
        .mime = xml_attr(response, SL("mime-type")),
        .server = xml_attr(t, SL("remoteAddress")),
        .client = xml_attr(t, SL("clientAddress")),
        .request = message(im, request),
        .response = message(im, response),
        .start_ns = start_of(t),
        .total_ns = ms_attr(t, SL("duration")),
        .dns_ns = ms_attr(t, SL("dnsDuration")),
        .connect_ns = ms_attr(t, SL("connectDuration")),
        .tls_ns = ms_attr(t, SL("sslDuration")),
        .send_ns = ms_attr(t, SL("requestDuration")),
        .wait_ns = ms_attr(t, SL("latency")),
        .receive_ns = ms_attr(t, SL("responseDuration")),
    };
    charles_add(im, &row);
}

static bool read_transactions(struct import *im, struct xml *x, struct err *err)
{
    enum xml_event ev;
    while ((ev = xml_next(x)) != XML_EOF && ev != XML_BAD) {
        if (ev != XML_START || xml_depth(x) == 0) continue;
        bool transaction = slice_eq(xml_name(x), SL("transaction"));
        arena_reset(im->scratch);
        struct xml_node *n = xml_tree(x, im->scratch);
        if (!n) break;
        if (!transaction) continue;
        if (!import_row(im, xml_offset(x), err)) return false;
        add_transaction(im, n);
    }
    return xml_ok(x, err);
}

bool charles_xml_read(struct import *im, struct err *err)
{
    struct xml *x = xml_open(im->text, im->path);
    im->s->creator = SL("Charles");
    bool ok = read_transactions(im, x, err);
    xml_close(x);
    return ok;
}
