/* A comparison as text, JSON and HTML. Called by `reprise compare`.
 *
 * Words ("slower") stand only where a change is significant; everything else says "no difference shown",
 * which is not the same as equal: the interval tells how large a difference could hide. */
#include "results/compare.h"

#include "base/num.h"
#include "results/cell.h"
#include "results/page.h"

#define TEXT_MAX (64U << 20)

static const char *verdict(const struct compare_measure *m, bool failed)
{
    if (!m->known) return "too few to tell";
    if (!m->significant) return "no difference shown";
    if (failed) return m->change > 0 ? "MORE FAILURES" : "fewer failures";
    return m->change > 0 ? "SLOWER" : "faster";
}

static void add_value(struct buf *out, double v, bool failed)
{
    struct buf b = BUF_INIT(64);
    if (failed)
        buf_addf(&b, "%.2f%%", 100 * v);
    else
        cell_ms(&b, (uint64_t)(v * (double)NS_PER_MS));
    buf_addf(out, "%9s", buf_z(&b));
    buf_free(&b);
}

static void measure_line(struct buf *out, const struct compare_step *s, enum compare_measure_id id)
{
    const struct compare_measure *m = &s->measures[id];
    bool failed = id == COMPARE_FAILED;
    buf_addf(out, "  %-8s", compare_measure_name(id));
    add_value(out, m->a, failed);
    add_value(out, m->b, failed);
    if (m->known)
        buf_addf(out, "  %+7.2f%%  [%+7.2f%%, %+7.2f%%]", 100 * m->change, 100 * m->low,
                 100 * m->high);
    else
        buf_addf(out, "  %8s  %20s", "", "");
    buf_addf(out, "  %s\n", verdict(m, failed));
}

static void step_block(struct buf *out, const struct compare_step *s)
{
    buf_addf(out, "\n%.*s%s%.*s  (%llu and %llu requests)\n", SL_FMT(s->method),
             s->method.n ? " " : "", SL_FMT(s->name), (unsigned long long)s->requests_a,
             (unsigned long long)s->requests_b);
    for (unsigned k = 0; k < COMPARE_MEASURES; k++)
        measure_line(out, s, (enum compare_measure_id)k);
}

static void conclusion(const struct compare_result *c, struct buf *out)
{
    const char *text = c->worse && c->better ? "B differs from A, in part for the worse"
                       : c->worse            ? "B is worse than A"
                       : c->better           ? "B is better than A"
                                             : "no difference between A and B is shown";
    buf_addf(out, "\n%s", text);
    if (c->doubts_n) buf_addz(out, ", but the runs are not comparable");
    buf_addz(out, ".\n");
}

void compare_write_text(const struct compare_result *c, struct buf *out)
{
    buf_addf(out, "A: %.*s\nB: %.*s\n", SL_FMT(archive_load_stats(c->a)->archive),
             SL_FMT(archive_load_stats(c->b)->archive));
    for (size_t i = 0; i < c->doubts_n; i++)
        buf_addf(out, "NOT COMPARABLE: %.*s\n", SL_FMT(c->doubts[i]));
    buf_addf(out, "\n  %-8s%9s%9s  %8s  %20s\n", "ms", "A", "B", "change", "95% confidence");
    for (size_t i = 0; i < c->steps_n; i++)
        step_block(out, &c->steps[i]);
    for (size_t i = 0; i < c->rules_n; i++)
        buf_addf(out, "%s%s  %.*s: %.*s\n", i ? "" : "\n", c->rules[i].broken ? "BROKEN" : "ok    ",
                 SL_FMT(c->rules[i].rule), SL_FMT(c->rules[i].text));
    conclusion(c, out);
}

/* ---- JSON --------------------------------------------------------------------------------------------------- */

static void put_measure(struct jsonw *w, const struct compare_step *s, enum compare_measure_id id)
{
    const struct compare_measure *m = &s->measures[id];
    jsonw_put_object(w, compare_measure_name(id));
    jsonw_put_f64(w, "a", m->a, 6);
    jsonw_put_f64(w, "b", m->b, 6);
    if (m->known) {
        jsonw_put_f64(w, "change", m->change, 6);
        jsonw_put_f64(w, "low", m->low, 6);
        jsonw_put_f64(w, "high", m->high, 6);
        jsonw_put_f64(w, "p", m->p, 6);
    }
    jsonw_put_bool(w, "significant", m->significant);
    jsonw_put_str(w, "verdict", slice_z(verdict(m, id == COMPARE_FAILED)));
    jsonw_object_end(w);
}

static void put_steps(struct jsonw *w, const struct compare_result *c)
{
    jsonw_put_array(w, "steps");
    for (size_t i = 0; i < c->steps_n; i++) {
        const struct compare_step *s = &c->steps[i];
        jsonw_object(w);
        jsonw_put_str(w, "name", s->name);
        jsonw_put_str(w, "method", s->method);
        jsonw_put_u64(w, "requests_a", s->requests_a);
        jsonw_put_u64(w, "requests_b", s->requests_b);
        for (unsigned k = 0; k < COMPARE_MEASURES; k++)
            put_measure(w, s, (enum compare_measure_id)k);
        jsonw_object_end(w);
    }
    jsonw_array_end(w);
}

static void put_rules(struct jsonw *w, const struct compare_result *c)
{
    jsonw_put_array(w, "rules");
    for (size_t i = 0; i < c->rules_n; i++) {
        jsonw_object(w);
        jsonw_put_str(w, "rule", c->rules[i].rule);
        jsonw_put_bool(w, "ok", !c->rules[i].broken);
        jsonw_put_str(w, "text", c->rules[i].text);
        jsonw_object_end(w);
    }
    jsonw_array_end(w);
}

static void put_comparison(struct jsonw *w, const struct compare_result *c)
{
    struct buf text = BUF_INIT(1000);
    conclusion(c, &text);
    jsonw_put_str(w, "a", archive_load_stats(c->a)->archive);
    jsonw_put_str(w, "b", archive_load_stats(c->b)->archive);
    jsonw_put_str(w, "conclusion", slice_trim(buf_slice(&text)));
    jsonw_put_bool(w, "comparable", c->doubts_n == 0);
    jsonw_put_bool(w, "worse", c->worse);
    jsonw_put_bool(w, "better", c->better);
    jsonw_put_array(w, "doubts");
    for (size_t i = 0; i < c->doubts_n; i++)
        jsonw_str(w, c->doubts[i]);
    jsonw_array_end(w);
    put_steps(w, c);
    put_rules(w, c);
    buf_free(&text);
}

void compare_write_json(const struct compare_result *c, struct buf *out)
{
    struct jsonw w = { .out = out, .indent = 2 };
    jsonw_object(&w);
    put_comparison(&w, c);
    jsonw_object_end(&w);
    buf_addc(out, '\n');
}

/* ---- HTML ---------------------------------------------------------------------------------------------------- */

void compare_write_html(const struct compare_result *c, struct buf *out)
{
    struct buf data = BUF_INIT(TEXT_MAX);
    struct jsonw w = { .out = &data };
    jsonw_object(&w);
    put_comparison(&w, c);
    jsonw_key(&w, "run_a");
    page_put_curves(&w, archive_load_stats(c->a));
    jsonw_key(&w, "run_b");
    page_put_curves(&w, archive_load_stats(c->b));
    jsonw_object_end(&w);
    page_write(out, page_compare(), buf_slice(&data));
    buf_free(&data);
}
