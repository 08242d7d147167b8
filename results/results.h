/* results: what came of the load. Samples become histograms, tables, files and the archive.
 *
 * Each worker owns a recorder and adds its samples to it without locks; once a second the collector
 * (one thread) takes every recorder's filled interval and leaves an empty one: merging, archiving and
 * showing never happen on a worker. Nothing here knows HTTP or scenarios: steps are numbers with names.
 * What a run amounts to is one const record, struct run_stats: the terminal, every file and the web page
 * read it, whether it comes from a running collector or from an archive. */
#ifndef RESULTS_RESULTS_H
#define RESULTS_RESULTS_H

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* ---- what a run is about: const while it lasts ------------------------------------------------ */

struct step_info {
    struct slice name;   /* as tables show it */
    struct slice method; /* Locust's Type column */
    struct slice group;  /* empty: none */
    struct slice url; /* without query, from "/" on at the target, ${…} as it is; empty: not one */
};

struct run_option {
    struct slice name, value; /* "users", "50"; no secrets */
};
struct run_text {
    struct slice name, text; /* a feed or another file the run was made of */
};
struct threshold_cfg {
    struct slice rule; /* see thresholds below */
    bool abort_on_fail;
    uint64_t delay_ns; /* not evaluated before */
};

struct run_info {
    const struct step_info *steps;
    size_t steps_n;
    struct slice scenario;      /* its name */
    struct slice scenario_hash; /* SHA-256 in hex, as archives have it; may be empty otherwise */
    struct slice scenario_text; /* the file as it was read; the archive masks secrets in it */
    struct slice target;        /* origin */
    struct slice engine;        /* "native", "curl", "fake" */
    const struct run_option *options;
    size_t options_n;
    const struct run_text *feeds; /* archived as hash and length, never as text */
    size_t feeds_n;
    const struct threshold_cfg *thresholds;
    size_t thresholds_n;
    uint64_t seed;
    uint32_t users;       /* planned; 0: open model */
    uint64_t run_time_ns; /* planned; 0: unknown */
    uint64_t warm_up_ns;  /* requests intended before it are archived but not counted; whole us */
    uint32_t workers;
    int64_t start_utc_ns;
};

/* ---- one request's fate ----------------------------------------------------------------------- */

enum outcome {
    OUTCOME_OK,
    OUTCOME_STATUS,  /* answered, with a status that is a failure */
    OUTCOME_CHECK,   /* answered, a check on it failed */
    OUTCOME_EXTRACT, /* answered, a value was not found in it */
    OUTCOME_RESOLVE, /* the name has no address */
    OUTCOME_REFUSED,
    OUTCOME_CONNECT, /* no connection for another reason */
    OUTCOME_TLS,
    OUTCOME_TIMEOUT,
    OUTCOME_RESET,     /* closed in the middle */
    OUTCOME_PROTOCOL,  /* not HTTP, or over a limit */
    OUTCOME_CANCELLED, /* the run ended before the answer: counted apart, not a failure */
    OUTCOMES
};
const char *outcome_name(enum outcome o); /* "ok", "status", … stable: archives hold it */
bool outcome_parse(struct slice name, enum outcome *out);
bool outcome_is_failure(enum outcome o);

/* Times are nanoseconds since the start of the run; 0: did not happen. */
struct sample {
    uint64_t intended_ns;  /* when the schedule wanted the request to start */
    uint64_t start_ns;     /* send began (connection taken or begun) */
    uint64_t connected_ns; /* connection ready, TLS included; 0 when reused */
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

/* Log-linear, 3 significant digits, 1 us to 1 h; what is larger counts in the last bucket. The buckets
 * are HdrHistogram's for (1, 3600000000, 3) in microseconds. Sparse: a fresh histogram is small and grows
 * to at most HIST_MAX_BYTES. Exact merge. */
#define HIST_MAX_BYTES 200000
struct hist;
struct hist *hist_new(void); /* gives */
void hist_free(struct hist *h);
void hist_add(struct hist *h, uint64_t ns);
void hist_add_n(struct hist *h, uint64_t ns, uint64_t count);
void hist_merge(struct hist *into, const struct hist *from);
void hist_clear(struct hist *h); /* keeps the memory */
uint64_t hist_count(const struct hist *h);
uint64_t hist_min_ns(const struct hist *h); /* 0 when empty */
uint64_t hist_max_ns(const struct hist *h);
double hist_mean_ns(const struct hist *h); /* exact, from the sum */
/* p in 0..100: the highest value equivalent to the bucket that holds it, capped to the maximum. */
uint64_t hist_percentile_ns(const struct hist *h, double p);
/* How many values are at most ns (to the bucket's resolution). */
uint64_t hist_count_to(const struct hist *h, uint64_t ns);
/* Walks the buckets that hold something: *i starts at 0; low and high are the bucket's range. */
bool hist_next(const struct hist *h, size_t *i, uint64_t *low_ns, uint64_t *high_ns,
               uint64_t *count);
/* HdrHistogram's V2 compressed encoding in base64 ("HISTFAAA…"), in microseconds, as .hlog files and
 * other HdrHistogram readers have it. Decoding merges into h; minimum and sum are then known to the
 * bucket's resolution only. */
bool hist_encode(const struct hist *h, struct buf *out);
bool hist_decode(struct hist *h, struct slice base64);

/* ---- recorder: one per worker ------------------------------------------------------------------ */

/* Every function but new and free belongs to the worker's thread. The collector takes what was recorded
 * with an atomic exchange: no call here waits or takes a lock. After warm-up recorder_add calls no
 * malloc. When the archive cannot keep up, samples are left out of it and counted, never of the
 * statistics. */
struct recorder;
/* Users of all workers together: a sum of snapshots would not know the most at once. Starts as zeros. */
struct user_count {
    _Atomic uint32_t now, most; /* most: since the collector's last second */
};

struct recorder_cfg {
    const struct step_info *steps; /* keeps */
    size_t steps_n;
    bool keep_samples;        /* the archive wants each of them */
    uint64_t warm_up_ns;      /* as in the run_info */
    struct user_count *users; /* keeps; all recorders' and the collector's; NULL: none */
};
struct recorder *recorder_new(const struct recorder_cfg *cfg); /* gives */
void recorder_free(struct recorder *r);                        /* after the collector's end */
void recorder_add(struct recorder *r, const struct sample *s);
/* A number for a failure's text, the same for the same text; at most 1,000, then "other failures". */
uint32_t recorder_message(struct recorder *r, struct slice text);
/* A failing answer to be kept as an example (at most 3 per message; masked by the archive). */
void recorder_failing_answer(struct recorder *r, uint32_t message, struct slice head,
                             struct slice body);
/* Any answer, for --archive-bodies all: the one that belongs to the sample added next. */
void recorder_answer(struct recorder *r, uint32_t step, struct slice head, struct slice body);
void recorder_users(struct recorder *r, uint32_t users);    /* running now on this worker */
void recorder_connections(struct recorder *r, uint32_t n);  /* open now on this worker */
void recorder_late(struct recorder *r, uint64_t late_ns);   /* a start that came later than 1 ms */
void recorder_dropped(struct recorder *r, uint64_t starts); /* starts that never came */
void recorder_lag(struct recorder *r, uint64_t lag_ns);     /* how late the loop's timers were */
/* What the worker's thread used since it was told last, and how long ago that was. */
void recorder_cpu(struct recorder *r, uint64_t cpu_ns, uint64_t span_ns);

/* ---- what a run amounts to ----------------------------------------------------------------------- */

/* A step's totals, or the whole run's. Histograms hold every request that ended with an outcome other
 * than cancelled: response from the intended start, service from the send. */
struct step_stats {
    uint64_t requests; /* cancelled ones not included */
    uint64_t failures, cancelled;
    uint64_t bytes_in, bytes_out, connections; /* connections: new ones made */
    uint64_t outcomes[OUTCOMES];
    uint64_t first_start_ns, last_end_ns;
    double recent_rps, recent_failures; /* a second, over the last 10 s; live only */
    const struct hist *service, *response;
    const struct hist *second; /* response times of the last second alone; NULL before the first */
};

struct failure_stats {
    uint32_t step;
    enum outcome outcome;
    uint16_t status;
    struct slice text; /* what tables show: the message, or one made of outcome and status */
    uint64_t count, first_ns, last_ns;
};

struct answer_sample { /* a failing answer, masked and cut */
    struct slice text; /* the failure's text */
    struct slice head, body;
};

#define HEAT_ROWS \
    42 /* six per decade from 100 us; row 0 is what is below, the last what is above */
uint64_t heat_row_ns(unsigned row); /* lower edge */

#define LOCUST_PERCENTILES 11
/* A row of Locust's history: what it shows of a step, or of all, up to one second's end. */
struct locust_row {
    uint64_t requests, failures;
    double rps, failures_rate; /* a second, over the last 10 s */
    double mean_ms, min_ms, max_ms, mean_bytes;
    uint32_t median_ms, percentiles_ms[LOCUST_PERCENTILES];
    bool empty; /* there is nothing to take percentiles of */
};

/* One second of the run, small enough to keep for hours. */
struct interval_point {
    uint64_t from_ns, to_ns;
    uint32_t users, requests, failures, cancelled;
    uint32_t late, dropped;
    uint32_t cpu_permille;                   /* of the busiest worker's core */
    uint32_t lag_us;                         /* the largest loop lag */
    uint32_t p50_us, p95_us, p99_us, max_us; /* response time */
    uint32_t service_p50_us, service_p95_us, service_p99_us;
    uint64_t bytes_in, bytes_out;
    uint32_t heat[HEAT_ROWS]; /* requests per band of response time */
    struct locust_row so_far; /* the whole run, up to this second's end */
};

struct generator_stats {
    uint64_t late_starts, late_max_ns;
    uint64_t dropped_starts;
    uint64_t lag_max_ns;
    double cpu_max;            /* of one core, the busiest worker in its busiest second, 0..1 */
    double cpu_mean;           /* of one core, mean over workers and time */
    uint64_t memory_max_bytes; /* resident */
    uint32_t sockets_max;
    uint64_t left_out;         /* samples that the archive did not take */
    uint64_t answers_left_out; /* and answers */
    bool limited;              /* the generator, not the target, bounded this run */
    struct slice limited_why;  /* one sentence, empty if not */
};

/* What a rule's figures are shown in: as the rule was written. */
enum threshold_unit {
    UNIT_MS,
    UNIT_SECONDS,
    UNIT_RATIO,
    UNIT_PERCENT,
    UNIT_PER_SECOND,
    UNIT_COUNT
};

struct threshold_result {
    struct slice rule;
    enum threshold_unit unit;
    bool ok, known; /* known: there was something to measure */
    double value;   /* milliseconds, a ratio 0..1, per second, or a count */
};

struct worker_stats {
    uint32_t users, connections;
    double cpu; /* of one core, in the last second, 0..1 */
};

struct run_stats {
    const struct run_info *info;
    uint64_t elapsed_ns;
    uint64_t since_ns; /* what is counted begins here: 0, the warm-up's end, or when it was reset */
    uint64_t warm_up_requests; /* ended ones that are not counted */
    uint32_t users, users_max; /* now, and the most at once */
    bool finished, interrupted;
    struct step_stats total;
    const struct step_stats *steps; /* info->steps_n */
    const struct failure_stats *failures;
    size_t failures_n;
    const struct interval_point *intervals;
    size_t intervals_n;
    const struct answer_sample *answers;
    size_t answers_n;
    const struct threshold_result *thresholds; /* info->thresholds_n */
    size_t thresholds_n;
    struct generator_stats generator;
    const struct worker_stats *workers; /* live only */
    size_t workers_n;
    const struct sample *trace; /* live only: one user's last whole iteration, by end */
    size_t trace_n;
    struct slice archive;     /* path; empty: none */
    struct slice environment; /* JSON object: machine, kernel, limits, versions */
};

double stats_rps(const struct run_stats *s, const struct step_stats *t); /* as Locust counts it */
double stats_failure_ratio(const struct step_stats *t);
bool stats_thresholds_ok(const struct run_stats *s);
double stats_ms(uint64_t ns); /* milliseconds with a fraction */

/* ---- thresholds ---------------------------------------------------------------------------------- */

/* k6's grammar over response time, with a place in front:
 *   [{step:NAME} | {group:NAME}] MEASURE OP VALUE
 * MEASURE: p(N) avg min med max (response time), service_p(N) service_avg … (service time), failed (ratio;
 * also rate, http_req_failed), rps, failures (count), requests or count. OP: < <= > >= == !=. VALUE: a
 * duration ("200ms", "1.5s"; a bare number is milliseconds, as k6 has it), "1%" or 0.01, "500/s". */
struct thresholds;
/* Refuses a bad rule with a sentence that quotes it. Keeps info and its rules. */
struct thresholds *thresholds_new(const struct run_info *info, struct err *err); /* gives */
void thresholds_free(struct thresholds *t);
/* Results in the order of the rules, valid until the next call. */
const struct threshold_result *thresholds_eval(struct thresholds *t, const struct run_stats *s);
/* Whether a rule with abort_on_fail is broken now. */
bool thresholds_abort(const struct thresholds *t, const struct run_stats *s);

/* ---- archive ------------------------------------------------------------------------------------- */

enum archive_level { ARCHIVE_INTERVALS, ARCHIVE_FULL };
enum archive_bodies { BODIES_NONE, BODIES_FAILED, BODIES_ALL };

struct archive_cfg {
    const char *path;
    enum archive_level level;
    enum archive_bodies bodies;
    const char *sign_key; /* PEM file with an Ed25519 private key; NULL: not signed */
};
/* docs/archive-format.md. Compression and writing run on a thread of their own. The file is made under
 * its final name, mode 0600, since an archive cut short is still readable. An older file is replaced. */
struct archive_writer;
struct archive_writer *archive_writer_new(const struct archive_cfg *cfg,
                                          const struct run_info *info, struct err *err); /* gives */
/* SCENARIO-UTCTIME.jsonl.gz in the current folder, a name that is not taken. */
void archive_default_name(const struct run_info *info, struct buf *out);
/* Without finishing: leaves an unclosed archive. */
void archive_writer_free(struct archive_writer *w);

/* ---- collector ------------------------------------------------------------------------------------ */

/* Something that wants to see every interval, on the collector's thread. */
struct interval_sink {
    void (*interval)(struct interval_sink *sink, const struct run_stats *s);
};

struct collector_cfg {
    const struct run_info *info;       /* keeps */
    struct recorder *const *recorders; /* keeps the array until finish */
    size_t recorders_n;
    struct archive_writer *archive;     /* keeps; NULL: none */
    struct interval_sink *const *sinks; /* keeps the array */
    size_t sinks_n;
    uint64_t start_mono_ns;   /* what samples count from */
    struct user_count *users; /* keeps; NULL: the most at once is the most in a snapshot */
};
struct collector;
struct collector *collector_new(const struct collector_cfg *cfg, struct err *err); /* gives */
void collector_free(struct collector *c);
bool collector_start(struct collector *c,
                     struct err *err); /* its thread: an interval each second */
/* Without a thread (tests, virtual clocks): takes what there is as the interval that ends at now. */
void collector_tick(struct collector *c, uint64_t now_ns);
/* After the workers have ended: the last interval, the archive closed. The statistics stay readable. The
 * error is about the archive. */
bool collector_finish(struct collector *c, bool interrupted, struct err *err);
/* Any thread: what sinks and collector_read show begins anew with the next second. The archive,
 * thresholds and collector_stats go on over the whole run. */
void collector_reset(struct collector *c);
/* Any thread: an abort_on_fail threshold is broken. */
bool collector_wants_abort(const struct collector *c);
/* Any thread: fn sees consistent statistics, with the collector held up meanwhile: be brief. */
void collector_read(struct collector *c, void (*fn)(void *arg, const struct run_stats *s),
                    void *arg);
const struct run_stats *collector_stats(const struct collector *c); /* after finish */

/* ---- terminal -------------------------------------------------------------------------------------- */

/* In place on a terminal (80 columns are enough), a plain line each 5 s otherwise. */
struct display;
struct display *display_new(FILE *out, bool tty); /* gives */
struct interval_sink *display_sink(struct display *d);
void display_end(struct display *d); /* leaves the in-place block standing */
void display_free(struct display *d);
/* Text tables: Locust's, then percentiles, service and response time, failures, thresholds, generator. */
void stats_write_text(const struct run_stats *s, struct buf *out);

/* ---- files ------------------------------------------------------------------------------------------ */

void stats_write_json(const struct run_stats *s, struct buf *out); /* results/summary.schema.json */
void stats_write_html(const struct run_stats *s, struct buf *out); /* one self-contained page */
void stats_write_junit(const struct run_stats *s, struct buf *out);
void stats_write_markdown(const struct run_stats *s, struct buf *out);
/* docs/metrics.md. s NULL: nothing was run yet; what is known then is the version, and that nobody is there. */
void stats_write_prometheus(const struct run_stats *s, struct buf *out);
/* Locust's four files; each of them alone, for downloads. */
void stats_write_locust_stats(const struct run_stats *s, struct buf *out);
void stats_write_locust_failures(const struct run_stats *s, struct buf *out);
void stats_write_locust_exceptions(const struct run_stats *s, struct buf *out);
void stats_write_locust_history(const struct run_stats *s,
                                struct buf *out); /* the Aggregated rows */
/* now: percentiles of the last second alone, as Locust's full history has them. */
struct locust_row locust_row(const struct step_stats *t, bool now);
/* PREFIX_stats.csv, _failures.csv, _exceptions.csv, and _stats_history.csv unless a history sink wrote it. */
bool stats_write_locust_csv(const struct run_stats *s, const char *prefix, bool history,
                            struct err *err);

/* What was asked for; NULL: not. */
struct result_files {
    const char *json, *html, *junit, *markdown;
    const char *csv;  /* prefix */
    bool csv_history; /* it too: no history sink wrote it */
};
bool stats_write_files(const struct run_stats *s, const struct result_files *files,
                       struct err *err);

/* PREFIX_stats_history.csv as the run goes. full: a row per step each second too, percentiles of it. */
struct history;
struct history *history_new(const char *prefix, bool full, struct err *err); /* gives */
struct interval_sink *history_sink(struct history *h);
bool history_end(struct history *h, struct err *err);
void history_free(struct history *h);

/* ---- live to other systems ------------------------------------------------------------------------- */

/* docs/metrics.md. where: statsd HOST[:8125]; influx a file or a write URL; otlp a collector's URL. */
enum push_kind { PUSH_STATSD, PUSH_INFLUX, PUSH_OTLP };
struct push;
struct push *push_new(enum push_kind kind, const char *where,
                      struct err *err); /* gives; keeps where */
struct interval_sink *push_sink(struct push *p);
/* Sends what waits; false, with how many were lost and why, if not everything arrived. */
bool push_end(struct push *p, struct err *err);
void push_free(struct push *p);

/* ---- reading archives -------------------------------------------------------------------------------- */

struct archive_filter {
    uint64_t from_ns, to_ns;  /* when a request ended, since the start; to 0: the end */
    struct slice step, group; /* empty: all */
    uint32_t status;          /* 0: all; 5 means 5xx; needs samples */
};
struct archive_load; /* owns the statistics that it read */
/* Several archives of one scenario merge exactly. Reads an archive that was cut short up to its last
 * whole member and says so in truncated. */
struct archive_load *archive_load(const char *const *paths, size_t n,
                                  const struct archive_filter *f,
                                  struct err *err); /* gives; f may be NULL */
void archive_load_free(struct archive_load *l);
const struct run_stats *archive_load_stats(const struct archive_load *l);
bool archive_load_mixed(const struct archive_load *l);     /* they are not all of one scenario */
bool archive_load_truncated(const struct archive_load *l); /* or recovered from one that was */
/* Calls fn with each sample in the order of the file; the times are since that archive's start. */
typedef void archive_sample_fn(void *arg, const struct run_info *info, const struct sample *s,
                               struct slice message);
bool archive_samples(const char *path, const struct archive_filter *f, archive_sample_fn *fn,
                     void *arg, struct err *err);

struct archive_set {
    const char *const *paths;
    size_t n;
    const struct archive_filter *filter; /* NULL: everything */
};
/* Sample by sample, one archive behind the other: "jtl" (JMeter CSV), "jtl-xml", "vegeta", "requests" (Locust's
 * CsvRequestLogger). Streams. */
bool archive_export(const struct archive_set *set, const char *format, const char *path,
                    struct err *err);
/* HdrHistogram's interval log of response times, tagged by step. */
bool archive_export_hlog(const struct archive_set *set, const char *path, struct err *err);

enum archive_state { ARCHIVE_WHOLE, ARCHIVE_TRUNCATED, ARCHIVE_ALTERED, ARCHIVE_BAD_SIGNATURE };
struct archive_verdict {
    enum archive_state state;
    bool closed, recovered, signature_found, signature_ok;
    uint64_t members, good_members; /* good: from the start without a break */
    uint64_t good_bytes, bytes, samples, left_out;
    uint64_t bad_member; /* from 0, when altered */
    char text[400];      /* one or two sentences for people */
};
/* key: PEM public key, NULL: the signature is not checked. False only if the file cannot be read at all. */
bool archive_verify(const char *path, const char *key, struct archive_verdict *out,
                    struct err *err);
/* Writes what is good of path as a closed archive at out. */
bool archive_recover(const char *path, const char *out, struct archive_verdict *v, struct err *err);

/* ---- comparing ------------------------------------------------------------------------------------------ */

/* docs/notes/compare.md: block bootstrap of each run, logarithms of ratios, Holm's correction. */
enum compare_measure_id {
    COMPARE_TYPICAL, /* the middle half of the requests in the middle half of the seconds */
    COMPARE_P50,
    COMPARE_P90,
    COMPARE_P95,
    COMPARE_P99,
    COMPARE_FAILED, /* ratio; its change is a difference */
    COMPARE_MEASURES
};
const char *compare_measure_name(enum compare_measure_id m); /* "typical", "p(50)", … "failed" */

struct compare_measure {
    double a, b;              /* milliseconds; failed: ratio */
    double change, low, high; /* (b - a) / a with its 95 % confidence interval; failed: b - a */
    double error, p;          /* standard error of log(b / a) (failed: of b - a); p-value */
    bool known, significant;
};
struct compare_step {
    struct slice name, method; /* the last one: "Aggregated" */
    uint64_t requests_a, requests_b;
    struct compare_measure measures[COMPARE_MEASURES];
};
struct compare_rule {
    struct slice rule;
    bool broken;
    struct slice text; /* why, or what was measured */
};
struct compare_cfg {
    double noise;  /* standard deviation between equal runs that no run can show by itself; 0.005 */
    uint64_t seed; /* of the resampling */
    const char *const *rules; /* "p(95) > +5%", "{step:NAME} failed > +1%" */
    size_t rules_n;
};
struct compare_result {
    struct arena *arena;
    struct archive_load *a, *b;
    struct compare_step *steps; /* those that both runs have, then the whole */
    size_t steps_n;
    struct compare_rule *rules;
    size_t rules_n;
    struct slice *doubts; /* why the runs are not comparable */
    size_t doubts_n;
    bool worse, better; /* any significant change for the worse, for the better */
};
struct compare_result *compare_archives(const char *a, const char *b, const struct compare_cfg *cfg,
                                        struct err *err); /* gives */
void compare_free(struct compare_result *c);
bool compare_rules_ok(const struct compare_result *c);
void compare_write_text(const struct compare_result *c, struct buf *out);
void compare_write_json(const struct compare_result *c, struct buf *out);
void compare_write_html(const struct compare_result *c, struct buf *out);

#endif
