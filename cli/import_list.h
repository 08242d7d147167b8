/* `reprise import --list`: what a recording or a plan holds, as a table. */
#ifndef CLI_IMPORT_LIST_H
#define CLI_IMPORT_LIST_H

#include "base/buf.h"
#include "http/session.h"
#include "scenarios/scenarios.h"

/* The columns of the terminal that standard output is; 0: it is none. */
unsigned import_list_width(void);
/* The entries, a line each; width: URLs are cut so that a line fits, 0: not. */
void import_list(const struct session *s, unsigned width, struct buf *out);
/* The same of a plan's requests. */
void import_list_plan(const struct scenario *s, const struct import_report *r, unsigned width,
                      struct buf *out);

#endif
