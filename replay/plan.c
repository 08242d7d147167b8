/* The plan's compiler: sections of steps to flat operations, names to slots, feeds and hosts loaded.
 *
 * Called once before the load. Invariant: after plan_new nothing in the plan changes but the atomic
 * counters of its feeds. Errors carry the step's place in the scenario file. */
#include "replay/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "replay/compile.h"

#define MAX_WAIT_NS (86400ULL * NS_PER_S)

struct ops {
    struct op *v;
    size_t n, cap;
};

static bool compile_steps(struct compiler *c, const struct step *v, size_t n, unsigned repeats,
                          struct ops *out, struct err *err);

static struct op *add_op(struct ops *list, enum op_kind kind)
{
    mem_grow(&list->v, &list->cap, list->n + 1, sizeof *list->v);
    struct op *op = &list->v[list->n++];
    *op = (struct op){ .kind = kind };
    return op;
}

/* "file:line:column: " in front of what a step's compilation found. */
static bool at_step(const struct compiler *c, const struct step *s, struct err *err)
{
    if (s->place.line && c->s->file.n)
        err_context(err, "%.*s:%u:%u", SL_FMT(c->s->file), s->place.line, s->place.column);
    return false;
}

static bool compile_one_request(struct compiler *c, const struct step *s, struct ops *out,
                                struct err *err)
{
    struct plan_request *q = compile_request(c, s->request, err);
    if (!q) return at_step(c, s, err);
    add_op(out, OP_REQUEST)->request = q;
    return true;
}

static struct slice enter_group(struct compiler *c, const struct step *s)
{
    struct slice outer = c->group;
    if (s->name.n)
        c->group = outer.n
                       ? arena_printf(c->plan->arena, "%.*s / %.*s", SL_FMT(outer), SL_FMT(s->name))
                       : s->name;
    return outer;
}

/* What goes out together: requests, and groups of them. */
static bool compile_branches(struct compiler *c, const struct step *s, struct ops *out,
                             struct err *err)
{
    struct slice outer = enter_group(c, s);
    for (size_t i = 0; i < s->steps_n; i++) {
        const struct step *b = &s->steps[i];
        bool ok = false;
        if (b->kind == STEP_REQUEST)
            ok = compile_one_request(c, b, out, err);
        else if (b->kind == STEP_GROUP || b->kind == STEP_PARALLEL)
            ok = compile_branches(c, b, out, err);
        else
            err_set(err, ERR_INPUT, "parallel holds requests and groups of requests, nothing else");
        if (!ok) return err_is(err) && b->kind == STEP_REQUEST ? false : at_step(c, b, err);
    }
    c->group = outer;
    return true;
}

static bool compile_parallel(struct compiler *c, const struct step *s, struct ops *out,
                             struct err *err)
{
    size_t at = out->n;
    add_op(out, OP_PARALLEL);
    if (!compile_branches(c, s, out, err)) return false;
    size_t n = out->n - at - 1;
    if (n > PLAN_MAX_PARALLEL) {
        err_set(err, ERR_INPUT, "%zu requests in one parallel step, at most %d", n,
                PLAN_MAX_PARALLEL);
        return at_step(c, s, err);
    }
    out->v[at].n = (uint32_t)n;
    return true;
}

static bool compile_repeat(struct compiler *c, const struct step *s, unsigned repeats,
                           struct ops *out, struct err *err)
{
    if (repeats == PLAN_MAX_REPEATS) {
        err_set(err, ERR_INPUT, "repeat in repeat deeper than %d", PLAN_MAX_REPEATS);
        return at_step(c, s, err);
    }
    if (s->times == 0) return true;
    struct op *op = add_op(out, OP_REPEAT);
    op->n = s->times;
    op->depth = repeats;
    size_t first = out->n;
    if (!compile_steps(c, s->steps, s->steps_n, repeats + 1, out, err)) return false;
    op = add_op(out, OP_AGAIN);
    op->n = (uint32_t)(out->n - 1 - first);
    op->depth = repeats;
    return true;
}

static bool compile_value(struct compiler *c, struct slice text, struct wire *out, struct err *err)
{
    struct wire_maker m;
    wire_begin(&m, c->plan->arena, c->plan->scope);
    wire_text(&m, text, WIRE_RAW, err);
    return wire_end(&m, out, err);
}

static bool compile_set(struct compiler *c, const struct step *s, struct ops *out, struct err *err)
{
    struct plan_set *v = arena_many(c->plan->arena, s->set.n, struct plan_set);
    for (size_t i = 0; i < s->set.n; i++) {
        v[i].slot = scope_slot(c->plan->scope, s->set.v[i].name);
        if (!compile_value(c, s->set.v[i].value, &v[i].value, err)) return at_step(c, s, err);
    }
    struct op *op = add_op(out, OP_SET);
    op->set = v;
    op->n = (uint32_t)s->set.n;
    return true;
}

static bool compile_group(struct compiler *c, const struct step *s, unsigned repeats,
                          struct ops *out, struct err *err)
{
    struct slice outer = enter_group(c, s);
    bool ok = compile_steps(c, s->steps, s->steps_n, repeats, out, err);
    c->group = outer;
    return ok;
}

static bool compile_step(struct compiler *c, const struct step *s, unsigned repeats,
                         struct ops *out, struct err *err)
{
    switch (s->kind) {
    case STEP_REQUEST: return compile_one_request(c, s, out, err);
    case STEP_PARALLEL: return compile_parallel(c, s, out, err);
    case STEP_THINK: add_op(out, OP_THINK)->wait = s->think; return true;
    case STEP_GROUP: return compile_group(c, s, repeats, out, err);
    case STEP_REPEAT: return compile_repeat(c, s, repeats, out, err);
    case STEP_SET: return compile_set(c, s, out, err);
    }
    return true;
}

static bool compile_steps(struct compiler *c, const struct step *v, size_t n, unsigned repeats,
                          struct ops *out, struct err *err)
{
    for (size_t i = 0; i < n; i++)
        if (!compile_step(c, &v[i], repeats, out, err)) return false;
    return true;
}

/* A section's operations in the plan's arena; NULL on error. */
static const struct op *compile_section(struct compiler *c, const struct step *v, size_t n,
                                        struct err *err)
{
    struct ops list = { 0 };
    struct op *ops = NULL;
    c->group = (struct slice){ 0 };
    if (compile_steps(c, v, n, 0, &list, err)) {
        add_op(&list, OP_END);
        ops = arena_many(c->plan->arena, list.n, struct op);
        memcpy(ops, list.v, list.n * sizeof *ops);
    }
    free(list.v);
    return ops;
}

/* ---- names ------------------------------------------------------------------------------------------ */

/* Every name that some step sets is known to all templates: a walk may use it in a later section. */
static void declare_steps(struct compiler *c, const struct step *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct request_step *r = v[i].request;
        for (size_t j = 0; r && j < r->extract_n; j++)
            scope_slot(c->plan->scope, r->extract[j].name);
        for (size_t j = 0; j < v[i].set.n; j++)
            scope_slot(c->plan->scope, v[i].set.v[j].name);
        declare_steps(c, v[i].steps, v[i].steps_n);
    }
}

static void declare(struct compiler *c)
{
    const struct scenario *s = c->s;
    for (size_t i = 0; i < s->vars.n; i++)
        scope_slot(c->plan->scope, s->vars.v[i].name);
    declare_steps(c, s->on_start, s->on_start_n);
    for (size_t i = 0; i < s->tasks_n; i++)
        declare_steps(c, s->tasks[i].steps, s->tasks[i].steps_n);
    declare_steps(c, s->on_stop, s->on_stop_n);
}

static bool compile_vars(struct compiler *c, struct err *err)
{
    const struct fields *vars = &c->s->vars;
    struct plan_var *v = arena_many(c->plan->arena, vars->n, struct plan_var);
    for (size_t i = 0; i < vars->n; i++) {
        v[i].slot = scope_slot(c->plan->scope, vars->v[i].name);
        if (!compile_value(c, vars->v[i].value, &v[i].value, err)) return false;
    }
    c->plan->vars = v;
    c->plan->vars_n = vars->n;
    return true;
}

static bool load_feeds(struct compiler *c, struct err *err)
{
    struct plan *p = c->plan;
    p->feeds = arena_many(p->arena, c->s->feeds_n, struct feeder *);
    for (size_t i = 0; i < c->s->feeds_n; i++) {
        p->feeds[i] = feeder_new(p->arena, p->scope, c->s, &c->s->feeds[i], c->cfg->seed, err);
        if (!p->feeds[i]) return false;
        p->feeds_n = i + 1;
    }
    return true;
}

/* ---- sections ---------------------------------------------------------------------------------------- */

static bool compile_tasks(struct compiler *c, struct err *err)
{
    const struct scenario *s = c->s;
    struct plan *p = c->plan;
    struct plan_task *v = arena_many(p->arena, s->tasks_n, struct plan_task);
    for (size_t i = 0; i < s->tasks_n; i++) {
        p->weights += s->tasks[i].weight;
        v[i].name = s->tasks[i].name;
        v[i].weight_up_to = p->weights;
        v[i].ops = compile_section(c, s->tasks[i].steps, s->tasks[i].steps_n, err);
        if (!v[i].ops) return false;
    }
    p->tasks = v;
    p->tasks_n = s->tasks_n;
    if (p->tasks_n && p->weights) return true;
    return err_set(err, ERR_INPUT, "%.*s: no task to run", SL_FMT(s->file));
}

static bool needs(const struct plan_request *q, uint32_t slot)
{
    for (size_t i = 0; i < q->checks_n; i++)
        if (wire_uses(&q->checks[i].want, slot)) return true;
    return wire_uses(&q->target, slot) || wire_uses(&q->head, slot) ||
           wire_uses(&q->cookie, slot) || wire_uses(&q->body, slot);
}

static void find_needs(struct plan *p, struct plan_request *q)
{
    q->needs = arena_many(p->arena, p->slots, uint32_t);
    for (uint32_t i = 0; i < p->slots; i++)
        if (needs(q, i)) q->needs[q->needs_n++] = i;
}

static bool compile(struct compiler *c, struct err *err)
{
    const struct scenario *s = c->s;
    struct plan *p = c->plan;
    if (!load_feeds(c, err)) return false;
    declare(c);
    if (!compile_vars(c, err)) return false;
    if (s->on_start_n && !(p->on_start = compile_section(c, s->on_start, s->on_start_n, err)))
        return false;
    if (!compile_tasks(c, err)) return false;
    if (s->on_stop_n && !(p->on_stop = compile_section(c, s->on_stop, s->on_stop_n, err)))
        return false;
    p->slots = scope_slots(p->scope);
    for (size_t i = 0; i < p->requests_n && c->cfg->timeline; i++)
        find_needs(p, p->requests[i]);
    return hosts_resolve(p->hosts, err);
}

struct plan *plan_new(const struct scenario *s, const struct plan_cfg *cfg, struct err *err)
{
    struct plan *p = mem_alloc(1, sizeof *p);
    struct plan_cfg own = *cfg;
    struct compiler c = { .plan = p, .cfg = &own, .s = s };
    if (!own.user_agent) own.user_agent = "reprise";
    own.hosts.target = s->target;
    p->arena = arena_new();
    p->scenario = s;
    p->scope = scope_new(p->arena);
    p->wait = s->wait;
    p->think_factor = cfg->think_factor;
    p->hosts = hosts_new(p->arena, &own.hosts, err);
    if (p->hosts && compile(&c, err)) return p;
    plan_free(p);
    return NULL;
}

static void free_request(struct plan_request *q)
{
    for (size_t i = 0; i < q->checks_n; i++)
        checker_free(q->checks[i].c);
    for (size_t i = 0; i < q->extract_n; i++)
        extractor_free(q->extract[i].x);
}

void plan_free(struct plan *p)
{
    if (!p) return;
    for (size_t i = 0; i < p->requests_n; i++)
        free_request(p->requests[i]);
    for (size_t i = 0; i < p->feeds_n; i++)
        feeder_free(p->feeds[i]);
    hosts_free(p->hosts);
    free(p->requests);
    free(p->steps);
    arena_free(p->arena);
    free(p);
}

static unsigned widest(const struct op *op)
{
    unsigned most = 1;
    for (; op && op->kind != OP_END; op++)
        if (op->kind == OP_PARALLEL && op->n > most) most = op->n;
    return most;
}

static unsigned hosts_of_steps(const struct plan *p)
{
    size_t n;
    unsigned used = 0;
    hosts_table(p->hosts, &n);
    bool *seen = mem_alloc(n, sizeof *seen);
    for (size_t i = 0; i < p->requests_n; i++) {
        const struct origin *o = p->requests[i]->origin;
        if (!o || seen[o->index]) continue;
        seen[o->index] = true;
        used++;
    }
    free(seen);
    return used ? used : 1;
}

unsigned plan_connections(const struct plan *p, unsigned per_host)
{
    unsigned most = widest(p->on_start), last = widest(p->on_stop);
    if (last > most) most = last;
    for (size_t i = 0; i < p->tasks_n; i++) {
        unsigned n = widest(p->tasks[i].ops);
        if (n > most) most = n;
    }
    return (most < per_host ? most : per_host) + hosts_of_steps(p) - 1;
}

static double draw(const struct wait *w, double factor, struct rnd *rnd)
{
    double a = (double)w->a_ns, b = (double)w->b_ns;
    switch (w->kind) {
    case WAIT_NONE: return 0;
    case WAIT_CONSTANT:
    case WAIT_PACING: return a;
    case WAIT_UNIFORM: return a + (b - a) * rnd_unit(rnd);
    case WAIT_NORMAL: return a + b * rnd_normal(rnd);
    case WAIT_EXPONENTIAL: return a * rnd_exponential(rnd);
    case WAIT_RECORDED: return a * factor;
    }
    return 0;
}

uint64_t plan_wait_ns(const struct plan *p, const struct wait *w, struct rnd *rnd)
{
    double ns = draw(w, p->think_factor, rnd);
    if (ns <= 0) return 0;
    return ns < (double)MAX_WAIT_NS ? (uint64_t)ns : MAX_WAIT_NS;
}
