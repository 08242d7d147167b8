/* Who may ask: names of Host, Origin, tokens, rates. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "web/guard.h"

static struct ask from(const char *host)
{
    return (struct ask){ .method = SL("GET"), .path = SL("/"), .host = slice_z(host) };
}

static enum guard_verdict check(struct guard *g, const struct ask *q, bool changes)
{
    return guard_check(g, q, changes, NS_PER_S);
}

TEST(guard_knows_its_own_names)
{
    static const char *const fine[] = { "127.0.0.1:8089", "localhost", "LOCALHOST:1",
                                        "[::1]:8089",     "192.0.2.4", "[fe80::1]",
                                        "load.example:80" };
    static const char *const foreign[] = { "",      "evil.example",        "127.0.0.1.evil.example",
                                           ":8089", "localhost.evil",      "[::1].evil",
                                           "1.2.3", "load.example.evil:8", "load.example:80:80",
                                           "[]:80", "127.0.0.1:80x" };
    struct guard g;
    CHECK(guard_init(&g, "load.example", false, NULL));
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        struct ask q = from(fine[i]);
        if (check(&g, &q, true) != GUARD_FINE) test_fail(__FILE__, __LINE__, "%s", fine[i]);
    }
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        struct ask q = from(foreign[i]);
        if (check(&g, &q, false) != GUARD_HOST) test_fail(__FILE__, __LINE__, "%s", foreign[i]);
    }
}

TEST(guard_refuses_other_sites)
{
    struct guard g;
    struct ask q = from("127.0.0.1:8089");
    CHECK(guard_init(&g, "127.0.0.1", false, NULL));
    q.origin = SL("http://127.0.0.1:8089");
    CHECK_U(check(&g, &q, true), GUARD_FINE);
    q.origin = SL("https://127.0.0.1:8089"); /* TLS ends in front of us */
    CHECK_U(check(&g, &q, true), GUARD_FINE);
    static const char *const others[] = { "null", "http://127.0.0.1:8090", "http://127.0.0.1",
                                          "http://evil.example", "127.0.0.1:8089" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        q.origin = slice_z(others[i]);
        CHECK_U(check(&g, &q, true), GUARD_ORIGIN);
        CHECK_U(check(&g, &q, false), GUARD_ORIGIN);
    }
    q.origin = (struct slice){ NULL, 0 };
    q.fetch_site = SL("cross-site"); /* a link to us: reading is fine, changing is not */
    CHECK_U(check(&g, &q, false), GUARD_FINE);
    CHECK_U(check(&g, &q, true), GUARD_ORIGIN);
    q.fetch_site = SL("same-origin");
    CHECK_U(check(&g, &q, true), GUARD_FINE);
}

TEST(guard_wants_the_whole_token)
{
    struct guard g, other;
    char text[64];
    struct ask q = from("127.0.0.1");
    CHECK(guard_init(&g, "0.0.0.0", true, NULL));
    CHECK(guard_init(&other, "0.0.0.0", true, NULL));
    CHECK_U(strlen(g.token), GUARD_TOKEN_CHARS);
    CHECK(strcmp(g.token, other.token) != 0);
    CHECK_U(check(&g, &q, false), GUARD_TOKEN);
    for (size_t n = 0; n < GUARD_TOKEN_CHARS; n++) {
        q.cookie_token = (struct slice){ g.token, n };
        CHECK_U(check(&g, &q, false), GUARD_TOKEN);
    }
    q.cookie_token = slice_z(g.token);
    CHECK_U(check(&g, &q, false), GUARD_FINE);
    q.cookie_token = slice_z(other.token);
    CHECK_U(check(&g, &q, false), GUARD_TOKEN);
    snprintf(text, sizeof text, "bearer %s", g.token);
    q.authorization = slice_z(text);
    CHECK_U(check(&g, &q, false), GUARD_FINE);
    q.authorization = slice_z(g.token);
    CHECK_U(check(&g, &q, false), GUARD_TOKEN);
    q.args[q.args_n++] = (struct ask_arg){ SL("token"), slice_z(g.token) };
    CHECK_U(check(&g, &q, false), GUARD_FINE);
    CHECK(guard_token_in_query(&g, &q));
}

TEST(guard_slows_one_client_not_others)
{
    struct guard g;
    struct ask q = from("127.0.0.1");
    unsigned fine = 0;
    CHECK(guard_init(&g, "127.0.0.1", false, NULL));
    for (unsigned i = 0; i < 500; i++)
        fine += check(&g, &q, true) == GUARD_FINE;
    CHECK(fine >= 40 && fine < 100);
    CHECK_U(check(&g, &q, true), GUARD_RATE);
    CHECK_U(check(&g, &q, false), GUARD_FINE); /* reads have their own measure */
    struct ask neighbour = from("127.0.0.1");
    neighbour.client = 1;
    CHECK_U(check(&g, &neighbour, true), GUARD_FINE);
    CHECK_U(guard_check(&g, &q, true, 3 * NS_PER_S), GUARD_FINE); /* two seconds later */
}

TEST(guard_knows_local_addresses)
{
    CHECK(guard_is_local("127.0.0.1") && guard_is_local("127.9.9.9") && guard_is_local("::1"));
    CHECK(guard_is_local("localhost"));
    CHECK(!guard_is_local("0.0.0.0") && !guard_is_local("::") && !guard_is_local("192.0.2.1"));
    CHECK(!guard_is_local("127.0.0.1.evil.example"));
}
