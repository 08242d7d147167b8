/* Content codings (RFC 9110 8.4.1): gzip, deflate (zlib or raw), br, zstd, identity, behind a limit.
 *
 * The limit is out->max: a body that would pass it is CODEC_TOO_BIG. What was decoded is appended to out
 * whatever the result is. An empty body is fine in every coding (answers to HEAD, 304); what follows the
 * end of the coded data is ignored, as browsers do. */
#ifndef BASE_CODEC_H
#define BASE_CODEC_H

#include "base/buf.h"

enum codec { CODEC_IDENTITY, CODEC_GZIP, CODEC_DEFLATE, CODEC_BR, CODEC_ZSTD, CODEC_UNKNOWN };
enum codec_result { CODEC_OK, CODEC_BAD, CODEC_TRUNCATED, CODEC_TOO_BIG };

enum codec codec_of(struct slice name); /* x-gzip and an empty name included */
enum codec_result codec_decode(enum codec c, struct slice in, struct buf *out);
/* A whole Content-Encoding value ("gzip, br": applied in order, so undone from the last). At most 4. */
enum codec_result codec_decode_all(struct slice encodings, struct slice in, struct buf *out);

#endif
