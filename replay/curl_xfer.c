/* One transfer of the curl engine: an easy handle, its options from a call's wire form, and the outcome in the words of
 * replay/engine.h. Called by engine_curl.c, on the worker's thread.
 *
 * Options are set once per handle, then only those that differ from the request before. Limit: HTTP/2 headers come back
 * in HTTP/1 spelling. */
#include "replay/curl_xfer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"

#define KEEP_BODY (64u << 10) /* larger buffers are not kept by resting transfers */

/* ---- sockets ------------------------------------------------------------------------------------------ */

static int on_open(void *engine, curl_socket_t fd, curlsocktype purpose)
{
    (void)purpose;
    sock_opened(&((struct engine *)engine)->socks, fd);
    return CURL_SOCKOPT_OK;
}

static int on_close(void *engine, curl_socket_t fd)
{
    sock_closing(&((struct engine *)engine)->socks, fd);
    return close(fd);
}

/* ---- an answer's bytes ----------------------------------------------------------------------------------- */

static size_t on_header(char *p, size_t size, size_t n, void *xfer)
{
    struct xfer *x = xfer;
    struct slice line = { p, size * n };
    if (x->c->first_byte_ns == 0) x->c->first_byte_ns = loop_refresh_ns(x->e->cfg->loop);
    x->head_bytes += line.n;
    return curl_head_line(&x->answer, line) ? line.n : 0;
}

static size_t on_body(char *p, size_t size, size_t n, void *xfer)
{
    struct xfer *x = xfer;
    struct slice piece = { p, size * n };
    x->body_bytes += piece.n;
    if (x->body_bytes > x->body.max) return 0;
    if (x->c->want_body) buf_add(&x->body, piece);
    return piece.n;
}

/* ---- easy handles ----------------------------------------------------------------------------------------- */

static void set_tls(CURL *easy, const struct engine_cfg *cfg)
{
    if (cfg->insecure) {
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (cfg->cacert) curl_easy_setopt(easy, CURLOPT_CAINFO, cfg->cacert);
    if (cfg->client_cert) curl_easy_setopt(easy, CURLOPT_SSLCERT, cfg->client_cert);
    if (cfg->client_key) curl_easy_setopt(easy, CURLOPT_SSLKEY, cfg->client_key);
    if (cfg->no_tls_resume) curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
}

static long http_version(const struct engine_cfg *cfg)
{
    if (cfg->h2c_prior) return CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
    return cfg->http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1;
}

/* libcurl 7.88 begins HTTP/2 anew on a connection that has it by prior knowledge already: every request
 * but the first would fail (fixed in 8.0). */
static bool must_not_reuse(const struct engine_cfg *cfg)
{
    unsigned version = curl_version_info(CURLVERSION_NOW)->version_num >> 8;
    return cfg->h2c_prior && version == 0x0758;
}

static void set_auth(CURL *easy, const struct engine_cfg *cfg)
{
    static const unsigned long schemes[] = { CURLAUTH_BASIC, CURLAUTH_DIGEST, CURLAUTH_NTLM,
                                             CURLAUTH_NEGOTIATE };
    if (!cfg->user_password) return;
    curl_easy_setopt(easy, CURLOPT_USERPWD, cfg->user_password);
    curl_easy_setopt(easy, CURLOPT_HTTPAUTH, schemes[cfg->auth]);
}

static void set_once(struct xfer *x)
{
    const struct engine_cfg *cfg = x->e->cfg;
    CURL *easy = x->easy;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, x);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, x->why);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_open);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, x->e);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, x->e);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, http_version(cfg));
    if (cfg->http2) curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, (long)must_not_reuse(cfg));
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, (long)must_not_reuse(cfg));
    /* "": the environment's proxies are not asked. */
    curl_easy_setopt(easy, CURLOPT_PROXY, cfg->proxy ? cfg->proxy : "");
    if (cfg->connect_timeout_ns)
        curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                         (long)(cfg->connect_timeout_ns / NS_PER_MS));
    set_tls(easy, cfg);
    set_auth(easy, cfg);
}

struct xfer *xfer_new(struct engine *e)
{
    struct xfer *x = e->spare;
    if (x) {
        e->spare = x->next;
        return x;
    }
    x = mem_alloc(1, sizeof *x);
    x->e = e;
    x->easy = curl_easy_init();
    if (!x->easy) {
        free(x);
        return NULL;
    }
    buf_init(&x->head, SIZE_MAX / 2);
    buf_init(&x->target, SIZE_MAX / 2);
    buf_init(&x->answer.text, e->cfg->max_head_bytes ? e->cfg->max_head_bytes : ENGINE_HEAD_BYTES);
    buf_init(&x->body, e->cfg->max_body_bytes ? e->cfg->max_body_bytes : ENGINE_BODY_BYTES);
    set_once(x);
    return x;
}

void xfer_rest(struct xfer *x)
{
    if (x->body.cap > KEEP_BODY) buf_free(&x->body);
    x->c = NULL;
    x->next = x->e->spare;
    x->e->spare = x;
}

void xfer_free(struct xfer *x)
{
    curl_easy_cleanup(x->easy);
    buf_free(&x->head);
    buf_free(&x->target);
    curl_head_free(&x->answer);
    buf_free(&x->body);
    free(x->nodes);
    free(x);
}

/* ---- a request from its wire form -------------------------------------------------------------------------- */

/* curl's list type is not const, but a header list is only read. */
static void add_node(struct xfer *x, size_t *n, const char *text)
{
    mem_grow(&x->nodes, &x->nodes_cap, *n + 1, sizeof *x->nodes);
    x->nodes[(*n)++].data = (char *)(uintptr_t)text;
}

/* "Name:" alone would make curl leave it out; "Name;" sends it without a value. */
static void mark_empty(char *line, size_t n)
{
    size_t colon = slice_chr((struct slice){ line, n }, ':');
    if (colon == SLICE_NONE) return;
    if (slice_trim(slice_from((struct slice){ line, n }, colon + 1)).n) return;
    line[colon] = ';';
    line[colon + 1] = '\0';
}

/* The head's lines become a list over a copy; headers that curl would add by itself are held back. */
static void set_headers(struct xfer *x)
{
    bool accept = false, type = false;
    size_t n = 0, at = 0;
    buf_reset(&x->head);
    buf_add(&x->head, x->c->head);
    char *p = x->head.p;
    for (size_t line = 0; at < x->head.n; line++) {
        struct slice rest = slice_from(buf_slice(&x->head), at);
        size_t length = slice_chr(rest, '\n');
        if (length == SLICE_NONE || length < 2) break;
        char *start = p + at;
        at += length + 1;
        start[length - 1] = '\0';
        struct slice text = { start, length - 1 };
        if (line == 0 || slice_istarts(text, SL("content-length:"))) continue;
        accept |= slice_istarts(text, SL("accept:"));
        type |= slice_istarts(text, SL("content-type:"));
        mark_empty(start, length - 1);
        add_node(x, &n, start);
    }
    if (!accept) add_node(x, &n, "Accept:");
    if (!type) add_node(x, &n, "Content-Type:");
    add_node(x, &n, "Expect:");
    for (size_t i = 0; i < n; i++)
        x->nodes[i].next = i + 1 < n ? &x->nodes[i + 1] : NULL;
    curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->nodes);
}

static void set_method(struct xfer *x, struct slice method)
{
    const struct call *c = x->c;
    bool post = slice_eq(method, SL("POST")), get = slice_eq(method, SL("GET"));
    bool body =
        c->body.n > 0 || post || slice_eq(method, SL("PUT")) || slice_eq(method, SL("PATCH"));
    if (body) {
        curl_easy_setopt(x->easy, CURLOPT_POST, 1L);
        curl_easy_setopt(x->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->body.n);
        curl_easy_setopt(x->easy, CURLOPT_POSTFIELDS, c->body.n ? c->body.p : "");
    } else {
        curl_easy_setopt(x->easy, CURLOPT_HTTPGET, 1L);
        if (c->head_request) curl_easy_setopt(x->easy, CURLOPT_NOBODY, 1L);
    }
    bool own = (post && body) || (get && !body) || c->head_request;
    struct slice tell = own ? (struct slice){ 0 } : slice_sub(method, 0, sizeof x->method - 1);
    if (slice_eq(tell, x->method_told)) return;
    if (tell.n) memcpy(x->method, tell.p, tell.n);
    x->method[tell.n] = '\0';
    x->method_told = (struct slice){ x->method, tell.n };
    curl_easy_setopt(x->easy, CURLOPT_CUSTOMREQUEST, tell.n ? x->method : NULL);
}

/* A proxy needs the target inside the URL, and Digest reads it there. */
static bool is_in_url(const struct engine_cfg *cfg)
{
    return cfg->proxy || cfg->user_password;
}

static void set_url(struct xfer *x, struct slice target)
{
    const struct origin *o = x->c->origin;
    struct buf url = BUF_INIT(16u << 20);
    if (x->origin == o && !is_in_url(x->e->cfg)) return;
    if (!is_in_url(x->e->cfg)) target = SL("/");
    bool six = slice_chr(o->host, ':') != SLICE_NONE;
    buf_addf(&url, "%.*s://%s%.*s%s:%u%.*s", SL_FMT(o->scheme), six ? "[" : "", SL_FMT(o->host),
             six ? "]" : "", o->port, SL_FMT(target));
    curl_easy_setopt(x->easy, CURLOPT_URL, buf_z(&url));
    x->origin = o;
    buf_free(&url);
}

/* The target goes out as it was rendered. */
static void set_target(struct xfer *x, struct slice target)
{
    set_url(x, target);
    if (is_in_url(x->e->cfg) || slice_eq(buf_slice(&x->target), target)) return;
    buf_reset(&x->target);
    buf_add(&x->target, target);
    curl_easy_setopt(x->easy, CURLOPT_REQUEST_TARGET, buf_z(&x->target));
}

/* "host:port:address,…" */
static struct curl_slist *resolve_entry(const struct origin *o, const struct addresses *to)
{
    struct buf text = BUF_INIT(4096);
    buf_addf(&text, "%.*s:%u:", SL_FMT(o->host), o->port);
    for (size_t i = 0; i < to->n; i++) {
        char addr[INET6_ADDRSTRLEN];
        bool six = to->v[i].ss_family == AF_INET6;
        if (!address_text(&to->v[i], addr, sizeof addr)) continue;
        buf_addf(&text, "%s%s%s%s", i ? "," : "", six ? "[" : "", addr, six ? "]" : "");
    }
    struct curl_slist *list = curl_slist_append(NULL, buf_z(&text));
    buf_free(&text);
    return list;
}

/* libcurl reads a list when the transfer that has it begins, never later. */
static const struct told *told_of(struct engine *e, const struct origin *o)
{
    struct told *t = &e->told[o->index];
    const struct addresses *to = origin_addresses(o);
    if (t->of == to || !to) return t; /* a proxy looks names up itself */
    bool is_unix = to->v[0].ss_family == AF_UNIX;
    bool is_name = slice_chr(o->host, ':') == SLICE_NONE; /* libcurl's form has no IPv6 hosts */
    curl_slist_free_all(t->list);
    t->of = to;
    t->list = is_name && !is_unix ? resolve_entry(o, to) : NULL;
    t->path = is_unix ? ((const struct sockaddr_un *)(const void *)to->v)->sun_path : NULL;
    e->look_up++;
    return t;
}

void xfer_told_free(struct engine *e)
{
    for (size_t i = 0; i < e->cfg->origins_n; i++)
        curl_slist_free_all(e->told[i].list);
    free(e->told);
}

static void set_addresses(struct xfer *x, struct engine_user *u)
{
    const struct origin *o = x->c->origin;
    const struct told *t = told_of(u->e, o);
    if (u->look_up != u->e->look_up) u->told = 0;
    u->look_up = u->e->look_up;
    uint64_t bit = o->index < 64 ? 1ULL << o->index : 0;
    struct curl_slist *list = u->told & bit ? NULL : t->list;
    u->told |= bit;
    if (list || x->resolve_told) curl_easy_setopt(x->easy, CURLOPT_RESOLVE, list);
    x->resolve_told = list != NULL;
    if (t->path || x->path_told) curl_easy_setopt(x->easy, CURLOPT_UNIX_SOCKET_PATH, t->path);
    x->path_told = t->path != NULL;
}

static void set_source(struct xfer *x, const struct sockaddr_storage *source)
{
    char text[INET6_ADDRSTRLEN];
    if (address_text(source, text, sizeof text)) curl_easy_setopt(x->easy, CURLOPT_INTERFACE, text);
}

void xfer_ask(struct xfer *x, struct engine_user *u)
{
    struct slice method, target, rest = x->c->head;
    slice_cut(rest, ' ', &method, &rest);
    slice_cut(rest, ' ', &target, &rest);
    set_target(x, target);
    set_method(x, method);
    set_headers(x);
    set_addresses(x, u);
    if (u->source) set_source(x, u->source);
    if (x->timeout_ns != x->c->timeout_ns) {
        x->timeout_ns = x->c->timeout_ns;
        curl_easy_setopt(x->easy, CURLOPT_TIMEOUT_MS, (long)(x->timeout_ns / NS_PER_MS));
    }
    curl_head_begin(&x->answer);
    buf_reset(&x->body);
    x->body_bytes = x->head_bytes = 0;
    x->again = false;
    x->why[0] = '\0';
}

/* ---- what came of it ---------------------------------------------------------------------------------------- */

static int errno_of(const struct xfer *x)
{
    long number = 0;
    curl_easy_getinfo(x->easy, CURLINFO_OS_ERRNO, &number);
    return (int)number;
}

/* libcurl's own words for an answer, or a session, that it could not read. */
static bool is_unreadable(const struct xfer *x)
{
    return strstr(x->why, "chunk") || strstr(x->why, "hexadecimal") || strstr(x->why, "nghttp2");
}

static enum outcome outcome_of(const struct xfer *x, CURLcode code)
{
    switch ((int)code) {
    case CURLE_OK: return x->answer.ended ? OUTCOME_OK : OUTCOME_RESET;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return OUTCOME_RESOLVE;
    case CURLE_COULDNT_CONNECT:
        return errno_of(x) == ECONNREFUSED ? OUTCOME_REFUSED : OUTCOME_CONNECT;
    case CURLE_PROXY:
    case CURLE_INTERFACE_FAILED: return OUTCOME_CONNECT;
    case CURLE_OPERATION_TIMEDOUT: return OUTCOME_TIMEOUT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION: return OUTCOME_TLS;
    case CURLE_RECV_ERROR: return is_unreadable(x) ? OUTCOME_PROTOCOL : OUTCOME_RESET;
    case CURLE_GOT_NOTHING: /* HTTP/2: libcurl has given up the session; a close is PARTIAL_FILE */
        return x->e->cfg->h2c_prior ? OUTCOME_PROTOCOL : OUTCOME_RESET;
    case CURLE_HTTP2_STREAM:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE: return OUTCOME_RESET;
    default: return OUTCOME_PROTOCOL;
    }
}

static const char *trouble_of(const struct xfer *x, enum outcome o, CURLcode code)
{
    if (code == CURLE_COULDNT_CONNECT && errno_of(x)) return strerrordesc_np(errno_of(x));
    if (o == OUTCOME_TLS || o == OUTCOME_CONNECT) return curl_easy_strerror(code);
    if (o != OUTCOME_PROTOCOL) return NULL;
    if (x->answer.bad_length) return "Content-Length is not one number";
    return code == CURLE_WRITE_ERROR ? "the answer is larger than the limit"
                                     : curl_easy_strerror(code);
}

static void read_times(struct xfer *x)
{
    struct call *c = x->c;
    long connects = 0;
    curl_off_t us = 0;
    curl_easy_getinfo(x->easy, CURLINFO_NUM_CONNECTS, &connects);
    c->reused = connects == 0 && c->outcome == OUTCOME_OK;
    if (connects == 0) return;
    curl_easy_getinfo(x->easy,
                      c->origin->tls ? CURLINFO_APPCONNECT_TIME_T : CURLINFO_CONNECT_TIME_T, &us);
    if (us > 0) c->connected_ns = c->start_ns + (uint64_t)us * NS_PER_US;
}

void xfer_read(struct xfer *x, CURLcode code)
{
    struct call *c = x->c;
    long status = 0, version = 0;
    c->end_ns = loop_refresh_ns(x->e->cfg->loop);
    c->outcome = outcome_of(x, code);
    c->trouble = trouble_of(x, c->outcome, code);
    curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(x->easy, CURLINFO_HTTP_VERSION, &version);
    c->status = c->outcome == OUTCOME_OK ? (int)status : 0;
    c->http2 = version == CURL_HTTP_VERSION_2_0;
    c->bytes_in = x->head_bytes + x->body_bytes;
    c->bytes_out = c->head.n + c->body.n;
    c->answer_body = buf_slice(&x->body);
    curl_head_read(&x->answer, c);
    read_times(x);
}
