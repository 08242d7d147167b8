/* What the files of the reader of curl commands share. Private to the room. */
#ifndef FOREIGN_CURL_H
#define FOREIGN_CURL_H

#include "scenarios/foreign/foreign_build.h"

#define CURL_WORDS 4000

struct curl_shell {
    struct foreign *f;
    struct slice text;
    size_t at;
    struct buf word;
    bool any, drop_next;
};

struct curl_command {
    struct slice v[CURL_WORDS]; /* text for templates */
    size_t n;
    bool redirected; /* something comes from standard input */
};

/* The next command; false at the end. */
bool curl_next(struct curl_shell *s, struct curl_command *c);

#endif
