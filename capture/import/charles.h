/* A row of a Charles session, whichever export it stands in. Private to the room.
 *
 * The readers fill it with texts as they stand (kept by the scratch or the session); charles_add makes an
 * exchange of it, or drops it with a reason. */
#ifndef IMPORT_CHARLES_H
#define IMPORT_CHARLES_H

#include "capture/import/read.h"

struct charles_message {
    struct headers headers;  /* kept by the session */
    struct slice body, size; /* size: of the body, as told */
    bool base64;             /* so is body written */
};

struct charles_row {
    struct slice scheme, host, port, actual_port, path, query;
    struct slice method, version;
    struct slice state;          /* of the transaction: why there is no answer */
    struct slice status, mime;   /* of the answer */
    struct slice server, client; /* "host/1.2.3.4" or an address */
    bool tunnel;
    struct charles_message request, response;
    int64_t start_ns, total_ns, dns_ns, connect_ns, tls_ns, send_ns, wait_ns,
        receive_ns; /* or TIME_UNKNOWN */
};

void charles_add(struct import *im, const struct charles_row *row);

#endif
