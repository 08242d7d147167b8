/* Which session an exchange belongs to, and what masking leaves. */
#include "capture/capture.h"
#include "tests/unit/test.h"

static struct exchange *add(struct session *s, const char *client, const char *cookie,
                            const char *set)
{
    struct exchange *ex = session_add(s);
    size_t cap = 0, set_cap = 0;
    ex->client = slice_z(client);
    ex->request.method = SL("GET");
    ex->request.url = SL("http://h/?token=abcdefghijklmnop&q=open");
    if (*cookie) headers_add(s->arena, &ex->request.headers, &cap, SL("Cookie"), slice_z(cookie));
    if (*set)
        headers_add(s->arena, &ex->response.headers, &set_cap, SL("Set-Cookie"), slice_z(set));
    return ex;
}

TEST(capture_split_by_cookie_follows_a_renewed_session)
{
    struct session *s = session_new(), *out[4];
    add(s, "1.1.1.1:1", "", "sid=one; Path=/");
    add(s, "1.1.1.1:2", "", "sid=two");
    add(s, "1.1.1.1:1", "lang=en; sid=one", "sid=three"); /* a new id at login */
    add(s, "1.1.1.1:3", "sid=three", "");
    add(s, "1.1.1.1:2", "sid=two", "");
    add(s, "2.2.2.2:1", "", "");
    add(s, "2.2.2.2:9", "", "");
    CHECK_U(capture_split(s, CAPTURE_SPLIT_COOKIE, out, 4), 3);
    CHECK_U(out[0]->n, 3);
    CHECK_U(out[1]->n, 2);
    CHECK_U(out[2]->n, 2);
    for (int i = 0; i < 3; i++)
        session_free(out[i]);
    session_free(s);
}

TEST(capture_split_by_client_counts_what_does_not_fit)
{
    struct session *s = session_new(), *out[2];
    add(s, "1.1.1.1:1", "", "");
    add(s, "[::1]:1", "", "");
    add(s, "1.1.1.1:2", "", "");
    add(s, "3.3.3.3:1", "", "");
    CHECK_U(capture_split(s, CAPTURE_SPLIT_CLIENT, out, 2), 3);
    CHECK_U(out[0]->n, 2);
    CHECK_U(out[1]->n, 1);
    session_free(out[0]);
    session_free(out[1]);
    session_free(s);
}

TEST(capture_mask_hides_values_and_keeps_names)
{
    struct session *s = session_new();
    struct exchange *ex =
        add(s, "1.1.1.1:1", "sid=0123456789abcdef; x=y", "sid=fedcba9876543210; Path=/");
    struct arena *a = arena_new();
    ex->request.body = SL("{\"user\":\"ann\",\"password\":\"correct horse battery\",\"n\":1}");
    ex->request.mime = SL("application/json; charset=utf-8");
    ex->response.body = SL("access_token=0123456789abcdef0123&x=1");
    ex->response.mime = SL("application/x-www-form-urlencoded");
    const struct exchange *m = capture_mask(a, ex);
    const struct slice masked[] = { m->request.url, m->request.body, m->response.body,
                                    m->request.headers.v[0].value, m->response.headers.v[0].value };
    const char *const gone[] = { "abcdefghijklmnop", "correct horse battery",
                                 "0123456789abcdef0123", "0123456789abcdef", "fedcba9876543210" };
    const char *const kept[] = { "&q=open", "\"user\":\"ann\"", "&x=1", "sid=", "; Path=/" };
    for (size_t i = 0; i < 5; i++) {
        CHECK_U(slice_find(masked[i], slice_z(gone[i])), SLICE_NONE);
        CHECK(slice_find(masked[i], slice_z(kept[i])) != SLICE_NONE);
    }
    CHECK_S(ex->request.url,
            SL("http://h/?token=abcdefghijklmnop&q=open")); /* the original is untouched */
    arena_free(a);
    session_free(s);
}
