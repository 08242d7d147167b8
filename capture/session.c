/* A capture file as a whole session in memory: what the importer wants. Called through capture.h.
 *
 * Everything is copied into the session's arena: a transaction's memory is used again for the next. */
#include "capture/capture.h"

static struct slice keep(struct arena *a, struct slice s)
{
    return s.n ? arena_dup(a, s) : s;
}

static struct headers keep_headers(struct arena *a, const struct headers *h)
{
    struct headers out = { arena_many(a, h->n + 1, struct header), h->n };
    for (size_t i = 0; i < h->n; i++) {
        out.v[i].name = keep(a, h->v[i].name);
        out.v[i].value = keep(a, h->v[i].value);
    }
    return out;
}

static void keep_request(struct arena *a, struct request *r)
{
    r->method = keep(a, r->method);
    r->url = keep(a, r->url);
    r->version = keep(a, r->version);
    r->headers = keep_headers(a, &r->headers);
    r->body = keep(a, r->body);
    r->mime = keep(a, r->mime);
}

static void keep_response(struct arena *a, struct response *r)
{
    r->reason = keep(a, r->reason);
    r->version = keep(a, r->version);
    r->headers = keep_headers(a, &r->headers);
    r->body = keep(a, r->body);
    r->mime = keep(a, r->mime);
    r->redirect = keep(a, r->redirect);
    r->error = keep(a, r->error);
}

static void keep_messages(struct arena *a, struct exchange *ex)
{
    struct ws_message *v = arena_many(a, ex->ws_n + 1, struct ws_message);
    for (size_t i = 0; i < ex->ws_n; i++) {
        v[i] = ex->ws[i];
        v[i].data = keep(a, v[i].data);
    }
    ex->ws = v;
}

struct exchange *capture_copy(struct session *s, const struct exchange *ex)
{
    struct exchange *copy = session_add(s);
    size_t order = copy->order;
    *copy = *ex;
    copy->order = order;
    keep_request(s->arena, &copy->request);
    keep_response(s->arena, &copy->response);
    if (ex->ws_n) keep_messages(s->arena, copy);
    copy->connection = keep(s->arena, ex->connection);
    copy->client = keep(s->arena, ex->client);
    copy->server_ip = keep(s->arena, ex->server_ip);
    copy->comment = keep(s->arena, ex->comment);
    copy->resource = keep(s->arena, ex->resource);
    copy->page = keep(s->arena, ex->page);
    copy->initiator = keep(s->arena, ex->initiator);
    return copy;
}

static bool put(void *arg, const struct exchange *ex, struct err *err)
{
    struct session *s = arg;
    (void)err;
    s->entries_read++;
    if (slice_eq(ex->request.method, SL("CONNECT")))
        session_dropped(s, "tunnel"); /* what was inside has exchanges of its own */
    else
        capture_copy(s, ex);
    return true;
}

/* What the packets could not give. */
static void warn(struct session *s, const struct capture_report *r)
{
    if (r->trouble[0])
        session_warn(s, "copy the file again; what could be read was read", "%s", r->trouble);
    if (r->incomplete)
        session_warn(s, "capture again from before the first request to after the last answer",
                     "%llu exchanges are incomplete: packets are missing, or the capture was cut",
                     (unsigned long long)r->incomplete);
    if (r->tls[TLS_NO_KEY])
        session_warn(s, "record with SSLKEYLOGFILE set and give the file with --keylog",
                     "%llu TLS connections could not be read: no key for them",
                     (unsigned long long)r->tls[TLS_NO_KEY]);
    if (r->quic)
        session_warn(s, "turn HTTP/3 off in the client (chromium --disable-quic) and capture again",
                     "QUIC (HTTP/3) packets were left out");
    if (r->kernel_drops)
        session_warn(s, "capture with a filter (-f) or on a machine with less to do",
                     "the recorder lost %llu packets", (unsigned long long)r->kernel_drops);
    session_warn_losses(s);
}

struct session *capture_to_session(const struct capture_cfg *cfg, struct capture_report *report,
                                   struct err *err)
{
    struct session *s = session_new();
    struct capture *c = capture_open(cfg, (struct capture_sink){ put, s }, report, err);
    bool ok = c != NULL;
    while (ok) {
        enum capture_step step = capture_step(c, err);
        ok = step != CAPTURE_FAILED;
        if (step == CAPTURE_END) break;
    }
    ok = ok && capture_finish(c, err);
    capture_free(c);
    if (!ok) {
        session_free(s);
        return NULL;
    }
    warn(s, report);
    session_sort(s);
    return s;
}
