/* Scenarios as lists of requests: a shell script of curl commands, a HAR. Called by export.c.
 *
 * Neither has users or extraction. In the script a variable is the shell's: what an answer gives is a
 * comment that says where it stands. In a HAR variables stay as ${name}. */
#include "scenarios/export/export_build.h"

#include "base/enc.h"
#include "base/json.h"
#include "scenarios/template_parse.h"

/* Calls each in order, whatever is around them. */
static void each(struct export *x, const struct step *v, size_t n,
                 void (*call)(struct export *x, const struct request_step *r))
{
    for (size_t i = 0; i < n; i++) {
        if (v[i].request) call(x, v[i].request);
        each(x, v[i].steps, v[i].steps_n, call);
    }
}

static void each_of_all(struct export *x,
                        void (*call)(struct export *x, const struct request_step *r))
{
    each(x, x->s->on_start, x->s->on_start_n, call);
    for (size_t i = 0; i < x->s->tasks_n; i++)
        each(x, x->s->tasks[i].steps, x->s->tasks[i].steps_n, call);
    each(x, x->s->on_stop, x->s->on_stop_n, call);
}

static struct slice full_url(struct export *x, struct slice url)
{
    if (!slice_starts(url, SL("/"))) return url;
    return arena_printf(x->a, "%.*s%.*s", SL_FMT(x->s->target), SL_FMT(url));
}

/* ---- curl ----------------------------------------------------------------------------------------- */

static void in_quotes(struct buf *out, struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\'')
            buf_addz(out, "'\\''");
        else
            buf_addc(out, s.p[i]);
    }
}

/* 'text'"$variable"'text' */
static void word(struct export *x, struct slice text)
{
    struct err err = { 0 };
    const struct template *t = export_template(x, text, &err);
    buf_addc(x->out, '\'');
    for (size_t i = 0; t && i < t->nodes.n; i++) {
        const struct node *n = &t->nodes.v[i];
        const struct node *v = n;
        if (n->kind == NODE_TEXT) {
            in_quotes(x->out, n->text);
            continue;
        }
        if (n->kind == NODE_CALL) {
            export_note(x, "the function %s() is left out: its argument is taken",
                        n->call->fn->name);
            v = n->call->text[0].n ? &n->call->text[0].v[0] : NULL;
        }
        if (!v || v->kind == NODE_CALL) continue;
        buf_addz(x->out, v->kind == NODE_SLOT ? "'\"$" : "");
        struct slice name = v->kind == NODE_SLOT ? arena_dup(x->a, v->text) : v->text;
        for (size_t k = 0; k < name.n; k++)
            buf_addc(x->out, v->kind == NODE_SLOT && (name.p[k] == '.' || name.p[k] == '-')
                                 ? '_'
                                 : name.p[k]);
        buf_addz(x->out, v->kind == NODE_SLOT ? "\"'" : "");
    }
    if (!t) in_quotes(x->out, text);
    buf_addc(x->out, '\'');
}

static void option(struct export *x, const char *name, struct slice value)
{
    buf_addf(x->out, " \\\n  %s ", name);
    word(x, value);
}

static void curl_part(struct export *x, const struct form_part *p)
{
    struct slice value = p->value;
    if (p->file.n) value = arena_printf(x->a, "@%.*s", SL_FMT(export_path(x, p->file)));
    if (p->base64) export_note(x, "a part of bytes that are no text is left out");
    if (p->base64) return;
    struct slice type =
        p->content_type.n ? arena_printf(x->a, ";type=%.*s", SL_FMT(p->content_type)) : SL("");
    option(x,
           p->file.n           ? "--form"
           : p->content_type.n ? "--form"
                               : "--form-string",
           arena_printf(x->a, "%.*s=%.*s%.*s", SL_FMT(p->name), SL_FMT(value), SL_FMT(type)));
}

static void curl_body(struct export *x, const struct request_step *r)
{
    switch (r->body_kind) {
    case BODY_KIND_NONE: return;
    case BODY_KIND_RAW:
    case BODY_KIND_JSON: option(x, "--data-binary", r->body); return;
    case BODY_KIND_BASE64: export_note(x, "a body of bytes that are no text is left out"); return;
    case BODY_KIND_FILE:
        option(x, "--data-binary", arena_printf(x->a, "@%.*s", SL_FMT(export_path(x, r->body))));
        return;
    case BODY_KIND_FORM:
        for (size_t i = 0; i < r->form.n; i++)
            option(x, "--data-urlencode",
                   arena_printf(x->a, "%.*s=%.*s", SL_FMT(r->form.v[i].name),
                                SL_FMT(r->form.v[i].value)));
        return;
    case BODY_KIND_MULTIPART:
        for (size_t i = 0; i < r->parts_n; i++)
            curl_part(x, &r->parts[i]);
        return;
    }
}

static void curl_headers(struct export *x, const struct fields *f)
{
    for (size_t i = 0; i < f->n; i++)
        option(x, "-H",
               arena_printf(x->a, "%.*s: %.*s", SL_FMT(f->v[i].name), SL_FMT(f->v[i].value)));
}

static void curl_request(struct export *x, const struct request_step *r)
{
    struct slice type = export_content_type(x, r);
    buf_addf(x->out, "\n# %.*s\n", SL_FMT(export_name(x, r)));
    buf_addf(x->out, "curl -sS -o answer -D head -b cookies -c cookies -X %.*s ",
             SL_FMT(r->method));
    if (r->redirects) buf_addz(x->out, "-L ");
    word(x, full_url(x, r->url));
    curl_headers(x, &x->s->headers);
    curl_headers(x, &r->headers);
    if (type.n) option(x, "-H", arena_printf(x->a, "Content-Type: %.*s", SL_FMT(type)));
    curl_body(x, r);
    buf_addc(x->out, '\n');
    for (size_t i = 0; i < r->extract_n; i++) {
        const struct extract *e = &r->extract[i];
        buf_addf(x->out, "# %.*s=… from answer or head: %s %.*s\n", SL_FMT(e->name),
                 export_extract_kind(e->kind), SL_FMT(e->expr));
        export_note(x, "variables that answers give are comments: the shell has no extraction");
    }
}

void export_curl(struct export *x)
{
    buf_addf(x->out,
             "#!/bin/sh\n# The requests of the scenario %.*s, made by reprise. Cookies are kept in "
             "the file cookies.\nset -e\n",
             SL_FMT(x->s->name));
    for (size_t i = 0; i < x->s->vars.n; i++) {
        buf_addf(x->out, "%.*s=", SL_FMT(x->s->vars.v[i].name));
        word(x, x->s->vars.v[i].value);
        buf_addc(x->out, '\n');
    }
    for (size_t i = 0; i < scope_slots(x->scope); i++) { /* what answers and feeds would set */
        struct slice name = scope_name(x->scope, (uint32_t)i);
        bool constant = false;
        for (size_t k = 0; k < x->s->vars.n; k++)
            constant = constant || slice_eq(x->s->vars.v[k].name, name);
        if (!constant) buf_addf(x->out, ": \"${%.*s:=}\"\n", SL_FMT(name));
    }
    each_of_all(x, curl_request);
}

/* ---- HAR ------------------------------------------------------------------------------------------ */

static void har_pairs(struct jsonw *w, const struct fields *f)
{
    for (size_t i = 0; i < f->n; i++) {
        jsonw_object(w);
        jsonw_put_str(w, "name", f->v[i].name);
        jsonw_put_str(w, "value", f->v[i].value);
        jsonw_object_end(w);
    }
}

static void har_body(struct export *x, struct jsonw *w, const struct request_step *r)
{
    struct slice type = export_content_type(x, r);
    struct buf b = BUF_INIT((size_t)64 << 20);
    if (r->body_kind == BODY_KIND_NONE) return;
    for (size_t i = 0; i < r->form.n && r->body_kind == BODY_KIND_FORM; i++) {
        if (i) buf_addc(&b, '&');
        enc_percent(&b, r->form.v[i].name, ENC_FORM);
        buf_addc(&b, '=');
        enc_percent(&b, r->form.v[i].value, ENC_FORM);
    }
    if (r->body_kind == BODY_KIND_FORM) type = SL("application/x-www-form-urlencoded");
    if (r->body_kind == BODY_KIND_RAW || r->body_kind == BODY_KIND_JSON) buf_add(&b, r->body);
    jsonw_put_object(w, "postData");
    jsonw_put_str(w, "mimeType", type);
    jsonw_put_str(w, "text", buf_slice(&b));
    jsonw_object_end(w);
    buf_free(&b);
}

static void har_request(struct export *x, const struct request_step *r)
{
    struct jsonw w = { .out = x->out };
    buf_addz(x->out, x->names++ ? ",\n" : "\n");
    jsonw_object(&w);
    jsonw_put_z(&w, "startedDateTime", "1970-01-01T00:00:00.000Z");
    jsonw_put_u64(&w, "time", 0);
    jsonw_put_object(&w, "request");
    jsonw_put_str(&w, "method", r->method);
    jsonw_put_str(&w, "url", full_url(x, r->url));
    jsonw_put_z(&w, "httpVersion", "HTTP/1.1");
    jsonw_put_array(&w, "headers");
    har_pairs(&w, &x->s->headers);
    har_pairs(&w, &r->headers);
    jsonw_array_end(&w);
    har_body(x, &w, r);
    jsonw_put_array(&w, "queryString");
    jsonw_array_end(&w);
    jsonw_put_array(&w, "cookies");
    jsonw_array_end(&w);
    jsonw_put_i64(&w, "headersSize", -1);
    jsonw_put_i64(&w, "bodySize", -1);
    jsonw_object_end(&w);
    jsonw_key(&w, "response");
    jsonw_raw(
        &w,
        SL("{\"status\":0,\"statusText\":\"\",\"httpVersion\":\"\",\"cookies\":[],\"headers\":[],"
           "\"content\":{\"size\":0,\"mimeType\":\"\"},\"redirectURL\":\"\",\"headersSize\":-1,"
           "\"bodySize\":-1}"));
    jsonw_key(&w, "cache");
    jsonw_raw(&w, SL("{}"));
    jsonw_key(&w, "timings");
    jsonw_raw(&w, SL("{\"send\":0,\"wait\":0,\"receive\":0}"));
    jsonw_object_end(&w);
    if (r->parts_n || r->body_kind == BODY_KIND_FILE)
        export_note(x, "bodies from files and parts are left out of the HAR");
}

void export_har(struct export *x)
{
    buf_addz(x->out, "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"reprise\",\"version\":"
                     "\"1\"},\"entries\":[");
    each_of_all(x, har_request);
    buf_addz(x->out, "\n]}}\n");
    export_note(x, "a scenario has no answers: the HAR holds requests, with ${name} for what is "
                   "found at run time");
}
