/* The streaming HAR writer. Called by capture (live and from files) and by whoever exports a session.
 *
 * Invariant: `at` is the offset behind the last entry on disk, where every flush writes the new entries
 * with the closing brackets behind them, in one pwrite; the next flush overwrites the brackets. So the
 * file is valid JSON between any two flushes. A pipe gets the brackets at close only.
 * Limits: an entry is at most ENTRY_MAX bytes of JSON. */
#include "har/har.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "har/text.h"
#include "http/cookie.h"
#include "http/form.h"

#define FLUSH_BYTES (256U << 10)
#define ENTRY_MAX (1U << 30)

struct har_writer {
    int fd;
    bool owned, regular;
    off_t at;
    struct buf out;
    struct arena *arena; /* of one entry */
    struct text_clock clock;
    int64_t last_start_ns;
    uint64_t entries;
};

static const struct slice tail = { "\n]}}\n", 5 };

/* Keys are literals: inlined, so that their lengths are constants. */
#define INLINE static inline __attribute__((always_inline))

INLINE void add(struct har_writer *w, const char *z)
{
    buf_add(&w->out, (struct slice){ z, strlen(z) });
}

#define LIT(w, text) buf_add(&(w)->out, SL(text))

INLINE void member(struct har_writer *w, const char *key, struct slice value)
{
    add(w, key);
    text_json(&w->out, value);
}

INLINE void number(struct har_writer *w, const char *key, int64_t value)
{
    add(w, key);
    if (value < 0)
        LIT(w, "-1");
    else
        buf_addu(&w->out, (uint64_t)value);
}

/* ---- parts of an entry ---- */

static void pair(struct har_writer *w, bool first, struct slice name, struct slice value)
{
    if (first)
        LIT(w, "{\"name\":");
    else
        LIT(w, ",{\"name\":");
    text_json(&w->out, name);
    LIT(w, ",\"value\":");
    text_json(&w->out, value);
    LIT(w, "}");
}

static void headers(struct har_writer *w, const struct headers *h)
{
    LIT(w, ",\"headers\":[");
    for (size_t i = 0; i < h->n; i++)
        pair(w, i == 0, h->v[i].name, h->v[i].value);
    LIT(w, "]");
}

static void request_cookies(struct har_writer *w, const struct headers *h)
{
    bool first = true;
    LIT(w, ",\"cookies\":[");
    for (size_t i = 0; i < h->n; i++) {
        struct slice rest = h->v[i].value, name, value;
        if (h->v[i].name.n != 6 || !slice_ieq(h->v[i].name, SL("cookie"))) continue;
        for (; cookie_next(&rest, &name, &value); first = false)
            pair(w, first, name, value);
    }
    LIT(w, "]");
}

static void set_cookie(struct har_writer *w, bool first, const struct set_cookie *c)
{
    pair(w, first, c->name, c->value);
    w->out.n--; /* the members below belong into the pair's object */
    if (c->path.n) member(w, ",\"path\":", c->path);
    if (c->domain.n) member(w, ",\"domain\":", c->domain);
    if (c->expires_ns != INT64_MAX && c->expires_ns >= 0) {
        LIT(w, ",\"expires\":");
        text_time(&w->out, &(struct text_clock){ 0 }, c->expires_ns);
    }
    if (c->http_only) LIT(w, ",\"httpOnly\":true");
    if (c->secure) LIT(w, ",\"secure\":true");
    LIT(w, "}");
}

static void response_cookies(struct har_writer *w, const struct headers *h, int64_t now_ns)
{
    bool first = true;
    LIT(w, ",\"cookies\":[");
    for (size_t i = 0; i < h->n; i++) {
        struct set_cookie c;
        if (h->v[i].name.n != 10 || !slice_ieq(h->v[i].name, SL("set-cookie"))) continue;
        if (!cookie_parse(h->v[i].value, now_ns, &c)) continue;
        set_cookie(w, first, &c);
        first = false;
    }
    LIT(w, "]");
}

static void query_string(struct har_writer *w, struct slice url)
{
    size_t q = slice_chr(url, '?');
    LIT(w, ",\"queryString\":[");
    if (q != SLICE_NONE) {
        size_t n;
        struct form_field *f = form_parse(w->arena, slice_from(url, q + 1), &n);
        for (size_t i = 0; i < n; i++)
            pair(w, i == 0, f[i].name, f[i].value);
    }
    LIT(w, "]");
}

/* What a reader could not tell from the text: empty, missing, damaged. */
static void body_state(struct har_writer *w, enum body_state state)
{
    static const char *const names[] = { "none", "whole", "missing", "damaged" };
    member(w, ",\"_bodyState\":", slice_z(names[state]));
}

/* Text as it is, anything else as base64; both HAR readers and people get what they can use. */
static void body_text(struct har_writer *w, struct slice body)
{
    if (text_is_utf8(body)) {
        member(w, ",\"text\":", body);
        return;
    }
    LIT(w, ",\"encoding\":\"base64\",\"text\":");
    text_base64(&w->out, body);
}

static void params(struct har_writer *w, const struct request *r)
{
    LIT(w, ",\"params\":[");
    for (size_t i = 0; i < r->params_n; i++) {
        const struct post_param *p = &r->params[i];
        pair(w, i == 0, p->name, p->value);
        w->out.n--; /* the members below belong into the pair's object */
        if (p->is_file) member(w, ",\"fileName\":", p->file_name);
        if (p->content_type.n) member(w, ",\"contentType\":", p->content_type);
        LIT(w, "}");
    }
    LIT(w, "]");
}

static void post_data(struct har_writer *w, const struct request *r)
{
    member(w, ",\"postData\":{\"mimeType\":", r->mime);
    body_text(w, r->body);
    if (r->params_n) params(w, r);
    body_state(w, r->body_state);
    LIT(w, "}");
}

static void request(struct har_writer *w, const struct request *r)
{
    member(w, ",\"request\":{\"method\":", r->method);
    member(w, ",\"url\":", r->url);
    member(w, ",\"httpVersion\":", r->version);
    request_cookies(w, &r->headers);
    headers(w, &r->headers);
    query_string(w, r->url);
    if (r->body_state != BODY_NONE) post_data(w, r);
    LIT(w, ",\"headersSize\":-1");
    number(w, ",\"bodySize\":", r->body_state == BODY_MISSING ? -1 : (int64_t)r->body.n);
    LIT(w, "}");
}

static void response(struct har_writer *w, const struct response *r, int64_t now_ns)
{
    number(w, ",\"response\":{\"status\":", r->status);
    member(w, ",\"statusText\":", r->reason);
    member(w, ",\"httpVersion\":", r->version);
    response_cookies(w, &r->headers, now_ns);
    headers(w, &r->headers);
    number(w, ",\"content\":{\"size\":", (int64_t)r->body.n);
    member(w, ",\"mimeType\":", r->mime);
    if (r->body.n) body_text(w, r->body);
    body_state(w, r->body_state);
    if (r->wire_bytes >= 0 && r->wire_bytes != (int64_t)r->body.n && r->body.n > 0) {
        LIT(w, ",\"compression\":");
        if (r->wire_bytes > (int64_t)r->body.n) LIT(w, "-");
        buf_addu(&w->out, (uint64_t)llabs((int64_t)r->body.n - r->wire_bytes));
    }
    member(w, "},\"redirectURL\":", r->redirect);
    LIT(w, ",\"headersSize\":-1");
    number(w, ",\"bodySize\":", r->wire_bytes);
    if (r->error.n) member(w, ",\"_error\":", r->error);
    LIT(w, "}");
}

INLINE void timing(struct har_writer *w, const char *key, int64_t ns)
{
    add(w, key);
    text_ms(&w->out, ns);
}

/* HAR's connect holds the TLS handshake too; send, wait and receive may not be -1. */
static void timings(struct har_writer *w, const struct exchange *ex)
{
    int64_t connect = ex->connect_ns, tls = ex->tls_ns;
    if (connect >= 0 && tls > 0) connect += tls;
    timing(w, ",\"cache\":{},\"timings\":{\"blocked\":", ex->blocked_ns);
    timing(w, ",\"dns\":", ex->dns_ns);
    timing(w, ",\"connect\":", connect);
    timing(w, ",\"ssl\":", tls);
    timing(w, ",\"send\":", ex->send_ns < 0 ? 0 : ex->send_ns);
    timing(w, ",\"wait\":", ex->wait_ns < 0 ? 0 : ex->wait_ns);
    timing(w, ",\"receive\":", ex->receive_ns < 0 ? 0 : ex->receive_ns);
    LIT(w, "}");
}

static void web_socket(struct har_writer *w, const struct exchange *ex)
{
    LIT(w, ",\"_webSocketMessages\":[");
    for (size_t i = 0; i < ex->ws_n; i++) {
        const struct ws_message *m = &ex->ws[i];
        add(w, i ? ",{\"type\":" : "{\"type\":");
        add(w, m->direction == WS_SEND ? "\"send\"" : "\"receive\"");
        LIT(w, ",\"time\":"); /* seconds */
        int64_t ns = m->time_ns < 0 ? 0 : m->time_ns;
        buf_addu(&w->out, (uint64_t)ns / NS_PER_S);
        buf_addf(&w->out, ".%09llu", (unsigned long long)((uint64_t)ns % NS_PER_S));
        number(w, ",\"opcode\":", m->opcode);
        LIT(w, ",\"data\":");
        if (m->opcode != 1 || !text_is_utf8(m->data))
            text_base64(&w->out, m->data);
        else
            text_json(&w->out, m->data);
        LIT(w, "}");
    }
    LIT(w, "]");
}

static void origin(struct har_writer *w, const struct exchange *ex)
{
    switch (ex->from) {
    case FROM_NETWORK: break;
    case FROM_CACHE: LIT(w, ",\"_fromCache\":\"disk\""); break;
    case FROM_SERVICE_WORKER: LIT(w, ",\"_fetchedViaServiceWorker\":true"); break;
    case FROM_PUSH: LIT(w, ",\"_was_pushed\":1"); break;
    }
    if (ex->initiator.n == 0) return;
    member(w, ",\"_initiator\":{\"type\":\"other\",\"url\":", ex->initiator);
    LIT(w, "}");
}

static void extras(struct har_writer *w, const struct exchange *ex)
{
    if (ex->page.n) member(w, ",\"pageref\":", ex->page);
    if (ex->server_ip.n) member(w, ",\"serverIPAddress\":", ex->server_ip);
    if (ex->connection.n) member(w, ",\"connection\":", ex->connection);
    if (ex->client.n) member(w, ",\"_clientAddress\":", ex->client);
    if (ex->resource.n) member(w, ",\"_resourceType\":", ex->resource);
    origin(w, ex);
    if (ex->ws_n) web_socket(w, ex);
    if (ex->incomplete) LIT(w, ",\"_incomplete\":true");
    if (ex->comment.n) member(w, ",\"comment\":", ex->comment);
}

static void entry(struct har_writer *w, const struct exchange *ex)
{
    if (ex->start_ns != TIME_UNKNOWN) w->last_start_ns = ex->start_ns;
    add(w, w->entries ? ",\n{\"startedDateTime\":" : "\n{\"startedDateTime\":");
    text_time(&w->out, &w->clock, w->last_start_ns);
    timing(w, ",\"time\":", ex->total_ns < 0 ? 0 : ex->total_ns);
    request(w, &ex->request);
    response(w, &ex->response, w->last_start_ns);
    timings(w, ex);
    extras(w, ex);
    LIT(w, "}");
}

/* ---- the file ---- */

static bool write_all(struct har_writer *w, struct slice s, struct err *err)
{
    while (s.n) {
        ssize_t n = w->regular ? pwrite(w->fd, s.p, s.n, w->at) : write(w->fd, s.p, s.n);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return err_sys(err, ERR_INTERNAL, errno, "write the HAR");
        w->at += n;
        s = slice_from(s, (size_t)n);
    }
    return true;
}

bool har_writer_flush(struct har_writer *w, struct err *err)
{
    size_t n = w->out.n;
    if (!n) return true;
    if (w->regular) buf_add(&w->out, tail);
    bool ok = write_all(w, buf_slice(&w->out), err);
    if (w->regular) w->at -= (off_t)tail.n;
    buf_reset(&w->out);
    if (w->out.cap > 16 * FLUSH_BYTES) buf_free(&w->out);
    return ok;
}

static void head(struct har_writer *w, const char *version, const struct page *pages, size_t n)
{
    LIT(w, "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"reprise\",\"version\":");
    text_json(&w->out, slice_z(version));
    LIT(w, "}");
    for (size_t i = 0; i < n; i++) {
        add(w, i ? ",\n{\"startedDateTime\":" : ",\"pages\":[\n{\"startedDateTime\":");
        int64_t ns = pages[i].start_ns < 0 ? 0 : pages[i].start_ns;
        text_time(&w->out, &(struct text_clock){ 0 }, ns);
        member(w, ",\"id\":", pages[i].id);
        member(w, ",\"title\":", pages[i].title);
        LIT(w, ",\"pageTimings\":{}}");
    }
    if (n) LIT(w, "]");
    LIT(w, ",\"entries\":[");
}

static struct har_writer *open_writer(const char *path, const char *version,
                                      const struct page *pages, size_t pages_n, struct err *err)
{
    bool std = strcmp(path, "-") == 0;
    int fd = std ? STDOUT_FILENO : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        err_sys(err, ERR_INTERNAL, errno, "create %s", path);
        return NULL;
    }
    struct har_writer *w = mem_alloc(1, sizeof *w);
    w->fd = fd;
    w->owned = !std;
    w->regular = !std && S_ISREG(st.st_mode);
    w->arena = arena_new();
    buf_init(&w->out, ENTRY_MAX);
    /* A file that was there may have been readable by others. Not ours to change: then it stays so. */
    if (w->regular && fchmod(fd, 0600) != 0) errno = 0;
    head(w, version, pages, pages_n);
    if (har_writer_flush(w, err)) return w;
    har_writer_close(w, NULL);
    return NULL;
}

struct har_writer *har_writer_open(const char *path, const char *version, struct err *err)
{
    return open_writer(path, version, NULL, 0, err);
}

bool har_writer_add(struct har_writer *w, const struct exchange *ex, struct err *err)
{
    size_t before = w->out.n;
    entry(w, ex);
    arena_reset(w->arena);
    if (w->out.bad) {
        w->out.bad = false;
        w->out.n = before;
        return err_set(err, ERR_INTERNAL, "an exchange of more than 1 GiB cannot be written");
    }
    w->entries++;
    return w->out.n < FLUSH_BYTES || har_writer_flush(w, err);
}

uint64_t har_writer_entries(const struct har_writer *w)
{
    return w->entries;
}

bool har_writer_close(struct har_writer *w, struct err *err)
{
    if (!w) return true;
    if (!w->regular) buf_add(&w->out, tail);
    bool ok = har_writer_flush(w, err);
    if (w->owned && close(w->fd) != 0 && ok)
        ok = err_sys(err, ERR_INTERNAL, errno, "close the HAR");
    arena_free(w->arena);
    buf_free(&w->out);
    free(w);
    return ok;
}

bool har_write(const struct session *s, const char *path, const char *version, struct err *err)
{
    struct har_writer *w = open_writer(path, version, s->pages, s->pages_n, err);
    bool ok = w != NULL;
    for (size_t i = 0; i < s->n && ok; i++)
        ok = har_writer_add(w, s->exchanges[i], err);
    return har_writer_close(w, err) && ok;
}
