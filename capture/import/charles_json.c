/* Charles' sessions, exported as JSON (.chlsj): a list of objects, or one object a line.
 *
 * Called through formats.c. The same rows and the same oddities as the XML export (charles_xml.c). */
#include "capture/import/charles.h"

#include "base/clock.h"
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

static int64_t start_of(const struct json_node *t)
{
    int64_t ns;
    struct slice start = json_member_text(json_member(t, SL("times")), SL("start"));
    return clock_parse_iso(start, &ns) ? ns : TIME_UNKNOWN;
}

static struct charles_message message(struct import *im, const struct json_node *m)
{
    const struct json_node *body = json_member(m, SL("body"));
    const struct json_node *list = json_member(json_member(m, SL("header")), SL("headers"));
    struct slice coded = json_member_text(body, SL("encoded"));
    struct charles_message out = {
        .body = coded.n ? coded : json_member_text(body, SL("text")),
        .size = json_member_text(json_member(m, SL("sizes")), SL("body")),
        .base64 = coded.n > 0,
    };
    for (const struct json_node *h = list ? list->child : NULL; h; h = h->next)
        message_add_header(im, &out.headers, import_keep(im, json_member_text(h, SL("name"))),
                           import_keep(im, json_member_text(h, SL("value"))));
    return out;
}

static void add_transaction(struct import *im, const struct json_node *t)
{
    const struct json_node *request = json_member(t, SL("request")),
                           *response = json_member(t, SL("response")),
                           *d = json_member(t, SL("durations"));
    struct charles_row row = {
        .scheme = json_member_text(t, SL("scheme")),
        .host = json_member_text(t, SL("host")),
        .port = json_member_text(t, SL("port")),
        .actual_port = json_member_text(t, SL("actualPort")),
        .path = json_member_text(t, SL("path")),
        .query = json_member_text(t, SL("query")),
        .method = json_member_text(t, SL("method")),
        .version = json_member_text(t, SL("protocolVersion")),
        .state = json_member_text(t, SL("status")),
        .status = json_member_text(response, SL("status")),
        .mime = json_member_text(response, SL("mimeType")),
        .server = json_member_text(t, SL("remoteAddress")),
        .client = json_member_text(t, SL("clientAddress")),
        .tunnel = json_member_true(t, SL("tunnel")),
        .request = message(im, request),
        .response = message(im, response),
        .start_ns = start_of(t),
        .total_ns = ms_of(d, SL("total")),
        .dns_ns = ms_of(d, SL("dns")),
        .connect_ns = ms_of(d, SL("connect")),
        .tls_ns = ms_of(d, SL("ssl")),
        .send_ns = ms_of(d, SL("request")),
        .wait_ns = ms_of(d, SL("latency")),
        .receive_ns = ms_of(d, SL("response")),
    };
    charles_add(im, &row);
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
