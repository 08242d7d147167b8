/* scenario_write: the model as YAML that a person would have written, and that reads back the same.
 *
 * Called by import. Order and shape follow docs: short things in { }, steps in block style, remarks as
 * comments. Helpers come from emit.c; steps are written by write_step.c. */
#include "scenarios/write.h"

#include <stdio.h>

#include "base/num.h"

/* ---- values --------------------------------------------------------------------------------------- */

static void add_double(struct buf *out, double v)
{
    char text[40];
    double back;
    for (int digits = 6; digits <= 17; digits++) {
        int n = snprintf(text, sizeof text, "%.*g", digits, v);
        struct slice s = { text, n > 0 ? (size_t)n : 0 };
        if (num_f64(s, &back) && back >= v && back <= v) break;
    }
    buf_addz(out, text);
}

void write_double(struct emit *e, const char *key, double v)
{
    emit_keyz(e, key);
    buf_addc(e->out, ' ');
    add_double(e->out, v);
}

void write_u64(struct emit *e, const char *key, uint64_t v)
{
    emit_keyz(e, key);
    emit_rawf(e, "%llu", (unsigned long long)v);
}

void write_duration(struct emit *e, const char *key, uint64_t ns)
{
    emit_keyz(e, key);
    buf_addc(e->out, ' ');
    num_add_duration(e->out, ns);
}

void write_text(struct emit *e, const char *key, struct slice text)
{
    emit_keyz(e, key);
    emit_text(e, text);
}

void write_open(struct emit *e)
{
    buf_addz(e->out, " {");
    e->flow++;
    e->first = true;
}

void write_close(struct emit *e)
{
    buf_addz(e->out, " }");
    e->flow--;
    e->first = false;
}

/* ---- name: value ---------------------------------------------------------------------------------- */

static bool names_differ(const struct fields *f)
{
    for (size_t i = 0; i < f->n; i++)
        for (size_t k = 0; k < i; k++)
            if (slice_eq(f->v[i].name, f->v[k].name)) return false;
    return true;
}

static void write_pairs(struct emit *e, const struct fields *f)
{
    for (size_t i = 0; i < f->n; i++) {
        emit_key(e, f->v[i].name);
        emit_text(e, f->v[i].value);
    }
}

/* In one line if it fits; false with nothing written if not. */
static bool write_flow(struct emit *e, const struct fields *f)
{
    size_t before = e->out->n;
    if (f->n > 4) return false;
    write_open(e);
    write_pairs(e, f);
    write_close(e);
    if (emit_column(e) <= WRITE_COLUMNS && !e->out->bad) return true;
    e->out->n = before;
    return false;
}

void write_fields(struct emit *e, const char *key, const struct fields *f)
{
    emit_keyz(e, key);
    bool map = f->n <= 1000 && names_differ(f);
    if (map && write_flow(e, f)) return;
    emit_in(e);
    if (map) {
        write_pairs(e, f);
    } else {
        for (size_t i = 0; i < f->n;
             i++) { /* a name comes more than once: a list keeps the order */
            emit_item(e);
            emit_key(e, f->v[i].name);
            emit_text(e, f->v[i].value);
            emit_item_end(e);
        }
    }
    emit_out(e);
}

/* ---- waits ---------------------------------------------------------------------------------------- */

static void write_two(struct emit *e, const char *key, const struct wait *w)
{
    write_open(e);
    emit_keyz(e, key);
    buf_addz(e->out, " [");
    num_add_duration(e->out, w->a_ns);
    buf_addz(e->out, ", ");
    num_add_duration(e->out, w->b_ns);
    buf_addz(e->out, "]");
    write_close(e);
}

static void write_one(struct emit *e, const char *key, const struct wait *w)
{
    write_open(e);
    write_duration(e, key, w->a_ns);
    write_close(e);
}

void write_wait(struct emit *e, const char *key, const struct wait *w)
{
    if (w->kind == WAIT_CONSTANT) {
        write_duration(e, key, w->a_ns);
        return;
    }
    emit_keyz(e, key);
    switch (w->kind) {
    case WAIT_NONE:
    case WAIT_CONSTANT: emit_raw(e, "none"); return;
    case WAIT_UNIFORM: write_two(e, "uniform", w); return;
    case WAIT_NORMAL: write_two(e, "normal", w); return;
    case WAIT_EXPONENTIAL: write_one(e, "exponential", w); return;
    case WAIT_PACING: write_one(e, "pacing", w); return;
    case WAIT_RECORDED: write_one(e, "recorded", w); return;
    }
}

/* ---- the parts around the steps --------------------------------------------------------------------- */

static void write_feed(struct emit *e, const struct feed *f)
{
    static const char *const picks[] = { "sequential", "random", "unique", "shuffle" };
    static const char *const ends[] = { "", "recycle", "stop_user", "stop_run", "fail" };
    emit_key(e, f->name);
    write_open(e);
    write_text(e, "file", f->file);
    emit_keyz(e, "pick");
    emit_raw(e, picks[f->pick]);
    if (f->end != FEED_BY_PICK) {
        emit_keyz(e, "at_end");
        emit_raw(e, ends[f->end]);
    }
    if (f->per_iteration) {
        emit_keyz(e, "per");
        emit_raw(e, "iteration");
    }
    write_close(e);
}

static void write_defaults(struct emit *e, const struct scenario *s)
{
    if (!s->headers.n && !s->timeout_ns) return;
    emit_keyz(e, "defaults");
    emit_in(e);
    if (s->headers.n) write_fields(e, "headers", &s->headers);
    if (s->timeout_ns) write_duration(e, "timeout", s->timeout_ns);
    emit_out(e);
}

static void write_task(struct emit *e, const struct task *t)
{
    emit_item(e);
    write_text(e, "name", t->name);
    if (t->weight != 1) write_u64(e, "weight", t->weight);
    write_steps(e, "steps", t->steps, t->steps_n);
    emit_item_end(e);
}

static void write_stages(struct emit *e, const struct load *l)
{
    emit_keyz(e, "stages");
    buf_addz(e->out, " [");
    for (size_t i = 0; i < l->stages_n; i++) {
        buf_addz(e->out, i ? ", " : " ");
        buf_addz(e->out, "{ duration: ");
        num_add_duration(e->out, l->stages[i].duration_ns);
        buf_addz(e->out, ", target: ");
        add_double(e->out, l->stages[i].target);
        buf_addz(e->out, " }");
    }
    buf_addz(e->out, " ]");
}

static void write_load(struct emit *e, const struct load *l)
{
    static const char *const arrivals[] = { "none", "constant", "poisson" };
    size_t before = e->out->n;
    emit_keyz(e, "load");
    write_open(e);
    if (l->users) write_u64(e, "users", l->users);
    if (l->spawn_rate > 0) write_double(e, "spawn_rate", l->spawn_rate);
    if (l->run_time_ns) write_duration(e, "run_time", l->run_time_ns);
    if (l->warm_up_ns) write_duration(e, "warm_up", l->warm_up_ns);
    if (l->iterations) write_u64(e, "iterations", l->iterations);
    if (l->loops) write_u64(e, "loops", l->loops);
    if (l->arrival != ARRIVAL_NONE || l->rate > 0) {
        emit_keyz(e, "arrival");
        emit_raw(e, arrivals[l->arrival]);
    }
    if (l->rate > 0) write_double(e, "rate", l->rate);
    if (l->max_users) write_u64(e, "max_users", l->max_users);
    if (l->stages_n) write_stages(e, l);
    bool empty = e->first;
    write_close(e);
    if (empty) e->out->n = before; /* nothing is said about the load */
}

static void write_threshold(struct emit *e, const struct threshold *t)
{
    if (!t->abort_on_fail && !t->delay_ns) {
        emit_item_text(e, t->rule);
        return;
    }
    emit_item(e);
    write_text(e, "rule", t->rule);
    if (t->abort_on_fail) {
        emit_keyz(e, "abort_on_fail");
        emit_raw(e, "true");
    }
    if (t->delay_ns) write_duration(e, "delay", t->delay_ns);
    emit_item_end(e);
}

static void write_head(struct emit *e, const struct scenario *s)
{
    for (size_t i = 0; i < s->comments_n; i++)
        emit_comment(e, s->comments[i]);
    write_u64(e, "reprise", 1);
    if (s->name.n) write_text(e, "name", s->name);
    if (s->target.n) write_text(e, "target", s->target);
    if (s->feeds_n) emit_keyz(e, "feeds");
    emit_in(e);
    for (size_t i = 0; i < s->feeds_n; i++)
        write_feed(e, &s->feeds[i]);
    emit_out(e);
    if (s->vars.n) write_fields(e, "vars", &s->vars);
    write_defaults(e, s);
    if (s->wait.kind != WAIT_NONE) write_wait(e, "wait", &s->wait);
}

static void write_tasks(struct emit *e, const struct scenario *s)
{
    if (s->on_start_n) write_steps(e, "on_start", s->on_start, s->on_start_n);
    if (s->tasks_n) emit_keyz(e, "tasks");
    emit_in(e);
    for (size_t i = 0; i < s->tasks_n; i++)
        write_task(e, &s->tasks[i]);
    emit_out(e);
    if (s->on_stop_n) write_steps(e, "on_stop", s->on_stop, s->on_stop_n);
}

bool scenario_write(const struct scenario *s, struct buf *out)
{
    struct emit e = { .out = out };
    write_head(&e, s);
    write_tasks(&e, s);
    write_load(&e, &s->load);
    if (s->thresholds_n) emit_keyz(&e, "thresholds");
    emit_in(&e);
    for (size_t i = 0; i < s->thresholds_n; i++)
        write_threshold(&e, &s->thresholds[i]);
    return buf_addc(out, '\n') && !out->bad;
}
