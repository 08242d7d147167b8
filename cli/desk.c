/* `reprise run` with its page. Called by cli/cmd_run.c.
 *
 * Two threads: the page's calls the controls below, the main one watches the run and ends it. The lock
 * guards everything in struct desk; a job is made and freed on the page's thread only when no run goes,
 * and finished on the main thread. Lock order: desk, then the page's own. */
#include "cli/desk.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "web/web.h"

#define PLAN_BYTES (64U << 20)

struct desk {
    struct job *base;
    struct web_control control;
    pthread_mutex_t lock;
    struct job *job; /* the run that goes, or the last one; NULL: none */
    bool going, stopping, quit;
    char scenario[4096]; /* empty: none yet */
    char shown[256];     /* its name for people */
    char folder[256];    /* private: what uploads became */
    struct buf plan, import;
    int wake_fd;
    int code;         /* of the last run */
    uint64_t over_ns; /* when it ended */
};

static void wake(struct desk *d)
{
    uint64_t one = 1;
    ssize_t n = write(d->wake_fd, &one, sizeof one);
    (void)n;
}

/* ---- the plan -------------------------------------------------------------------------------------- */

static void describe(struct desk *d, const struct job *j, struct buf *out)
{
    struct desk_plan p = { j, slice_z(d->shown), buf_slice(&d->import) };
    desk_plan_json(&p, out);
}

/* Read anew only when the scenario changed: pages ask often. */
static void refresh_plan(struct desk *d)
{
    struct err err = { 0 };
    buf_reset(&d->plan);
    struct job *j = d->scenario[0] ? desk_job_new(d->base, d->scenario, NULL, &err) : NULL;
    if (j) {
        describe(d, j, &d->plan);
    } else {
        desk_no_plan_json(slice_z(d->shown), slice_z(err.text), &d->plan);
    }
    desk_job_free(j);
}

static bool plan(void *arg, const struct web_wish *wish, struct buf *out, struct err *err)
{
    struct desk *d = arg;
    struct job *j = NULL;
    pthread_mutex_lock(&d->lock);
    bool ok = true;
    if (!wish || !d->scenario[0]) {
        buf_add(out, buf_slice(&d->plan));
    } else {
        j = desk_job_new(d->base, d->scenario, wish, err);
        ok = j != NULL;
        if (ok) describe(d, j, out);
    }
    desk_job_free(j);
    pthread_mutex_unlock(&d->lock);
    return ok;
}

/* ---- runs -------------------------------------------------------------------------------------------- */

static void forget_job(struct desk *d)
{
    if (!d->job) return;
    web_leave(d->base->web);
    desk_job_free(d->job);
    d->job = NULL;
}

static bool agreed(const struct job *j, const struct web_wish *wish, struct err *err)
{
    struct buf far = BUF_INIT(2000);
    desk_far_hosts(j, &far);
    bool ok = wish->confirmed || far.n == 0 ||
              err_set(err, ERR_INPUT, "confirm that load may be sent to %s", buf_z(&far));
    buf_free(&far);
    return ok;
}

static bool start_locked(struct desk *d, const struct web_wish *wish, struct err *err)
{
    if (d->going) return err_set(err, ERR_USAGE, "a run is going: stop it first");
    if (!d->scenario[0]) return err_set(err, ERR_USAGE, "there is no scenario yet: upload one");
    struct job *j = desk_job_new(d->base, d->scenario, wish, err);
    if (!j || !agreed(j, wish, err)) {
        desk_job_free(j);
        return false;
    }
    forget_job(d);
    web_set_state(d->base->web, WEB_SPAWNING);
    d->job = j;
    if (!job_start(j, err)) {
        forget_job(d);
        web_set_state(d->base->web, WEB_READY);
        return false;
    }
    d->going = true;
    d->stopping = false;
    buf_reset(&d->plan); /* what the form begins with after this run */
    describe(d, j, &d->plan);
    web_plan_changed(d->base->web);
    web_note(d->base->web, LOG_INFO, "started: %.*s against %.*s, seed %llu",
             SL_FMT(j->info.scenario), SL_FMT(j->info.target), (unsigned long long)j->info.seed);
    wake(d);
    return true;
}

static bool start(void *arg, const struct web_wish *wish, struct err *err)
{
    struct desk *d = arg;
    pthread_mutex_lock(&d->lock);
    bool ok = start_locked(d, wish, err);
    pthread_mutex_unlock(&d->lock);
    return ok;
}

static bool edit_locked(struct desk *d, const struct web_wish *w, struct err *err)
{
    struct load *l = d->job ? &d->job->load : NULL;
    if (!d->going || d->stopping) return err_set(err, ERR_USAGE, "no run is going");
    if (l->arrival != ARRIVAL_NONE) {
        if (!w->has_rate)
            return err_set(err, ERR_INPUT, "this run is told its rate, not its users");
        web_note(d->base->web, LOG_INFO, "rate: %g/s", w->rate);
        return run_set_rate(d->job->run, w->rate) || err_set(err, ERR_USAGE, "the run is ending");
    }
    if (!w->has_users) return err_set(err, ERR_INPUT, "say how many users");
    double rate = w->has_spawn_rate ? w->spawn_rate : l->spawn_rate;
    if (!run_set_users(d->job->run, w->users, rate))
        return err_set(err, ERR_USAGE, "this run follows stages, or is ending");
    web_note(d->base->web, LOG_INFO, "users: %u", w->users);
    return true;
}

static bool edit(void *arg, const struct web_wish *wish, struct err *err)
{
    struct desk *d = arg;
    pthread_mutex_lock(&d->lock);
    bool ok = edit_locked(d, wish, err);
    pthread_mutex_unlock(&d->lock);
    return ok;
}

static void begin_stop(struct desk *d, const char *why)
{
    d->stopping = true;
    run_stop(d->job->run);
    web_set_state(d->base->web, WEB_STOPPING);
    web_note(d->base->web, LOG_INFO, "stopping: %s", why);
}

static bool stop(void *arg, struct err *err)
{
    struct desk *d = arg;
    pthread_mutex_lock(&d->lock);
    bool ok = d->going;
    if (ok && !d->stopping) begin_stop(d, "asked for at the page");
    pthread_mutex_unlock(&d->lock);
    return ok || err_set(err, ERR_USAGE, "no run is going");
}

static bool reset(void *arg, struct err *err)
{
    struct desk *d = arg;
    pthread_mutex_lock(&d->lock);
    bool ok = d->going;
    if (ok) {
        collector_reset(d->job->collector);
        web_note(d->base->web, LOG_INFO,
                 "statistics of the page were reset; the archive keeps all");
    }
    pthread_mutex_unlock(&d->lock);
    return ok || err_set(err, ERR_USAGE, "no run is going");
}

static bool again(void *arg, struct err *err)
{
    struct desk *d = arg;
    pthread_mutex_lock(&d->lock);
    bool ok = !d->going;
    if (ok) {
        forget_job(d);
        web_set_state(d->base->web, WEB_READY);
    }
    pthread_mutex_unlock(&d->lock);
    return ok || err_set(err, ERR_USAGE, "a run is going: stop it first");
}

/* The new scenario takes the place of the old one only when it can be read and compiled. */
static bool upload_locked(struct desk *d, const char *path, struct slice name, struct err *err)
{
    const struct web_wish as_told = { 0 };
    struct buf import = BUF_INIT(PLAN_BYTES);
    char file[4096];
    if (d->going) return err_set(err, ERR_USAGE, "a run is going: stop it first");
    bool ok = desk_import(path, name, d->folder, file, &import, err);
    struct job *j = ok ? desk_job_new(d->base, file, &as_told, err) : NULL;
    if (j) {
        snprintf(d->scenario, sizeof d->scenario, "%s", file);
        snprintf(d->shown, sizeof d->shown, "%.*s", SL_FMT(slice_sub(name, 0, 200)));
        buf_reset(&d->import);
        buf_add(&d->import, buf_slice(&import));
        refresh_plan(d);
        web_note(d->base->web, LOG_INFO, "read %s", d->shown);
        web_plan_changed(d->base->web);
    }
    desk_job_free(j);
    buf_free(&import);
    return j != NULL;
}

static bool upload(void *arg, const char *path, struct slice name, struct err *err)
{
    struct desk *d = arg;
    pthread_mutex_lock(&d->lock);
    bool ok = upload_locked(d, path, name, err);
    if (!ok && err->code == ERR_INTERNAL) err->code = ERR_INPUT; /* a file nobody can read */
    pthread_mutex_unlock(&d->lock);
    return ok;
}

/* ---- the main thread ------------------------------------------------------------------------------------ */

static void finish(struct desk *d)
{
    struct err err = { 0 };
    d->code = job_finish(d->job, &err);
    if (err_is(&err)) {
        cmd_fail(run_command.name, &err);
        web_note(d->base->web, LOG_ERROR, "%s", err.text);
    }
    d->going = false;
    d->over_ns = clock_mono_ns();
    web_note(d->base->web, LOG_INFO, "finished");
    web_set_state(d->base->web, WEB_STOPPED);
}

static void look(struct desk *d)
{
    struct run_state now;
    if (run_wait(d->job->run, 0)) {
        finish(d);
        return;
    }
    run_now(d->job->run, &now);
    if (!d->stopping) {
        bool there = now.users >= now.users_wanted;
        web_set_state(d->base->web, there ? WEB_RUNNING : WEB_SPAWNING);
    }
    if (!d->job->aborted && collector_wants_abort(d->job->collector)) {
        d->job->aborted = true;
        begin_stop(d, "a service level is broken");
    }
}

/* The first signal ends the run, or, when none goes, the program; the second ends the run at once. */
static void on_signal(struct desk *d, int fd)
{
    struct signalfd_siginfo info;
    if (read(fd, &info, sizeof info) != (ssize_t)sizeof info) return;
    d->quit = true;
    if (!d->going) return;
    if (d->job->interrupted) {
        run_kill(d->job->run);
        return;
    }
    d->job->interrupted = true;
    if (!d->base->o.quiet)
        fprintf(stderr, "\nstopping: users finish what they do; once more stops at once\n");
    begin_stop(d, "interrupted");
}

static bool is_over(const struct desk *d)
{
    const struct run_opts *o = &d->base->o;
    if (d->going) return false;
    if (d->quit) return true;
    return o->autoquit_ns != UINT64_MAX && d->job && clock_mono_ns() >= d->over_ns + o->autoquit_ns;
}

static void watch(struct desk *d, int signals)
{
    for (bool over = false; !over;) {
        struct pollfd p[] = { { .fd = signals, .events = POLLIN },
                              { .fd = d->wake_fd, .events = POLLIN },
                              { .fd = -1, .events = POLLIN } };
        uint64_t count;
        pthread_mutex_lock(&d->lock);
        bool waits = !d->going && (!d->job || d->base->o.autoquit_ns == UINT64_MAX);
        if (d->going) p[2].fd = run_fd(d->job->run);
        pthread_mutex_unlock(&d->lock);
        poll(p, 3, waits ? -1 : 100);
        pthread_mutex_lock(&d->lock);
        if (p[0].revents) on_signal(d, signals);
        if (p[1].revents && read(d->wake_fd, &count, sizeof count) < 0) d->quit |= errno == EBADF;
        if (d->going) look(d);
        over = is_over(d);
        pthread_mutex_unlock(&d->lock);
    }
}

/* ---- life -------------------------------------------------------------------------------------------------- */

static void remove_folder(const char *folder)
{
    static const char *const names[] = { "scenario.yaml", "scenario.secrets.csv" };
    char path[400];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

static bool open_page(struct desk *d, struct err *err)
{
    const struct run_opts *o = &d->base->o;
    struct web_cfg cfg = {
        .host = o->web_host,
        .port = (uint16_t)o->web_port,
        .insecure = o->web_insecure,
        .want_token = o->web_token,
        .tls_cert = o->tls_cert,
        .tls_key = o->tls_key,
        .control = &d->control,
    };
    if (o->web_port > UINT16_MAX) return err_set(err, ERR_USAGE, "--web-port: at most 65535");
    pthread_mutex_lock(&d->lock); /* a page that asks at once waits for this */
    d->base->web = web_new(&cfg, err);
    pthread_mutex_unlock(&d->lock);
    if (!d->base->web) return false;
    printf("The page: %s\n", web_link(d->base->web));
    fflush(stdout);
    return true;
}

static bool open_desk(struct desk *d, struct err *err)
{
    const struct opt_rest *rest = &d->base->rest;
    int n = snprintf(d->folder, sizeof d->folder, "%s/reprise-desk-XXXXXX", file_temp_folder());
    if (n < 0 || (size_t)n >= sizeof d->folder || !mkdtemp(d->folder)) {
        d->folder[0] = '\0';
        return err_sys(err, ERR_INTERNAL, errno, "temporary folder");
    }
    d->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (rest->n) {
        snprintf(d->scenario, sizeof d->scenario, "%s", rest->v[0]);
        snprintf(d->shown, sizeof d->shown, "%.*s", SL_FMT(slice_sub(slice_z(rest->v[0]), 0, 250)));
        struct job *j = desk_job_new(d->base, d->scenario, NULL, err);
        if (!j) return false;
        desk_job_free(j);
    }
    refresh_plan(d);
    return open_page(d, err);
}

static void close_desk(struct desk *d)
{
    web_free(d->base->web);
    d->base->web = NULL;
    if (d->job) desk_job_free(d->job);
    if (d->folder[0]) remove_folder(d->folder);
    if (d->wake_fd >= 0) close(d->wake_fd);
    buf_free(&d->plan);
    buf_free(&d->import);
    pthread_mutex_destroy(&d->lock);
}

int desk_run(struct job *base, int signals, struct err *err)
{
    struct desk d = {
        .base = base,
        .wake_fd = -1,
        .plan = BUF_INIT(PLAN_BYTES),
        .import = BUF_INIT(PLAN_BYTES),
    };
    d.control = (struct web_control){ .arg = &d,
                                      .plan = plan,
                                      .start = start,
                                      .edit = edit,
                                      .stop = stop,
                                      .reset = reset,
                                      .again = again,
                                      .upload = upload };
    struct web_wish named = { .confirmed = true }; /* by --autostart */
    pthread_mutex_init(&d.lock, NULL);
    bool ok = open_desk(&d, err) && (!base->o.autostart || start(&d, &named, err));
    if (ok) watch(&d, signals);
    close_desk(&d);
    return ok ? d.code : -1;
}
