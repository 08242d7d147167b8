/* Filling the import's report: counts by name and warnings. See import_report.h.
 *
 * Called by the correlator and by the readers of plans. Lists grow by doubling in the arena. */
#include "scenarios/import_report.h"

#include <stdio.h>

void *import_report_room(struct arena *a, void *old, size_t n, size_t size)
{
    if (n & (n - 1)) return old; /* room is there until the next power of two */
    return arena_grow(a, old, n * size, (n ? n * 2 : 1) * size);
}

void import_report_count(struct arena *a, struct count_by **v, size_t *n, struct slice name)
{
    for (size_t i = 0; i < *n; i++)
        if (slice_eq((*v)[i].name, name)) {
            (*v)[i].count++;
            return;
        }
    *v = import_report_room(a, *v, *n, sizeof **v);
    (*v)[(*n)++] = (struct count_by){ arena_dup(a, name), 1 };
}

void import_report_warn(struct arena *a, struct import_report *r, const char *advice,
                        const char *fmt, va_list ap)
{
    char text[1000];
    vsnprintf(text, sizeof text, fmt, ap);
    for (size_t i = 0; i < r->warnings_n; i++)
        if (slice_eq(r->warnings[i].text, slice_z(text))) return;
    r->warnings = import_report_room(a, r->warnings, r->warnings_n, sizeof *r->warnings);
    r->warnings[r->warnings_n++] = (struct warning){ arena_dup(a, slice_z(text)), slice_z(advice) };
}
