/* reprise run: a scenario becomes load. Options and scenario make a plan; workers send; the collector
 * merges, archives and shows; files are written at the end.
 *
 * SIGINT and SIGTERM are blocked in all threads and read here: the first lets users finish, the second
 * stops at once; results are complete either way and the exit code is 130. */
#include "cli/cmd.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/desk.h"
#include "cli/run_parts.h"

static int open_signals(struct err *err)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0) err_sys(err, ERR_INTERNAL, errno, "signalfd");
    return fd;
}

static void on_signal(struct job *j, int fd)
{
    struct signalfd_siginfo info;
    if (read(fd, &info, sizeof info) != (ssize_t)sizeof info) return;
    if (j->interrupted) {
        run_kill(j->run);
        return;
    }
    j->interrupted = true;
    if (!j->o.quiet)
        fprintf(stderr, "\nstopping: users finish what they do; once more stops at once\n");
    run_stop(j->run);
}

/* Until every worker is over. */
static void watch(struct job *j, int signals)
{
    struct pollfd p[] = { { .fd = run_fd(j->run), .events = POLLIN },
                          { .fd = signals, .events = POLLIN } };
    while (!run_wait(j->run, 0)) {
        poll(p, 2, 200);
        if (p[1].revents) on_signal(j, signals);
        if (!j->aborted && collector_wants_abort(j->collector)) {
            j->aborted = true;
            run_stop(j->run);
        }
    }
}

static int headless(struct job *j, int signals, struct err *err)
{
    if (!job_prepare(j, err)) return -1;
    if (j->o.processes > 1) return run_parts(j, signals, watch, err);
    if (!job_start(j, err)) return -1;
    watch(j, signals);
    return job_finish(j, err);
}

/* Signals are blocked before any other thread is there. The exit code, or -1 with err set. */
static int go(struct job *j, struct err *err)
{
    int signals = open_signals(err);
    if (signals < 0) return -1;
    int code = j->o.headless || j->o.timeline || j->o.processes > 1 ? headless(j, signals, err)
                                                                    : desk_run(j, signals, err);
    close(signals);
    return code;
}

static bool read_options(struct job *j, int argc, char **argv, int *code, struct err *err)
{
    run_opts_init(&j->o);
    enum opt_go go_on = opts_read(&run_command, &j->o, argc, argv, &j->rest, err);
    if (go_on == OPT_HELPED) *code = 0;
    if (go_on != OPT_GO) return false;
    if (j->o.archive_level == RUN_ARCHIVE_OFF) j->o.keep_archive = false;
    if (!run_opts_check(&j->o, err)) return false;
    if (j->rest.n == 1) return true;
    bool may_come = !j->o.headless && !j->o.autostart; /* to the page, as an upload */
    if (j->rest.n == 0 && may_come) return true;
    if (j->rest.n == 0) return err_set(err, ERR_USAGE, "name a scenario file");
    return err_set(err, ERR_USAGE, "one scenario at a time: \"%s\" is one too many", j->rest.v[1]);
}

static int run(int argc, char **argv)
{
    struct job j = { .arena = arena_new() };
    struct err err = { 0 };
    int code = -1;
    if (read_options(&j, argc, argv, &code, &err)) code = go(&j, &err);
    if (code < 0 || err_is(&err)) code = cmd_fail(run_command.name, &err);
    job_free(&j);
    return code;
}

const struct cmd cmd_run = { "run", "a scenario as load, live in the terminal and the browser",
                             run };
