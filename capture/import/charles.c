/* Charles' sessions, exported as XML (.chlsx). Called through formats.c.
 *
 * One <transaction> per exchange, its parts as attributes and raw header lists; bodies as text or base64,
 * with or without their content coding. Rows of the proxy itself (control.charles) and tunnels are told
 * and dropped. The form was gathered from exports and parsers; the maker documents none. */
#include "capture/import/charles.h"

#include "base/clock.h"
#include "base/enc.h"
#include "base/num.h"
#include "capture/import/message.h"

static int64_t ms_attr(const struct xml_node *n, struct slice name)
{
    uint64_t ms;
    return num_u64(xml_attr(n, name), (uint64_t)1 << 43, &ms) ? (int64_t)(ms * NS_PER_MS)
                                                              : TIME_UNKNOWN;
}

static void fill_times(const struct xml_node *t, struct exchange *ex)
{
    ex->start_ns = ms_attr(t, SL("startTimeMillis"));
    if (ex->start_ns == TIME_UNKNOWN &&
        !clock_parse_iso(xml_attr(t, SL("startTime")), &ex->start_ns))
        ex->start_ns = TIME_UNKNOWN;
    ex->total_ns = ms_attr(t, SL("duration"));
    ex->dns_ns = ms_attr(t, SL("dnsDuration"));
    ex->connect_ns = ms_attr(t, SL("connectDuration"));
    ex->tls_ns = ms_attr(t, SL("sslDuration"));
    ex->send_ns = ms_attr(t, SL("requestDuration"));
    ex->wait_ns = ms_attr(t, SL("latency"));
    ex->receive_ns = ms_attr(t, SL("responseDuration"));
}

static void add_headers(struct import *im, const struct xml_node *message, struct headers *out)
{
    const struct xml_node *list = xml_child(message, SL("headers"));
    for (const struct xml_node *h = xml_child(list, SL("header")); h;
         h = xml_again(h, SL("header")))
        message_add_header(im, out, import_keep(im, xml_child_text(h, SL("name"))),
                           import_keep(im, xml_child_text(h, SL("value"))));
}

/* The body's bytes; *there is false if the element is missing, *whole if base64 was damaged. */
static struct slice body_of(struct import *im, const struct xml_node *message, bool *whole)
{
    const struct xml_node *body = xml_child(message, SL("body"));
    *whole = true;
    if (!body) return (struct slice){ 0 };
    if (!slice_ieq(xml_attr(body, SL("encoding")), SL("base64")))
        return import_keep(im, body->text);
    struct buf b = BUF_INIT(body->text.n + 4);
    *whole = enc_unbase64(&b, slice_trim(body->text));
    struct slice out = *whole ? import_keep(im, buf_slice(&b)) : (struct slice){ 0 };
    buf_free(&b);
    return out;
}

void charles_lost_body(struct slice told_bytes, bool none, enum body_state *state)
{
    uint64_t n = 0;
    if (none && num_u64(told_bytes, INT64_MAX, &n) && n > 0) *state = BODY_MISSING;
}

struct slice charles_ip(struct slice remote)
{
    struct slice host, ip;
    return slice_cut(remote, '/', &host, &ip) ? ip : remote;
}

struct slice charles_url(struct import *im, const struct charles_url *u)
{
    struct message_place place = { u->scheme, u->host, 0 };
    uint64_t port = 0;
    if (!num_u64(u->port, 65535, &port) && !num_u64(u->actual_port, 65535, &port)) port = 0;
    place.port = (unsigned)port;
    struct slice target = u->path;
    bool inside = slice_chr(u->path, '?') != SLICE_NONE; /* some versions put the query there */
    if (u->query.n && !inside)
        target = arena_printf(im->scratch, "%.*s?%.*s", SL_FMT(u->path), SL_FMT(u->query));
    return message_url(im, &place, target);
}

const char *charles_reason_to_drop(struct slice method, struct slice host)
{
    if (slice_eq(method, SL("CONNECT"))) return "tunnel";
    if (slice_ieq(host, SL("control.charles")) || slice_ieq(host, SL("chls.pro")))
        return "recorder";
    return method.n && host.n ? NULL : "malformed";
}

static void fill_request(struct import *im, const struct xml_node *t, struct exchange *ex)
{
    const struct xml_node *m = xml_child(t, SL("request"));
    bool whole;
    struct charles_url u = { xml_attr(t, SL("protocol")), xml_attr(t, SL("host")),
                             xml_attr(t, SL("port")),     xml_attr(t, SL("actualPort")),
                             xml_attr(t, SL("path")),     xml_attr(t, SL("query")) };
    ex->request.method = import_keep(im, xml_attr(t, SL("method")));
    ex->request.version = import_keep(im, xml_attr(t, SL("protocolVersion")));
    ex->request.url = charles_url(im, &u);
    add_headers(im, m, &ex->request.headers);
    struct slice body = body_of(im, m, &whole);
    message_request_body(im, ex, body);
    charles_lost_body(xml_attr(m, SL("body")), body.n == 0, &ex->request.body_state);
    if (!whole) ex->request.body_state = BODY_DAMAGED;
}

static void fill_response(struct import *im, const struct xml_node *t, struct exchange *ex)
{
    const struct xml_node *m = xml_child(t, SL("response"));
    uint64_t status = 0;
    bool whole;
    if (!num_u64(xml_attr(m, SL("status")), 999, &status)) status = 0;
    ex->response.status = (int)status;
    if (status == 0) {
        ex->response.error = import_keep(im, xml_attr(t, SL("status")));
        return;
    }
    add_headers(im, m, &ex->response.headers);
    struct slice body = body_of(im, m, &whole);
    message_response_body(im, ex, body);
    charles_lost_body(xml_attr(m, SL("body")), body.n == 0, &ex->response.body_state);
    if (!whole) ex->response.body_state = BODY_DAMAGED;
    if (ex->response.mime.n == 0) ex->response.mime = import_keep(im, xml_attr(m, SL("mime-type")));
}

static void add_transaction(struct import *im, const struct xml_node *t)
{
    const char *why = charles_reason_to_drop(xml_attr(t, SL("method")), xml_attr(t, SL("host")));
    if (why) {
        session_dropped(im->s, why);
        return;
    }
    struct exchange *ex = session_add(im->s);
    fill_request(im, t, ex);
    fill_response(im, t, ex);
    fill_times(t, ex);
    ex->server_ip = import_keep(im, charles_ip(xml_attr(t, SL("remoteAddress"))));
    ex->client = import_keep(im, charles_ip(xml_attr(t, SL("clientAddress"))));
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
