/* URLs, taken apart without changing a byte, and references resolved (RFC 3986).
 *
 * Used wherever an address is looked at: readers of recordings, the correlator, cookies, the engines.
 * Invariant: url_parse gives slices of its text; only url_origin and url_resolve make new text. */
#include "http/url.h"

#include <string.h>

#include "base/num.h"

struct scheme {
    const char *name;
    uint16_t port;
    bool secure;
};
static const struct scheme schemes[] = {
    { "http", 80, false }, { "https", 443, true }, { "ws", 80, false }, { "wss", 443, true }
};

static const struct scheme *scheme_of(struct slice name)
{
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (slice_ieq(name, slice_z(schemes[i].name))) return &schemes[i];
    return NULL;
}

/* The five parts of any reference (RFC 3986, appendix B), fragment dropped. */
struct parts {
    struct slice scheme, authority, path, query;
    bool has_scheme, has_authority, has_query;
};

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_scheme(struct slice s)
{
    if (s.n == 0 || !is_alpha(s.p[0])) return false;
    for (size_t i = 1; i < s.n; i++) {
        char c = s.p[i];
        if (!is_alpha(c) && !(c >= '0' && c <= '9') && c != '+' && c != '-' && c != '.')
            return false;
    }
    return true;
}

static size_t first_of(struct slice s, const char *set)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] && strchr(set, s.p[i])) return i;
    return s.n;
}

static struct parts split(struct slice s)
{
    struct parts p = { 0 };
    s = slice_trim(s);
    size_t hash = slice_chr(s, '#');
    if (hash != SLICE_NONE) s = slice_sub(s, 0, hash);
    size_t at = first_of(s, ":/?");
    if (at < s.n && s.p[at] == ':' && is_scheme(slice_sub(s, 0, at))) {
        p.has_scheme = true;
        p.scheme = slice_sub(s, 0, at);
        s = slice_from(s, at + 1);
    }
    if (slice_starts(s, SL("//"))) {
        s = slice_from(s, 2);
        at = first_of(s, "/?");
        p.has_authority = true;
        p.authority = slice_sub(s, 0, at);
        s = slice_from(s, at);
    }
    at = slice_chr(s, '?');
    p.has_query = at != SLICE_NONE;
    p.path = slice_sub(s, 0, at);
    p.query = p.has_query ? slice_from(s, at + 1) : (struct slice){ 0 };
    return p;
}

static bool good_host(struct slice host)
{
    for (size_t i = 0; i < host.n; i++) {
        unsigned char c = (unsigned char)host.p[i];
        if (c <= ' ' || c == 0x7f || strchr("<>\"\\^`{|}", c)) return false;
    }
    return host.n > 0;
}

static bool take_port(struct slice text, struct url *out)
{
    uint64_t port;
    if (text.n == 0) return true; /* RFC 3986 3.2.3: "host:" has the default port */
    if (!num_u64(text, 65535, &port)) return false;
    out->port = (uint16_t)port;
    out->port_given = true;
    return true;
}

static bool take_authority(struct slice text, struct url *out)
{
    const char *at = text.n ? memrchr(text.p, '@', text.n) : NULL;
    if (at) {
        size_t n = (size_t)(at - text.p);
        out->userinfo = slice_sub(text, 0, n);
        text = slice_from(text, n + 1);
    }
    if (text.n > 0 && text.p[0] == '[') {
        size_t close = slice_chr(text, ']');
        if (close == SLICE_NONE) return false;
        out->host = slice_sub(text, 1, close);
        text = slice_from(text, close + 1);
        if (text.n > 0 && text.p[0] != ':') return false;
        return good_host(out->host) && take_port(slice_from(text, 1), out);
    }
    size_t colon = slice_chr(text, ':');
    out->host = slice_sub(text, 0, colon);
    return good_host(out->host) &&
           (colon == SLICE_NONE || take_port(slice_from(text, colon + 1), out));
}

bool url_parse(struct slice text, struct url *out)
{
    struct parts p = split(text);
    const struct scheme *scheme = p.has_scheme ? scheme_of(p.scheme) : NULL;
    *out = (struct url){ 0 };
    if (!scheme || !p.has_authority) return false;
    out->scheme = p.scheme;
    out->port = scheme->port;
    if (!take_authority(p.authority, out)) return false;
    out->path = p.path;
    out->query = p.query;
    out->has_query = p.has_query;
    /* Path and query stand side by side in the text. */
    out->target = (struct slice){ p.path.p, p.path.n + (p.has_query ? 1 + p.query.n : 0) };
    if (out->target.n == 0) out->target = SL("/");
    return true;
}

bool url_is_secure(const struct url *u)
{
    const struct scheme *scheme = scheme_of(u->scheme);
    return scheme && scheme->secure;
}

void url_add_target(struct buf *out, const struct url *u)
{
    if (u->target.p[0] != '/') buf_addc(out, '/');
    buf_add(out, u->target);
}

static bool default_port(const struct url *u)
{
    const struct scheme *scheme = scheme_of(u->scheme);
    return scheme && scheme->port == u->port;
}

void url_add_host(struct buf *out, const struct url *u)
{
    bool six = slice_chr(u->host, ':') != SLICE_NONE;
    buf_addz(out, six ? "[" : "");
    buf_add(out, u->host);
    buf_addz(out, six ? "]" : "");
    if (!default_port(u)) buf_addf(out, ":%u", u->port);
}

struct slice url_origin(struct arena *a, const struct url *u)
{
    struct buf b = BUF_INIT(u->host.n + 32);
    buf_add(&b, u->scheme);
    buf_addz(&b, "://");
    url_add_host(&b, u);
    for (size_t i = 0; i < b.n; i++)
        if (b.p[i] >= 'A' && b.p[i] <= 'Z') b.p[i] = (char)(b.p[i] + 32);
    struct slice s = arena_dup(a, buf_slice(&b));
    buf_free(&b);
    return s;
}

bool url_same_origin(const struct url *a, const struct url *b)
{
    return a->port == b->port && slice_ieq(a->scheme, b->scheme) && slice_ieq(a->host, b->host);
}

/* RFC 3986 5.2.4, on segments: "." goes, ".." takes the one before it along. out holds base_n bytes that
 * are not the path's. */
static void add_without_dots(struct buf *out, struct slice path)
{
    size_t floor = out->n;
    bool absolute = path.n > 0 && path.p[0] == '/';
    if (absolute) path = slice_from(path, 1);
    for (bool more = path.n > 0 || absolute; more;) {
        size_t at = slice_chr(path, '/');
        struct slice seg = slice_sub(path, 0, at);
        more = at != SLICE_NONE;
        path = more ? slice_from(path, at + 1) : (struct slice){ 0 };
        bool up = slice_eq(seg, SL(".."));
        if (up && out->n > floor) {
            const char *slash = memrchr(out->p + floor, '/', out->n - floor);
            out->n = slash ? (size_t)(slash - out->p) : floor;
        }
        if (up || slice_eq(seg, SL("."))) {
            if (!more) buf_addc(out, '/');
            continue;
        }
        if (absolute || out->n > floor) buf_addc(out, '/');
        buf_add(out, seg);
    }
}

/* RFC 3986 5.2.3 */
static void add_merged(struct buf *out, const struct parts *base, struct slice path)
{
    struct buf b = BUF_INIT(base->path.n + path.n + 1);
    const char *slash = base->path.n ? memrchr(base->path.p, '/', base->path.n) : NULL;
    if (slash)
        buf_add(&b, slice_sub(base->path, 0, (size_t)(slash - base->path.p) + 1));
    else if (base->has_authority)
        buf_addc(&b, '/');
    buf_add(&b, path);
    add_without_dots(out, buf_slice(&b));
    buf_free(&b);
}

/* RFC 3986 5.2.2 */
static void resolve_path(struct buf *out, const struct parts *b, const struct parts *r)
{
    if (r->has_scheme || r->has_authority || slice_starts(r->path, SL("/")))
        add_without_dots(out, r->path);
    else if (r->path.n == 0)
        buf_add(out, b->path);
    else
        add_merged(out, b, r->path);
}

struct slice url_resolve(struct arena *a, struct slice base, struct slice ref)
{
    struct parts b = split(base), r = split(ref);
    struct buf out = BUF_INIT(base.n + ref.n + 16);
    if (r.has_scheme || b.has_scheme) {
        buf_add(&out, r.has_scheme ? r.scheme : b.scheme);
        buf_addc(&out, ':');
    }
    bool own = r.has_scheme || r.has_authority;
    if (own ? r.has_authority : b.has_authority) {
        buf_addz(&out, "//");
        buf_add(&out, own ? r.authority : b.authority);
    }
    resolve_path(&out, &b, &r);
    bool base_query = !own && r.path.n == 0 && !r.has_query;
    if (base_query ? b.has_query : r.has_query) {
        buf_addc(&out, '?');
        buf_add(&out, base_query ? b.query : r.query);
    }
    struct slice s = arena_dup(a, buf_slice(&out));
    buf_free(&out);
    return s;
}

bool url_is_address(struct slice host)
{
    if (slice_chr(host, ':') != SLICE_NONE) return true;
    unsigned labels = 0;
    struct slice piece;
    uint64_t v;
    while (slice_next(&host, '.', &piece)) {
        if (!num_u64(piece, 255, &v)) return false;
        labels++;
    }
    return labels == 4;
}

/* Second levels under which countries register names: example.co.uk. */
static bool shared_label(struct slice s)
{
    static const char *const labels[] = { "co",  "com", "org", "net", "gov", "gob",
                                          "edu", "ac",  "or",  "ne",  "go" };
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
        if (slice_ieq(s, slice_z(labels[i]))) return true;
    return false;
}

static size_t last_dot(struct slice s, size_t end)
{
    const char *dot = end ? memrchr(s.p, '.', end) : NULL;
    return dot ? (size_t)(dot - s.p) : SLICE_NONE;
}

struct slice url_site(struct slice host)
{
    if (host.n > 0 && host.p[host.n - 1] == '.') host.n--;
    if (url_is_address(host)) return host;
    size_t top = last_dot(host, host.n);
    if (top == SLICE_NONE) return host;
    size_t second = last_dot(host, top);
    if (second == SLICE_NONE) return host;
    bool country = host.n - top - 1 == 2;
    if (!country || !shared_label(slice_sub(host, second + 1, top)))
        return slice_from(host, second + 1);
    size_t third = last_dot(host, second);
    return third == SLICE_NONE ? host : slice_from(host, third + 1);
}
