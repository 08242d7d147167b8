/* Recordings for the import command: opened, read with progress, narrowed, listed. */
#ifndef CLI_IMPORT_READ_H
#define CLI_IMPORT_READ_H

#include "capture/capture.h"
#include "cli/opt.h"
#include "scenarios/scenarios.h"

struct import_choice {
    struct opt_list only, exclude, pages; /* methods, hosts, paths and URLs with wildcards */
    const char *between;                  /* FROM..TO */
    const char *format;                   /* NULL: found by content */
    unsigned split;                       /* enum capture_split */
    const char *keylog;                   /* for packets */
    struct import_options options;        /* set by import_read_open */
};

/* The source, its format known (c stays while it is open); a progress line on a terminal for large files. Gives. */
struct import_source *import_read_open(const char *path, struct import_choice *c, struct err *err);
/* A recording's session, narrowed to what was chosen. Gives. */
struct session *import_read_session(struct import_source *src, const struct import_choice *c,
                                    struct err *err);

#endif
