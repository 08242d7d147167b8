/* Log lines to standard error, with secrets masked.
 *
 * The level is one of the two mutable globals of the program (the other is the signal flag). A masked
 * value keeps its first two and last two characters when it is 12 or longer: "ey…9Q (843)". */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/buf.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level level);
bool log_level_parse(struct slice name, enum log_level *out);
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Appends the masked form of a secret. */
void log_mask(struct buf *out, struct slice secret);
/* True for names whose value is a secret: authorization, cookie, set-cookie, password, token, secret,
 * api-key, session… (header, field or JSON member names; case ignored). */
bool log_is_secret_name(struct slice name);

#endif
