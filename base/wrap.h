/* Text for people on lines of 80 columns. A column is one UTF-8 character; what is not UTF-8 counts byte by
 * byte, or together with what it looks to belong to. */
#ifndef BASE_WRAP_H
#define BASE_WRAP_H

#include "base/buf.h"

#define WRAP_COLUMNS 80

size_t wrap_width(struct slice s);                     /* its characters */
struct slice wrap_first(struct slice s, size_t width); /* its first characters */
/* Appends the words of text, split at blanks, where a line stands at `column`; lines that follow begin at
 * `indent`. A word that no line has room for is broken. Control characters become '?', so that what a
 * server sent cannot move a terminal's cursor. Ends the line. */
void wrap_words(struct buf *out, struct slice text, size_t column, size_t indent);

#endif
