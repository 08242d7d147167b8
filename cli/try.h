/* What the files of `reprise try` share: one walk, its requests beside their recorded and live answers. */
#ifndef CLI_TRY_H
#define CLI_TRY_H

#include "scenarios/scenarios.h"

/* One way in which the live answer is not the recorded one. */
struct difference {
    const char *what; /* "status", "type", "title"…, or a sentence when there is nothing recorded */
    struct slice recorded, live;
    bool bad; /* the step did not hold */
};

/* A value of the recording that a refused request still carried. */
struct literal {
    const char *where; /* "form", "header"… */
    struct slice name, masked;
    struct slice way; /* what to extract instead, and from which step; empty: no answer has it */
    size_t from;
};

struct try_answer {
    uint64_t number; /* row of the statistics */
    int status;
    struct slice head, body;
    bool taken;
};

/* One request of the walk. */
struct try_step {
    struct request_step *request;
    struct slice group;              /* groups around it, as rows of statistics have them */
    const struct try_answer *answer; /* NULL: none came */
    struct difference *differences;
    size_t differences_n, differences_cap;
    struct literal *literals;
    size_t literals_n, literals_cap;
    bool held;
};

struct trial {
    struct scenario *s;
    struct arena *a;
    struct try_answer *answers;
    size_t answers_n, answers_cap;
    struct try_step *steps; /* in the scenario's order, repeats written out */
    size_t steps_n, steps_cap;
    size_t failed, fixed;
};

/* try_answers.c: the archive's answers, the scenario's requests, and which belongs to which. */
bool try_read(struct trial *t, const char *archive, struct err *err);
void try_gather(struct trial *t);
void try_free(struct trial *t);
struct headers try_headers(struct trial *t, const struct try_answer *a);

/* try_compare.c: differences of the step's answer; sets held. */
void try_compare(struct trial *t, struct try_step *s);

/* try_fix.c: literals of a step that did not hold; the scenario is changed as suggested. */
void try_literals(struct trial *t, size_t at);

/* try_report.c: for people, in lines of at most 80 columns, and for scripts. */
void try_report_text(const struct trial *t, struct buf *out);
void try_report_json(const struct trial *t, struct buf *out);

#endif
