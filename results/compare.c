/* Is run B worse than run A? Differences with confidence intervals, named in words only when they are
 * significant. docs/notes/compare.md states the method and how it was calibrated.
 *
 * Called by `reprise compare`. Deterministic for the same seed. Memory: both runs' blocks. */
#include "results/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/rnd.h"

#define REQUESTS_MIN 30
/* Of a false alarm, 4 % in all, for the errors are estimates: most of it for the run as a whole, the rest for its steps. */
#define LEVEL_WHOLE 0.03
#define LEVEL_TYPICAL 0.02 /* of the whole's */
#define LEVEL_STEPS 0.01
#define Z95 1.959964
#define FREEDOM_MIN 3

static const double percents[COMPARE_MEASURES] = {
    [COMPARE_P50] = 50, [COMPARE_P90] = 90, [COMPARE_P95] = 95, [COMPARE_P99] = 99
};

const char *compare_measure_name(enum compare_measure_id m)
{
    static const char *const names[COMPARE_MEASURES] = {
        [COMPARE_TYPICAL] = "typical", [COMPARE_P50] = "p(50)", [COMPARE_P90] = "p(90)",
        [COMPARE_P95] = "p(95)",       [COMPARE_P99] = "p(99)", [COMPARE_FAILED] = "failed"
    };
    return names[m];
}

/* ---- measures ------------------------------------------------------------------------------------------- */

static void add_weighted(const struct series *s, const uint32_t *weights, uint64_t *sum)
{
    for (size_t b = 0; b < s->blocks; b++) {
        const uint32_t *counts = s->counts + b * s->slots;
        uint64_t w = weights ? weights[b] : 1;
        for (size_t i = 0; i < s->slots && w; i++)
            sum[i] += w * counts[i];
    }
}

static double failed_ratio(const struct series *s, const uint32_t *weights)
{
    double requests = 0, failures = 0;
    for (size_t b = 0; b < s->blocks; b++) {
        double w = weights ? weights[b] : 1;
        requests += w * (double)s->requests[b];
        failures += w * (double)s->failures[b];
    }
    return requests > 0 ? failures / requests : 0;
}

struct measured series_measure(const struct series *s, const uint32_t *weights)
{
    struct measured m = { { 0 } };
    uint64_t *sum = mem_alloc(s->slots + 1, sizeof *sum), total = 0, seen = 0;
    add_weighted(s, weights, sum);
    for (size_t i = 0; i < s->slots; i++)
        total += sum[i];
    m.v[COMPARE_FAILED] = failed_ratio(s, weights);
    enum compare_measure_id next = COMPARE_P50;
    for (size_t i = 0; i < s->slots && next <= COMPARE_P99; i++) {
        seen += sum[i];
        while (next <= COMPARE_P99 && (double)seen >= percents[next] / 100 * (double)total && seen)
            m.v[next++] = s->slot_ms[i];
    }
    free(sum);
    return m;
}

/* On the scale on which changes are tested. */
static double scaled(enum compare_measure_id m, double v)
{
    return m == COMPARE_FAILED ? v : v > 0 ? log(v) : 0;
}

/* By how much neighbouring blocks that resemble each other widen the error: resampling draws them as if they
 * were independent. Never less than 1. */
static void inflations(const struct series *s, double out[COMPARE_MEASURES])
{
    uint32_t *weights = mem_alloc(s->blocks + 1, sizeof *weights);
    double *rows = mem_alloc((s->blocks + 1) * COMPARE_MEASURES, sizeof *rows);
    size_t n = 0;
    for (size_t b = 0; b < s->blocks; b++) {
        if (s->requests[b] == 0) continue;
        weights[b] = 1;
        struct measured m = series_measure(s, weights);
        weights[b] = 0;
        for (unsigned k = 0; k < COMPARE_MEASURES; k++)
            rows[k * s->blocks + n] = scaled((enum compare_measure_id)k, m.v[k]);
        n++;
    }
    for (unsigned k = 0; k < COMPARE_MEASURES; k++)
        out[k] = correlation_error(rows + k * s->blocks, n);
    free(weights);
    free(rows);
}

struct errors series_errors(const struct series *s, struct rnd *r)
{
    struct measured mean = { { 0 } }, square = { { 0 } };
    struct errors out;
    uint32_t *weights = mem_alloc(s->blocks + 1, sizeof *weights);
    for (size_t n = 0; n < COMPARE_RESAMPLES; n++) {
        memset(weights, 0, s->blocks * sizeof *weights);
        for (size_t b = 0; b < s->blocks; b++)
            weights[rnd_below(r, s->blocks)]++;
        struct measured m = series_measure(s, weights);
        for (unsigned k = 0; k < COMPARE_MEASURES; k++) {
            double v = scaled((enum compare_measure_id)k, m.v[k]), step = v - mean.v[k];
            mean.v[k] += step / (double)(n + 1);
            square.v[k] += step * (v - mean.v[k]);
        }
    }
    free(weights);
    /* Drawing n of n makes variances (n - 1) / n of what they are. */
    double correct = s->blocks > 1 ? (double)s->blocks / (double)(s->blocks - 1) : 1;
    double wider[COMPARE_MEASURES];
    inflations(s, wider);
    for (unsigned k = 0; k < COMPARE_MEASURES; k++) {
        out.error.v[k] = wider[k] * sqrt(square.v[k] / (COMPARE_RESAMPLES - 1) * correct);
        out.independent.v[k] = (double)s->blocks / (wider[k] * wider[k]);
    }
    return out;
}

/* ---- one step --------------------------------------------------------------------------------------------- */

/* Two-sided p-value of Student's t, by Wallace's normal approximation. */
static double p_of_t(double t, double freedom)
{
    double z = sqrt(freedom * log1p(t * t / freedom)) * (8 * freedom + 1) / (8 * freedom + 3);
    return erfc(z / sqrt(2));
}

/* The t beyond which 5 % lie, from the same approximation turned round. */
static double t95(double freedom)
{
    double z = Z95 * (8 * freedom + 3) / (8 * freedom + 1);
    return sqrt(freedom * expm1(z * z / freedom));
}

static uint64_t total(const uint64_t *v, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += v[i];
    return sum;
}

/* Failures are rare events: where the resampling saw few, the binomial's own error counts. */
static double failed_error(double ratio_a, double ratio_b, double na, double nb)
{
    double pooled = (ratio_a * na + ratio_b * nb + 1) / (na + nb + 2);
    return sqrt(pooled * (1 - pooled) * (1 / na + 1 / nb));
}

static void fill_change(struct compare_measure *m, enum compare_measure_id id, double independent)
{
    double freedom = fmax(independent - 2, FREEDOM_MIN);
    double d = scaled(id, m->b) - scaled(id, m->a), t = t95(freedom) * m->error;
    bool ratio = id != COMPARE_FAILED;
    m->change = ratio ? expm1(d) : d;
    m->low = ratio ? expm1(d - t) : d - t;
    m->high = ratio ? expm1(d + t) : d + t;
    m->p = m->error > 0 ? p_of_t(fabs(d) / m->error, freedom) : fabs(d) > 0 ? 0 : 1;
}

static void fill_typical(struct compare_measure *m, const struct series *a, const struct series *b,
                         double noise)
{
    struct typical ta = series_typical(a), tb = series_typical(b);
    m->a = a->slots ? exp(ta.log_ms) : 0;
    m->b = b->slots ? exp(tb.log_ms) : 0;
    m->known = m->known && ta.independent > 0 && tb.independent > 0;
    if (!m->known) return;
    m->error = sqrt(ta.error * ta.error + tb.error * tb.error + 2 * noise * noise);
    fill_change(m, COMPARE_TYPICAL, ta.independent + tb.independent);
}

/* One measure of which ea and eb are the two runs' own errors. */
static void fill_resampled(struct compare_step *step, enum compare_measure_id id, double ea,
                           double eb, double noise)
{
    struct compare_measure *m = &step->measures[id];
    double own = ea * ea + eb * eb;
    if (id == COMPARE_FAILED) {
        double floor = failed_error(m->a, m->b, (double)step->requests_a, (double)step->requests_b);
        m->error = sqrt(fmax(own, floor * floor));
    } else {
        m->error = sqrt(own + 2 * noise * noise);
    }
}

void compare_fill(struct compare_step *step, const struct series *a, const struct series *b,
                  const struct compare_cfg *cfg, struct rnd *r)
{
    step->requests_a = total(a->requests, a->blocks);
    step->requests_b = total(b->requests, b->blocks);
    bool enough = a->blocks >= COMPARE_BLOCKS_MIN && b->blocks >= COMPARE_BLOCKS_MIN &&
                  step->requests_a >= REQUESTS_MIN && step->requests_b >= REQUESTS_MIN;
    struct measured va = series_measure(a, NULL), vb = series_measure(b, NULL);
    for (unsigned k = 0; k < COMPARE_MEASURES; k++)
        step->measures[k] = (struct compare_measure){ .a = va.v[k], .b = vb.v[k], .known = enough };
    fill_typical(&step->measures[COMPARE_TYPICAL], a, b, cfg->noise);
    if (!enough) return;
    struct errors ea = series_errors(a, r), eb = series_errors(b, r);
    for (unsigned k = COMPARE_TYPICAL + 1; k < COMPARE_MEASURES; k++) {
        fill_resampled(step, k, ea.error.v[k], eb.error.v[k], cfg->noise);
        fill_change(&step->measures[k], k, ea.independent.v[k] + eb.independent.v[k]);
    }
}

/* ---- verdicts --------------------------------------------------------------------------------------------- */

static int by_p(const void *a, const void *b)
{
    double x = (*(struct compare_measure *const *)a)->p,
           y = (*(struct compare_measure *const *)b)->p;
    return x < y ? -1 : x > y;
}

/* Holm: the smallest p against level / n, the next against level / (n - 1), until one does not hold. */
static void holm(struct compare_measure **v, size_t n, double level)
{
    qsort(v, n, sizeof *v, by_p);
    for (size_t i = 0; i < n; i++) {
        if (v[i]->p > level / (double)(n - i)) return;
        v[i]->significant = true;
    }
}

/* Measures from first on, of n steps. */
static void judge_family(struct compare_step *steps, size_t n, unsigned first, double level)
{
    struct compare_measure **v = mem_alloc(n * COMPARE_MEASURES + 1, sizeof *v);
    size_t known = 0;
    for (size_t i = 0; i < n; i++)
        for (unsigned k = first; k < COMPARE_MEASURES; k++)
            if (steps[i].measures[k].known) v[known++] = &steps[i].measures[k];
    holm(v, known, level);
    free(v);
}

/* The fallback procedure (Wiens 2003): what the first test had is the others' too once it has found something. */
static void judge_whole(struct compare_step *whole)
{
    struct compare_measure *typical = &whole->measures[COMPARE_TYPICAL];
    typical->significant = typical->known && typical->p <= LEVEL_TYPICAL;
    judge_family(whole, 1, COMPARE_TYPICAL + 1,
                 LEVEL_WHOLE - (typical->significant ? 0 : LEVEL_TYPICAL));
}

void compare_judge(struct compare_result *c)
{
    size_t whole = c->steps_n - 1; /* the last is the run as a whole: a family of its own */
    judge_family(c->steps, whole, COMPARE_TYPICAL, LEVEL_STEPS);
    judge_whole(&c->steps[whole]);
    for (size_t i = 0; i < c->steps_n; i++)
        for (unsigned k = 0; k < COMPARE_MEASURES; k++) {
            const struct compare_measure *m = &c->steps[i].measures[k];
            c->worse = c->worse || (m->significant && m->change > 0);
            c->better = c->better || (m->significant && m->change < 0);
        }
}

/* ---- two archives ------------------------------------------------------------------------------------------- */

static void on_second(void *arg, const struct run_info *info, const struct second *s)
{
    struct blocks *b = arg;
    if (b->steps_n == 0) blocks_init(b, info->steps_n);
    blocks_add(b, s);
}

static struct archive_load *load(const char *path, struct blocks *b, struct err *err)
{
    struct archive_each each = { .on_second = on_second, .arg = b };
    return archive_load_each(&path, 1, &each, err);
}

static size_t find_step(const struct run_info *info, const struct step_info *s)
{
    size_t i = 0;
    while (i < info->steps_n &&
           !(slice_eq(info->steps[i].name, s->name) && slice_eq(info->steps[i].method, s->method)))
        i++;
    return i;
}

static void compare_step(struct compare_result *c, const struct blocks *a, const struct blocks *b,
                         const size_t at[2], const struct compare_cfg *cfg)
{
    struct rnd r;
    struct series sa = series_new(a, at[0]), sb = series_new(b, at[1]);
    rnd_seed(&r, cfg->seed, c->steps_n);
    compare_fill(&c->steps[c->steps_n], &sa, &sb, cfg, &r);
    series_free(&sa);
    series_free(&sb);
    c->steps_n++;
}

static void compare_steps(struct compare_result *c, const struct blocks *a, const struct blocks *b,
                          const struct compare_cfg *cfg)
{
    const struct run_info *ia = archive_load_stats(c->a)->info,
                          *ib = archive_load_stats(c->b)->info;
    c->steps = arena_many(c->arena, ia->steps_n + 1, struct compare_step);
    for (size_t i = 0; i < ia->steps_n; i++) {
        size_t at[2] = { i, find_step(ib, &ia->steps[i]) };
        if (at[1] == ib->steps_n) continue;
        c->steps[c->steps_n].name = ia->steps[i].name;
        c->steps[c->steps_n].method = ia->steps[i].method;
        compare_step(c, a, b, at, cfg);
    }
    c->steps[c->steps_n].name = SL("Aggregated");
    compare_step(c, a, b, (size_t[2]){ ia->steps_n, ib->steps_n }, cfg);
}

static void doubt(struct compare_result *c, bool is, const char *text)
{
    if (is) c->doubts[c->doubts_n++] = slice_z(text);
}

static void find_doubts(struct compare_result *c)
{
    const struct run_stats *a = archive_load_stats(c->a), *b = archive_load_stats(c->b);
    c->doubts = arena_many(c->arena, 10, struct slice);
    doubt(c, !slice_eq(a->info->scenario_hash, b->info->scenario_hash),
          "the scenarios are not the same file");
    doubt(c, a->info->users != b->info->users, "the numbers of users differ");
    doubt(c, a->generator.limited, "the generator limited run A");
    doubt(c, b->generator.limited, "the generator limited run B");
    doubt(c, archive_load_truncated(c->a), "the archive of run A is not whole");
    doubt(c, archive_load_truncated(c->b), "the archive of run B is not whole");
    doubt(c, a->interrupted != b->interrupted, "one of the runs was interrupted");
    doubt(c, a->generator.left_out || b->generator.left_out, "an archive lacks samples");
    doubt(c, !c->steps[c->steps_n - 1].measures[0].known,
          "the runs are too short to tell a difference from chance");
}

struct compare_result *compare_archives(const char *a, const char *b, const struct compare_cfg *cfg,
                                        struct err *err)
{
    struct compare_result *c = mem_alloc(1, sizeof *c);
    struct blocks blocks_a = { 0 }, blocks_b = { 0 };
    c->arena = arena_new();
    bool ok = (c->a = load(a, &blocks_a, err)) && (c->b = load(b, &blocks_b, err));
    if (ok) {
        if (blocks_a.steps_n == 0) blocks_init(&blocks_a, archive_load_stats(c->a)->info->steps_n);
        if (blocks_b.steps_n == 0) blocks_init(&blocks_b, archive_load_stats(c->b)->info->steps_n);
        compare_steps(c, &blocks_a, &blocks_b, cfg);
        compare_judge(c);
        find_doubts(c);
        ok = compare_rules(c, cfg, err);
    }
    blocks_free(&blocks_a);
    blocks_free(&blocks_b);
    if (ok) return c;
    compare_free(c);
    return NULL;
}

void compare_free(struct compare_result *c)
{
    if (!c) return;
    archive_load_free(c->a);
    archive_load_free(c->b);
    arena_free(c->arena);
    free(c);
}
