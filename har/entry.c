/* One element of log.entries: read whole into a har_entry, then judged and put into the session.
 *
 * Called by read.c for each entry. The entry's lists are used again, so that a long recording allocates
 * only what the session keeps. */
#include "har/reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/mem.h"
#include "base/num.h"
#include "http/url.h"

#define E(member) offsetof(struct har_entry, member)
#define M(member) offsetof(struct har_message, member)
#define B(member) offsetof(struct har_body, member)

static void read_body(struct har_reader *r, void *to)
{
    static const struct har_field fields[] = {
        { SL("mimeType"), HAR_TEXT, B(mime), NULL },
        { SL("text"), HAR_ANY, B(text), NULL },
        { SL("encoding"), HAR_TEXT, B(encoding), NULL },
        { SL("_encoding"), HAR_TEXT, B(encoding), NULL },
        { SL("_file"), HAR_TEXT, B(file), NULL },
        { SL("_sha1"), HAR_TEXT, B(file), NULL },
        { SL("size"), HAR_NUMBER, B(size), NULL },
        { SL("params"), HAR_CALL, B(params), har_list_read },
        { SL("_bodyState"), HAR_TEXT, B(state), NULL },
    };
    har_object_read(r, fields, HAR_COUNT(fields), to);
}

static void read_message(struct har_reader *r, void *to)
{
    static const struct har_field fields[] = {
        { SL("method"), HAR_TEXT, M(method), NULL },
        { SL("url"), HAR_TEXT, M(url), NULL },
        { SL("httpVersion"), HAR_TEXT, M(version), NULL },
        { SL("headers"), HAR_CALL, M(headers), har_list_read },
        { SL("cookies"), HAR_CALL, M(cookies), har_list_read },
        { SL("queryString"), HAR_CALL, M(query), har_list_read },
        { SL("postData"), HAR_CALL, M(body), read_body },
        { SL("bodySize"), HAR_NUMBER, M(body_size), NULL },
        { SL("status"), HAR_NUMBER, M(status), NULL },
        { SL("statusText"), HAR_TEXT, M(reason), NULL },
        { SL("content"), HAR_CALL, M(body), read_body },
        { SL("redirectURL"), HAR_TEXT, M(redirect), NULL },
        { SL("_error"), HAR_TEXT, M(error), NULL },
        { SL("_errorText"), HAR_TEXT, M(error), NULL },
        { SL("_failureText"), HAR_TEXT, M(error), NULL },
        { SL("fromDiskCache"), HAR_FLAG, M(cached), NULL },
        { SL("fromPrefetchCache"), HAR_FLAG, M(cached), NULL },
        { SL("fromServiceWorker"), HAR_FLAG, M(worker), NULL },
    };
    struct har_message *m = to;
    m->seen = r->j.tok == JSON_OBJECT;
    har_object_read(r, fields, HAR_COUNT(fields), m);
}

static void read_timings(struct har_reader *r, void *to)
{
    static const struct har_field fields[] = {
        { SL("blocked"), HAR_NS, E(blocked_ns), NULL }, { SL("dns"), HAR_NS, E(dns_ns), NULL },
        { SL("connect"), HAR_NS, E(connect_ns), NULL }, { SL("ssl"), HAR_NS, E(tls_ns), NULL },
        { SL("send"), HAR_NS, E(send_ns), NULL },       { SL("wait"), HAR_NS, E(wait_ns), NULL },
        { SL("receive"), HAR_NS, E(receive_ns), NULL },
    };
    har_object_read(r, fields, HAR_COUNT(fields), to);
}

struct ws_raw {
    struct slice type, time, data;
    int64_t opcode;
};

/* Seconds since 1970 with a fraction, to the nanosecond when it is written out. */
static int64_t ws_time(struct slice s)
{
    struct slice whole = s, part = { 0 };
    uint64_t seconds, fraction = 0;
    double v;
    slice_cut(s, '.', &whole, &part);
    part = slice_sub(part, 0, 9);
    if (num_u64(whole, 9000000000ULL, &seconds) &&
        (part.n == 0 || num_u64(part, UINT64_MAX, &fraction))) {
        for (size_t i = part.n; i < 9; i++)
            fraction *= 10;
        return (int64_t)(seconds * NS_PER_S + fraction);
    }
    return num_f64(s, &v) && v > 0 && v < 9e9 ? (int64_t)(v * 1e9) : TIME_UNKNOWN;
}

static void read_ws_message(struct har_reader *r, void *to)
{
    static const struct har_field fields[] = {
        { SL("type"), HAR_TEXT, offsetof(struct ws_raw, type), NULL },
        { SL("time"), HAR_TEXT, offsetof(struct ws_raw, time), NULL },
        { SL("opcode"), HAR_NUMBER, offsetof(struct ws_raw, opcode), NULL },
        { SL("data"), HAR_TEXT, offsetof(struct ws_raw, data), NULL },
    };
    struct har_entry *e = to;
    struct ws_raw raw = { .opcode = 1 };
    har_object_read(r, fields, HAR_COUNT(fields), &raw);
    if (!slice_ieq(raw.type, SL("send")) && !slice_istarts(raw.type, SL("receive"))) return;
    if (raw.opcode != 1) {
        /* Chrome keeps binary frames as base64. */
        struct buf b = BUF_INIT(raw.data.n + 1);
        if (enc_unbase64(&b, raw.data)) raw.data = arena_dup(r->s->arena, buf_slice(&b));
        buf_free(&b);
    }
    if (e->ws_n == e->ws_cap) mem_grow(&e->ws, &e->ws_cap, e->ws_n + 1, sizeof *e->ws);
    e->ws[e->ws_n++] = (struct ws_message){
        .direction = slice_ieq(raw.type, SL("send")) ? WS_SEND : WS_RECEIVE,
        .time_ns = ws_time(raw.time),
        .opcode = (int)raw.opcode,
        .data = raw.data,
    };
}

static void read_ws(struct har_reader *r, void *to)
{
    struct har_entry *e = to;
    e->ws_n = 0;
    har_array_read(r, read_ws_message, e);
}

static void read_frame(struct har_reader *r, void *to)
{
    static const struct har_field fields[] = { { SL("url"), HAR_TEXT, 0, NULL } };
    struct slice *url = to, here = { 0 };
    har_object_read(r, fields, HAR_COUNT(fields), &here);
    if (url->n == 0) *url = here;
}

static void read_frames(struct har_reader *r, void *to)
{
    har_array_read(r, read_frame, to);
}

struct initiator {
    struct slice url, stack;
};

static void read_stack(struct har_reader *r, void *to)
{
    static const struct har_field fields[] = { { SL("callFrames"), HAR_CALL, 0, read_frames } };
    har_object_read(r, fields, HAR_COUNT(fields), to);
}

/* A URL, or Chrome's {type, url, stack}: the script on top of the stack if no URL is given. */
static void read_initiator(struct har_reader *r, void *to)
{
    static const struct har_field fields[] = {
        { SL("url"), HAR_TEXT, offsetof(struct initiator, url), NULL },
        { SL("stack"), HAR_CALL, offsetof(struct initiator, stack), read_stack },
    };
    struct initiator in = { 0 };
    struct slice *out = to;
    if (r->j.tok == JSON_STRING) {
        *out = json_str(&r->j, r->s->arena);
        return;
    }
    har_object_read(r, fields, HAR_COUNT(fields), &in);
    *out = in.url.n ? in.url : in.stack;
}

static void read_entry_fields(struct har_reader *r)
{
    static const struct har_field fields[] = {
        { SL("startedDateTime"), HAR_TIME, E(start_ns), NULL },
        { SL("time"), HAR_NS, E(total_ns), NULL },
        { SL("request"), HAR_CALL, E(request), read_message },
        { SL("response"), HAR_CALL, E(response), read_message },
        { SL("timings"), HAR_CALL, 0, read_timings },
        { SL("pageref"), HAR_TEXT, E(page), NULL },
        { SL("serverIPAddress"), HAR_TEXT, E(server_ip), NULL },
        { SL("connection"), HAR_TEXT, E(connection), NULL },
        { SL("_connectionId"), HAR_TEXT, E(connection_id), NULL },
        { SL("comment"), HAR_TEXT, E(comment), NULL },
        { SL("_initiator"), HAR_CALL, E(initiator), read_initiator },
        { SL("_resourceType"), HAR_TEXT, E(resource), NULL },
        { SL("_fromCache"), HAR_TEXT, E(from_cache), NULL },
        { SL("_fetchType"), HAR_TEXT, E(fetch_type), NULL },
        { SL("_fetchedViaServiceWorker"), HAR_FLAG, E(worker), NULL },
        { SL("_was_pushed"), HAR_FLAG, E(pushed), NULL },
        { SL("_webSocketMessages"), HAR_CALL, 0, read_ws },
        { SL("_error"), HAR_TEXT, E(error), NULL },
        { SL("_clientAddress"), HAR_TEXT, E(client), NULL },
        { SL("_incomplete"), HAR_FLAG, E(incomplete), NULL },
    };
    har_object_read(r, fields, HAR_COUNT(fields), &r->entry);
}

/* Empties a message but keeps its lists' memory. */
static struct har_message fresh_message(struct har_message *old)
{
    struct har_message m = { .body_size = -1, .body.size = -1 };
    m.headers = (struct har_list){ old->headers.v, 0, old->headers.cap };
    m.cookies = (struct har_list){ old->cookies.v, 0, old->cookies.cap };
    m.query = (struct har_list){ old->query.v, 0, old->query.cap };
    m.body.params = (struct har_list){ old->body.params.v, 0, old->body.params.cap };
    return m;
}

static void reset(struct har_entry *e)
{
    struct har_entry fresh = {
        .start_ns = TIME_UNKNOWN,
        .total_ns = TIME_UNKNOWN,
        .blocked_ns = TIME_UNKNOWN,
        .dns_ns = TIME_UNKNOWN,
        .connect_ns = TIME_UNKNOWN,
        .tls_ns = TIME_UNKNOWN,
        .send_ns = TIME_UNKNOWN,
        .wait_ns = TIME_UNKNOWN,
        .receive_ns = TIME_UNKNOWN,
        .request = fresh_message(&e->request),
        .response = fresh_message(&e->response),
        .ws = e->ws,
        .ws_cap = e->ws_cap,
    };
    *e = fresh;
}

static void free_message(struct har_message *m)
{
    free(m->headers.v);
    free(m->cookies.v);
    free(m->query.v);
    free(m->body.params.v);
}

void har_entry_free(struct har_entry *e)
{
    free_message(&e->request);
    free_message(&e->response);
    free(e->ws);
}

/* HAR's connect holds the TLS handshake; a few recorders keep them apart, which shows when connect is
 * the shorter one. */
static void fill_times(const struct har_entry *e, struct exchange *ex)
{
    const int64_t parts[] = { e->blocked_ns, e->dns_ns,  e->connect_ns,
                              e->send_ns,    e->wait_ns, e->receive_ns };
    int64_t sum = TIME_UNKNOWN;
    for (size_t i = 0; i < HAR_COUNT(parts); i++)
        if (parts[i] >= 0) sum = (sum < 0 ? 0 : sum) + parts[i];
    ex->start_ns = e->start_ns;
    ex->blocked_ns = e->blocked_ns;
    ex->dns_ns = e->dns_ns;
    ex->connect_ns = e->connect_ns;
    ex->tls_ns = e->tls_ns;
    if (e->tls_ns > 0 && e->connect_ns >= e->tls_ns) ex->connect_ns = e->connect_ns - e->tls_ns;
    ex->send_ns = e->send_ns;
    ex->wait_ns = e->wait_ns;
    ex->receive_ns = e->receive_ns;
    /* 0 without a single part is what writers put where they know nothing. */
    ex->total_ns = e->total_ns > 0 || (e->total_ns == 0 && sum >= 0) ? e->total_ns : sum;
}

static enum served_from served_from(const struct har_entry *e)
{
    bool cached = e->from_cache.n > 0 && !slice_eq(e->from_cache, SL("false"));
    if (cached || e->response.cached) return FROM_CACHE;
    if (slice_eq(e->fetch_type, SL("Memory Cache")) || slice_eq(e->fetch_type, SL("Disk Cache")))
        return FROM_CACHE;
    if (e->worker || e->response.worker || slice_eq(e->fetch_type, SL("Service Worker")))
        return FROM_SERVICE_WORKER;
    return e->pushed ? FROM_PUSH : FROM_NETWORK;
}

/* `connection` is an id in the specification and in some recorders, the port of the server in Chrome and
 * Firefox, where it tells nothing. */
static struct slice connection_of(const struct har_entry *e, const struct url *u)
{
    uint64_t port;
    if (e->connection_id.n > 0) return e->connection_id;
    if (num_u64(e->connection, 65535, &port) && (port == u->port || port == 80 || port == 443))
        return (struct slice){ 0 };
    return e->connection;
}

static struct slice without_brackets(struct slice ip)
{
    bool both = slice_starts(ip, SL("[")) && slice_ends(ip, SL("]"));
    return both ? slice_sub(ip, 1, ip.n - 1) : ip;
}

static struct ws_message *keep_ws(struct har_reader *r, const struct har_entry *e)
{
    if (e->ws_n == 0) return NULL;
    struct ws_message *v = arena_many(r->s->arena, e->ws_n, struct ws_message);
    memcpy(v, e->ws, e->ws_n * sizeof *v);
    return v;
}

/* Some exporters write the target alone: the Host header tells where it went, but not the scheme. */
static void complete_url(struct har_reader *r, struct har_message *m)
{
    if (!slice_starts(m->url, SL("/"))) return;
    for (size_t i = 0; i < m->headers.n; i++) {
        const struct har_item *h = &m->headers.v[i];
        if (!slice_ieq(h->name, SL("Host")) && !slice_eq(h->name, SL(":authority"))) continue;
        m->url = arena_printf(r->s->arena, "http://%.*s%.*s", SL_FMT(slice_trim(h->value)),
                              SL_FMT(m->url));
        session_warn(r->s, "change the target in the scenario if it is https",
                     "URLs without a host are completed with the Host header, and http");
        return;
    }
}

/* The reason to drop an entry, NULL to keep it. */
static const char *verdict(const struct har_entry *e, struct url *u)
{
    if (!e->request.seen) return "malformed";
    if (e->request.url.n == 0) return "no-url";
    if (slice_ieq(e->request.method, SL("CONNECT"))) return "tunnel";
    return url_parse(e->request.url, u) ? NULL : "not-http";
}

static void keep(struct har_reader *r, struct har_entry *e, const struct url *u)
{
    struct exchange *ex = session_add(r->s);
    fill_times(e, ex);
    ex->connection = connection_of(e, u);
    ex->client = e->client;
    ex->server_ip = without_brackets(e->server_ip);
    ex->page = e->page;
    ex->initiator = e->initiator;
    ex->resource = e->resource;
    ex->from = served_from(e);
    ex->comment = e->comment;
    ex->incomplete = e->incomplete;
    ex->ws = keep_ws(r, e);
    ex->ws_n = e->ws_n;
    har_request_fill(r, &e->request, &ex->request);
    har_response_fill(r, &e->response, ex->request.method, &ex->response);
    if (ex->response.error.n == 0) ex->response.error = e->error;
}

void har_entry_read(struct har_reader *r, void *unused)
{
    (void)unused;
    struct url u;
    if (r->s->entries_read == r->max_entries) {
        r->too_many = true;
        r->j.tok = JSON_ERROR; /* ends the reading; read.c says why */
        r->j.expected = "fewer entries";
        return;
    }
    reset(&r->entry);
    read_entry_fields(r);
    if (har_bad(r)) return;
    r->s->entries_read++;
    complete_url(r, &r->entry.request);
    if (r->opt && r->opt->progress && r->s->entries_read % 64 == 0)
        r->opt->progress(r->opt->progress_arg, r->j.at, r->j.text.n);
    const char *why = verdict(&r->entry, &u);
    if (why)
        session_dropped(r->s, why);
    else
        keep(r, &r->entry, &u);
}
