/* A request as handlers see it, and their answer: libmicrohttpd stays behind web/serve.h. Private to web. */
#ifndef WEB_ASK_H
#define WEB_ASK_H

#include "base/arena.h"
#include "base/buf.h"
#include "web/assets.h"

#define ASK_ARGS 16

struct ask_arg {
    struct slice name, value;
};

struct ask {
    struct slice method, path, body;
    struct slice host, origin, fetch_site, authorization, cookie_token, type, if_none_match;
    struct ask_arg args[ASK_ARGS]; /* of the query, decoded */
    size_t args_n;
    bool gzip;               /* Accept-Encoding holds it */
    uint64_t client;         /* which address it comes from, as a number for limits */
    const char *upload_path; /* the body was written there */
    struct arena *arena;
};
/* The empty slice if it was not given. */
struct slice ask_arg(const struct ask *q, const char *name);

struct reply {
    unsigned status;
    const char *type;
    struct buf body;
    const struct asset *asset; /* instead of body */
    int fd;                    /* instead of body; -1: none; taken */
    uint64_t fd_bytes;
    struct slice download; /* file name; empty: shown, not saved */
    struct slice location;
    const char *allow; /* with 405 */
    bool stream, set_cookie;
};

/* {"error": "sentence"} with that status. */
void reply_error(struct reply *r, unsigned status, struct slice sentence);

#endif
