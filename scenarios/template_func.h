/* The functions of ${…}: a const table, and what a compiled call looks like. Private to the room. */
#ifndef SCENARIOS_TEMPLATE_FUNC_H
#define SCENARIOS_TEMPLATE_FUNC_H

#include "scenarios/template.h"

#define TFUNC_ARGS 4

/* One call's arguments, evaluated: text and words in t, numbers and durations (ns) in n. */
struct tfunc_args {
    struct slice t[TFUNC_ARGS];
    int64_t n[TFUNC_ARGS];
    unsigned count;
};

struct tfunc {
    const char *name;
    /* One letter an argument: t text, w word, n number, d duration with sign, g tag; those behind '?'
     * may be left out. NULL: a name without parentheses. */
    const char *args;
    /* The longest result: mul times the arguments' text, plus add bytes. */
    unsigned mul, add;
    bool (*run)(const struct tfunc_args *a, const struct template_env *env, struct buf *out);
    bool (*check)(const struct tfunc_args *a, struct err *err); /* while compiling; or NULL */
    const char *help;
};

const struct tfunc *tfunc_find(struct slice name);
/* Walks the table: NULL behind the last one. */
const struct tfunc *tfunc_at(size_t i);

#endif
