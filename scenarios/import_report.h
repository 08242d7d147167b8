/* What an import found, kept, left out and advises: filled by the correlator and by the readers of plans, written for
 * people and for scripts. Everything lives in the scenario's arena. */
#ifndef SCENARIOS_IMPORT_REPORT_H
#define SCENARIOS_IMPORT_REPORT_H

#include <stdarg.h>

#include "base/arena.h"
#include "base/buf.h"
#include "scenarios/model.h"

/* One value that an answer gives and later requests carry. */
struct token {
    struct slice name;    /* the variable */
    struct slice value;   /* as recorded (a secret) */
    struct slice from;    /* "#3 POST /login": the producing step */
    struct slice extract; /* "json $.token": the extractor in words */
    struct slice *uses;   /* "#4 header Authorization"… */
    size_t uses_n;
    double confidence;        /* 0..1 */
    bool inferred;            /* not in the recording, which was sanitised */
    struct slice *runners_up; /* other origins that were found, and why they lost */
    size_t runners_up_n;
};

struct count_by {
    struct slice name;
    size_t count;
};

/* A feed that import makes from a plan's CSV file, to be written beside the scenario. */
struct import_feed {
    struct slice file, text;
};

struct import_report {
    struct slice format; /* "har" … set by who read the file */
    size_t entries_read, entries_kept;
    /* UTC of the first entry that was kept: recorded_ns of steps counts from it */
    int64_t start_ns;
    struct count_by *dropped, *hosts;
    size_t dropped_n, hosts_n;
    struct token *tokens;
    size_t tokens_n;
    struct warning *warnings;
    size_t warnings_n;
    struct slice *notes; /* for --explain: what was looked at and left as recorded */
    size_t notes_n;
    struct import_feed *feeds;
    size_t feeds_n;
    struct slice secrets; /* CSV of the recorded account and other secrets, to be written as
                             secrets_file; empty: there are none, or the user's feed holds them */
};

/* The report for scripts (product.md's members) and for people; values are masked. */
void import_report_json(const struct import_report *r, struct buf *out);
/* The flow of tokens in Graphviz's language: requests as boxes, tokens as arrows. */
void import_report_dot(const struct import_report *r, struct buf *out);
void import_report_text(const struct import_report *r, bool explain, struct buf *out);

/* ---- for those who fill it ---- */

/* Room for one more than n; lists double in the arena. */
void *import_report_room(struct arena *a, void *old, size_t n, size_t size);
void import_report_count(struct arena *a, struct count_by **v, size_t *n, struct slice name);
/* One that is there is not kept twice; advice is a constant: what to do about it. */
void import_report_warn(struct arena *a, struct import_report *r, const char *advice,
                        const char *fmt, va_list ap) __attribute__((format(printf, 4, 0)));
/* advice.c: what to do about rows that were dropped for this reason; empty if it is not known. */
struct slice import_report_advice(struct slice reason);

#endif
