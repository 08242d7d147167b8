/* replay/timeline: recorded traffic at its times, tokens waited for. */
#include "replay/timeline.h"

#include <string.h>

#include "base/num.h"
#include "tests/unit/test.h"
#include "tests/unit/virtual_run.h"

#define TOKEN "b7f3e2a94c1d4f08a6e5"
#define MS ((int64_t)NS_PER_MS)

static struct exchange *add(struct session *s, const char *client, int64_t at_ms,
                            const char *method, const char *url)
{
    struct exchange *ex = session_add(s);
    ex->client = slice_z(client);
    ex->start_ns = 1700000000LL * 1000 * MS + at_ms * MS;
    ex->total_ns = 20 * MS;
    ex->request.method = slice_z(method);
    ex->request.url = slice_z(url);
    ex->response.status = 200;
    return ex;
}

static void put(struct session *s, struct headers *h, const char *name, const char *value)
{
    size_t cap = h->n;
    headers_add(s->arena, h, &cap, slice_z(name), slice_z(value));
}

static void answer_json(struct session *s, struct exchange *ex, const char *body)
{
    put(s, &ex->response.headers, "Content-Type", "application/json");
    ex->response.mime = SL("application/json");
    ex->response.body = slice_z(body);
    ex->response.body_state = BODY_WHOLE;
}

/* Two clients: one logs in and uses its token 100 ms later, the other needs nothing. */
static struct session *recording(void)
{
    struct session *s = session_new();
    struct exchange *login = add(s, "10.0.0.1:5000", 0, "POST", "http://shop.test/login");
    answer_json(s, login, "{\"token\":\"" TOKEN "\"}");
    add(s, "10.0.0.2:5001", 50, "GET", "http://shop.test/one");
    add(s, "10.0.0.2:5002", 55, "GET", "http://shop.test/two");
    struct exchange *me = add(s, "10.0.0.1:5003", 100, "GET", "http://shop.test/me");
    put(s, &me->request.headers, "Authorization", "Bearer " TOKEN);
    add(s, "10.0.0.1:5000", 2000, "GET", "http://shop.test/last");
    s->source = SL("recording");
    session_sort(s);
    return s;
}

static void answer_slowly(struct virtual_run *v, struct slice head, struct fake_answer *out)
{
    (void)v;
    if (slice_starts(head, SL("POST /login"))) {
        out->delay_ns = 300 * NS_PER_MS;
        out->headers = "Content-Type: application/json\r\n";
        out->body = "{\"token\":\"live-0000\"}";
    }
    if (slice_starts(head, SL("GET /one"))) out->delay_ns = 500 * NS_PER_MS;
}

static void run(struct virtual_run *v, const char *host)
{
    struct err err = { 0 };
    struct import_cfg cfg = { .pause_factor = 1 };
    struct session *s = recording();
    struct timeline *t = timeline_new(s, &cfg, false, &err);
    if (!t) test_fail(__FILE__, __LINE__, "%s", err.text);
    session_free(s);
    CHECK_U(t->scenario->tasks_n, 2);
    CHECK_U(t->length_ns, 2 * NS_PER_S);
    v->scenario = t->scenario;
    v->host = host;
    v->timeline.on = true;
    if (v->timeline.speed == 0) v->timeline.speed = 1;
    uint32_t copies = v->arg ? *(uint32_t *)v->arg : 1;
    t->scenario->load = (struct load){ .users = 2 * copies, .loops = 1 };
    v->answer = answer_slowly;
    virtual_run(v);
    timeline_free(t);
}

TEST(timeline_times_are_kept_and_tokens_waited_for)
{
    struct virtual_run v = { 0 };
    run(&v, "http://127.0.0.1:1");
    CHECK_U(v.sent_n, 5);
    CHECK_U(virtual_ms(&v, virtual_find(&v, "POST /login", 0)), 0);
    CHECK_U(virtual_ms(&v, virtual_find(&v, "GET /one", 0)), 50);
    CHECK_U(virtual_ms(&v, virtual_find(&v, "GET /two", 0)), 55); /* while /one is on its way */
    size_t me = virtual_find(&v, "GET /me", 0);
    CHECK_U(virtual_ms(&v, me), 300); /* the token came 200 ms later than recorded */
    CHECK(strstr(v.sent[me].text, "Authorization: Bearer live-0000\r\n"));
    CHECK_U(virtual_ms(&v, virtual_find(&v, "GET /last", 0)), 2000);
    CHECK_U(v.late, 1);
    CHECK_U(v.failures, 0);
    virtual_run_free(&v);
}

TEST(timeline_faster_and_in_copies)
{
    uint32_t copies = 3;
    struct virtual_run v = { .arg = &copies,
                             .timeline = { .speed = 2, .shift_ns = 10 * NS_PER_S } };
    run(&v, "http://127.0.0.1:1");
    CHECK_U(v.sent_n, 15);
    CHECK_U(virtual_count(&v, "GET /last"), 3);
    CHECK_U(virtual_ms(&v, virtual_find(&v, "GET /last", 0)), 1000);
    CHECK_U(virtual_ms(&v, virtual_find(&v, "GET /last", 2)), 21000);
    CHECK_U(virtual_ms(&v, virtual_find(&v, "GET /two", 1)), 10027);
    virtual_run_free(&v);
}
