/* Import's second half: a session becomes a scenario, tokens found, kept, dropped and explained. */
#ifndef SCENARIOS_CORRELATE_H
#define SCENARIOS_CORRELATE_H

#include "http/session.h"
#include "scenarios/model.h"

struct import_cfg {
    bool keep_static;          /* static assets of other hosts too */
    bool keep_third_party;     /* analytics, beacons */
    const struct slice *hosts; /* keep only these; none: the main site and where its flow goes */
    size_t hosts_n;
    const struct slice *unique; /* recorded values to be made different per user and iteration */
    size_t unique_n;
    bool keep_names;          /* names of created objects stay as recorded, but for unique */
    const char *feed;         /* users.csv, or NULL */
    struct slice feed_text;   /* its text, so that values can be matched */
    const char *secrets_file; /* how the scenario names the feed that import writes for secrets */
    double pause_factor;      /* 1: as recorded; 0: none */
};

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
    int64_t
        start_ns; /* UTC of the first entry that was kept: recorded_ns of steps counts from it */
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

/* Gives a scenario; the report lives in the scenario's arena. several: recordings of the same walk. */
struct scenario *correlate(const struct session *const *several, size_t n,
                           const struct import_cfg *cfg, struct import_report *report,
                           struct err *err);

/* Whether a text by itself could be a token: random enough, as the correlator judges. */
bool value_may_be_token(struct slice text);

/* The report for scripts (product.md's members) and for people; values are masked. */
void import_report_json(const struct import_report *r, struct buf *out);
/* The flow of tokens in Graphviz's language: requests as boxes, tokens as arrows. */
void import_report_dot(const struct import_report *r, struct buf *out);
void import_report_text(const struct import_report *r, bool explain, struct buf *out);

#endif
