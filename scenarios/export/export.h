/* Scenarios as other tools' scripts: for those who must use them. See docs/notes/export.md. */
#ifndef EXPORT_EXPORT_H
#define EXPORT_EXPORT_H

#include "base/buf.h"
#include "scenarios/model.h"

struct export_notes {
    struct arena *a; /* where the sentences live */
    struct slice *v; /* what could not be said in the other tool's words */
    size_t n;
};

/* to: locust, k6, jmx, curl, har. Feeds are named by absolute paths. False for another format, or if out
 * is full. */
bool export_scenario(const struct scenario *s, const char *to, struct buf *out,
                     struct export_notes *notes, struct err *err);

#endif
