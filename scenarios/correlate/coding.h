/* Encodings of a text inside another: decoding with a way back from offsets. Private to the room. */
#ifndef CORRELATE_CODING_H
#define CORRELATE_CODING_H

#include "scenarios/correlate/flow.h"

/* The decoded text: raw itself when nothing was encoded. False: it is not of that coding. */
bool coding_decode(struct arena *a, enum coding c, struct slice raw, struct slice *out);
/* Where decoded[at] begins in raw; raw.n for the end. Not for the base64 codings. */
size_t coding_raw_at(enum coding c, struct slice raw, size_t at);
bool coding_is_base64(enum coding c);
/* expr in the coding: "urlencode(x)". recorded: the value that stood there, which may need none. */
struct slice coding_wrap(struct arena *a, enum coding c, struct slice expr, struct slice recorded);
/* The coding that the template's decoder undoes while extracting. */
enum extract_decode coding_extract(enum coding c);

#endif
