/* A JSON value as a tree in an arena, for small documents whose members are asked for out of order.
 *
 * Recordings are read with base/json.h's pull reader instead; one entry of them may be a tree. */
#ifndef BASE_JSON_TREE_H
#define BASE_JSON_TREE_H

#include "base/json.h"

struct json_node {
    enum json_tok kind; /* JSON_OBJECT, JSON_ARRAY, JSON_STRING, JSON_NUMBER, JSON_TRUE, … */
    struct slice key;   /* of a member; unescaped */
    struct slice text;  /* string: unescaped; number and words: as written */
    size_t at;          /* offset in the document */
    struct json_node *child, *next;
};

/* The value that j stands on (json_next was called); at most max nodes. NULL on an error: json_fail tells. */
struct json_node *json_tree(struct json *j, struct arena *a, size_t max);
/* The member of an object, NULL if it is none or has none. */
struct json_node *json_member(const struct json_node *n, struct slice key);
/* Its text if it is a string or a number, else empty. */
struct slice json_member_text(const struct json_node *n, struct slice key);
bool json_member_true(const struct json_node *n, struct slice key);

#endif
