/* A scenario as a locustfile: an HttpUser with on_start, weighted tasks and on_stop. Called by export.c.
 *
 * The library in front of it (export_lib/locust.py) has the extractors, checks and functions. Recorded
 * pauses are slept inside the tasks; what ran in parallel runs one after the other. */
#include "scenarios/export/export_script.h"

/* headers={"a": …}; later ones win. */
static void headers(struct export *x, const struct request_step *r)
{
    struct slice type = export_content_type(x, r);
    script_arg(x, "headers");
    buf_addc(x->out, '{');
    script_pairs(x, &x->s->headers, "", ": ", "");
    script_pairs(x, &r->headers, "", ": ", "");
    if (type.n) {
        buf_addz(x->out, "\"Content-Type\": ");
        export_string(x->out, type);
    }
    buf_addz(x->out, "}");
}

static void parts(struct export *x, const struct request_step *r)
{
    script_arg(x, "files");
    buf_addc(x->out, '[');
    for (size_t i = 0; i < r->parts_n; i++) {
        const struct form_part *p = &r->parts[i];
        buf_addz(x->out, "(");
        export_expr(x, p->name);
        buf_addz(x->out, ", (");
        if (p->has_file_name)
            export_expr(x, p->file_name);
        else
            buf_addz(x->out, "None");
        buf_addz(x->out, ", ");
        script_part_value(x, p);
        if (p->content_type.n) {
            buf_addz(x->out, ", ");
            export_expr(x, p->content_type);
        }
        buf_addz(x->out, ")), ");
    }
    buf_addz(x->out, "]");
}

static void finish(struct export *x, const struct request_step *r)
{
    uint64_t timeout = r->timeout_ns ? r->timeout_ns : x->s->timeout_ns;
    if (r->redirects) buf_addz(x->out, ", allow_redirects=True");
    if (timeout) buf_addf(x->out, ", timeout=%g", (double)timeout / 1e9);
    buf_addz(x->out, ")\n");
}

static void seconds(struct export *x, const struct wait *w)
{
    double a = (double)w->a_ns / 1e9, b = (double)w->b_ns / 1e9;
    switch (w->kind) {
    case WAIT_UNIFORM: buf_addf(x->out, "random.uniform(%g, %g)", a, b); return;
    case WAIT_NORMAL: buf_addf(x->out, "max(0, random.gauss(%g, %g))", a, b); return;
    case WAIT_EXPONENTIAL: buf_addf(x->out, "random.expovariate(1 / %g)", a > 0 ? a : 1e-9); return;
    case WAIT_NONE:
    case WAIT_CONSTANT:
    case WAIT_PACING:
    case WAIT_RECORDED: buf_addf(x->out, "%g", a); return;
    }
}

static const struct export_lang python = {
    .width = 4,
    .call = "self.f_",
    .nothing = "None",
    .yes = "True",
    .quote = "\"",
    .assign = "=",
    .list_close = "]",
    .end = "",
    .empty = "pass",
    .sleep = "gevent.sleep(",
    .send = "self.send(",
    .options = "",
    .body = "data",
    .var = { "self.v[", "]" },
    .map = { "{", "}" },
    .tuple = { "(", ")" },
    .argument = { ",", "" },
    .repeat = { "for _ in range(", "):" },
    .text = { "(", ").encode()" },
    .bytes = { "base64.b64decode(", ")" },
    .file = { "open(", ", \"rb\").read()" },
    .form = { "[", "]" },
    .headers = headers,
    .parts = parts,
    .finish = finish,
    .seconds = seconds,
};

static void wait_time(struct export *x)
{
    export_indent(x);
    if (x->s->wait.kind == WAIT_PACING) {
        buf_addf(x->out, "wait_time = constant_pacing(%g)\n", (double)x->s->wait.a_ns / 1e9);
    } else if (x->s->wait.kind == WAIT_UNIFORM) {
        buf_addf(x->out, "wait_time = between(%g, %g)\n", (double)x->s->wait.a_ns / 1e9,
                 (double)x->s->wait.b_ns / 1e9);
    } else {
        buf_addz(x->out, "wait_time = lambda self: ");
        seconds(x, &x->s->wait);
        buf_addz(x->out, "\n");
    }
}

static void feeds(struct export *x)
{
    export_indent(x);
    buf_addz(x->out, "feeds = {");
    for (size_t i = 0; i < x->s->feeds_n; i++) {
        const struct feed *f = &x->s->feeds[i];
        export_string(x->out, f->name);
        buf_addz(x->out, ": (Feed(");
        export_string(x->out, export_path(x, f->file));
        buf_addf(x->out, ", \"%s\", \"%s\"), %s), ", export_pick(f->pick),
                 feed_recycles(f) ? "recycle" : "stop", f->per_iteration ? "True" : "False");
    }
    buf_addz(x->out, "}\n");
}

static void on_start(struct export *x)
{
    buf_addc(x->out, '\n');
    export_line(x, "def on_start(self):");
    x->indent++;
    export_line(x, "self.begin()");
    script_set(x, &x->s->vars);
    if (x->s->on_start_n) script_steps(x, x->s->on_start, x->s->on_start_n);
    x->indent--;
}

static void tasks(struct export *x)
{
    for (size_t i = 0; i < x->s->tasks_n; i++) {
        const struct task *t = &x->s->tasks[i];
        if (t->weight == 0) continue; /* Locust would run it anyway */
        buf_addc(x->out, '\n');
        export_line(x, "@task(%u)", t->weight);
        export_line(x, "def %.*s(self):", SL_FMT(export_identifier(x, t->name)));
        x->indent++;
        export_line(x, "self.begin_iteration()");
        script_steps(x, t->steps, t->steps_n);
        x->indent--;
    }
    if (x->s->tasks_n) return;
    buf_addc(x->out, '\n');
    export_line(x, "@task");
    export_line(x, "def nothing(self):");
    export_line(x, "    raise StopUser()");
}

void export_locust(struct export *x)
{
    const struct load *l = &x->s->load;
    x->lang = &python;
    export_line(x, "\"\"\"A locustfile that reprise made of the scenario %.*s.",
                SL_FMT(x->s->name));
    buf_addc(x->out, '\n');
    export_line(x, "    locust -f FILE --headless -u %u -r %g -H %.*s", l->users ? l->users : 1,
                l->spawn_rate > 0 ? l->spawn_rate : 1.0, SL_FMT(x->s->target));
    export_line(x, "\"\"\"");
    buf_add(x->out, export_locust_lib());
    buf_addz(x->out, "\n\nclass User(Visitor):\n");
    x->indent = 1;
    export_indent(x);
    buf_addz(x->out, "host = ");
    export_string(x->out, x->s->target);
    buf_addc(x->out, '\n');
    wait_time(x);
    export_line(x, "loops = %llu", (unsigned long long)l->loops);
    feeds(x);
    on_start(x);
    tasks(x);
    if (x->s->on_stop_n) {
        buf_addc(x->out, '\n');
        export_line(x, "def on_stop(self):");
        x->indent++;
        script_steps(x, x->s->on_stop, x->s->on_stop_n);
    }
    if (l->arrival) export_note(x, "Locust has no open model: choose the number of users (-u)");
    if (x->s->thresholds_n) export_note(x, "thresholds are not taken over");
}
