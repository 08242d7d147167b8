/* Whole HTTP messages as recorders keep them, to the session's form. Private to the room.
 *
 * Unlike http/parse.h this repairs: versions and line ends of all kinds, bodies that are chunked,
 * compressed, or undone already whatever the headers say. Slices given must live as long as the session. */
#ifndef IMPORT_MESSAGE_H
#define IMPORT_MESSAGE_H

#include "capture/import/read.h"

/* Where a message was sent, if its own text does not say. */
struct message_place {
    struct slice scheme, host; /* empty: http, the Host header */
    unsigned port;             /* 0: the scheme's own */
};

/* Head and body. False, with nothing set, if it is no request; place may be NULL. */
bool message_request(struct import *im, struct exchange *ex, struct slice raw,
                     const struct message_place *place);
/* The same of a response; an empty text is none, and true. */
bool message_response(struct import *im, struct exchange *ex, struct slice raw);

/* For recorders that keep the parts. */
void message_add_header(struct import *im, struct headers *h, struct slice name,
                        struct slice value);
void message_fields(struct import *im, struct headers *h, struct slice lines);
/* From the headers and a body as it came or already undone. */
void message_request_body(struct import *im, struct exchange *ex, struct slice body);
void message_response_body(struct import *im, struct exchange *ex, struct slice body);
/* "http://host[:port]target" */
struct slice message_url(struct import *im, const struct message_place *place, struct slice target);
/* Whether a text starts as a request does: a method, a blank, a target. */
bool message_is_request(struct slice text);

#endif
