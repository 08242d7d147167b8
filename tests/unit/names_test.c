/* Names and their addresses: rules of --resolve, look-ups before the load and while it goes. */
#include <arpa/inet.h>
#include <sched.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/num.h"
#include "replay/hosts.h"
#include "tests/unit/test.h"

#define ADDR4(a) (((const struct sockaddr_in *)(const void *)(a)->v)->sin_addr.s_addr)
#define LOOPBACK(n) htonl(INADDR_LOOPBACK - 1 + (n))

static struct hosts *hosts_of(struct arena *a, const char *host, const char *const *rules)
{
    struct err err = { 0 };
    struct hosts_cfg cfg = { .host = host, .rules = { rules, 1 } };
    struct hosts *h = hosts_new(a, &cfg, &err);
    if (!h || !hosts_resolve(h, &err)) test_fail(__FILE__, __LINE__, "%s", err.text);
    return h;
}

static bool knows(const struct hosts *h, const char *url)
{
    struct url u;
    CHECK(url_parse(slice_z(url), &u));
    return hosts_find(h, &u) != NULL;
}

/* Nothing but a redirect or a variable leads to these: they are in the table all the same. */
TEST(names_of_allowed_hosts_are_known)
{
    struct err err = { 0 };
    struct arena *a = arena_new();
    const char *allow[] = { "one.example", "two.example:8443", "https://three.example" };
    struct hosts_cfg cfg = { .host = "http://shop.example", .allow = allow, .allow_n = 3 };
    struct hosts *h = hosts_new(a, &cfg, &err);
    CHECK(h);
    CHECK(knows(h, "http://one.example/x") && knows(h, "https://one.example/x"));
    CHECK(knows(h, "http://two.example:8443") && knows(h, "https://two.example:8443"));
    CHECK(knows(h, "https://three.example/") && !knows(h, "http://three.example/"));
    CHECK(!knows(h, "http://one.example:81") && !knows(h, "http://two.example"));
    CHECK(!knows(h, "http://four.example"));
    hosts_free(h);
    arena_free(a);
}

static void refused(const char *rule)
{
    struct err err = { 0 };
    const char *v[] = { rule };
    CHECK(!names_rules_ok(&(struct name_rules){ v, 1 }, &err));
    CHECK_U(err.code, ERR_USAGE);
}

TEST(names_rules_that_are_none)
{
    refused("");
    refused("shop.example");
    refused("shop.example:80");
    refused("shop.example:http:127.0.0.1");
    refused("shop.example:70000:127.0.0.1");
    refused(":80:127.0.0.1");
    refused("shop.example:80:");
    refused("[::1:80:127.0.0.1");
}

TEST(names_rule_of_an_address_in_brackets)
{
    struct arena *a = arena_new();
    const char *v[] = { "[2001:db8::1]:80:[::1]" };
    struct hosts *h = hosts_of(a, "http://[2001:db8::1]", v);
    const struct addresses *to = origin_addresses(hosts_target(h));
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)to->v;
    CHECK_U(to->v->ss_family, AF_INET6);
    CHECK(IN6_IS_ADDR_LOOPBACK(&six->sin6_addr) && six->sin6_port == htons(80));
    hosts_free(h);
    arena_free(a);
}

TEST(names_rule_of_a_unix_socket)
{
    struct arena *a = arena_new();
    const char *v[] = { "shop.example:80:/run/shop.sock" };
    struct hosts *h = hosts_of(a, "http://shop.example", v);
    const struct addresses *to = origin_addresses(hosts_target(h));
    CHECK_U(to->v->ss_family, AF_UNIX);
    CHECK_Z(((const struct sockaddr_un *)(const void *)to->v)->sun_path, "/run/shop.sock");
    hosts_free(h);
    arena_free(a);
}

TEST(names_new_addresses_leave_the_old_ones)
{
    struct arena *a = arena_new();
    const char *v[] = { "shop.example:80:127.0.0.1" };
    struct hosts *h = hosts_of(a, "http://shop.example", v);
    const struct addresses *first = origin_addresses(hosts_target(h));
    hosts_refresh(h);
    CHECK(origin_addresses(hosts_target(h)) == first); /* nothing new */
    v[0] = "shop.example:80:127.0.0.2";
    hosts_refresh(h);
    const struct addresses *second = origin_addresses(hosts_target(h));
    CHECK_U(ADDR4(second), LOOPBACK(2));
    CHECK_U(ADDR4(first), LOOPBACK(1));
    v[0] = "shop.example:80:nobody.invalid";
    hosts_refresh(h);
    CHECK(origin_addresses(hosts_target(h)) == second); /* a failure changes nothing */
    hosts_free(h);
    arena_free(a);
}

TEST(names_refresher)
{
    struct arena *a = arena_new();
    struct err err = { 0 };
    const char *v[] = { "shop.example:80:127.0.0.1" };
    struct hosts *h = hosts_of(a, "http://shop.example", v);
    const struct addresses *first = origin_addresses(hosts_target(h));
    v[0] = "shop.example:80:127.0.0.2";
    struct refresher *r = refresher_start(h, NS_PER_MS, &err);
    uint64_t end = clock_mono_ns() + 20 * NS_PER_S;
    while (origin_addresses(hosts_target(h)) == first && clock_mono_ns() < end)
        sched_yield();
    refresher_stop(r);
    CHECK_U(ADDR4(origin_addresses(hosts_target(h))), LOOPBACK(2));
    hosts_free(h);
    arena_free(a);
}
