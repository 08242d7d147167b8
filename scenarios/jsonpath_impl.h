/* A compiled JSONPath, shared by its parser and its walk. Private to jsonpath*.c. */
#ifndef SCENARIOS_JSONPATH_IMPL_H
#define SCENARIOS_JSONPATH_IMPL_H

#include "scenarios/jsonpath.h"

enum selector_kind { SELECT_NAME, SELECT_INDEX, SELECT_SLICE, SELECT_WILDCARD, SELECT_FILTER };

struct filter;
struct selector {
    enum selector_kind kind;
    struct slice name;
    int64_t from, to, step; /* index in from; slice [from:to:step] */
    bool has_from, has_to;
    const struct filter *filter;
};

struct segment {
    bool descend; /* ".." */
    struct selector *v;
    size_t n;
};

struct jsonpath {
    struct segment *v;
    size_t n;
    bool relative; /* starts at '@' */
    bool singular; /* names and indices only: at most one node */
};

enum operand_kind { OPERAND_STRING, OPERAND_NUMBER, OPERAND_WORD, OPERAND_PATH };
struct operand {
    enum operand_kind kind;
    struct slice text; /* unescaped string, number as written */
    double number;
    enum json_tok word; /* JSON_TRUE, JSON_FALSE, JSON_NULL */
    struct jsonpath *path;
};

enum filter_kind { FILTER_OR, FILTER_AND, FILTER_NOT, FILTER_EXISTS, FILTER_COMPARE };
enum compare { CMP_EQ, CMP_NE, CMP_LT, CMP_LE, CMP_GT, CMP_GE };
struct filter {
    enum filter_kind kind;
    const struct filter *left, *right; /* NOT: left */
    struct operand a, b;               /* EXISTS: a */
    enum compare op;
};

/* The walk's state; the filters start walks of their own with it. */
struct walk {
    struct slice text; /* the whole document */
    struct arena *scratch;
    size_t budget; /* bytes that may still be read */
};

bool filter_holds(const struct filter *f, struct walk *w, const struct json *node);
/* The nth node of a path below `node`. */
bool walk_path(struct walk *w, const struct jsonpath *path, const struct json *node, unsigned nth,
               struct json_hit *out);

#endif
