/* Scenario files: the example of the documentation is read as it means, mistakes get a place and a sentence. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/num.h"
#include "scenarios/model.h"
#include "tests/unit/test.h"

static const char example[] =
    "reprise: 1\n"
    "name: shop\n"
    "target: https://shop.example            # the recorded origin; --host replaces it\n"
    "feeds:\n"
    "  account: { file: accounts.csv, pick: unique }          # sequential | random | unique\n"
    "defaults:\n"
    "  headers: { Accept-Language: en }\n"
    "wait: { uniform: [1.5s, 5s] }           # between tasks\n"
    "on_start:                               # once per user: Locust's on_start\n"
    "  - request: POST /login\n"
    "    form: { username: \"${account.username}\", password: \"${account.password}\" }\n"
    "    expect: { status: 200 }\n"
    "    extract:\n"
    "      token: { json: $.token }          # json | header | cookie | html (XPath/CSS) | xml\n"
    "tasks:\n"
    "  - name: browse\n"
    "    weight: 3\n"
    "    steps:\n"
    "      - request: GET /\n"
    "        headers: { Authorization: \"Bearer ${token}\" }\n"
    "      - think: { recorded: 1.2s }\n"
    "      - parallel:                       # what the browser fetched together\n"
    "          - request: GET /api/items\n"
    "          - request: GET /api/cart\n"
    "on_stop:\n"
    "  - request: POST /logout\n"
    "load: { users: 100, spawn_rate: 10, run_time: 5m }       # or stages, or an arrival rate\n"
    "thresholds: [ \"p(95) < 200ms\", \"failed < 1%\" ]\n";

static struct scenario *read_or_fail(const char *text)
{
    struct err err = { 0 };
    struct scenario *s = scenario_parse(slice_z(text), "", &err);
    if (!s) test_fail(__FILE__, __LINE__, "%s", err.text);
    return s;
}

TEST(scenario_read_documented_example)
{
    char path[200];
    struct err err = { 0 };
    snprintf(path, sizeof path, "%s/accounts.csv", test_tmpdir());
    CHECK(file_write(path, SL("username,password\na,b\n"), &err));
    snprintf(path, sizeof path, "%s/shop.yaml", test_tmpdir());
    CHECK(file_write(path, slice_z(example), &err));
    struct scenario *s = scenario_read(path, &err);
    if (!s) test_fail(__FILE__, __LINE__, "%s", err.text);
    CHECK_S(s->name, SL("shop"));
    CHECK_S(s->target, SL("https://shop.example"));
    CHECK_U(s->feeds_n, 1);
    CHECK_U(s->feeds[0].pick, PICK_UNIQUE);
    CHECK_S(s->headers.v[0].value, SL("en"));
    CHECK_U(s->wait.kind, WAIT_UNIFORM);
    CHECK_U(s->wait.a_ns, 1500 * NS_PER_MS);
    const struct request_step *login = s->on_start[0].request;
    CHECK_S(login->method, SL("POST"));
    CHECK_S(login->url, SL("/login"));
    CHECK_U(login->body_kind, BODY_KIND_FORM);
    CHECK_S(login->form.v[1].value, SL("${account.password}"));
    CHECK_U(login->checks[0].kind, CHECK_STATUS);
    CHECK_S(login->extract[0].expr, SL("$.token"));
    CHECK_U(s->tasks[0].weight, 3);
    CHECK_U(s->tasks[0].steps_n, 3);
    CHECK_U(s->tasks[0].steps[1].think.kind, WAIT_RECORDED);
    CHECK_U(s->tasks[0].steps[1].think.a_ns, 1200 * NS_PER_MS);
    CHECK_U(s->tasks[0].steps[2].kind, STEP_PARALLEL);
    CHECK_U(s->tasks[0].steps[2].steps_n, 2);
    CHECK_U(s->on_stop_n, 1);
    CHECK_U(s->load.users, 100);
    CHECK_U(s->load.run_time_ns, 300 * NS_PER_S);
    CHECK_S(s->thresholds[1].rule, SL("failed < 1%"));
    scenario_free(s);
}

TEST(scenario_read_shapes)
{
    struct scenario *s = read_or_fail(
        "reprise: 1\n"
        "on_start:\n"
        "  - request: POST /a\n"
        "    json: { user: \"a\\\"${x}\", n: 1, s: \"1\", l: [true, ~], deep: { k: 'v' } }\n"
        "    expect: [ { body: [a, b] }, { json: { $.n: null } }, { header: [A, B] }, { time: 1s } "
        "]\n"
        "    extract: { x: body, y: { between: ['<', '>'], nth: 2, decode: [html, percent] },\n"
        "      z: { header: X, regex: 'a(.)', optional: true, default: '' },\n"
        "      w: { html: { form: f, input: i } }, r: { regex: 'q' } }\n"
        "vars: { x: 1 }\n"
        "tasks:\n"
        "  - steps:\n"
        "      - request: GET /\n"
        "        headers: { Accept: [text/html, text/plain] }\n"
        "        expect: 200\n"
        "      - think: 2\n"
        "      - think: none\n"
        "      - repeat: 2\n"
        "        steps: [ { request: GET / } ]\n"
        "      - request: POST /m\n"
        "        multipart: { a: b }\n"
        "load: { rate: 30/m, stages: ['30s:100', { duration: 1m, target: 2.5 }] }\n");
    const struct request_step *q = s->on_start[0].request;
    CHECK_S(q->body, SL("{\"user\":\"a\\\"${json(x)}\",\"n\":1,\"s\":\"1\",\"l\":[true,null],"
                        "\"deep\":{\"k\":\"v\"}}"));
    CHECK_U(q->checks_n, 6);
    CHECK_S(q->checks[1].value, SL("b"));
    CHECK_S(q->checks[2].value, SL("null"));
    CHECK(q->checks[3].value.p == NULL);
    CHECK_U(q->checks[5].max_ns, NS_PER_S);
    CHECK_U(q->extract[0].kind, EXTRACT_BODY);
    CHECK_S(q->extract[1].right, SL(">"));
    CHECK_U(q->extract[1].decode[1], DECODE_PERCENT);
    CHECK_S(q->extract[2].regex, SL("a(.)"));
    CHECK(q->extract[2].optional && q->extract[2].has_fallback);
    CHECK_S(q->extract[3].expr, SL("form#f input[name=\"i\"]"));
    CHECK_U(q->extract[4].kind, EXTRACT_REGEX);
    CHECK_S(q->extract[4].expr, SL("q"));
    const struct task *t = &s->tasks[0];
    CHECK_U(t->weight, 1);
    CHECK_U(t->steps[0].request->headers.n, 2);
    CHECK_S(t->steps[0].request->checks[0].value, SL("200"));
    CHECK_U(t->steps[1].think.a_ns, 2 * NS_PER_S);
    CHECK_U(t->steps[2].think.kind, WAIT_NONE);
    CHECK_U(t->steps[3].times, 2);
    CHECK_S(t->steps[4].request->parts[0].value, SL("b"));
    CHECK_U(s->load.arrival, ARRIVAL_CONSTANT);
    CHECK_U(s->load.stages_n, 2);
    scenario_free(s);
}

TEST(scenario_read_aliases_and_merge_keys)
{
    struct scenario *s = read_or_fail("reprise: 1\n"
                                      "vars: { a: &a x }\n"
                                      "defaults: { headers: &h { A: '1', B: '2' } }\n"
                                      "tasks:\n"
                                      "  - steps:\n"
                                      "      - request: GET /\n"
                                      "        headers: { <<: *h, B: '3', C: *a }\n");
    const struct fields *h = &s->tasks[0].steps[0].request->headers;
    CHECK_U(h->n, 3);
    CHECK_S(h->v[0].value, SL("3"));
    CHECK_S(h->v[1].value, SL("x"));
    CHECK_S(h->v[2].name, SL("A"));
    scenario_free(s);
}

#define TASK "tasks:\n  - steps:\n      - request: GET /\n"
static const struct {
    const char *text, *place, *says;
} mistakes[] = {
    { "", "", "the file is empty" },
    { "# only a remark\n", "", "the file is empty" },
    { "hello", "", "it holds no name: value" },
    { "name: x\n", "1:1", "this is no scenario" },
    { "reprise: 2\n", "1:10", "reads scenarios of version 1" },
    { "reprise: 1\n", "", "there is nothing to do" },
    { "reprise: 1\nname: [a]\n" TASK, "2:7", "a text belongs here, not a list" },
    { "reprise: 1\nnmae: a\n" TASK, "2:1",
      "unknown key \"nmae\" in a scenario, did you mean \"name\"?" },
    { "reprise: 1\nmin_wait: 5000\n" TASK, "2:1", "write wait: { uniform: [1.5s, 5s] }" },
    { "reprise: 1\nmin_wait: 1500\nmax_wait: 5000\n" TASK, "2:1",
      "write wait: { uniform: [1.5s, 5s] }" },
    { "reprise: 1\nmin_wait: 5000\nmax_wait: 1500\n" TASK, "2:11",
      "wait: the shortest wait (5s) is longer than the longest (1.5s)" },
    { "reprise: 1\nwait: { min_wait: 5000, max_wait: 1500 }\n" TASK, "2:19",
      "wait: the shortest wait (5s) is longer than the longest (1.5s)" },
    { "reprise: 1\nname: a\nname: b\n" TASK, "3:1", "the key \"name\" stands here twice: line 2" },
    { "reprise: 1\nwait: { uniform: [5s, 1.5s] }\n" TASK, "2:18",
      "wait: the shortest wait (5s) is longer than the longest (1.5s)" },
    { "reprise: 1\nwait: { unifrom: [5s, 1.5s] }\n" TASK, "2:9", "did you mean \"uniform\"?" },
    { "reprise: 1\nwait: soon\n" TASK, "2:7", "a duration like 250ms" },
    { "reprise: 1\ntasks:\n  - steps: []\n", "3:5", "has no steps" },
    { "reprise: 1\ntasks:\n  - stpes: []\n", "3:5", "did you mean \"steps\"?" },
    { "reprise: 1\ntasks:\n  - weight: 0\n    steps: [ { request: GET / } ]\n", "3:5",
      "all tasks have the weight 0" },
    { "reprise: 1\ntasks:\n  - steps: [ { reqest: GET / } ]\n", "3:16",
      "did you mean \"request\"?" },
    { "reprise: 1\ntasks:\n  - steps: [ GET / ]\n", "3:14", "a step is a mapping" },
    { "reprise: 1\ntasks:\n  - steps: [ { request: GET / , think: 1s } ]\n", "3:14", "not both" },
    { "reprise: 1\ntasks:\n  - steps: [ { request: / } ]\n", "3:25", "a method and a path" },
    { "reprise: 1\ntasks:\n  - steps: [ { request: GET index } ]\n", "3:14",
      "a path starts with '/'" },
    { "reprise: 1\ntasks:\n  - steps: [ { think: 1s, name: x } ]\n", "3:27",
      "unknown key \"name\"" },
    { "reprise: 1\ntasks:\n  - steps: [ { repeat: 0 } ]\n", "3:24", "1 or more" },
    { "reprise: 1\ntasks:\n  - steps: [ { group: x } ]\n", "3:14", "no steps" },
    { "reprise: 1\n" TASK "        form: { a: b }\n        body: x\n", "6:15",
      "one of form, json" },
    { "reprise: 1\n" TASK "        headers: { A: \"x${tok}\" }\n", "5:27",
      "unknown variable \"tok\"" },
    { "reprise: 1\n" TASK "        body: |\n          a\n          ${uuid}\n", "7:13",
      "write uuid()" },
    { "reprise: 1\n" TASK "        extract: { t: { jsn: $.a } }\n", "5:25",
      "did you mean \"json\"?" },
    { "reprise: 1\n" TASK "        extract: { t: { json: a } }\n", "5:20", "starts with '$'" },
    { "reprise: 1\n" TASK "        extract: { t: { regex: '(' } }\n", "5:20", "at character 2" },
    { "reprise: 1\n" TASK "        extract: { t: { json: $.a, header: b } }\n", "5:23", "not two" },
    { "reprise: 1\n" TASK "        extract: { t: { nth: 2 } }\n", "5:23", "wants one of json" },
    { "reprise: 1\n" TASK "        extract: { 'a b': body }\n", "5:21", "a name has letters" },
    { "reprise: 1\n" TASK "        expect: { status: fine }\n", "5:27", "write 200, 2xx" },
    { "reprise: 1\n" TASK "        expect: { matches: '[' }\n", "5:29", "pattern [" },
    { "reprise: 1\nfeeds: { a: none.csv }\n" TASK, "2:10", "none.csv" },
    { "reprise: 1\nload: { users: -1 }\n" TASK, "2:16", "a whole number" },
    { "reprise: 1\nload: { arrival: poisson }\n" TASK, "", "wants a rate" },
    { "reprise: 1\nload: { stages: ['30:'] }\n" TASK, "2:19", "30s:100" },
    { "reprise: 1\nthresholds: ['']\n" TASK, "2:15", "a threshold wants a rule" },
    { "reprise: 1\ntarget: shop\n" TASK, "", "an address like" },
    { "reprise: 1\na: *x\n", "2:4", "no anchor &x" },
    { "reprise: 1\n? [a]\n: b\n", "2:3", "a key must be a text" },
    { "reprise: 1\n---\nreprise: 1\n", "2:1", "one document" },
    { "reprise: [1\n", "2:1", "" },
    { "reprise: 1\non_start: [ { request: 'GET /${t}' } ]\n"
      "tasks: [ { steps: [ { request: GET /, extract: { t: body } } ] } ]\n",
      "2:32", "only gets its value later" },
};

TEST(scenario_read_mistakes)
{
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct err err = { 0 };
        char want[300];
        struct scenario *s = scenario_parse(slice_z(mistakes[i].text), "x.yaml", &err);
        if (s) test_fail(__FILE__, __LINE__, "row %zu is taken: %s", i, mistakes[i].text);
        snprintf(want, sizeof want, "x.yaml:%s%s", mistakes[i].place,
                 *mistakes[i].place ? ": " : "");
        if (!slice_starts(slice_z(err.text), slice_z(want)) || !strstr(err.text, mistakes[i].says))
            test_fail(__FILE__, __LINE__, "row %zu: %s\n(want %s …%s)", i, err.text, want,
                      mistakes[i].says);
        CHECK_U(err_exit_code(&err), 3);
    }
}

TEST(scenario_read_quotes_the_line)
{
    struct err err = { 0 };
    CHECK(!scenario_parse(SL("reprise: 1\ntasks:\n  - nam: x\n    steps: []\n"), "a.yaml", &err));
    CHECK_Z(err.text, "a.yaml:3:5: unknown key \"nam\" in a task, did you mean \"name\"?\n"
                      "    3 |   - nam: x\n"
                      "      |     ^");
}

TEST(scenario_read_hostile)
{
    struct buf text = BUF_INIT(4 << 20);
    struct err err = { 0 };
    for (int i = 0; i < 200000; i++)
        buf_addc(&text, '[');
    CHECK(!scenario_parse(buf_slice(&text), "x", &err));
    CHECK(strstr(err.text, "nested deeper"));
    buf_reset(&text);
    buf_addz(&text, "reprise: 1\nx0: &x0 [a,a,a,a,a,a,a,a,a,a]\n");
    for (int i = 1; i < 20; i++) {
        buf_addf(&text, "x%d: &x%d [", i, i);
        for (int k = 0; k < 10; k++)
            buf_addf(&text, "%s*x%d", k ? "," : "", i - 1);
        buf_addz(&text, "]\n");
    }
    err = (struct err){ 0 };
    CHECK(!scenario_parse(buf_slice(&text), "x", &err));
    CHECK(strstr(err.text, "aliases counted in full"));
    err = (struct err){ 0 };
    CHECK(!scenario_parse(SL("reprise: 1\nname: a\xff\n"), "x", &err));
    CHECK(strstr(err.text, "x:2:8: not a text file"));
    err = (struct err){ 0 };
    CHECK(!scenario_parse(((struct slice){ "a\0b", 3 }), "x", &err));
    CHECK(strstr(err.text, "x:1:2"));
    buf_free(&text);
}

TEST(scenario_read_cut_anywhere)
{
    for (size_t n = 0; n < sizeof example; n++) {
        struct err err = { 0 };
        char *cut = test_guarded(example, n);
        struct scenario *s = scenario_parse((struct slice){ cut, n }, "nowhere/x.yaml", &err);
        CHECK((s != NULL) != err_is(&err));
        scenario_free(s);
        test_guarded_free(cut, n);
    }
}

TEST(request_shown_leaves_codings_out)
{
    static const struct {
        const char *url, *shown;
    } cases[] = {
        { "/api/orders/${urlencode(order_id)}/pay", "/api/orders/${order_id}/pay" },
        { "/a?b=${urlencode(base64(x.y))}&c=${ formencode( z ) }", "/a?b=${x.y}&c=${z}" },
        { "/a/${id}", "/a/${id}" },
        { "/a/${random(1,9)}/${urlencode(env(K))}", "/a/${random(1,9)}/${urlencode(env(K))}" },
        { "/a/${urlencode(b", "/a/${urlencode(b" },
        { "/plain?x=(y)", "/plain?x=(y)" },
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct request_step r = { .url = slice_z(cases[i].url) };
        CHECK_S(request_shown(a, &r), slice_z(cases[i].shown));
    }
    struct request_step named = { .name = SL("pay"), .url = SL("/${urlencode(id)}") };
    CHECK_S(request_shown(a, &named), SL("pay"));
    arena_free(a);
}
