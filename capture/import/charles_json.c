/* Charles' sessions, exported as JSON (.chlsj): a list of objects, or one object a line.
 *
 * Called through formats.c. The same rows and the same oddities as the XML export (charles.c). */
#include "capture/import/charles.h"

#include "base/clock.h"
#include "base/enc.h"
#include "base/json_tree.h"
#include "base/num.h"
#include "capture/import/message.h"

#define MAX_NODES 100000

static int64_t ms_of(const struct json_node *durations, struct slice name)
{
    double ms;
    bool ok = num_f64(json_member_text(durations, name), &ms) && ms >= 0 && ms < 1e12;
    return ok ? (int64_t)(ms * (double)NS_PER_MS) : TIME_UNKNOWN;
}

static void fill_times(const struct json_node *t, struct exchange *ex)
{
    const struct json_node *times = json_member(t, SL("times"));
    const struct json_node *d = json_member(t, SL("durations"));
    if (!clock_parse_iso(json_member_text(times, SL("start")), &ex->start_ns))
        ex->start_ns = TIME_UNKNOWN;
    ex->total_ns = ms_of(d, SL("total"));
    ex->dns_ns = ms_of(d, SL("dns"));
    ex->connect_ns = ms_of(d, SL("connect"));
    ex->tls_ns = ms_of(d, SL("ssl"));
    ex->send_ns = ms_of(d, SL("request"));
    ex->wait_ns = ms_of(d, SL("latency"));
    ex->receive_ns = ms_of(d, SL("response"));
}

static void add_headers(struct import *im, const struct json_node *message, struct headers *out)
{
    const struct json_node *list = json_member(json_member(message, SL("header")), SL("headers"));
    for (const struct json_node *h = list ? list->child : NULL; h; h = h->next)
        message_add_header(im, out, import_keep(im, json_member_text(h, SL("name"))),
                           import_keep(im, json_member_text(h, SL("value"))));
}

static struct slice body_of(struct import *im, const struct json_node *message, bool *whole)
{
    const struct json_node *body = json_member(message, SL("body"));
    struct slice coded = json_member_text(body, SL("encoded"));
    *whole = true;
    if (coded.n == 0) return import_keep(im, json_member_text(body, SL("text")));
    struct buf b = BUF_INIT(coded.n + 4);
    *whole = enc_unbase64(&b, coded);
    struct slice out = *whole ? import_keep(im, buf_slice(&b)) : (struct slice){ 0 };
    buf_free(&b);
    return out;
}

static struct slice told_bytes(const struct json_node *message)
{
    return json_member_text(json_member(message, SL("sizes")), SL("body"));
}

static void fill_request(struct import *im, const struct json_node *t, struct exchange *ex)
{
    const struct json_node *m = json_member(t, SL("request"));
    bool whole;
    struct charles_url u = {
        json_member_text(t, SL("scheme")), json_member_text(t, SL("host")),
        json_member_text(t, SL("port")),   json_member_text(t, SL("actualPort")),
        json_member_text(t, SL("path")),   json_member_text(t, SL("query"))
    };
    ex->request.method = import_keep(im, json_member_text(t, SL("method")));
    ex->request.version = import_keep(im, json_member_text(t, SL("protocolVersion")));
    ex->request.url = charles_url(im, &u);
    add_headers(im, m, &ex->request.headers);
    struct slice body = body_of(im, m, &whole);
    message_request_body(im, ex, body);
    charles_lost_body(told_bytes(m), body.n == 0, &ex->request.body_state);
    if (!whole) ex->request.body_state = BODY_DAMAGED;
}

static void fill_response(struct import *im, const struct json_node *t, struct exchange *ex)
{
    const struct json_node *m = json_member(t, SL("response"));
    uint64_t status = 0;
    bool whole;
    if (!num_u64(json_member_text(m, SL("status")), 999, &status)) status = 0;
    ex->response.status = (int)status;
    if (status == 0) {
        ex->response.error = import_keep(im, json_member_text(t, SL("status")));
        return;
    }
    add_headers(im, m, &ex->response.headers);
    struct slice body = body_of(im, m, &whole);
    message_response_body(im, ex, body);
    charles_lost_body(told_bytes(m), body.n == 0, &ex->response.body_state);
    if (!whole) ex->response.body_state = BODY_DAMAGED;
    if (ex->response.mime.n == 0)
        ex->response.mime = import_keep(im, json_member_text(m, SL("mimeType")));
}

static void add_transaction(struct import *im, const struct json_node *t)
{
    const char *why =
        charles_reason_to_drop(json_member_text(t, SL("method")), json_member_text(t, SL("host")));
    if (!why && json_member_true(t, SL("tunnel"))) why = "tunnel";
    if (why) {
        session_dropped(im->s, why);
        return;
    }
    struct exchange *ex = session_add(im->s);
    fill_request(im, t, ex);
    fill_response(im, t, ex);
    fill_times(t, ex);
    ex->server_ip = import_keep(im, charles_ip(json_member_text(t, SL("remoteAddress"))));
    ex->client = import_keep(im, charles_ip(json_member_text(t, SL("clientAddress"))));
}

static bool add_object(struct import *im, struct json *j, struct err *err)
{
    arena_reset(im->scratch);
    struct json_node *n = json_tree(j, im->scratch, MAX_NODES);
    if (!n) {
        if (j->tok == JSON_ERROR) return json_fail(j, im->path, "JSON", err);
        return err_set(err, ERR_INPUT, "%s: more than %d values in one row", im->path, MAX_NODES);
    }
    if (!import_row(im, j->at, err)) return false;
    add_transaction(im, n);
    return true;
}

static bool read_list(struct import *im, struct json *j, struct err *err)
{
    while (json_next(j) == JSON_OBJECT)
        if (!add_object(im, j, err)) return false;
    return j->tok == JSON_ARRAY_END || json_fail(j, im->path, "a row of Charles' session", err);
}

/* Where the next document starts: behind blanks and what some tools put between rows. */
static size_t next_document(struct slice text, size_t at)
{
    while (at < text.n && (text.p[at] == ' ' || text.p[at] == '\n' || text.p[at] == '\r' ||
                           text.p[at] == '\t' || text.p[at] == ',' || text.p[at] == ';'))
        at++;
    return at;
}

/* One document after the other: a list, or an object each. */
bool charles_json_read(struct import *im, struct err *err)
{
    struct json j;
    size_t at = 0;
    im->s->creator = SL("Charles");
    while ((at = next_document(im->text, at)) < im->text.n) {
        json_init(&j, im->text);
        if (at > 0) j.at = at;
        json_next(&j);
        bool ok = j.tok == JSON_ARRAY ? read_list(im, &j, err)
                  : j.tok == JSON_OBJECT
                      ? add_object(im, &j, err)
                      : json_fail(&j, im->path, "a row of Charles' session", err);
        if (!ok) return false;
        at = j.at;
    }
    return true;
}
