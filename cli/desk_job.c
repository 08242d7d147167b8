/* A page's wish over the command line's options, as a prepared job; and an upload as a scenario file.
 * Called by cli/desk.c on the page's thread. Lists of options are shared with the command line's and
 * belong to it: desk_job_free forgets them before job_free. */
#include "cli/desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"
#include "capture/capture.h"
#include "scenarios/scenarios.h"
#include "web/web.h"

#define SCENARIO_BYTES ((size_t)256 << 20)
#define MAX_LINES 100

/* ---- a wish --------------------------------------------------------------------------------------- */

/* The text's lines instead of what the list had. */
static bool set_lines(struct arena *a, struct opt_list *l, struct slice text, struct err *err)
{
    const char **v = arena_many(a, MAX_LINES, const char *);
    size_t n = 0;
    struct slice line;
    while (slice_next(&text, '\n', &line)) {
        line = slice_trim(line);
        if (line.n == 0) continue;
        if (n == MAX_LINES) return err_set(err, ERR_INPUT, "more than %d lines", MAX_LINES);
        v[n++] = arena_z(a, line);
    }
    *l = (struct opt_list){ .v = v, .n = n };
    return true;
}

static bool set_time(struct run_opts *o, struct slice text, struct err *err)
{
    struct slice t = slice_trim(text);
    if (t.n == 0) {
        o->run_time_ns = 0;
        return true;
    }
    return num_duration(t, &o->run_time_ns) ||
           err_set(err, ERR_INPUT, "run time: \"%.*s\" is not like 20, 20s, 3m or 1h30m",
                   SL_FMT(slice_sub(t, 0, 40)));
}

/* Users and a rate exclude each other: what the page says wins over the command line. */
static void set_amounts(struct run_opts *o, const struct web_wish *w)
{
    if (w->has_users) o->users = w->users;
    if (w->has_users) run_opts_no_rate(o);
    if (w->has_spawn_rate) o->spawn_rate = w->spawn_rate;
    if (w->has_rate) o->rate = w->rate;
    if (w->has_iterations) o->iterations = w->iterations;
    if (w->has_loops) o->loops = w->loops;
    if (w->has_think_factor) o->think_factor = w->think_factor;
}

static bool apply(struct job *j, const struct web_wish *w, struct err *err)
{
    struct run_opts *o = &j->o;
    set_amounts(o, w);
    if (w->host.n) o->host = arena_z(j->arena, slice_trim(w->host));
    if (w->run_time.p && !set_time(o, w->run_time, err)) return false;
    if (w->stages.p && !set_lines(j->arena, &o->stages, w->stages, err)) return false;
    j->only_these_thresholds = w->thresholds.p != NULL;
    return !w->thresholds.p || set_lines(j->arena, &o->thresholds, w->thresholds, err);
}

void desk_job_free(struct job *j)
{
    if (!j) return;
    j->o = (struct run_opts){ 0 };
    j->rest = (struct opt_rest){ 0 };
    job_free(j);
    free(j);
}

struct job *desk_job_new(const struct job *base, const char *scenario, const struct web_wish *wish,
                         struct err *err)
{
    struct job *j = mem_alloc(1, sizeof *j);
    j->arena = arena_new();
    j->o = base->o;
    j->web = base->web;
    const char **names = arena_many(j->arena, 1, const char *);
    names[0] = scenario;
    j->rest = (struct opt_rest){ .v = names, .n = 1, .before_dashes = 1 };
    if ((!wish || apply(j, wish, err)) && job_prepare(j, err)) return j;
    desk_job_free(j);
    /* What the command line may be told as a usage error is an input of the page. */
    if (wish && err && err->code == ERR_USAGE) err->code = ERR_INPUT;
    return NULL;
}

/* ---- uploads ---------------------------------------------------------------------------------------- */

static struct slice without_ending(struct slice name)
{
    size_t dot = name.n;
    while (dot > 1 && name.p[dot - 1] != '.')
        dot--;
    return dot > 1 ? slice_sub(name, 0, dot - 1) : name;
}

static bool is_scenario(struct slice name)
{
    return slice_ends(name, SL(".yaml")) || slice_ends(name, SL(".yml"));
}

static bool copy(const char *from, const char *to, struct err *err)
{
    struct file f;
    if (!file_read(&f, from, SCENARIO_BYTES, err)) return false;
    bool ok = file_write(to, f.text, err);
    file_close(&f);
    return ok;
}

static bool write_all(const struct scenario *s, const struct import_report *r, const char *folder,
                      const char *out, struct err *err)
{
    struct buf text = BUF_INIT(SCENARIO_BYTES);
    bool ok =
        scenario_write(s, &text) || err_set(err, ERR_INPUT, "the scenario would be over 256 MB");
    if (ok) ok = file_write(out, buf_slice(&text), err);
    buf_free(&text);
    if (!ok || r->secrets.n == 0) return ok;
    char path[4096];
    snprintf(path, sizeof path, "%s/scenario.secrets.csv", folder);
    return file_write(path, r->secrets, err);
}

/* A recording is correlated; a plan of another tool is a scenario already. */
static struct scenario *read_any(const char *path, struct import_report *report, struct err *err)
{
    struct import_options options = { 0 };
    struct import_cfg cfg = { .pause_factor = 1, .secrets_file = "scenario.secrets.csv" };
    struct import_source *src = import_open(path, NULL, &options, err);
    if (!src) return NULL;
    struct scenario *s = NULL;
    struct session *session = NULL;
    report->format = slice_z(import_format(src)->name);
    if (import_format(src)->kind == IMPORT_PLAN) {
        s = foreign_read(import_format(src)->name, path, import_text(src), report, err);
    } else if ((session = import_read(src, err)) != NULL) {
        const struct session *all[] = { session };
        s = correlate(all, 1, &cfg, report, err);
    }
    session_free(session);
    import_close(src);
    return s;
}

bool desk_import(const char *path, struct slice name, const char *folder, char out[4096],
                 struct buf *import, struct err *err)
{
    struct import_report report = { 0 };
    snprintf(out, 4096, "%s/scenario.yaml", folder);
    if (is_scenario(name)) return copy(path, out, err);
    struct scenario *s = read_any(path, &report, err);
    if (!s) return false;
    s->name = arena_dup(s->arena, without_ending(name));
    bool ok = write_all(s, &report, folder, out, err);
    import_report_json(&report, import);
    scenario_free(s);
    return ok;
}
