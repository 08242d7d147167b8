/* Import's second half: a session becomes a scenario, tokens found, kept, dropped and explained. */
#ifndef CORRELATE_CORRELATE_H
#define CORRELATE_CORRELATE_H

#include "http/session.h"
#include "scenarios/import_report.h"
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

/* Gives a scenario; the report lives in the scenario's arena. several: recordings of the same walk. */
struct scenario *correlate(const struct session *const *several, size_t n,
                           const struct import_cfg *cfg, struct import_report *report,
                           struct err *err);

/* Whether a text by itself could be a token: random enough, as the correlator judges. */
bool correlate_may_be_token(struct slice text);

#endif
