/* The compiled form of a template, shared by its compiler and its renderer. Private to the room. */
#ifndef SCENARIOS_TEMPLATE_PARSE_H
#define SCENARIOS_TEMPLATE_PARSE_H

#include "scenarios/template_func.h"

enum node_kind { NODE_TEXT, NODE_SLOT, NODE_CALL };

struct call;
struct node {
    enum node_kind kind;
    uint32_t slot;
    struct slice text; /* NODE_TEXT, or the variable's name */
    struct call *call;
};

/* Nodes side by side are joined: "a" + b, or text around ${…}. */
struct nodes {
    struct node *v;
    size_t n, cap;
};

struct call {
    const struct tfunc *fn;
    struct nodes text[TFUNC_ARGS]; /* of the text arguments */
    struct tfunc_args args;        /* the constant ones */
    uint32_t memo;                 /* index + 1 of the tagged value; 0: no tag */
};

struct template
{
    struct nodes nodes;
};

/* The index of a tagged call's value: the same for the same function and tag. */
uint32_t scope_memo(struct scope *s, const struct tfunc *fn, struct slice tag);
/* ", did you mean …" for a name that the scope does not know. */
const char *scope_hint(const struct scope *s, struct slice name, char *text, size_t size);
void nodes_add(struct arena *a, struct nodes *list, struct node node);
/* Parses the inside of ${…} from text[*at], leaves *at behind the '}'. */
bool expr_parse(struct arena *a, struct scope *s, struct slice text, size_t *at, struct nodes *out,
                struct err *err);

#endif
