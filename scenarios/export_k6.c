/* A scenario as a k6 script: on_start in each user's first iteration, then a task by weight. Called by
 * export.c.
 *
 * k6 has no end of a user, so on_stop is a function that nobody calls unless the load has loops: then the
 * last iteration does. The library is export_lib/k6.js. */
#include "scenarios/export_build.h"

static const struct export_lang script = { "v[", "]", "f_" };

static void steps(struct export *x, const struct step *v, size_t n);

static void expr(struct export *x, struct slice text)
{
    export_expr(x, &script, text);
}

static void arg(struct export *x, const char *text)
{
    buf_addf(x->out, "\n%*s%s", (int)x->indent * 2 + 2, "", text);
}

static void pairs(struct export *x, const struct fields *f, const char *open, const char *between,
                  const char *close)
{
    for (size_t i = 0; i < f->n; i++) {
        buf_addz(x->out, open);
        expr(x, f->v[i].name);
        buf_addz(x->out, between);
        expr(x, f->v[i].value);
        buf_addz(x->out, close);
    }
}

static void headers(struct export *x, const struct request_step *r)
{
    struct slice type = export_content_type(x, r);
    if (r->body_kind == BODY_KIND_FORM) type = SL("application/x-www-form-urlencoded");
    arg(x, "headers: { ");
    pairs(x, &x->s->headers, "[", "]: ", ", ");
    if (type.n) {
        buf_addz(x->out, "\"Content-Type\": ");
        export_string(x->out, type);
        buf_addz(x->out, ", ");
    }
    pairs(x, &r->headers, "[", "]: ", ", ");
    buf_addz(x->out, "},");
}

/* k6 opens files at the start only: they are constants of the script. */
static struct slice file_name(struct export *x, struct slice path)
{
    return arena_printf(x->a, "open(%.*s, 'b')", SL_FMT(path));
}

static void parts(struct export *x, const struct request_step *r)
{
    export_note(x,
                "files are opened where they are used: k6 wants open() at the top of the script");
    arg(x, "body: { ");
    for (size_t i = 0; i < r->parts_n; i++) {
        const struct form_part *p = &r->parts[i];
        buf_addz(x->out, "[");
        expr(x, p->name);
        buf_addz(x->out, p->has_file_name ? "]: http.file(" : "]: ");
        if (p->file.n) {
            struct buf path = BUF_INIT(8192);
            export_string(&path, export_path(x, p->file));
            buf_add(x->out, file_name(x, buf_slice(&path)));
            buf_free(&path);
        } else if (p->base64) {
            buf_addz(x->out, "encoding.b64decode(");
            export_string(x->out, p->value);
            buf_addz(x->out, ")");
        } else {
            expr(x, p->value);
        }
        if (p->has_file_name) {
            buf_addz(x->out, ", ");
            expr(x, p->file_name);
            buf_addz(x->out, ")");
        }
        buf_addz(x->out, ", ");
    }
    buf_addz(x->out, "},");
}

static void body(struct export *x, const struct request_step *r)
{
    switch (r->body_kind) {
    case BODY_KIND_NONE: return;
    case BODY_KIND_RAW:
    case BODY_KIND_JSON:
        arg(x, "body: ");
        expr(x, r->body);
        break;
    case BODY_KIND_BASE64:
        arg(x, "body: encoding.b64decode(");
        export_string(x->out, r->body);
        buf_addz(x->out, ")");
        break;
    case BODY_KIND_FILE:
        arg(x, "body: open(");
        export_string(x->out, export_path(x, r->body));
        buf_addz(x->out, ", 'b')");
        break;
    case BODY_KIND_FORM:
        arg(x, "body: form([");
        pairs(x, &r->form, "[", ", ", "], ");
        buf_addz(x->out, "])");
        break;
    case BODY_KIND_MULTIPART: parts(x, r); return;
    }
    buf_addz(x->out, ",");
}

static void checks(struct export *x, const struct request_step *r)
{
    if (r->checks_n == 0) return;
    arg(x, "checks: [");
    for (size_t i = 0; i < r->checks_n; i++) {
        const struct check *c = &r->checks[i];
        buf_addf(x->out, "[\"%s\", ", export_check_kind(c->kind));
        if (c->name.n)
            export_string(x->out, c->name);
        else
            buf_addz(x->out, "null");
        buf_addz(x->out, ", ");
        if (c->kind == CHECK_TIME)
            buf_addf(x->out, "%g", (double)c->max_ns / 1e9);
        else if (c->value.p && c->kind == CHECK_BODY_MATCHES)
            export_string(x->out, c->value);
        else if (c->value.p)
            expr(x, c->value);
        else
            buf_addz(x->out, "null");
        buf_addz(x->out, "], ");
    }
    buf_addz(x->out, "],");
}

static void more(struct export *x, const char *key, struct slice value)
{
    if (!value.n) return;
    buf_addf(x->out, "%s: ", key);
    export_string(x->out, value);
    buf_addz(x->out, ", ");
}

static void one_extract(struct export *x, const struct extract *e)
{
    buf_addz(x->out, "[");
    export_string(x->out, e->name);
    buf_addf(x->out, ", \"%s\", ", export_extract_kind(e->kind));
    export_string(x->out, e->expr);
    buf_addz(x->out, ", { ");
    more(x, "right", e->right);
    more(x, "regex", e->regex);
    if (e->nth > 1) buf_addf(x->out, "nth: %u, ", e->nth);
    if (e->optional) buf_addz(x->out, "optional: true, ");
    if (e->has_fallback) {
        buf_addz(x->out, "default: ");
        expr(x, e->fallback);
        buf_addz(x->out, ", ");
    }
    if (e->decode[0]) buf_addz(x->out, "decode: [");
    for (unsigned d = 0; d < 3 && e->decode[d]; d++)
        buf_addf(x->out, "\"%s\", ", export_decode_name(e->decode[d]));
    buf_addz(x->out, e->decode[0] ? "] }], " : "}], ");
}

static void request(struct export *x, const struct request_step *r)
{
    uint64_t timeout = r->timeout_ns ? r->timeout_ns : x->s->timeout_ns;
    buf_addf(x->out, "%*ssend(", (int)x->indent * 2, "");
    export_string(x->out, r->method);
    buf_addz(x->out, ", ");
    expr(x, r->url);
    buf_addz(x->out, ", ");
    export_string(x->out, export_name(x, r));
    buf_addz(x->out, ", {");
    checks(x, r);
    if (r->extract_n) {
        arg(x, "extracts: [");
        for (size_t i = 0; i < r->extract_n; i++)
            one_extract(x, &r->extract[i]);
        buf_addz(x->out, "],");
    }
    headers(x, r);
    body(x, r);
    if (r->redirects) buf_addf(x->out, " redirects: %u,", r->redirects);
    if (timeout) buf_addf(x->out, " timeout: '%llums',", (unsigned long long)(timeout / 1000000));
    buf_addf(x->out, "\n%*s});\n", (int)x->indent * 2, "");
}

static void seconds(struct export *x, const struct wait *w)
{
    double a = (double)w->a_ns / 1e9, b = (double)w->b_ns / 1e9;
    buf_addf(x->out, "%*ssleep(", (int)x->indent * 2, "");
    if (w->kind == WAIT_UNIFORM)
        buf_addf(x->out, "%g + Math.random() * %g", a, b - a);
    else if (w->kind == WAIT_NORMAL)
        buf_addf(x->out, "normal(%g, %g)", a, b);
    else if (w->kind == WAIT_EXPONENTIAL)
        buf_addf(x->out, "exponential(%g)", a);
    else
        buf_addf(x->out, "%g", a);
    buf_addz(x->out, ");\n");
}

static void set(struct export *x, const struct fields *f)
{
    for (size_t i = 0; i < f->n; i++) {
        buf_addf(x->out, "%*sv[", (int)x->indent * 2, "");
        export_string(x->out, f->v[i].name);
        buf_addz(x->out, "] = ");
        expr(x, f->v[i].value);
        buf_addz(x->out, ";\n");
    }
}

static void one(struct export *x, const struct step *s)
{
    switch (s->kind) {
    case STEP_REQUEST: request(x, s->request); return;
    case STEP_SET: set(x, &s->set); return;
    case STEP_THINK: seconds(x, &s->think); return;
    case STEP_PARALLEL:
        export_note(x, "what is fetched in parallel is fetched one after the other");
        steps(x, s->steps, s->steps_n);
        return;
    case STEP_GROUP: steps(x, s->steps, s->steps_n); return;
    case STEP_REPEAT:
        buf_addf(x->out, "%*sfor (let i = 0; i < %u; i++) {\n", (int)x->indent * 2, "", s->times);
        x->indent++;
        steps(x, s->steps, s->steps_n);
        x->indent--;
        buf_addf(x->out, "%*s}\n", (int)x->indent * 2, "");
        return;
    }
}

static void steps(struct export *x, const struct step *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        one(x, &v[i]);
}

static void function(struct export *x, const char *name, const struct step *v, size_t n)
{
    buf_addf(x->out, "\nfunction %s() {\n", name);
    x->indent = 1;
    steps(x, v, n);
    x->indent = 0;
    buf_addz(x->out, "}\n");
}

static void feeds(struct export *x)
{
    static const char *const picks[] = { "sequential", "random", "unique", "shuffle" };
    buf_addz(x->out, "const feeds = {\n");
    for (size_t i = 0; i < x->s->feeds_n; i++) {
        const struct feed *f = &x->s->feeds[i];
        buf_addz(x->out, "  ");
        export_string(x->out, f->name);
        buf_addz(x->out, ": { data: feed(open(");
        export_string(x->out, export_path(x, f->file));
        buf_addf(x->out, "), '%s', '%s'), perIteration: %s },\n", picks[f->pick],
                 feed_recycles(f) ? "recycle" : "stop", f->per_iteration ? "true" : "false");
    }
    buf_addz(x->out, "};\n");
}

static void load(struct export *x)
{
    const struct load *l = &x->s->load;
    unsigned users = l->users ? l->users : 1;
    buf_addz(x->out, "\nexport const options = {\n  scenarios: {\n    users: ");
    if (l->arrival)
        buf_addf(x->out,
                 "{ executor: 'constant-arrival-rate', rate: %g, timeUnit: '1s', duration: '%gs', "
                 "preAllocatedVUs: %u },\n",
                 l->rate > 0 ? l->rate : 1, l->run_time_ns ? (double)l->run_time_ns / 1e9 : 60.0,
                 users);
    else if (l->loops)
        buf_addf(x->out, "{ executor: 'per-vu-iterations', vus: %u, iterations: %llu },\n", users,
                 (unsigned long long)l->loops);
    else
        buf_addf(x->out, "{ executor: 'constant-vus', vus: %u, duration: '%gs' },\n", users,
                 l->run_time_ns ? (double)l->run_time_ns / 1e9 : 60.0);
    buf_addz(x->out, "  },\n  noCookiesReset: true,\n};\n");
    if (l->stages_n) export_note(x, "stages are not taken over");
}

static void main_function(struct export *x)
{
    const struct scenario *s = x->s;
    unsigned total = 0;
    buf_addz(x->out, "\nexport default function () {\n  memo = {};\n  "
                     "Object.entries(feeds).forEach(([name, f], i) => {\n"
                     "    if (!started || f.perIteration) takeRow(name, f.data, f.perIteration ? "
                     "exec.scenario.iterationInTest : __VU - 1);\n"
                     "  });\n  if (!started) onStart();\n  started = true;\n");
    for (size_t i = 0; i < s->tasks_n; i++)
        total += s->tasks[i].weight;
    buf_addf(x->out, "  let choice = Math.random() * %u;\n", total);
    for (size_t i = 0; i < s->tasks_n; i++)
        buf_addf(x->out, "  %sif ((choice -= %u) < 0) task%zu();\n", i ? "else " : "",
                 s->tasks[i].weight, i + 1);
    x->indent = 1;
    if (s->wait.kind != WAIT_NONE && s->wait.kind != WAIT_PACING) seconds(x, &s->wait);
    x->indent = 0;
    if (s->on_stop_n && s->load.loops)
        buf_addf(x->out, "  if (exec.vu.iterationInScenario === %llu) onStop();\n",
                 (unsigned long long)s->load.loops - 1);
    buf_addz(x->out, "}\n");
    if (s->on_stop_n && !s->load.loops)
        export_note(x, "k6 does not reach on_stop unless the load has loops");
}

void export_k6(struct export *x)
{
    const struct scenario *s = x->s;
    buf_addf(x->out,
             "// A k6 script that reprise made of the scenario %.*s: k6 run FILE [-e HOST=URL]\n",
             SL_FMT(s->name));
    buf_add(x->out, export_k6_lib());
    buf_addz(x->out, "\nconst HOST = ");
    export_string(x->out, s->target);
    buf_addz(x->out, ";\n");
    feeds(x);
    load(x);
    buf_addz(x->out, "\nfunction onStart() {\n");
    x->indent = 1;
    set(x, &s->vars);
    steps(x, s->on_start, s->on_start_n);
    x->indent = 0;
    buf_addz(x->out, "}\n");
    for (size_t i = 0; i < s->tasks_n; i++)
        function(x, arena_printf(x->a, "task%zu", i + 1).p, s->tasks[i].steps, s->tasks[i].steps_n);
    if (s->on_stop_n) function(x, "onStop", s->on_stop, s->on_stop_n);
    main_function(x);
    if (s->thresholds_n) export_note(x, "thresholds are not taken over");
}
