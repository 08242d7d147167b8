/* Whole files in, whole files out: never half-written under the final name.
 *
 * Written files are made next to the final name as NAME.partial-PID, mode 0600, and renamed when they
 * are complete; file_out_abort removes them. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdio.h>

#include "base/err.h"
#include "base/slice.h"

/* A file's bytes, mapped (or read, for pipes and "-"). */
struct file {
    struct slice text;
    bool mapped;
};

/* What is no regular file is read into memory, 1 GiB at most. */
bool file_read(struct file *f, const char *path, size_t max_bytes, struct err *err);
void file_close(struct file *f);
/* The text leaves memory until it is read again, page by page. It must not have been written to. */
void file_forget(const struct file *f);

struct file_out {
    FILE *f; /* write here */
    char path[4096], partial[4096];
};

bool file_out_open(struct file_out *o, const char *path,
                   struct err *err); /* "-": standard output */
bool file_out_commit(struct file_out *o,
                     struct err *err); /* flush, check, close, rename; aborts on failure */
void file_out_abort(struct file_out *o);
/* Could path be written, as far as that can be known before? Nothing stays behind. */
bool file_out_may(const char *path, struct err *err);
bool file_is_same(const char *a, const char *b); /* both exist and are one file */
const char *file_temp_folder(void);              /* TMPDIR, or /tmp */
bool file_write(const char *path, struct slice text, struct err *err);

/* Line and column (from 1) of an offset, for error messages; the column counts bytes. */
void file_place(struct slice text, size_t offset, unsigned *line, unsigned *column);

#endif
