/* The doors of the page. Called by route.c before anything else happens with a request.
 *
 * A page of another site can make a browser send requests here, but it cannot choose Host (unless its own
 * name resolves to us: rebinding, which needs a name, so addresses and our own names are accepted) and
 * cannot hide Origin or Sec-Fetch-Site. Programs send neither and need the token only where one is set.
 * Limits are per client address: GUARD_CLIENTS buckets, so memory does not grow. */
#include "web/guard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/num.h"

#define READS_A_SECOND 200.0
#define READS_AT_ONCE 1000.0
#define CHANGES_A_SECOND 10.0
#define CHANGES_AT_ONCE 40.0

static bool is_address(struct slice host)
{
    char text[64];
    struct in6_addr six;
    struct in_addr four;
    if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
        host = slice_sub(host, 1, host.n - 1);
    if (host.n == 0 || host.n >= sizeof text) return false;
    memcpy(text, host.p, host.n);
    text[host.n] = '\0';
    return inet_pton(AF_INET, text, &four) == 1 || inet_pton(AF_INET6, text, &six) == 1;
}

bool guard_is_local(const char *host)
{
    struct slice h = slice_z(host);
    return slice_ieq(h, SL("localhost")) || slice_eq(h, SL("::1")) ||
           (slice_starts(h, SL("127.")) && is_address(h));
}

static bool draw_token(struct guard *g, struct err *err)
{
    unsigned char raw[GUARD_TOKEN_CHARS / 2];
    if (getrandom(raw, sizeof raw, 0) != (ssize_t)sizeof raw)
        return err_sys(err, ERR_INTERNAL, errno, "random numbers for the token");
    struct buf hex = BUF_INIT(sizeof g->token);
    enc_hex(&hex, (struct slice){ (const char *)raw, sizeof raw });
    memcpy(g->token, hex.p, GUARD_TOKEN_CHARS);
    buf_free(&hex);
    return true;
}

bool guard_init(struct guard *g, const char *host, bool want_token, struct err *err)
{
    *g = (struct guard){ 0 };
    snprintf(g->name, sizeof g->name, "%s", host);
    if (gethostname(g->machine, sizeof g->machine - 1) != 0) g->machine[0] = '\0';
    for (size_t i = 0; i < GUARD_CLIENTS; i++)
        g->clients[i] = (struct guard_bucket){ READS_AT_ONCE, CHANGES_AT_ONCE, 0 };
    return !want_token || draw_token(g, err);
}

/* "name:port" or "[::1]:port" without its port. */
static struct slice without_port(struct slice authority)
{
    size_t end = authority.n;
    while (end > 0 && authority.p[end - 1] >= '0' && authority.p[end - 1] <= '9')
        end--;
    bool port = end > 0 && end < authority.n && authority.p[end - 1] == ':';
    return port ? slice_sub(authority, 0, end - 1) : authority;
}

static bool host_is_ours(const struct guard *g, struct slice authority)
{
    struct slice host = without_port(authority);
    if (host.n == 0) return false;
    return is_address(host) || slice_ieq(host, SL("localhost")) ||
           slice_ieq(host, slice_z(g->name)) ||
           (g->machine[0] && slice_ieq(host, slice_z(g->machine)));
}

/* An Origin is "scheme://authority"; ours names the authority that the request went to. The scheme may
 * differ: a proxy in front can add TLS. */
static bool origin_is_ours(const struct ask *q)
{
    if (q->origin.n == 0) return true;
    size_t at = slice_find(q->origin, SL("://"));
    return at != SLICE_NONE && slice_ieq(slice_from(q->origin, at + 3), q->host);
}

static bool site_is_ours(const struct ask *q)
{
    return q->fetch_site.n == 0 || slice_eq(q->fetch_site, SL("same-origin")) ||
           slice_eq(q->fetch_site, SL("none"));
}

/* Takes as long for a near miss as for a far one. */
static bool same_token(const struct guard *g, struct slice given)
{
    unsigned char different = given.n != GUARD_TOKEN_CHARS;
    for (size_t i = 0; i < GUARD_TOKEN_CHARS; i++) {
        char c = i < given.n ? given.p[i] : '\0';
        different |= (unsigned char)(c ^ g->token[i]);
    }
    return different == 0;
}

bool guard_token_in_query(const struct guard *g, const struct ask *q)
{
    struct slice given = ask_arg(q, "token");
    return g->token[0] && given.n && same_token(g, given);
}

bool guard_token_is_fine(const struct guard *g, const struct ask *q)
{
    if (!g->token[0]) return true;
    if (guard_token_in_query(g, q) || same_token(g, q->cookie_token)) return true;
    struct slice bearer = SL("Bearer ");
    return slice_istarts(q->authorization, bearer) &&
           same_token(g, slice_trim(slice_from(q->authorization, bearer.n)));
}

static void refill(double *left, double most, double per_second, double seconds)
{
    *left += per_second * seconds;
    if (*left > most) *left = most;
}

static bool rate_is_fine(struct guard *g, const struct ask *q, bool changes, uint64_t now_ns)
{
    struct guard_bucket *b = &g->clients[q->client % GUARD_CLIENTS];
    double seconds = now_ns > b->at_ns ? (double)(now_ns - b->at_ns) / (double)NS_PER_S : 0;
    double *left = changes ? &b->changes : &b->reads;
    b->at_ns = now_ns;
    refill(&b->reads, READS_AT_ONCE, READS_A_SECOND, seconds);
    refill(&b->changes, CHANGES_AT_ONCE, CHANGES_A_SECOND, seconds);
    if (*left < 1) return false;
    *left -= 1;
    return true;
}

enum guard_verdict guard_check(struct guard *g, const struct ask *q, bool changes, uint64_t now_ns)
{
    if (!rate_is_fine(g, q, changes, now_ns)) return GUARD_RATE;
    if (!host_is_ours(g, q->host)) return GUARD_HOST;
    if (!origin_is_ours(q) || (changes && !site_is_ours(q))) return GUARD_ORIGIN;
    if (!guard_token_is_fine(g, q)) return GUARD_TOKEN;
    return GUARD_FINE;
}
