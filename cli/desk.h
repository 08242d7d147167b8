/* The desk: where the live page's wishes become runs. `reprise run` without --headless sits here.
 *
 * The main thread watches the run that goes; the page's thread starts, edits and stops it through
 * struct web_control. One run at a time; a finished one stays to be looked at until the next. */
#ifndef CLI_DESK_H
#define CLI_DESK_H

#include "cli/run_job.h"

/* base holds the command line's options; signals is a signalfd of SIGINT and SIGTERM. Serves until one
 * of them comes, or --autoquit. The exit code is that of the last run, 0 if there was none. */
int desk_run(struct job *base, int signals, struct err *err);

/* ---- private to desk*.c ------------------------------------------------------------------------- */

struct web_wish;

/* What the page shows before a start: openapi.yaml's Plan. job is prepared; file is shown as given,
 * import (an object of struct import_report) may be empty. */
struct desk_plan {
    const struct job *job;
    struct slice file, import;
};
void desk_plan_json(const struct desk_plan *p, struct buf *out);
/* Why there is nothing to start: problem empty if no scenario was named yet. */
void desk_no_plan_json(struct slice file, struct slice problem, struct buf *out);
/* "http://shop.example, …": the origins of a plan that are not this machine, empty if there are none. */
void desk_far_hosts(const struct job *job, struct buf *out);

/* A job for a wish over the command line's options: prepared, nothing sent. NULL on failure. Gives:
 * desk_job_free. The scenario's path must outlive it. */
struct job *desk_job_new(const struct job *base, const char *scenario, const struct web_wish *wish,
                         struct err *err);
void desk_job_free(struct job *j);

/* An upload to a scenario file in folder (its secrets beside it); out gets its path, import the report
 * as JSON. */
bool desk_import(const char *path, struct slice name, const char *folder, char out[4096],
                 struct buf *import, struct err *err);

#endif
