/* gzip (RFC 1952) as a sequence of members: each member stands alone, so that a file cut anywhere is
 * readable to its last whole member. zlib is known to gz.c only. */
#ifndef BASE_GZ_H
#define BASE_GZ_H

#include "base/buf.h"
#include "base/err.h"

/* Appends text as one whole member; level 1..9. False, with nothing added, if it does not fit. */
bool gz_member(struct buf *out, struct slice text, int level);

/* The same by libdeflate, which takes a third of zlib's time for the archive's columns of numbers
 * (docs/notes/archive.md). */
bool gz_member_fast(struct buf *out, struct slice text);
/* A member with its text as it is, at most 65,535 bytes: the same bytes with every zlib. */
bool gz_member_stored(struct buf *out, struct slice text);
/* A zlib stream (RFC 1950). */
bool gz_zlib(struct buf *out, struct slice text, int level);

enum gz_status { GZ_MEMBER, GZ_END, GZ_TRUNCATED, GZ_DAMAGED, GZ_TOO_BIG };
/* Buffers of at most this maximum are filled in one go, and keep that much memory. */
#define GZ_FAST_MAX (4U << 20)
/* Reads the member at data[*offset]: its text into out (emptied first), *offset moved behind it. On
 * anything but GZ_MEMBER *offset stays. */
enum gz_status gz_next(struct slice data, size_t *offset, struct buf *out);

/* For base/codec: one stream at the start of in, appended to out as far as it goes; *used bytes of in were
 * read. GZ_MEMBER if it was whole. */
enum gz_wrap { GZ_WRAP_GZIP, GZ_WRAP_ZLIB, GZ_WRAP_RAW };
enum gz_status gz_inflate(enum gz_wrap wrap, struct slice in, size_t *used, struct buf *out);

#endif
