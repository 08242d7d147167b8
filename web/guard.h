/* Who may ask for what: Host against DNS rebinding, Origin against requests that other sites make, the
 * token, and rates. Pure functions over a request; used by route.c. Private to web. */
#ifndef WEB_GUARD_H
#define WEB_GUARD_H

#include "base/err.h"
#include "web/ask.h"

#define GUARD_TOKEN_CHARS 32
#define GUARD_CLIENTS 64

struct guard_bucket {
    double reads, changes; /* requests left */
    uint64_t at_ns;
};

struct guard {
    char name[256];                    /* --web-host, as given */
    char machine[256];                 /* this machine's name */
    char token[GUARD_TOKEN_CHARS + 1]; /* empty: none needed */
    struct guard_bucket clients[GUARD_CLIENTS];
};

/* Draws a token if one is needed. */
bool guard_init(struct guard *g, const char *host, bool want_token, struct err *err);
/* Whether an address to listen on can be reached from this machine only. */
bool guard_is_local(const char *host);

enum guard_verdict {
    GUARD_FINE,
    GUARD_HOST,   /* 421: asked for under a name that is not ours */
    GUARD_ORIGIN, /* 403: another site's page asks */
    GUARD_TOKEN,  /* 401 */
    GUARD_RATE    /* 429 */
};
/* changes: the request changes something, whatever its method. */
enum guard_verdict guard_check(struct guard *g, const struct ask *q, bool changes, uint64_t now_ns);
/* Whether the request may pass without another token. */
bool guard_token_is_fine(const struct guard *g, const struct ask *q);
/* Whether the query carries the right token: the cookie is set then. */
bool guard_token_in_query(const struct guard *g, const struct ask *q);

#endif
