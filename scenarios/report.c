/* Filling the import's report: counts by name, warnings, tokens. See report.h.
 *
 * Called by every part of the correlator. The report's text lives in the scenario's arena, because it
 * outlives the import. Lists grow by doubling in the arena; numbers of steps count from 0 as recorded and
 * kept. */
#include "scenarios/report.h"

#include <stdarg.h>
#include <stdio.h>

static void *grow(struct flow *f, void *old, size_t n, size_t size)
{
    if (n & (n - 1)) return old; /* room is there until the next power of two */
    return arena_grow(f->report_arena, old, n * size, (n ? n * 2 : 1) * size);
}

void report_count(struct flow *f, enum report_table table, struct slice name)
{
    struct import_report *r = f->report;
    struct count_by **v = table == REPORT_DROPPED ? &r->dropped : &r->hosts;
    size_t *n = table == REPORT_DROPPED ? &r->dropped_n : &r->hosts_n;
    for (size_t i = 0; i < *n; i++)
        if (slice_eq((*v)[i].name, name)) {
            (*v)[i].count++;
            return;
        }
    *v = grow(f, *v, *n, sizeof **v);
    (*v)[(*n)++] = (struct count_by){ arena_dup(f->report_arena, name), 1 };
}

void report_warn(struct flow *f, const char *fmt, ...)
{
    char text[1000];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    struct import_report *r = f->report;
    for (size_t i = 0; i < r->warnings_n; i++)
        if (slice_eq(r->warnings[i], slice_z(text))) return;
    r->warnings = grow(f, r->warnings, r->warnings_n, sizeof *r->warnings);
    r->warnings[r->warnings_n++] = arena_dup(f->report_arena, slice_z(text));
}

struct token *report_token(struct flow *f)
{
    struct import_report *r = f->report;
    r->tokens = grow(f, r->tokens, r->tokens_n, sizeof *r->tokens);
    r->tokens[r->tokens_n] = (struct token){ 0 };
    return &r->tokens[r->tokens_n++];
}

void report_use(struct flow *f, struct token *t, struct slice use)
{
    for (size_t i = 0; i < t->uses_n; i++)
        if (slice_eq(t->uses[i], use)) return;
    t->uses = grow(f, t->uses, t->uses_n, sizeof *t->uses);
    t->uses[t->uses_n++] = use;
}

struct slice report_place(struct flow *f, const struct node *n)
{
    static const char *const words[] = { "path", "query", "header", "cookie", "form",
                                         "part", "json",  "xml",    "text" };
    while (n->parent && n->where == AT_TEXT)
        n = n->parent;
    return arena_printf(f->report_arena, "#%zu %s %.*s", n->step, words[n->where], SL_FMT(n->name));
}

struct slice report_step(struct flow *f, size_t step)
{
    const struct item *it = &f->items[step];
    return arena_printf(f->report_arena, "#%zu %.*s %.*s", step, SL_FMT(it->ex->request.method),
                        SL_FMT(it->url.path));
}
