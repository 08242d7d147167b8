/* The rules of `compare --fail-if`: how much worse B may be.
 *
 *   [{step:NAME}] MEASURE (> | < | >= | <=) [+|-]N%
 *
 * MEASURE is typical, p(50), p(90), p(95), p(99), med or failed. The change is relative; of failed it is a
 * difference in percentage points. A rule is broken when the change is beyond its limit and differs from
 * none with 95 % confidence, so that chance alone does not fail a build. */
#include "results/compare.h"

#include "base/num.h"

struct parsed {
    struct slice step; /* empty: the whole */
    enum compare_measure_id measure;
    bool greater;
    double limit;
};

static bool read_measure(struct slice *rest, enum compare_measure_id *out)
{
    for (unsigned k = 0; k < COMPARE_MEASURES; k++) {
        struct slice name = slice_z(compare_measure_name((enum compare_measure_id)k));
        if (!slice_starts(*rest, name)) continue;
        *out = (enum compare_measure_id)k;
        *rest = slice_trim(slice_from(*rest, name.n));
        return true;
    }
    if (!slice_starts(*rest, SL("med"))) return false;
    *out = COMPARE_P50;
    *rest = slice_trim(slice_from(*rest, 3));
    return true;
}

static bool read_scope(struct slice *rest, struct slice *step)
{
    if (!slice_starts(*rest, SL("{"))) return true;
    size_t end = slice_chr(*rest, '}');
    if (end == SLICE_NONE || !slice_starts(*rest, SL("{step:"))) return false;
    *step = slice_trim(slice_sub(*rest, 6, end));
    *rest = slice_trim(slice_from(*rest, end + 1));
    return true;
}

static bool read_limit(struct slice rest, double *out)
{
    if (rest.n < 2 || rest.p[rest.n - 1] != '%') return false;
    bool minus = rest.p[0] == '-';
    if (minus || rest.p[0] == '+') rest = slice_from(rest, 1);
    if (!num_f64(slice_trim(slice_sub(rest, 0, rest.n - 1)), out)) return false;
    *out *= minus ? -0.01 : 0.01;
    return true;
}

static bool read_rule(struct slice text, struct parsed *p)
{
    struct slice rest = slice_trim(text);
    if (!read_scope(&rest, &p->step) || !read_measure(&rest, &p->measure)) return false;
    if (rest.n == 0 || (rest.p[0] != '>' && rest.p[0] != '<')) return false;
    p->greater = rest.p[0] == '>';
    rest = slice_from(rest, 1);
    if (slice_starts(rest, SL("="))) rest = slice_from(rest, 1);
    return read_limit(slice_trim(rest), &p->limit);
}

static const struct compare_step *find(const struct compare_result *c, struct slice name)
{
    if (name.n == 0) return &c->steps[c->steps_n - 1];
    for (size_t i = 0; i + 1 < c->steps_n; i++)
        if (slice_eq(c->steps[i].name, name)) return &c->steps[i];
    return NULL;
}

static void evaluate(struct compare_result *c, struct compare_rule *r, const struct parsed *p,
                     const struct compare_step *step)
{
    const struct compare_measure *m = &step->measures[p->measure];
    bool beyond = p->greater ? m->change > p->limit : m->change < p->limit;
    bool sure = m->known && (m->low > 0 || m->high < 0);
    r->broken = beyond && sure;
    if (!m->known)
        r->text = SL("too few requests to tell");
    else
        r->text = arena_printf(c->arena, "%+.2f%% (95%% confidence %+.2f%% to %+.2f%%)%s",
                               100 * m->change, 100 * m->low, 100 * m->high,
                               beyond && !sure ? ": may be chance" : "");
}

bool compare_rules(struct compare_result *c, const struct compare_cfg *cfg, struct err *err)
{
    c->rules = arena_many(c->arena, cfg->rules_n + 1, struct compare_rule);
    for (size_t i = 0; i < cfg->rules_n; i++) {
        struct parsed p = { 0 };
        struct compare_rule *r = &c->rules[i];
        r->rule = slice_z(cfg->rules[i]);
        if (!read_rule(r->rule, &p))
            return err_set(err, ERR_USAGE,
                           "rule \"%s\": write for example 'p(95) > +5%%', 'failed > +1%%' or "
                           "'{step:NAME} p(50) > +10%%'",
                           cfg->rules[i]);
        const struct compare_step *step = find(c, p.step);
        if (!step)
            return err_set(err, ERR_USAGE, "rule \"%s\": no step of that name is in both runs",
                           cfg->rules[i]);
        evaluate(c, r, &p, step);
        c->rules_n++;
    }
    return true;
}

bool compare_rules_ok(const struct compare_result *c)
{
    for (size_t i = 0; i < c->rules_n; i++)
        if (c->rules[i].broken) return false;
    return true;
}
