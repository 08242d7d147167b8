/* An answer's head as libcurl hands it out, line by line: gathered, judged where libcurl does not, read. */
#ifndef REPLAY_CURL_HEAD_H
#define REPLAY_CURL_HEAD_H

#include "replay/engine.h"

struct curl_head {
    struct buf text;
    struct header *v;
    size_t cap;
    uint64_t length; /* Content-Length's value */
    bool length_seen;
    bool bad_length; /* twice and different, or not a number */
    bool ended;      /* the blank line came */
};

void curl_head_begin(struct curl_head *h);
/* Takes a line with its end; a new status line starts anew (1xx). False: the answer is to be refused. */
bool curl_head_line(struct curl_head *h, struct slice line);
void curl_head_read(struct curl_head *h, struct call *c); /* reason and headers, borrowed from h */
void curl_head_free(struct curl_head *h);

/* An address as text; false for families that have none. */
bool address_text(const struct sockaddr_storage *a, char *out, size_t size);

#endif
