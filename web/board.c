/* State shared between the collector's thread, the one that controls the run, and the web thread.
 *
 * Once a second the collector's thread leaves a tick: some hundred bytes, rendered once and put into the
 * ring of events. Tables are rendered when somebody asks, once per second for all. Lock order: the board's, then
 * the collector's. Invariant: info and collector belong together and are NULL together. */
#include "web/board.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "web/render.h"

#define TICK_BYTES 65536

const char *web_state_name(enum web_state s)
{
    static const char *const names[] = { "ready", "spawning", "running", "stopping", "stopped" };
    return names[s];
}

static void wake(struct board *l)
{
    uint64_t one = 1;
    ssize_t n = write(l->wake_fd, &one, sizeof one);
    (void)n; /* full: it is awake already */
}

static void push_event(struct board *l, const char *name, struct slice data)
{
    events_push(l->events, name, data);
    wake(l);
}

void board_event(struct board *l, const char *name, struct slice data)
{
    pthread_mutex_lock(&l->lock);
    push_event(l, name, data);
    pthread_mutex_unlock(&l->lock);
}

/* ---- the log ----------------------------------------------------------------------------------- */

static void log_json(struct jsonw *w, const struct log_entry *e)
{
    static const char *const levels[] = { "error", "warning", "info", "debug" };
    struct buf time = BUF_INIT(64);
    clock_add_iso(&time, e->utc_ns);
    jsonw_object(w);
    jsonw_put_str(w, "time", buf_slice(&time));
    jsonw_put_z(w, "level", levels[e->level]);
    jsonw_put_z(w, "text", e->text);
    jsonw_object_end(w);
    buf_free(&time);
}

static void note(struct board *l, enum log_level level, struct slice text)
{
    struct log_entry *e = &l->log[l->log_n++ % BOARD_LOG_LINES];
    size_t n = text.n < BOARD_LOG_BYTES - 1 ? text.n : BOARD_LOG_BYTES - 1;
    *e = (struct log_entry){ .utc_ns = clock_utc_ns(), .level = level };
    memcpy(e->text, text.p, n);
    struct buf b = BUF_INIT(4096);
    struct jsonw w = { .out = &b };
    log_json(&w, e);
    push_event(l, "log", buf_slice(&b));
    buf_free(&b);
}

void board_note(struct board *l, enum log_level level, const char *text)
{
    pthread_mutex_lock(&l->lock);
    note(l, level, slice_z(text));
    pthread_mutex_unlock(&l->lock);
}

uint64_t board_log_first(const struct board *l)
{
    return l->log_n > BOARD_LOG_LINES ? l->log_n - BOARD_LOG_LINES : 0;
}

static void log_array(struct board *l, struct jsonw *w)
{
    jsonw_array(w);
    for (uint64_t i = board_log_first(l); i < l->log_n; i++)
        log_json(w, &l->log[i % BOARD_LOG_LINES]);
    jsonw_array_end(w);
}

/* ---- what a second brings ------------------------------------------------------------------------- */

static void note_new_failures(struct board *l, const struct run_stats *s)
{
    struct buf b = BUF_INIT(BOARD_LOG_BYTES);
    if (s->failures_n < l->failure_kinds) l->failure_kinds = 0; /* statistics were reset */
    for (uint64_t i = l->failure_kinds; i < s->failures_n && i < l->failure_kinds + 20; i++) {
        const struct failure_stats *f = &s->failures[i];
        const struct step_info *step = &s->info->steps[f->step];
        buf_reset(&b);
        buf_addf(&b, "new failure in %.*s: %.*s", SL_FMT(slice_sub(step->name, 0, 120)),
                 SL_FMT(slice_sub(f->text, 0, 200)));
        note(l, LOG_WARN, buf_slice(&b));
    }
    l->failure_kinds = s->failures_n;
    buf_free(&b);
}

static void note_thresholds(struct board *l, const struct run_stats *s)
{
    struct buf b = BUF_INIT(BOARD_LOG_BYTES);
    for (size_t i = 0; i < s->thresholds_n && i < 64; i++) {
        uint64_t bit = 1ULL << i;
        bool broken = s->thresholds[i].known && !s->thresholds[i].ok;
        if (broken == ((l->thresholds_told & bit) != 0)) continue;
        l->thresholds_told ^= bit;
        buf_reset(&b);
        buf_addf(&b, "threshold %.*s %s", SL_FMT(slice_sub(s->thresholds[i].rule, 0, 200)),
                 broken ? "is broken" : "holds again");
        note(l, broken ? LOG_WARN : LOG_INFO, buf_slice(&b));
    }
    buf_free(&b);
}

/* On the collector's thread, once a second; s is that second's state. */
static void on_interval(struct interval_sink *sink, const struct run_stats *s)
{
    struct board *l = (struct board *)(void *)((char *)sink - offsetof(struct board, sink));
    struct buf text = BUF_INIT(TICK_BYTES);
    pthread_mutex_lock(&l->lock);
    l->version++;
    render_tick(s, l->version, l->run, &text);
    note_new_failures(l, s);
    note_thresholds(l, s);
    push_event(l, "tick", buf_slice(&text));
    pthread_mutex_unlock(&l->lock);
    buf_free(&text);
}

/* ---- life ------------------------------------------------------------------------------------------ */

void board_init(struct board *l, const struct web_control *control, int wake_fd)
{
    *l = (struct board){ .control = control, .wake_fd = wake_fd, .events = events_new() };
    pthread_mutex_init(&l->lock, NULL);
    l->sink.interval = on_interval;
    for (size_t i = 0; i < SNAPSHOTS; i++)
        buf_init(&l->snapshots[i].text, SNAPSHOT_BYTES);
}

void board_free(struct board *l)
{
    events_free(l->events);
    for (size_t i = 0; i < SNAPSHOTS; i++)
        buf_free(&l->snapshots[i].text);
    pthread_mutex_destroy(&l->lock);
}

static void push_state(struct board *l)
{
    struct buf b = BUF_INIT(256);
    buf_addf(&b, "{\"state\":\"%s\",\"run\":%" PRIu64 "}", web_state_name(l->state), l->run);
    push_event(l, "state", buf_slice(&b));
    buf_free(&b);
}

void board_set_state(struct board *l, enum web_state s)
{
    pthread_mutex_lock(&l->lock);
    bool news = l->state != s;
    l->state = s;
    if (news) push_state(l);
    pthread_mutex_unlock(&l->lock);
}

static void forget(struct board *l)
{
    l->version++;
    l->failure_kinds = 0;
    l->thresholds_told = 0;
}

void board_begin(struct board *l, struct collector *c, const struct run_info *info)
{
    pthread_mutex_lock(&l->lock);
    l->collector = c;
    l->info = info;
    l->run++;
    forget(l);
    push_state(l);
    pthread_mutex_unlock(&l->lock);
}

void board_leave(struct board *l)
{
    pthread_mutex_lock(&l->lock);
    l->collector = NULL;
    l->info = NULL;
    forget(l);
    pthread_mutex_unlock(&l->lock);
}

/* ---- reading ----------------------------------------------------------------------------------------- */

static void read_locked(struct board *l, void (*fn)(void *arg, const struct run_stats *s),
                        void *arg)
{
    if (l->collector) {
        collector_read(l->collector, fn, arg);
    } else {
        fn(arg, NULL);
    }
}

void board_read(struct board *l, void (*fn)(void *arg, const struct run_stats *s), void *arg)
{
    pthread_mutex_lock(&l->lock);
    read_locked(l, fn, arg);
    pthread_mutex_unlock(&l->lock);
}

struct rendering {
    enum snapshot_kind kind;
    uint64_t version;
    const char *state;
    struct buf *out;
};

static void render_snapshot(void *arg, const struct run_stats *s)
{
    struct rendering *r = arg;
    switch (r->kind) {
    case SNAPSHOT_STATS: render_stats(s, r->version, r->out); break;
    case SNAPSHOT_FAILURES: render_failures(s, r->version, r->out); break;
    case SNAPSHOT_LOCUST: render_locust(s, r->state, r->out); break;
    case SNAPSHOTS: break;
    }
}

void board_snapshot(struct board *l, enum snapshot_kind kind, struct buf *out)
{
    struct snapshot *s = &l->snapshots[kind];
    pthread_mutex_lock(&l->lock);
    if (!l->collector || s->version != l->version || s->text.n == 0 || kind == SNAPSHOT_LOCUST) {
        struct rendering r = { kind, l->version, web_state_name(l->state), &s->text };
        buf_reset(&s->text);
        read_locked(l, render_snapshot, &r);
        s->version = l->version;
    }
    buf_add(out, buf_slice(&s->text));
    pthread_mutex_unlock(&l->lock);
}

struct now {
    const struct board *board;
    struct buf text;
};

static void render_now(void *arg, const struct run_stats *s)
{
    struct now *n = arg;
    if (s && s->intervals_n) render_tick(s, n->board->version, n->board->run, &n->text);
}

static void now_json(struct board *l, struct jsonw *w)
{
    struct now n = { l, BUF_INIT(TICK_BYTES) };
    read_locked(l, render_now, &n);
    jsonw_raw(w, n.text.n ? buf_slice(&n.text) : SL("null"));
    buf_free(&n.text);
}

void board_state_json(struct board *l, struct buf *out)
{
    struct jsonw w = { .out = out };
    pthread_mutex_lock(&l->lock);
    jsonw_object(&w);
    jsonw_put_z(&w, "state", web_state_name(l->state));
    jsonw_put_u64(&w, "run", l->run);
    jsonw_put_u64(&w, "version", l->version);
    jsonw_key(&w, "info");
    render_info(&w, l->info);
    jsonw_key(&w, "tick");
    now_json(l, &w);
    jsonw_key(&w, "log");
    log_array(l, &w);
    jsonw_object_end(&w);
    pthread_mutex_unlock(&l->lock);
}
