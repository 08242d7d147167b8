/* Thresholds: k6's grammar, parsed once, evaluated against statistics live and at the end.
 *
 * Called by the collector each second and by reports. A rule over something that has no samples yet is
 * `known = false` and passes: an empty run fails by other means. Limits: 200 rules. */
#include "results/results.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"

#define RULES_MAX 200

enum measure { M_PERCENTILE, M_AVG, M_MIN, M_MED, M_MAX, M_FAILED, M_RPS, M_FAILURES, M_REQUESTS };
enum op { OP_LT, OP_LE, OP_GT, OP_GE, OP_EQ, OP_NE };

struct rule {
    enum measure measure;
    bool service; /* from the send, not from the intended start */
    double percentile;
    enum op op;
    double value; /* in the measure's unit, see struct threshold_result */
    enum threshold_unit unit;
    bool whole;  /* the whole run; otherwise the steps marked in picks */
    bool *picks; /* info->steps_n */
};

struct thresholds {
    const struct run_info *info;
    struct rule *rules;
    struct threshold_result *results;
    struct hist *merged; /* several steps of a group */
};

/* ---- reading ------------------------------------------------------------------------------------------ */

static bool take_word(struct slice *rest, const char *word)
{
    struct slice w = slice_z(word);
    if (!slice_starts(*rest, w)) return false;
    *rest = slice_trim(slice_from(*rest, w.n));
    return true;
}

/* "{step:NAME}" or "{group:NAME}" in front of a rule; k6's "metric{…}:" is understood without metric. */
static bool read_scope(struct slice *rest, const struct run_info *info, struct rule *r)
{
    r->whole = true;
    r->picks = mem_alloc(info->steps_n ? info->steps_n : 1, sizeof *r->picks);
    if (!slice_starts(*rest, SL("{"))) return true;
    size_t end = slice_chr(*rest, '}');
    struct slice kind, name;
    if (end == SLICE_NONE || !slice_cut(slice_sub(*rest, 1, end), ':', &kind, &name)) return false;
    bool step = slice_eq(kind, SL("step")), found = false;
    if (!step && !slice_eq(kind, SL("group"))) return false;
    name = slice_trim(name);
    for (size_t i = 0; i < info->steps_n; i++) {
        r->picks[i] = slice_eq(step ? info->steps[i].name : info->steps[i].group, name);
        found = found || r->picks[i];
    }
    r->whole = false;
    *rest = slice_trim(slice_from(*rest, end + 1));
    take_word(rest, ":");
    return found;
}

static bool read_percentile(struct slice *rest, struct rule *r)
{
    size_t end = slice_chr(*rest, ')');
    if (end == SLICE_NONE) return false;
    if (!num_f64(slice_trim(slice_sub(*rest, 0, end)), &r->percentile)) return false;
    *rest = slice_trim(slice_from(*rest, end + 1));
    return r->percentile >= 0 && r->percentile <= 100;
}

static bool read_measure(struct slice *rest, struct rule *r)
{
    static const struct {
        const char *word;
        enum measure measure;
    } words[] = {
        { "avg", M_AVG },
        { "min", M_MIN },
        { "med", M_MED },
        { "max", M_MAX },
        { "failures", M_FAILURES },
        { "failed", M_FAILED },
        { "http_req_failed", M_FAILED },
        { "rps", M_RPS },
        { "rate", M_FAILED },
        { "requests", M_REQUESTS },
        { "count", M_REQUESTS },
    };
    r->service = take_word(rest, "service_");
    if (take_word(rest, "p(")) {
        r->measure = M_PERCENTILE;
        return read_percentile(rest, r);
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!take_word(rest, words[i].word)) continue;
        r->measure = words[i].measure;
        return !r->service || r->measure <= M_MAX;
    }
    return false;
}

static bool read_op(struct slice *rest, struct rule *r)
{
    static const struct {
        const char *word;
        enum op op;
    } words[] = { { "<=", OP_LE }, { ">=", OP_GE }, { "==", OP_EQ },
                  { "!=", OP_NE }, { "<", OP_LT },  { ">", OP_GT } };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!take_word(rest, words[i].word)) continue;
        r->op = words[i].op;
        return true;
    }
    return false;
}

static bool read_time(struct slice s, double *out_ms)
{
    uint64_t ns;
    if (num_f64(s, out_ms)) return *out_ms >= 0; /* k6: a bare number is milliseconds */
    if (!num_duration(s, &ns)) return false;
    *out_ms = stats_ms(ns);
    return true;
}

static bool read_ratio(struct slice s, double *out)
{
    bool percent = slice_ends(s, SL("%"));
    if (percent) s = slice_trim(slice_sub(s, 0, s.n - 1));
    if (!num_f64(s, out)) return false;
    if (percent) *out /= 100;
    return *out >= 0 && *out <= 1;
}

/* "1.5s" is seconds; "200ms", "200us" and a bare number are shown in milliseconds. */
static bool is_seconds(struct slice s)
{
    if (s.n < 2 || s.p[s.n - 1] != 's') return false;
    char before = s.p[s.n - 2];
    return (before >= '0' && before <= '9') || before == '.' || before == ' ';
}

static enum threshold_unit unit_of(enum measure m, struct slice value)
{
    switch (m) {
    case M_FAILED: return slice_ends(value, SL("%")) ? UNIT_PERCENT : UNIT_RATIO;
    case M_RPS: return UNIT_PER_SECOND;
    case M_FAILURES:
    case M_REQUESTS: return UNIT_COUNT;
    case M_PERCENTILE:
    case M_AVG:
    case M_MIN:
    case M_MED:
    case M_MAX: break;
    }
    return is_seconds(value) ? UNIT_SECONDS : UNIT_MS;
}

static bool read_value(struct slice s, struct rule *r)
{
    switch (r->measure) {
    case M_PERCENTILE:
    case M_AVG:
    case M_MIN:
    case M_MED:
    case M_MAX: return read_time(s, &r->value);
    case M_FAILED: return read_ratio(s, &r->value);
    case M_RPS: return num_rate(s, &r->value);
    case M_FAILURES:
    case M_REQUESTS: return num_f64(s, &r->value);
    }
    return false;
}

static bool read_rule(struct slice text, const struct run_info *info, struct rule *r,
                      struct err *err)
{
    struct slice rest = slice_trim(text);
    if (!read_scope(&rest, info, r))
        return err_set(err, ERR_INPUT,
                       "threshold \"%.*s\": no step or group of that name; write {step:NAME} or "
                       "{group:NAME}",
                       SL_FMT(text));
    if (!read_measure(&rest, r))
        return err_set(err, ERR_INPUT,
                       "threshold \"%.*s\": expected p(N), avg, min, med, max, failed, failures, "
                       "rps or requests at \"%.*s\"",
                       SL_FMT(text), SL_FMT(rest));
    if (!read_op(&rest, r))
        return err_set(err, ERR_INPUT,
                       "threshold \"%.*s\": expected < <= > >= == or != at \"%.*s\"", SL_FMT(text),
                       SL_FMT(rest));
    if (!read_value(rest, r))
        return err_set(err, ERR_INPUT,
                       "threshold \"%.*s\": \"%.*s\" is not a value here (200ms, 1%%, 500/s)",
                       SL_FMT(text), SL_FMT(rest));
    r->unit = unit_of(r->measure, rest);
    return true;
}

struct thresholds *thresholds_new(const struct run_info *info, struct err *err)
{
    if (info->thresholds_n > RULES_MAX) {
        err_set(err, ERR_INPUT, "more than %d thresholds", RULES_MAX);
        return NULL;
    }
    struct thresholds *t = mem_alloc(1, sizeof *t);
    size_t room = info->thresholds_n ? info->thresholds_n : 1;
    t->info = info;
    t->merged = hist_new();
    t->rules = mem_alloc(room, sizeof *t->rules);
    t->results = mem_alloc(room, sizeof *t->results);
    for (size_t i = 0; i < info->thresholds_n; i++)
        if (!read_rule(info->thresholds[i].rule, info, &t->rules[i], err)) {
            thresholds_free(t);
            return NULL;
        }
    return t;
}

void thresholds_free(struct thresholds *t)
{
    if (!t) return;
    for (size_t i = 0; i < t->info->thresholds_n; i++)
        free(t->rules[i].picks);
    hist_free(t->merged);
    free(t->rules);
    free(t->results);
    free(t);
}

/* ---- evaluating ----------------------------------------------------------------------------------------- */

struct measured { /* what a rule looks at */
    uint64_t requests, failures;
    const struct hist *hist;
};

static struct measured measured_of(struct thresholds *t, const struct rule *r,
                                   const struct run_stats *s)
{
    if (r->whole)
        return (struct measured){ s->total.requests, s->total.failures,
                                  r->service ? s->total.service : s->total.response };
    struct measured m = { .hist = t->merged };
    hist_clear(t->merged);
    for (size_t i = 0; i < t->info->steps_n; i++) {
        if (!r->picks[i]) continue;
        m.requests += s->steps[i].requests;
        m.failures += s->steps[i].failures;
        hist_merge(t->merged, r->service ? s->steps[i].service : s->steps[i].response);
    }
    return m;
}

static double measure(const struct rule *r, const struct measured *m, double seconds)
{
    switch (r->measure) {
    case M_PERCENTILE: return stats_ms(hist_percentile_ns(m->hist, r->percentile));
    case M_MED: return stats_ms(hist_percentile_ns(m->hist, 50));
    case M_AVG: return hist_mean_ns(m->hist) / (double)NS_PER_MS;
    case M_MIN: return stats_ms(hist_min_ns(m->hist));
    case M_MAX: return stats_ms(hist_max_ns(m->hist));
    case M_FAILED: return m->requests ? (double)m->failures / (double)m->requests : 0;
    case M_RPS: return (double)m->requests / seconds;
    case M_FAILURES: return (double)m->failures;
    case M_REQUESTS: return (double)m->requests;
    }
    return 0;
}

static bool holds(enum op op, double a, double b)
{
    switch (op) {
    case OP_LT: return a < b;
    case OP_LE: return a <= b;
    case OP_GT: return a > b;
    case OP_GE: return a >= b;
    case OP_EQ: return fabs(a - b) < 1e-9;
    case OP_NE: return fabs(a - b) >= 1e-9;
    }
    return false;
}

static bool counts_requests(const struct rule *r)
{
    return r->measure == M_RPS || r->measure == M_FAILURES || r->measure == M_REQUESTS;
}

const struct threshold_result *thresholds_eval(struct thresholds *t, const struct run_stats *s)
{
    uint64_t end = s->total.last_end_ns > s->since_ns ? s->total.last_end_ns - s->since_ns : 0;
    double seconds = (double)end / (double)NS_PER_S; /* as stats_rps */
    if (seconds < 1) seconds = 1;
    for (size_t i = 0; i < t->info->thresholds_n; i++) {
        const struct rule *r = &t->rules[i];
        struct measured m = measured_of(t, r, s);
        struct threshold_result *out = &t->results[i];
        *out = (struct threshold_result){ .rule = t->info->thresholds[i].rule,
                                          .unit = r->unit,
                                          .value = measure(r, &m, seconds),
                                          .known = m.requests > 0 || counts_requests(r) };
        out->ok = !out->known || holds(r->op, out->value, r->value);
    }
    return t->results;
}

bool thresholds_abort(const struct thresholds *t, const struct run_stats *s)
{
    for (size_t i = 0; i < t->info->thresholds_n; i++) {
        const struct threshold_cfg *cfg = &t->info->thresholds[i];
        if (cfg->abort_on_fail && s->elapsed_ns >= cfg->delay_ns && t->results[i].known &&
            !t->results[i].ok)
            return true;
    }
    return false;
}
