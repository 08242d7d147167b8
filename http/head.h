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
enum head_how {
    HEAD_LENIENT = 1, /* lines that are refused otherwise are left out */
    HEAD_AS_IS = 2,   /* text is not written to: folded lines are refused */
};
/* Header lines of *text up to an empty line, which *text is behind afterwards, or up to its end: then
 * text->p is NULL. Folded lines are joined in place.
 * h->v grows through *cap (base/mem) and is kept. */
const char *head_fields(struct slice *text, struct headers *h, size_t *cap, size_t max,
                        unsigned how);
/* Sets framing, content_length, keep_alive and upgrade from the rest of p. */
const char *head_framing(struct http_parser *p);

#endif
