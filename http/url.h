/* URLs (RFC 3986), taken apart without changing a byte: slices of the text that was given. */
#ifndef HTTP_URL_H
#define HTTP_URL_H

#include "base/arena.h"
#include "base/buf.h"

struct url {
    struct slice scheme; /* as written: compare with slice_ieq */
    struct slice userinfo;
    struct slice host; /* IPv6 without brackets */
    uint16_t port;     /* given, or the scheme's own (80, 443) */
    bool port_given;
    struct slice path;  /* with its leading '/', may be empty */
    struct slice query; /* without '?' */
    bool has_query;
    struct slice target; /* path and query as a request line wants them; "/" if the path is empty */
};

/* Absolute http, https, ws, wss; blanks around it and a fragment are ignored. False for anything else. */
bool url_parse(struct slice text, struct url *out);
bool url_is_secure(const struct url *u); /* https, wss */
/* Appends the target with its leading '/'. */
void url_add_target(struct buf *out, const struct url *u);
/* Appends "host[:port]" as a Host header wants it: brackets kept, default port left out. */
void url_add_host(struct buf *out, const struct url *u);
/* "scheme://host[:port]" in lower case, default port left out: two URLs of one origin give equal text. */
struct slice url_origin(struct arena *a, const struct url *u);
bool url_same_origin(const struct url *a, const struct url *b);
/* Reference resolution (RFC 3986 5.2): ref against base; dot segments and the fragment removed. */
struct slice url_resolve(struct arena *a, struct slice base, struct slice ref);
bool url_is_address(struct slice host); /* IPv4 or IPv6 (without brackets) */
/* Registrable part of a host, by a short rule (last two labels, three for co.uk and the like);
 * addresses and single labels are themselves. */
struct slice url_site(struct slice host);

#endif
