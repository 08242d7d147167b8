/* Templates: text with ${…}, compiled once to spans and slots, rendered many times without malloc.
 *
 *   ${name}   ${feed.column}   ${uuid()}   ${base64(name)}   ${hmac(sha256, key, "a" + name)}   $${ is "${"
 *
 * A scope maps names to slots while compiling; a slot is the index of a value at run time. The same
 * function with the same tag (`uuid(tag)`) gives the same value until the iteration ends. The functions
 * are the table in template_func.c. */
#ifndef SCENARIOS_TEMPLATE_H
#define SCENARIOS_TEMPLATE_H

#include "scenarios/model.h"

struct scope;
struct scope *scope_new(struct arena *a);
/* The slot of a name, made if it is new. */
uint32_t scope_slot(struct scope *s, struct slice name);
bool scope_has(const struct scope *s, struct slice name);
size_t scope_slots(const struct scope *s);
struct slice scope_name(const struct scope *s, uint32_t slot);

/* What a rendering reads: the user's values by slot, and who the user is. */
struct template_env {
    const struct slice *values; /* [scope_slots]; p == NULL: not set */
    struct rnd *rnd;
    int64_t now_utc_ns;
    uint32_t vu, iteration;
    uint64_t run;      /* differs from run to run: unique() */
    uint64_t *counter; /* for counter(), per user */
    struct template_memo *
        *memo;     /* tagged values of this iteration, made by the first; NULL: never kept */
    bool one_line; /* a value with a line end is refused; *unset says so */
    struct arena *scratch; /* arguments of functions that are functions; the caller resets it at its
                              own time (after each request), so that a warm one allocates nothing */
};

struct template;
/* Strict: a name the scope does not know is an error with its place in the text (offset in *at, which may
 * be NULL). Keeps text. env(NAME) is read here, not while rendering. */
const struct template *template_compile(struct arena *a, struct scope *s, struct slice text,
                                        size_t *at, struct err *err);
bool template_is_static(const struct template *t);
struct slice template_static_text(const struct template *t);
/* False: *unset names the variable without a value, or is empty when out is full. */
bool template_render(const struct template *t, const struct template_env *env, struct buf *out,
                     struct slice *unset);
bool template_uses(const struct template *t, uint32_t slot);
/* Appends text so that, compiled, it renders as itself, whatever follows it. */
bool template_escape(struct buf *out, struct slice text);
/* Line ends and tabs as \n, \r, \t, which texts in quotes and patterns both understand. */
void template_add_char(struct buf *out, char c);
/* Appends text in quotes, as it stands inside ${…}. */
void template_quote(struct buf *out, struct slice text);

/* The functions, for help texts: false behind the last one. */
bool template_function(size_t i, const char **name, const char **help);
/* Behind the '}' of the "${" at text[at]; SLICE_NONE if it is not closed. */
size_t template_expr_end(struct slice text, size_t at);

void template_memo_reset(struct template_memo *m); /* another iteration begins; NULL ok */
void template_memo_free(struct template_memo *m);  /* NULL ok */

#endif
