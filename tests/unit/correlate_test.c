/* The correlator on small walks: what is a token, where it comes from, what is left alone. */
#include "scenarios/correlate/correlate.h"

#include <stdarg.h>
#include <string.h>

#include "tests/unit/walk.h"

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

TEST(correlate_a_state_is_one_value)
{
    struct walk w = begin();
    step(&w, "GET", "/auth?state=A-Ye9FZ1wUVl4nuY", "", "<p>");
    step(&w, "GET", "/callback?state=A-Ye9FZ1wUVl4nuY", "", "<p>");
    run(&w);
    CHECK_U(w.report.tokens_n, 1);
    CHECK(says(&w, "state: \"${randstr(16)}\"") && !says(&w, "Ye9FZ1wUVl4nuY"));
    end(&w);
}

/* The path says what the key is of; a slug of words stays. */
TEST(correlate_key_of_the_noun_in_the_path)
{
    struct walk w = begin();
    step(&w, "GET", "/start", "",
         "{\"rooms\":[{\"ref\":\"v8fwNfBb\",\"name\":\"blue\"},{\"ref\":\"A7-Pui9V\",\"name\":"
         "\"red\"}],"
         "\"sections\":[{\"slug\":\"shoes\",\"name\":\"Shoes\"}]}");
    step(&w, "POST", "/rooms/v8fwNfBb/end", "a=1", "{}");
    step(&w, "POST", "/rooms/A7-Pui9V/end", "a=1", "{}");
    step(&w, "GET", "/sections/shoes", "", "<p>");
    run(&w);
    CHECK_U(w.report.tokens_n, 2);
    CHECK(says(&w, "$.rooms[?(@.name=='blue')].ref") && says(&w, "$.rooms[?(@.name=='red')].ref"));
    CHECK(says(&w, "GET /sections/shoes"));
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

/* A missing picture is answered with the site's page: what stands there is no constant. */
TEST(correlate_pages_in_an_assets_place)
{
    struct walk w = begin();
    const char *form = "<form action=/save><input type=hidden name=csrf value=" TOKEN ">";
    step(&w, "GET", "/form", "", form);
    step(&w, "GET", "/logo.png", "", form)->response.status = 404;
    step(&w, "POST", "/save", "csrf=" TOKEN "&title=A+text", "{}");
    run(&w);
    CHECK_U(w.report.tokens_n, 1);
    CHECK(!says(&w, TOKEN));
    end(&w);
}

/* A page may name a record in more links than are looked at: the answer that made it counts. */
TEST(correlate_links_do_not_hide_the_answer_that_made_it)
{
    struct walk w = begin();
    struct buf page = BUF_INIT(1 << 14);
    buf_addz(&page, "<p>");
    for (int i = 0; i < 40; i++)
        buf_addf(&page, "<a href=/notes/57/act%d>x</a>", i);
    buf_addc(&page, '\0');
    step(&w, "POST", "/notes", "{\"t\":1}", "{\"id\":57}");
    step(&w, "GET", "/notes/57", "", page.p);
    step(&w, "POST", "/notes/57/ping", "{}", "{\"url\":\"/notes/57/ping\"}");
    step(&w, "GET", "/notes/57/all", "", page.p);
    step(&w, "POST", "/notes/57/end", "{}", "{}");
    run(&w);
    CHECK(!says(&w, "/notes/57"));
    buf_free(&page);
    end(&w);
}

/* A time tells an element from others in the recording only. Before it has a token, a script sends "null". */
TEST(correlate_no_element_is_found_by_its_time)
{
    struct walk w = begin();
    struct exchange *a = step(&w, "POST", "/publish", "{\"t\":1}",
                              "{\"data\":{\"docId\":\"" TOKEN "\"},\"meta\":[{\"docId\":\"" TOKEN
                              "\",\"updatedAt\":\"2026-11-23T11:14:08.525Z\"}]}");
    header(&w, &a->request.headers, "Authorization", "Bearer null");
    step(&w, "GET", "/docs/" TOKEN, "", "{}");
    run(&w);
    CHECK(says(&w, "json: $.data.docId") && says(&w, "Bearer null"));
    CHECK_U(w.report.warnings_n, 0);
    end(&w);
}

/* RFC 7617: the browser was asked for a password, the recorder saw only what came of it. */
TEST(correlate_a_challenge_that_the_recorder_missed)
{
    struct walk w = begin();
    step(&w, "GET", "/", "", "<p>Hello");
    redirect(&w, step(&w, "GET", "/enter", "", "<p>"), "/home");
    step(&w, "GET", "/home", "", "<p>Home");
    struct exchange *asset = step(&w, "GET", "/a.css", "", "a");
    header(&w, &asset->request.headers, "Authorization", "Basic YW5uOnMzY3JldA==");
    run(&w);
    CHECK(says(&w, "Basic ${base64(account.username + \":\" + account.password)}"));
    CHECK_U(w.report.warnings_n, 1);
    CHECK_U(times(&w, "Authorization: "), 3);
    end(&w);
}
