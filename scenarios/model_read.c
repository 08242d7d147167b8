/* scenario_read and scenario_parse: the top of a scenario file, and its tasks.
 *
 * Called by cli/ and tests. The rest of the file is read by read_step.c, read_extract.c, read_body.c and
 * read_load.c, all through tables of keys. What is read is checked (scenario_check) before it is given. */
#include <stddef.h>

#include "base/file.h"
#include "base/num.h"
#include "scenarios/read.h"

#define VERSION 1

/* ---- tasks ---------------------------------------------------------------------------------------- */

static bool read_task_steps(struct reader *r, const struct ynode *n, void *task)
{
    struct task *t = task;
    return read_steps(r, n, &t->steps, &t->steps_n);
}

static const struct key task_keys[] = {
    { "name", read_plain, offsetof(struct task, name) },
    { "weight", read_u32, offsetof(struct task, weight) },
    { "steps", read_task_steps, 0 },
    READ_KEYS_END,
};

static bool read_tasks(struct reader *r, const struct ynode *n, void *scenario)
{
    struct scenario *s = scenario;
    if (yaml_is_null(n)) return true;
    if (n->kind != YAML_LIST)
        return yaml_fail(&r->src, n->place, r->err, "tasks are a list: each begins with '-'");
    s->tasks_n = n->n;
    s->tasks = arena_many(r->arena, n->n + 1, struct task);
    for (size_t i = 0; i < n->n; i++) {
        struct task *t = &s->tasks[i];
        t->weight = 1;
        t->place = n->items[i]->place;
        if (!read_map(r, n->items[i], "a task", task_keys, t)) return false;
    }
    return true;
}

/* ---- the top -------------------------------------------------------------------------------------- */

static bool read_version(struct reader *r, const struct ynode *n, void *unused)
{
    uint64_t v;
    (void)unused;
    if (n->kind == YAML_SCALAR && num_u64(n->text, UINT32_MAX, &v) && v == VERSION) return true;
    return yaml_fail(&r->src, n->place, r->err, "this program reads scenarios of version %d",
                     VERSION);
}

static const struct key default_keys[] = {
    { "headers", read_fields, offsetof(struct scenario, headers) },
    { "timeout", read_duration, offsetof(struct scenario, timeout_ns) },
    READ_KEYS_END,
};

static bool read_defaults(struct reader *r, const struct ynode *n, void *scenario)
{
    return yaml_is_null(n) || read_map(r, n, "defaults", default_keys, scenario);
}

static bool read_on_start(struct reader *r, const struct ynode *n, void *scenario)
{
    struct scenario *s = scenario;
    return read_steps(r, n, &s->on_start, &s->on_start_n);
}

static bool read_on_stop(struct reader *r, const struct ynode *n, void *scenario)
{
    struct scenario *s = scenario;
    return read_steps(r, n, &s->on_stop, &s->on_stop_n);
}

static const struct key top_keys[] = {
    { "reprise", read_version, 0 },
    { "name", read_plain, offsetof(struct scenario, name) },
    { "target", read_text, offsetof(struct scenario, target) },
    { "feeds", read_feeds, 0 },
    { "vars", read_fields, offsetof(struct scenario, vars) },
    { "defaults", read_defaults, 0 },
    { "wait", read_wait, offsetof(struct scenario, wait) },
    { "on_start", read_on_start, 0 },
    { "tasks", read_tasks, 0 },
    { "on_stop", read_on_stop, 0 },
    { "load", read_load, offsetof(struct scenario, load) },
    { "thresholds", read_thresholds, 0 },
    READ_KEYS_END,
};

static bool read_top(struct reader *r, const struct ynode *n)
{
    if (n->kind == YAML_MAP && !read_get(n, "reprise"))
        return yaml_fail(&r->src, n->place, r->err,
                         "this is no scenario: a scenario has the line \"reprise: %d\"", VERSION);
    if (n->kind != YAML_MAP)
        return err_set(r->err, ERR_INPUT, "%s: this is no scenario: %s", r->src.name,
                       n->kind == YAML_SCALAR && n->text.n == 0 ? "the file is empty"
                                                                : "it holds no name: value");
    return read_map(r, n, "a scenario", top_keys, r->s);
}

struct scenario *scenario_parse_unchecked(struct slice text, const char *name, struct err *err)
{
    struct err own = { 0 };
    struct scenario *s = scenario_new();
    struct reader r = { .arena = s->arena, .s = s, .err = err ? err : &own };
    if (text.n <= YAML_MAX_BYTES) s->text = arena_dup(s->arena, text);
    s->file = arena_dup(s->arena, slice_z(name));
    r.src = (struct ysource){ s->file.p, text.n <= YAML_MAX_BYTES ? s->text : text };
    const struct ynode *root = yaml_parse(s->arena, &r.src, r.err);
    if (root && read_top(&r, root)) return s;
    scenario_free(s);
    return NULL;
}

struct scenario *scenario_parse(struct slice text, const char *name, struct err *err)
{
    struct scenario *s = scenario_parse_unchecked(text, name, err);
    if (!s || scenario_check(s, err)) return s;
    scenario_free(s);
    return NULL;
}

struct scenario *scenario_read(const char *path, struct err *err)
{
    struct file f;
    if (!file_read(&f, path, YAML_MAX_BYTES, err)) return NULL;
    struct scenario *s = scenario_parse(f.text, path, err);
    file_close(&f);
    return s;
}
