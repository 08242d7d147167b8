/* The correlator on small walks: what is a token, where it comes from, what is left alone. */
#include "scenarios/correlate/correlate.h"

#include <stdarg.h>
#include <string.h>

#include "tests/unit/test.h"

struct walk {
    struct session *s;
    struct import_cfg cfg;
    struct import_report report;
    struct scenario *out;
    struct buf yaml;
};

static struct exchange *step(struct walk *w, const char *method, const char *url, const char *body,
                             const char *answer)
{
    struct exchange *ex = session_add(w->s);
    ex->start_ns = (int64_t)w->s->n * 1000000000;
    ex->total_ns = 10000000;
    ex->request.method = slice_z(method);
    ex->request.url = arena_printf(w->s->arena, "http://shop.test%s", url);
    ex->request.body = slice_z(body);
    ex->response.status = 200;
    ex->response.body = slice_z(answer);
    ex->response.mime = answer[0] == '<' ? SL("text/html") : SL("application/json");
    size_t cap = 0;
    if (body[0])
        headers_add(w->s->arena, &ex->request.headers, &cap, SL("Content-Type"),
                    body[0] == '{' ? SL("application/json")
                                   : SL("application/x-www-form-urlencoded"));
    return ex;
}

static void header(struct walk *w, struct headers *h, const char *name, const char *value)
{
    size_t cap = h->n;
    headers_add(w->s->arena, h, &cap, slice_z(name), slice_z(value));
}

static void redirect(struct walk *w, struct exchange *ex, const char *to)
{
    ex->response.status = 302;
    header(w, &ex->response.headers, "Location", to);
}

static struct walk begin(void)
{
    return (struct walk){ .s = session_new(),
                          .cfg = { .pause_factor = 1, .secrets_file = "x.csv" },
                          .yaml = BUF_INIT(1 << 20) };
}

static void run(struct walk *w)
{
    struct err err = { 0 };
    const struct session *several[] = { w->s };
    w->out = correlate(several, 1, &w->cfg, &w->report, &err);
    if (!w->out) test_fail(__FILE__, __LINE__, "%s", err.text);
    CHECK(scenario_write(w->out, &w->yaml));
}

static bool says(const struct walk *w, const char *text)
{
    return slice_find(buf_slice(&w->yaml), slice_z(text)) != SLICE_NONE;
}

static void end(struct walk *w)
{
    buf_free(&w->yaml);
    scenario_free(w->out);
    session_free(w->s);
}

#define TOKEN "q7Zk2mXv9Lr4Tn8Wb3Yc6Hd1"

TEST(correlate_hidden_field)
{
    struct walk w = begin();
    step(&w, "GET", "/form", "",
         "<form action=/save><input type=hidden name=csrf value=" TOKEN ">");
    step(&w, "POST", "/save", "csrf=" TOKEN "&title=A+text", "{}");
    run(&w);
    CHECK_U(w.report.tokens_n, 1);
    CHECK_S(w.report.tokens[0].extract, SL("html //input[@name='csrf']/@value"));
    CHECK_S(w.report.tokens[0].uses[0], SL("#1 form csrf"));
    CHECK(says(&w, "${csrf}") && !says(&w, TOKEN));
    end(&w);
}

TEST(correlate_client_had_it_first)
{
    struct walk w = begin();
    step(&w, "POST", "/search", "q=" TOKEN, "{\"q\":\"" TOKEN "\"}");
    step(&w, "POST", "/again", "q=" TOKEN, "{}");
    run(&w);
    CHECK_U(w.report.tokens_n, 0);
    end(&w);
}

TEST(correlate_latest_producer_wins)
{
    struct walk w = begin();
    step(&w, "GET", "/a", "", "<meta name=csrf-token content=" TOKEN ">");
    step(&w, "GET", "/b", "", "<meta name=csrf-token content=" TOKEN ">");
    step(&w, "POST", "/c", "csrf_token=" TOKEN, "{}");
    run(&w);
    CHECK_U(w.report.tokens_n, 1);
    CHECK_S(w.report.tokens[0].from, SL("#1 GET /b"));
    end(&w);
}

TEST(correlate_small_id_of_own_post)
{
    struct walk w = begin();
    step(&w, "POST", "/notes", "{\"title\":\"x\"}", "{\"id\":7}");
    step(&w, "GET", "/notes/7", "", "{}");
    step(&w, "GET", "/pages/7", "", "{}");
    run(&w);
    CHECK(says(&w, "GET /notes/${note_id}") && says(&w, "GET /pages/7"));
    end(&w);
}

TEST(correlate_small_numbers_of_lists_stay)
{
    struct walk w = begin();
    step(&w, "GET", "/api/list", "",
         "{\"page\":2,\"limit\":20,\"items\":[{\"id\":3,\"name\":\"tea\"}]}");
    step(&w, "GET", "/api/list?page=2&limit=20", "", "{}");
    step(&w, "GET", "/about/3", "", "{}");
    run(&w);
    CHECK_U(w.report.tokens_n, 0);
    end(&w);
}

TEST(correlate_hop_takes_its_location)
{
    struct walk w = begin();
    redirect(&w, step(&w, "POST", "/notes", "title=x", ""), "/notes/812?saved=1");
    step(&w, "GET", "/notes/812?saved=1", "", "<p>");
    step(&w, "GET", "/notes/812/edit", "", "<p>");
    run(&w);
    CHECK(says(&w, "GET /${location}") && says(&w, "GET /notes/${note_id}/edit"));
    end(&w);
}

TEST(correlate_base64_of_json)
{
    struct walk w = begin();
    step(&w, "GET", "/a", "", "{\"cursor\":\"abc9def8ghi7jkl6\"}");
    /* {"after":"abc9def8ghi7jkl6"} */
    step(&w, "GET", "/b?f=eyJhZnRlciI6ImFiYzlkZWY4Z2hpN2prbDYifQ%3D%3D", "", "{}");
    run(&w);
    CHECK(says(&w, "base64(") && says(&w, "+ cursor +"));
    end(&w);
}

TEST(correlate_bearer_is_a_part)
{
    struct walk w = begin();
    step(&w, "POST", "/login", "{\"username\":\"ann\",\"password\":\"s3cret-pass\"}",
         "{\"access_token\":\"" TOKEN "\"}");
    header(&w, &step(&w, "GET", "/me", "", "{}")->request.headers, "Authorization",
           "Bearer " TOKEN);
    run(&w);
    CHECK(says(&w, "Bearer ${access_token}"));
    CHECK(says(&w, "${account.username}") && !says(&w, "s3cret-pass"));
    CHECK_S(w.report.secrets, SL("username,password\nann,s3cret-pass\n"));
    CHECK_U(w.out->on_start_n, 1);
    end(&w);
}

TEST(correlate_authorization_from_nowhere_is_a_secret)
{
    struct walk w = begin();
    header(&w, &step(&w, "GET", "/me", "", "{}")->request.headers, "X-Api-Key", TOKEN);
    run(&w);
    CHECK(!says(&w, TOKEN) && says(&w, "${account.X_Api_Key}"));
    CHECK_U(w.report.warnings_n, 1);
    end(&w);
}

TEST(correlate_sanitised_recording_gets_its_bearer)
{
    struct walk w = begin();
    step(&w, "POST", "/login", "{\"username\":\"ann\",\"password\":\"s3cret-pass\"}",
         "{\"data\":{\"token\":\"" TOKEN "\"}}");
    step(&w, "GET", "/api/me", "", "{}")->resource = SL("fetch");
    run(&w);
    CHECK_U(w.report.tokens_n, 1);
    CHECK(w.report.tokens[0].inferred && says(&w, "Bearer ${bearer}") && says(&w, "$.data.token"));
    end(&w);
}

TEST(correlate_static_assets_hold_constants)
{
    struct walk w = begin();
    step(&w, "GET", "/app.js", "", "var key='" TOKEN "'")->response.mime = SL("text/javascript");
    step(&w, "GET", "/p", "", "<div data-key=" TOKEN "></div>");
    step(&w, "POST", "/x", "key=" TOKEN, "{}");
    run(&w);
    CHECK_U(w.report.tokens_n, 0);
    end(&w);
}

TEST(correlate_own_cookies_are_sent)
{
    struct walk w = begin();
    header(&w, &step(&w, "GET", "/a", "", "<p>")->response.headers, "Set-Cookie", "sid=1; Path=/");
    header(&w, &step(&w, "GET", "/b", "", "<p>")->request.headers, "Cookie", "sid=1; tz=UTC");
    run(&w);
    CHECK(says(&w, "Cookie: tz=UTC") && !says(&w, "sid=1"));
    end(&w);
}

TEST(correlate_two_recordings)
{
    struct walk a = begin(), b = begin();
    for (int i = 0; i < 2; i++) {
        struct walk *w = i ? &b : &a;
        step(w, "GET", "/room", "", i ? "<i data-seat=31></i>" : "<i data-seat=12></i>");
        step(w, "POST", "/take", i ? "chair=31&n=2" : "chair=12&n=2", "{}");
    }
    run(&a);
    CHECK_U(a.report.tokens_n, 0); /* one recording cannot know */
    struct err err = { 0 };
    const struct session *several[] = { a.s, b.s };
    struct import_report report = { 0 };
    struct scenario *both = correlate(several, 2, &a.cfg, &report, &err);
    CHECK(both != NULL);
    CHECK_U(report.tokens_n, 1);
    CHECK_S(report.tokens[0].uses[0], SL("#1 form chair"));
    scenario_free(both);
    end(&a);
    scenario_free(b.out);
    session_free(b.s);
}

TEST(correlate_unique_in_every_spelling)
{
    struct walk w = begin();
    struct slice unique[] = { SL("My Page") };
    w.cfg.unique = unique;
    w.cfg.unique_n = 1;
    step(&w, "POST", "/save", "title=My+Page&slug=my-page&other=My+Pages", "{}");
    run(&w);
    CHECK(says(&w, "unique(\"My Page\")") || says(&w, "unique(\\\"My Page\\\")"));
    CHECK(says(&w, "my-page") && says(&w, "My Pages"));
    end(&w);
}

#define EDITOR "<form action=/save><textarea name=text>\n</textarea></form>"

/* Wikis: the page that is made stands in addresses before it exists. */
TEST(correlate_names_of_created_objects)
{
    struct walk w = begin();
    step(&w, "GET", "/", "", "<p>Welcome");
    step(&w, "GET", "/wiki?id=Blue_moon&do=edit", "", EDITOR);
    step(&w, "POST", "/wiki?id=Blue_moon&do=save", "id=Blue_moon&text=Hello", "<p>Hello");
    step(&w, "GET", "/page/Red_sun", "", "<p>nothing")->response.status = 404;
    step(&w, "POST", "/save", "page=Red_sun&text=x", "<p>saved");
    step(&w, "GET", "/page/Red_sun", "", "<p>x");
    step(&w, "POST", "/projects", "name=Green+field&x=1", "{}")->response.status = 201;
    step(&w, "GET", "/projects/green-field", "", "<p>");
    redirect(&w, step(&w, "POST", "/new", "title=Old+stone", "<p>"), "/blog/old-stone");
    step(&w, "GET", "/blog/old-stone", "", "<p>");
    run(&w);
    CHECK(says(&w, "unique(\"Blue_moon\")") && !says(&w, "=Blue_moon"));
    CHECK(says(&w, "POST /wiki?id="));
    CHECK(says(&w, "GET /page/${urlencode(unique(\"Red_sun\"))}"));
    CHECK(says(&w, "/projects/${urlencode(unique(\"green-field\"))}") &&
          says(&w, "unique(\"Green field\")"));
    CHECK(says(&w, "/blog/${urlencode(unique(\"old-stone\"))}"));
    CHECK_U(w.report.warnings_n, 4);
    end(&w);
}

/* What was there before, or is no name, stays. */
TEST(correlate_names_of_others_stay)
{
    struct walk w = begin();
    step(&w, "GET", "/projects/moonlight/issues/new", "", EDITOR);
    step(&w, "POST", "/projects/moonlight/issues", "text=Hello", "<p>");
    step(&w, "GET", "/admin/note/add/", "", EDITOR);
    step(&w, "POST", "/admin/note/add/", "text=Hello", "<p>");
    step(&w, "GET", "/wiki?id=start&do=edit", "",
         "<form><textarea name=text>Welcome</textarea></form>");
    step(&w, "POST", "/wiki?id=start&do=save", "id=start&text=Hello", "<p>");
    step(&w, "GET", "/post/first-post", "", EDITOR); /* a comment */
    step(&w, "POST", "/post/first-post", "text=Hello", "<p>");
    step(&w, "POST", "/search", "query=lamps&title=lamps", "<p>");
    step(&w, "GET", "/search/lamps", "", "<p>");
    step(&w, "GET", "/tags", "", "<a href=/tag/garden>garden</a>");
    step(&w, "POST", "/tag", "name=garden", "{}");
    step(&w, "GET", "/tag/garden", "", "<p>");
    run(&w);
    CHECK(!says(&w, "unique("));
    CHECK_U(w.report.warnings_n, 0);
    end(&w);
}

/* Sent as a name, and an address behind it is called so: nothing was made. */
TEST(correlate_names_of_what_was_not_made_stay)
{
    struct walk w = begin();
    step(&w, "GET", "/note?id=start&do=edit", "", EDITOR); /* the recording begins with it */
    step(&w, "POST", "/note?id=start&do=save", "id=start&text=Hello", "<p>");
    step(&w, "POST", "/events", "{\"event_name\":\"checkout\",\"page\":\"pricing\"}", "{}");
    step(&w, "POST", "/api/checkout", "{\"x\":1}", "{\"ok\":1}");
    step(&w, "GET", "/pricing", "", "<p>");
    redirect(&w, step(&w, "POST", "/books/find", "title=Dune", "<p>"), "/books/dune");
    step(&w, "GET", "/books/dune", "", "<p>");
    step(&w, "POST", "/location", "name=Berlin", "{\"name\":\"Berlin\"}");
    step(&w, "GET", "/weather/berlin", "", "<p>");
    step(&w, "GET", "/suggest?q=urg", "", "[\"urgent\"]");
    step(&w, "POST", "/tags", "name=urgent", "{}")->response.status = 201;
    step(&w, "GET", "/tags/urgent", "", "<p>");
    step(&w, "GET", "/post/edit/first", "",
         "<textarea name=a>x</textarea><textarea name=b></textarea>");
    step(&w, "POST", "/post/edit/first", "a=x&b=Hello", "<p>");
    run(&w);
    CHECK(!says(&w, "unique("));
    CHECK_U(w.report.warnings_n, 0);
    end(&w);
}

/* Only the name: not the path around it, the site's host, another thing of that name. */
TEST(correlate_names_alone_are_made_unique)
{
    struct walk w = begin();
    step(&w, "GET", "/api/orders", "", "{}");
    step(&w, "GET", "/page?id=Red_sun&lang=english", "", "<p>")->response.status = 404;
    step(&w, "POST", "/page?id=Red_sun&lang=english", "text=x", "<p>");
    step(&w, "GET", "/page?id=Red_sun&lang=english", "", "<p>x");
    redirect(&w, step(&w, "POST", "/boards", "name=Orders", "<p>"), "/boards/Orders");
    step(&w, "GET", "/boards/Orders", "", "<p>");
    step(&w, "GET", "/api/orders", "", "{}");
    struct exchange *last = step(&w, "POST", "/boards", "name=Shop&mail=me@shop.test", "<p>");
    redirect(&w, last, "/boards/shop");
    header(&w, &last->request.headers, "Origin", "http://shop.test");
    step(&w, "GET", "/boards/shop", "", "<p>");
    run(&w);
    CHECK(says(&w, "GET /page?id=${formencode(unique(\"Red_sun\"))}&lang=english"));
    CHECK(says(&w, "/boards/${urlencode(unique(\"Orders\"))}") && !says(&w, "unique(\"orders\")"));
    CHECK(says(&w, "unique(\"Shop\")") && says(&w, "mail: me@shop.test"));
    CHECK(says(&w, "Origin: http://shop.test"));
    CHECK_U(w.report.warnings_n, 3);
    end(&w);
}

TEST(correlate_names_are_kept_on_demand)
{
    struct walk w = begin();
    w.cfg.keep_names = true;
    step(&w, "GET", "/", "", "<p>Welcome");
    step(&w, "GET", "/wiki?id=Blue_moon&do=edit", "", EDITOR);
    step(&w, "POST", "/wiki?id=Blue_moon&do=save", "id=Blue_moon&text=Hello", "<p>Hello");
    run(&w);
    CHECK(!says(&w, "unique(") && says(&w, "id=Blue_moon"));
    end(&w);
}

TEST(correlate_pkce_and_state)
{
    struct walk w = begin();
    /* RFC 7636 appendix B */
    step(&w, "GET",
         "/auth?state=x7Kq2LmZ9Rt4Wv8Y&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
         "", "<p>");
    step(&w, "POST", "/token", "code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "{}");
    run(&w);
    CHECK(says(&w, "${pkce_challenge(code_verifier)}") && says(&w, "${randstr(43)}"));
    CHECK(says(&w, "randstr(16)"));
    end(&w);
}

TEST(correlate_a_value_that_only_a_socket_gave_is_named)
{
    struct walk w = begin();
    struct exchange *ex = step(&w, "GET", "/live", "", "{}");
    struct ws_message messages[] = {
        { WS_SEND, ex->start_ns, 1, SL("{\"hello\":\"Zk2mXv9Lr4Tn8Wb3Yc6Hd1q7\"}") },
        { WS_RECEIVE, ex->start_ns, 1, SL("{\"ticket\":\"" TOKEN "\"}") },
    };
    ex->response.status = 101;
    ex->ws = messages;
    ex->ws_n = 2;
    step(&w, "POST", "/take", "ticket=" TOKEN "&own=Zk2mXv9Lr4Tn8Wb3Yc6Hd1q7", "{}");
    run(&w);
    CHECK_U(w.report.warnings_n, 2);
    CHECK(slice_starts(w.report.warnings[0].text, SL("#0 form ticket: only a WebSocket message")));
    CHECK(slice_starts(w.report.warnings[1].text, SL("1 WebSocket with 2 messages")));
    end(&w);
}

TEST(correlate_digest_of_nonce_and_password)
{
    struct walk w = begin();
    w.cfg.feed = "/users.csv";
    w.cfg.feed_text = SL("username,password\nbob,other\nann,s3cret-pass\n");
    step(&w, "GET", "/login", "", "{\"nonce\":\"" TOKEN "\"}");
    /* sha256(nonce + password), md5(password) */
    step(&w, "POST", "/login",
         "user=ann&hash="
         "d83e740fd8db760494b78b4083b413ab70bace1cedcf63460bd6dc72eefab159&old="
         "6E8659C11B3C058F2E5AB7FEBEB14E64",
         "{}");
    step(&w, "GET", "/home", "", "{}");
    run(&w);
    CHECK(says(&w, "${sha256(nonce + account.password)}"));
    CHECK(says(&w, "${upper(md5(account.password))}"));
    CHECK(says(&w, "${account.username}") && says(&w, "nonce: { json: $.nonce }"));
    CHECK_U(w.out->on_start_n, 3); /* a login, although no field is called password */
    end(&w);
}

TEST(correlate_hmac_of_a_time)
{
    struct walk w = begin();
    step(&w, "POST", "/key", "{}", "{\"secret\":\"" TOKEN "\"}");
    step(&w, "POST", "/call",
         "{\"ts\":\"1700000002123\",\"sig\":\"llezbRLietHXSn3kMKTp8eRe6SFQOwtM5GQ4lTsLiyw=\"}",
         "{}");
    w.s->exchanges[0]->start_ns += 1700000000000000000;
    w.s->exchanges[1]->start_ns += 1700000000000000000;
    run(&w);
    CHECK(says(&w, "ts: \"${now_ms()}\""));
    CHECK(says(&w, "hmac(sha256, secret, ts, base64)") && says(&w, "${ts}"));
    end(&w);
}

TEST(correlate_one_uuid_in_two_places_is_one)
{
    struct walk w = begin();
    header(&w,
           &step(&w, "POST", "/a", "{\"id\":\"1f3b0c9e-7a55-4f1e-9f0a-1c2d3e4f5a6b\"}", "{}")
                ->request.headers,
           "X-Key", "1f3b0c9e-7a55-4f1e-9f0a-1c2d3e4f5a6b");
    run(&w);
    CHECK(says(&w, "${uuid()}") && says(&w, "X-Key: \"${X_Key}\""));
    end(&w);
}

TEST(correlate_dates_ahead_move_with_the_day)
{
    struct walk w = begin();
    step(&w, "GET", "/slots", "", "<p>2026-12-01");
    step(&w, "POST", "/book",
         "day=2026-12-23&at=2026-11-24T10%3A30&slot=2026-12-01&born=1980-05-06", "{}");
    for (size_t i = 0; i < w.s->n; i++)
        w.s->exchanges[i]->start_ns += INT64_C(1795400000000000000); /* 2026-11-23 */
    run(&w);
    CHECK(says(&w, "${today(+30d)}") && says(&w, "today(+1d) + \"T10:30\""));
    CHECK(says(&w, "2026-12-01") && says(&w, "1980-05-06"));
    CHECK_U(w.report.notes_n, 2);
    CHECK_S(w.report.notes[0],
            SL("#1 form slot: the date 2026-12-01 stays as recorded: an answer had it"));
    end(&w);
}

TEST(correlate_part_of_a_longer_value)
{
    struct walk w = begin();
    step(&w, "POST", "/pay", "{\"n\":1}", "{\"secret\":\"pi_" TOKEN "_secret_x9Kf3Tq8Zw2\"}");
    step(&w, "POST", "/pay/pi_" TOKEN "/confirm", "{}", "{}");
    run(&w);
    CHECK_U(w.report.tokens_n, 1);
    CHECK(says(&w, "POST /pay/${pay_id}/confirm") && !says(&w, TOKEN));
    end(&w);
}

TEST(correlate_uuid_inside_a_token_is_not_made_anew)
{
    struct walk w = begin();
    const char *grant = "0b5d7c1e-9a55-4f1e-9f0a-1c2d3e4f5a6b.7c1e0b5d-55a9-4f1e-a09f-5a6b1c2d3e4f";
    step(&w, "GET", "/code", "",
         arena_z(w.s->arena, arena_printf(w.s->arena, "{\"code\":\"%s\"}", grant)));
    step(&w, "POST", "/token", arena_z(w.s->arena, arena_printf(w.s->arena, "code=%s", grant)),
         "{}");
    run(&w);
    CHECK_U(w.report.tokens_n, 1);
    CHECK(!says(&w, "uuid("));
    end(&w);
}

TEST(correlate_entity_tag)
{
    struct walk w = begin();
    struct exchange *a = step(&w, "GET", "/cart", "", "{}");
    header(&w, &a->response.headers, "ETag", "\"3\"");
    struct exchange *b = step(&w, "PUT", "/cart/lines", "{\"n\":1}", "{}");
    header(&w, &b->request.headers, "If-Match", "\"3\"");
    header(&w, &b->response.headers, "ETag", "\"4-ba4b\"");
    struct exchange *c = step(&w, "PUT", "/cart/lines", "{\"n\":2}", "{}");
    header(&w, &c->request.headers, "If-Match", "\"4-ba4b\"");
    run(&w);
    CHECK_U(w.report.tokens_n, 2);
    CHECK_S(w.report.tokens[0].extract, SL("header ETag"));
    CHECK(!says(&w, "4-ba4b"));
    end(&w);
}

/* The refused attempt goes: a replay at another pace would be accepted there, and buy twice. */
TEST(correlate_refused_then_repeated)
{
    struct walk w = begin();
    struct exchange *a = step(&w, "POST", "/orders", "{\"n\":1}", "{\"error\":\"expired\"}");
    header(&w, &a->request.headers, "Authorization", "Bearer old" TOKEN);
    a->response.status = 401;
    step(&w, "POST", "/refresh", "{}", "{\"accessToken\":\"" TOKEN "\"}");
    struct exchange *c = step(&w, "POST", "/orders", "{\"n\":1}", "{\"id\":7}");
    header(&w, &c->request.headers, "Authorization", "Bearer " TOKEN);
    struct exchange *d = step(&w, "GET", "/secret", "", "{}");
    d->response.status = 401; /* never repeated: it stays */
    run(&w);
    CHECK_U(w.report.entries_kept, 3);
    CHECK(says(&w, "status: 401") && says(&w, "Bearer ${accessToken}"));
    end(&w);
}

TEST(correlate_the_time_of_a_change_comes_back)
{
    struct walk w = begin();
    step(&w, "POST", "/notes", "{\"t\":1}",
         "{\"note\":{\"id\":812,\"updated_at\":\"2026-11-23T02:13:22.000Z\"}}");
    step(&w, "PUT", "/notes/812", "{\"updated_at\":\"2026-11-23T02:13:22.000Z\",\"t\":2}", "{}");
    for (size_t i = 0; i < w.s->n; i++)
        w.s->exchanges[i]->start_ns += INT64_C(1795400000000000000);
    run(&w);
    CHECK(says(&w, "updated_at: { json: $.note.updated_at }") && !says(&w, "now_iso"));
    end(&w);
}

TEST(correlate_redirect_in_json)
{
    struct walk w = begin();
    step(&w, "POST", "/issues/new", "title=x", "{\"redirect\":\"/issues/57\"}");
    step(&w, "GET", "/issues/57", "", "<p>");
    run(&w);
    CHECK(says(&w, "GET /issues/${issue_id}"));
    end(&w);
}
