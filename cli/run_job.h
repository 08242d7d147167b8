/* One `reprise run` from options to files: what it is made of, and its steps. */
#ifndef CLI_RUN_JOB_H
#define CLI_RUN_JOB_H

#include "cli/run_opts.h"

struct web;
struct job {
    struct run_opts o;
    struct opt_rest rest; /* the scenario's name */
    struct arena *arena;
    struct scenario *scenario;
    struct timeline *timeline; /* owns the scenario when there is one */
    struct plan *plan;
    const struct engine_ops *engine;
    const char *engine_why; /* the option that only curl has; NULL: none */
    struct load load;
    bool only_these_thresholds; /* the options' rules are all: the scenario's only where listed */
    unsigned workers;
    struct run_info info;
    struct recorder **recorders;
    struct user_count users;
    struct archive_writer *archive;
    char archive_path[4096];
    struct display *display;
    struct history *history;
    struct web *web; /* borrowed; NULL: no page */
    struct push *pushes[3];
    struct interval_sink *sinks[8];
    size_t sinks_n;
    struct collector *collector;
    struct run *run;
    bool interrupted, aborted;
    unsigned process, processes; /* one of several; 0, 0: alone */
    uint64_t start_ns;           /* when several begin together; 0: at once */
    /* in one of several processes: tells the first one; NULL: not in one */
    struct interval_sink *progress;
};

/* Reads and compiles everything; nothing is sent, no file is made but the archive. */
bool job_prepare(struct job *j, struct err *err);
/* The scenario's own thresholds over the plan's steps; an error has its place. */
bool job_rules_ok(const struct scenario *s, const struct plan *plan, struct err *err);
bool job_start(struct job *j, struct err *err);
/* What runs, in a line or two, unless it shall be quiet. */
void job_announce(const struct job *j);
/* After the workers have ended: tables, files, the archive closed. The exit code; err is set if a file could
 * not be written. */
int job_finish(struct job *j, struct err *err);
/* The tables, the files and the exit code of these statistics; end: how the users ended. */
int job_conclude(struct job *j, const struct run_stats *s, const struct run_state *end,
                 struct err *err);
void job_free(struct job *j);

#endif
