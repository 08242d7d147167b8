/* The correlator's entries in the import's report. Private to correlate. */
#ifndef CORRELATE_REPORT_H
#define CORRELATE_REPORT_H

#include "scenarios/correlate/flow.h"
#include "scenarios/import_report.h"

enum report_table { REPORT_DROPPED, REPORT_HOSTS };
void report_count(struct flow *f, enum report_table table, struct slice name);
void report_warn(struct flow *f, const char *advice, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* For --explain: what was looked at and left as it is. */
void report_note(struct flow *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct token *report_token(struct flow *f);
void report_use(struct flow *f, struct token *t, struct slice use);
/* "#4 header Authorization" */
struct slice report_place(struct flow *f, const struct node *n);
/* "#3 POST /login" */
struct slice report_step(struct flow *f, size_t step);

#endif
