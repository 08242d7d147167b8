/* The cookie jar of one virtual user (RFC 6265 5.3 and 5.4).
 *
 * Cookies stand in the order in which they are sent: longest path first, then oldest first. Their text
 * lies in one buffer; a new value that is no longer than the old one is written over it, others are
 * appended, and the buffer is packed when half of it is waste. */
#include "http/cookie.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define JAR_MAX 180
#define PAIR_MAX 4096
#define TEXT_MAX ((size_t)JAR_MAX * 8 * PAIR_MAX)

struct cookie {
    uint32_t at; /* of name, value, domain and path, one behind the other, in the jar's text */
    uint32_t name_n, value_n, domain_n, path_n;
    uint32_t room; /* bytes that this cookie has at `at` */
    int64_t expires_ns;
    uint64_t made; /* order of creation */
    bool secure, host_only;
};

struct jar {
    struct cookie *v;
    size_t n, cap;
    struct buf text;
    size_t live; /* bytes of text in use */
    uint64_t next;
};

struct jar *jar_new(void)
{
    struct jar *j = mem_alloc(1, sizeof *j);
    buf_init(&j->text, TEXT_MAX);
    return j;
}

void jar_free(struct jar *j)
{
    if (!j) return;
    buf_free(&j->text);
    free(j->v);
    free(j);
}

void jar_clear(struct jar *j)
{
    j->n = 0;
    j->live = 0;
    buf_reset(&j->text);
}

size_t jar_count(const struct jar *j)
{
    return j->n;
}

static struct slice text_of(const struct jar *j, size_t at, size_t n)
{
    return (struct slice){ j->text.p + at, n };
}

static struct slice name_of(const struct jar *j, const struct cookie *c)
{
    return text_of(j, c->at, c->name_n);
}

static struct slice value_of(const struct jar *j, const struct cookie *c)
{
    return text_of(j, c->at + c->name_n, c->value_n);
}

static struct slice domain_of(const struct jar *j, const struct cookie *c)
{
    return text_of(j, c->at + c->name_n + c->value_n, c->domain_n);
}

static struct slice path_of(const struct jar *j, const struct cookie *c)
{
    return text_of(j, c->at + c->name_n + c->value_n + c->domain_n, c->path_n);
}

/* RFC 6265 5.1.3 */
static bool domain_match(struct slice host, struct slice domain)
{
    if (slice_ieq(host, domain)) return true;
    if (host.n <= domain.n || url_is_address(host)) return false;
    size_t dot = host.n - domain.n - 1;
    return host.p[dot] == '.' && slice_ieq(slice_from(host, dot + 1), domain);
}

/* RFC 6265 5.1.4 */
static bool path_match(struct slice path, struct slice cookie_path)
{
    if (path.n == 0) path = SL("/");
    if (!slice_starts(path, cookie_path)) return false;
    return path.n == cookie_path.n || cookie_path.p[cookie_path.n - 1] == '/' ||
           path.p[cookie_path.n] == '/';
}

static struct slice default_path(struct slice path)
{
    const char *slash = path.n ? memrchr(path.p, '/', path.n) : NULL;
    if (!slash || slash == path.p) return SL("/");
    return slice_sub(path, 0, (size_t)(slash - path.p));
}

static bool is_safe(const struct url *u)
{
    return url_is_secure(u) || slice_ieq(u->host, SL("localhost")) ||
           slice_starts(u->host, SL("127.")) || slice_eq(u->host, SL("::1"));
}

static bool prefix_holds(const struct set_cookie *c)
{
    if (slice_istarts(c->name, SL("__Secure-"))) return c->secure;
    if (slice_istarts(c->name, SL("__Host-")))
        return c->secure && c->host_only && slice_eq(c->path, SL("/"));
    return true;
}

/* Completes c from the request and says whether the jar takes it. */
static bool admit(struct set_cookie *c, const struct url *u)
{
    if (c->name.n + c->value.n > PAIR_MAX || c->path.n > PAIR_MAX || c->domain.n > 255)
        return false;
    if (c->secure && !is_safe(u)) return false;
    if (!prefix_holds(c)) return false;
    if (c->path.n == 0) c->path = default_path(u->path);
    if (c->path.n > PAIR_MAX) c->path = SL("/");
    if (c->domain.n > 0 && !domain_match(u->host, c->domain)) return false;
    if (c->domain.n > 0 && c->domain.n < url_site(u->host).n) {
        if (!slice_ieq(c->domain, u->host)) return false;
    }
    if (c->domain.n == 0) c->domain = u->host;
    return c->domain.n <= 255;
}

static size_t find(const struct jar *j, const struct set_cookie *c)
{
    for (size_t i = 0; i < j->n; i++) {
        const struct cookie *k = &j->v[i];
        if (slice_eq(name_of(j, k), c->name) && slice_ieq(domain_of(j, k), c->domain) &&
            slice_eq(path_of(j, k), c->path))
            return i;
    }
    return SLICE_NONE;
}

static void drop(struct jar *j, size_t i)
{
    j->live -= j->v[i].room;
    memmove(&j->v[i], &j->v[i + 1], (j->n - i - 1) * sizeof *j->v);
    j->n--;
}

static void drop_oldest(struct jar *j)
{
    size_t oldest = 0;
    for (size_t i = 1; i < j->n; i++)
        if (j->v[i].made < j->v[oldest].made) oldest = i;
    drop(j, oldest);
}

static void drop_expired(struct jar *j, int64_t now_utc_ns)
{
    for (size_t i = j->n; i-- > 0;)
        if (j->v[i].expires_ns <= now_utc_ns) drop(j, i);
}

static void pack(struct jar *j)
{
    struct buf fresh = BUF_INIT(TEXT_MAX);
    for (size_t i = 0; i < j->n; i++) {
        struct cookie *c = &j->v[i];
        size_t at = fresh.n, n = c->name_n + c->value_n + c->domain_n + c->path_n;
        buf_add(&fresh, text_of(j, c->at, n));
        c->at = (uint32_t)at;
        c->room = (uint32_t)n;
    }
    buf_free(&j->text);
    j->text = fresh;
    j->live = fresh.n;
}

/* Writes c's text for k: over the old one if there is room. s must not lie in the jar. */
static void put_text(struct jar *j, struct cookie *k, const struct set_cookie *c)
{
    size_t n = c->name.n + c->value.n + c->domain.n + c->path.n;
    if (n > k->room) {
        j->live -= k->room;
        k->at = (uint32_t)j->text.n;
        k->room = (uint32_t)n;
        j->live += n;
        buf_room(&j->text, n);
        buf_grew(&j->text, n);
    }
    char *to = j->text.p + k->at;
    const struct slice parts[] = { c->name, c->value, c->domain, c->path };
    for (size_t i = 0; i < 4; i++) {
        if (parts[i].n) memcpy(to, parts[i].p, parts[i].n);
        to += parts[i].n;
    }
    k->name_n = (uint32_t)c->name.n;
    k->value_n = (uint32_t)c->value.n;
    k->domain_n = (uint32_t)c->domain.n;
    k->path_n = (uint32_t)c->path.n;
    k->expires_ns = c->expires_ns;
    k->secure = c->secure;
    k->host_only = c->host_only;
}

/* A place for a cookie with that path, in sending order. */
static struct cookie *insert(struct jar *j, size_t path_n)
{
    if (j->n == JAR_MAX) drop_oldest(j);
    if (j->n == j->cap) mem_grow(&j->v, &j->cap, j->n + 1, sizeof *j->v);
    size_t i = 0;
    while (i < j->n && j->v[i].path_n >= path_n)
        i++;
    memmove(&j->v[i + 1], &j->v[i], (j->n - i) * sizeof *j->v);
    j->n++;
    j->v[i] = (struct cookie){ .made = j->next++ };
    return &j->v[i];
}

bool jar_set(struct jar *j, const struct url *u, struct slice set_cookie, int64_t now_utc_ns)
{
    struct set_cookie c;
    if (!cookie_parse(set_cookie, now_utc_ns, &c) || !admit(&c, u)) return false;
    size_t at = find(j, &c);
    if (at != SLICE_NONE && j->v[at].secure && !is_safe(u)) return false;
    if (c.expires_ns <= now_utc_ns) {
        if (at != SLICE_NONE) drop(j, at);
        return true;
    }
    if (at == SLICE_NONE && j->n == JAR_MAX) drop_expired(j, now_utc_ns);
    if (j->text.n > 4096 && j->text.n > 2 * j->live) pack(j);
    put_text(j, at == SLICE_NONE ? insert(j, c.path.n) : &j->v[at], &c);
    return true;
}

static bool fits(const struct jar *j, const struct cookie *c, const struct url *u,
                 int64_t now_utc_ns)
{
    if (c->expires_ns <= now_utc_ns || (c->secure && !is_safe(u))) return false;
    struct slice domain = domain_of(j, c);
    if (c->host_only ? !slice_ieq(u->host, domain) : !domain_match(u->host, domain)) return false;
    return path_match(u->path, path_of(j, c));
}

void jar_add_header(const struct jar *j, const struct url *u, int64_t now_utc_ns, struct buf *out)
{
    bool first = true;
    for (size_t i = 0; i < j->n; i++) {
        const struct cookie *c = &j->v[i];
        if (!fits(j, c, u, now_utc_ns)) continue;
        if (!first) buf_add(out, SL("; "));
        buf_add(out, name_of(j, c));
        buf_addc(out, '=');
        buf_add(out, value_of(j, c));
        first = false;
    }
}

struct slice jar_get(const struct jar *j, const struct url *u, struct slice name,
                     int64_t now_utc_ns)
{
    for (size_t i = 0; i < j->n; i++) {
        const struct cookie *c = &j->v[i];
        if (slice_eq(name_of(j, c), name) && fits(j, c, u, now_utc_ns)) return value_of(j, c);
    }
    return (struct slice){ 0 };
}
