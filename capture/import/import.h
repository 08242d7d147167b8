/* Other tools' recordings to a session (public through capture/capture.h).
 *
 *   import_open -> import_format tells what the file is -> import_read, or, for a plan, import_text
 *
 * The format is found by the content, never by the name. A recording becomes a session. A plan (JMeter,
 * Tsung, Postman, curl) holds no answers and its own logic: its text goes to scenarios/ instead. */
#ifndef IMPORT_IMPORT_H
#define IMPORT_IMPORT_H

#include "base/buf.h"
#include "base/err.h"
#include "http/session.h"

enum import_kind {
    IMPORT_RECORDING, /* import_read gives a session */
    IMPORT_PLAN,      /* import_text is for scenarios/foreign/foreign.h */
};

struct import_format {
    const char *name; /* of --format: "burp" */
    const char *what; /* for people: "Burp, saved items" */
    enum import_kind kind;
};

struct import_options {
    size_t max_bytes;   /* of the file, and of what it holds when unpacked; 0: 1 GiB */
    size_t max_entries; /* 0: 1,000,000 */
    const char *keylog; /* TLS key log for packets, NULL for none */
    /* Called now and then with how much of the file was read. NULL: not. */
    void (*progress)(void *arg, size_t done, size_t total);
    void *progress_arg;
};

struct import_source;

/* Opens a file ("-": standard input), unpacks gzip, finds its format; wanted: a format's name instead, or
 * NULL. NULL with a sentence that says what the file is and what to do about it. Keeps path and o. Gives. */
struct import_source *import_open(const char *path, const char *wanted,
                                  const struct import_options *o, struct err *err);
void import_close(struct import_source *src);
const struct import_format *import_format(const struct import_source *src);
/* Borrowed from src. */
struct slice import_text(const struct import_source *src);
/* A sorted session that does not need src any more. NULL on failure. Gives. */
struct session *import_read(struct import_source *src, struct err *err);
/* "burp, charles, …" */
void import_format_names(struct buf *out);

#endif
