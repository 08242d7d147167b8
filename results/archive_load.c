/* One or several archives as the statistics of one run. Called by report, compare and recover's summary.
 *
 * Seconds of several archives that are at the same time (by UTC) are merged before they are counted, so
 * that the result is what one generator would have written. Memory: as the statistics, and one member of
 * each archive. */
#include "results/results.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/near.h"
#include "base/num.h"
#include "results/archive_read.h"

#define ARCHIVES_MAX 1000

struct part { /* one archive on its way in */
    struct cursor cursor;
    struct archive_load *load;
    uint32_t *steps;    /* its steps' numbers in the whole */
    uint64_t shift_ns;  /* its start behind the first one's */
    uint32_t *messages; /* its numbers to the statistics' */
    size_t messages_cap;
    bool sealed;
    bool pending; /* cursor.second waits to be merged */
};

struct archive_load {
    struct arena *arena;
    struct run_info info;
    struct step_info *steps;
    size_t steps_cap;
    struct part *parts;
    size_t parts_n;
    struct stats *stats;
    struct thresholds *thresholds;
    struct second second;
    bool truncated, interrupted, mixed;
    uint64_t left_out;
    archive_second_fn *on_second;
    void *arg;
};

static uint32_t step_number(struct archive_load *l, const struct step_info *s)
{
    for (size_t i = 0; i < l->info.steps_n; i++) {
        const struct step_info *have = &l->steps[i];
        if (slice_eq(have->name, s->name) && slice_eq(have->method, s->method) &&
            slice_eq(have->group, s->group))
            return (uint32_t)i;
    }
    mem_grow(&l->steps, &l->steps_cap, l->info.steps_n + 1, sizeof *l->steps);
    l->steps[l->info.steps_n] = (struct step_info){ .name = arena_dup(l->arena, s->name),
                                                    .method = arena_dup(l->arena, s->method),
                                                    .group = arena_dup(l->arena, s->group),
                                                    .url = arena_dup(l->arena, s->url) };
    return (uint32_t)l->info.steps_n++;
}

/* Two steps of one archive may share a name: only other archives' steps are matched by it. */
static void map_steps(struct archive_load *l, struct part *p, bool first)
{
    const struct run_info *info = &p->cursor.info;
    p->steps = mem_alloc(info->steps_n ? info->steps_n : 1, sizeof *p->steps);
    if (first) {
        mem_grow(&l->steps, &l->steps_cap, info->steps_n + 1, sizeof *l->steps);
        if (info->steps_n) memcpy(l->steps, info->steps, info->steps_n * sizeof *l->steps);
        l->info.steps_n = info->steps_n;
    }
    for (size_t i = 0; i < info->steps_n; i++)
        p->steps[i] = first ? (uint32_t)i : step_number(l, &info->steps[i]);
}

static void on_answer(void *arg, struct slice text, struct slice head, struct slice body)
{
    struct part *p = arg;
    stats_add_answer(p->load->stats, text, head, body);
}

static bool open_part(struct archive_load *l, const char *path, const struct archive_filter *f,
                      struct err *err)
{
    struct part *p = &l->parts[l->parts_n];
    if (!cursor_open(&p->cursor, path, f, err)) return false;
    bool first = l->parts_n++ == 0;
    if (first) areader_ahead(&p->cursor.reader); /* many at once would take much memory */
    p->load = l;
    p->cursor.arg = p;
    p->cursor.on_answer = on_answer;
    if (first) l->info = p->cursor.info;
    map_steps(l, p, first);
    if (!first) {
        const struct run_info *have = &l->info, *more = &p->cursor.info;
        l->mixed = l->mixed || !slice_eq(have->scenario_hash, more->scenario_hash);
        l->info.users += p->cursor.info.users;
        l->info.workers += p->cursor.info.workers;
        if (p->cursor.info.start_utc_ns < l->info.start_utc_ns)
            l->info.start_utc_ns = p->cursor.info.start_utc_ns;
    }
    /* The last rows of an archive that was not closed may have no interval: count the rows. */
    p->sealed = archive_is_closed(&p->cursor.reader);
    if (!p->sealed && slice_eq(p->cursor.level, SL("full"))) p->cursor.from_samples = true;
    return true;
}

/* ---- merging ------------------------------------------------------------------------------------------------ */

static uint32_t message_number(struct archive_load *l, struct part *p, uint32_t n)
{
    const struct cursor *c = &p->cursor;
    if (n == 0 || n > c->messages_n) return 0;
    size_t had = p->messages_cap;
    mem_grow(&p->messages, &p->messages_cap, n + 1U, sizeof *p->messages);
    for (size_t i = had; i < p->messages_cap; i++)
        p->messages[i] = 0;
    if (!p->messages[n]) p->messages[n] = stats_message(l->stats, c->messages[n - 1]);
    return p->messages[n];
}

static void merge_gauges(struct second *to, const struct second *s, uint64_t shift_ns)
{
    if (to->to_ns == 0 || s->from_ns + shift_ns < to->from_ns) to->from_ns = s->from_ns + shift_ns;
    if (s->to_ns + shift_ns > to->to_ns) to->to_ns = s->to_ns + shift_ns;
    to->users += s->users;
    to->users_max += s->users_max;
    to->sockets += s->sockets;
    to->memory_bytes += s->memory_bytes;
    to->cpu_sum += s->cpu_sum;
    to->workers += s->workers;
    if (s->cpu_max > to->cpu_max) to->cpu_max = s->cpu_max;
    to->late += s->late;
    to->dropped += s->dropped;
    to->left_out += s->left_out;
    to->answers_left_out += s->answers_left_out;
    to->warm_up += s->warm_up;
    if (s->late_max_ns > to->late_max_ns) to->late_max_ns = s->late_max_ns;
    if (s->lag_max_ns > to->lag_max_ns) to->lag_max_ns = s->lag_max_ns;
}

static void merge_part(struct archive_load *l, struct part *p)
{
    const struct second *s = &p->cursor.second;
    for (size_t i = 0; i < s->steps_n; i++) {
        struct tally shifted = s->steps[i]; /* shares the histograms */
        if (tally_is_empty(&shifted)) continue;
        shifted.first_start_ns += p->shift_ns;
        shifted.last_end_ns += p->shift_ns;
        tally_merge(&l->second.steps[p->steps[i]], &shifted);
    }
    for (size_t i = 0; i < s->failures_n; i++) {
        struct failure_count f = s->failures[i];
        f.step = p->steps[f.step];
        f.message = message_number(l, p, f.message);
        f.first_ns += p->shift_ns;
        f.last_ns += p->shift_ns;
        second_failure(&l->second, &f);
    }
    merge_gauges(&l->second, s, p->shift_ns);
}

/* Seconds end a few milliseconds behind their tick: rounding makes those of one time equal. */
static uint64_t second_number(const struct part *p)
{
    return (p->cursor.second.to_ns + p->shift_ns + NS_PER_S / 2) / NS_PER_S;
}

static bool next_second(struct archive_load *l)
{
    uint64_t first = UINT64_MAX;
    for (size_t i = 0; i < l->parts_n; i++) {
        struct part *p = &l->parts[i];
        if (!p->pending) p->pending = cursor_next(&p->cursor);
        if (p->pending && second_number(p) < first) first = second_number(p);
    }
    if (first == UINT64_MAX) return false;
    second_clear(&l->second);
    for (size_t i = 0; i < l->parts_n; i++) {
        struct part *p = &l->parts[i];
        if (!p->pending || second_number(p) != first) continue;
        merge_part(l, p);
        p->pending = false;
    }
    return true;
}

static void finish_part(struct archive_load *l, const struct part *p)
{
    bool cut = !p->cursor.closed || p->cursor.recovered;
    l->truncated = l->truncated || !p->sealed || p->cursor.broken || cut;
    l->interrupted = l->interrupted || p->cursor.interrupted || cut;
    l->left_out += p->cursor.left_out;
}

/* Whether any step has the wanted name, or group: a mistyped one must not look like a silent step. */
static bool is_known(struct archive_load *l, const char *what, struct slice want, struct err *err)
{
    const char **names = arena_many(l->arena, l->info.steps_n + 1, const char *);
    bool step = slice_eq(slice_z(what), SL("step"));
    if (want.n == 0) return true;
    for (size_t i = 0; i < l->info.steps_n; i++) {
        struct slice name = step ? l->steps[i].name : l->steps[i].group;
        if (slice_eq(name, want)) return true;
        names[i] = arena_z(l->arena, name);
    }
    const char *near = near_name(want, names, l->info.steps_n);
    return err_set(err, ERR_USAGE, "no %s is named \"%.*s\"%s%s%s", what, SL_FMT(want),
                   near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static bool load_all(struct archive_load *l, const char *first_path, const struct archive_filter *f,
                     struct err *err)
{
    l->info.steps = l->steps;
    if (f && !(is_known(l, "step", f->step, err) && is_known(l, "group", f->group, err)))
        return false;
    l->stats = stats_new(&l->info);
    if (f) stats_count_from(l->stats, f->from_ns);
    second_init(&l->second, l->info.steps_n);
    for (size_t i = 0; i < l->parts_n; i++)
        l->parts[i].shift_ns =
            (uint64_t)(l->parts[i].cursor.info.start_utc_ns - l->info.start_utc_ns);
    if (!(l->thresholds = thresholds_new(&l->info, err))) return false;
    while (next_second(l)) {
        stats_add_second(l->stats, &l->second);
        if (l->on_second) l->on_second(l->arg, &l->info, &l->second);
    }
    for (size_t i = 0; i < l->parts_n; i++)
        finish_part(l, &l->parts[i]);
    uint64_t counted = stats_view(l->stats)->generator.left_out;
    if (l->left_out > counted) stats_left_out(l->stats, l->left_out - counted);
    stats_set_archive(l->stats, slice_z(first_path));
    stats_set_environment(l->stats, l->parts[0].cursor.environment);
    stats_judge(l->stats, l->thresholds);
    stats_finish(l->stats, l->interrupted);
    return true;
}

struct archive_load *archive_load_each(const char *const *paths, size_t n,
                                       const struct archive_each *each, struct err *err)
{
    struct archive_load *l = mem_alloc(1, sizeof *l);
    l->arena = arena_new();
    l->parts = mem_alloc(n ? n : 1, sizeof *l->parts);
    l->on_second = each->on_second;
    l->arg = each->arg;
    bool ok = n > 0 && n <= ARCHIVES_MAX;
    if (!ok) err_set(err, ERR_USAGE, "between 1 and %d archives can be read", ARCHIVES_MAX);
    for (size_t i = 0; ok && i < n; i++)
        ok = open_part(l, paths[i], each->filter, err);
    if (ok && load_all(l, paths[0], each->filter, err)) return l;
    archive_load_free(l);
    return NULL;
}

struct archive_load *archive_load(const char *const *paths, size_t n,
                                  const struct archive_filter *f, struct err *err)
{
    return archive_load_each(paths, n, &(struct archive_each){ .filter = f }, err);
}

void archive_load_free(struct archive_load *l)
{
    if (!l) return;
    stats_free(l->stats);
    thresholds_free(l->thresholds);
    for (size_t i = 0; i < l->parts_n; i++) {
        cursor_close(&l->parts[i].cursor);
        free(l->parts[i].steps);
        free(l->parts[i].messages);
    }
    if (l->second.failures) second_free(&l->second);
    free(l->parts);
    free(l->steps);
    arena_free(l->arena);
    free(l);
}

const struct run_stats *archive_load_stats(const struct archive_load *l)
{
    return stats_view(l->stats);
}

bool archive_load_mixed(const struct archive_load *l)
{
    return l->mixed;
}

bool archive_load_truncated(const struct archive_load *l)
{
    return l->truncated;
}

/* ---- samples -------------------------------------------------------------------------------------------------- */

struct sample_pass {
    const struct run_info *info;
    archive_sample_fn *fn;
    void *arg;
};

static void on_sample(void *arg, const struct sample *s, struct slice message)
{
    const struct sample_pass *p = arg;
    p->fn(p->arg, p->info, s, message);
}

bool archive_samples(const char *path, const struct archive_filter *f, archive_sample_fn *fn,
                     void *arg, struct err *err)
{
    struct cursor c;
    if (!cursor_open(&c, path, f, err)) return false;
    bool full = slice_eq(c.level, SL("full"));
    struct sample_pass pass = { &c.info, fn, arg };
    areader_ahead(&c.reader);
    c.from_samples = true;
    c.on_sample = on_sample;
    c.arg = &pass;
    if (!full) cursor_no_rows(&c, err);
    while (full && cursor_next(&c))
        ;
    cursor_close(&c);
    return full;
}
