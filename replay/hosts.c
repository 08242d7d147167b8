/* The table of origins: filled while the plan is compiled, then only read by workers.
 *
 * Redirects and variables lead to what is in the table only, so that whom the user named is there from the start.
 * Invariant: an origin gets into the table only if the user named it (the target, --host, --allow-host)
 * or it is a loopback host; what is not in the table is never sent to. */
#include "replay/hosts.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>

#include "base/num.h"

#define MAX_ORIGINS 256

struct hosts {
    struct arena *arena;
    struct hosts_cfg cfg;
    struct url recorded; /* what --host replaced; host empty if nothing was */
    struct slice recorded_origin, base, prefix;
    struct origin *v[MAX_ORIGINS];
    size_t n;
};

bool host_is_loopback(struct slice host)
{
    if (slice_ieq(host, SL("localhost")) || slice_eq(host, SL("::1"))) return true;
    if (host.n > 10 && slice_ieq(slice_from(host, host.n - 10), SL(".localhost"))) return true;
    char text[16];
    struct in_addr in;
    if (host.n >= sizeof text || host.n == 0) return false;
    memcpy(text, host.p, host.n);
    text[host.n] = '\0';
    return inet_pton(AF_INET, text, &in) == 1 && (ntohl(in.s_addr) >> 24) == 127;
}

static bool is_tls(const struct url *u)
{
    return slice_ieq(u->scheme, SL("https")) || slice_ieq(u->scheme, SL("wss"));
}

static bool same_origin(const struct origin *o, const struct url *u)
{
    if (o->tls != is_tls(u) || o->port != u->port) return false;
    return slice_ieq(o->host, u->host) || (host_is_loopback(o->host) && host_is_loopback(u->host));
}

const struct origin *hosts_find(const struct hosts *h, const struct url *u)
{
    if (h->recorded.host.n && url_same_origin(&h->recorded, u)) return h->v[0];
    for (size_t i = 0; i < h->n; i++)
        if (same_origin(h->v[i], u)) return h->v[i];
    return NULL;
}

static struct slice lower(struct arena *a, struct slice s)
{
    char *p = arena_z(a, s);
    for (size_t i = 0; i < s.n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z') p[i] = (char)(p[i] + 32);
    return (struct slice){ p, s.n };
}

static struct origin *add(struct hosts *h, const struct url *u, struct err *err)
{
    if (h->n == MAX_ORIGINS) {
        err_set(err, ERR_INPUT, "the scenario talks to more than %d hosts", MAX_ORIGINS);
        return NULL;
    }
    struct origin *o = arena_one(h->arena, struct origin);
    o->tls = is_tls(u);
    o->scheme = o->tls ? SL("https") : SL("http");
    o->host = lower(h->arena, u->host);
    o->port = u->port;
    struct slice origin = url_origin(h->arena, u);
    size_t at = slice_find(origin, SL("://"));
    o->authority = at == SLICE_NONE ? o->host : slice_from(origin, at + 3);
    o->index = (uint32_t)h->n;
    h->v[h->n++] = o;
    return o;
}

static bool is_named(const struct hosts *h, const struct url *u)
{
    if (h->cfg.allow_all || host_is_loopback(u->host)) return true;
    for (size_t i = 0; i < h->cfg.allow_n; i++) {
        struct slice name = slice_z(h->cfg.allow[i]), host, port;
        uint64_t number;
        if (slice_ieq(name, u->host)) return true;
        if (slice_cut(name, ':', &host, &port) && slice_ieq(host, u->host) &&
            num_u64(port, UINT16_MAX, &number) && number == u->port)
            return true;
    }
    return false;
}

const struct origin *hosts_add(struct hosts *h, const struct url *u, struct err *err)
{
    const struct origin *o = hosts_find(h, u);
    if (o) return o;
    if (is_named(h, u)) return add(h, u, err);
    err_set(err, ERR_USAGE,
            "the scenario sends to %.*s, which was not named: --allow-host %.*s lets it, "
            "--all-hosts lets it send to every host that it holds",
            SL_FMT(u->host), SL_FMT(u->host));
    return NULL;
}

/* --host as people write it: the scheme may be left out. */
static bool parse_host(struct hosts *h, struct url *u, struct err *err)
{
    struct slice text = slice_z(h->cfg.host);
    if (slice_find(text, SL("://")) == SLICE_NONE)
        text = arena_printf(h->arena, "http://%s", h->cfg.host);
    if (url_parse(text, u) && u->host.n && !u->has_query) return true;
    return err_set(err, ERR_USAGE, "--host: \"%s\" is not a URL like http://127.0.0.1:8080",
                   h->cfg.host);
}

static bool choose_target(struct hosts *h, struct url *u, struct err *err)
{
    struct slice target = h->cfg.target;
    bool has_target = target.n && url_parse(target, u) && u->host.n;
    if (target.n && !has_target)
        return err_set(err, ERR_INPUT, "target: \"%.*s\" is not an http or https URL",
                       SL_FMT(target));
    if (!h->cfg.host && !has_target)
        return err_set(err, ERR_USAGE, "the scenario has no target: name one with --host URL");
    if (!h->cfg.host) return true;
    if (has_target) h->recorded = *u;
    if (!parse_host(h, u, err)) return false;
    if (has_target) h->recorded_origin = url_origin(h->arena, &h->recorded);
    return true;
}

static bool add_url(struct hosts *h, const char *scheme, const char *rest, struct err *err)
{
    struct url u;
    if (!url_parse(arena_printf(h->arena, "%s%s", scheme, rest), &u) || hosts_find(h, &u))
        return true;
    return add(h, &u, err) != NULL;
}

/* --allow-host NAME, NAME:PORT or URL; without a scheme it may be either. */
static bool add_named(struct hosts *h, struct err *err)
{
    bool ok = true;
    for (size_t i = 0; i < h->cfg.allow_n && ok; i++) {
        const char *name = h->cfg.allow[i];
        if (slice_find(slice_z(name), SL("://")) != SLICE_NONE)
            ok = add_url(h, "", name, err);
        else
            ok = add_url(h, "http://", name, err) && add_url(h, "https://", name, err);
    }
    return ok;
}

struct hosts *hosts_new(struct arena *a, const struct hosts_cfg *cfg, struct err *err)
{
    struct hosts *h = arena_one(a, struct hosts);
    struct url u = { 0 };
    h->arena = a;
    h->cfg = *cfg;
    if (!names_rules_ok(&cfg->rules, err) || !choose_target(h, &u, err)) return NULL;
    h->prefix = u.path;
    while (slice_ends(h->prefix, SL("/")))
        h->prefix = slice_sub(h->prefix, 0, h->prefix.n - 1);
    h->base = url_origin(a, &u);
    return add(h, &u, err) && add_named(h, err) ? h : NULL;
}

const struct origin *hosts_target(const struct hosts *h)
{
    return h->v[0];
}

struct slice hosts_prefix(const struct hosts *h)
{
    return h->prefix;
}

struct slice hosts_recorded(const struct hosts *h)
{
    return h->recorded_origin;
}

struct slice hosts_base(const struct hosts *h)
{
    return h->base;
}

const struct origin *const *hosts_table(const struct hosts *h, size_t *n)
{
    *n = h->n;
    return (const struct origin *const *)h->v;
}

/* ---- addresses ------------------------------------------------------------------------------------ */

bool hosts_resolve(struct hosts *h, struct err *err)
{
    if (h->cfg.by_proxy) return true;
    for (size_t i = 0; i < h->n; i++) {
        int failed = names_look_up(h->v[i], &h->cfg.rules);
        if (failed && i == 0)
            return err_set(err, ERR_INPUT, "%.*s has no address: %s", SL_FMT(h->v[i]->host),
                           gai_strerror(failed));
    }
    return true;
}

void hosts_refresh(struct hosts *h)
{
    for (size_t i = 0; i < h->n && !h->cfg.by_proxy; i++)
        names_look_up(h->v[i], &h->cfg.rules);
}

void hosts_free(struct hosts *h)
{
    for (size_t i = 0; h && i < h->n; i++)
        names_forget(h->v[i]);
}
