/* Message heads (RFC 9112 2 to 6): start lines, header fields, framing. For heads that are whole.
 *
 * The parts under http/parse.h. Each answers NULL, or one sentence of what is wrong. */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include "http/parse.h"

/* Offset behind the empty line that ends a head, looking from `from` on; SLICE_NONE if it is not there
 * yet. *folded is set if a line among those seen starts with a blank. */
size_t head_end(struct slice text, size_t from, bool *folded);
/* Whether text can be the start of such a message; a prefix of one can. */
const char *head_start(enum parse_kind kind, struct slice text);
/* Takes the start line off *text. */
const char *head_request_line(struct http_parser *p, struct slice *text);
const char *head_status_line(struct http_parser *p, struct slice *text);
/* Header lines of text up to its end or an empty line. Folded lines are joined in place, so text must be
 * writable if it has any. Lenient: bad lines are left out. h->v grows through *cap (base/mem) and is kept. */
const char *head_fields(struct slice text, struct headers *h, size_t *cap, size_t max,
                        bool lenient);
/* Sets framing, content_length, keep_alive and upgrade from the rest of p. */
const char *head_framing(struct http_parser *p);

#endif
