/* What `reprise import` writes: the scenario, the feeds beside it, reports. */
#ifndef CLI_IMPORT_WRITE_H
#define CLI_IMPORT_WRITE_H

#include "base/arena.h"
#include "base/err.h"
#include "scenarios/scenarios.h"

struct import_files {
    const char *out;     /* the scenario; NULL or "-": standard output */
    const char *report;  /* JSON; "-" or "json": standard output; NULL: none */
    const char *graph;   /* NULL: none */
    const char *secrets; /* set by import_files_name; NULL: not to be written */
};

/* Names the feed of secrets: beside the scenario, or, when that goes to no file, after the recording in the
 * current folder. Gives the name that the scenario knows it by. Fails when two outputs want standard
 * output. */
bool import_files_name(struct import_files *f, struct arena *a, const char *recording,
                       struct slice *secrets_file, struct err *err);
/* "shop" of "recordings/shop.har" */
struct slice import_stem(struct slice path);
bool import_files_write(const struct import_files *f, struct arena *a, const struct scenario *s,
                        const struct import_report *r, struct err *err);
/* The report for people: to standard output, unless another output is there; then to standard error. */
void import_files_tell(const struct import_files *f, const struct import_report *r, bool explain);

#endif
