/* What the readers of plans share. Called by jmx*.c, tsung.c, postman.c, curl*.c.
 *
 * Invariant: every text that gets into the scenario went through foreign_add_text or foreign_add_var, so
 * that a "${" of the plan's own is never taken for ours. */
#include "scenarios/foreign/foreign_build.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/enc.h"
#include "base/num.h"
#include "http/url.h"
#include "scenarios/extract.h"
#include "scenarios/template.h"

#define TEXT_MAX ((size_t)64 << 20)

void *foreign_room(struct foreign *f, void *v, size_t n, size_t size)
{
    return import_report_room(f->a, v, n, size);
}

void foreign_drop(struct foreign *f, const char *reason)
{
    import_report_count(f->a, &f->report->dropped, &f->report->dropped_n, slice_z(reason));
}

void foreign_warn(struct foreign *f, const char *advice, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    import_report_warn(f->a, f->report, advice, fmt, ap);
    va_end(ap);
}

struct slice foreign_keep(struct foreign *f, struct slice s)
{
    return s.n ? arena_dup(f->a, s) : (struct slice){ 0 };
}

/* ---- variables ------------------------------------------------------------------------------------ */

struct slice foreign_name(struct foreign *f, struct slice name)
{
    struct buf b = BUF_INIT(1000);
    name = slice_sub(slice_trim(name), 0, 200);
    if (name.n == 0 || (name.p[0] >= '0' && name.p[0] <= '9') || name.p[0] == '-')
        buf_addc(&b, '_');
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-' || (unsigned char)c >= 0x80;
        buf_addc(&b, ok ? c : '_');
    }
    struct slice out = arena_dup(f->a, buf_slice(&b));
    buf_free(&b);
    return out;
}

struct foreign_var *foreign_var(struct foreign *f, struct slice name)
{
    return map_get(f->vars, name);
}

struct foreign_var *foreign_declare(struct foreign *f, struct slice name, struct slice expr)
{
    void **at = map_at(f->vars, arena_dup(f->a, name));
    if (!*at) *at = arena_one(f->a, struct foreign_var);
    struct foreign_var *v = *at;
    v->expr = expr.n ? expr : foreign_name(f, name);
    return v;
}

void foreign_constant(struct foreign *f, struct slice name, struct slice value)
{
    struct foreign_var *v = foreign_declare(f, name, (struct slice){ 0 });
    v->value = arena_dup(f->a, value);
    foreign_set_field(f, &f->s->vars, v->expr, v->value);
}

void foreign_add_var(struct foreign *f, struct buf *out, struct slice name, enum foreign_encode how)
{
    const struct foreign_var *v = foreign_var(f, name);
    if (!v) {
        foreign_warn(f, "give it a value under vars, or extract it from an answer",
                     "nothing sets the variable %.*s: it is empty (vars)", SL_FMT(name));
        foreign_constant(f, name, (struct slice){ 0 });
        v = foreign_var(f, name);
    }
    if (how == FOREIGN_QUERY)
        buf_addf(out, "${urlencode(%.*s)}", SL_FMT(v->expr));
    else
        buf_addf(out, "${%.*s}", SL_FMT(v->expr));
}

void foreign_add_text(struct buf *out, struct slice text, enum foreign_encode how)
{
    if (how == FOREIGN_QUERY)
        enc_percent(out, text, ENC_COMPONENT);
    else
        template_escape(out, text);
}

static const struct foreign_var *by_expr(struct foreign *f, struct slice expr)
{
    struct slice key;
    void *value;
    for (size_t i = 0; map_next(f->vars, &i, &key, &value);) {
        const struct foreign_var *v = value;
        if (v->value.p && slice_eq(v->expr, expr)) return v;
    }
    return NULL;
}

struct slice foreign_resolved(struct foreign *f, struct slice text)
{
    for (unsigned round = 0; round < 4; round++) { /* constants of constants */
        struct buf b = BUF_INIT(1 << 16);
        size_t at;
        bool changed = false;
        struct slice rest = text;
        while ((at = slice_find(rest, SL("${"))) != SLICE_NONE) {
            size_t end = slice_chr(slice_from(rest, at), '}');
            if (end == SLICE_NONE) break;
            const struct foreign_var *v = by_expr(f, slice_sub(rest, at + 2, at + end));
            buf_add(&b, slice_sub(rest, 0, at));
            buf_add(&b, v ? v->value : slice_sub(rest, at, at + end + 1));
            changed |= v != NULL;
            rest = slice_from(rest, at + end + 1);
        }
        buf_add(&b, rest);
        if (changed && !b.bad) text = arena_dup(f->a, buf_slice(&b));
        buf_free(&b);
        if (!changed) break;
    }
    return text;
}

/* ---- lists ---------------------------------------------------------------------------------------- */

void foreign_add_field(struct foreign *f, struct fields *l, struct slice name, struct slice value)
{
    l->v = foreign_room(f, l->v, l->n, sizeof *l->v);
    l->v[l->n++] = (struct field){ foreign_keep(f, name), arena_dup(f->a, value) };
}

void foreign_set_field(struct foreign *f, struct fields *l, struct slice name, struct slice value)
{
    for (size_t i = 0; i < l->n; i++) {
        if (!slice_ieq(l->v[i].name, name)) continue;
        l->v[i].value = arena_dup(f->a, value);
        return;
    }
    foreign_add_field(f, l, name, value);
}

struct step *foreign_step(struct foreign *f, struct steps *l, enum step_kind kind)
{
    l->v = foreign_room(f, l->v, l->n, sizeof *l->v);
    l->v[l->n] = (struct step){ .kind = kind };
    return &l->v[l->n++];
}

struct request_step *foreign_request(struct foreign *f, struct steps *l)
{
    struct step *s = foreign_step(f, l, STEP_REQUEST);
    s->request = arena_one(f->a, struct request_step);
    f->report->entries_kept++;
    return s->request;
}

struct task *foreign_task(struct foreign *f, struct slice name, unsigned weight,
                          const struct steps *steps)
{
    struct scenario *s = f->s;
    if (steps->n == 0) return NULL;
    s->tasks = foreign_room(f, s->tasks, s->tasks_n, sizeof *s->tasks);
    struct task *t = &s->tasks[s->tasks_n++];
    *t = (struct task){ .name = foreign_keep(f, name), .weight = weight };
    t->steps = steps->v;
    t->steps_n = steps->n;
    if (t->name.n == 0) t->name = arena_printf(f->a, "task %zu", s->tasks_n);
    return t;
}

void foreign_extract(struct foreign *f, struct request_step *r, const struct extract *e)
{
    struct err err = { 0 };
    struct arena *a = arena_new();
    struct extractor *x = extractor_compile(a, e, &err);
    extractor_free(x);
    arena_free(a);
    if (!x) {
        foreign_warn(f, ADVICE_ADD, "the extractor of %.*s is left out: %s", SL_FMT(e->name),
                     err.text);
        foreign_constant(f, e->name, (struct slice){ 0 });
        return;
    }
    r->extract = foreign_room(f, r->extract, r->extract_n, sizeof *e);
    r->extract[r->extract_n++] = *e;
}

void foreign_check(struct foreign *f, struct request_step *r, const struct check *c)
{
    struct err err = { 0 };
    struct arena *a = arena_new();
    struct checker *x = checker_compile(a, c, &err);
    checker_free(x);
    arena_free(a);
    if (!x) {
        foreign_warn(f, ADVICE_ADD, "a check is left out: %s", err.text);
        return;
    }
    r->checks = foreign_room(f, r->checks, r->checks_n, sizeof *c);
    r->checks[r->checks_n++] = *c;
}

void foreign_think(struct foreign *f, struct steps *l, enum wait_kind kind, double a_ms,
                   double b_ms)
{
    double most = 864e5 * 365;
    if (!(a_ms >= 0)) a_ms = 0;
    if (!(b_ms >= 0)) b_ms = 0;
    if (a_ms > most) a_ms = most;
    if (b_ms > most) b_ms = most;
    if (a_ms + b_ms < 1) return;
    struct step *s = foreign_step(f, l, STEP_THINK);
    s->think = (struct wait){ kind, (uint64_t)(a_ms * 1e6), (uint64_t)(b_ms * 1e6) };
}

/* ---- where it goes -------------------------------------------------------------------------------- */

struct slice foreign_path(struct foreign *f, struct slice path)
{
    char joined[PATH_MAX];
    struct slice plan = slice_z(f->path);
    const char *slash = plan.n ? memrchr(plan.p, '/', plan.n) : NULL;
    struct slice folder = slash ? slice_sub(plan, 0, (size_t)(slash - plan.p)) : SL(".");
    bool absolute = path.n && path.p[0] == '/';
    int n = snprintf(joined, sizeof joined, "%.*s%s%.*s", absolute ? 0 : (int)folder.n, folder.p,
                     absolute ? "" : "/", SL_FMT(path));
    struct stat st;
    bool there = path.n && n > 0 && (size_t)n < sizeof joined && stat(joined, &st) == 0 &&
                 S_ISREG(st.st_mode);
    char *full = there ? realpath(joined, NULL) : NULL;
    struct slice out = full ? arena_dup(f->a, slice_z(full)) : foreign_keep(f, path);
    free(full);
    return out;
}

void foreign_host(struct foreign *f, struct slice url)
{
    struct url u;
    struct slice text = foreign_resolved(f, url);
    if (!url_parse(text, &u) || slice_find(u.host, SL("$")) != SLICE_NONE) return;
    struct slice origin = url_origin(f->a, &u);
    void **at = map_at(f->origins, origin);
    *at = (void *)((uintptr_t)*at + 1);
    import_report_count(f->a, &f->report->hosts, &f->report->hosts_n,
                        slice_from(origin, slice_find(origin, SL("//")) + 2));
}

static struct slice most_used(struct foreign *f)
{
    struct slice key, best = { 0 };
    void *value;
    uintptr_t most = 0;
    for (size_t i = 0; map_next(f->origins, &i, &key, &value);) {
        if ((uintptr_t)value <= most) continue;
        most = (uintptr_t)value;
        best = key;
    }
    return best;
}

/* Where an absolute URL's path starts: behind "scheme://authority". */
static size_t path_at(struct slice url)
{
    size_t at = slice_find(url, SL("://"));
    if (at == SLICE_NONE) return 0;
    for (at += 3; at < url.n && url.p[at] != '/' && url.p[at] != '?'; at++)
        if (url.p[at] == '$' && at + 1 < url.n && url.p[at + 1] == '{') {
            size_t end = template_expr_end(url, at);
            if (end == SLICE_NONE) return url.n;
            at = end - 1;
        }
    return at;
}

/* Behind a variable that holds an origin: "${base}/x". */
static size_t behind_base(struct foreign *f, struct slice url)
{
    struct url u;
    size_t end = slice_starts(url, SL("${")) ? template_expr_end(url, 0) : SLICE_NONE;
    if (end == SLICE_NONE) return 0;
    bool origin = url_parse(foreign_resolved(f, slice_sub(url, 0, end)), &u) && u.path.n == 0;
    return origin ? end : 0;
}

static void make_path(struct foreign *f, struct request_step *r)
{
    struct url u;
    size_t at = path_at(r->url);
    if (at == 0) at = behind_base(f, r->url);
    if (at == 0) return;
    struct slice front = foreign_resolved(f, slice_sub(r->url, 0, at));
    struct slice rest = slice_from(r->url, at);
    bool ours = url_parse(front, &u) && slice_eq(url_origin(f->a, &u), f->s->target);
    if (ours)
        r->url = rest.n && rest.p[0] == '/' ? rest : arena_printf(f->a, "/%.*s", SL_FMT(rest));
    else
        r->url = arena_printf(f->a, "%.*s%.*s", SL_FMT(front), SL_FMT(rest));
}

static void make_paths(struct foreign *f, struct step *steps, size_t n)
{
    for (size_t i = 0; i < n; i++) { /* as deep as plans are nested: base/xml's limit */
        if (steps[i].request) make_path(f, steps[i].request);
        make_paths(f, steps[i].steps, steps[i].steps_n);
    }
}

void foreign_finish(struct foreign *f)
{
    struct scenario *s = f->s;
    if (s->target.n == 0) s->target = most_used(f);
    if (s->target.n == 0) {
        s->target = SL("http://localhost");
        foreign_warn(f, "name it: reprise run --host URL",
                     "the plan does not tell the server: the target is http://localhost");
    }
    make_paths(f, s->on_start, s->on_start_n);
    make_paths(f, s->on_stop, s->on_stop_n);
    for (size_t i = 0; i < s->tasks_n; i++)
        make_paths(f, s->tasks[i].steps, s->tasks[i].steps_n);
}
