/* A YAML document as a small tree with places, and errors that quote the line. Private to the room.
 *
 * Bounded: YAML_MAX_BYTES of text, YAML_MAX_DEPTH levels, YAML_MAX_NODES nodes with every alias counted as
 * what it stands for. Duplicate keys, keys that are no text and a second document are mistakes. Merge keys
 * (<<) are merged. Comments are not kept. */
#ifndef SCENARIOS_YAML_H
#define SCENARIOS_YAML_H

#include "base/err.h"
#include "scenarios/model.h"

#define YAML_MAX_BYTES (32u << 20)
#define YAML_MAX_DEPTH 64
#define YAML_MAX_NODES 2000000

enum ynode_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };
struct ypair;
struct ynode {
    enum ynode_kind kind;
    struct place place;
    struct slice text; /* YAML_SCALAR: without quotes and escapes, !!binary undone */
    bool plain;        /* YAML_SCALAR: written without quotes */
    size_t n;
    struct ynode **items; /* YAML_LIST */
    struct ypair *pairs;  /* YAML_MAP, in the order of the file */
    size_t weight;        /* nodes of the tree below it, itself included */
};
struct ypair {
    struct slice key;
    struct place place; /* of the key */
    struct ynode *value;
};

/* The text that nodes stand in, for messages. */
struct ysource {
    const char *name; /* of the file */
    struct slice text;
};

/* NULL for a mistake; an empty document is an empty scalar. The tree lives in the arena. */
struct ynode *yaml_parse(struct arena *a, const struct ysource *src, struct err *err);
/* A plain scalar that means "nothing": empty, ~ or null. */
bool yaml_is_null(const struct ynode *n);
/* "file:line:column: sentence", the line, and a caret below the column. False, for `return yaml_fail(…)`. */
bool yaml_fail(const struct ysource *src, struct place at, struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The same, behind an error that says what is wrong but not where. */
bool yaml_place_error(const struct ysource *src, struct place at, struct err *err);

#endif
