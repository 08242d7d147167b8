/* Kinds of characters, asked for every byte of a recording: one look into a table. ASCII only, whatever the
 * locale; bytes over 127 are of no kind. Private to the room. */
#ifndef SCENARIOS_CHARS_H
#define SCENARIOS_CHARS_H

#include <stdbool.h>

enum char_kind {
    CHAR_DIGIT = 1,
    CHAR_LETTER = 2,
    CHAR_DASH = 4,    /* _ - */
    CHAR_POINT = 8,   /* . ~ */
    CHAR_BASE64 = 16, /* + / = */
    CHAR_DOLLAR = 32,
    CHAR_BLANK = 64, /* as in HTML: space, tab, line ends */
    CHAR_ALNUM = CHAR_DIGIT | CHAR_LETTER,
};

extern const unsigned char char_kinds[256];

static inline bool char_is(char c, unsigned kinds)
{
    return char_kinds[(unsigned char)c] & kinds;
}

#endif
