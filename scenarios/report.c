/* Filling the import's report: counts by name, warnings, tokens. See report.h.
 *
 * Called by every part of the correlator. The report's text lives in the scenario's arena, because it
 * outlives the import. Lists grow by doubling in the arena; numbers of steps count from 0 as recorded and
 * kept. */
#include "scenarios/report.h"

#include <stdio.h>

void *report_room(struct arena *a, void *old, size_t n, size_t size)
{
    if (n & (n - 1)) return old; /* room is there until the next power of two */
    return arena_grow(a, old, n * size, (n ? n * 2 : 1) * size);
}

static void *grow(struct flow *f, void *old, size_t n, size_t size)
{
    return report_room(f->report_arena, old, n, size);
}

void report_add_count(struct arena *a, struct count_by **v, size_t *n, struct slice name)
{
    for (size_t i = 0; i < *n; i++)
        if (slice_eq((*v)[i].name, name)) {
            (*v)[i].count++;
            return;
        }
    *v = report_room(a, *v, *n, sizeof **v);
    (*v)[(*n)++] = (struct count_by){ arena_dup(a, name), 1 };
}

void report_add_warning(struct arena *a, struct import_report *r, const char *advice,
                        const char *fmt, va_list ap)
{
    char text[1000];
    vsnprintf(text, sizeof text, fmt, ap);
    for (size_t i = 0; i < r->warnings_n; i++)
        if (slice_eq(r->warnings[i].text, slice_z(text))) return;
    r->warnings = report_room(a, r->warnings, r->warnings_n, sizeof *r->warnings);
    r->warnings[r->warnings_n++] = (struct warning){ arena_dup(a, slice_z(text)), slice_z(advice) };
}

void report_count(struct flow *f, enum report_table table, struct slice name)
{
    struct import_report *r = f->report;
    if (table == REPORT_DROPPED)
        report_add_count(f->report_arena, &r->dropped, &r->dropped_n, name);
    else
        report_add_count(f->report_arena, &r->hosts, &r->hosts_n, name);
}

void report_warn(struct flow *f, const char *advice, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    report_add_warning(f->report_arena, f->report, advice, fmt, ap);
    va_end(ap);
}

void report_note(struct flow *f, const char *fmt, ...)
{
    struct import_report *r = f->report;
    char text[600];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    r->notes = grow(f, r->notes, r->notes_n, sizeof *r->notes);
    r->notes[r->notes_n++] = arena_dup(f->report_arena, slice_z(text));
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
