/* What Charles' two exports have in common. Private to the room. */
#ifndef IMPORT_CHARLES_H
#define IMPORT_CHARLES_H

#include "capture/import/read.h"

struct charles_url {
    struct slice scheme, host, port, actual_port, path, query;
};

/* The exchange's URL, kept by the session. */
struct slice charles_url(struct import *im, const struct charles_url *u);
/* NULL: it is an exchange of the site. */
const char *charles_reason_to_drop(struct slice method, struct slice host);
/* "host/1.2.3.4" -> "1.2.3.4" */
struct slice charles_ip(struct slice remote);
/* A body that the export tells the size of, but does not hold. */
void charles_lost_body(struct slice told_bytes, bool none, enum body_state *state);

#endif
