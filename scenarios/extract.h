/* Extractors and checks, compiled once, run on answers without malloc where the kind allows it. */
#ifndef SCENARIOS_EXTRACT_H
#define SCENARIOS_EXTRACT_H

#include "scenarios/model.h"

/* An answer as replay has it: head and body borrowed, body decoded. */
struct answer {
    int status;
    const struct headers *headers;
    struct slice body;
    struct slice url; /* of the request, for Location */
    uint64_t time_ns;
};

struct extractor;
struct extractor *extractor_compile(struct arena *a, const struct extract *e, struct err *err);
bool extractor_needs_body(const struct extractor *x);
/* The value, in the answer or in scratch; false if it is not there. Thread-safe: the compiled form is
 * const; scratch is the caller's. */
bool extractor_run(const struct extractor *x, const struct answer *a, struct arena *scratch,
                   struct slice *out);
void extractor_free(struct extractor *x); /* what the arena cannot free: compiled patterns */

struct checker;
struct checker *checker_compile(struct arena *a, const struct check *c, struct err *err);
bool checker_needs_body(const struct checker *c);
/* False with a short reason ("status 500, want 2xx") appended to why. */
bool checker_run(const struct checker *c, const struct answer *a, struct arena *scratch,
                 struct buf *why);
void checker_free(struct checker *c);

#endif
