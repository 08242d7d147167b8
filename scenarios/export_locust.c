/* A scenario as a locustfile: an HttpUser with on_start, weighted tasks and on_stop. Called by export.c.
 *
 * The library in front of it (export_lib/locust.py) has the extractors, checks and functions. Recorded
 * pauses are slept inside the tasks; what ran in parallel runs one after the other. */
#include "scenarios/export_build.h"

static const struct export_lang python = { "self.v[", "]", "self.f_" };

static void steps(struct export *x, const struct step *v, size_t n);

static void expr(struct export *x, struct slice text)
{
    export_expr(x, &python, text);
}

/* An argument on a line of its own. */
static void arg(struct export *x, const char *text)
{
    buf_addf(x->out, ",\n%*s%s", (int)x->indent * 4 + 4, "", text);
}

/* headers={"a": …}; later ones win. */
static void headers(struct export *x, const struct request_step *r)
{
    struct slice type = export_content_type(x, r);
    arg(x, "headers={");
    const struct fields *lists[] = { &x->s->headers, &r->headers };
    for (unsigned l = 0; l < 2; l++)
        for (size_t i = 0; i < lists[l]->n; i++) {
            expr(x, lists[l]->v[i].name);
            buf_addz(x->out, ": ");
            expr(x, lists[l]->v[i].value);
            buf_addz(x->out, ", ");
        }
    if (type.n) {
        buf_addz(x->out, "\"Content-Type\": ");
        export_string(x->out, type);
    }
    buf_addz(x->out, "}");
}

static void parts(struct export *x, const struct request_step *r)
{
    arg(x, "files=[");
    for (size_t i = 0; i < r->parts_n; i++) {
        const struct form_part *p = &r->parts[i];
        buf_addz(x->out, "(");
        expr(x, p->name);
        buf_addz(x->out, ", (");
        if (p->has_file_name)
            expr(x, p->file_name);
        else
            buf_addz(x->out, "None");
        buf_addz(x->out, ", ");
        if (p->file.n) {
            buf_addz(x->out, "open(");
            export_string(x->out, export_path(x, p->file));
            buf_addz(x->out, ", \"rb\").read()");
        } else if (p->base64) {
            buf_addz(x->out, "base64.b64decode(");
            export_string(x->out, p->value);
            buf_addz(x->out, ")");
        } else {
            expr(x, p->value);
        }
        if (p->content_type.n) {
            buf_addz(x->out, ", ");
            expr(x, p->content_type);
        }
        buf_addz(x->out, ")), ");
    }
    buf_addz(x->out, "]");
}

static void form(struct export *x, const struct request_step *r)
{
    arg(x, "data=[");
    for (size_t i = 0; i < r->form.n; i++) {
        buf_addz(x->out, "(");
        expr(x, r->form.v[i].name);
        buf_addz(x->out, ", ");
        expr(x, r->form.v[i].value);
        buf_addz(x->out, "), ");
    }
    buf_addz(x->out, "]");
}

static void body(struct export *x, const struct request_step *r)
{
    switch (r->body_kind) {
    case BODY_KIND_NONE: return;
    case BODY_KIND_RAW:
    case BODY_KIND_JSON:
        arg(x, "data=(");
        expr(x, r->body);
        buf_addz(x->out, ").encode()");
        return;
    case BODY_KIND_BASE64:
        arg(x, "data=base64.b64decode(");
        export_string(x->out, r->body);
        buf_addz(x->out, ")");
        return;
    case BODY_KIND_FILE:
        arg(x, "data=open(");
        export_string(x->out, export_path(x, r->body));
        buf_addz(x->out, ", \"rb\").read()");
        return;
    case BODY_KIND_FORM: form(x, r); return;
    case BODY_KIND_MULTIPART: parts(x, r); return;
    }
}

static void checks(struct export *x, const struct request_step *r)
{
    if (r->checks_n == 0) return;
    arg(x, "checks=[");
    for (size_t i = 0; i < r->checks_n; i++) {
        const struct check *c = &r->checks[i];
        buf_addf(x->out, "(\"%s\", ", export_check_kind(c->kind));
        if (c->name.n)
            export_string(x->out, c->name);
        else
            buf_addz(x->out, "None");
        buf_addz(x->out, ", ");
        if (c->kind == CHECK_TIME)
            buf_addf(x->out, "%g", (double)c->max_ns / 1e9);
        else if (c->value.p && c->kind == CHECK_BODY_MATCHES)
            export_string(x->out, c->value);
        else if (c->value.p)
            expr(x, c->value);
        else
            buf_addz(x->out, "None");
        buf_addz(x->out, "), ");
    }
    buf_addz(x->out, "]");
}

static void more(struct export *x, const char *key, struct slice value)
{
    if (!value.n) return;
    buf_addf(x->out, "\"%s\": ", key);
    export_string(x->out, value);
    buf_addz(x->out, ", ");
}

static void extracts(struct export *x, const struct request_step *r)
{
    if (r->extract_n == 0) return;
    arg(x, "extracts=[");
    for (size_t i = 0; i < r->extract_n; i++) {
        const struct extract *e = &r->extract[i];
        buf_addz(x->out, "(");
        export_string(x->out, e->name);
        buf_addf(x->out, ", \"%s\", ", export_extract_kind(e->kind));
        export_string(x->out, e->expr);
        buf_addz(x->out, ", {");
        more(x, "right", e->right);
        more(x, "regex", e->regex);
        if (e->nth > 1) buf_addf(x->out, "\"nth\": %u, ", e->nth);
        if (e->optional) buf_addz(x->out, "\"optional\": True, ");
        if (e->has_fallback) {
            buf_addz(x->out, "\"default\": ");
            expr(x, e->fallback);
            buf_addz(x->out, ", ");
        }
        if (e->decode[0]) buf_addz(x->out, "\"decode\": [");
        for (unsigned d = 0; d < 3 && e->decode[d]; d++)
            buf_addf(x->out, "\"%s\", ", export_decode_name(e->decode[d]));
        buf_addz(x->out, e->decode[0] ? "]}), " : "}), ");
    }
    buf_addz(x->out, "]");
}

static void request(struct export *x, const struct request_step *r)
{
    export_indent(x);
    buf_addz(x->out, "self.send(");
    export_string(x->out, r->method);
    buf_addz(x->out, ", ");
    expr(x, r->url);
    buf_addz(x->out, ", ");
    export_string(x->out, export_name(x, r));
    checks(x, r);
    extracts(x, r);
    headers(x, r);
    body(x, r);
    if (r->redirects) buf_addz(x->out, ", allow_redirects=True");
    uint64_t timeout = r->timeout_ns ? r->timeout_ns : x->s->timeout_ns;
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

static void set(struct export *x, const struct step *s)
{
    for (size_t i = 0; i < s->set.n; i++) {
        export_indent(x);
        buf_addz(x->out, "self.v[");
        export_string(x->out, s->set.v[i].name);
        buf_addz(x->out, "] = ");
        expr(x, s->set.v[i].value);
        buf_addz(x->out, "\n");
    }
}

static void one(struct export *x, const struct step *s)
{
    switch (s->kind) {
    case STEP_REQUEST: request(x, s->request); return;
    case STEP_SET: set(x, s); return;
    case STEP_THINK:
        export_indent(x);
        buf_addz(x->out, "gevent.sleep(");
        seconds(x, &s->think);
        buf_addz(x->out, ")\n");
        return;
    case STEP_PARALLEL:
        export_note(x, "what is fetched in parallel is fetched one after the other");
        steps(x, s->steps, s->steps_n);
        return;
    case STEP_GROUP: steps(x, s->steps, s->steps_n); return;
    case STEP_REPEAT:
        export_line(x, "for _ in range(%u):", s->times);
        x->indent++;
        steps(x, s->steps, s->steps_n);
        x->indent--;
        return;
    }
}

static void steps(struct export *x, const struct step *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        one(x, &v[i]);
    if (n == 0) export_line(x, "pass");
}

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
    static const char *const picks[] = { "sequential", "random", "unique", "shuffle" };
    static const char *const ends[] = { "recycle", "stop", "stop", "stop" };
    export_indent(x);
    buf_addz(x->out, "feeds = {");
    for (size_t i = 0; i < x->s->feeds_n; i++) {
        const struct feed *f = &x->s->feeds[i];
        export_string(x->out, f->name);
        buf_addz(x->out, ": (Feed(");
        export_string(x->out, export_path(x, f->file));
        buf_addf(x->out, ", \"%s\", \"%s\"), %s), ", picks[f->pick], ends[f->end],
                 f->per_iteration ? "True" : "False");
    }
    buf_addz(x->out, "}\n");
}

static void on_start(struct export *x)
{
    buf_addc(x->out, '\n');
    export_line(x, "def on_start(self):");
    x->indent++;
    export_line(x, "self.begin()");
    for (size_t i = 0; i < x->s->vars.n; i++) {
        struct step s = { .kind = STEP_SET, .set = { &x->s->vars.v[i], 1 } };
        set(x, &s);
    }
    if (x->s->on_start_n) steps(x, x->s->on_start, x->s->on_start_n);
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
        steps(x, t->steps, t->steps_n);
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
        steps(x, x->s->on_stop, x->s->on_stop_n);
    }
    if (l->arrival) export_note(x, "Locust has no open model: choose the number of users (-u)");
    if (x->s->thresholds_n) export_note(x, "thresholds are not taken over");
}
