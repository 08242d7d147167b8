/* A scenario as a JMeter test plan that JMeter from 2.13 on opens. Called by export.c.
 *
 * One thread group that loops once: on_start, a loop controller with the tasks, on_stop; so each user does
 * what it does in a run. Weights become shares of throughput controllers. JSON paths become patterns,
 * because JMeter 2 knows no JSON. */
#include "scenarios/export/export_xml.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/enc.h"
#include "http/url.h"
#include "scenarios/template_parse.h"

/* ---- XML ------------------------------------------------------------------------------------------ */

void xml_raw(struct export *x, const char *fmt, ...)
{
    char text[1000];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    buf_addf(x->out, "%*s%s\n", (int)x->indent * 2, "", text);
}

static void escaped(struct export *x, struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '\r')
            buf_addz(x->out, "&#xd;");
        else if (c >= 0x20 || c == '\n' || c == '\t')
            enc_html(x->out, slice_sub(s, i, i + 1));
        else
            export_note(x, "a control character, which XML forbids, is left out");
    }
}

void xml_begin(struct export *x, const char *name, const char *gui, struct slice label)
{
    buf_addf(x->out, "%*s<%s guiclass=\"%s\" testclass=\"%s\" testname=\"", (int)x->indent * 2, "",
             name, gui, name);
    escaped(x, label);
    buf_addz(x->out, "\" enabled=\"true\">\n");
    x->indent++;
}

void xml_below(struct export *x, const char *name)
{
    x->indent--;
    xml_raw(x, "</%s>", name);
    xml_raw(x, "<hashTree>");
    x->indent++;
}

void xml_alone(struct export *x, const char *name)
{
    x->indent--;
    xml_raw(x, "</%s>", name);
    xml_raw(x, "<hashTree/>");
}

void xml_up(struct export *x)
{
    x->indent--;
    xml_raw(x, "</hashTree>");
}

void xml_text(struct export *x, const char *name, struct slice value)
{
    buf_addf(x->out, "%*s<stringProp name=\"%s\">", (int)x->indent * 2, "", name);
    escaped(x, value);
    buf_addz(x->out, "</stringProp>\n");
}

void xml_textz(struct export *x, const char *name, const char *value)
{
    xml_text(x, name, slice_z(value));
}

void xml_bool(struct export *x, const char *name, bool value)
{
    xml_raw(x, "<boolProp name=\"%s\">%s</boolProp>", name, value ? "true" : "false");
}

/* ---- text ----------------------------------------------------------------------------------------- */

static void words(struct export *x, struct buf *out, const struct nodes *list, bool dynamic);

/* JMeter takes '\' in front of '$', ',' and '\' for an escape once a text has a variable. */
static void literal(struct buf *out, struct slice s, bool dynamic)
{
    for (size_t i = 0; i < s.n; i++) {
        bool mark = s.p[i] == '$' && i + 1 < s.n && s.p[i + 1] == '{';
        if (mark || (dynamic && s.p[i] == '\\')) buf_addc(out, '\\');
        buf_addc(out, s.p[i]);
    }
}

static void call(struct export *x, struct buf *out, const struct call *c)
{
    struct slice name = slice_z(c->fn->name);
    if (slice_eq(name, SL("uuid")))
        buf_addz(out, "${__UUID()}");
    else if (slice_eq(name, SL("random")))
        buf_addf(out, "${__Random(%lld,%lld,)}", (long long)c->args.n[0], (long long)c->args.n[1]);
    else if (slice_eq(name, SL("randstr")))
        buf_addf(out, "${__RandomString(%lld,abcdefghijklmnopqrstuvwxyz0123456789,)}",
                 (long long)c->args.n[0]);
    else if (slice_eq(name, SL("now_ms")))
        buf_addz(out, "${__time(,)}");
    else if (slice_eq(name, SL("now")))
        buf_addz(out, "${__time(/1000,)}");
    else if (slice_eq(name, SL("vu")))
        buf_addz(out, "${__threadNum}");
    else if (slice_eq(name, SL("counter")))
        buf_addz(out, "${__counter(TRUE,)}");
    else if (slice_eq(name, SL("unique"))) {
        words(x, out, &c->text[0], true);
        buf_addz(out, "${__threadNum}x${__time(,)}");
    } else if (slice_eq(name, SL("urlencode")) || slice_eq(name, SL("formencode"))) {
        buf_addz(out, "${__urlencode(");
        words(x, out, &c->text[0], true);
        buf_addz(out, ")}");
    } else {
        export_note(x,
                    "the function %s() has no counterpart in JMeter: its first argument is taken",
                    c->fn->name);
        words(x, out, &c->text[0], true);
    }
}

static void words(struct export *x, struct buf *out, const struct nodes *list, bool dynamic)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct node *n = &list->v[i];
        struct slice feed, column = n->text;
        if (n->kind == NODE_TEXT) literal(out, n->text, dynamic);
        if (n->kind == NODE_CALL) call(x, out, n->call);
        if (n->kind != NODE_SLOT) continue;
        /* A CSV's columns are variables by their own names. */
        slice_cut(n->text, '.', &feed, &column);
        buf_addf(out, "${%.*s}", SL_FMT(column));
    }
}

struct slice jmx_words(struct export *x, struct slice text)
{
    struct err err = { 0 };
    struct buf b = BUF_INIT((size_t)64 << 20);
    const struct template *t = export_template(x, text, &err);
    if (!t) {
        export_note(x, "%s: kept as it stands", err.text);
        return text;
    }
    words(x, &b, &t->nodes, !template_is_static(t));
    struct slice out = arena_dup(x->a, buf_slice(&b));
    buf_free(&b);
    return out;
}

/* ---- requests ------------------------------------------------------------------------------------- */

static void argument(struct export *x, struct slice name, struct slice value, bool encode)
{
    buf_addf(x->out, "%*s<elementProp name=\"", (int)x->indent * 2, "");
    escaped(x, jmx_words(x, name));
    buf_addz(x->out, "\" elementType=\"HTTPArgument\">\n");
    x->indent++;
    xml_bool(x, "HTTPArgument.always_encode", encode);
    xml_text(x, "Argument.value", jmx_words(x, value));
    xml_textz(x, "Argument.metadata", "=");
    if (name.n) {
        xml_bool(x, "HTTPArgument.use_equals", true);
        xml_text(x, "Argument.name", jmx_words(x, name));
    }
    x->indent--;
    xml_raw(x, "</elementProp>");
}

static void arguments(struct export *x, const struct request_step *r)
{
    bool raw = r->body_kind == BODY_KIND_RAW || r->body_kind == BODY_KIND_JSON;
    if (r->body_kind == BODY_KIND_BASE64)
        export_note(x, "a body of bytes that are no text is left out");
    if (raw) xml_bool(x, "HTTPSampler.postBodyRaw", true);
    xml_raw(x, "<elementProp name=\"HTTPsampler.Arguments\" elementType=\"Arguments\">");
    xml_raw(x, "<collectionProp name=\"Arguments.arguments\">");
    x->indent++;
    if (raw) argument(x, (struct slice){ 0 }, r->body, false);
    for (size_t i = 0; i < r->form.n && r->body_kind == BODY_KIND_FORM; i++)
        argument(x, r->form.v[i].name, r->form.v[i].value, true);
    for (size_t i = 0; i < r->parts_n && r->body_kind == BODY_KIND_MULTIPART; i++)
        if (!r->parts[i].file.n) argument(x, r->parts[i].name, r->parts[i].value, false);
    x->indent--;
    xml_raw(x, "</collectionProp>");
    xml_raw(x, "</elementProp>");
}

static void file(struct export *x, struct slice path, struct slice name, struct slice type)
{
    xml_raw(x, "<elementProp name=\"file\" elementType=\"HTTPFileArg\">");
    xml_text(x, "File.path", export_path(x, path));
    xml_text(x, "File.paramname", jmx_words(x, name));
    xml_text(x, "File.mimetype", type);
    xml_raw(x, "</elementProp>");
}

static void files(struct export *x, const struct request_step *r)
{
    bool any = r->body_kind == BODY_KIND_FILE;
    for (size_t i = 0; i < r->parts_n; i++)
        any = any || r->parts[i].file.n;
    if (!any) return;
    xml_raw(x, "<elementProp name=\"HTTPsampler.Files\" elementType=\"HTTPFileArgs\">");
    xml_raw(x, "<collectionProp name=\"HTTPFileArgs.files\">");
    if (r->body_kind == BODY_KIND_FILE) file(x, r->body, (struct slice){ 0 }, (struct slice){ 0 });
    for (size_t i = 0; i < r->parts_n; i++)
        if (r->parts[i].file.n)
            file(x, r->parts[i].file, r->parts[i].name, r->parts[i].content_type);
    xml_raw(x, "</collectionProp>");
    xml_raw(x, "</elementProp>");
}

static void header(struct export *x, struct slice name, struct slice value)
{
    xml_raw(x, "<elementProp name=\"\" elementType=\"Header\">");
    xml_text(x, "Header.name", jmx_words(x, name));
    xml_text(x, "Header.value", jmx_words(x, value));
    xml_raw(x, "</elementProp>");
}

static void headers(struct export *x, const struct fields *f, struct slice type)
{
    if (f->n == 0 && type.n == 0) return;
    xml_begin(x, "HeaderManager", "HeaderPanel", SL("Headers"));
    xml_raw(x, "<collectionProp name=\"HeaderManager.headers\">");
    for (size_t i = 0; i < f->n; i++)
        header(x, f->v[i].name, f->v[i].value);
    if (type.n) header(x, SL("Content-Type"), type);
    xml_raw(x, "</collectionProp>");
    xml_alone(x, "HeaderManager");
}

static void request(struct export *x, const struct request_step *r)
{
    uint64_t timeout = r->timeout_ns ? r->timeout_ns : x->s->timeout_ns;
    xml_begin(x, "HTTPSamplerProxy", "HttpTestSampleGui", export_name(x, r));
    arguments(x, r);
    files(x, r);
    xml_textz(x, "HTTPSampler.domain", "");
    xml_textz(x, "HTTPSampler.port", "");
    xml_textz(x, "HTTPSampler.protocol", "");
    xml_text(x, "HTTPSampler.path", jmx_words(x, r->url));
    xml_text(x, "HTTPSampler.method", r->method);
    xml_bool(x, "HTTPSampler.follow_redirects", r->redirects > 0);
    xml_bool(x, "HTTPSampler.auto_redirects", false);
    xml_bool(x, "HTTPSampler.use_keepalive", true);
    xml_bool(x, "HTTPSampler.DO_MULTIPART_POST", r->body_kind == BODY_KIND_MULTIPART);
    if (timeout)
        xml_text(x, "HTTPSampler.response_timeout",
                 arena_printf(x->a, "%llu", (unsigned long long)(timeout / 1000000)));
    xml_below(x, "HTTPSamplerProxy");
    headers(x, &r->headers, export_content_type(x, r));
    for (size_t i = 0; i < r->extract_n; i++)
        jmx_extract(x, &r->extract[i]);
    for (size_t i = 0; i < r->checks_n; i++)
        jmx_assert(x, &r->checks[i]);
    xml_up(x);
}

/* ---- steps ---------------------------------------------------------------------------------------- */

static void pause_step(struct export *x, const struct wait *w)
{
    unsigned long long a = w->a_ns / 1000000, b = w->b_ns / 1000000;
    struct slice ms = arena_printf(x->a, "%llu", a);
    if (w->kind == WAIT_NONE || w->kind == WAIT_PACING) return;
    if (w->kind == WAIT_UNIFORM) ms = arena_printf(x->a, "${__Random(%llu,%llu,)}", a, b);
    if (w->kind == WAIT_NORMAL || w->kind == WAIT_EXPONENTIAL)
        export_note(x, "pauses of a normal or exponential distribution are constant");
    xml_begin(x, "TestAction", "TestActionGui", SL("Pause"));
    xml_raw(x, "<intProp name=\"ActionProcessor.action\">1</intProp>");
    xml_raw(x, "<intProp name=\"ActionProcessor.target\">0</intProp>");
    xml_text(x, "ActionProcessor.duration", ms);
    xml_alone(x, "TestAction");
}

static void variables(struct export *x, const struct fields *f)
{
    xml_begin(x, "Arguments", "ArgumentsPanel", SL("Variables"));
    xml_raw(x, "<collectionProp name=\"Arguments.arguments\">");
    for (size_t i = 0; i < f->n; i++) {
        xml_raw(x, "<elementProp name=\"%.*s\" elementType=\"Argument\">", SL_FMT(f->v[i].name));
        xml_text(x, "Argument.name", f->v[i].name);
        xml_text(x, "Argument.value", jmx_words(x, f->v[i].value));
        xml_textz(x, "Argument.metadata", "=");
        xml_raw(x, "</elementProp>");
    }
    xml_raw(x, "</collectionProp>");
    xml_alone(x, "Arguments");
}

static void steps(struct export *x, const struct step *v, size_t n);

static void loop_begin(struct export *x, const char *label, struct slice times)
{
    xml_begin(x, "LoopController", "LoopControlPanel", slice_z(label));
    xml_bool(x, "LoopController.continue_forever", true);
    xml_text(x, "LoopController.loops", times);
    xml_below(x, "LoopController");
}

static void set(struct export *x, const struct step *s)
{
    export_note(x, "variables set on the way (set:) are set once, at the start of JMeter");
    variables(x, &s->set);
}

static void one(struct export *x, const struct step *s)
{
    switch (s->kind) {
    case STEP_REQUEST: request(x, s->request); return;
    case STEP_THINK: pause_step(x, &s->think); return;
    case STEP_SET: set(x, s); return;
    case STEP_PARALLEL:
        export_note(x, "what is fetched in parallel is fetched one after the other");
        steps(x, s->steps, s->steps_n);
        return;
    case STEP_GROUP:
        xml_begin(x, "GenericController", "LogicControllerGui", s->name);
        xml_below(x, "GenericController");
        steps(x, s->steps, s->steps_n);
        xml_up(x);
        return;
    case STEP_REPEAT:
        loop_begin(x, "Repeat", arena_printf(x->a, "%u", s->times));
        steps(x, s->steps, s->steps_n);
        xml_up(x);
        return;
    }
}

static void steps(struct export *x, const struct step *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        one(x, &v[i]);
}

/* ---- the plan ------------------------------------------------------------------------------------- */

static void feed(struct export *x, const struct feed *f)
{
    if (f->pick != PICK_SEQUENTIAL)
        export_note(x, "rows of %.*s are taken in their order", SL_FMT(f->name));
    xml_begin(x, "CSVDataSet", "TestBeanGUI", f->name);
    xml_textz(x, "delimiter", ",");
    xml_textz(x, "fileEncoding", "UTF-8");
    xml_text(x, "filename", export_path(x, f->file));
    xml_bool(x, "quotedData", true);
    xml_bool(x, "recycle", feed_recycles(f));
    xml_textz(x, "shareMode", "shareMode.all");
    xml_bool(x, "stopThread", !feed_recycles(f));
    xml_textz(x, "variableNames", "");
    xml_alone(x, "CSVDataSet");
}

static void feeds(struct export *x, bool in_loop)
{
    for (size_t i = 0; i < x->s->feeds_n; i++) {
        bool loop = x->s->feeds[i].per_iteration && x->s->on_start_n == 0;
        if (loop == in_loop) feed(x, &x->s->feeds[i]);
    }
}

static void task(struct export *x, const struct task *t, unsigned total)
{
    bool share = x->s->tasks_n > 1;
    xml_begin(x, share ? "ThroughputController" : "GenericController",
              share ? "ThroughputControllerGui" : "LogicControllerGui", t->name);
    if (share) {
        xml_raw(x, "<intProp name=\"ThroughputController.style\">1</intProp>");
        xml_bool(x, "ThroughputController.perThread", true);
        xml_raw(x, "<intProp name=\"ThroughputController.maxThroughput\">1</intProp>");
        xml_raw(x,
                "<FloatProperty><name>ThroughputController.percentThroughput</name>"
                "<value>%.2f</value><savedValue>0.0</savedValue></FloatProperty>",
                total ? 100.0 * t->weight / total : 0);
    }
    xml_below(x, share ? "ThroughputController" : "GenericController");
    steps(x, t->steps, t->steps_n);
    xml_up(x);
}

static void tasks(struct export *x)
{
    const struct load *l = &x->s->load;
    unsigned total = 0;
    for (size_t i = 0; i < x->s->tasks_n; i++)
        total += x->s->tasks[i].weight;
    if (x->s->tasks_n == 0) return;
    struct slice times =
        l->loops ? arena_printf(x->a, "%llu", (unsigned long long)l->loops) : SL("-1");
    loop_begin(x, "Iterations", times);
    feeds(x, true);
    for (size_t i = 0; i < x->s->tasks_n; i++)
        task(x, &x->s->tasks[i], total);
    pause_step(x, &x->s->wait);
    xml_up(x);
    if (l->loops == 0 && x->s->on_stop_n)
        export_note(x, "JMeter does not reach on_stop unless the load has loops");
}

static void group_head(struct export *x)
{
    const struct load *l = &x->s->load;
    unsigned users = l->users ? l->users : 1;
    double ramp = l->spawn_rate > 0 ? users / l->spawn_rate : 0;
    xml_begin(x, "ThreadGroup", "ThreadGroupGui", SL("Users"));
    xml_textz(x, "ThreadGroup.on_sample_error", "continue");
    xml_raw(x, "<elementProp name=\"ThreadGroup.main_controller\" elementType=\"LoopController\" "
               "guiclass=\"LoopControlPanel\" testclass=\"LoopController\">");
    xml_bool(x, "LoopController.continue_forever", false);
    xml_textz(x, "LoopController.loops", "1");
    xml_raw(x, "</elementProp>");
    xml_text(x, "ThreadGroup.num_threads", arena_printf(x->a, "%u", users));
    xml_text(x, "ThreadGroup.ramp_time", arena_printf(x->a, "%.0f", ramp));
    xml_bool(x, "ThreadGroup.scheduler", l->run_time_ns > 0);
    xml_text(x, "ThreadGroup.duration",
             l->run_time_ns
                 ? arena_printf(x->a, "%llu", (unsigned long long)(l->run_time_ns / 1000000000))
                 : SL(""));
    xml_textz(x, "ThreadGroup.delay", "");
    xml_below(x, "ThreadGroup");
}

static void defaults(struct export *x)
{
    struct url u;
    xml_begin(x, "ConfigTestElement", "HttpDefaultsGui", SL("Target"));
    xml_raw(x, "<elementProp name=\"HTTPsampler.Arguments\" elementType=\"Arguments\">"
               "<collectionProp name=\"Arguments.arguments\"/></elementProp>");
    if (url_parse(x->s->target, &u)) {
        xml_text(x, "HTTPSampler.domain", u.host);
        xml_text(x, "HTTPSampler.port", u.port_given ? arena_printf(x->a, "%u", u.port) : SL(""));
        xml_text(x, "HTTPSampler.protocol", u.scheme);
    }
    xml_textz(x, "HTTPSampler.implementation", "HttpClient4");
    xml_alone(x, "ConfigTestElement");
    xml_begin(x, "CookieManager", "CookiePanel", SL("Cookies"));
    xml_raw(x, "<collectionProp name=\"CookieManager.cookies\"/>");
    xml_bool(x, "CookieManager.clearEachIteration", false);
    xml_alone(x, "CookieManager");
}

void export_jmx(struct export *x)
{
    buf_addz(x->out,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
             "<jmeterTestPlan version=\"1.2\" properties=\"2.8\" jmeter=\"2.13\">\n<hashTree>\n");
    xml_begin(x, "TestPlan", "TestPlanGui", x->s->name);
    xml_textz(x, "TestPlan.comments", "made by reprise");
    xml_bool(x, "TestPlan.functional_mode", false);
    xml_bool(x, "TestPlan.serialize_threadgroups", false);
    xml_raw(x, "<elementProp name=\"TestPlan.user_defined_variables\" elementType=\"Arguments\">"
               "<collectionProp name=\"Arguments.arguments\"/></elementProp>");
    xml_below(x, "TestPlan");
    if (x->s->vars.n) variables(x, &x->s->vars);
    group_head(x);
    defaults(x);
    headers(x, &x->s->headers, (struct slice){ 0 });
    feeds(x, false);
    steps(x, x->s->on_start, x->s->on_start_n);
    tasks(x);
    steps(x, x->s->on_stop, x->s->on_stop_n);
    xml_up(x);
    xml_up(x);
    buf_addz(x->out, "</hashTree>\n</jmeterTestPlan>\n");
    if (x->s->load.arrival)
        export_note(x, "JMeter has no open model of its own: choose the number of threads");
    if (x->s->thresholds_n) export_note(x, "thresholds are not taken over");
}
