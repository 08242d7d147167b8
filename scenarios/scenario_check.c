/* scenario_check: every mistake that can be known without running, with its place in the file.
 *
 * Called by scenario_parse and by import on what it made. Texts are compiled as replay will compile them and
 * thrown away. Variables must be known where they are used: on_start is walked in order; tasks come in any
 * order, so that what one of them extracts all of them may use. */
#include <sys/stat.h>

#include "base/num.h"
#include "http/url.h"
#include "scenarios/columns.h"
#include "scenarios/extract.h"
#include "scenarios/template.h"
#include "scenarios/yaml.h"

struct checking {
    const struct scenario *s;
    struct arena *arena;
    struct scope *now; /* what has a value here */
    struct scope *all; /* what gets one anywhere */
    struct ysource src;
    struct err *err;
};

static bool check_steps(struct checking *c, const struct step *steps, size_t n);

static bool fail_at(struct checking *c, struct place at, const char *what)
{
    return yaml_fail(&c->src, at, c->err, "%s", what);
}

/* Gives a place to an error that has none yet. */
static bool fail_set(struct checking *c, struct place at, const char *what)
{
    err_context(c->err, "%s", what);
    return yaml_place_error(&c->src, at, c->err);
}

/* ---- texts ---------------------------------------------------------------------------------------- */

static struct slice source_line(struct slice text, unsigned line)
{
    struct slice piece = SL("");
    while (line-- > 0)
        if (!slice_next(&text, '\n', &piece)) return SL("");
    return piece;
}

/* The place of text[at]: exact where the file shows that line of the text as it is, else where it starts. */
static struct place place_of(const struct checking *c, struct slice text, size_t at,
                             struct place fallback)
{
    struct place start = fallback;
    size_t first = 0;
    unsigned lines = 0;
    for (size_t i = 0; i < c->s->places_n; i++)
        if (c->s->places[i].p == text.p) start = c->s->places[i].place;
    for (size_t i = 0; i < at && i < text.n; i++) {
        if (text.p[i] != '\n') continue;
        first = i + 1;
        lines++;
    }
    struct slice line = source_line(c->src.text, start.line + lines);
    size_t from = lines == 0 && start.column ? start.column - 1 : 0;
    size_t found = slice_find(slice_from(line, from), slice_sub(text, first, at));
    if (start.line == 0 || at == first || found == SLICE_NONE) return start;
    return (struct place){ start.line + lines, (unsigned)(from + found + at - first + 1) };
}

static bool is_name_char(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
           ch == '_' || ch == '-' || (unsigned char)ch >= 0x80;
}

/* A scenario that import made has its feeds not yet on disk: each column that is named is there. */
static void assume_columns(struct checking *c, struct slice text)
{
    for (size_t i = 0; i < c->s->feeds_n; i++) {
        struct slice prefix = arena_printf(c->arena, "%.*s.", SL_FMT(c->s->feeds[i].name));
        struct slice rest = text;
        for (size_t at; (at = slice_find(rest, prefix)) != SLICE_NONE;) {
            size_t end = at + prefix.n;
            while (end < rest.n && is_name_char(rest.p[end]))
                end++;
            scope_slot(c->now, slice_sub(rest, at, end));
            scope_slot(c->all, slice_sub(rest, at, end));
            rest = slice_from(rest, end);
        }
    }
}

static bool check_text(struct checking *c, struct slice text, const char *what, struct place at)
{
    size_t offset = 0;
    struct err later = { 0 };
    if (slice_find(text, SL("${")) == SLICE_NONE) return true;
    if (c->s->text.n == 0) assume_columns(c, text);
    if (template_compile(c->arena, c->now, text, &offset, c->err)) return true;
    struct place place = place_of(c, text, offset, at);
    if (template_compile(c->arena, c->all, text, NULL, &later)) {
        *c->err = (struct err){ .code = ERR_NONE };
        err_set(c->err, ERR_INPUT, "this variable only gets its value later");
    }
    return fail_set(c, place, what);
}

static bool check_fields(struct checking *c, const struct fields *f, const char *what,
                         struct place at)
{
    for (size_t i = 0; i < f->n; i++)
        if (!check_text(c, f->v[i].name, what, at) || !check_text(c, f->v[i].value, what, at))
            return false;
    return true;
}

/* ---- names ---------------------------------------------------------------------------------------- */

static bool check_name(struct checking *c, struct slice name, const char *what, struct place at)
{
    bool ok = name.n > 0 && !(name.p[0] >= '0' && name.p[0] <= '9') && name.p[0] != '-';
    for (size_t i = 0; i < name.n; i++)
        ok = ok && is_name_char(name.p[i]);
    if (ok) return true;
    return yaml_fail(&c->src, at, c->err, "%s \"%.*s\": a name has letters, digits, '_' and '-'",
                     what, SL_FMT(name));
}

static void know(struct scope *scope, const struct step *steps, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct request_step *q = steps[i].request;
        for (size_t k = 0; q && k < q->extract_n; k++)
            scope_slot(scope, q->extract[k].name);
        for (size_t k = 0; k < steps[i].set.n; k++)
            scope_slot(scope, steps[i].set.v[k].name);
        know(scope, steps[i].steps, steps[i].steps_n);
    }
}

/* ---- steps ---------------------------------------------------------------------------------------- */

static bool check_extract(struct checking *c, const struct extract *e)
{
    if (!check_name(c, e->name, "extract", e->place)) return false;
    struct extractor *x = extractor_compile(c->arena, e, c->err);
    if (!x) {
        err_context(c->err, "extract %.*s", SL_FMT(e->name));
        return yaml_place_error(&c->src, e->place, c->err);
    }
    extractor_free(x);
    scope_slot(c->now, e->name);
    return true;
}

static bool check_check(struct checking *c, const struct check *k)
{
    struct checker *x = checker_compile(c->arena, k, c->err);
    if (!x) return fail_set(c, k->place, "expect");
    checker_free(x);
    return !check_has_text(k) || check_text(c, k->value, "expect", k->place);
}

static bool check_url(struct checking *c, const struct request_step *q, struct place at)
{
    bool ok = slice_starts(q->url, SL("/")) || slice_starts(q->url, SL("${")) ||
              slice_istarts(q->url, SL("http://")) || slice_istarts(q->url, SL("https://"));
    if (!ok)
        return yaml_fail(&c->src, at, c->err,
                         "request %.*s: a path starts with '/', another origin with http:// or "
                         "https://",
                         SL_FMT(q->url));
    return check_text(c, q->url, "request", at);
}

/* The path of a file that a request sends, which must be there. */
static bool check_file(struct checking *c, struct slice file, struct place at)
{
    struct stat st;
    if (c->s->text.n == 0) return true;
    const char *path = columns_path(c->arena, c->s, file);
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) return true;
    return yaml_fail(&c->src, place_of(c, file, 0, at), c->err, "there is no file %s", path);
}

static bool check_parts(struct checking *c, const struct request_step *q, struct place at)
{
    for (size_t i = 0; i < q->parts_n; i++) {
        const struct form_part *p = &q->parts[i];
        if (p->file.n && !check_file(c, p->file, at)) return false;
        if (!check_text(c, p->name, "multipart", at) ||
            !check_text(c, p->file_name, "multipart", at) ||
            !check_text(c, p->content_type, "multipart", at))
            return false;
        if (!p->base64 && !check_text(c, p->value, "multipart", at)) return false;
    }
    return true;
}

static bool check_body(struct checking *c, const struct request_step *q, struct place at)
{
    switch (q->body_kind) {
    case BODY_KIND_RAW: return check_text(c, q->body, "body", at);
    case BODY_KIND_JSON: return check_text(c, q->body, "json", at);
    case BODY_KIND_FORM: return check_fields(c, &q->form, "form", at);
    case BODY_KIND_MULTIPART: return check_parts(c, q, at);
    case BODY_KIND_FILE: return check_file(c, q->body, at);
    case BODY_KIND_NONE:
    case BODY_KIND_BASE64: break;
    }
    return true;
}

static bool check_request(struct checking *c, const struct request_step *q, struct place at)
{
    if (!check_url(c, q, at) || !check_fields(c, &q->headers, "headers", at) ||
        !check_body(c, q, at))
        return false;
    for (size_t i = 0; i < q->checks_n; i++)
        if (!check_check(c, &q->checks[i])) return false;
    for (size_t i = 0; i < q->extract_n; i++)
        if (!check_extract(c, &q->extract[i])) return false;
    return true;
}

static bool check_wait(struct checking *c, const struct wait *w, struct place at)
{
    if (w->kind != WAIT_UNIFORM || w->a_ns <= w->b_ns) return true;
    return fail_at(c, at, "wait: the shortest wait is longer than the longest");
}

static bool check_set(struct checking *c, const struct step *s)
{
    for (size_t i = 0; i < s->set.n; i++) {
        if (!check_name(c, s->set.v[i].name, "set", s->place)) return false;
        if (!check_text(c, s->set.v[i].value, "set", s->place)) return false;
        scope_slot(c->now, s->set.v[i].name);
    }
    return true;
}

static bool check_step(struct checking *c, const struct step *s)
{
    switch (s->kind) {
    case STEP_REQUEST: return check_request(c, s->request, s->place);
    case STEP_THINK: return check_wait(c, &s->think, s->place);
    case STEP_SET: return check_set(c, s);
    case STEP_GROUP:
    case STEP_PARALLEL:
    case STEP_REPEAT: break;
    }
    if (s->steps_n == 0) return fail_at(c, s->place, "there are no steps in this");
    return check_steps(c, s->steps, s->steps_n);
}

static bool check_steps(struct checking *c, const struct step *steps, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!check_step(c, &steps[i])) return false;
    return true;
}

/* ---- the top -------------------------------------------------------------------------------------- */

static bool check_tasks(struct checking *c)
{
    const struct scenario *s = c->s;
    uint64_t weight = 0;
    if (s->tasks_n == 0 && s->on_start_n == 0)
        return fail_at(c, (struct place){ 0, 0 }, "there is nothing to do: no tasks");
    for (size_t i = 0; i < s->tasks_n; i++) {
        if (s->tasks[i].steps_n == 0)
            return yaml_fail(&c->src, s->tasks[i].place, c->err, "task \"%.*s\" has no steps",
                             SL_FMT(s->tasks[i].name));
        if (!check_steps(c, s->tasks[i].steps, s->tasks[i].steps_n)) return false;
        weight += s->tasks[i].weight;
    }
    return s->tasks_n == 0 || weight > 0 ||
           fail_at(c, s->tasks[0].place, "all tasks have the weight 0: none would ever run");
}

static bool check_feed(struct checking *c, const struct feed *f)
{
    struct slice *columns;
    size_t n;
    if (!check_name(c, f->name, "feed", f->place)) return false;
    if (f->file.n == 0) return fail_at(c, f->place, "a feed wants a file");
    if (c->s->text.n == 0) return true;
    const char *path = columns_path(c->arena, c->s, f->file);
    if (!columns_read(c->arena, path, &columns, &n, c->err)) {
        err_context(c->err, "feed %.*s", SL_FMT(f->name));
        return yaml_place_error(&c->src, place_of(c, f->file, 0, f->place), c->err);
    }
    for (size_t i = 0; i < n; i++) {
        struct slice name =
            arena_printf(c->arena, "%.*s.%.*s", SL_FMT(f->name), SL_FMT(columns[i]));
        scope_slot(c->now, name);
        scope_slot(c->all, name);
    }
    return true;
}

static bool check_vars(struct checking *c)
{
    const struct fields *vars = &c->s->vars;
    for (size_t i = 0; i < vars->n; i++) {
        struct place at = place_of(c, vars->v[i].value, 0, (struct place){ 0, 0 });
        if (!check_name(c, vars->v[i].name, "vars", at)) return false;
        if (!check_text(c, vars->v[i].value, "vars", at)) return false;
        scope_slot(c->now, vars->v[i].name);
        scope_slot(c->all, vars->v[i].name);
    }
    return true;
}

static bool check_rest(struct checking *c)
{
    const struct load *l = &c->s->load;
    struct url url;
    if (l->arrival != ARRIVAL_NONE && !(l->rate > 0) && l->stages_n == 0)
        return fail_at(c, l->place, "load: an arrival wants a rate, like rate: 50/s");
    for (size_t i = 0; i < c->s->thresholds_n; i++)
        if (slice_trim(c->s->thresholds[i].rule).n == 0)
            return fail_at(c, c->s->thresholds[i].place, "a threshold wants a rule: p(95) < 200ms");
    if (c->s->target.n == 0 || url_parse(c->s->target, &url)) return true;
    return fail_at(c, place_of(c, c->s->target, 0, (struct place){ 0, 0 }),
                   "target: an address like https://shop.example");
}

static bool check_all(struct checking *c)
{
    const struct scenario *s = c->s;
    for (size_t i = 0; i < s->feeds_n; i++)
        if (!check_feed(c, &s->feeds[i])) return false;
    if (!check_vars(c) || !check_rest(c) || !check_wait(c, &s->wait, (struct place){ 0, 0 }))
        return false;
    know(c->all, s->on_start, s->on_start_n);
    for (size_t i = 0; i < s->tasks_n; i++)
        know(c->all, s->tasks[i].steps, s->tasks[i].steps_n);
    if (!check_steps(c, s->on_start, s->on_start_n)) return false;
    c->now = c->all;
    return check_fields(c, &s->headers, "defaults", (struct place){ 0, 0 }) && check_tasks(c) &&
           check_steps(c, s->on_stop, s->on_stop_n);
}

bool scenario_check(const struct scenario *s, struct err *err)
{
    struct err own = { 0 };
    struct arena *a = arena_new();
    struct checking c = { .s = s, .arena = a, .err = err ? err : &own };
    c.now = scope_new(a);
    c.all = scope_new(a);
    c.src = (struct ysource){ s->file.n ? arena_z(a, s->file) : "scenario", s->text };
    bool ok = check_all(&c);
    arena_free(a);
    return ok;
}
