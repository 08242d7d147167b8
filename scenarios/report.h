/* Filling the import's report while the import runs. Private to the room. */
#ifndef SCENARIOS_REPORT_H
#define SCENARIOS_REPORT_H

#include <stdarg.h>

#include "scenarios/flow.h"

enum report_table { REPORT_DROPPED, REPORT_HOSTS };
/* For any maker of a report; lists double in the arena. A warning that is there is not kept twice;
 * advice is a constant: what to do about it. */
void *report_room(struct arena *a, void *old, size_t n, size_t size); /* for one more than n */
void report_add_count(struct arena *a, struct count_by **v, size_t *n, struct slice name);
void report_add_warning(struct arena *a, struct import_report *r, const char *advice,
                        const char *fmt, va_list ap) __attribute__((format(printf, 4, 0)));
void report_count(struct flow *f, enum report_table table, struct slice name);
void report_warn(struct flow *f, const char *advice, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* For --explain: what was looked at and left as it is. */
void report_note(struct flow *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct token *report_token(struct flow *f);
void report_use(struct flow *f, struct token *t, struct slice use);
/* advice.c: what to do about rows that were dropped for this reason; empty if it is not known. */
struct slice drop_advice(struct slice reason);
/* "#4 header Authorization" */
struct slice report_place(struct flow *f, const struct node *n);
/* "#3 POST /login" */
struct slice report_step(struct flow *f, size_t step);

#endif
