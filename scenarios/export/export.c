/* What all exporters share, and which one is asked for. Called by cli's export.
 *
 * Templates are compiled as a run would. What scripts alone share is in export_script.c. */
#include "scenarios/export/export_build.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "scenarios/columns.h"
#include "scenarios/template_parse.h"

void export_note(struct export *x, const char *fmt, ...)
{
    char text[500];
    struct export_notes *n = x->notes;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    for (size_t i = 0; i < n->n; i++)
        if (slice_eq(n->v[i], slice_z(text))) return;
    if ((n->n & (n->n - 1)) == 0)
        n->v = arena_grow(n->a, n->v, n->n * sizeof *n->v, (n->n ? 2 * n->n : 1) * sizeof *n->v);
    n->v[n->n++] = arena_dup(n->a, slice_z(text));
}

void export_string(struct buf *out, struct slice text)
{
    buf_addc(out, '"');
    enc_json(out, text);
    buf_addc(out, '"');
}

/* ---- templates ------------------------------------------------------------------------------------ */

/* Feeds' columns are known by their use only. */
static void know_columns(struct export *x, struct slice text)
{
    for (size_t i = 0; i < x->s->feeds_n; i++) {
        struct slice prefix = arena_printf(x->a, "%.*s.", SL_FMT(x->s->feeds[i].name)), rest = text;
        for (size_t at; (at = slice_find(rest, prefix)) != SLICE_NONE;) {
            size_t end = at + prefix.n;
            while (end < rest.n && !strchr(" ,)}+'\"", rest.p[end]))
                end++;
            scope_slot(x->scope, slice_sub(rest, at, end));
            rest = slice_from(rest, end);
        }
    }
}

const struct template *export_template(struct export *x, struct slice text, struct err *err)
{
    know_columns(x, text);
    return template_compile(x->a, x->scope, text, NULL, err);
}

static void know_steps(struct export *x, const struct step *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct request_step *r = v[i].request;
        for (size_t k = 0; r && k < r->extract_n; k++)
            scope_slot(x->scope, r->extract[k].name);
        for (size_t k = 0; k < v[i].set.n; k++)
            scope_slot(x->scope, v[i].set.v[k].name);
        know_steps(x, v[i].steps, v[i].steps_n);
    }
}

static void know_all(struct export *x)
{
    const struct scenario *s = x->s;
    for (size_t i = 0; i < s->vars.n; i++)
        scope_slot(x->scope, s->vars.v[i].name);
    know_steps(x, s->on_start, s->on_start_n);
    know_steps(x, s->on_stop, s->on_stop_n);
    for (size_t i = 0; i < s->tasks_n; i++)
        know_steps(x, s->tasks[i].steps, s->tasks[i].steps_n);
}

/* ---- names ---------------------------------------------------------------------------------------- */

struct slice export_name(struct export *x, const struct request_step *r)
{
    if (r->name.n) return r->name;
    struct buf b = BUF_INIT(4096);
    struct slice rest = slice_sub(r->url, 0, slice_chr(r->url, '?'));
    if (slice_find(r->url, SL("${")) < rest.n) rest = slice_sub(r->url, 0, 400);
    size_t at;
    buf_addf(&b, "%.*s ", SL_FMT(r->method));
    while ((at = slice_find(rest, SL("${"))) != SLICE_NONE) {
        size_t end = template_expr_end(rest, at);
        if (end == SLICE_NONE) break;
        buf_add(&b, slice_sub(rest, 0, at));
        buf_addz(&b, "{}");
        rest = slice_from(rest, end);
    }
    buf_add(&b, slice_sub(rest, 0, slice_chr(rest, '?')));
    struct slice out = arena_dup(x->a, buf_slice(&b));
    buf_free(&b);
    return out;
}

const char *export_extract_kind(enum extract_kind k)
{
    static const char *const names[] = { "json",  "header",  "cookie",   "html", "xml",
                                         "regex", "between", "location", "body" };
    return names[k];
}

const char *export_decode_name(enum extract_decode d)
{
    static const char *const names[] = {
        "none", "percent", "html", "json", "base64", "hex", "jwt"
    };
    return names[d];
}

const char *export_check_kind(enum check_kind k)
{
    static const char *const names[] = { "status", "contains", "not", "matches",
                                         "header", "json",     "time" };
    return names[k];
}

const char *export_pick(enum feed_pick p)
{
    static const char *const names[] = { "sequential", "random", "unique", "shuffle" };
    return names[p];
}

struct slice export_path(struct export *x, struct slice file)
{
    const char *path = columns_path(x->a, x->s, file);
    char *full = realpath(path, NULL);
    struct slice out = arena_dup(x->a, slice_z(full ? full : path));
    free(full);
    return out;
}

struct slice export_identifier(struct export *x, struct slice name)
{
    char *p = arena_z(x->a, slice_sub(name, 0, 60));
    for (char *c = p; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9')))
            *c = '_';
    return arena_printf(x->a, "%s_%zu", *p ? p : "step", ++x->names);
}

static bool has_field(const struct fields *l, struct slice name)
{
    for (size_t i = 0; i < l->n; i++)
        if (slice_ieq(l->v[i].name, name)) return true;
    return false;
}

struct slice export_content_type(const struct export *x, const struct request_step *r)
{
    if (has_field(&r->headers, SL("Content-Type")) || has_field(&x->s->headers, SL("Content-Type")))
        return (struct slice){ 0 };
    if (r->body_kind == BODY_KIND_JSON) return SL("application/json");
    return (struct slice){ 0 };
}

/* ---- which ---------------------------------------------------------------------------------------- */

bool export_scenario(const struct scenario *s, const char *to, struct buf *out,
                     struct export_notes *notes, struct err *err)
{
    static const struct {
        const char *name;
        void (*write)(struct export *x);
    } formats[] = {
        { "locust", export_locust }, { "jmx", export_jmx }, { "k6", export_k6 },
        { "curl", export_curl },     { "har", export_har },
    };
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strcmp(formats[i].name, to) != 0) continue;
        struct export x = { .s = s, .out = out, .a = arena_new(), .notes = notes };
        x.scope = scope_new(x.a);
        know_all(&x);
        formats[i].write(&x);
        arena_free(x.a);
        return !out->bad || err_set(err, ERR_INTERNAL, "the export is too large");
    }
    return err_set(err, ERR_USAGE, "no export to \"%s\": har, curl, jmx, k6, locust", to);
}
