/* How far a run of several processes is: each of them counts in memory that all share, the first one prints. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdio.h>

#include "results/results.h"

struct progress;
struct progress *progress_new(unsigned parts, struct err *err); /* before they are forked; gives */
/* In a part: what counts its seconds. Lives as long as p. */
struct interval_sink *progress_sink(struct progress *p, unsigned part);
/* In the first process, as often as it likes: prints when a second has passed (on a terminal, in place) or five. */
void progress_show(struct progress *p, FILE *out, bool tty);
void progress_end(struct progress *p, FILE *out); /* before anything else is printed */
void progress_free(struct progress *p);           /* NULL is fine */

#endif
