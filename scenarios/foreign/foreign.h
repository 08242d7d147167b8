/* Plans of other tools (JMeter, Tsung, Postman, curl commands) to a scenario.
 *
 * A plan holds requests, extractors, checks, feeds, pauses and load of its own and no answers: what can be
 * taken over is, the rest is told in the report, line by line where the file has lines. */
#ifndef FOREIGN_FOREIGN_H
#define FOREIGN_FOREIGN_H

#include "scenarios/import_report.h"

/* format: a name of capture/import/import.h's plans. text is the file's; path tells where files that it
 * names are looked for. The report lives in the scenario's arena. NULL on failure. Gives. */
struct scenario *foreign_read(const char *format, const char *path, struct slice text,
                              struct import_report *report, struct err *err);

#endif
