/* JSONPath (RFC 9535) over JSON text, without a tree. Private to the room.
 *
 * Names, indices, wildcards, slices, descendants, several selectors in one bracket, filters with
 * existence, comparisons, &&, || and !. Not there: function extensions. A name after a dot may hold '-',
 * which the RFC wants in brackets. Of members with the same name the first counts. */
#ifndef SCENARIOS_JSONPATH_H
#define SCENARIOS_JSONPATH_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"

struct jsonpath;

/* A node that a path found. */
struct json_hit {
    enum json_tok tok; /* JSON_OBJECT and JSON_ARRAY for the whole of one */
    struct slice raw;  /* as it stands: a string without its quotes, still escaped */
    bool escaped;
};

/* The message says where in the text. Keeps text. */
struct jsonpath *jsonpath_compile(struct arena *a, struct slice text, struct err *err);
/* The nth node (from 1) in the RFC's order. False if there are fewer, if the text is no JSON before it,
 * or if finding out would read the text more than 64 times over. scratch: for strings with escapes. */
bool jsonpath_find(const struct jsonpath *path, struct slice text, unsigned nth,
                   struct arena *scratch, struct json_hit *out);

/* The JSON behind the guards that some servers put before it, so that no <script> can read it. */
struct slice jsonpath_text(struct slice body);

#endif
