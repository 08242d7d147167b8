/* Wishes from JSON and from Locust's form: what is taken, what is refused and with which words. */
#include "tests/unit/test.h"

#include "web/wish.h"

TEST(wish_takes_what_it_names)
{
    struct arena *a = arena_new();
    struct web_wish w;
    struct err err = { 0 };
    CHECK(wish_from_json(
        SL("{\"users\": 12, \"spawn_rate\": 2.5, \"host\": \"http://a\\/\", \"run_time\": "
           "\"\", \"confirmed\": true, \"rate\": null, \"loops\": 2, \"iterations\": 0, "
           "\"think_factor\": 0.5}"),
        a, &w, &err));
    CHECK(w.has_users && w.has_spawn_rate && !w.has_rate && w.confirmed);
    CHECK_U(w.users, 12);
    CHECK(w.has_loops && w.has_iterations && w.has_think_factor);
    CHECK_U(w.loops, 2);
    CHECK_U(w.iterations, 0);
    CHECK(w.think_factor > 0.49 && w.think_factor < 0.51);
    CHECK(w.spawn_rate > 2.49 && w.spawn_rate < 2.51);
    CHECK_S(w.host, SL("http://a/"));
    CHECK(w.run_time.p != NULL && w.run_time.n == 0); /* said, and empty: no limit */
    CHECK(w.stages.p == NULL);
    arena_free(a);
}

TEST(wish_refuses_by_name)
{
    static const struct {
        const char *text, *says;
    } bad[] = {
        { "", "object" },
        { "[]", "object" },
        { "{\"users\": 1", "JSON" },
        { "{\"users\": 1} x", "JSON" },
        { "{\"users\": -1}", "users" },
        { "{\"users\": 1.5}", "users" },
        { "{\"users\": 1000001}", "users" },
        { "{\"users\": \"12\"}", "users" },
        { "{\"spawn_rate\": -0.1}", "spawn_rate" },
        { "{\"rate\": 1e99}", "rate" },
        { "{\"loops\": -1}", "loops" },
        { "{\"iterations\": 1e30}", "iterations" },
        { "{\"think_factor\": -1}", "think_factor" },
        { "{\"user\": 1}", "user" },
        { "{\"host\": [1]}", "host" },
        { "{\"host\": \"a\\u0000b\"}", "host" },
        { "{\"host\": true}", "host" },
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct web_wish w;
        struct err err = { 0 };
        struct slice text = slice_z(bad[i].text);
        char *guarded = test_guarded(text.p, text.n);
        if (wish_from_json((struct slice){ guarded, text.n }, a, &w, &err) ||
            slice_find(slice_z(err.text), slice_z(bad[i].says)) == SLICE_NONE)
            test_fail(__FILE__, __LINE__, "%s: %s", bad[i].text, err.text);
        test_guarded_free(guarded, text.n);
    }
    arena_free(a);
}

TEST(wish_truncated_anywhere_is_refused)
{
    struct slice text = SL("{\"users\": 3, \"host\": \"http://127.0.0.1\", \"confirmed\": false}");
    struct arena *a = arena_new();
    for (size_t n = 0; n < text.n; n++) {
        struct web_wish w;
        struct err err = { 0 };
        char *guarded = test_guarded(text.p, n);
        CHECK(!wish_from_json((struct slice){ guarded, n }, a, &w, &err));
        test_guarded_free(guarded, n);
    }
    arena_free(a);
}

TEST(wish_reads_locusts_form)
{
    struct arena *a = arena_new();
    struct web_wish w;
    struct err err = { 0 };
    CHECK(wish_from_form(SL("user_count=7&spawn_rate=1.5&host=http%3A%2F%2Fa%3A1&run_time=1m30s&"
                            "user_classes=X&"),
                         a, &w, &err));
    CHECK_U(w.users, 7);
    CHECK_S(w.host, SL("http://a:1"));
    CHECK_S(w.run_time, SL("1m30s"));
    CHECK(wish_from_form(SL("host=&user_count=1"), a, &w, &err) && w.host.p == NULL);
    CHECK(!wish_from_form(SL("user_count=many"), a, &w, &err));
    CHECK(!wish_from_form(SL("user_count"), a, &w, &err));
    arena_free(a);
}
