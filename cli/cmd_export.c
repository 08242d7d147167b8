/* reprise export: a scenario, or a recording, as another tool's file.
 *
 * A recording (anything that import reads) goes to HAR as it is; for the others it becomes a scenario first,
 * as import would make it. Nothing half-written stays under the final name. */
#include "cli/cmd.h"

#include <stdio.h>
#include <string.h>

#include "cli/import_read.h"
#include "base/file.h"
#include "base/version.h"
#include "har/har.h"
#include "scenarios/scenarios.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define EXPORT_MAX ((size_t)1 << 30)

struct settings {
    const char *out, *host;
    unsigned to; /* index into formats */
    uint32_t users;
    uint64_t loops;
    bool quiet;
};

static const char *const formats[] = { "har", "curl", "jmx", "k6", "locust" };

static const struct opt options[] = {
    { OPT_CHOICE, 't', "to", "FORMAT", offsetof(struct settings, to),
      "What to write: har, curl (a shell script of its commands), jmx (a JMeter test plan), k6 or "
      "locust.",
      "har|curl|jmx|k6|locust" },
    { OPT_TEXT, 'o', "output", "FILE", offsetof(struct settings, out),
      "The file to write; - for standard output, the default.", NULL },
    { OPT_TEXT, 'H', "host", "URL", offsetof(struct settings, host),
      "The target, instead of the scenario's.", NULL },
    { OPT_U32, 'u', "users", "N", offsetof(struct settings, users),
      "Users, instead of the scenario's.", NULL },
    { OPT_U64, 0, "loops", "N", offsetof(struct settings, loops),
      "Iterations of each user, instead of the scenario's.", NULL },
    { OPT_FLAG, 'q', "quiet", NULL, offsetof(struct settings, quiet),
      "Do not tell what could not be taken over.", NULL },
};

static const struct opt_cmd command = {
    .name = "export",
    .usage = "SCENARIO|RECORDING --to FORMAT [options]",
    .about = "Writes a scenario, or a recording, for another tool. What that tool cannot express "
             "is told.",
    .after = "Examples:\n  reprise export shop.yaml --to locust -o locustfile.py\n"
             "  reprise export session.har --to jmx -o plan.jmx\n",
    .opts = options,
    .opts_n = COUNT(options),
};

/* What the operand is: a scenario that was read, or a session. */
struct input {
    struct scenario *scenario;
    struct session *session;
    struct import_report report;
};

static bool is_scenario(const char *path)
{
    struct slice p = slice_z(path);
    return slice_ends(p, SL(".yaml")) || slice_ends(p, SL(".yml"));
}

static bool read_recording(struct input *in, const char *path, struct err *err)
{
    struct import_choice choice = { 0 };
    struct import_source *src = import_read_open(path, &choice, err);
    if (!src) return false;
    if (import_format(src)->kind == IMPORT_PLAN)
        in->scenario =
            foreign_read(import_format(src)->name, path, import_text(src), &in->report, err);
    else
        in->session = import_read_session(src, &choice, err);
    import_close(src);
    return in->scenario || in->session;
}

static bool read_input(struct input *in, const char *path, struct err *err)
{
    if (!is_scenario(path)) return read_recording(in, path, err);
    in->scenario = scenario_read(path, err);
    return in->scenario != NULL;
}

/* A recording becomes a scenario whose secrets are constants of the script. */
static bool need_scenario(struct input *in, struct err *err)
{
    struct import_cfg cfg = { .pause_factor = 1, .secrets_file = "secrets.csv" };
    const struct session *one[] = { in->session };
    if (in->scenario) return true;
    in->scenario = correlate(one, 1, &cfg, &in->report, err);
    return in->scenario != NULL;
}

static void adjust(struct scenario *s, const struct settings *set)
{
    if (set->host) s->target = slice_z(set->host);
    if (set->users) s->load.users = set->users;
    if (set->loops) s->load.loops = set->loops;
}

static void print_notes(const struct export_notes *notes)
{
    for (size_t i = 0; i < notes->n; i++)
        fprintf(stderr, "note: %.*s\n", SL_FMT(notes->v[i]));
}

/* The account that a recording holds goes into a file that the script names. */
static bool write_secrets(const struct input *in, const char *out, struct err *err)
{
    char path[4096];
    struct slice o = slice_z(out);
    size_t folder = o.n;
    while (folder > 0 && o.p[folder - 1] != '/')
        folder--;
    if (in->report.secrets.n == 0) return true;
    snprintf(path, sizeof path, "%.*ssecrets.csv", (int)folder, o.p);
    return file_write(path, in->report.secrets, err);
}

static bool write_script(struct input *in, const struct settings *set, struct err *err)
{
    struct export_notes notes = { .a = arena_new() };
    struct buf out = BUF_INIT(EXPORT_MAX);
    const char *path = set->out ? set->out : "-";
    bool ok = need_scenario(in, err) && write_secrets(in, strcmp(path, "-") == 0 ? "" : path, err);
    if (ok) {
        adjust(in->scenario, set);
        ok = export_scenario(in->scenario, formats[set->to], &out, &notes, err) &&
             file_write(path, buf_slice(&out), err);
    }
    if (ok && !set->quiet) print_notes(&notes);
    buf_free(&out);
    arena_free(notes.a);
    return ok;
}

static int export(void *settings, const struct opt_rest *rest, struct err *err)
{
    const struct settings *set = settings;
    struct input in = { 0 };
    if (rest->n != 1) return err_set(err, ERR_USAGE, "one scenario or recording is wanted");
    if (set->to >= COUNT(formats))
        return err_set(err, ERR_USAGE, "--to is missing: har, curl, jmx, k6 or locust");
    bool ok = read_input(&in, rest->v[0], err);
    if (ok && in.session && set->to == 0)
        ok = har_write(in.session, set->out ? set->out : "-", REPRISE_VERSION, err);
    else if (ok)
        ok = write_script(&in, set, err);
    session_free(in.session);
    scenario_free(in.scenario);
    return 0;
}

static int run(int argc, char **argv)
{
    struct settings set = { .to = COUNT(formats) };
    return cmd_with_options(&command, &set, argc, argv, export);
}

const struct cmd cmd_export = { "export", "a scenario or recording for Locust, JMeter, k6, curl",
                                run };
