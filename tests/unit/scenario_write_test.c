/* What scenario_write writes reads back as the same model: random models of nasty texts, many of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/num.h"
#include "scenarios/read.h"
#include "tests/unit/test.h"

struct gen {
    struct rnd rnd;
    struct arena *a;
    unsigned depth;
};

static uint64_t below(struct gen *g, uint64_t n)
{
    return rnd_below(&g->rnd, n);
}

static const char *const pool[] = {
    "",
    "plain",
    "two words",
    "a: b",
    "a #b",
    "#x",
    "- x",
    "-",
    "?",
    ": x",
    "x:",
    "x :y",
    "null",
    "~",
    "true",
    "No",
    "123",
    "1.5s",
    "0x1f",
    ".inf",
    "2026-01-01",
    "'single'",
    "\"double\"",
    "'",
    "\"",
    "\\",
    "a'b\"c\\d",
    "say \"it's\"'",
    " lead",
    "trail ",
    "tab\there",
    "line\nbreak",
    "line\nbreak\n",
    "line\nbreak\n\n",
    "line\n\n\nbreak\n\n\n",
    "\nfirst",
    " \n x",
    "a\n b\n  c \n\td\n",
    "\n",
    "\n\n",
    "cr\r\nlf\r\n",
    "nul",
    "\x01\x02\x1b",
    "\x7f",
    "J\xc3\xb6rg",
    "\xe2\x82\xac 5",
    "\xf0\x9f\x98\x80",
    "\xc2\x85nel",
    "\xe2\x80\xa8ls",
    "\xef\xbb\xbf mark",
    "\xff\xfe",
    "a\xe9",
    "${token}",
    "Bearer ${token}",
    "$${x}",
    "{a, b}",
    "[x]",
    "a, b",
    "{",
    "}",
    "&anchor",
    "*alias",
    "!tag",
    "!!binary x",
    "%x",
    "@x",
    "`x`",
    "|",
    ">",
    "---",
    "...",
    "--- x\n...\n--- y\n",
    "<<",
    "=",
    "/path?a=1&b=2#f",
    "https://h:80/x",
    "{\"a\": \"b\\n\", \"c\": [1, null]}",
    "p(95) < 200ms",
    "a:b:c",
    "x  y",
    "one\n#two\n",
    "one\n  # two\n- three: four\n",
};

static struct slice text(struct gen *g)
{
    uint64_t kind = below(g, 12);
    if (kind == 0) { /* any bytes */
        size_t n = below(g, 40);
        char *p = arena_alloc(g->a, 1, n + 1);
        for (size_t i = 0; i < n; i++)
            p[i] = (char)rnd_u64(&g->rnd);
        return (struct slice){ p, n };
    }
    if (kind == 1) { /* long */
        size_t n = below(g, 3000);
        char *p = arena_alloc(g->a, 1, n + 1);
        for (size_t i = 0; i < n; i++)
            p[i] = "abc \n\"':#"[below(g, 9)];
        return (struct slice){ p, n };
    }
    struct slice s = slice_z(pool[below(g, sizeof pool / sizeof *pool)]);
    if (kind > 4) return s;
    struct slice more = slice_z(pool[below(g, sizeof pool / sizeof *pool)]);
    return arena_printf(g->a, "%.*s%.*s", SL_FMT(s), SL_FMT(more));
}

static struct slice nonempty(struct gen *g)
{
    struct slice s = text(g);
    return s.n ? s : SL("x");
}

static uint64_t duration(struct gen *g)
{
    static const uint64_t limits[] = { 1000, 1000000, 1000000000, 100000000000, 86400000000000000 };
    uint64_t ns = below(g, limits[below(g, 5)]) + 1;
    return below(g, 2) ? ns : ns / 1000000 * 1000000 + 1000000;
}

static struct fields fields(struct gen *g)
{
    struct fields f = { arena_many(g->a, 6, struct field), below(g, 6) };
    for (size_t i = 0; i < f.n; i++) {
        f.v[i] = (struct field){ text(g), text(g) };
        if (slice_eq(f.v[i].name, SL("<<"))) f.v[i].name = SL("a");
    }
    return f;
}

static struct wait wait(struct gen *g)
{
    struct wait w = { .kind = (enum wait_kind)below(g, 7) };
    if (w.kind != WAIT_NONE) w.a_ns = duration(g);
    if (w.kind == WAIT_UNIFORM) w.b_ns = w.a_ns + duration(g);
    if (w.kind == WAIT_NORMAL) w.b_ns = duration(g);
    return w;
}

static struct extract extract(struct gen *g)
{
    struct extract e = { .name = text(g), .kind = (enum extract_kind)below(g, 9), .expr = text(g) };
    if (slice_eq(e.name, SL("<<"))) e.name = SL("a");
    if (e.kind == EXTRACT_BETWEEN) e.right = text(g);
    if (e.kind != EXTRACT_REGEX && below(g, 3) == 0) e.regex = nonempty(g);
    if (below(g, 3) == 0) e.nth = (unsigned)below(g, 5);
    for (uint64_t i = 0, n = below(g, 4); i < n; i++)
        e.decode[i] = (enum extract_decode)(1 + below(g, 6));
    e.optional = below(g, 3) == 0;
    e.has_fallback = below(g, 3) == 0;
    if (e.has_fallback) e.fallback = text(g);
    e.comment = below(g, 2) ? SL("seen in #4 header Authorization") : SL("");
    return e;
}

static struct check check(struct gen *g)
{
    struct check c = { .kind = (enum check_kind)below(g, 7) };
    if (c.kind == CHECK_TIME) {
        c.max_ns = duration(g);
        return c;
    }
    c.value = below(g, 2) ? text(g) : SL("2xx");
    if (c.kind != CHECK_HEADER && c.kind != CHECK_JSON) return c;
    c.name = text(g);
    if (slice_eq(c.name, SL("<<"))) c.name = SL("a");
    if (below(g, 3) == 0) c.value = (struct slice){ NULL, 0 };
    return c;
}

static struct form_part part(struct gen *g)
{
    struct form_part p = { .name = text(g), .content_type = text(g) };
    p.has_file_name = below(g, 2);
    if (p.has_file_name) p.file_name = text(g);
    uint64_t kind = below(g, 3);
    if (kind == 0) {
        p.file = nonempty(g);
        return p;
    }
    p.base64 = kind == 1;
    p.value = text(g);
    return p;
}

static void body(struct gen *g, struct request_step *q)
{
    q->body_kind = (enum body_kind)below(g, 7);
    if (q->body_kind == BODY_KIND_NONE) return;
    if (q->body_kind == BODY_KIND_FORM) {
        q->form = fields(g);
        return;
    }
    if (q->body_kind != BODY_KIND_MULTIPART) {
        q->body = text(g);
        return;
    }
    q->parts_n = below(g, 4);
    q->parts = arena_many(g->a, 4, struct form_part);
    for (size_t i = 0; i < q->parts_n; i++)
        q->parts[i] = part(g);
}

static struct request_step *request(struct gen *g)
{
    static const char *const methods[] = { "GET", "POST", "M-SEARCH" };
    struct request_step *q = arena_one(g->a, struct request_step);
    q->method = slice_z(methods[below(g, 3)]);
    q->url = slice_trim(text(g));
    if (q->url.n == 0 || below(g, 2)) q->url = SL("/a/${b}?c=${d}");
    q->name = text(g);
    if (below(g, 2)) q->headers = fields(g);
    body(g, q);
    q->checks_n = below(g, 4);
    q->checks = arena_many(g->a, 4, struct check);
    for (size_t i = 0; i < q->checks_n; i++)
        q->checks[i] = check(g);
    q->extract_n = below(g, 4);
    q->extract = arena_many(g->a, 4, struct extract);
    for (size_t i = 0; i < q->extract_n; i++)
        q->extract[i] = extract(g);
    if (below(g, 3) == 0) q->timeout_ns = duration(g);
    if (below(g, 3) == 0) q->redirects = (unsigned)below(g, 9);
    if (below(g, 3) == 0) q->recorded_ns = duration(g);
    if (below(g, 3) == 0) q->recorded_status = (int)(100 + below(g, 500));
    if (below(g, 3) == 0) q->recorded_bytes = below(g, 1u << 31);
    return q;
}

static struct step *steps(struct gen *g, size_t *n)
{
    *n = g->depth > 3 ? 0 : below(g, 4);
    struct step *v = arena_many(g->a, 4, struct step);
    g->depth++;
    for (size_t i = 0; i < *n; i++) {
        v[i].kind = (enum step_kind)below(g, 6);
        if (below(g, 4) == 0) v[i].comment = SL("said\nin two lines: {x}");
        if (v[i].kind == STEP_REQUEST) v[i].request = request(g);
        if (v[i].kind == STEP_THINK) v[i].think = wait(g);
        if (v[i].kind == STEP_SET) v[i].set = fields(g);
        if (v[i].kind == STEP_GROUP) v[i].name = text(g);
        if (v[i].kind == STEP_REPEAT) v[i].times = (unsigned)(1 + below(g, 9));
        if (v[i].kind == STEP_GROUP || v[i].kind == STEP_PARALLEL || v[i].kind == STEP_REPEAT)
            v[i].steps = steps(g, &v[i].steps_n);
    }
    g->depth--;
    return v;
}

static struct load load(struct gen *g)
{
    struct load l = { 0 };
    if (below(g, 3) == 0) return l;
    l.users = (uint32_t)below(g, 3) * 1000;
    if (below(g, 2)) l.spawn_rate = (double)below(g, 100000) / 7;
    if (below(g, 2)) l.run_time_ns = duration(g);
    l.iterations = below(g, 3);
    l.loops = below(g, 3);
    l.arrival = (enum arrival)below(g, 3);
    if (below(g, 2)) l.rate = rnd_unit(&g->rnd) * 1e6;
    l.max_users = (uint32_t)below(g, 2);
    l.stages_n = below(g, 3);
    l.stages = arena_many(g->a, 3, struct stage);
    for (size_t i = 0; i < l.stages_n; i++)
        l.stages[i] = (struct stage){ duration(g), (double)below(g, 1000) / 8 };
    return l;
}

static void lists(struct gen *g, struct scenario *s)
{
    s->feeds_n = below(g, 3);
    s->feeds = arena_many(g->a, 3, struct feed);
    for (size_t i = 0; i < s->feeds_n; i++)
        s->feeds[i] = (struct feed){ .name = i ? SL("b: c") : SL("a"),
                                     .file = text(g),
                                     .pick = (enum feed_pick)below(g, 4),
                                     .end = (enum feed_end)below(g, 4),
                                     .per_iteration = below(g, 2) };
    s->tasks_n = below(g, 3);
    s->tasks = arena_many(g->a, 3, struct task);
    for (size_t i = 0; i < s->tasks_n; i++) {
        s->tasks[i] = (struct task){ .name = text(g), .weight = (unsigned)below(g, 4) };
        s->tasks[i].steps = steps(g, &s->tasks[i].steps_n);
    }
    s->thresholds_n = below(g, 3);
    s->thresholds = arena_many(g->a, 3, struct threshold);
    for (size_t i = 0; i < s->thresholds_n; i++)
        s->thresholds[i] = (struct threshold){ .rule = text(g),
                                               .abort_on_fail = below(g, 2),
                                               .delay_ns = below(g, 2) ? duration(g) : 0 };
}

static struct scenario *generate(uint64_t seed)
{
    struct scenario *s = scenario_new();
    struct gen g = { .a = s->arena };
    rnd_seed(&g.rnd, seed, 0);
    s->name = text(&g);
    s->target = text(&g);
    if (below(&g, 2)) s->vars = fields(&g);
    if (below(&g, 2)) s->headers = fields(&g);
    if (below(&g, 2)) s->timeout_ns = duration(&g);
    s->wait = wait(&g);
    s->on_start = steps(&g, &s->on_start_n);
    s->on_stop = steps(&g, &s->on_stop_n);
    s->load = load(&g);
    if (s->load.rate > 0 && s->load.arrival == ARRIVAL_NONE) s->load.arrival = ARRIVAL_CONSTANT;
    lists(&g, s);
    return s;
}

/* ---- the same --------------------------------------------------------------------------------------- */

static void same_wait(struct wait a, struct wait b)
{
    CHECK_U(a.kind, b.kind);
    CHECK_U(a.a_ns, b.a_ns);
    CHECK_U(a.b_ns, b.b_ns);
}

static void same_fields(struct fields a, struct fields b)
{
    CHECK_U(a.n, b.n);
    for (size_t i = 0; i < a.n; i++) {
        CHECK_S(a.v[i].name, b.v[i].name);
        CHECK_S(a.v[i].value, b.v[i].value);
    }
}

static void same_extract(const struct extract *a, const struct extract *b)
{
    CHECK_S(a->name, b->name);
    CHECK_U(a->kind, b->kind);
    CHECK_S(a->expr, b->expr);
    CHECK_S(a->right, b->right);
    CHECK_S(a->regex, b->regex);
    CHECK_U(a->nth, b->nth);
    for (size_t i = 0; i < 3; i++)
        CHECK_U(a->decode[i], b->decode[i]);
    CHECK_U(a->optional, b->optional);
    CHECK_U(a->has_fallback, b->has_fallback);
    CHECK_S(a->fallback, b->fallback);
}

static void same_request(const struct request_step *a, const struct request_step *b)
{
    CHECK_S(a->method, b->method);
    CHECK_S(a->url, b->url);
    CHECK_S(a->name, b->name);
    same_fields(a->headers, b->headers);
    CHECK_U(a->body_kind, b->body_kind);
    CHECK_S(a->body, b->body);
    same_fields(a->form, b->form);
    CHECK_U(a->parts_n, b->parts_n);
    for (size_t i = 0; i < a->parts_n; i++) {
        CHECK_S(a->parts[i].name, b->parts[i].name);
        CHECK_S(a->parts[i].value, b->parts[i].value);
        CHECK_S(a->parts[i].file, b->parts[i].file);
        CHECK_S(a->parts[i].file_name, b->parts[i].file_name);
        CHECK_S(a->parts[i].content_type, b->parts[i].content_type);
        CHECK_U(a->parts[i].base64, b->parts[i].base64);
        CHECK_U(a->parts[i].has_file_name, b->parts[i].has_file_name);
    }
    CHECK_U(a->extract_n, b->extract_n);
    for (size_t i = 0; i < a->extract_n; i++)
        same_extract(&a->extract[i], &b->extract[i]);
    CHECK_U(a->checks_n, b->checks_n);
    for (size_t i = 0; i < a->checks_n; i++) {
        CHECK_U(a->checks[i].kind, b->checks[i].kind);
        CHECK_S(a->checks[i].name, b->checks[i].name);
        CHECK_S(a->checks[i].value, b->checks[i].value);
        CHECK_U(a->checks[i].value.p == NULL, b->checks[i].value.p == NULL);
        CHECK_U(a->checks[i].max_ns, b->checks[i].max_ns);
    }
    CHECK_U(a->timeout_ns, b->timeout_ns);
    CHECK_U(a->redirects, b->redirects);
    CHECK_U(a->recorded_ns, b->recorded_ns);
    CHECK_U(a->recorded_status, b->recorded_status);
    CHECK_U(a->recorded_bytes, b->recorded_bytes);
}

static void same_steps(const struct step *a, size_t an, const struct step *b, size_t bn)
{
    CHECK_U(an, bn);
    for (size_t i = 0; i < an; i++) {
        CHECK_U(a[i].kind, b[i].kind);
        CHECK_S(a[i].name, b[i].name);
        CHECK_U(a[i].times, b[i].times);
        same_wait(a[i].think, b[i].think);
        same_fields(a[i].set, b[i].set);
        if (a[i].request) same_request(a[i].request, b[i].request);
        same_steps(a[i].steps, a[i].steps_n, b[i].steps, b[i].steps_n);
    }
}

static bool close_to(double a, double b)
{
    return a >= b && a <= b;
}

static void same_load(const struct load *a, const struct load *b)
{
    CHECK_U(a->users, b->users);
    CHECK(close_to(a->spawn_rate, b->spawn_rate));
    CHECK_U(a->run_time_ns, b->run_time_ns);
    CHECK_U(a->iterations, b->iterations);
    CHECK_U(a->loops, b->loops);
    CHECK_U(a->arrival, b->arrival);
    CHECK(close_to(a->rate, b->rate));
    CHECK_U(a->max_users, b->max_users);
    CHECK_U(a->stages_n, b->stages_n);
    for (size_t i = 0; i < a->stages_n; i++) {
        CHECK_U(a->stages[i].duration_ns, b->stages[i].duration_ns);
        CHECK(close_to(a->stages[i].target, b->stages[i].target));
    }
}

static void same_scenario(const struct scenario *a, const struct scenario *b)
{
    CHECK_S(a->name, b->name);
    CHECK_S(a->target, b->target);
    CHECK_U(a->feeds_n, b->feeds_n);
    for (size_t i = 0; i < a->feeds_n; i++) {
        CHECK_S(a->feeds[i].name, b->feeds[i].name);
        CHECK_S(a->feeds[i].file, b->feeds[i].file);
        CHECK_U(a->feeds[i].pick, b->feeds[i].pick);
        CHECK_U(a->feeds[i].end, b->feeds[i].end);
        CHECK_U(a->feeds[i].per_iteration, b->feeds[i].per_iteration);
    }
    same_fields(a->vars, b->vars);
    same_fields(a->headers, b->headers);
    CHECK_U(a->timeout_ns, b->timeout_ns);
    same_wait(a->wait, b->wait);
    same_steps(a->on_start, a->on_start_n, b->on_start, b->on_start_n);
    same_steps(a->on_stop, a->on_stop_n, b->on_stop, b->on_stop_n);
    CHECK_U(a->tasks_n, b->tasks_n);
    for (size_t i = 0; i < a->tasks_n; i++) {
        CHECK_S(a->tasks[i].name, b->tasks[i].name);
        CHECK_U(a->tasks[i].weight, b->tasks[i].weight);
        same_steps(a->tasks[i].steps, a->tasks[i].steps_n, b->tasks[i].steps, b->tasks[i].steps_n);
    }
    same_load(&a->load, &b->load);
    CHECK_U(a->thresholds_n, b->thresholds_n);
    for (size_t i = 0; i < a->thresholds_n; i++) {
        CHECK_S(a->thresholds[i].rule, b->thresholds[i].rule);
        CHECK_U(a->thresholds[i].abort_on_fail, b->thresholds[i].abort_on_fail);
        CHECK_U(a->thresholds[i].delay_ns, b->thresholds[i].delay_ns);
    }
}

/* Where REPRISE_KEEP_YAML names a folder, the first hundred are kept for the schema's test. */
static void keep(struct slice yaml, uint64_t seed)
{
    const char *folder = getenv("REPRISE_KEEP_YAML");
    char path[4096];
    struct err err = { 0 };
    if (!folder || seed >= 100) return;
    snprintf(path, sizeof path, "%s/%llu.yaml", folder, (unsigned long long)seed);
    CHECK(file_write(path, yaml, &err));
}

TEST(scenario_write_reads_back_the_same)
{
    const char *one = getenv("REPRISE_SEED");
    uint64_t first = 0;
    first = one ? (num_u64(slice_z(one), UINT64_MAX, &first) ? first : 0) : 0;
    uint64_t last = one ? first + 1 : 1500;
    for (uint64_t seed = first; seed < last; seed++) {
        struct scenario *s = generate(seed);
        struct buf out = BUF_INIT(64 << 20);
        struct err err = { 0 };
        CHECK(scenario_write(s, &out));
        struct scenario *back = scenario_parse_unchecked(buf_slice(&out), "written.yaml", &err);
        if (!back)
            test_fail(__FILE__, __LINE__, "REPRISE_SEED=%llu: %s", (unsigned long long)seed,
                      err.text);
        if (one) printf("%s\n", buf_z(&out));
        keep(buf_slice(&out), seed);
        same_scenario(s, back);
        scenario_free(back);
        scenario_free(s);
        buf_free(&out);
    }
}

TEST(scenario_write_is_nice_to_read)
{
    static const char want[] = "# made from shop.har\n"
                               "reprise: 1\n"
                               "name: shop\n"
                               "target: https://shop.example\n"
                               "wait: { uniform: [1.5s, 5s] }\n"
                               "on_start:\n"
                               "  # the login\n"
                               "  - request: POST /login?next=/a,b\n"
                               "    form: { user: ada, password: \"${account.password}\" }\n"
                               "    expect: { status: 2xx|302 }\n"
                               "    extract:\n"
                               "      token: { json: $.token }  # to #4 header Authorization\n"
                               "      next: location\n"
                               "tasks:\n"
                               "  - name: browse\n"
                               "    steps:\n"
                               "      - request: GET /items/${token}\n"
                               "        headers:\n"
                               "          Accept-Language: en-GB,en;q=0.9,de;q=0.8,fr;q=0.7\n"
                               "          Authorization: Bearer ${token}\n"
                               "      - think: { recorded: 1.2s }\n"
                               "      - request: PUT /notes\n"
                               "        body: |\n"
                               "          one\n"
                               "\n"
                               "            two: {x}\n"
                               "load: { users: 100, spawn_rate: 10, run_time: 5m }\n";
    struct err err = { 0 };
    struct scenario *s = scenario_parse_unchecked(slice_z(want), "want.yaml", &err);
    if (!s) test_fail(__FILE__, __LINE__, "%s", err.text);
    struct slice comment = SL("made from shop.har");
    s->comments = &comment;
    s->comments_n = 1;
    s->on_start[0].comment = SL("the login");
    s->on_start[0].request->extract[0].comment = SL("to #4 header Authorization");
    struct buf out = BUF_INIT(100000);
    CHECK(scenario_write(s, &out));
    CHECK_Z(buf_z(&out), want);
    buf_free(&out);
    scenario_free(s);
}
