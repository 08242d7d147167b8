/* The whole way once: recording -> scenario -> load -> archive, against the demo target.
 *
 * Called by cmd_demo.c before any thread exists. The target runs in a child process, so that the
 * generator's CPU time is its own; it ends when its end of the socket pair is closed, however we end.
 * The commands are the user's own: what is printed behind '$' can be typed. */
#include "cli/demo.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/num.h"

#define MAX_ARGS 24
#define MAX_JSON ((size_t)16 << 20)

/* ---- the target's process ---------------------------------------------------------------------- */

struct target {
    pid_t pid;
    int fd;
    uint16_t port;
};

/* Tells the port, waits for the other end to close, tells the truth. Ctrl-C is the generator's. */
static void serve_for(int fd)
{
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    sigaction(SIGINT, &ignore, NULL);
    struct err err = { 0 };
    struct demo *d = demo_start(0, 0, &err);
    if (!d) {
        fprintf(stderr, "reprise demo: %s\n", err.text);
        _exit(4);
    }
    uint16_t port = demo_port(d);
    struct demo_truth truth;
    char end;
    bool told = write(fd, &port, sizeof port) == sizeof port && read(fd, &end, 1) == 0;
    demo_stop(d, &truth);
    told = told && write(fd, &truth, sizeof truth) == sizeof truth;
    _exit(told ? 0 : 4);
}

static bool target_start(struct target *t, struct err *err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return err_sys(err, ERR_INTERNAL, errno, "the demo target's socket pair");
    fflush(NULL);
    t->pid = fork();
    if (t->pid == 0) {
        close(pair[0]);
        serve_for(pair[1]);
    }
    close(pair[1]);
    t->fd = pair[0];
    if (t->pid < 0) return err_sys(err, ERR_INTERNAL, errno, "the demo target's process");
    if (read(t->fd, &t->port, sizeof t->port) != sizeof t->port)
        return err_set(err, ERR_INTERNAL, "the demo target did not start");
    return true;
}

static bool target_end(struct target *t, struct demo_truth *truth)
{
    shutdown(t->fd, SHUT_WR);
    bool told = recv(t->fd, truth, sizeof *truth, MSG_WAITALL) == sizeof *truth;
    close(t->fd);
    if (t->pid > 0) waitpid(t->pid, NULL, 0);
    return told;
}

/* ---- the user's commands ----------------------------------------------------------------------- */

struct way {
    const struct demo_way_cfg *cfg;
    struct target target;
    struct arena *arena;
    const char *har, *scenario, *archive, *summary, *base;
};

/* Runs a command and shows it as the user would type it; args ends with NULL. */
static int type(const struct way *w, const struct cmd *c, const char *const *args)
{
    char *argv[MAX_ARGS] = { 0 };
    int argc = 0;
    printf("\n$ reprise");
    for (; args[argc] && argc < MAX_ARGS - 1; argc++) {
        argv[argc] = arena_z(w->arena, slice_z(args[argc]));
        printf(" %s", argv[argc]);
    }
    puts("\n");
    fflush(stdout);
    return c->run(argc, argv);
}

static int import_visit(const struct way *w)
{
    const char *args[] = { "import", w->har, "-o", w->scenario, NULL };
    return type(w, &cmd_import, args);
}

static int run_load(const struct way *w)
{
    const char *args[] = {
        "run",        w->scenario,   "-H",       w->base,
        "-u",         w->cfg->users, "-t",       w->cfg->run_time,
        "--headless", "--archive",   w->archive, "--json-file",
        w->summary,   NULL,
    };
    return type(w, &cmd_run, args);
}

/* A number at the top of the run's summary; false if it is not there. */
static bool summary_number(struct slice text, struct slice name, uint64_t *out)
{
    struct json j;
    json_init(&j, text);
    if (json_next(&j) != JSON_OBJECT) return false;
    while (json_next(&j) == JSON_KEY) {
        bool wanted = json_key_is(&j, name);
        json_next(&j);
        if (wanted) return num_u64(j.raw, UINT64_MAX, out);
        if (!json_skip(&j)) break;
    }
    return false;
}

static bool sent_requests(const struct way *w, uint64_t *sent, struct err *err)
{
    struct file f;
    if (!file_read(&f, w->summary, MAX_JSON, err)) return false;
    bool found = summary_number(f.text, SL("requests"), sent);
    file_close(&f);
    return found || err_set(err, ERR_INTERNAL, "%s: no member \"requests\"", w->summary);
}

/* What both sides say. Exit code 1 if the shop saw something else than was sent. */
static int compare(const struct way *w, const struct demo_truth *t, uint64_t sent)
{
    printf("\nreprise sent %llu requests. The shop itself counted:\n\n"
           "  requests  %8llu\n"
           "  logins    %8llu   with %llu different tokens\n"
           "  refused   %8llu\n"
           "  orders    %8llu   read %llu, paid %llu\n\n"
           "scenario  %s\narchive   %s\n",
           (unsigned long long)sent, (unsigned long long)t->requests, (unsigned long long)t->logins,
           (unsigned long long)t->tokens_used, (unsigned long long)t->refused,
           (unsigned long long)t->orders, (unsigned long long)t->orders_read,
           (unsigned long long)t->paid, w->scenario, w->archive);
    return t->refused == 0 && t->requests == sent ? 0 : 1;
}

static int walk(struct way *w, struct err *err)
{
    struct demo_truth truth;
    uint64_t sent;
    if (!target_start(&w->target, err)) return 0;
    w->base = arena_printf(w->arena, "http://127.0.0.1:%u", w->target.port).p;
    printf("The demo shop listens on %s\n", w->base);
    int code = import_visit(w);
    if (code == 0) code = run_load(w);
    if (!target_end(&w->target, &truth) && code == 0)
        err_set(err, ERR_INTERNAL, "the demo target ended too early");
    if (code != 0 || err_is(err) || !sent_requests(w, &sent, err)) return code;
    return compare(w, &truth, sent);
}

static const char *in_folder(const struct way *w, const char *folder, const char *name)
{
    return arena_printf(w->arena, "%s/%s", folder, name).p;
}

static const char *make_folder(const char *wanted, char *template, struct err *err)
{
    if (!wanted && mkdtemp(template)) return template;
    if (wanted && (mkdir(wanted, 0700) == 0 || errno == EEXIST)) return wanted;
    err_sys(err, ERR_INTERNAL, errno, "make the folder %s", wanted ? wanted : template);
    return NULL;
}

int demo_way(const struct demo_way_cfg *cfg, struct err *err)
{
    char template[] = "/tmp/reprise-demo-XXXXXX";
    const char *folder = make_folder(cfg->folder, template, err);
    if (!folder) return 0;
    struct way w = { .cfg = cfg, .target.fd = -1, .arena = arena_new() };
    w.har = in_folder(&w, folder, "visit.har");
    w.scenario = in_folder(&w, folder, "visit.yaml");
    w.archive = in_folder(&w, folder, "visit.jsonl.gz");
    w.summary = in_folder(&w, folder, "summary.json");
    int code = file_write(w.har, demo_har(), err) ? walk(&w, err) : 0;
    arena_free(w.arena);
    return code;
}
