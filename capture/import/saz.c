/* Fiddler's archives (.saz): raw/N_c.txt requests, N_s.txt responses, N_m.xml times, N_w.txt WebSockets.
 *
 * Called through formats.c. N may be padded with zeros and members come in any order. A time of the year
 * 1 is one that Fiddler did not take. */
#include "capture/import/read.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/num.h"
#include "capture/import/message.h"
#include "capture/import/unzip.h"

struct row {
    uint64_t id;
    struct slice request, response, meta, frames;
    bool seen; /* the request's member */
};

struct rows {
    struct row **v;
    size_t n;
    struct map *by_id; /* struct row */
};

/* "raw/012_c.txt" -> 12, 'c' */
static bool member_of(struct slice name, uint64_t *id, char *part)
{
    struct slice folder, number, kind;
    while (slice_cut(name, '/', &folder, &name))
        ;
    if (!slice_cut(name, '_', &number, &kind) || kind.n != 5) return false;
    if (!num_u64(number, UINT64_MAX, id)) return false;
    *part = kind.p[0];
    return slice_ieq(slice_from(kind, 1), *part == 'm' ? SL(".xml") : SL(".txt"));
}

static bool is_wanted(struct slice name)
{
    uint64_t id;
    char part;
    return member_of(name, &id, &part);
}

static struct row *row_of(struct import *im, struct rows *rows, uint64_t id)
{
    struct slice key = arena_printf(im->scratch, "%llu", (unsigned long long)id);
    void **at = map_at(rows->by_id, key);
    if (!*at) {
        struct row *r = arena_one(im->scratch, struct row);
        r->id = id;
        rows->v[rows->n++] = r;
        *at = r;
    }
    return *at;
}

static void sort_in(struct import *im, struct rows *rows, const struct unzipped *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t id;
        char part;
        if (!member_of(v[i].name, &id, &part)) continue;
        struct row *r = row_of(im, rows, id);
        if (part == 'c') r->request = v[i].text, r->seen = true;
        if (part == 's') r->response = v[i].text;
        if (part == 'm') r->meta = v[i].text;
        if (part == 'w') r->frames = v[i].text;
    }
}

static int by_id(const void *a, const void *b)
{
    const struct row *x = *(struct row *const *)a, *y = *(struct row *const *)b;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* ---- times ---------------------------------------------------------------------------------------- */

static int64_t time_attr(const struct xml_node *timers, struct slice name)
{
    int64_t ns;
    bool ok = clock_parse_iso(xml_attr(timers, name), &ns) && ns > 0;
    return ok ? ns : TIME_UNKNOWN;
}

static int64_t between(const struct xml_node *timers, struct slice from, struct slice to)
{
    int64_t a = time_attr(timers, from), b = time_attr(timers, to);
    return a != TIME_UNKNOWN && b != TIME_UNKNOWN && b >= a ? b - a : TIME_UNKNOWN;
}

static int64_t ms_attr(const struct xml_node *timers, struct slice name)
{
    uint64_t ms;
    return num_u64(xml_attr(timers, name), 1U << 30, &ms) ? (int64_t)(ms * NS_PER_MS)
                                                          : TIME_UNKNOWN;
}

static void fill_times(const struct xml_node *t, struct exchange *ex)
{
    ex->start_ns = time_attr(t, SL("ClientBeginRequest"));
    if (ex->start_ns == TIME_UNKNOWN) ex->start_ns = time_attr(t, SL("ClientConnected"));
    ex->total_ns = between(t, SL("ClientBeginRequest"), SL("ClientDoneResponse"));
    ex->dns_ns = ms_attr(t, SL("DNSTime"));
    ex->connect_ns = ms_attr(t, SL("TCPConnectTime"));
    ex->tls_ns = ms_attr(t, SL("HTTPSHandshakeTime"));
    ex->send_ns = between(t, SL("FiddlerBeginRequest"), SL("ServerGotRequest"));
    ex->wait_ns = between(t, SL("ServerGotRequest"), SL("ServerBeginResponse"));
    ex->receive_ns = between(t, SL("ServerBeginResponse"), SL("ServerDoneResponse"));
}

static struct slice flag(const struct xml_node *session, struct slice name)
{
    const struct xml_node *flags = xml_child(session, SL("SessionFlags"));
    for (const struct xml_node *f = xml_child(flags, SL("SessionFlag")); f;
         f = xml_again(f, SL("SessionFlag")))
        if (slice_ieq(xml_attr(f, SL("N")), name)) return xml_attr(f, SL("V"));
    return (struct slice){ 0 };
}

/* False if the member is there and cannot be read. */
static bool fill_meta(struct import *im, struct slice meta, struct exchange *ex)
{
    if (meta.n == 0) return false;
    struct arena *a = arena_new();
    struct xml *x = xml_open(meta, "_m.xml");
    struct xml_node *n = xml_next(x) == XML_START ? xml_tree(x, a) : NULL;
    if (n) {
        fill_times(xml_child(n, SL("SessionTimers")), ex);
        ex->server_ip = import_keep(im, flag(n, SL("x-hostip")));
        struct slice ip = flag(n, SL("x-clientip"));
        if (ip.n)
            ex->client = arena_printf(im->s->arena, "%.*s:%.*s", SL_FMT(ip),
                                      SL_FMT(flag(n, SL("x-clientport"))));
    }
    xml_close(x);
    arena_free(a);
    return n != NULL;
}

/* ---- WebSockets ----------------------------------------------------------------------------------- */

/* One frame (RFC 6455 5.2) that fills s; unmasked into the session. */
static bool frame(struct import *im, struct slice s, struct ws_message *out)
{
    if (s.n < 2) return false;
    const unsigned char *p = (const unsigned char *)s.p;
    size_t at = 2, len = p[1] & 0x7f;
    unsigned more = len == 126 ? 2 : len == 127 ? 8 : 0;
    if (s.n < at + more) return false;
    if (more) len = 0;
    for (unsigned i = 0; i < more; i++)
        len = len << 8 | p[at + i];
    at += more;
    bool masked = p[1] & 0x80;
    size_t head = at + (masked ? 4 : 0);
    if (s.n < head || len != s.n - head) return false;
    char *data = arena_z(im->s->arena, slice_from(s, head));
    for (size_t i = 0; masked && i < len; i++)
        data[i] = (char)((unsigned char)data[i] ^ p[at + i % 4]);
    out->opcode = p[0] & 15;
    out->data = (struct slice){ data, len };
    return true;
}

/* "Request-Length: 12\r\nID: 1\r\n…DoneRead: time\r\n\r\n" and a frame of that many bytes. */
static bool next_frame(struct import *im, struct slice *rest, struct ws_message *out)
{
    *rest = slice_trim(*rest);
    size_t end = slice_find(*rest, SL("\r\n\r\n"));
    if (end == SLICE_NONE) return false;
    struct slice head = slice_sub(*rest, 0, end), line, name, value;
    uint64_t n = 0;
    *out = (struct ws_message){ .time_ns = TIME_UNKNOWN };
    while (slice_next(&head, '\n', &line)) {
        if (!slice_cut(line, ':', &name, &value)) continue;
        value = slice_trim(value);
        bool sent = slice_ieq(name, SL("Request-Length"));
        if (sent || slice_ieq(name, SL("Response-Length"))) {
            if (!num_u64(value, SIZE_MAX / 2, &n)) return false;
            out->direction = sent ? WS_SEND : WS_RECEIVE;
        }
        if (slice_ieq(name, SL("DoneRead")) && !clock_parse_iso(value, &out->time_ns))
            out->time_ns = TIME_UNKNOWN;
    }
    *rest = slice_from(*rest, end + 4);
    if (n == 0 || n > rest->n || !frame(im, slice_sub(*rest, 0, (size_t)n), out)) return false;
    *rest = slice_from(*rest, (size_t)n);
    return true;
}

static void fill_frames(struct import *im, struct slice text, struct exchange *ex)
{
    struct ws_message m;
    while (text.n > 0 && next_frame(im, &text, &m)) {
        if ((ex->ws_n & (ex->ws_n - 1)) == 0)
            ex->ws = arena_grow(im->s->arena, ex->ws, ex->ws_n * sizeof m,
                                (ex->ws_n ? 2 * ex->ws_n : 1) * sizeof m);
        ex->ws[ex->ws_n++] = m;
    }
    if (slice_trim(text).n > 0)
        session_warn(im->s, "nothing: WebSockets are not replayed",
                     "some WebSocket messages of the archive could not be read");
}

/* ---- rows ----------------------------------------------------------------------------------------- */

static void add_row(struct import *im, const struct row *r, size_t *no_meta)
{
    struct exchange parsed = { 0 };
    if (!message_request(im, &parsed, r->request, NULL)) {
        session_dropped(im->s, "malformed");
        return;
    }
    if (slice_eq(parsed.request.method, SL("CONNECT"))) {
        session_dropped(im->s, "tunnel");
        return;
    }
    struct exchange *ex = session_add(im->s);
    ex->request = parsed.request;
    if (!message_response(im, ex, r->response)) {
        ex->response = (struct response){ .wire_bytes = -1 };
        ex->response.error = SL("the recorded answer is no HTTP response");
    }
    if (!fill_meta(im, r->meta, ex)) ++*no_meta;
    fill_frames(im, r->frames, ex);
}

static bool read_rows(struct import *im, struct rows *rows, struct err *err)
{
    size_t no_meta = 0;
    if (rows->n) qsort(rows->v, rows->n, sizeof *rows->v, by_id);
    for (size_t i = 0; i < rows->n; i++) {
        if (!rows->v[i]->seen) continue;
        if (!import_row(im, im->text.n, err)) return false;
        add_row(im, rows->v[i], &no_meta);
    }
    if (no_meta > 0)
        session_warn(im->s, "see whether the order is that of the walk",
                     "%zu row%s without the times of _m.xml: the order is the archive's", no_meta,
                     no_meta == 1 ? "" : "s");
    return true;
}

bool saz_read(struct import *im, struct err *err)
{
    struct unzipped *v;
    size_t n;
    if (!unzip(im, is_wanted, &v, &n, err)) return false;
    struct rows rows = { arena_many(im->scratch, n ? n : 1, struct row *), 0, map_new() };
    sort_in(im, &rows, v, n);
    im->s->creator = SL("Fiddler");
    bool ok = read_rows(im, &rows, err);
    map_free(rows.by_id);
    return ok;
}
