/* A request's first lines: "METHOD target HTTP/1.1" and Host. */
#ifndef REPLAY_LINE_H
#define REPLAY_LINE_H

#include "base/buf.h"

/* The target as a request line can hold it: prefix (--host's path) before it, a '/' at its beginning; blanks, controls
 * and bytes over 126 become %XX, everything else stays as it was recorded. */
struct request_line {
    struct slice method, prefix, target;
    struct slice host; /* empty: no Host line */
};
void request_line_add(struct buf *out, const struct request_line *l);

#endif
