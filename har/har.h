/* HAR 1.2 files (the public surface of this room).
 *
 * The writer streams: an exchange is one line of the file, nothing is kept in memory but a buffer, and the
 * file on disk is valid JSON after every write that reached it, whatever ends the process. */
#ifndef HAR_HAR_H
#define HAR_HAR_H

#include "base/err.h"
#include "http/session.h"

struct har_writer;

/* "-" is standard output. The file is created (or emptied) with mode 0600. NULL with err set on failure.
 * version: of reprise, for log.creator; borrowed. Gives. */
struct har_writer *har_writer_open(const char *path, const char *version, struct err *err);
/* Entries may come in any order; exchanges without a start get the time of the one before. */
bool har_writer_add(struct har_writer *w, const struct exchange *ex, struct err *err);
bool har_writer_flush(struct har_writer *w, struct err *err); /* what was added is on disk */
uint64_t har_writer_entries(const struct har_writer *w);
/* Completes and frees, also when it fails. */
bool har_writer_close(struct har_writer *w, struct err *err);

/* Beside HAR 1.2's own members the writer uses, and readers of this room understand:
 * _clientAddress, _resourceType, _webSocketMessages (as Chrome), _was_pushed, _incomplete, _error (in
 * response, as Chrome), and postData.encoding "base64" for bodies that are no UTF-8 text. */

#endif
