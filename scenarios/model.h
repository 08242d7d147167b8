/* The scenario model: what a scenario file says, and the file's reader and writer.
 *
 * A scenario is a plain const record in one arena: what the file says, nothing compiled. replay/ compiles
 * it (templates to slots) into its plan. Text fields may hold ${…}; "text" below means such a template. */
#ifndef SCENARIOS_MODEL_H
#define SCENARIOS_MODEL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/rnd.h"
#include "http/session.h"
#include "scenarios/shape.h"

/* Where something stands in its file; line 0: it was not read from one. */
struct place {
    unsigned line, column;
};

/* ---- waits -------------------------------------------------------------------------------------- */

enum wait_kind {
    WAIT_NONE,
    WAIT_CONSTANT,
    WAIT_UNIFORM,
    WAIT_NORMAL,
    WAIT_EXPONENTIAL,
    WAIT_PACING,
    WAIT_RECORDED
};
struct wait {
    enum wait_kind kind;
    uint64_t a_ns,
        b_ns; /* constant a; uniform [a, b]; normal mean a, deviation b; exponential mean a;
                            pacing a from start to start; recorded a (times the run's factor) */
};

/* ---- extractors and checks ------------------------------------------------------------------------ */

enum extract_kind {
    EXTRACT_JSON,
    EXTRACT_HEADER,
    EXTRACT_COOKIE,
    EXTRACT_HTML,
    EXTRACT_XML,
    EXTRACT_REGEX,
    EXTRACT_BETWEEN,
    EXTRACT_LOCATION,
    EXTRACT_BODY
};
enum extract_decode {
    DECODE_NONE,
    DECODE_PERCENT,
    DECODE_HTML,
    DECODE_JSON,
    DECODE_BASE64,
    DECODE_HEX,
    DECODE_JWT
}; /* applied in order to what was found */
struct extract {
    struct slice name; /* the variable */
    enum extract_kind kind;
    struct slice expr;  /* path, header or cookie name, XPath/CSS, pattern, left boundary, or the
                                 query parameter of a Location (empty: all of it) */
    struct slice right; /* between: right boundary */
    struct slice regex; /* optional: a pattern (group 1) applied to what was found */
    unsigned nth;       /* which match, from 1; 0 means 1 */
    enum extract_decode decode[3];
    bool optional;         /* not found: the variable keeps its value, no failure */
    struct slice fallback; /* used when not found, if has_fallback */
    bool has_fallback;
    struct slice comment; /* written behind it in YAML */
    struct place place;
};

enum check_kind {
    CHECK_STATUS,
    CHECK_BODY_CONTAINS,
    CHECK_BODY_NOT,
    CHECK_BODY_MATCHES,
    CHECK_HEADER,
    CHECK_JSON,
    CHECK_TIME
};
struct check {
    enum check_kind kind;
    struct slice name; /* header name or JSON path */
    struct slice
        value;       /* text; status: "200", "2xx", "200-204", "200|302"; a header holds it, a JSON
                           value is it; p == NULL: header or JSON value only has to be there */
    uint64_t max_ns; /* CHECK_TIME */
    struct place place;
};

/* ---- steps ---------------------------------------------------------------------------------------- */

struct field {
    struct slice name, value; /* both text */
};
struct fields {
    struct field *v;
    size_t n;
};
/* A part of a multipart form. */
struct form_part {
    struct slice name, value, file_name, content_type; /* text */
    struct slice file; /* path to read the value from, empty: value */
    bool base64;       /* value is base64 of bytes that are no text */
    bool has_file_name;
};

enum body_kind {
    BODY_KIND_NONE,
    BODY_KIND_RAW,
    BODY_KIND_FORM,
    BODY_KIND_JSON,
    BODY_KIND_MULTIPART,
    BODY_KIND_BASE64,
    BODY_KIND_FILE
};

struct request_step {
    struct slice name; /* in statistics; empty: method and path without variables' values */
    struct slice method;
    struct slice url; /* text: a path ("/x?y"), or absolute for another origin */
    struct fields headers;
    enum body_kind body_kind;
    struct slice body; /* text (raw, json), base64 of the bytes, or a path */
    struct fields form;
    struct form_part *parts;
    size_t parts_n;
    struct extract *extract;
    size_t extract_n;
    struct check *checks;
    size_t checks_n;
    uint64_t timeout_ns; /* 0: the default */
    unsigned redirects;  /* how many to follow; 0: none, the recording carries the hops */
    /* when it started in the recording, since the first one; for try and timeline */
    uint64_t recorded_ns;
    int recorded_status;     /* 0: unknown */
    bool recorded_cookies;   /* its recorded answer set cookies; for timeline only, not written */
    uint64_t recorded_bytes; /* of the answer's body */
    struct shape recorded_shape;
};

enum step_kind { STEP_REQUEST, STEP_THINK, STEP_GROUP, STEP_PARALLEL, STEP_REPEAT, STEP_SET };
struct step {
    enum step_kind kind;
    struct slice name;    /* group */
    struct slice comment; /* written above it in YAML */
    struct place place;
    struct request_step *request; /* STEP_REQUEST */
    struct wait think;            /* STEP_THINK */
    struct step *steps;           /* GROUP, PARALLEL, REPEAT */
    size_t steps_n;
    unsigned times;    /* REPEAT */
    struct fields set; /* SET: variables computed here (value is text) */
};

struct task {
    struct slice name;
    unsigned weight;
    struct step *steps;
    size_t steps_n;
    struct place place;
};

/* ---- feeds, load, thresholds ------------------------------------------------------------------------ */

enum feed_pick { PICK_SEQUENTIAL, PICK_RANDOM, PICK_UNIQUE, PICK_SHUFFLE };
/* By pick: a unique feed's users end, every other begins anew. */
enum feed_end { FEED_BY_PICK, FEED_RECYCLE, FEED_STOP_USER, FEED_STOP_RUN, FEED_FAIL };
struct feed {
    struct slice name, file; /* file: relative to the scenario's folder */
    enum feed_pick pick;
    enum feed_end end;
    bool per_iteration; /* a new row each iteration; otherwise one per user */
    struct place place;
};
bool feed_recycles(const struct feed *f);

struct stage {
    uint64_t duration_ns;
    double target; /* users, or starts a second in the open model */
};
enum arrival { ARRIVAL_NONE, ARRIVAL_CONSTANT, ARRIVAL_POISSON };
struct load {
    uint32_t users;
    double spawn_rate;    /* users a second; 0: all at once */
    uint64_t run_time_ns; /* 0: not limited by time */
    uint64_t warm_up_ns;  /* what is sent before is not counted */
    uint64_t iterations;  /* in all; 0: not limited */
    uint64_t loops;       /* per user; 0: not limited */
    struct stage *stages;
    size_t stages_n;
    enum arrival arrival; /* open model: iterations start at `rate` a second */
    double rate;
    uint32_t max_users; /* open model's ceiling: starts beyond it are dropped and counted */
    struct place place; /* in the file */
};

struct threshold {
    struct slice rule; /* "p(95) < 200ms", "failed < 1%", "{step}p(99)<1s" */
    bool abort_on_fail;
    uint64_t delay_ns;
    struct place place;
};

/* ---- the scenario ------------------------------------------------------------------------------------ */

/* Where a text that may hold ${…} stands: found by its pointer. */
struct text_place {
    const char *p;
    struct place place;
};

struct scenario {
    struct arena *arena;
    struct slice name, target;
    struct slice file, text; /* as read; empty when made by import */
    struct slice *comments;  /* written at the top of the YAML */
    size_t comments_n;
    struct feed *feeds;
    size_t feeds_n;
    struct fields vars;    /* constants and defaults of variables (text) */
    struct fields headers; /* defaults for every request */
    uint64_t timeout_ns;
    struct wait wait; /* between tasks */
    struct step *on_start, *on_stop;
    size_t on_start_n, on_stop_n;
    struct task *tasks;
    size_t tasks_n;
    struct load load;
    struct threshold *thresholds;
    size_t thresholds_n;
    struct text_place *places; /* of its texts, when it was read from a file */
    size_t places_n;
};

struct scenario *scenario_new(void); /* gives */
void scenario_free(struct scenario *s);
struct scenario *scenario_read(const char *path, struct err *err);                     /* gives */
struct scenario *scenario_parse(struct slice text, const char *name, struct err *err); /* gives */
bool scenario_write(const struct scenario *s,
                    struct buf *out); /* YAML that parses back to the same */
/* Every mistake that can be known without running: unknown variables, bad patterns, waits turned
 * around, empty tasks. scenario_read and scenario_parse call it. */
bool scenario_check(const struct scenario *s, struct err *err);
/* What statistics call the request: its name, or its url as recorded with ${urlencode(id)} and the like
 * as ${id}. Lives as long as the scenario or a, whichever ends first. */
struct slice request_shown(struct arena *a, const struct request_step *r);

#endif
