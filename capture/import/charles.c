/* Charles' sessions, what both exports have in common. Called by charles_xml.c and charles_json.c.
 *
 * Bodies are text or base64, with or without their content coding. Rows of the proxy itself
 * (control.charles) and tunnels are told and dropped. The forms were gathered from exports and parsers;
 * the maker documents none. */
#include "capture/import/charles.h"

#include "base/enc.h"
#include "base/num.h"
#include "capture/import/message.h"

static const char *reason_to_drop(const struct charles_row *r)
{
    if (r->tunnel || slice_eq(r->method, SL("CONNECT"))) return "tunnel";
    if (slice_ieq(r->host, SL("control.charles")) || slice_ieq(r->host, SL("chls.pro")))
        return "recorder";
    return r->method.n && r->host.n ? NULL : "malformed";
}

static struct slice url(struct import *im, const struct charles_row *r)
{
    struct message_place place = { r->scheme, r->host, 0 };
    uint64_t port = 0;
    if (!num_u64(r->port, 65535, &port) && !num_u64(r->actual_port, 65535, &port)) port = 0;
    place.port = (unsigned)port;
    struct slice target = r->path;
    bool inside = slice_chr(r->path, '?') != SLICE_NONE; /* some versions put the query there */
    if (r->query.n && !inside)
        target = arena_printf(im->scratch, "%.*s?%.*s", SL_FMT(r->path), SL_FMT(r->query));
    return message_url(im, &place, target);
}

/* The body's bytes; *damaged if its base64 is. */
static struct slice body_of(struct import *im, const struct charles_message *m, bool *damaged)
{
    *damaged = false;
    if (!m->base64) return import_keep(im, m->body);
    struct buf b = BUF_INIT(m->body.n + 4);
    *damaged = !enc_unbase64(&b, slice_trim(m->body));
    struct slice out = *damaged ? (struct slice){ 0 } : import_keep(im, buf_slice(&b));
    buf_free(&b);
    return out;
}

/* A body that the export tells the size of and does not hold, or holds damaged. */
static void mend_state(const struct charles_message *m, bool none, bool damaged,
                       enum body_state *state)
{
    uint64_t n = 0;
    if (none && num_u64(m->size, INT64_MAX, &n) && n > 0) *state = BODY_MISSING;
    if (damaged) *state = BODY_DAMAGED;
}

static void fill_request(struct import *im, const struct charles_row *r, struct exchange *ex)
{
    bool damaged;
    ex->request.method = import_keep(im, r->method);
    ex->request.version = import_keep(im, r->version);
    ex->request.url = url(im, r);
    ex->request.headers = r->request.headers;
    struct slice body = body_of(im, &r->request, &damaged);
    message_request_body(im, ex, body);
    mend_state(&r->request, body.n == 0, damaged, &ex->request.body_state);
}

static void fill_response(struct import *im, const struct charles_row *r, struct exchange *ex)
{
    uint64_t status = 0;
    bool damaged;
    if (!num_u64(r->status, 999, &status)) status = 0;
    ex->response.status = (int)status;
    if (status == 0) {
        ex->response.error = import_keep(im, r->state);
        return;
    }
    ex->response.headers = r->response.headers;
    struct slice body = body_of(im, &r->response, &damaged);
    message_response_body(im, ex, body);
    mend_state(&r->response, body.n == 0, damaged, &ex->response.body_state);
    if (ex->response.mime.n == 0) ex->response.mime = import_keep(im, r->mime);
}

static void fill_times(const struct charles_row *r, struct exchange *ex)
{
    ex->start_ns = r->start_ns;
    ex->total_ns = r->total_ns;
    ex->dns_ns = r->dns_ns;
    ex->connect_ns = r->connect_ns;
    ex->tls_ns = r->tls_ns;
    ex->send_ns = r->send_ns;
    ex->wait_ns = r->wait_ns;
    ex->receive_ns = r->receive_ns;
}

static struct slice ip(struct slice remote)
{
    struct slice host, address;
    return slice_cut(remote, '/', &host, &address) ? address : remote;
}

void charles_add(struct import *im, const struct charles_row *row)
{
    const char *why = reason_to_drop(row);
    if (why) {
        session_dropped(im->s, why);
        return;
    }
    struct exchange *ex = session_add(im->s);
    fill_request(im, row, ex);
    fill_response(im, row, ex);
    fill_times(row, ex);
    ex->server_ip = import_keep(im, ip(row->server));
    ex->client = import_keep(im, ip(row->client));
}
