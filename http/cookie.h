/* Cookies (RFC 6265): a jar per virtual user. Domain, path, expiry, Secure, HttpOnly, host-only.
 *
 * A jar keeps its text in one buffer of its own; when a limit is reached the oldest cookie goes
 * (RFC 6265 6.1: 50 per domain, here 180 per jar). Time is given by the caller. */
#ifndef HTTP_COOKIE_H
#define HTTP_COOKIE_H

#include "base/buf.h"
#include "http/url.h"

/* One Set-Cookie value taken apart; slices of the text that was given. */
struct set_cookie {
    struct slice name, value, domain, path;
    int64_t expires_ns; /* UTC; INT64_MAX: with the session; in the past: delete */
    bool secure, http_only, host_only;
};
bool cookie_parse(struct slice set_cookie, int64_t now_utc_ns, struct set_cookie *out);

struct jar;
struct jar *jar_new(void); /* gives */
void jar_free(struct jar *j);
void jar_clear(struct jar *j);
/* Stores what a response from u sets; false if it was refused (foreign domain, Secure from http). */
bool jar_set(struct jar *j, const struct url *u, struct slice set_cookie, int64_t now_utc_ns);
/* Appends "a=1; b=2" for a request to u, longest path first, oldest first; nothing if none fits. */
void jar_add_header(const struct jar *j, const struct url *u, int64_t now_utc_ns, struct buf *out);
/* The value of a cookie that would be sent to u, empty if none. */
struct slice jar_get(const struct jar *j, const struct url *u, struct slice name,
                     int64_t now_utc_ns);
size_t jar_count(const struct jar *j);
/* Walks "a=1; b=2" of a recorded Cookie header. */
bool cookie_next(struct slice *rest, struct slice *name, struct slice *value);

#endif
