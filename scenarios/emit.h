/* YAML out: keys, scalars quoted only where they must be, short mappings in one line. Private to the room.
 *
 * What it writes, yaml_read reads as the same text: see tests/unit/scenario_write_test.c. */
#ifndef SCENARIOS_EMIT_H
#define SCENARIOS_EMIT_H

#include "base/buf.h"

struct emit {
    struct buf *out;
    unsigned indent;
    bool dash;     /* the next key begins a list item */
    unsigned flow; /* how many { } are open */
    bool first;
};

/* "key:" on a line of its own, without a blank behind it. */
void emit_key(struct emit *e, struct slice key);
void emit_keyz(struct emit *e, const char *key);
/* " value" behind a key (or a ", " and key in flow). */
void emit_raw(struct emit *e, const char *z); /* known to be plain: numbers, words, durations */
void emit_rawf(struct emit *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void emit_text(struct emit *e, struct slice text); /* any text: plain, quoted, block or !!binary */
/* A nested block, or list, below the key that was just written. */
void emit_in(struct emit *e);
void emit_out(struct emit *e);
/* The next key is the first one of a list item; its others follow until emit_item_end. */
void emit_item(struct emit *e);
void emit_item_end(struct emit *e);
/* A list item that is one text. */
void emit_item_text(struct emit *e, struct slice text);
/* Lines of "# …" at the current indent. */
void emit_comment(struct emit *e, struct slice text);
/* A scalar as it stands in the middle of a line. */
void emit_scalar(struct buf *out, struct slice text);
/* Columns used by the line that is being written. */
size_t emit_column(const struct emit *e);

#endif
