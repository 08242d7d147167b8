/* What the page is about right now: state, the run's collector, rendered snapshots, the log. Private to
 * web; shared by the handlers (web thread) and by web.h's any-thread functions, under one lock. */
#ifndef WEB_BOARD_H
#define WEB_BOARD_H

#include <pthread.h>

#include "web/events.h"
#include "web/guard.h"
#include "web/web.h"

#define BOARD_LOG_LINES 200
#define BOARD_LOG_BYTES 400
#define SNAPSHOT_BYTES (64u << 20)

struct log_entry {
    int64_t utc_ns;
    enum log_level level;
    char text[BOARD_LOG_BYTES];
};

/* A text that is rendered when it is asked for and then serves everybody until the next second. */
struct snapshot {
    uint64_t version; /* of the run it was made from; 0: none */
    struct buf text;
};
enum snapshot_kind { SNAPSHOT_STATS, SNAPSHOT_FAILURES, SNAPSHOT_LOCUST, SNAPSHOTS };

struct board {
    pthread_mutex_t lock;
    enum web_state state;
    struct collector *collector; /* NULL: nothing was started */
    const struct run_info *info;
    uint64_t version; /* seconds seen, over all runs; never 0 once a run began */
    uint64_t run;     /* which run since the program started */
    struct events *events;
    struct snapshot snapshots[SNAPSHOTS];
    struct log_entry log[BOARD_LOG_LINES];
    uint64_t log_n;           /* lines ever */
    uint64_t failure_kinds;   /* told in the log so far */
    uint64_t thresholds_told; /* bit per rule (the first 64): its state in the log */
    struct interval_sink sink;
    const struct web_control *control;
    int wake_fd; /* an eventfd of the web thread */
};

void board_init(struct board *l, const struct web_control *control, int wake_fd);
void board_free(struct board *l);
void board_set_state(struct board *l, enum web_state s);
void board_event(struct board *l, const char *name, struct slice data);
void board_note(struct board *l, enum log_level level, const char *text);
void board_begin(struct board *l, struct collector *c, const struct run_info *info);
void board_leave(struct board *l);

/* ---- for handlers ------------------------------------------------------------------------------ */

/* fn sees the run's statistics (NULL if nothing was started) with the lock held. */
void board_read(struct board *l, void (*fn)(void *arg, const struct run_stats *s), void *arg);
/* The number of the oldest line that is there; the lock held. */
uint64_t board_log_first(const struct board *l);
/* Appends a snapshot, rendered at most once a second. */
void board_snapshot(struct board *l, enum snapshot_kind kind, struct buf *out);
/* {"state", "run", "version", "tick", "log"…}: what a page needs to begin. */
void board_state_json(struct board *l, struct buf *out);

#endif
