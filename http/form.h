/* Form bodies: application/x-www-form-urlencoded and multipart/form-data (RFC 7578), in order, with
 * duplicates, raw text kept so that an unchanged field is written back byte for byte. */
#ifndef HTTP_FORM_H
#define HTTP_FORM_H

#include "base/arena.h"
#include "base/buf.h"

struct form_field {
    struct slice name, value;         /* decoded */
    struct slice raw_name, raw_value; /* as they stood (urlencoded) */
    bool has_eq;                      /* "a" and "a=" differ */
};

/* Query strings too. Never fails: every text is some form; no fields for the empty text. Joined again with
 * '&', raw_name and, if has_eq, '=' and raw_value give the text back. At most 10,000 fields: the last one holds the rest. */
struct form_field *form_parse(struct arena *a, struct slice text, size_t *n);

struct part {
    struct slice name, file_name, content_type; /* empty if absent */
    struct slice head; /* the part's header lines as they stood, line ends between them */
    struct slice value;
    bool has_file_name;
};
/* The boundary parameter of a multipart Content-Type, empty if there is none. */
struct slice multipart_boundary(struct slice content_type);
/* False if the body does not have that boundary's shape (first delimiter to closing delimiter, a head in
 * each part) or has more than 1,000 parts. Line ends may be LF. */
bool multipart_parse(struct arena *a, struct slice body, struct slice boundary, struct part **parts,
                     size_t *n);
/* "text/html; charset=x" -> "text/html"; and a parameter's value without its quotes (backslashes stay). */
struct slice mime_type(struct slice content_type);
struct slice mime_param(struct slice content_type, struct slice name);

#endif
