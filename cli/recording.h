/* A recording of any kind that reprise reads, as a session. */
#ifndef CLI_RECORDING_H
#define CLI_RECORDING_H

#include "base/err.h"
#include "http/session.h"

/* The kind is found by the content. *format gets its name ("har", "pcap"). NULL on failure. Gives. */
struct session *recording_read(const char *path, const char **format, struct err *err);

/* After no scenario could be read from path: if it is a recording or a plan of another tool, err says
 * that, and how a scenario is made of it. Returns false. */
bool recording_hint(const char *path, struct err *err);

#endif
