/* reprise check: is a scenario right, what would it do, whom would it touch. Sends nothing.
 *
 * scenario_read finds the mistakes; this file walks the model once to count requests by place, host and
 * whether they change state, and prints the plan. */
#include "cli/cmd.h"

#include <stdio.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/wrap.h"
#include "cli/recording.h"
#include "cli/run_job.h"
#include "http/url.h"
#include "results/results.h"
#include "scenarios/scenarios.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define TEXT_MAX (64 << 10)

struct settings {
    const char *host;
    struct opt_list env;
    bool quiet, functions;
};

static const struct opt options[] = {
    { OPT_TEXT, 'H', "host", "URL", offsetof(struct settings, host),
      "The target that a run would be given, instead of the scenario's.", NULL },
    { OPT_LIST, 'e', "env", "KEY=VALUE", offsetof(struct settings, env),
      "A value for ${env(KEY)} in the scenario.", NULL },
    { OPT_FLAG, 'q', "quiet", NULL, offsetof(struct settings, quiet),
      "Say nothing when all is well.", NULL },
    { OPT_FLAG, 0, "functions", NULL, offsetof(struct settings, functions),
      "List the functions of ${...} in scenarios.", NULL },
};

static const struct opt_cmd command = {
    .name = "check",
    .usage = "SCENARIO... [options]",
    .about =
        "Reads scenarios as a run would: mistakes are shown with file, line and column, and the "
        "exit code is then 3. A scenario that is right is summed up: its plan, the hosts it would "
        "send to, and the requests that may change something there. Nothing is sent.",
    .after = "Example:\n  reprise check shop.yaml -H http://127.0.0.1:8080\n",
    .opts = options,
    .opts_n = COUNT(options),
};

/* What the walk finds. */
struct tally {
    size_t requests, changing, thinks, parallel;
};

struct survey {
    const struct scenario *s;
    struct arena *arena;
    struct map *hosts;   /* origin -> size_t * */
    struct buf changing; /* lines */
    struct slice target;
    const char *where; /* "on_start", "task browse" */
};

/* ---- the walk ------------------------------------------------------------------------------------- */

static void count_host(struct survey *c, struct slice url)
{
    struct url u;
    struct slice origin = c->target;
    if (!slice_starts(url, SL("/")) && !slice_starts(url, SL("${")))
        origin = url_parse(url, &u) ? url_origin(c->arena, &u) : SL("(only known while running)");
    void **at = map_at(c->hosts, origin);
    if (!*at) *at = arena_one(c->arena, size_t);
    ++*(size_t *)*at;
}

static bool changes_state(struct slice method)
{
    return !slice_eq(method, SL("GET")) && !slice_eq(method, SL("HEAD")) &&
           !slice_eq(method, SL("OPTIONS"));
}

static void walk_request(struct survey *c, const struct step *step, size_t times, struct tally *t)
{
    const struct request_step *q = step->request;
    t->requests += times;
    count_host(c, q->url);
    if (!changes_state(q->method)) return;
    t->changing += times;
    buf_addf(&c->changing, "  %-6.*s %.*s", SL_FMT(q->method), SL_FMT(q->url));
    buf_addf(&c->changing, "  (line %u, %s)\n", step->place.line, c->where);
}

static void walk(struct survey *c, const struct step *steps, size_t n, size_t times,
                 struct tally *t)
{
    for (size_t i = 0; i < n; i++) {
        const struct step *step = &steps[i];
        size_t inner = step->kind == STEP_REPEAT ? times * step->times : times;
        if (step->kind == STEP_REQUEST) walk_request(c, step, times, t);
        if (step->kind == STEP_THINK) t->thinks += times;
        if (step->kind == STEP_PARALLEL) t->parallel += times;
        walk(c, step->steps, step->steps_n, inner, t);
    }
}

/* ---- printing ------------------------------------------------------------------------------------- */

static void print_tally(const char *name, const char *note, const struct tally *t)
{
    printf("  %-10s %s%zu request%s", name, note, t->requests, t->requests == 1 ? "" : "s");
    if (t->changing) printf(", %zu changing state", t->changing);
    if (t->thinks) printf(", %zu pause%s", t->thinks, t->thinks == 1 ? "" : "s");
    if (t->parallel) printf(", %zu parallel", t->parallel);
    printf("\n");
}

static void print_part(struct survey *c, const char *name, const struct step *steps, size_t n)
{
    struct tally t = { 0 };
    if (n == 0) return;
    c->where = name;
    walk(c, steps, n, 1, &t);
    print_tally(name, "", &t);
}

static void print_tasks(struct survey *c)
{
    uint64_t weights = 0;
    for (size_t i = 0; i < c->s->tasks_n; i++)
        weights += c->s->tasks[i].weight;
    for (size_t i = 0; i < c->s->tasks_n; i++) {
        const struct task *task = &c->s->tasks[i];
        struct tally t = { 0 };
        char note[40];
        const char *name = task->name.n ? arena_z(c->arena, task->name) : "task";
        double share = 100.0 * (double)task->weight / (double)weights;
        c->where = arena_printf(c->arena, "task %s", name).p;
        walk(c, task->steps, task->steps_n, 1, &t);
        snprintf(note, sizeof note, "%5.1f %%  ", share);
        print_tally(name, note, &t);
    }
}

static void add_wait(struct buf *out, const struct wait *w)
{
    static const char *const words[] = { "none",         "",       "from ",    "normal ",
                                         "exponential ", "every ", "recorded " };
    buf_addz(out, words[w->kind]);
    if (w->kind == WAIT_NONE) return;
    num_add_duration(out, w->a_ns);
    if (w->kind == WAIT_UNIFORM) buf_addz(out, " to ");
    if (w->kind == WAIT_NORMAL) buf_addz(out, " ± ");
    if (w->kind == WAIT_UNIFORM || w->kind == WAIT_NORMAL) num_add_duration(out, w->b_ns);
}

static void add_stages(struct buf *out, const struct load *l)
{
    for (size_t i = 0; i < l->stages_n; i++) {
        buf_addz(out, i ? ", then to " : "to ");
        buf_addf(out, "%g in ", l->stages[i].target);
        num_add_duration(out, l->stages[i].duration_ns);
    }
}

static void add_load(struct buf *out, const struct load *l)
{
    if (l->arrival != ARRIVAL_NONE)
        buf_addf(out, "%s arrivals ", l->arrival == ARRIVAL_POISSON ? "Poisson" : "constant");
    if (l->arrival != ARRIVAL_NONE && !l->stages_n) buf_addf(out, "of %g a second", l->rate);
    if (l->users) buf_addf(out, "%u user%s", l->users, l->users == 1 ? "" : "s");
    if (l->spawn_rate > 0) buf_addf(out, ", %g a second", l->spawn_rate);
    add_stages(out, l);
    if (l->run_time_ns) {
        buf_addz(out, ", for ");
        num_add_duration(out, l->run_time_ns);
    }
    if (l->warm_up_ns) {
        buf_addz(out, ", not counting the first ");
        num_add_duration(out, l->warm_up_ns);
    }
    if (l->iterations) buf_addf(out, ", %llu iterations", (unsigned long long)l->iterations);
    if (l->loops) buf_addf(out, ", %llu loops each", (unsigned long long)l->loops);
    if (l->max_users) buf_addf(out, ", at most %u users", l->max_users);
}

static void print_feeds(const struct scenario *s)
{
    static const char *const picks[] = { "in order", "at random", "each row once", "shuffled" };
    for (size_t i = 0; i < s->feeds_n; i++) {
        const struct feed *f = &s->feeds[i];
        printf("  feed       %.*s: %.*s, %s, a row per %s\n", SL_FMT(f->name), SL_FMT(f->file),
               picks[f->pick], f->per_iteration ? "iteration" : "user");
    }
}

static void print_hosts(struct survey *c)
{
    struct slice origin;
    void *count;
    printf("sends to\n");
    for (size_t i = 0; map_next(c->hosts, &i, &origin, &count);)
        printf("  %.*s  (%zu step%s)\n", SL_FMT(origin), *(size_t *)count,
               *(size_t *)count == 1 ? "" : "s");
}

static void print_summary(struct survey *c, const char *path)
{
    const struct scenario *s = c->s;
    struct buf text = BUF_INIT(TEXT_MAX);
    printf("%s: fine\n", path);
    printf("  target     %.*s\n", SL_FMT(c->target));
    print_feeds(s);
    add_wait(&text, &s->wait);
    printf("  wait       %s\n", buf_z(&text));
    buf_reset(&text);
    add_load(&text, &s->load);
    printf("  load       %s\n", text.n ? buf_z(&text) : "not said: 1 user");
    print_part(c, "on_start", s->on_start, s->on_start_n);
    print_tasks(c);
    print_part(c, "on_stop", s->on_stop, s->on_stop_n);
    for (size_t i = 0; i < s->thresholds_n; i++)
        printf("  threshold  %.*s\n", SL_FMT(s->thresholds[i].rule));
    print_hosts(c);
    if (c->changing.n) printf("may change state\n%s", buf_z(&c->changing));
    buf_free(&text);
}

/* ---- one scenario --------------------------------------------------------------------------------- */

/* What a run would compile, but no name is looked up and no host refused. */
static bool compiles(const struct settings *set, const struct scenario *s, struct err *err)
{
    const char *none = s->target.n ? NULL : "http://localhost";
    struct plan_cfg cfg = {
        .hosts = { .host = set->host ? set->host : none, .allow_all = true, .by_proxy = true }
    };
    struct plan *plan = plan_new(s, &cfg, err);
    bool ok = plan && job_rules_ok(s, plan, err);
    plan_free(plan);
    return ok;
}

static bool check_one(const struct settings *set, const char *path, struct err *err)
{
    struct scenario *s = scenario_read(path, err);
    if (!s) return recording_hint(path, err);
    struct survey c = { .s = s,
                        .arena = arena_new(),
                        .hosts = map_new(),
                        .changing = BUF_INIT(1 << 20),
                        .target = s->target };
    bool ok = compiles(set, s, err);
    if (set->host) c.target = slice_z(set->host);
    if (c.target.n == 0) c.target = SL("(none: give --host)");
    if (ok && !set->quiet) print_summary(&c, path);
    buf_free(&c.changing);
    map_free(c.hosts);
    arena_free(c.arena);
    scenario_free(s);
    return ok;
}

static void print_function(const char *name, const char *help)
{
    struct buf text = BUF_INIT(TEXT_MAX);
    wrap_words(&text, slice_z(help), 18, 18);
    printf("  %-15s %s", name, buf_z(&text));
    buf_free(&text);
}

static void print_functions(void)
{
    const char *name, *help;
    for (size_t i = 0; template_function(i, &name, &help); i++)
        print_function(name, help);
    print_function("env", "env(NAME[, 'other']): of the environment, or -e NAME=VALUE");
}

/* All of them, whatever one of them is; the worst one's code. */
static int check(void *settings, const struct opt_rest *rest, struct err *err)
{
    const struct settings *set = settings;
    int code = 0;
    if (set->functions) print_functions();
    if (rest->n == 0 && !set->functions) err_set(err, ERR_USAGE, "which scenario?");
    bool ok = !err_is(err) && cmd_env(&set->env, err);
    for (size_t i = 0; ok && i < rest->n; i++) {
        struct err one = { 0 };
        if (check_one(set, rest->v[i], &one)) continue;
        int failed = cmd_fail(command.name, &one);
        if (failed > code) code = failed;
    }
    return code;
}

static int run(int argc, char **argv)
{
    return cmd_with_options(&command, &(struct settings){ 0 }, argc, argv, check);
}

const struct cmd cmd_check = { "check", "is a scenario right, and what would it do?", run };
