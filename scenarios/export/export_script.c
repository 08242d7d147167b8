/* A scenario's steps as statements of a script: what export_locust.c and export_k6.c share.
 *
 * Templates are walked: text, variables and calls become an expression. The functions of ${…} are methods
 * or functions of the same name in the script's own library. What a language spells is in x->lang. */
#include "scenarios/export/export_script.h"

#include <stdarg.h>
#include <stdio.h>

#include "scenarios/template_parse.h"

void export_indent(struct export *x)
{
    buf_addf(x->out, "%*s", (int)(x->indent * x->lang->width), "");
}

void export_line(struct export *x, const char *fmt, ...)
{
    char text[2000];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (*text) export_indent(x);
    buf_addz(x->out, text);
    buf_addc(x->out, '\n');
}

static void string_in(struct export *x, const struct export_around *in, struct slice text)
{
    buf_addz(x->out, in->open);
    export_string(x->out, text);
    buf_addz(x->out, in->close);
}

/* ---- expressions ---------------------------------------------------------------------------------- */

static void add_nodes(struct export *x, const struct nodes *list);

static void add_argument(struct export *x, const struct call *c, unsigned k, char letter)
{
    if (letter == 't')
        add_nodes(x, &c->text[k]);
    else if (letter == 'n')
        buf_addf(x->out, "%lld", (long long)c->args.n[k]);
    else if (letter == 'd')
        buf_addf(x->out, "%g", (double)c->args.n[k] / 1e9);
    else
        export_string(x->out, c->args.t[k]);
}

static void add_call(struct export *x, const struct call *c)
{
    const char *letter = c->fn->args ? c->fn->args : "";
    buf_addf(x->out, "%s%s(", x->lang->call, c->fn->name);
    for (unsigned k = 0; k < c->args.count && *letter; letter++) {
        if (*letter == '?') continue;
        if (k) buf_addz(x->out, ", ");
        add_argument(x, c, k++, *letter);
    }
    buf_addc(x->out, ')');
}

static void add_nodes(struct export *x, const struct nodes *list)
{
    if (list->n == 0) buf_addz(x->out, "\"\"");
    for (size_t i = 0; i < list->n; i++) {
        const struct node *n = &list->v[i];
        if (i) buf_addz(x->out, " + ");
        if (n->kind == NODE_TEXT) export_string(x->out, n->text);
        if (n->kind == NODE_CALL) add_call(x, n->call);
        if (n->kind == NODE_SLOT) string_in(x, &x->lang->var, n->text);
    }
}

void export_expr(struct export *x, struct slice text)
{
    struct err err = { 0 };
    const struct template *t = export_template(x, text, &err);
    if (t)
        add_nodes(x, &t->nodes);
    else {
        export_note(x, "%s: kept as it stands", err.text);
        export_string(x->out, text);
    }
}

/* ---- a request ------------------------------------------------------------------------------------ */

void script_arg(struct export *x, const char *name)
{
    buf_addf(x->out, "%s\n", x->lang->argument.open);
    x->indent++;
    export_indent(x);
    x->indent--;
    buf_addf(x->out, "%s%s", name, x->lang->assign);
}

void script_arg_end(struct export *x)
{
    buf_addz(x->out, x->lang->argument.close);
}

static void string_or_nothing(struct export *x, struct slice text)
{
    if (text.n)
        export_string(x->out, text);
    else
        buf_addz(x->out, x->lang->nothing);
}

static void one_check(struct export *x, const struct check *c)
{
    const struct export_lang *l = x->lang;
    buf_addf(x->out, "%s\"%s\", ", l->tuple.open, export_check_kind(c->kind));
    string_or_nothing(x, c->name);
    buf_addz(x->out, ", ");
    if (c->kind == CHECK_TIME)
        buf_addf(x->out, "%g", (double)c->max_ns / 1e9);
    else if (c->value.p && c->kind == CHECK_BODY_MATCHES)
        export_string(x->out, c->value);
    else if (c->value.p)
        export_expr(x, c->value);
    else
        buf_addz(x->out, l->nothing);
    buf_addf(x->out, "%s, ", l->tuple.close);
}

static void checks(struct export *x, const struct request_step *r)
{
    if (r->checks_n == 0) return;
    script_arg(x, "checks");
    buf_addc(x->out, '[');
    for (size_t i = 0; i < r->checks_n; i++)
        one_check(x, &r->checks[i]);
    buf_addc(x->out, ']');
    script_arg_end(x);
}

static void key(struct export *x, const char *name)
{
    buf_addf(x->out, "%s%s%s: ", x->lang->quote, name, x->lang->quote);
}

static void more(struct export *x, const char *name, struct slice value)
{
    if (!value.n) return;
    key(x, name);
    export_string(x->out, value);
    buf_addz(x->out, ", ");
}

static void decodes(struct export *x, const struct extract *e)
{
    if (!e->decode[0]) return;
    key(x, "decode");
    buf_addc(x->out, '[');
    for (unsigned d = 0; d < 3 && e->decode[d]; d++)
        buf_addf(x->out, "\"%s\", ", export_decode_name(e->decode[d]));
    buf_addz(x->out, x->lang->list_close);
}

static void extract_options(struct export *x, const struct extract *e)
{
    more(x, "right", e->right);
    more(x, "regex", e->regex);
    if (e->nth > 1) {
        key(x, "nth");
        buf_addf(x->out, "%u, ", e->nth);
    }
    if (e->optional) {
        key(x, "optional");
        buf_addf(x->out, "%s, ", x->lang->yes);
    }
    if (e->has_fallback) {
        key(x, "default");
        export_expr(x, e->fallback);
        buf_addz(x->out, ", ");
    }
    decodes(x, e);
}

static void extracts(struct export *x, const struct request_step *r)
{
    const struct export_lang *l = x->lang;
    if (r->extract_n == 0) return;
    script_arg(x, "extracts");
    buf_addc(x->out, '[');
    for (size_t i = 0; i < r->extract_n; i++) {
        const struct extract *e = &r->extract[i];
        buf_addz(x->out, l->tuple.open);
        export_string(x->out, e->name);
        buf_addf(x->out, ", \"%s\", ", export_extract_kind(e->kind));
        export_string(x->out, e->expr);
        buf_addf(x->out, ", %s", l->map.open);
        extract_options(x, e);
        buf_addf(x->out, "%s%s, ", l->map.close, l->tuple.close);
    }
    buf_addc(x->out, ']');
    script_arg_end(x);
}

void script_pairs(struct export *x, const struct fields *f, const char *open, const char *between,
                  const char *close)
{
    for (size_t i = 0; i < f->n; i++) {
        buf_addz(x->out, open);
        export_expr(x, f->v[i].name);
        buf_addz(x->out, between);
        export_expr(x, f->v[i].value);
        buf_addf(x->out, "%s, ", close);
    }
}

void script_part_value(struct export *x, const struct form_part *p)
{
    if (p->file.n)
        string_in(x, &x->lang->file, export_path(x, p->file));
    else if (p->base64)
        string_in(x, &x->lang->bytes, p->value);
    else
        export_expr(x, p->value);
}

static void form(struct export *x, const struct request_step *r)
{
    const struct export_lang *l = x->lang;
    buf_addz(x->out, l->form.open);
    script_pairs(x, &r->form, l->tuple.open, ", ", l->tuple.close);
    buf_addz(x->out, l->form.close);
}

static void body(struct export *x, const struct request_step *r)
{
    const struct export_lang *l = x->lang;
    if (r->body_kind == BODY_KIND_NONE) return;
    if (r->body_kind == BODY_KIND_MULTIPART) {
        l->parts(x, r);
        return;
    }
    script_arg(x, l->body);
    if (r->body_kind == BODY_KIND_FORM) {
        form(x, r);
    } else if (r->body_kind == BODY_KIND_BASE64) {
        string_in(x, &l->bytes, r->body);
    } else if (r->body_kind == BODY_KIND_FILE) {
        string_in(x, &l->file, export_path(x, r->body));
    } else {
        buf_addz(x->out, l->text.open);
        export_expr(x, r->body);
        buf_addz(x->out, l->text.close);
    }
    script_arg_end(x);
}

static void request(struct export *x, const struct request_step *r)
{
    export_indent(x);
    buf_addz(x->out, x->lang->send);
    export_string(x->out, r->method);
    buf_addz(x->out, ", ");
    export_expr(x, r->url);
    buf_addz(x->out, ", ");
    export_string(x->out, export_name(x, r));
    buf_addz(x->out, x->lang->options);
    checks(x, r);
    extracts(x, r);
    x->lang->headers(x, r);
    body(x, r);
    x->lang->finish(x, r);
}

/* ---- steps ---------------------------------------------------------------------------------------- */

void script_think(struct export *x, const struct wait *w)
{
    export_indent(x);
    buf_addz(x->out, x->lang->sleep);
    x->lang->seconds(x, w);
    buf_addf(x->out, ")%s\n", x->lang->end);
}

void script_set(struct export *x, const struct fields *f)
{
    for (size_t i = 0; i < f->n; i++) {
        export_indent(x);
        string_in(x, &x->lang->var, f->v[i].name);
        buf_addz(x->out, " = ");
        export_expr(x, f->v[i].value);
        buf_addf(x->out, "%s\n", x->lang->end);
    }
}

static void repeat(struct export *x, const struct step *s)
{
    const struct export_lang *l = x->lang;
    export_line(x, "%s%u%s", l->repeat.open, s->times, l->repeat.close);
    x->indent++;
    script_steps(x, s->steps, s->steps_n);
    x->indent--;
    if (l->repeat_end) export_line(x, "%s", l->repeat_end);
}

static void one(struct export *x, const struct step *s)
{
    switch (s->kind) {
    case STEP_REQUEST: request(x, s->request); return;
    case STEP_SET: script_set(x, &s->set); return;
    case STEP_THINK: script_think(x, &s->think); return;
    case STEP_PARALLEL:
        export_note(x, "what is fetched in parallel is fetched one after the other");
        script_steps(x, s->steps, s->steps_n);
        return;
    case STEP_GROUP: script_steps(x, s->steps, s->steps_n); return;
    case STEP_REPEAT: repeat(x, s); return;
    }
}

void script_steps(struct export *x, const struct step *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        one(x, &v[i]);
    if (n == 0 && x->lang->empty) export_line(x, "%s", x->lang->empty);
}
