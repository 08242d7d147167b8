/* Bytes to send, with places for variables: spans compiled once, written into a buffer for each request.
 *
 * Built with a wire_maker at compile time (everything lands in its arena), const afterwards and shared by
 * all threads. */
#ifndef REPLAY_WIRE_H
#define REPLAY_WIRE_H

#include "replay/follow.h"
#include "scenarios/scenarios.h"

enum wire_as {
    WIRE_RAW,
    WIRE_FORM, /* percent-encoded as a form field is */
};

struct span {
    struct slice text;        /* if t is NULL */
    const struct template *t; /* rendered in place */
    enum wire_as as;
};

struct wire {
    const struct span *v;
    size_t n;
};

struct wire_maker {
    struct arena *arena;
    struct scope *scope;
    struct follow follow; /* in texts, not in bytes */
    struct buf text;      /* template text not yet compiled */
    struct span *v;
    size_t n, cap;
};

void wire_begin(struct wire_maker *m, struct arena *a, struct scope *s);
void wire_bytes(struct wire_maker *m, struct slice bytes); /* as they are, "${" included */
/* Text that may hold ${…}. */
bool wire_text(struct wire_maker *m, struct slice text, enum wire_as as, struct err *err);
bool wire_end(struct wire_maker *m, struct wire *out,
              struct err *err);       /* the maker is empty again */
void wire_drop(struct wire_maker *m); /* after an error; frees what wire_end would have */

/* Static: at most one span, of bytes. */
bool wire_is_static(const struct wire *w);
struct slice wire_static(const struct wire *w);
bool wire_uses(const struct wire *w, uint32_t slot);
/* False: *unset names a variable without a value, or is empty when out is full. */
bool wire_render(const struct wire *w, const struct template_env *env, struct buf *out,
                 struct slice *unset);

#endif
