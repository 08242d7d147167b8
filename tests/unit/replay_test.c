/* replay: what users send and what they make of answers, seen through the fake engine. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/num.h"
#include "tests/unit/test.h"
#include "tests/unit/virtual_run.h"

#define HEAD "reprise: 1\nname: t\ntarget: http://shop.test:8080\n"

/* The text of request i has the part. */
static void has(const struct virtual_run *v, size_t i, const char *part)
{
    if (i >= v->sent_n)
        test_fail(__FILE__, __LINE__, "request %zu was not sent (%zu were)", i, v->sent_n);
    if (!strstr(v->sent[i].text, part))
        test_fail(__FILE__, __LINE__, "\"%s\" is not in:\n%s", part, v->sent[i].text);
}

static void has_not(const struct virtual_run *v, size_t i, const char *part)
{
    if (strstr(v->sent[i].text, part))
        test_fail(__FILE__, __LINE__, "\"%s\" is in:\n%s", part, v->sent[i].text);
}

static bool asks(struct slice head, const char *line)
{
    return slice_starts(head, slice_z(line));
}

/* ---- what goes out ------------------------------------------------------------------------------------ */

TEST(replay_request_is_whole)
{
    struct virtual_run v = {
        .yaml = HEAD "defaults: { headers: { Accept-Language: en, X-All: \"1\" } }\n"
                     "load: { users: 1, loops: 1 }\n"
                     "tasks:\n- name: t\n  steps:\n"
                     "  - request: GET /a b?c=d\n    headers: { X-All: \"2\" }\n"
                     "  - request: POST /form\n    form: { a: \"x y&z\", b: \"${vu}\" }\n"
                     "  - request: DELETE /thing\n",
        .host = "127.0.0.1:9999",
    };
    virtual_run(&v);
    CHECK_U(v.sent_n, 3);
    has(&v, 0, "GET /a%20b?c=d HTTP/1.1\r\nHost: 127.0.0.1:9999\r\n");
    has(&v, 0, "Accept-Language: en\r\n");
    has(&v, 0, "X-All: 2\r\n");
    has_not(&v, 0, "X-All: 1");
    has(&v, 0, "User-Agent: ");
    has(&v, 0, "Accept-Encoding: gzip");
    has_not(&v, 0, "Content-Length");
    has(&v, 1, "Content-Type: application/x-www-form-urlencoded\r\n");
    has(&v, 1, "Content-Length: 13\r\n\r\na=x+y%26z&b=1");
    has(&v, 2, "DELETE /thing HTTP/1.1\r\n");
    virtual_run_free(&v);
}

TEST(replay_the_recorded_origin_follows_the_host)
{
    struct virtual_run v = {
        .yaml = HEAD "load: { users: 1, loops: 1 }\ntasks:\n- name: t\n  steps:\n"
                     "  - request: POST http://shop.test:8080/x\n"
                     "    headers: { Origin: \"http://shop.test:8080\", Referer: "
                     "\"http://shop.test:8080/from\", X-Other: \"http://shop.test:80\" }\n"
                     "    json: { back: \"http://shop.test:8080/done\" }\n"
                     "  - request: GET /go?to=http%3A%2F%2Fshop.test%3A8080%2Fcb\n",
        .host = "http://localhost:81/base/",
    };
    virtual_run(&v);
    has(&v, 0, "POST /base/x HTTP/1.1\r\nHost: localhost:81\r\n");
    has(&v, 0, "Origin: http://localhost:81\r\n");
    has(&v, 0, "Referer: http://localhost:81/base/from\r\n");
    has(&v, 0, "X-Other: http://shop.test:80\r\n");
    has(&v, 0, "\"http://localhost:81/base/done\"");
    has(&v, 1, "GET /base/go?to=http%3A%2F%2Flocalhost%3A81%2Fbase%2Fcb HTTP/1.1\r\n");
    virtual_run_free(&v);
}

static void refuses(const char *yaml, const char *host, const char *want)
{
    struct err err = { 0 };
    struct plan_cfg cfg = { .hosts = { .host = host } };
    struct scenario *s = scenario_parse(slice_z(yaml), "t.yaml", &err);
    if (!s) test_fail(__FILE__, __LINE__, "%s", err.text);
    CHECK(!plan_new(s, &cfg, &err));
    if (!strstr(err.text, want))
        test_fail(__FILE__, __LINE__, "\"%s\" is not in %s", want, err.text);
    scenario_free(s);
}

TEST(replay_sends_to_nobody_who_was_not_named)
{
    refuses(HEAD "tasks:\n- name: t\n  steps:\n  - request: GET https://tracker.example/x\n",
            "http://127.0.0.1:1", "--allow-host tracker.example");
    refuses("reprise: 1\nname: t\ntasks:\n- name: t\n  steps:\n  - request: GET /\n", NULL,
            "--host");
    refuses(HEAD "tasks:\n- name: t\n  steps:\n  - request: GET /\n", "ftp://x", "--host");
}

static void answer_token(struct virtual_run *v, struct slice head, struct fake_answer *out)
{
    (void)v;
    if (asks(head, "POST /login")) out->body = "{\"auth\":{\"token\":\"tok-123\"}}";
}

TEST(replay_token_travels)
{
    struct virtual_run v = {
        .yaml =
            HEAD "load: { users: 2, loops: 2 }\n"
                 "on_start:\n- request: POST /login\n  extract: { token: { json: $.auth.token } }\n"
                 "tasks:\n- name: t\n  steps:\n"
                 "  - request: GET /items/${token}\n"
                 "    headers: { Authorization: \"Bearer ${token}\" }\n"
                 "on_stop:\n- request: POST /logout\n  body: \"t=${token}\"\n",
        .host = "http://127.0.0.1:1",
        .answer = answer_token,
    };
    virtual_run(&v);
    CHECK_U(virtual_count(&v, "POST /login"), 2);
    CHECK_U(virtual_count(&v, "GET /items/tok-123 HTTP/1.1"), 4);
    CHECK_U(virtual_count(&v, "Authorization: Bearer tok-123\r\n"), 4);
    CHECK_U(virtual_count(&v, "POST /logout"), 2);
    has(&v, virtual_find(&v, "POST /logout", 0), "Content-Length: 9\r\n\r\nt=tok-123");
    CHECK_U(v.requests, 8);
    CHECK_U(v.failures, 0);
    virtual_run_free(&v);
}

static void answer_break(struct virtual_run *v, struct slice head, struct fake_answer *out)
{
    (void)v;
    if (asks(head, "GET /token")) out->body = "a\\r\\nX-Evil: 1";
    if (asks(head, "GET /json"))
        out->body = "{\"t\":\"a\\r\\nX-Evil: 1\",\"u\":\"http://evil.test/\"}";
}

TEST(replay_a_value_adds_no_header_and_no_host)
{
    struct virtual_run v = {
        .yaml = HEAD "load: { users: 1, loops: 1 }\ntasks:\n- name: t\n  steps:\n"
                     "  - request: GET /json\n    extract: { t: { json: $.t }, u: { json: $.u } }\n"
                     "  - request: GET /path/${t}\n"
                     "  - request: GET /header\n    headers: { X-T: \"${t}\" }\n",
        .host = "http://127.0.0.1:1",
        .answer = answer_break,
    };
    virtual_run(&v);
    CHECK_U(v.sent_n, 2);
    has(&v, 1, "GET /path/a%0D%0AX-Evil:%201 HTTP/1.1\r\n");
    CHECK_U(v.state.abandoned, 1);
    virtual_run_free(&v);
    struct virtual_run other = {
        .yaml = HEAD "load: { users: 1, loops: 1 }\ntasks:\n- name: t\n  steps:\n"
                     "  - request: GET /json\n    extract: { u: { json: $.u } }\n"
                     "  - request: GET ${u}\n",
        .host = "http://127.0.0.1:1",
        .answer = answer_break,
    };
    virtual_run(&other);
    CHECK_U(other.sent_n, 1);
    CHECK_U(other.state.abandoned, 1);
    virtual_run_free(&other);
}

/* ---- cookies and redirects ------------------------------------------------------------------------------ */

static void answer_shop(struct virtual_run *v, struct slice head, struct fake_answer *out)
{
    (void)v;
    if (asks(head, "GET /set"))
        out->headers = "Set-Cookie: sid=abc; Path=/\r\nSet-Cookie: x=1; Path=/deep\r\n";
    if (asks(head, "POST /login")) {
        out->status = 302;
        out->headers = "Location: /home\r\nSet-Cookie: sid=new; Path=/\r\n";
    }
    if (asks(head, "GET /loop")) {
        out->status = 302;
        out->headers = "Location: /loop\r\n";
    }
    if (asks(head, "GET /out")) {
        out->status = 302;
        out->headers = "Location: http://elsewhere.test/\r\n";
    }
}

TEST(replay_jar_carries_cookies)
{
    struct virtual_run v = {
        .yaml = HEAD "load: { users: 1, loops: 1 }\ntasks:\n- name: t\n  steps:\n"
                     "  - request: GET /set\n  - request: GET /plain\n  - request: GET /deep/er\n"
                     "  - request: GET /own\n    headers: { Cookie: \"theme=dark; sid=old\" }\n",
        .answer = answer_shop,
        .host = "http://127.0.0.1:1",
    };
    virtual_run(&v);
    has_not(&v, 0, "Cookie:");
    has(&v, 1, "Cookie: sid=abc\r\n\r\n");
    has(&v, 2, "Cookie: x=1; sid=abc\r\n\r\n");
    has(&v, 3, "Cookie: sid=abc; theme=dark\r\n\r\n");
    virtual_run_free(&v);
}

TEST(replay_follows_redirects_when_told_to)
{
    struct virtual_run v = {
        .yaml = HEAD "load: { users: 1, loops: 1 }\ntasks:\n- name: t\n  steps:\n"
                     "  - request: POST /login\n    redirects: 5\n    form: { a: b }\n"
                     "  - request: POST /login\n    form: { a: b }\n",
        .answer = answer_shop,
        .host = "http://127.0.0.1:1",
    };
    virtual_run(&v);
    CHECK_U(v.sent_n, 3);
    has(&v, 0, "POST /login");
    has(&v, 1, "GET /home HTTP/1.1\r\nHost: 127.0.0.1:1\r\n");
    has(&v, 1, "Cookie: sid=new\r\n\r\n");
    has_not(&v, 1, "Content-");
    has(&v, 2, "POST /login");
    CHECK_U(v.requests, 3);
    CHECK_U(v.failures, 0);
    virtual_run_free(&v);
}

TEST(replay_redirects_have_an_end)
{
    struct virtual_run v = {
        .yaml = HEAD "load: { users: 1, loops: 1 }\ntasks:\n- name: t\n  steps:\n"
                     "  - request: GET /loop\n    redirects: 3\n"
                     "  - request: GET /out\n    redirects: 3\n",
        .answer = answer_shop,
        .host = "http://127.0.0.1:1",
    };
    virtual_run(&v);
    CHECK_U(v.sent_n, 5);
    CHECK_U(v.outcomes[OUTCOME_CHECK], 2);
    virtual_run_free(&v);
}

/* ---- checks and failures -------------------------------------------------------------------------------- */

static void answer_bad(struct virtual_run *v, struct slice head, struct fake_answer *out)
{
    (void)v;
    if (asks(head, "GET /500")) out->status = 500;
    if (asks(head, "GET /404")) out->status = 404;
    if (asks(head, "GET /refused")) out->outcome = OUTCOME_REFUSED;
    if (asks(head, "GET /slow")) out->delay_ns = 20 * NS_PER_S;
    if (asks(head, "GET /text")) out->body = "hello";
}

TEST(replay_failures_are_named)
{
    struct virtual_run v = {
        .yaml = HEAD "load: { users: 1, loops: 1 }\ntasks:\n- name: t\n  steps:\n"
                     "  - request: GET /500\n"
                     "  - request: GET /404\n    expect: { status: 404 }\n"
                     "  - request: GET /refused\n"
                     "  - request: GET /slow\n    timeout: 5s\n"
                     "  - request: GET /text\n    expect: { body: world }\n"
                     "  - request: GET /text\n    expect: { body: hello }\n"
                     "  - request: GET /text\n    extract: { t: { json: $.t } }\n",
        .answer = answer_bad,
        .host = "http://127.0.0.1:1",
    };
    virtual_run(&v);
    CHECK_U(v.requests, 7);
    CHECK_U(v.outcomes[OUTCOME_STATUS], 1);
    CHECK_U(v.outcomes[OUTCOME_REFUSED], 1);
    CHECK_U(v.outcomes[OUTCOME_TIMEOUT], 1);
    CHECK_U(v.outcomes[OUTCOME_CHECK], 1);
    CHECK_U(v.outcomes[OUTCOME_EXTRACT], 1);
    CHECK_U(v.outcomes[OUTCOME_OK], 2);
    CHECK_U(v.failures, 5);
    virtual_run_free(&v);
}

static void answer_order(struct virtual_run *v, struct slice head, struct fake_answer *out)
{
    (void)v;
    if (asks(head, "POST /orders")) out->body = "{\"id\":\"o-7\"}";
    if (asks(head, "GET /orders/o-7")) {
        out->body = "{\"id\":\"o-7\",\"vu\":1}";
        out->headers = "Location: /orders/o-7\r\n";
    }
}

#define ORDER                                                               \
    HEAD "load: { users: 1, loops: 1 }\ntasks:\n- name: t\n  steps:\n"      \
         "  - request: POST /orders\n    extract: { id: { json: $.id } }\n" \
         "  - request: GET /orders/${id}\n    expect: "

TEST(replay_checks_hold_variables)
{
    struct virtual_run v = {
        .yaml = ORDER "{ json: { $.id: \"${id}\", $.vu: \"${vu}\" }, body: \"${id}\", "
                      "not_body: \"x${id}\", header: { Location: \"/orders/${id}\" } }\n",
        .answer = answer_order,
        .host = "http://127.0.0.1:1",
    };
    virtual_run(&v);
    CHECK_U(v.outcomes[OUTCOME_OK], 2);
    virtual_run_free(&v);
}

static void order_fails(const char *yaml, const char *why)
{
    struct virtual_run v = { .yaml = yaml, .answer = answer_order, .host = "http://127.0.0.1:1" };
    virtual_run(&v);
    CHECK_U(v.outcomes[OUTCOME_CHECK], 1);
    CHECK_Z(v.first_failure, why);
    virtual_run_free(&v);
}

/* Failures are grouped by their reason: it has the variable, not each user's value. */
TEST(replay_checks_with_variables_fail_alike)
{
    order_fails(ORDER "{ body: \"x${id}\" }\n", "body does not contain \"x${id}\"");
    order_fails(ORDER "{ not_body: \"${id}\" }\n", "body contains \"${id}\"");
    order_fails(ORDER "{ json: { $.id: \"${id}${vu}\" } }\n",
                "json $.id is \"o-7\", want \"${id}${vu}\"");
    order_fails(ORDER "{ header: { Location: \"/x${id}\" } }\n"
                      "    extract: { id: { json: $.id } }\n",
                "header Location is \"/orders/o-7\", want \"/x${id}\"");
}

static void answer_once(struct virtual_run *v, struct slice head, struct fake_answer *out)
{
    if (asks(head, "GET /token")) out->body = v->sent_n == 1 ? "{\"t\":\"first\"}" : "{}";
}

/* A value that was not found must not be an old one: nothing stale is sent. */
TEST(replay_a_lost_value_is_not_sent)
{
    struct virtual_run v = {
        .yaml = HEAD "load: { users: 1, loops: 2 }\nwait: 1s\ntasks:\n- name: t\n  steps:\n"
                     "  - request: GET /token\n    extract: { t: { json: $.t } }\n"
                     "  - request: GET /use/${t}\n",
        .answer = answer_once,
        .host = "http://127.0.0.1:1",
    };
    virtual_run(&v);
    CHECK_U(v.sent_n, 3);
    CHECK_U(virtual_count(&v, "GET /use/first"), 1);
    CHECK_U(v.state.abandoned, 1);
    CHECK(strstr(v.state.trouble, "GET /use/${t}") && strstr(v.state.trouble, "t"));
    virtual_run_free(&v);
}

/* ---- steps ------------------------------------------------------------------------------------------------ */

TEST(replay_steps_take_their_time)
{
    struct virtual_run v = {
        .yaml = HEAD
        "load: { users: 1, loops: 2 }\nwait: { constant: 10s }\ntasks:\n- name: t\n  steps:\n"
        "  - request: GET /a\n"
        "  - think: { recorded: 4s }\n"
        "  - parallel:\n    - request: GET /p1\n    - request: GET /p2\n"
        "  - repeat: 3\n    steps:\n    - request: GET /r\n    - think: 1s\n"
        "  - set: { n: \"${iteration}\" }\n"
        "  - group: G\n    steps:\n    - request: GET /g/${n}\n",
        .think_factor = 0.5,
        .host = "http://127.0.0.1:1",
    };
    virtual_run(&v);
    CHECK_U(v.sent_n, 14);
    CHECK_U(virtual_ms(&v, 0), 0);
    CHECK_U(virtual_ms(&v, 1), 2001); /* 1 ms answer, 4 s halved */
    CHECK_U(virtual_ms(&v, 2), 2001); /* together */
    CHECK_U(virtual_ms(&v, 3), 2002);
    CHECK_U(virtual_ms(&v, 4), 3003);
    CHECK_U(virtual_ms(&v, 5), 4004);
    CHECK_U(virtual_ms(&v, 6), 5005);
    has(&v, 6, "GET /g/0 ");
    CHECK_U(virtual_ms(&v, 7), 15006);
    has(&v, 13, "GET /g/1 ");
    CHECK_U(v.late, 0);
    virtual_run_free(&v);
}

TEST(replay_pacing_is_from_start_to_start)
{
    struct virtual_run v = {
        .yaml =
            HEAD "load: { users: 1, loops: 3 }\nwait: { pacing: 5s }\ntasks:\n- name: t\n  steps:\n"
                 "  - request: GET /a\n  - think: 1s\n",
        .host = "http://127.0.0.1:1",
    };
    virtual_run(&v);
    CHECK_U(v.sent_n, 3);
    CHECK_U(virtual_ms(&v, 1), 5000);
    CHECK_U(virtual_ms(&v, 2), 10000);
    virtual_run_free(&v);
}

TEST(replay_tasks_by_weight)
{
    struct virtual_run v = {
        .yaml = HEAD "load: { users: 10, loops: 400 }\ntasks:\n"
                     "- name: a\n  weight: 3\n  steps:\n  - request: GET /a\n"
                     "- name: b\n  weight: 1\n  steps:\n  - request: GET /b\n",
        .host = "http://127.0.0.1:1",
        .seed = 7,
    };
    virtual_run(&v);
    CHECK_U(v.sent_n, 4000);
    size_t a = virtual_count(&v, "GET /a ");
    CHECK(a > 2900 && a < 3100);
    virtual_run_free(&v);
}

/* ---- feeds ------------------------------------------------------------------------------------------------ */

static const char *with_feed(char *text, size_t size, const char *how, const char *load)
{
    char path[200];
    struct err err = { 0 };
    snprintf(path, sizeof path, "%s/users.csv", test_tmpdir());
    CHECK(file_write(path, SL("name,pw\nann,1\nbob,\"2,2\"\ncid,3\n"), &err));
    snprintf(text, size,
             HEAD
             "feeds:\n  u: { file: %s, %s }\nload: %s\nwait: 1s\n"
             "tasks:\n- name: t\n  steps:\n  - request: POST /${u.name}\n    body: \"${u.pw}\"\n",
             path, how, load);
    return text;
}

TEST(replay_unique_rows_per_user)
{
    char text[2000];
    struct virtual_run v = {
        .yaml = with_feed(text, sizeof text, "pick: unique", "{ users: 3, loops: 2 }"),
        .host = "http://127.0.0.1:1",
        .workers = 2,
    };
    virtual_run(&v);
    CHECK_U(v.sent_n, 6);
    CHECK_U(virtual_count(&v, "POST /ann "), 2);
    CHECK_U(virtual_count(&v, "POST /bob "), 2);
    CHECK_U(virtual_count(&v, "\r\n\r\n2,2"), 2);
    CHECK_U(virtual_count(&v, "POST /cid "), 2);
    virtual_run_free(&v);
}

TEST(replay_feed_ends_as_told)
{
    char text[2000];
    struct virtual_run users = {
        .yaml = with_feed(text, sizeof text, "pick: unique, at_end: stop_user",
                          "{ users: 5, loops: 1 }"),
        .host = "http://127.0.0.1:1",
    };
    virtual_run(&users);
    CHECK_U(users.sent_n, 3);
    CHECK_U(users.state.starved, 2);
    CHECK(strstr(users.state.trouble, "users.csv has 3 rows"));
    virtual_run_free(&users);
    struct virtual_run fails = {
        .yaml = with_feed(text, sizeof text, "pick: sequential, per: iteration, at_end: fail",
                          "{ users: 1, loops: 10 }"),
        .host = "http://127.0.0.1:1",
    };
    virtual_run(&fails);
    CHECK_U(fails.sent_n, 3);
    CHECK(fails.state.failed);
    virtual_run_free(&fails);
    struct virtual_run around = {
        .yaml = with_feed(text, sizeof text, "pick: shuffle, per: iteration, at_end: recycle",
                          "{ users: 1, loops: 6 }"),
        .host = "http://127.0.0.1:1",
    };
    virtual_run(&around);
    CHECK_U(virtual_count(&around, "POST /ann "), 2);
    CHECK_U(virtual_count(&around, "POST /bob "), 2);
    virtual_run_free(&around);
}
