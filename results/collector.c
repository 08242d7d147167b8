/* The collector: once a second it takes what the recorders hold and turns it into one second of the run.
 *
 * One thread of its own (or collector_tick's caller). It alone calls recorder_take; the statistics are
 * guarded by a lock that workers never see. Full blocks are moved on every DRAIN_NS, so that a second of
 * samples need not fit into the recorders. Sinks and thresholds see each second once, in order. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "results/archive.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"

#define DRAIN_NS (100 * NS_PER_MS)
#define LINES_MAX (64U << 20)

struct source { /* what the collector keeps of one recorder */
    struct recorder *recorder;
    double cpu;                     /* of one core, when it was told last */
    uint32_t map[MESSAGES_MAX + 1]; /* its message numbers to the run's */
    size_t messages_n;
};

struct collector {
    struct collector_cfg cfg;
    struct source *sources;
    struct second second;
    struct thresholds *thresholds;
    struct buf lines;
    uint64_t last_ns;     /* end of the last second taken */
    uint64_t left_out;    /* by the recorders */
    uint64_t writer_lost; /* by the archive, as far as counted in the statistics */
    atomic_bool abort_wanted;
    pthread_mutex_t lock; /* guards stats */
    struct stats *stats;
    struct stats *since; /* from the last reset on; NULL: there was none */
    atomic_bool reset_wanted;
    struct worker_stats *workers;
    struct sample trace[TRACE_SAMPLES];
    size_t trace_n;
    pthread_t thread;
    bool running;
    pthread_mutex_t stop_lock;
    pthread_cond_t stop_wake;
    bool stop;
};

/* ---- taking ------------------------------------------------------------------------------------------------ */

/* New texts get the run's numbers and go to the archive ahead of the rows that name them. */
static void sync_messages(struct collector *c, struct source *s)
{
    size_t n = recorder_messages(s->recorder);
    buf_reset(&c->lines);
    for (size_t i = s->messages_n + 1; i <= n; i++) {
        uint32_t known = stats_messages(c->stats);
        s->map[i] = stats_message(c->stats, recorder_message_text(s->recorder, i));
        if (s->map[i] > known)
            line_message(&c->lines, s->map[i], stats_message_text(c->stats, s->map[i]));
    }
    s->messages_n = n;
    if (c->cfg.archive) archive_push_text(c->cfg.archive, buf_slice(&c->lines));
}

static void push_block(struct collector *c, struct source *s, struct block *b)
{
    sync_messages(c, s);
    if (!c->cfg.archive) {
        recorder_return_block(s->recorder, b);
        return;
    }
    archive_push_block(
        c->cfg.archive,
        &(struct archive_block){
            .block = b, .home = s->recorder, .map = s->map, .worker = (uint32_t)(s - c->sources) });
}

static void take_answer(struct collector *c, struct source *s, struct answer *a)
{
    enum archive_bodies bodies = c->cfg.archive ? archive_bodies(c->cfg.archive) : BODIES_NONE;
    uint32_t message = a->message ? s->map[a->message] : 0;
    if (bodies == BODIES_ALL || (bodies == BODIES_FAILED && message)) {
        buf_reset(&c->lines);
        line_answer(&c->lines, a, message);
        archive_push_text(c->cfg.archive, buf_slice(&c->lines));
    }
    if (!message) return;
    struct buf head = BUF_INIT(1 << 18), body = BUF_INIT(1 << 18);
    mask_text(&head, a->head);
    mask_text(&body, a->body);
    stats_add_answer(c->stats, stats_message_text(c->stats, message), buf_slice(&head),
                     buf_slice(&body));
    buf_free(&head);
    buf_free(&body);
}

static void drain(struct collector *c, struct source *s)
{
    struct block *b;
    struct answer *a;
    while ((b = recorder_take_block(s->recorder)))
        push_block(c, s, b);
    sync_messages(c, s);
    while ((a = recorder_take_answer(s->recorder))) {
        sync_messages(c, s);
        take_answer(c, s, a);
        free(a);
    }
}

static void take_failures(struct collector *c, const struct source *s, const struct second *from)
{
    for (size_t i = 0; i < from->failures_n; i++) {
        struct failure_count f = from->failures[i];
        if (f.message) f.message = s->map[f.message <= MESSAGES_MAX ? f.message : MESSAGES_MAX];
        second_failure(&c->second, &f);
    }
}

static void take_gauges(struct collector *c, struct source *s, const struct interval *i)
{
    struct recorder_gauges g = recorder_gauges(s->recorder);
    if (i->span_ns) s->cpu = (double)i->cpu_ns / (double)i->span_ns;
    c->second.users += g.users;
    c->second.sockets += g.connections;
    c->second.cpu_sum += s->cpu;
    c->workers[s - c->sources] = (struct worker_stats){ g.users, g.connections, s->cpu };
    if (s->cpu > c->second.cpu_max) c->second.cpu_max = s->cpu;
}

/* The first worker that has one shows its user's last iteration. */
static void take_trace(struct collector *c, struct source *s)
{
    const struct trace *t = s == c->sources ? recorder_trace(s->recorder) : NULL;
    if (!t) return;
    c->trace_n = t->n < TRACE_SAMPLES ? t->n : TRACE_SAMPLES;
    memcpy(c->trace, t->samples, c->trace_n * sizeof *c->trace);
}

static void take(struct collector *c, struct source *s)
{
    take_trace(c, s);
    struct interval *i = recorder_take(s->recorder);
    drain(c, s); /* full blocks are older than the interval's own */
    if (i->block) push_block(c, s, i->block);
    second_merge(&c->second, &i->second);
    take_failures(c, s, &i->second);
    take_gauges(c, s, i);
    recorder_give_back(s->recorder, i);
}

static void take_users_max(struct collector *c)
{
    struct user_count *u = c->cfg.users;
    c->second.users_max = u ? atomic_exchange(&u->most, atomic_load(&u->now)) : 0;
    if (c->second.users > c->second.users_max) c->second.users_max = c->second.users;
}

/* Resident memory: the second number of /proc/self/statm, in pages. */
static uint64_t resident_bytes(void)
{
    struct file f;
    struct slice rest, word;
    uint64_t pages = 0;
    if (!file_read(&f, "/proc/self/statm", 4096, NULL)) return 0;
    rest = f.text;
    if (slice_next(&rest, ' ', &word) && slice_next(&rest, ' ', &word))
        num_u64(word, UINT64_MAX / 65536, &pages);
    file_close(&f);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void count_lost(struct collector *c)
{
    if (!c->cfg.archive) return;
    uint64_t lost = archive_left_out(c->cfg.archive);
    stats_left_out(c->stats, lost - c->writer_lost);
    c->writer_lost = lost;
}

static void archive_second(struct collector *c)
{
    if (!c->cfg.archive) return;
    buf_reset(&c->lines);
    line_second(&c->lines, &c->second);
    archive_push_text(c->cfg.archive, buf_slice(&c->lines));
    archive_push_flush(c->cfg.archive);
}

/* What sinks and readers see. */
static const struct run_stats *shown(const struct collector *c)
{
    return stats_view(c->since ? c->since : c->stats);
}

/* The second that was asked to be the last one before the reset is already out of what is shown. */
static void add_since(struct collector *c)
{
    if (atomic_exchange(&c->reset_wanted, false)) {
        stats_free(c->since);
        c->since = stats_since(c->stats, c->last_ns);
        return;
    }
    if (!c->since) return;
    stats_follow(c->since, c->stats);
    stats_add_second(c->since, &c->second);
}

void collector_reset(struct collector *c)
{
    atomic_store(&c->reset_wanted, true);
}

void collector_tick(struct collector *c, uint64_t now_ns)
{
    pthread_mutex_lock(&c->lock);
    second_clear(&c->second);
    c->second.from_ns = c->last_ns;
    c->second.to_ns = now_ns > c->last_ns ? now_ns : c->last_ns;
    c->second.workers = (uint32_t)c->cfg.recorders_n;
    for (size_t i = 0; i < c->cfg.recorders_n; i++)
        take(c, &c->sources[i]);
    take_users_max(c);
    c->second.memory_bytes = resident_bytes();
    c->last_ns = c->second.to_ns;
    c->left_out += c->second.left_out;
    archive_second(c);
    stats_add_second(c->stats, &c->second);
    stats_set_live(c->stats,
                   &(struct stats_live){ c->workers, c->cfg.recorders_n, c->trace, c->trace_n });
    count_lost(c);
    stats_judge(c->stats, c->thresholds);
    add_since(c);
    if (thresholds_abort(c->thresholds, stats_view(c->stats))) atomic_store(&c->abort_wanted, true);
    pthread_mutex_unlock(&c->lock);
    for (size_t i = 0; i < c->cfg.sinks_n; i++)
        c->cfg.sinks[i]->interval(c->cfg.sinks[i], shown(c));
}

/* ---- the thread --------------------------------------------------------------------------------------------- */

/* Waits until the monotonic time at; true when the collector is to end. */
static bool wait_until(struct collector *c, uint64_t at_ns)
{
    struct timespec at = { .tv_sec = (time_t)(at_ns / NS_PER_S),
                           .tv_nsec = (long)(at_ns % NS_PER_S) };
    int state = 0;
    pthread_mutex_lock(&c->stop_lock);
    while (!c->stop && state == 0)
        state = pthread_cond_timedwait(&c->stop_wake, &c->stop_lock, &at);
    bool stop = c->stop;
    pthread_mutex_unlock(&c->stop_lock);
    return stop;
}

static void drain_all(struct collector *c)
{
    pthread_mutex_lock(&c->lock);
    for (size_t i = 0; i < c->cfg.recorders_n; i++)
        drain(c, &c->sources[i]);
    pthread_mutex_unlock(&c->lock);
}

static void *collector_main(void *arg)
{
    struct collector *c = arg;
    uint64_t start = c->cfg.start_mono_ns, next = start + NS_PER_S;
    for (uint64_t at = start + DRAIN_NS; !wait_until(c, at);) {
        uint64_t now = clock_mono_ns();
        if (now >= next) {
            collector_tick(c, now - start);
            next += ((now - next) / NS_PER_S + 1) * NS_PER_S;
        } else {
            drain_all(c);
        }
        at = now + DRAIN_NS < next ? now + DRAIN_NS : next;
    }
    return NULL;
}

static void init_stop(struct collector *c)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&c->stop_wake, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&c->stop_lock, NULL);
    pthread_mutex_init(&c->lock, NULL);
}

struct collector *collector_new(const struct collector_cfg *cfg, struct err *err)
{
    struct thresholds *thresholds = thresholds_new(cfg->info, err);
    if (!thresholds) return NULL;
    struct collector *c = mem_alloc(1, sizeof *c);
    c->cfg = *cfg;
    c->thresholds = thresholds;
    c->stats = stats_new(cfg->info);
    c->sources = mem_alloc(cfg->recorders_n ? cfg->recorders_n : 1, sizeof *c->sources);
    c->workers = mem_alloc(cfg->recorders_n ? cfg->recorders_n : 1, sizeof *c->workers);
    for (size_t i = 0; i < cfg->recorders_n; i++)
        c->sources[i].recorder = cfg->recorders[i];
    second_init(&c->second, cfg->info->steps_n);
    buf_init(&c->lines, LINES_MAX);
    init_stop(c);
    if (cfg->archive) {
        stats_set_archive(c->stats, slice_z(archive_path(cfg->archive)));
        stats_set_environment(c->stats, archive_environment(cfg->archive));
    } else {
        struct buf env = BUF_INIT(1 << 16);
        env_write(&env);
        stats_set_environment(c->stats, buf_slice(&env));
        buf_free(&env);
    }
    return c;
}

bool collector_start(struct collector *c, struct err *err)
{
    int state = pthread_create(&c->thread, NULL, collector_main, c);
    if (state != 0) return err_sys(err, ERR_INTERNAL, state, "thread of the collector");
    c->running = true;
    return true;
}

static void stop_thread(struct collector *c)
{
    if (!c->running) return;
    pthread_mutex_lock(&c->stop_lock);
    c->stop = true;
    pthread_cond_signal(&c->stop_wake);
    pthread_mutex_unlock(&c->stop_lock);
    pthread_join(c->thread, NULL);
    c->running = false;
}

bool collector_finish(struct collector *c, bool interrupted, struct err *err)
{
    bool threaded = c->running;
    stop_thread(c);
    uint64_t now = threaded ? clock_mono_ns() - c->cfg.start_mono_ns : c->last_ns;
    collector_tick(c, now);
    pthread_mutex_lock(&c->lock);
    stats_finish(c->stats, interrupted);
    if (c->since) stats_follow(c->since, c->stats);
    pthread_mutex_unlock(&c->lock);
    if (!c->cfg.archive) return true;
    buf_reset(&c->lines);
    line_results(&c->lines, stats_view(c->stats));
    archive_push_text(c->cfg.archive, buf_slice(&c->lines));
    bool ok = archive_writer_close(c->cfg.archive, c->left_out, err);
    pthread_mutex_lock(&c->lock);
    count_lost(c);
    pthread_mutex_unlock(&c->lock);
    return ok;
}

void collector_free(struct collector *c)
{
    if (!c) return;
    stop_thread(c);
    second_free(&c->second);
    stats_free(c->stats);
    stats_free(c->since);
    thresholds_free(c->thresholds);
    free(c->sources);
    free(c->workers);
    buf_free(&c->lines);
    pthread_cond_destroy(&c->stop_wake);
    pthread_mutex_destroy(&c->stop_lock);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

bool collector_wants_abort(const struct collector *c)
{
    return atomic_load(&c->abort_wanted);
}

void collector_read(struct collector *c, void (*fn)(void *arg, const struct run_stats *s),
                    void *arg)
{
    pthread_mutex_lock(&c->lock);
    fn(arg, shown(c));
    pthread_mutex_unlock(&c->lock);
}

const struct run_stats *collector_stats(const struct collector *c)
{
    return stats_view(c->stats);
}
