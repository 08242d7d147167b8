/* The correlator's entries in the import's report. See report.h.
 *
 * Called by every part of it. The report's text lives in the scenario's arena, because it outlives the
 * import; numbers of steps count from 0 as recorded and kept. */
#include "scenarios/correlate/report.h"

#include <stdio.h>

static void *grow(struct flow *f, void *old, size_t n, size_t size)
{
    return import_report_room(f->report_arena, old, n, size);
}

void report_count(struct flow *f, enum report_table table, struct slice name)
{
    struct import_report *r = f->report;
    if (table == REPORT_DROPPED)
        import_report_count(f->report_arena, &r->dropped, &r->dropped_n, name);
    else
        import_report_count(f->report_arena, &r->hosts, &r->hosts_n, name);
}

void report_warn(struct flow *f, const char *advice, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    import_report_warn(f->report_arena, f->report, advice, fmt, ap);
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
