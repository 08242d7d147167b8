/* mitmproxy's flow files: one tnetstring dict a flow, of any version since 0.18. Called through formats.c.
 *
 * Bodies are kept as they came on the wire; a body that was streamed is absent (null). Up to version 7
 * WebSocket messages were flows of their own, which point at their handshake by its address. */
#include "capture/import/read.h"

#include "base/num.h"
#include "capture/import/message.h"
#include "capture/import/tnet.h"

static int64_t time_of(struct tnet v)
{
    double s;
    if (v.type != '^' && v.type != '#') return TIME_UNKNOWN;
    if (!num_f64(v.data, &s) || s <= 0 || s > 4e9) return TIME_UNKNOWN;
    return (int64_t)(s * 1e6) * (int64_t)NS_PER_US;
}

static int64_t between(struct tnet from, struct tnet to)
{
    int64_t a = time_of(from), b = time_of(to);
    return a == TIME_UNKNOWN || b == TIME_UNKNOWN || b < a ? TIME_UNKNOWN : b - a;
}

static void add_headers(struct import *im, struct tnet message, struct headers *out)
{
    struct tnet pair, list = tnet_get(message, SL("headers"));
    struct slice rest = list.type == ']' ? list.data : (struct slice){ 0 };
    while (tnet_next(&rest, &pair))
        message_add_header(im, out, tnet_text(tnet_at(pair, 0)), tnet_text(tnet_at(pair, 1)));
}

static unsigned port_of(struct tnet v)
{
    uint64_t port;
    return v.type == '#' && num_u64(v.data, 65535, &port) ? (unsigned)port : 0;
}

/* "host:port" or "[::1]:port": the port is the recorder's business. */
static struct slice host_of(struct slice authority)
{
    size_t end = authority.n;
    while (end > 0 && authority.p[end - 1] >= '0' && authority.p[end - 1] <= '9')
        end--;
    bool port = end > 0 && end < authority.n && authority.p[end - 1] == ':';
    if (port && slice_chr(slice_sub(authority, 0, end - 1), ':') != SLICE_NONE)
        port = authority.p[end - 2] == ']';
    return port ? slice_sub(authority, 0, end - 1) : authority;
}

/* Transparent proxies know an address only: what the client called it is in the request. */
static struct message_place place_of(struct tnet request, const struct headers *h)
{
    struct slice authority = tnet_text(tnet_get(request, SL("authority")));
    struct slice host = headers_get(h, SL("Host"));
    if (host.n == 0) host = authority;
    if (host.n == 0) {
        struct tnet pair, list = tnet_get(request, SL("headers"));
        struct slice rest = list.type == ']' ? list.data : (struct slice){ 0 };
        while (host.n == 0 && tnet_next(&rest, &pair))
            if (slice_eq(tnet_text(tnet_at(pair, 0)), SL(":authority")))
                host = tnet_text(tnet_at(pair, 1));
    }
    host = host.n ? host_of(host) : tnet_text(tnet_get(request, SL("host")));
    return (struct message_place){ tnet_text(tnet_get(request, SL("scheme"))), host,
                                   port_of(tnet_get(request, SL("port"))) };
}

static bool fill_request(struct import *im, struct tnet request, struct exchange *ex)
{
    struct tnet content = tnet_get(request, SL("content"));
    ex->request.method = tnet_text(tnet_get(request, SL("method")));
    ex->request.version = tnet_text(tnet_get(request, SL("http_version")));
    add_headers(im, request, &ex->request.headers);
    struct message_place place = place_of(request, &ex->request.headers);
    if (ex->request.method.n == 0 || place.host.n == 0) return false;
    ex->request.url = message_url(im, &place, tnet_text(tnet_get(request, SL("path"))));
    message_request_body(im, ex, tnet_text(content));
    if (content.type == '~' && ex->request.body_state == BODY_NONE &&
        headers_has(&ex->request.headers, SL("Transfer-Encoding")))
        ex->request.body_state = BODY_MISSING;
    ex->start_ns = time_of(tnet_get(request, SL("timestamp_start")));
    ex->send_ns =
        between(tnet_get(request, SL("timestamp_start")), tnet_get(request, SL("timestamp_end")));
    return true;
}

static void fill_response(struct import *im, struct tnet flow, struct exchange *ex)
{
    struct tnet response = tnet_get(flow, SL("response")), request = tnet_get(flow, SL("request"));
    struct tnet content = tnet_get(response, SL("content"));
    uint64_t status = 0;
    if (response.type != '}') {
        struct slice msg = tnet_text(tnet_get(tnet_get(flow, SL("error")), SL("msg")));
        ex->response.error = msg;
        return;
    }
    if (!num_u64(tnet_get(response, SL("status_code")).data, 999, &status)) status = 0;
    ex->response.status = (int)status;
    ex->response.reason = tnet_text(tnet_get(response, SL("reason")));
    if (ex->response.reason.n == 0) ex->response.reason = tnet_text(tnet_get(response, SL("msg")));
    ex->response.version = tnet_text(tnet_get(response, SL("http_version")));
    add_headers(im, response, &ex->response.headers);
    message_response_body(im, ex, tnet_text(content));
    if (content.type == '~' && ex->response.body_state == BODY_WHOLE)
        ex->response.body_state = BODY_MISSING;
    ex->wait_ns =
        between(tnet_get(request, SL("timestamp_end")), tnet_get(response, SL("timestamp_start")));
    ex->receive_ns =
        between(tnet_get(response, SL("timestamp_start")), tnet_get(response, SL("timestamp_end")));
    ex->total_ns =
        between(tnet_get(request, SL("timestamp_start")), tnet_get(response, SL("timestamp_end")));
}

/* Messages are lists of opcode, from the client, content, time. */
static void fill_messages(struct import *im, struct tnet list, struct exchange *ex)
{
    struct tnet m;
    struct slice rest = list.type == ']' ? list.data : (struct slice){ 0 };
    while (tnet_next(&rest, &m)) {
        struct ws_message out = { .time_ns = time_of(tnet_at(m, 3)) };
        uint64_t opcode;
        if (!num_u64(tnet_at(m, 0).data, 15, &opcode)) continue;
        out.opcode = (int)opcode;
        out.direction = tnet_true(tnet_at(m, 1)) ? WS_SEND : WS_RECEIVE;
        out.data = tnet_text(tnet_at(m, 2));
        if ((ex->ws_n & (ex->ws_n - 1)) == 0)
            ex->ws = arena_grow(im->s->arena, ex->ws, ex->ws_n * sizeof out,
                                (ex->ws_n ? 2 * ex->ws_n : 1) * sizeof out);
        ex->ws[ex->ws_n++] = out;
    }
}

static struct slice address_of(struct tnet conn, struct slice key)
{
    struct tnet a = tnet_get(conn, key);
    if (a.type == '}') a = tnet_get(a, SL("address")); /* before version 1 */
    return tnet_text(tnet_at(a, 0));
}

static void fill_connection(struct import *im, struct tnet flow, struct exchange *ex)
{
    struct tnet client = tnet_get(flow, SL("client_conn")),
                server = tnet_get(flow, SL("server_conn"));
    struct slice peer = address_of(client, SL("peername"));
    if (peer.n == 0) peer = address_of(client, SL("address"));
    struct slice ip = address_of(server, SL("ip_address"));
    if (ip.n == 0) ip = address_of(server, SL("peername"));
    ex->client = import_keep(im, peer);
    ex->server_ip = ip;
    ex->connection = tnet_text(tnet_get(server, SL("id")));
    ex->comment = tnet_text(tnet_get(flow, SL("comment")));
}

static const char *add_flow(struct import *im, struct tnet flow)
{
    struct slice type = tnet_text(tnet_get(flow, SL("type")));
    struct tnet request = tnet_get(flow, SL("request"));
    if (slice_eq(type, SL("websocket"))) { /* before version 8 */
        if (im->s->n > 0 && im->s->exchanges[im->s->n - 1]->response.status == 101)
            fill_messages(im, tnet_get(flow, SL("messages")), im->s->exchanges[im->s->n - 1]);
        return "websocket-flow";
    }
    if (request.type != '}') return "not-http";
    struct exchange parsed = { .start_ns = TIME_UNKNOWN, .send_ns = TIME_UNKNOWN };
    if (!fill_request(im, request, &parsed)) return "malformed";
    if (slice_eq(parsed.request.method, SL("CONNECT"))) return "tunnel";
    struct exchange *ex = session_add(im->s);
    ex->request = parsed.request;
    ex->start_ns = parsed.start_ns;
    ex->send_ns = parsed.send_ns;
    fill_response(im, flow, ex);
    fill_messages(im, tnet_get(tnet_get(flow, SL("websocket")), SL("messages")), ex);
    fill_connection(im, flow, ex);
    return NULL;
}

bool mitm_read(struct import *im, struct err *err)
{
    struct slice rest = im->text;
    im->s->creator = SL("mitmproxy");
    while (rest.n > 0) {
        struct tnet flow;
        size_t at = im->text.n - rest.n;
        if (!tnet_next(&rest, &flow) || flow.type != '}')
            return err_set(err, ERR_INPUT, "%s: no whole flow at offset %zu: cut off or damaged",
                           im->path, at);
        if (!import_row(im, at, err)) return false;
        const char *why = add_flow(im, flow);
        if (why) session_dropped(im->s, why);
    }
    return true;
}
