/* A scenario as a k6 script: on_start in each user's first iteration, then a task by weight. Called by
 * export.c.
 *
 * k6 has no end of a user, so on_stop is a function that nobody calls unless the load has loops: then the
 * last iteration does. The library is export_lib/k6.js. */
#include "scenarios/export/export_script.h"

static void headers(struct export *x, const struct request_step *r)
{
    struct slice type = export_content_type(x, r);
    if (r->body_kind == BODY_KIND_FORM) type = SL("application/x-www-form-urlencoded");
    script_arg(x, "headers");
    buf_addz(x->out, "{ ");
    script_pairs(x, &x->s->headers, "[", "]: ", "");
    if (type.n) {
        buf_addz(x->out, "\"Content-Type\": ");
        export_string(x->out, type);
        buf_addz(x->out, ", ");
    }
    script_pairs(x, &r->headers, "[", "]: ", "");
    buf_addc(x->out, '}');
    script_arg_end(x);
}

static void parts(struct export *x, const struct request_step *r)
{
    export_note(x,
                "files are opened where they are used: k6 wants open() at the top of the script");
    script_arg(x, "body");
    buf_addz(x->out, "{ ");
    for (size_t i = 0; i < r->parts_n; i++) {
        const struct form_part *p = &r->parts[i];
        buf_addz(x->out, "[");
        export_expr(x, p->name);
        buf_addz(x->out, p->has_file_name ? "]: http.file(" : "]: ");
        script_part_value(x, p);
        if (p->has_file_name) {
            buf_addz(x->out, ", ");
            export_expr(x, p->file_name);
            buf_addz(x->out, ")");
        }
        buf_addz(x->out, ", ");
    }
    buf_addc(x->out, '}');
    script_arg_end(x);
}

static void finish(struct export *x, const struct request_step *r)
{
    uint64_t timeout = r->timeout_ns ? r->timeout_ns : x->s->timeout_ns;
    if (r->redirects) buf_addf(x->out, " redirects: %u,", r->redirects);
    if (timeout) buf_addf(x->out, " timeout: '%llums',", (unsigned long long)(timeout / 1000000));
    buf_addc(x->out, '\n');
    export_line(x, "});");
}

static void seconds(struct export *x, const struct wait *w)
{
    double a = (double)w->a_ns / 1e9, b = (double)w->b_ns / 1e9;
    if (w->kind == WAIT_UNIFORM)
        buf_addf(x->out, "%g + Math.random() * %g", a, b - a);
    else if (w->kind == WAIT_NORMAL)
        buf_addf(x->out, "normal(%g, %g)", a, b);
    else if (w->kind == WAIT_EXPONENTIAL)
        buf_addf(x->out, "exponential(%g)", a);
    else
        buf_addf(x->out, "%g", a);
}

static const struct export_lang script = {
    .width = 2,
    .call = "f_",
    .nothing = "null",
    .yes = "true",
    .quote = "",
    .assign = ": ",
    .list_close = "] ",
    .end = ";",
    .repeat_end = "}",
    .sleep = "sleep(",
    .send = "send(",
    .options = ", {",
    .body = "body",
    .var = { "v[", "]" },
    .map = { "{ ", "}" },
    .tuple = { "[", "]" },
    .argument = { "", "," },
    .repeat = { "for (let i = 0; i < ", "; i++) {" },
    .text = { "", "" },
    .bytes = { "encoding.b64decode(", ")" },
    .file = { "open(", ", 'b')" },
    .form = { "form([", "])" },
    .headers = headers,
    .parts = parts,
    .finish = finish,
    .seconds = seconds,
};

static void function(struct export *x, const char *name, const struct step *v, size_t n)
{
    buf_addf(x->out, "\nfunction %s() {\n", name);
    x->indent = 1;
    script_steps(x, v, n);
    x->indent = 0;
    buf_addz(x->out, "}\n");
}

static void feeds(struct export *x)
{
    buf_addz(x->out, "const feeds = {\n");
    for (size_t i = 0; i < x->s->feeds_n; i++) {
        const struct feed *f = &x->s->feeds[i];
        buf_addz(x->out, "  ");
        export_string(x->out, f->name);
        buf_addz(x->out, ": { data: feed(open(");
        export_string(x->out, export_path(x, f->file));
        buf_addf(x->out, "), '%s', '%s'), perIteration: %s },\n", export_pick(f->pick),
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
    if (s->wait.kind != WAIT_NONE && s->wait.kind != WAIT_PACING) script_think(x, &s->wait);
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
    x->lang = &script;
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
    script_set(x, &s->vars);
    script_steps(x, s->on_start, s->on_start_n);
    x->indent = 0;
    buf_addz(x->out, "}\n");
    for (size_t i = 0; i < s->tasks_n; i++)
        function(x, arena_printf(x->a, "task%zu", i + 1).p, s->tasks[i].steps, s->tasks[i].steps_n);
    if (s->on_stop_n) function(x, "onStop", s->on_stop, s->on_stop_n);
    main_function(x);
    if (s->thresholds_n) export_note(x, "thresholds are not taken over");
}
