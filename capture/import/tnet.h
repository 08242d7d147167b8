/* Typed netstrings ("5:hello,", "3:key,2:42#" in a dict), as mitmproxy writes flows. Private to the room.
 *
 * Walks without copying: a value is its type and its bytes, containers are walked with tnet_next. */
#ifndef IMPORT_TNET_H
#define IMPORT_TNET_H

#include "base/slice.h"

struct tnet {
    /* ',' bytes ';' text '#' integer '^' float '!' bool '~' null '}' dict ']' list; 0: absent */
    char type;
    struct slice data;
};

/* Takes the next value off *rest; false at the end and on what is no tnetstring. */
bool tnet_next(struct slice *rest, struct tnet *out);
/* A member of a dict; type 0 if absent. */
struct tnet tnet_get(struct tnet dict, struct slice key);
/* The nth element of a list. */
struct tnet tnet_at(struct tnet list, size_t nth);
struct slice tnet_text(struct tnet v); /* of bytes and text, else empty */
bool tnet_true(struct tnet v);

#endif
