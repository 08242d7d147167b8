/* Errors as values: a code and one sentence, on the caller's stack, last parameter of what can fail.
 *
 * The first error wins: setting an error that is already set keeps the first text. Callers on the way up
 * prepend context. Only cli/ prints and exits. All setters return false, so that a failing function can
 * end in `return err_set(...)`. err may be NULL where a caller does not care. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

enum err_code {
    ERR_NONE = 0,
    ERR_USAGE,    /* exit 2: the command line */
    ERR_INPUT,    /* exit 3: an input file is unreadable or invalid */
    ERR_INTERNAL, /* exit 4: everything else, output files included */
};

struct err {
    enum err_code code;
    char text[1000];
};

bool err_set(struct err *e, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* fmt, then ": " and strerror(errnum). */
bool err_sys(struct err *e, enum err_code code, int errnum, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* "file:line:column: " and the sentence; line and column count from 1, 0 leaves them out. */
bool err_at(struct err *e, const char *file, unsigned line, unsigned column, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* Puts "context: " in front of a set error. */
void err_context(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool err_is(const struct err *e);
int err_exit_code(const struct err *e); /* product.md's table: 0, 2, 3, 4 */

#endif
