/* From a YAML tree to the model: const tables of keys, one reader function per kind of value.
 *
 * Private to the room. Every reader gets the node and the field's address, and returns false with the error
 * set (place, line and caret included). Texts point into the scenario's arena. */
#ifndef SCENARIOS_READ_H
#define SCENARIOS_READ_H

#include "scenarios/yaml.h"

struct reader {
    struct arena *arena;
    struct ysource src;
    struct scenario *s;
    unsigned depth; /* of steps inside steps */
    struct err *err;
};

/* One key of a mapping: its name, how it is read, and where the value goes. */
struct key {
    const char *name;
    bool (*read)(struct reader *r, const struct ynode *n, void *field);
    size_t offset;
};

/* Reads every pair of a mapping by the table; a key that is not in it is refused, with the nearest one
 * named. what: "a task", for messages. */
bool read_map(struct reader *r, const struct ynode *n, const char *what, const struct key *keys,
              void *into);
#define READ_KEYS_END \
    {                 \
        NULL, NULL, 0 \
    }
/* The value of a key; NULL if it is not there. */
const struct ynode *read_get(const struct ynode *n, const char *key);

/* A word of a fixed set. */
struct word {
    const char *name;
    int value;
};
bool read_word(struct reader *r, const struct ynode *n, const struct word *words, int *out);

/* The fields' types: struct slice, struct slice (with its place kept, for ${…}), bool, unsigned, uint32_t,
 * uint64_t, double, uint64_t ns, struct fields, struct wait. */
bool read_plain(struct reader *r, const struct ynode *n, void *slice);
bool read_text(struct reader *r, const struct ynode *n, void *slice);
bool read_bool(struct reader *r, const struct ynode *n, void *flag);
bool read_u32(struct reader *r, const struct ynode *n, void *u32);
bool read_u64(struct reader *r, const struct ynode *n, void *u64);
bool read_number(struct reader *r, const struct ynode *n, void *f64);
bool read_rate(struct reader *r, const struct ynode *n, void *f64);
bool read_duration(struct reader *r, const struct ynode *n, void *ns);
bool read_fields(struct reader *r, const struct ynode *n, void *fields);
bool read_wait(struct reader *r, const struct ynode *n, void *wait);
/* True with the error set: the mapping has another tool's min_wait above its max_wait. */
bool read_turned_waits(struct reader *r, const struct ynode *n);
/* Already there: the key only marks the mapping. */
bool read_nothing(struct reader *r, const struct ynode *n, void *unused);

/* scenario_parse without scenario_check: what the file says, sense or not. */
struct scenario *scenario_parse_unchecked(struct slice text, const char *name, struct err *err);

/* Whole parts. */
bool read_steps(struct reader *r, const struct ynode *n, struct step **steps, size_t *steps_n);
bool read_extracts(struct reader *r, const struct ynode *n, void *request_step);
bool read_checks(struct reader *r, const struct ynode *n, void *request_step);
bool read_multipart(struct reader *r, const struct ynode *n, void *request_step);
bool read_json_body(struct reader *r, const struct ynode *n, void *request_step);
bool read_load(struct reader *r, const struct ynode *n, void *load);
bool read_thresholds(struct reader *r, const struct ynode *n, void *scenario);
bool read_feeds(struct reader *r, const struct ynode *n, void *scenario);

/* Lists that may be written as one item: node i of n, or n itself when it is no list. */
size_t read_count(const struct ynode *n);
const struct ynode *read_item(const struct ynode *n, size_t i);

#endif
