/* results: what came of the load. Samples become histograms, tables, files and the archive.
 *
 * Each worker owns a recorder and adds its samples to it without locks; once a second the collector
 * (one thread) takes every recorder's filled interval and leaves an empty one: merging, archiving and
 * showing never happen on a worker. Nothing here knows HTTP or scenarios: steps are numbers with names. */
#ifndef RESULTS_RESULTS_H
#define RESULTS_RESULTS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* ---- what a run is about: const while it lasts ------------------------------------------------ */

struct step_info {
    struct slice name;   /* as tables show it */
    struct slice method; /* Locust's Type column */
    struct slice group;  /* empty: none */
};

/* ---- one request's fate ----------------------------------------------------------------------- */

enum outcome {
    OUTCOME_OK,
    OUTCOME_STATUS,     /* answered, with a status that is a failure */
    OUTCOME_CHECK,      /* answered, a check on it failed */
    OUTCOME_EXTRACT,    /* answered, a value was not found in it */
    OUTCOME_RESOLVE,    /* the name has no address */
    OUTCOME_REFUSED,
    OUTCOME_CONNECT,    /* no connection for another reason */
    OUTCOME_TLS,
    OUTCOME_TIMEOUT,
    OUTCOME_RESET,      /* closed in the middle */
    OUTCOME_PROTOCOL,   /* not HTTP, or over a limit */
    OUTCOME_CANCELLED,  /* the run ended before the answer: counted apart, not a failure */
    OUTCOMES
};
const char *outcome_name(enum outcome o); /* "ok", "status", … stable: archives hold it */

/* Times are nanoseconds since the start of the run; 0: did not happen. */
struct sample {
    uint64_t intended_ns;   /* when the schedule wanted the request to start */
    uint64_t start_ns;      /* send began (connection taken or begun) */
    uint64_t connected_ns;  /* connection ready, TLS included; 0 when reused */
    uint64_t first_byte_ns;
    uint64_t end_ns;
    uint64_t bytes_in, bytes_out;
    uint32_t step, user, iteration;
    uint16_t status; /* 0: none */
    uint8_t outcome; /* enum outcome */
    bool reused;
    uint32_t message; /* recorder_message's number for a failure; 0: none */
};

/* ---- histograms -------------------------------------------------------------------------------- */

/* Log-linear, 3 significant digits, 1 us to 1 h; what is larger counts in the last bucket. Sparse: a
 * fresh histogram is small and grows to at most HIST_MAX_BYTES. Exact merge. */
struct hist;
struct hist *hist_new(void); /* gives */
void hist_free(struct hist *h);
void hist_add(struct hist *h, uint64_t ns);
void hist_add_n(struct hist *h, uint64_t ns, uint64_t count);
void hist_merge(struct hist *into, const struct hist *from);
void hist_clear(struct hist *h); /* keeps the memory */
uint64_t hist_count(const struct hist *h);
uint64_t hist_min_ns(const struct hist *h);
uint64_t hist_max_ns(const struct hist *h);
double hist_mean_ns(const struct hist *h); /* exact, from the sum */
/* p in 0..100: the highest value equivalent to the bucket that holds it, capped to the maximum. */
uint64_t hist_percentile_ns(const struct hist *h, double p);

/* ---- recorder: one per worker ------------------------------------------------------------------ */

struct recorder;
struct recorder_cfg {
    const struct step_info *steps; /* keeps */
    size_t steps_n;
    bool keep_samples; /* the archive wants each of them */
};
struct recorder *recorder_new(const struct recorder_cfg *cfg); /* gives */
void recorder_free(struct recorder *r);
/* Called by the worker for each ended request; no malloc after warm-up. */
void recorder_add(struct recorder *r, const struct sample *s);
/* A number for a failure's text, the same for the same text; at most 1,000, then "other failures". */
uint32_t recorder_message(struct recorder *r, struct slice text);
/* A failing answer to be kept as an example (at most a few per message; masked by the archive). */
void recorder_failing_answer(struct recorder *r, uint32_t message, struct slice head, struct slice body);
void recorder_users(struct recorder *r, uint32_t users); /* running now on this worker */
void recorder_late(struct recorder *r, uint64_t late_ns);  /* a start that came later than 1 ms */
void recorder_dropped(struct recorder *r, uint64_t starts); /* starts that never came */
void recorder_lag(struct recorder *r, uint64_t lag_ns, uint64_t cpu_ns); /* loop lag, thread CPU so far */

#endif
