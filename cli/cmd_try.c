/* reprise try: one user, once; every step's live answer beside what the recording had.
 *
 * Runs the scenario as `reprise run -u 1 --loops 1` in a child with an archive of all answers, and has the
 * try_*.c files lay these beside the scenario's requests, name what differs and what a refused request still
 * carried of the recording. The exit code is 0 only if the whole walk held. */
#include "cli/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/opt.h"
#include "cli/recording.h"
#include "cli/try.h"
#include "base/file.h"
#include "base/mem.h"

#define REPORT_MAX ((size_t)1 << 30)

extern char **environ;

/* ---- the command line ----------------------------------------------------------------------------- */

struct settings {
    const char *fix, *json, *host, *cacert, *cert, *key, *proxy, *timeout, *user_agent;
    struct opt_list env, allow_host, resolve;
    bool all_hosts, http2, h2c, insecure;
};

static const struct opt opts[] = {
    { OPT_TEXT, 'H', "host", "URL", offsetof(struct settings, host),
      "Where to send: replaces the scenario's target.", NULL },
    { OPT_TEXT, 0, "fix", "FILE", offsetof(struct settings, fix),
      "Write the scenario with what was suggested.", NULL },
    { OPT_TEXT, 0, "json", "FILE", offsetof(struct settings, json),
      "Write the comparison as JSON; - for standard output, instead of the text.", NULL },
    { OPT_LIST, 'e', "env", "KEY=VALUE", offsetof(struct settings, env),
      "A value for ${env(KEY)}; may be given again.", NULL },
    { OPT_LIST, 0, "allow-host", "HOST", offsetof(struct settings, allow_host),
      "Another host of the scenario that may be sent to; may be given again.", NULL },
    { OPT_FLAG, 0, "all-hosts", NULL, offsetof(struct settings, all_hosts),
      "Every host of the scenario may be sent to.", NULL },
    { OPT_LIST, 0, "resolve", "HOST:PORT:ADDR", offsetof(struct settings, resolve),
      "Use this address for a host.", NULL },
    { OPT_TEXT, 0, "timeout", "TIME", offsetof(struct settings, timeout), "Of a request (60s).",
      NULL },
    { OPT_TEXT, 0, "proxy", "URL", offsetof(struct settings, proxy), "Send through this proxy.",
      NULL },
    { OPT_TEXT, 0, "user-agent", "TEXT", offsetof(struct settings, user_agent),
      "Where the scenario has none.", NULL },
    { OPT_FLAG, 0, "http2", NULL, offsetof(struct settings, http2), "Offer HTTP/2 over TLS.",
      NULL },
    { OPT_FLAG, 0, "h2c", NULL, offsetof(struct settings, h2c),
      "HTTP/2 over clear text, by prior knowledge.", NULL },
    { OPT_FLAG, 'k', "insecure", NULL, offsetof(struct settings, insecure),
      "Do not verify certificates.", NULL },
    { OPT_TEXT, 0, "cacert", "FILE", offsetof(struct settings, cacert),
      "Trust these certificates (PEM).", NULL },
    { OPT_TEXT, 0, "cert", "FILE", offsetof(struct settings, cert), "Client certificate (PEM).",
      NULL },
    { OPT_TEXT, 0, "key", "FILE", offsetof(struct settings, key), "Its key (PEM).", NULL },
};

static const struct opt_cmd command = {
    .name = "try",
    .usage = "SCENARIO [options]",
    .about = "One user, once: each step's live answer beside the recorded one. A refused request's "
             "recorded values are named, with what to extract instead.",
    .after = "Exit code 0 if every step held, 1 if one did not.\n",
    .opts = opts,
    .opts_n = sizeof opts / sizeof *opts,
};

/* ---- the run -------------------------------------------------------------------------------------- */

struct args {
    char **v;
    size_t n, cap;
};

static void arg(struct args *a, const char *text)
{
    mem_grow(&a->v, &a->cap, a->n + 2, sizeof *a->v);
    a->v[a->n++] = mem_dup(text, strlen(text));
    a->v[a->n] = NULL;
}

/* The options that are run's too, each with its value; an option's type says where the value lies. */
static void forward(struct args *a, const struct settings *set)
{
    for (size_t i = 0; i < command.opts_n; i++) {
        const struct opt *o = &opts[i];
        const char *at = (const char *)set + o->at;
        const struct opt_list one = { .v = (const char **)(uintptr_t)at, .n = 1 };
        const struct opt_list *l =
            o->type == OPT_LIST ? (const struct opt_list *)(const void *)at : &one;
        if (strcmp(o->name, "fix") == 0 || strcmp(o->name, "json") == 0) continue;
        char name[32];
        snprintf(name, sizeof name, "--%s", o->name);
        if (o->type == OPT_FLAG) {
            if (*(const bool *)at) arg(a, name);
            continue;
        }
        for (size_t k = 0; k < l->n && l->v[k]; k++) {
            arg(a, name);
            arg(a, l->v[k]);
        }
    }
}

static bool wait_for_run(char **argv, struct err *err)
{
    posix_spawn_file_actions_t fa;
    posix_spawn_file_actions_init(&fa);
    posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
    pid_t pid;
    int why = posix_spawn(&pid, "/proc/self/exe", &fa, NULL, argv, environ), status = 0;
    posix_spawn_file_actions_destroy(&fa);
    if (why) return err_sys(err, ERR_INTERNAL, why, "start reprise run");
    waitpid(pid, &status, 0);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 4;
    if (code == 0 || code == 1 || code == 99) return true;
    enum err_code as = code == 2 ? ERR_USAGE : code == 3 ? ERR_INPUT : ERR_INTERNAL;
    return err_set(err, as, "the walk could not be run (exit code %d)", code);
}

static bool spawn_run(const char *scenario, const struct settings *set, const char *archive,
                      struct err *err)
{
    static const char *const own[] = {
        "-u",  "1",        "--loops", "1", "--headless", "--think-factor", "0", "--archive-bodies",
        "all", "--archive"
    };
    struct args a = { 0 };
    arg(&a, "reprise");
    arg(&a, "run");
    arg(&a, scenario);
    forward(&a, set);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        arg(&a, own[i]);
    arg(&a, archive);
    bool ok = wait_for_run(a.v, err);
    for (size_t i = 0; i < a.n; i++)
        free(a.v[i]);
    free(a.v);
    return ok;
}

/* ---- the walk ------------------------------------------------------------------------------------- */

static void walk(struct trial *t)
{
    try_gather(t);
    for (size_t i = 0; i < t->steps_n; i++) {
        try_compare(t, &t->steps[i]);
        if (t->steps[i].held) continue;
        t->failed++;
        try_literals(t, i);
    }
}

static bool report(const struct trial *t, const struct settings *set, struct err *err)
{
    struct buf text = BUF_INIT(REPORT_MAX);
    if (!set->json || strcmp(set->json, "-") != 0) {
        try_report_text(t, &text);
        fwrite(text.p, 1, text.n, stdout);
    }
    buf_reset(&text);
    bool ok = true;
    if (set->json) {
        try_report_json(t, &text);
        ok = file_write(set->json, buf_slice(&text), err);
    }
    buf_free(&text);
    return ok;
}

static bool write_fixed(const struct trial *t, const char *path, struct err *err)
{
    struct buf text = BUF_INIT(REPORT_MAX);
    bool ok = scenario_write(t->s, &text) && file_write(path, buf_slice(&text), err);
    if (ok) fprintf(stderr, "%zu suggestions written to %s\n", t->fixed, path);
    buf_free(&text);
    return ok;
}

static bool try_it(struct trial *t, const char *scenario, const struct settings *set,
                   struct err *err)
{
    char archive[PATH_MAX];
    if (!(t->s = scenario_read(scenario, err))) return recording_hint(scenario, err);
    snprintf(archive, sizeof archive, "%s/reprise-try-XXXXXX", file_temp_folder());
    int fd = mkstemp(archive);
    if (fd < 0) return err_sys(err, ERR_INTERNAL, errno, "create %s", archive);
    close(fd);
    unlink(archive); /* run makes its own, mode 0600 */
    bool ok = spawn_run(scenario, set, archive, err) && try_read(t, archive, err);
    unlink(archive);
    if (!ok) return false;
    walk(t);
    if (!report(t, set, err)) return false;
    return !set->fix || !t->fixed || write_fixed(t, set->fix, err);
}

static int run(int argc, char **argv)
{
    struct err err = { 0 };
    struct settings set = { 0 };
    struct opt_rest rest = { 0 };
    struct trial t = { .a = arena_new() };
    int code = 0;
    enum opt_go go = opts_read(&command, &set, argc, argv, &rest, &err);
    if (go == OPT_GO && rest.n != 1)
        err_set(&err, ERR_USAGE, "one scenario file is wanted");
    else if (go == OPT_GO && try_it(&t, rest.v[0], &set, &err))
        code = t.failed ? 1 : 0;
    if (err_is(&err)) code = cmd_fail(command.name, &err);
    opts_free(&command, &set, &rest);
    try_free(&t);
    return code;
}

const struct cmd cmd_try = { "try", "one user once, every step beside the recording", run };
