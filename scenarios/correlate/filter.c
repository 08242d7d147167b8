/* Which exchanges of a recording become steps, and what each of them is.
 *
 * Called once by correlate. Dropped: what got no answer, what the browser's cache served, tunnels and
 * WebSockets, and other hosts that the main site's flow does not visit (static assets of other hosts
 * always). A host is visited when a navigation or a redirect leads to it, when it is of the main host's
 * site, or when requests to it carry an Authorization header. Every drop is counted by reason. */
#include "scenarios/correlate/flow.h"

#include <string.h>

#include "http/form.h"
#include "scenarios/correlate/beacons.h"
#include "scenarios/correlate/report.h"

/* Recorders on a busy machine see an answer late, tens of milliseconds after the page that already used it. */
#define ANSWER_SLACK_NS 100000000

static bool ext_is_static(struct slice path)
{
    static const char *const exts[] = { "css",  "js",  "mjs",        "png",  "jpg",   "jpeg",
                                        "gif",  "svg", "ico",        "woff", "woff2", "ttf",
                                        "otf",  "eot", "map",        "webp", "avif",  "mp4",
                                        "webm", "mp3", "webmanifest" };
    size_t dot = SLICE_NONE;
    for (size_t i = path.n; i > 0 && path.p[i - 1] != '/'; i--)
        if (path.p[i - 1] == '.') {
            dot = i;
            break;
        }
    if (dot == SLICE_NONE) return false;
    struct slice ext = slice_from(path, dot);
    for (size_t i = 0; i < sizeof exts / sizeof exts[0]; i++)
        if (slice_ieq(ext, slice_z(exts[i]))) return true;
    return false;
}

static bool mime_is_static(struct slice mime)
{
    static const char *const starts[] = {
        "image/", "font/", "video/", "audio/", "text/css", "application/font", "application/x-font"
    };
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
        if (slice_istarts(mime, slice_z(starts[i]))) return true;
    return false;
}

static bool resource_is_static(struct slice r)
{
    static const char *const kinds[] = { "image",    "font",      "stylesheet", "media",
                                         "manifest", "texttrack", "imageset" };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (slice_ieq(r, slice_z(kinds[i]))) return true;
    return false;
}

static bool is_get(const struct exchange *ex)
{
    return slice_eq(ex->request.method, SL("GET")) || slice_eq(ex->request.method, SL("HEAD"));
}

static bool item_is_static(const struct exchange *ex, const struct url *u)
{
    if (!is_get(ex)) return false;
    if (ext_is_static(u->path)) return true;
    return mime_is_static(ex->response.mime) || resource_is_static(ex->resource);
}

static bool is_html(struct slice mime)
{
    return slice_istarts(mime, SL("text/html")) || slice_istarts(mime, SL("application/xhtml"));
}

static bool is_navigation(const struct exchange *ex)
{
    const struct headers *h = &ex->request.headers;
    if (headers_has(h, SL("sec-fetch-mode")))
        return slice_ieq(headers_get(h, SL("sec-fetch-mode")), SL("navigate")) &&
               !slice_ieq(headers_get(h, SL("sec-fetch-dest")), SL("iframe"));
    if (slice_ieq(ex->resource, SL("document"))) return true;
    if (ex->resource.n) return false;
    struct slice accept = headers_get(h, SL("accept"));
    return slice_ifind(accept, SL("text/html")) != SLICE_NONE || is_html(ex->response.mime);
}

static const char *reason_to_drop(const struct session *s, const struct exchange *ex, struct url *u)
{
    if (!url_parse(ex->request.url, u)) return "not-http";
    if (slice_ieq(u->scheme, SL("ws")) || slice_ieq(u->scheme, SL("wss"))) return "websocket";
    if (ex->response.status == 101) return "websocket";
    if (slice_eq(ex->request.method, SL("CONNECT"))) return "tunnel";
    if (ex->from == FROM_CACHE) return "cached";
    if (ex->from == FROM_SERVICE_WORKER) return "service-worker";
    if (ex->response.status <= 0 && (!s->no_answers || ex->response.error.n)) return "no-answer";
    return NULL;
}

/* ---- hosts ---------------------------------------------------------------------------------------- */

static bool is_loopback(struct slice host)
{
    return slice_ieq(host, SL("localhost")) || slice_starts(host, SL("127.")) ||
           slice_eq(host, SL("::1"));
}

static bool same_site(struct slice a, struct slice b)
{
    if (slice_ieq(a, b) || (is_loopback(a) && is_loopback(b))) return true;
    return slice_ieq(url_site(a), url_site(b));
}

static bool host_listed(const struct import_cfg *cfg, struct slice host)
{
    for (size_t i = 0; i < cfg->hosts_n; i++) {
        struct slice want = cfg->hosts[i], name, port;
        if (want.n && want.p[0] != '[' && slice_cut(want, ':', &name, &port)) want = name;
        if (slice_ieq(host, want)) return true;
        if (host.n > want.n && host.p[host.n - want.n - 1] == '.' &&
            slice_ieq(slice_from(host, host.n - want.n), want))
            return true;
    }
    return false;
}

/* The origin that the walk is about: of its first page, else of its first request. */
static struct slice find_main(struct flow *f)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->items[i].navigation && f->items[i].ex->response.status < 400)
            return f->items[i].origin;
    return f->n ? f->items[0].origin : (struct slice){ 0 };
}

static struct map *visited_hosts(struct flow *f)
{
    struct map *m = map_new();
    *map_at(m, f->target) = f;
    for (size_t i = 0; i < f->n; i++) {
        struct item *it = &f->items[i];
        bool hop = it->hop_of && map_get(m, it->hop_of->origin);
        bool auth = headers_has(&it->ex->request.headers, SL("authorization"));
        if (it->navigation || hop || auth) *map_at(m, it->origin) = f;
    }
    return m;
}

struct hosts {
    struct map *visited, *beacons;
    struct slice main;
};

static const char *host_reason(struct flow *f, const struct hosts *h, const struct item *it)
{
    const struct import_cfg *cfg = f->cfg;
    if (cfg->hosts_n) return host_listed(cfg, it->url.host) ? NULL : "host-not-listed";
    if (slice_eq(it->origin, f->target)) return NULL;
    bool visit = map_get(h->visited, it->origin) != NULL;
    bool same = same_site(it->url.host, h->main);
    if (!same && beacons_has(h->beacons, it->url.host))
        return cfg->keep_third_party ? NULL : "third-party";
    if (it->is_static && !slice_ieq(it->url.host, h->main) && !visit)
        return cfg->keep_static ? NULL : "static-of-other-host";
    if (visit || same) return NULL;
    return cfg->keep_third_party ? NULL : "third-party";
}

/* ---- items ---------------------------------------------------------------------------------------- */

static int64_t known(int64_t ns)
{
    return ns > 0 ? ns : 0;
}

static void set_times(struct item *it, const struct exchange *ex, int64_t zero, int64_t last)
{
    it->start_ns = ex->start_ns == TIME_UNKNOWN ? last : ex->start_ns - zero;
    it->end_ns = it->start_ns + known(ex->total_ns);
    int64_t first = known(ex->blocked_ns) + known(ex->dns_ns) + known(ex->connect_ns) +
                    known(ex->tls_ns) + known(ex->send_ns) + known(ex->wait_ns);
    it->first_byte_ns = it->start_ns + first - ANSWER_SLACK_NS;
    if (first == 0 || it->first_byte_ns > it->end_ns) it->first_byte_ns = it->end_ns;
}

static struct slice body_type(const struct exchange *ex)
{
    struct slice type = mime_type(ex->response.mime), body = slice_trim(ex->response.body);
    if (type.n && !slice_ieq(type, SL("x-unknown")) && !slice_ieq(type, SL("text/plain")) &&
        !slice_ieq(type, SL("application/octet-stream")))
        return type;
    if (body.n > 1 && (body.p[0] == '{' || body.p[0] == '[')) return SL("application/json");
    if (slice_istarts(body, SL("<!doctype html")) || slice_istarts(body, SL("<html")))
        return SL("text/html");
    if (slice_istarts(body, SL("<?xml"))) return SL("application/xml");
    return type;
}

static void fill(struct flow *f, struct item *it, const struct exchange *ex, const struct url *u)
{
    it->ex = ex;
    it->url = *u;
    it->origin = url_origin(f->a, u);
    it->is_static = item_is_static(ex, u);
    it->changes_state = !is_get(ex) && !slice_eq(ex->request.method, SL("OPTIONS"));
    it->navigation = is_navigation(ex) && !it->is_static;
    it->body_type = body_type(ex);
    it->is_script = is_get(ex) && (slice_ieq(ex->resource, SL("script")) ||
                                   slice_ifind(it->body_type, SL("javascript")) != SLICE_NONE);
}

/* Links redirect hops: an item whose URL is the Location of an earlier one that nobody followed yet. */
static void link_hops(struct flow *f)
{
    struct map *open = map_new();
    for (size_t i = 0; i < f->n; i++) {
        struct item *it = &f->items[i];
        struct slice url = it->ex->request.url;
        void **at = map_get(open, url) ? map_at(open, url) : NULL;
        if (at && *at) {
            it->hop_of = *at;
            *at = NULL;
        }
        int status = it->ex->response.status;
        if (status < 300 || status > 399 || status == 304) continue;
        struct slice to = item_location(f, it);
        if (to.n) *map_at(open, to) = it;
    }
    map_free(open);
}

struct slice item_location(struct flow *f, const struct item *it)
{
    struct slice to = headers_get(&it->ex->response.headers, SL("location"));
    if (!to.n) to = it->ex->response.redirect;
    if (!to.n) return to;
    struct slice full = url_resolve(f->a, it->ex->request.url, to);
    size_t hash = slice_chr(full, '#');
    return hash == SLICE_NONE ? full : slice_sub(full, 0, hash);
}

/* Removes items of hosts that are not wanted; indices are set. */
static void keep_hosts(struct flow *f)
{
    struct hosts h = { .visited = visited_hosts(f), .beacons = beacons_new() };
    struct url main_url;
    size_t n = 0;
    if (url_parse(f->target, &main_url)) h.main = main_url.host;
    for (size_t i = 0; i < f->n; i++) {
        struct item *it = &f->items[i];
        const char *why = host_reason(f, &h, it);
        report_count(f, REPORT_HOSTS, slice_from(it->origin, slice_find(it->origin, SL("//")) + 2));
        if (why) {
            report_count(f, REPORT_DROPPED, slice_z(why));
            continue;
        }
        f->items[n] = *it;
        f->items[n].index = n;
        f->items[n].main_origin = slice_eq(it->origin, f->target);
        f->items[n].hop_of = NULL;
        n++;
    }
    f->n = n;
    map_free(h.visited);
    map_free(h.beacons);
}

/* Says what became of all rows, and what to do about the first kind of them. */
static bool nothing_left(const struct flow *f, const struct session *s, struct err *err)
{
    const struct import_report *r = f->report;
    struct buf b = BUF_INIT(1000);
    for (size_t i = 0; i < r->dropped_n; i++)
        buf_addf(&b, "%s%zu %.*s", i ? ", " : ": ", r->dropped[i].count,
                 SL_FMT(r->dropped[i].name));
    if (s->entries_read == 0) buf_addz(&b, ": it has no entries");
    if (r->dropped_n) buf_addf(&b, " (%.*s)", SL_FMT(import_report_advice(r->dropped[0].name)));
    err_set(err, ERR_INPUT, "%.*s: no request in it can be replayed%s", SL_FMT(s->source),
            buf_z(&b));
    buf_free(&b);
    return false;
}

bool flow_keep(struct flow *f, const struct session *s, struct err *err)
{
    f->items = arena_many(f->a, s->n ? s->n : 1, struct item);
    for (size_t i = 0; i < s->n; i++) {
        struct url u;
        const char *why = reason_to_drop(s, s->exchanges[i], &u);
        if (why)
            report_count(f, REPORT_DROPPED, slice_z(why));
        else
            fill(f, &f->items[f->n++], s->exchanges[i], &u);
    }
    if (!f->n) return nothing_left(f, s, err);
    link_hops(f);
    f->target = find_main(f);
    keep_hosts(f);
    if (!f->n)
        return err_set(err, ERR_INPUT,
                       "no request is left: --hosts keeps none of the recorded hosts");
    flow_drop_refused(f);
    link_hops(f);
    flow_challenged(f);
    f->zero_ns = f->items[0].ex->start_ns;
    int64_t last = 0;
    for (size_t i = 0; i < f->n; i++) {
        set_times(&f->items[i], f->items[i].ex, f->zero_ns, last);
        last = f->items[i].start_ns;
    }
    return true;
}
