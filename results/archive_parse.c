/* The archive's lines read back into records: the inverse of archive_lines.c.
 *
 * Called by the cursor and by verify. A line is at most a member long; what a later version adds is
 * passed over, what is missing stays as it was. */
#include "results/archive_read.h"

#include "base/num.h"

#define STEPS_MAX 20000

static bool put_value(const struct json *j, const struct want *w, struct arena *a)
{
    struct slice *text = w->to;
    switch (w->kind) {
    case WANT_U64: return j->tok == JSON_NUMBER && num_u64(j->raw, UINT64_MAX, w->to);
    case WANT_I64: return j->tok == JSON_NUMBER && num_i64(j->raw, w->to);
    case WANT_F64: return j->tok == JSON_NUMBER && num_f64(j->raw, w->to);
    case WANT_BOOL:
        *(bool *)w->to = j->tok == JSON_TRUE;
        return j->tok == JSON_TRUE || j->tok == JSON_FALSE;
    case WANT_STR:
        if (j->tok != JSON_STRING) return false;
        /* Names and texts outlive the member that they were read from. */
        *text = j->escaped ? json_str(j, a) : arena_dup(a, j->raw);
        return true;
    case WANT_RAW: return false;
    }
    return false;
}

static bool read_value(struct json *j, const struct want *w, struct arena *a)
{
    json_next(j);
    if (!w) return json_skip(j);
    if (w->kind == WANT_RAW) return json_value(j, w->to);
    return put_value(j, w, a);
}

static const struct want *find_want(const struct json *j, const struct want *w, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (json_key_is(j, slice_z(w[i].key))) return &w[i];
    return NULL;
}

bool line_read(struct slice line, const struct want *w, size_t n, struct arena *a)
{
    struct json j;
    json_init(&j, line);
    if (json_next(&j) != JSON_OBJECT) return false;
    while (json_next(&j) == JSON_KEY)
        if (!read_value(&j, find_want(&j, w, n), a)) return false;
    return j.tok == JSON_OBJECT_END;
}

struct slice line_type(struct slice line)
{
    struct slice head = SL("{\"type\":\"");
    if (!slice_starts(line, head)) return (struct slice){ NULL, 0 };
    line = slice_from(line, head.n);
    return slice_sub(line, 0, slice_chr(line, '"'));
}

/* ---- header --------------------------------------------------------------------------------------------- */

static void read_options(struct slice raw, struct run_info *info, struct arena *a)
{
    struct json j;
    struct run_option *v = NULL;
    size_t n = 0;
    json_init(&j, raw);
    if (json_next(&j) != JSON_OBJECT) return;
    while (json_next(&j) == JSON_KEY) {
        v = arena_grow(a, v, n * sizeof *v, (n + 1) * sizeof *v);
        v[n].name = arena_dup(a, json_str(&j, a));
        if (json_next(&j) != JSON_STRING) break;
        v[n++].value = arena_dup(a, json_str(&j, a));
    }
    info->options = v;
    info->options_n = n;
}

static void read_thresholds(struct slice raw, struct run_info *info, struct arena *a)
{
    struct json j;
    struct threshold_cfg *v = NULL;
    size_t n = 0;
    json_init(&j, raw);
    if (json_next(&j) != JSON_ARRAY) return;
    while (json_next(&j) == JSON_STRING) {
        v = arena_grow(a, v, n * sizeof *v, (n + 1) * sizeof *v);
        v[n++] = (struct threshold_cfg){ .rule = arena_dup(a, json_str(&j, a)) };
    }
    info->thresholds = v;
    info->thresholds_n = n;
}

bool archive_is_ours(struct slice text, const char *path, struct err *err)
{
    struct slice first, header, format = SL("");
    uint64_t version = 0;
    const struct want want[] = { { "format", WANT_STR, &format },
                                 { "version", WANT_U64, &version } };
    struct arena *a = arena_new();
    bool ok = slice_next(&text, '\n', &first) && slice_eq(line_type(first), SL("member")) &&
              slice_next(&text, '\n', &header) && line_read(header, want, 2, a) &&
              slice_eq(format, SL("reprise-archive"));
    arena_free(a);
    if (!ok) return err_set(err, ERR_INPUT, "%s: not an archive of reprise", path);
    return version == ARCHIVE_VERSION ||
           err_set(err, ERR_INPUT, "%s: an archive of format %llu; this reprise reads format %d",
                   path, (unsigned long long)version, ARCHIVE_VERSION);
}

bool parse_header(struct slice line, struct run_info *info, struct arena *a,
                  struct slice *environment, struct slice *level)
{
    struct slice options = SL("{}"), thresholds = SL("[]"), seed = SL("0"), env = SL("{}");
    struct slice format = SL(""), file = SL("{}");
    const struct want file_want[] = { { "sha256", WANT_STR, &info->scenario_hash } };
    uint64_t users = 0, workers = 0, steps = 0, version = 0;
    const struct want want[] = {
        { "format", WANT_STR, &format },
        { "version", WANT_U64, &version },
        { "level", WANT_STR, level },
        { "started_utc_ns", WANT_I64, &info->start_utc_ns },
        { "scenario", WANT_STR, &info->scenario },
        { "target", WANT_STR, &info->target },
        { "engine", WANT_STR, &info->engine },
        { "seed", WANT_STR, &seed },
        { "users", WANT_U64, &users },
        { "run_time_ns", WANT_U64, &info->run_time_ns },
        { "warm_up_ns", WANT_U64, &info->warm_up_ns },
        { "workers", WANT_U64, &workers },
        { "steps", WANT_U64, &steps },
        { "options", WANT_RAW, &options },
        { "thresholds", WANT_RAW, &thresholds },
        { "environment", WANT_RAW, &env },
        { "scenario_file", WANT_RAW, &file },
    };
    if (!line_read(line, want, sizeof want / sizeof *want, a)) return false;
    if (!slice_eq(format, SL("reprise-archive")) || version != ARCHIVE_VERSION) return false;
    if (steps > STEPS_MAX || users > UINT32_MAX || workers > UINT32_MAX) return false;
    info->users = (uint32_t)users;
    info->workers = (uint32_t)workers;
    info->steps_n = (size_t)steps;
    num_u64(seed, UINT64_MAX, &info->seed);
    line_read(file, file_want, 1, a);
    read_options(options, info, a);
    read_thresholds(thresholds, info, a);
    *environment = arena_dup(a, env);
    return true;
}

/* ---- seconds ---------------------------------------------------------------------------------------------- */

static bool read_hist(struct slice raw, struct hist *h, struct arena *a)
{
    uint64_t min = 0, max = 0, sum = 0;
    struct slice hdr = { NULL, 0 };
    const struct want want[] = {
        { "min_ns", WANT_U64, &min },
        { "max_ns", WANT_U64, &max },
        { "sum_ns", WANT_U64, &sum },
        { "hdr", WANT_STR, &hdr },
    };
    if (!line_read(raw, want, 4, a) || !hist_decode(h, hdr)) return false;
    hist_set_exact(h, min, max, sum);
    return true;
}

static bool read_outcomes(struct slice raw, uint64_t outcomes[OUTCOMES])
{
    struct json j;
    json_init(&j, raw);
    if (json_next(&j) != JSON_ARRAY) return false;
    for (size_t i = 0; json_next(&j) == JSON_NUMBER; i++)
        if (i < OUTCOMES && !num_u64(j.raw, UINT64_MAX, &outcomes[i])) return false;
    return j.tok == JSON_ARRAY_END;
}

bool parse_tally(struct slice line, struct tally *t, uint64_t *step, struct arena *a)
{
    struct slice outcomes = SL("[]"), service = { NULL, 0 }, response = { NULL, 0 };
    const struct want want[] = {
        { "step", WANT_U64, step },
        { "requests", WANT_U64, &t->requests },
        { "failures", WANT_U64, &t->failures },
        { "cancelled", WANT_U64, &t->cancelled },
        { "bytes_in", WANT_U64, &t->bytes_in },
        { "bytes_out", WANT_U64, &t->bytes_out },
        { "connections", WANT_U64, &t->connections },
        { "first_start_ns", WANT_U64, &t->first_start_ns },
        { "last_end_ns", WANT_U64, &t->last_end_ns },
        { "outcomes", WANT_RAW, &outcomes },
        { "service", WANT_RAW, &service },
        { "response", WANT_RAW, &response },
    };
    return line_read(line, want, sizeof want / sizeof *want, a) &&
           read_outcomes(outcomes, t->outcomes) && read_hist(service, t->service, a) &&
           read_hist(response, t->response, a);
}

bool parse_failure(struct slice line, struct failure_count *f, struct arena *a)
{
    uint64_t step = 0, status = 0, message = 0;
    struct slice outcome = { NULL, 0 };
    enum outcome o;
    const struct want want[] = {
        { "step", WANT_U64, &step },          { "outcome", WANT_STR, &outcome },
        { "status", WANT_U64, &status },      { "message", WANT_U64, &message },
        { "count", WANT_U64, &f->count },     { "first_ns", WANT_U64, &f->first_ns },
        { "last_ns", WANT_U64, &f->last_ns },
    };
    if (!line_read(line, want, sizeof want / sizeof *want, a) || !outcome_parse(outcome, &o))
        return false;
    if (step > UINT32_MAX || status > UINT16_MAX || message > UINT32_MAX) return false;
    f->step = (uint32_t)step;
    f->status = (uint16_t)status;
    f->message = (uint32_t)message;
    f->outcome = (uint8_t)o;
    return true;
}

bool parse_interval(struct slice line, struct second *s, struct arena *a)
{
    uint64_t users = 0, users_max = 0, workers = 0, sockets = 0;
    const struct want want[] = {
        { "from_ns", WANT_U64, &s->from_ns },
        { "to_ns", WANT_U64, &s->to_ns },
        { "users", WANT_U64, &users },
        { "users_max", WANT_U64, &users_max },
        { "late", WANT_U64, &s->late },
        { "late_max_ns", WANT_U64, &s->late_max_ns },
        { "dropped", WANT_U64, &s->dropped },
        { "left_out", WANT_U64, &s->left_out },
        { "answers_left_out", WANT_U64, &s->answers_left_out },
        { "warm_up", WANT_U64, &s->warm_up },
        { "lag_max_ns", WANT_U64, &s->lag_max_ns },
        { "workers", WANT_U64, &workers },
        { "cpu_max", WANT_F64, &s->cpu_max },
        { "cpu_sum", WANT_F64, &s->cpu_sum },
        { "sockets", WANT_U64, &sockets },
        { "memory_bytes", WANT_U64, &s->memory_bytes },
    };
    if (!line_read(line, want, sizeof want / sizeof *want, a)) return false;
    s->users = (uint32_t)users;
    s->users_max = (uint32_t)(users_max > users ? users_max : users);
    s->workers = (uint32_t)workers;
    s->sockets = (uint32_t)sockets;
    return s->to_ns >= s->from_ns;
}
