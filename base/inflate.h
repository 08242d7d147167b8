/* Streaming decompression (RFC 1950 to 1952): bytes in as they come, bytes out as there is room.
 *
 * For long inputs that must not be held whole (compressed captures) and for streams whose window lives
 * from message to message (RFC 7692). Whole bodies are base/codec.h's business. */
#ifndef BASE_INFLATE_H
#define BASE_INFLATE_H

#include "base/slice.h"

enum inflate_kind { INFLATE_GZIP, INFLATE_ZLIB, INFLATE_RAW };
enum inflate_status {
    INFLATE_MORE, /* wants more input, or more room */
    INFLATE_END,  /* the compressed stream is complete; the rest of the input is not touched */
    INFLATE_BAD,
};

struct inflate;

struct inflate *inflate_new(enum inflate_kind kind); /* gives */
void inflate_free(struct inflate *z);
void inflate_reset(struct inflate *z); /* ready for another stream of the same kind */
/* Eats from *in, writes at most room bytes to out, *n says how many. */
enum inflate_status inflate_run(struct inflate *z, struct slice *in, char *out, size_t room,
                                size_t *n);

#endif
