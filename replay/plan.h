/* The plan: a scenario compiled for running. Immutable, shared by all workers without locks.
 *
 * Steps become a flat list of operations per section (on_start, each task, on_stop); requests become wire
 * templates with places for variables; names become slots; feeds are loaded; origins are resolved. */
#ifndef REPLAY_PLAN_H
#define REPLAY_PLAN_H

#include "replay/feeder.h"
#include "replay/hosts.h"
#include "replay/wire.h"

struct plan_extract {
    struct extractor *x;
    uint32_t slot;
    bool has_default; /* the scenario's vars give it a value: not unset when it is not found */
    const struct extract *model;
};

struct plan_check {
    struct checker *c;
    enum check_kind kind;
    struct wire want; /* the value, if it is a text; empty otherwise */
};

/* A request step. With a fixed target everything up to the last header is one wire (head); otherwise
 * method, target, " HTTP/1.1", Host are written apart so that the target can be encoded and looked up. */
struct plan_request {
    uint32_t step;               /* index of its step_info */
    const struct origin *origin; /* NULL: the target begins with a variable, looked up when sent */
    struct slice method;
    struct wire target;  /* empty: it is part of head */
    struct slice prefix; /* of the target: --host's path */
    struct wire head;    /* ends with a complete line; Content-Length (unless static), Cookie, blank
                            line follow */
    bool own_host;       /* head holds a Host line */
    struct wire cookie;  /* the step's own Cookie header; the jar's cookies win by name */
    struct wire body;
    bool has_body, length_in_head;
    bool is_head, want_body;
    bool want_url; /* an extractor reads the answer's Location, which may be relative */
    uint64_t timeout_ns;
    unsigned redirects;
    struct plan_check *checks;
    size_t checks_n;
    bool checks_status;
    struct plan_extract *extract;
    size_t extract_n;
    const struct request_step *model;
    uint32_t *needs; /* timeline: slots that it reads */
    size_t needs_n;
};

struct plan_set {
    uint32_t slot;
    struct wire value;
};

enum op_kind {
    OP_REQUEST,
    OP_PARALLEL, /* the next n operations are requests, sent together */
    OP_THINK,
    OP_SET,
    OP_REPEAT, /* starts counter `depth` at n */
    OP_AGAIN,  /* back to `n` operations before, unless counter `depth` is used up */
    OP_END,
};

#define PLAN_MAX_REPEATS 4 /* nested */
#define PLAN_MAX_PARALLEL 256

struct op {
    enum op_kind kind;
    uint32_t n;
    unsigned depth;
    const struct plan_request *request;
    struct wait wait;
    const struct plan_set *set; /* n of them */
};

struct plan_task {
    struct slice name;
    uint64_t weight_up_to; /* sum of the weights up to this one */
    const struct op *ops;
};

/* A variable's value at a user's start. */
struct plan_var {
    uint32_t slot;
    struct wire value;
};

struct plan_cfg {
    struct hosts_cfg hosts; /* target is taken from the scenario */
    uint64_t timeout_ns;    /* of a request; 0: the scenario's, or 60 s */
    double think_factor;    /* of recorded waits */
    const char *user_agent; /* NULL: reprise/VERSION */
    uint64_t seed;
    bool timeline; /* which values a request needs is worked out */
};

struct plan {
    struct arena *arena;
    const struct scenario *scenario;
    struct hosts *hosts;
    struct scope *scope;
    size_t slots;
    const struct op *on_start, *on_stop; /* NULL: none */
    const struct plan_task *tasks;
    size_t tasks_n;
    uint64_t weights; /* sum */
    const struct plan_var *vars;
    size_t vars_n;
    struct feeder **feeds;
    size_t feeds_n;
    struct step_info *steps;
    size_t steps_n;
    struct wait wait;
    double think_factor;
    struct plan_request **requests; /* all, in order; to free what an arena cannot */
    size_t requests_n;
};

/* Keeps the scenario. Errors have the step's place in the scenario file. Gives. */
struct plan *plan_new(const struct scenario *s, const struct plan_cfg *cfg, struct err *err);
void plan_free(struct plan *p);
/* Connections that one user may have open: its widest step, at most per_host, and one to each other host that a
 * step names. */
unsigned plan_connections(const struct plan *p, unsigned per_host);
/* How long to wait: never negative, at most a day. */
uint64_t plan_wait_ns(const struct plan *p, const struct wait *w, struct rnd *rnd);

#endif
