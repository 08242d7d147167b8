/* The table of chars.h. Read by the scanners of requests and answers; const. */
#include "scenarios/chars.h"

const unsigned char char_kinds[256] = {
    ['0' ... '9'] = CHAR_DIGIT, ['a' ... 'z'] = CHAR_LETTER, ['A' ... 'Z'] = CHAR_LETTER,
    ['_'] = CHAR_DASH,          ['-'] = CHAR_DASH,           ['.'] = CHAR_POINT,
    ['~'] = CHAR_POINT,         ['+'] = CHAR_BASE64,         ['/'] = CHAR_BASE64,
    ['='] = CHAR_BASE64,        ['$'] = CHAR_DOLLAR,         [' '] = CHAR_BLANK,
    ['\t'] = CHAR_BLANK,        ['\n'] = CHAR_BLANK,         ['\r'] = CHAR_BLANK,
    ['\f'] = CHAR_BLANK,
};
