/* Several processes for one run, where one process may not have descriptors enough. The plan is made once
 * and forked; each part takes its share of users and iterations and writes an archive of its own; the
 * archives are read and merged at the end. Called by cli/cmd_run.c.
 *
 * Invariant: the parts begin at one moment and are in a process group of their own, so that a signal comes
 * to them from here only. They end when this process does. */
#include "cli/run_parts.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "cli/progress.h"

#define MAX_PARTS 256
#define HEAD_START_NS (200 * NS_PER_MS)

struct parts {
    struct job *job;
    unsigned n, running;
    pid_t pid[MAX_PARTS];
    const char *archive[MAX_PARTS];
    struct progress *progress; /* shown while they run */
    char folder[64];           /* of archives that nobody wanted; empty: they are kept */
    int code;                  /* the worst of a part: 3 and 4 */
};

/* ---- archives ------------------------------------------------------------------------------------------------ */

/* "run.jsonl.gz" -> "run.2of4.jsonl.gz". */
static const char *part_name(struct arena *a, struct slice whole, unsigned part, unsigned n)
{
    struct slice end = SL(".jsonl.gz");
    if (slice_ends(whole, end))
        whole = slice_sub(whole, 0, whole.n - end.n);
    else
        end = (struct slice){ 0 };
    return arena_z(a, arena_printf(a, "%.*s.%uof%u%.*s", SL_FMT(whole), part + 1, n, SL_FMT(end)));
}

static bool name_archives(struct parts *p, struct err *err)
{
    struct job *j = p->job;
    struct buf whole = BUF_INIT(4096);
    j->info.start_utc_ns = clock_utc_ns();
    if (!j->o.keep_archive) {
        snprintf(p->folder, sizeof p->folder, "/tmp/reprise-parts-XXXXXX");
        if (!mkdtemp(p->folder)) return err_sys(err, ERR_INTERNAL, errno, "make a folder in /tmp");
        buf_addf(&whole, "%s/part.jsonl.gz", p->folder);
    } else if (j->o.archive) {
        buf_addz(&whole, j->o.archive);
    } else {
        archive_default_name(&j->info, &whole);
    }
    for (unsigned i = 0; i < p->n; i++)
        p->archive[i] = part_name(j->arena, buf_slice(&whole), i, p->n);
    buf_free(&whole);
    return true;
}

static void drop_archives(struct parts *p)
{
    if (!p->folder[0]) return;
    for (unsigned i = 0; i < p->n; i++)
        unlink(p->archive[i]);
    rmdir(p->folder);
}

/* ---- a part ------------------------------------------------------------------------------------------------------ */

static void hold_back_outputs(struct run_opts *o)
{
    o->quiet = true;
    o->json_file = o->csv = o->html = o->junit = o->markdown = NULL;
    o->thresholds.n = 0;
    if (!o->keep_archive) o->archive_level = RUN_ARCHIVE_INTERVALS;
    o->keep_archive = true;
}

static int part_main(struct job *j, const char *archive, int signals,
                     void (*watch)(struct job *j, int signals))
{
    struct err err = { 0 };
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    setpgid(0, 0);
    hold_back_outputs(&j->o);
    j->o.archive = archive;
    int code = -1;
    if (job_start(j, &err)) {
        watch(j, signals);
        code = job_finish(j, &err);
    }
    if (err_is(&err)) code = cmd_fail(run_command.name, &err);
    job_free(j);
    return code < 0 ? 4 : code;
}

static bool fork_parts(struct parts *p, int signals, void (*watch)(struct job *j, int signals),
                       struct err *err)
{
    struct job *j = p->job;
    fflush(NULL);
    j->start_ns = clock_mono_ns() + HEAD_START_NS;
    for (unsigned i = 0; i < p->n; i++) {
        pid_t pid = fork();
        if (pid < 0) return err_sys(err, ERR_INTERNAL, errno, "start process %u", i + 1);
        if (pid == 0) {
            j->process = i;
            j->progress = progress_sink(p->progress, i);
            exit(part_main(j, p->archive[i], signals, watch));
        }
        p->pid[i] = pid;
        p->running++;
    }
    return true;
}

/* ---- all of them --------------------------------------------------------------------------------------------------- */

static void pass_on(struct parts *p, int fd)
{
    struct signalfd_siginfo info;
    if (read(fd, &info, sizeof info) != (ssize_t)sizeof info) return;
    p->job->interrupted = true;
    for (unsigned i = 0; i < p->n; i++)
        if (p->pid[i]) kill(p->pid[i], (int)info.ssi_signo);
}

static void reap(struct parts *p)
{
    int status;
    for (unsigned i = 0; i < p->n; i++) {
        if (p->pid[i] == 0 || waitpid(p->pid[i], &status, WNOHANG) != p->pid[i]) continue;
        int code = WIFEXITED(status) ? WEXITSTATUS(status) : 4;
        if ((code == 3 || code == 4) && code > p->code) p->code = code;
        p->pid[i] = 0;
        p->running--;
    }
}

static void wait_for_parts(struct parts *p, int signals)
{
    struct pollfd fd = { .fd = signals, .events = POLLIN };
    bool show = !p->job->o.quiet && !p->job->o.only_summary;
    while (p->running) {
        poll(&fd, 1, 50);
        if (fd.revents) pass_on(p, signals);
        if (show) progress_show(p->progress, stdout, isatty(STDOUT_FILENO) == 1);
        reap(p);
    }
    progress_end(p->progress, stdout);
}

static int merge(struct parts *p, struct err *err)
{
    struct job *j = p->job;
    struct run_state end = { 0 };
    struct archive_load *l = archive_load(p->archive, p->n, NULL, err);
    if (!l) return -1;
    struct run_stats stats = *archive_load_stats(l);
    struct thresholds *t = thresholds_new(&j->info, err);
    if (!t) return -1;
    stats.interrupted = j->interrupted;
    stats.thresholds = thresholds_eval(t, &stats);
    stats.thresholds_n = j->info.thresholds_n;
    stats.info = &j->info;
    stats.archive = p->folder[0]
                        ? (struct slice){ 0 }
                        : arena_printf(j->arena, "%s … %s", p->archive[0], p->archive[p->n - 1]);
    int code = job_conclude(j, &stats, &end, err);
    thresholds_free(t);
    archive_load_free(l);
    return p->code ? p->code : code;
}

static unsigned parts_of(const struct job *j)
{
    uint64_t n = j->o.processes, users = j->info.users;
    if (users && n > users) n = users;
    if (j->load.iterations && n > j->load.iterations) n = j->load.iterations;
    return n > MAX_PARTS ? MAX_PARTS : (unsigned)n;
}

int run_parts(struct job *j, int signals, void (*watch)(struct job *j, int signals),
              struct err *err)
{
    struct parts p = { .job = j, .n = parts_of(j) };
    int code = -1;
    if (!name_archives(&p, err)) return -1;
    p.progress = progress_new(p.n, err);
    if (!p.progress) return -1;
    j->processes = p.n;
    job_announce(j);
    bool ok = fork_parts(&p, signals, watch, err);
    for (unsigned i = 0; !ok && i < p.n; i++)
        if (p.pid[i]) kill(p.pid[i], SIGTERM);
    wait_for_parts(&p, signals);
    if (ok) code = merge(&p, err);
    drop_archives(&p);
    progress_free(p.progress);
    return code;
}
