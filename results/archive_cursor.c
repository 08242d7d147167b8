/* An archive as a row of seconds, each with its steps, failures and gauges. Called by the loader.
 *
 * Seconds come from the intervals' histograms, or from the rows when a filter needs them (a status, a time
 * within a second) or the archive was cut short (its last rows have no interval). Stops at the first member that is not whole: what came
 * before is good. */
#include "results/archive_read.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"

#define MESSAGES_READ_MAX 1000000

/* The next line of any member; member lines are consumed here. */
static bool next_line(struct cursor *c)
{
    if (c->held) {
        c->held = false;
        return true;
    }
    while (!areader_line(&c->reader, &c->line)) {
        enum member_state state = areader_member(&c->reader);
        if (state != MEMBER_OK) {
            c->broken = state == MEMBER_BROKEN;
            return false;
        }
        row_member(&c->rows);
        arena_reset(c->scratch);
    }
    return true;
}

/* ---- the start -------------------------------------------------------------------------------------------- */

static bool read_name(struct cursor *c, struct step_info *steps, size_t *read)
{
    uint64_t step = UINT64_MAX;
    struct step_info s = { 0 };
    const struct want want[] = {
        { "step", WANT_U64, &step },       { "name", WANT_STR, &s.name },
        { "method", WANT_STR, &s.method }, { "group", WANT_STR, &s.group },
        { "url", WANT_STR, &s.url },
    };
    if (!line_read(c->line, want, 5, c->arena) || step != *read || step >= c->info.steps_n)
        return false;
    steps[step] = s;
    (*read)++;
    return true;
}

static void read_text(struct cursor *c)
{
    struct slice name = { NULL, 0 }, text = { NULL, 0 };
    const struct want want[] = { { "name", WANT_STR, &name }, { "text", WANT_STR, &text } };
    if (line_read(c->line, want, 2, c->scratch) && slice_eq(name, SL("scenario")))
        buf_add(&c->scenario, text);
}

static bool read_start(struct cursor *c, struct err *err)
{
    const char *path = c->reader.path;
    if (!next_line(c) || !slice_eq(line_type(c->line), SL("member")) || !next_line(c) ||
        !slice_eq(line_type(c->line), SL("header")) ||
        !parse_header(c->line, &c->info, c->arena, &c->environment, &c->level))
        return err_set(err, ERR_INPUT,
                       "%s: its first member is cut or damaged: nothing of it can be read", path);
    struct step_info *steps =
        arena_many(c->arena, c->info.steps_n ? c->info.steps_n : 1, struct step_info);
    size_t read = 0;
    while (next_line(c)) {
        struct slice type = line_type(c->line);
        if (slice_eq(type, SL("text"))) {
            read_text(c);
        } else if (slice_eq(type, SL("name"))) {
            if (!read_name(c, steps, &read))
                return err_set(err, ERR_INPUT, "%s: the steps' names are damaged", path);
        } else if (!slice_eq(type, SL("member"))) {
            c->held = true;
            break;
        }
    }
    c->info.steps = steps;
    c->info.scenario_text = buf_slice(&c->scenario);
    if (read < c->info.steps_n)
        return err_set(err, ERR_INPUT, "%s: the steps' names are missing", path);
    return true;
}

static void pick_steps(struct cursor *c)
{
    c->steps_ok = mem_alloc(c->info.steps_n ? c->info.steps_n : 1, sizeof *c->steps_ok);
    for (size_t i = 0; i < c->info.steps_n; i++) {
        const struct step_info *s = &c->info.steps[i];
        c->steps_ok[i] = (c->filter.step.n == 0 || slice_eq(s->name, c->filter.step)) &&
                         (c->filter.group.n == 0 || slice_eq(s->group, c->filter.group));
    }
}

/* Times filter exactly where there are rows, by whole seconds where there are none. */
static bool pick_source(struct cursor *c, struct err *err)
{
    bool full = slice_eq(c->level, SL("full"));
    bool timed = c->filter.from_ns > 0 || c->filter.to_ns < UINT64_MAX;
    if (c->filter.status && !full) return cursor_no_rows(c, err);
    c->from_samples = c->filter.status || (timed && full);
    return true;
}

bool cursor_no_rows(const struct cursor *c, struct err *err)
{
    return err_set(err, ERR_INPUT, "%s: holds no samples (--archive-level intervals)",
                   c->reader.path);
}

bool cursor_open(struct cursor *c, const char *path, const struct archive_filter *f,
                 struct err *err)
{
    *c = (struct cursor){ 0 };
    if (f) c->filter = *f;
    if (c->filter.to_ns == 0) c->filter.to_ns = UINT64_MAX;
    if (!areader_open(&c->reader, path, err)) return false;
    c->arena = arena_new();
    c->scratch = arena_new();
    buf_init(&c->scenario, 64U << 20);
    if (!read_start(c, err) || !pick_source(c, err)) {
        cursor_close(c);
        return false;
    }
    pick_steps(c);
    second_init(&c->second, c->info.steps_n);
    return true;
}

void cursor_close(struct cursor *c)
{
    if (c->second.failures) second_free(&c->second);
    areader_close(&c->reader);
    row_state_free(&c->rows);
    buf_free(&c->scenario);
    free(c->messages);
    free(c->steps_ok);
    arena_free(c->arena);
    arena_free(c->scratch);
    *c = (struct cursor){ 0 };
}

/* ---- seconds ------------------------------------------------------------------------------------------------ */

static bool status_ok(const struct cursor *c, uint32_t status)
{
    uint32_t want = c->filter.status;
    return want == 0 || (want < 10 ? status / 100 == want : status == want);
}

static struct slice message_text(const struct cursor *c, uint32_t n)
{
    return n >= 1 && n <= c->messages_n ? c->messages[n - 1] : (struct slice){ NULL, 0 };
}

static void take_row(struct cursor *c)
{
    struct sample s;
    if (!row_read(&c->rows, c->line, &s)) {
        c->broken = true; /* no row of this version: the rest cannot be trusted */
        return;
    }
    if (s.step >= c->info.steps_n || !c->steps_ok[s.step] || !status_ok(c, s.status)) return;
    if (s.end_ns < c->filter.from_ns || s.end_ns >= c->filter.to_ns) return;
    second_add(&c->second, &s, c->info.warm_up_ns);
    if (s.end_ns > c->second.to_ns) c->second.to_ns = s.end_ns;
    c->leftover = true;
    if (c->on_sample && s.intended_ns >= c->info.warm_up_ns)
        c->on_sample(c->arg, &s, message_text(c, s.message));
}

static void take_message(struct cursor *c)
{
    uint64_t n = 0;
    struct slice text = { NULL, 0 };
    const struct want want[] = { { "message", WANT_U64, &n }, { "text", WANT_STR, &text } };
    if (!line_read(c->line, want, 2, c->arena) || n == 0 || n > MESSAGES_READ_MAX) return;
    size_t had = c->messages_n;
    mem_grow(&c->messages, &c->messages_cap, (size_t)n, sizeof *c->messages);
    for (size_t i = had; i < n; i++)
        c->messages[i] = (struct slice){ NULL, 0 };
    if (n > had) c->messages_n = (size_t)n;
    c->messages[n - 1] = text;
}

static void take_answer(struct cursor *c)
{
    uint64_t message = 0;
    struct slice head = { NULL, 0 }, body = { NULL, 0 };
    const struct want want[] = {
        { "message", WANT_U64, &message },
        { "head", WANT_STR, &head },
        { "body", WANT_STR, &body },
    };
    if (!c->on_answer || !line_read(c->line, want, 3, c->scratch) || message == 0) return;
    c->on_answer(c->arg, message_text(c, (uint32_t)message), head, body);
}

static void take_step(struct cursor *c)
{
    uint64_t step = UINT64_MAX;
    struct tally t;
    if (c->from_samples) return;
    tally_init(&t);
    if (parse_tally(c->line, &t, &step, c->scratch) && step < c->info.steps_n) {
        if (c->steps_ok[step]) tally_merge(&c->second.steps[step], &t);
    } else {
        c->broken = true;
    }
    tally_free(&t);
}

static void take_failure(struct cursor *c)
{
    struct failure_count f = { 0 };
    if (c->from_samples) return;
    if (!parse_failure(c->line, &f, c->scratch) || f.step >= c->info.steps_n)
        c->broken = true;
    else if (c->steps_ok[f.step])
        second_failure(&c->second, &f);
}

static void take_base(struct cursor *c)
{
    uint64_t base = 0;
    const struct want want[] = { { "base_us", WANT_U64, &base } };
    if (line_read(c->line, want, 1, c->scratch)) row_block(&c->rows, base);
}

static void take_result(struct cursor *c)
{
    const struct want want[] = { { "interrupted", WANT_BOOL, &c->interrupted } };
    line_read(c->line, want, 1, c->scratch);
}

static void take_manifest(struct cursor *c)
{
    const struct want want[] = {
        { "left_out", WANT_U64, &c->left_out },
        { "recovered", WANT_BOOL, &c->recovered },
    };
    c->closed = line_read(c->line, want, 2, c->scratch);
}

/* Takes the line in; true when it ends a second. */
static bool take_line(struct cursor *c)
{
    static const struct {
        const char *type;
        void (*take)(struct cursor *c);
    } takers[] = {
        { "samples", take_base },      { "step", take_step },     { "failure", take_failure },
        { "message", take_message },   { "answer", take_answer }, { "result", take_result },
        { "manifest", take_manifest },
    };
    if (c->line.n && c->line.p[0] == '[') {
        if (c->from_samples) take_row(c);
        return false;
    }
    struct slice type = line_type(c->line);
    if (slice_eq(type, SL("interval"))) {
        c->broken = c->broken || !parse_interval(c->line, &c->second, c->scratch);
        return !c->broken;
    }
    for (size_t i = 0; i < sizeof takers / sizeof *takers; i++)
        if (slice_eq(type, slice_z(takers[i].type))) takers[i].take(c);
    return false;
}

/* Of seconds without rows those count whose middle is in the filter's time: they end a little behind
 * their tick. One with rows is cut to that time. */
static bool in_time(struct cursor *c)
{
    struct second *s = &c->second;
    uint64_t from = c->filter.from_ns, to = c->filter.to_ns;
    uint64_t middle = s->from_ns + (s->to_ns - s->from_ns) / 2;
    if (!c->from_samples) return middle >= from && middle < to;
    if (!c->leftover && (s->to_ns <= from || s->from_ns >= to)) return false;
    if (s->to_ns > to) s->to_ns = to;
    if (s->from_ns < from) s->from_ns = from;
    if (s->to_ns < s->from_ns) s->to_ns = s->from_ns;
    return true;
}

bool cursor_next(struct cursor *c)
{
    if (c->ended) return false;
    second_clear(&c->second);
    c->leftover = false;
    while (!c->broken && next_line(c)) {
        if (!take_line(c)) continue;
        if (in_time(c)) return true;
        second_clear(&c->second);
        c->leftover = false;
    }
    c->ended = true;
    return c->leftover; /* rows behind the last interval of an archive that was cut */
}
