/* `reprise run --processes N`: several processes, one result. */
#ifndef CLI_RUN_PARTS_H
#define CLI_RUN_PARTS_H

#include "cli/run_job.h"

/* Runs a job that no thread was made for yet. The exit code, or -1 with err set. watch is what a part does
 * until its users have ended. */
int run_parts(struct job *j, int signals, void (*watch)(struct job *j, int signals),
              struct err *err);

#endif
