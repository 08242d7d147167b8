/* CSV (RFC 4180) rows: quoted fields, doubled quotes, line breaks inside quotes, LF or CRLF, BOM. */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct csv {
    struct slice text;
    size_t at;
    unsigned line; /* of the row last returned, from 1 */
    const char *file;
    unsigned next_line; /* private, like the next */
    bool failed;
};

void csv_init(struct csv *c, const char *file, struct slice text); /* keeps both */
/* The next row's fields, in the arena; empty lines are passed over. False at the end and on an error
 * (err is set then). At most 10,000 fields. */
bool csv_row(struct csv *c, struct arena *a, struct slice **fields, size_t *n, struct err *err);
void csv_add_field(struct buf *out, struct slice s); /* quoted only where needed */

#endif
