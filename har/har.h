/* HAR 1.2 (HTTP Archive) files: read into a session, with every recorder's quirks, and written.
 *
 * Reading never guesses silently: what a recording could not give becomes a drop ("tunnel", "not-http",
 * "no-url", "malformed") or a warning of the session. Entries served from a cache and those without an
 * answer are kept and marked (exchange.from, response.status 0): whether they are replayed is the
 * importer's choice. See docs/notes/har.md for the quirks.
 *
 * The writer streams: an exchange is one line of the file, nothing is kept in memory but a buffer, and the
 * file on disk is valid JSON after every write that reached it, whatever ends the process. */
#ifndef HAR_HAR_H
#define HAR_HAR_H

#include "base/err.h"
#include "http/session.h"

struct har_options {
    size_t max_bytes;   /* of the file, and of what it holds when unpacked; 0: 1 GiB */
    size_t max_entries; /* 0: 1,000,000 */
    /* Finds a body that the recording keeps in a file of its own (Playwright's _file): its text, which
     * must live as long as s, or false. NULL: har_read looks in the recording's own folder and nowhere
     * else, har_read_text nowhere. */
    bool (*attachment)(void *ctx, struct session *s, struct slice name, struct slice *text);
    void *attachment_ctx;
    /* Called now and then with how much of the text was read. NULL: not. */
    void (*progress)(void *arg, size_t done, size_t total);
    void *progress_arg;
};

/* Reads a file ("-": standard input), plain, gzip or UTF-16. Gives a sorted session that keeps the file
 * mapped, or NULL and an error: "file:line:column: expected …" or a sentence that says what the file is
 * instead. opt may be NULL. */
struct session *har_read(const char *path, const struct har_options *opt, struct err *err);
/* The same from UTF-8 text that outlives the session; name is for messages. */
struct session *har_read_text(struct slice text, const char *name, const struct har_options *opt,
                              struct err *err);
/* Whether a file that starts so can be a HAR: a JSON object whose first member is "log". */
bool har_looks_like(struct slice start);

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
/* Writes a whole session, its pages too. */
bool har_write(const struct session *s, const char *path, const char *version, struct err *err);

/* Beside HAR 1.2's own members the writer uses, and readers of this room understand:
 * _clientAddress, _resourceType, _webSocketMessages (as Chrome), _was_pushed, _incomplete, _error (in
 * response, as Chrome), and postData.encoding "base64" for bodies that are no UTF-8 text. */

#endif
