/* Cookies (RFC 6265): a jar per virtual user. Domain, path, expiry, Secure, HttpOnly, host-only.
 *
 * A jar keeps its text in one buffer of its own; when a limit is reached the oldest cookie goes (180 per
 * jar; name and value together at most 4096 bytes, RFC 6265 6.1). Time is given by the caller. Like
 * browsers, a jar takes http to localhost for safe (W3C Secure Contexts 3.1), keeps the promises of the
 * __Secure- and __Host- prefixes, and refuses a Domain broader than url_site of the host. */
#ifndef HTTP_COOKIE_H
#define HTTP_COOKIE_H

#include "base/buf.h"
#include "http/url.h"

/* One Set-Cookie value taken apart; slices of the text that was given. */
struct set_cookie {
    struct slice name, value;
    struct slice domain; /* without its leading dot; empty: host-only */
    struct slice path;   /* empty: the default path of the request */
    int64_t expires_ns;  /* UTC; INT64_MAX: with the session; in the past: delete */
    bool secure, http_only, host_only;
};
/* False if it has no name (RFC 6265 5.2: such a cookie is ignored). */
bool cookie_parse(struct slice set_cookie, int64_t now_utc_ns, struct set_cookie *out);
/* A cookie date (RFC 6265 5.1.1), which is far looser than an HTTP date. */
bool cookie_date(struct slice s, int64_t *out_utc_ns);
/* Recorders merge several Set-Cookie values with commas: takes the next one off *rest. A comma starts a
 * new cookie if a name and '=' follow it; the comma of an Expires date does not. */
bool cookie_next_merged(struct slice *rest, struct slice *set_cookie);

struct jar;
struct jar *jar_new(void); /* gives */
void jar_free(struct jar *j);
void jar_clear(struct jar *j);
/* Stores what a response from u sets; false if it was refused (foreign domain, Secure from http). */
bool jar_set(struct jar *j, const struct url *u, struct slice set_cookie, int64_t now_utc_ns);
/* Appends "a=1; b=2" for a request to u, longest path first, oldest first; nothing if none fits. */
void jar_add_header(const struct jar *j, const struct url *u, int64_t now_utc_ns, struct buf *out);
/* The value of a cookie that would be sent to u, empty if none; valid until the jar changes. */
struct slice jar_get(const struct jar *j, const struct url *u, struct slice name,
                     int64_t now_utc_ns);
size_t jar_count(const struct jar *j);
/* Walks "a=1; b=2" of a recorded Cookie header; "a" alone is a name with an empty value. */
bool cookie_next(struct slice *rest, struct slice *name, struct slice *value);

#endif
