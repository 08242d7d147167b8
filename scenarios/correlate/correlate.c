/* Import's second half: a session becomes a scenario. The order of the phases stands here; see flow.h.
 *
 * Called by cli's import. The flow's arena dies at the end; the scenario and the report own their text. */
#include "scenarios/correlate/correlate.h"

#include "base/csv.h"
#include "base/mem.h"
#include "scenarios/correlate/flow.h"
#include "scenarios/correlate/report.h"
#include "scenarios/correlate/second.h"
#include "scenarios/value.h"

static void add_session_facts(struct flow *f, const struct session *s)
{
    f->report->entries_read += s->entries_read;
    for (size_t i = 0; i < s->drops_n; i++)
        for (size_t k = 0; k < s->drops[i].count; k++)
            report_count(f, REPORT_DROPPED, s->drops[i].reason);
    for (size_t i = 0; i < s->warnings_n; i++)
        report_warn(f, s->warnings[i].advice.p, "%.*s", SL_FMT(s->warnings[i].text));
}

static void write_secrets(struct flow *f)
{
    if (!f->secrets.n) return;
    struct buf b = BUF_INIT((size_t)16 << 20);
    for (size_t i = 0; i < f->secrets.n; i++) {
        if (i) buf_addc(&b, ',');
        csv_add_field(&b, f->secrets.v[i].name);
    }
    buf_addc(&b, '\n');
    for (size_t i = 0; i < f->secrets.n; i++) {
        if (i) buf_addc(&b, ',');
        csv_add_field(&b, f->secrets.v[i].value);
    }
    buf_addc(&b, '\n');
    f->report->secrets = arena_dup(f->report_arena, buf_slice(&b));
    buf_free(&b);
}

static bool run(struct flow *f, const struct session *const *several, size_t n,
                struct scenario *out, struct err *err)
{
    add_session_facts(f, several[0]);
    f->creator = several[0]->creator;
    if (!flow_keep(f, several[0], err)) return false;
    f->report->entries_kept = f->n;
    flow_uses(f);
    for (size_t i = 1; i < n; i++)
        if (!flow_second(f, several[i], err)) return false;
    flow_origins(f);
    flow_digests(f);
    flow_login(f);
    flow_unique(f);
    if (n == 1) flow_named(f);
    flow_choose(f);
    flow_sockets(f, several[0]);
    flow_generate(f);
    flow_write_digests(f);
    flow_apply(f);
    flow_infer(f);
    flow_secrets(f);
    flow_build(f, out);
    write_secrets(f);
    return true;
}

struct scenario *correlate(const struct session *const *several, size_t n,
                           const struct import_cfg *cfg, struct import_report *report,
                           struct err *err)
{
    struct scenario *out = scenario_new();
    struct flow f = { .a = arena_new(),
                      .cfg = cfg,
                      .values = map_new(),
                      .vars = map_new(),
                      .same = map_new(),
                      .report = report,
                      .report_arena = out->arena,
                      .login = SIZE_MAX };
    f.filter = arena_many(f.a, FILTER_WORDS, uint64_t);
    bool ok =
        n > 0 ? run(&f, several, n, out, err) : err_set(err, ERR_USAGE, "no recording was given");
    report->start_ns = f.zero_ns;
    map_free(f.values);
    map_free(f.vars);
    map_free(f.same);
    arena_free(f.a);
    if (ok) return out;
    scenario_free(out);
    return NULL;
}

bool correlate_may_be_token(struct slice text)
{
    return value_bits(text) >= BITS_MEDIUM;
}
