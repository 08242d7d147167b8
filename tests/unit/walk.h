/* A recorded walk made step by step, and what import makes of it. For tests of the correlator. */
#ifndef TESTS_UNIT_WALK_H
#define TESTS_UNIT_WALK_H

#include "base/buf.h"
#include "scenarios/correlate/correlate.h"
#include "tests/unit/test.h"

#define TOKEN "q7Zk2mXv9Lr4Tn8Wb3Yc6Hd1"

struct walk {
    struct session *s;
    struct import_cfg cfg;
    struct import_report report;
    struct scenario *out;
    struct buf yaml;
};

struct walk begin(void);
void end(struct walk *w);
/* One second after the step before; bodies are forms, or JSON if they begin with '{', answers are JSON, or pages. */
struct exchange *step(struct walk *w, const char *method, const char *url, const char *body,
                      const char *answer);
void header(struct walk *w, struct headers *h, const char *name, const char *value);
void redirect(struct walk *w, struct exchange *ex, const char *to);
/* Imports it; the scenario's text is in w->yaml. */
void run(struct walk *w);
bool says(const struct walk *w, const char *text);
size_t times(const struct walk *w, const char *text);

#endif
