/* A scenario's recorded origin, wherever requests carry it, becomes the one that --host names.
 *
 * redirect_uri, callback addresses and base URLs in queries, forms, headers and JSON name the recorded site; sent
 * to another they would be refused, or lead back to where the recording was made. Used while a plan is compiled. */
#ifndef REPLAY_FOLLOW_H
#define REPLAY_FOLLOW_H

#include "base/arena.h"

struct follow {
    struct slice from; /* "https://shop.example"; empty: nothing is replaced */
    struct slice to;   /* "http://127.0.0.1:8080/prefix" */
};
/* Text with the origin replaced: plain, percent-encoded, with JSON's escaped slashes, and quoted for a
 * pattern. Other origins that only begin like it (another port, a longer name) stay. The text itself when
 * there is nothing to replace; else it lives in a. */
struct slice follow_text(struct arena *a, const struct follow *f, struct slice text);

#endif
