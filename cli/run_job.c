/* The steps of `reprise run`: scenario and options to a plan, to a run with its recorders, collector,
 * archive and display; at the end the files. Called by cli/cmd_run.c in the order of the header.
 *
 * Invariant: whatever can be refused is refused before the first request and before a file is made. */
#include "cli/run_job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "cli/cmd.h"
#include "cli/descriptors.h"
#include "cli/recording.h"
#include "cli/sources.h"
#include "web/web.h"

#define EXIT_INTERRUPTED 130
#define EXIT_THRESHOLD 99
#define EXIT_INPUT 3
/* From naming the start to the first request: by then the archive is open and all threads are there. */
#define START_NS (20 * NS_PER_MS)

/* ---- scenario and plan -------------------------------------------------------------------------------- */

static uint64_t draw_seed(void)
{
    struct rnd r;
    rnd_seed(&r, (uint64_t)clock_utc_ns(), (uint64_t)getpid());
    return rnd_below(&r, 1000000000); /* short enough to be typed again */
}

static bool make_plan(struct job *j, struct err *err)
{
    const struct run_opts *o = &j->o;
    struct plan_cfg cfg = {
        .hosts = { .host = o->host,
                   .allow = o->allow_hosts.v,
                   .allow_n = o->allow_hosts.n,
                   .allow_all = o->all_hosts,
                   .rules = { o->resolve.v, o->resolve.n },
                   .by_proxy = o->proxy != NULL },
        .timeout_ns = o->timeout_ns,
        .think_factor = o->think_factor,
        .user_agent = o->user_agent,
        .seed = o->seed,
        .timeline = o->timeline,
    };
    j->plan = plan_new(j->scenario, &cfg, err);
    return j->plan != NULL;
}

bool job_rules_ok(const struct scenario *s, const struct plan *plan, struct err *err)
{
    for (size_t i = 0; i < s->thresholds_n; i++) {
        struct threshold_cfg rule = { .rule = s->thresholds[i].rule };
        struct run_info info = {
            .steps = plan->steps, .steps_n = plan->steps_n, .thresholds = &rule, .thresholds_n = 1
        };
        struct thresholds *t = thresholds_new(&info, err);
        if (!t) {
            err_context(err, "%.*s:%u:%u", SL_FMT(s->file), s->thresholds[i].place.line,
                        s->thresholds[i].place.column);
            return false;
        }
        thresholds_free(t);
    }
    return true;
}

static void add_threshold(struct job *j, struct threshold_cfg *v, struct slice rule, bool abort,
                          uint64_t delay_ns)
{
    v[j->info.thresholds_n++] = (struct threshold_cfg){ rule, abort, delay_ns };
}

static bool thresholds_readable(const struct job *j, struct err *err)
{
    struct thresholds *t = thresholds_new(&j->info, err);
    thresholds_free(t);
    return t != NULL;
}

static bool is_listed(const struct opt_list *l, struct slice rule)
{
    for (size_t i = 0; i < l->n; i++)
        if (slice_eq(slice_z(l->v[i]), rule)) return true;
    return false;
}

static bool has_threshold(const struct job *j, struct slice rule)
{
    for (size_t i = 0; i < j->info.thresholds_n; i++)
        if (slice_eq(j->info.thresholds[i].rule, rule)) return true;
    return false;
}

/* The scenario's rules and the command line's, each once; refused here if one cannot be read. */
static bool set_thresholds(struct job *j, struct err *err)
{
    const struct scenario *s = j->scenario;
    const struct opt_list *said = &j->o.thresholds;
    struct threshold_cfg *v = arena_many(j->arena, s->thresholds_n + said->n, struct threshold_cfg);
    j->info.thresholds = v;
    for (size_t i = 0; i < s->thresholds_n; i++)
        if (!j->only_these_thresholds || is_listed(said, s->thresholds[i].rule))
            add_threshold(j, v, s->thresholds[i].rule, s->thresholds[i].abort_on_fail,
                          s->thresholds[i].delay_ns);
    if (!job_rules_ok(s, j->plan, err)) return false;
    for (size_t i = 0; i < said->n; i++)
        if (!has_threshold(j, slice_z(said->v[i])))
            add_threshold(j, v, slice_z(said->v[i]), false, 0);
    if (thresholds_readable(j, err)) return true;
    err->code = ERR_USAGE;
    return false;
}

/* Everything that was asked for, and the seed, so that the archive tells how to run it again. */
static void set_options(struct job *j)
{
    struct run_opts defaults;
    struct opt_said *said;
    run_opts_init(&defaults);
    size_t n = opts_said(&run_command, &j->o, &defaults, j->arena, &said);
    struct run_option *v = arena_many(j->arena, n, struct run_option);
    for (size_t i = 0; i < n; i++)
        v[i] = (struct run_option){ said[i].name, said[i].value };
    j->info.options = v;
    j->info.options_n = n;
}

static void set_info(struct job *j)
{
    const struct plan *p = j->plan;
    struct run_text *feeds = arena_many(j->arena, p->feeds_n, struct run_text);
    for (size_t i = 0; i < p->feeds_n; i++)
        feeds[i] = (struct run_text){ p->feeds[i]->model->file, p->feeds[i]->file.text };
    j->info.steps = p->steps;
    j->info.steps_n = p->steps_n;
    j->info.scenario = j->scenario->name;
    j->info.scenario_text = j->scenario->text;
    j->info.target = hosts_base(p->hosts);
    j->info.engine = slice_z(j->engine->name);
    j->info.feeds = feeds;
    j->info.feeds_n = p->feeds_n;
    j->info.seed = j->o.seed;
    j->info.users = j->load.arrival == ARRIVAL_NONE ? j->load.users : 0;
    for (size_t i = 0; i < j->load.stages_n && j->load.arrival == ARRIVAL_NONE; i++)
        if (j->load.stages[i].target > j->info.users)
            j->info.users = (uint32_t)j->load.stages[i].target;
    j->info.run_time_ns = load_planned_ns(&j->load);
    j->info.warm_up_ns = j->load.warm_up_ns;
    j->info.workers = j->workers;
    set_options(j);
}

static unsigned parts_of(const struct run_opts *o)
{
    return o->processes > 1 ? o->processes : 1;
}

/* In a timeline requests overlap as they did when they were recorded. */
static unsigned connections_of_user(const struct job *j)
{
    unsigned per_host = j->o.connections ? j->o.connections : 1;
    if (j->o.timeline) return per_host;
    return plan_connections(j->plan, j->o.h2c ? 1 : per_host);
}

static void raise_descriptors(struct job *j)
{
    unsigned parts = parts_of(&j->o);
    uint32_t users = j->info.users ? j->info.users : j->load.max_users;
    if (!users) users = LOAD_MAX_USERS;
    struct descriptors want = { .users = users / parts + (users % parts != 0),
                                .each = connections_of_user(j),
                                .most = (j->o.max_connections + parts - 1) / parts,
                                .makes_room = j->engine == &engine_native,
                                .quiet = j->o.quiet };
    uint64_t each_process = descriptors_raise(&want);
    if (!j->o.max_connections || each_process < want.most)
        j->o.max_connections = each_process * parts;
}

/* Every client of the recording a user, each of them once, copies times. */
static bool read_timeline(struct job *j, struct err *err)
{
    struct import_cfg cfg = { .keep_static = true, .keep_third_party = true, .pause_factor = 1 };
    const char *format;
    if (j->o.speed <= 0) return err_set(err, ERR_USAGE, "--speed: must be more than 0");
    struct session *s = recording_read(j->rest.v[0], &format, err);
    if (!s) return false;
    j->timeline = timeline_new(s, &cfg, j->o.by_connection, err);
    session_free(s);
    if (!j->timeline) return false;
    j->scenario = j->timeline->scenario;
    if (j->scenario->tasks_n * (uint64_t)j->o.copies > UINT32_MAX)
        return err_set(err, ERR_USAGE, "--copies: too many clients");
    j->load = (struct load){ .users = (uint32_t)j->scenario->tasks_n * j->o.copies, .loops = 1 };
    if (j->o.run_time_ns != UINT64_MAX) j->load.run_time_ns = j->o.run_time_ns;
    if (j->o.quiet) return true;
    printf("%s: %zu clients, %zu tokens, ", j->rest.v[0], j->scenario->tasks_n,
           j->timeline->tokens);
    printf("%.1f s as recorded\n", (double)j->timeline->length_ns / 1e9);
    return true;
}

static bool read_load(struct job *j, struct err *err)
{
    if (j->o.timeline) return read_timeline(j, err);
    j->scenario = scenario_read(j->rest.v[0], err);
    if (!j->scenario) return recording_hint(j->rest.v[0], err);
    return run_opts_load(&j->o, &j->scenario->load, j->arena, &j->load, err);
}

bool job_prepare(struct job *j, struct err *err)
{
    if (j->o.seed == UINT64_MAX) j->o.seed = draw_seed();
    if (!cmd_env(&j->o.env, err)) return false;
    if (!read_load(j, err)) return false;
    if (!run_opts_engine(&j->o, &j->engine, &j->engine_why, err) || !make_plan(j, err))
        return false;
    j->workers = run_opts_workers(&j->o, &j->load);
    set_info(j);
    raise_descriptors(j);
    return set_thresholds(j, err);
}

/* ---- the run --------------------------------------------------------------------------------------------- */

/* An address of the other family would silently not be used. */
static bool sources_fit(const struct sources *from, const struct origin *target, struct err *err)
{
    const struct addresses *to = origin_addresses(target);
    if (!from->n || !to || to->v->ss_family == AF_UNIX) return true;
    for (size_t i = 0; i < to->n; i++)
        if (to->v[i].ss_family == from->v->ss_family) return true;
    bool six = from->v->ss_family == AF_INET6;
    return err_set(err, ERR_USAGE, "--source-ip is %s, but %.*s has no such address",
                   six ? "IPv6" : "IPv4", SL_FMT(target->host));
}

static bool set_net(struct job *j, struct engine_cfg *net, struct err *err)
{
    static const char *const io[] = { NULL, "epoll", "io_uring" };
    const struct run_opts *o = &j->o;
    struct sources from;
    if (o->key && !o->cert) return err_set(err, ERR_USAGE, "--key without --cert");
    if (!sources_read(&o->source_ips, j->arena, &from, err)) return false;
    if (!sources_fit(&from, hosts_target(j->plan->hosts), err)) return false;
    *net = (struct engine_cfg){
        .connect_timeout_ns = o->connect_timeout_ns,
        .io = io[o->io],
        .insecure = o->insecure,
        .cacert = o->cacert,
        .client_cert = o->cert,
        .client_key = o->key,
        .no_tls_resume = o->no_tls_resume,
        .http2 = o->http2,
        .h2c_prior = o->h2c,
        .connections_per_host = o->connections ? o->connections : 1,
        .max_connections = o->max_connections,
        .proxy = o->proxy,
        .sources = from.v,
        .sources_n = from.n,
    };
    return run_opts_auth(o, net, err);
}

static bool keeps_archive(const struct job *j)
{
    return j->o.keep_archive;
}

static bool open_archive(struct job *j, struct err *err)
{
    static const enum archive_bodies bodies[] = { BODIES_FAILED, BODIES_NONE, BODIES_ALL };
    if (!keeps_archive(j)) return true;
    struct buf name = BUF_INIT(sizeof j->archive_path - 1);
    if (j->o.archive) {
        buf_addz(&name, j->o.archive);
    } else {
        archive_default_name(&j->info, &name);
    }
    snprintf(j->archive_path, sizeof j->archive_path, "%s", buf_z(&name));
    buf_free(&name);
    struct archive_cfg cfg = {
        .path = j->archive_path,
        .level = j->o.archive_level == RUN_ARCHIVE_FULL ? ARCHIVE_FULL : ARCHIVE_INTERVALS,
        .bodies = bodies[j->o.archive_bodies],
        .sign_key = j->o.sign_key,
    };
    j->archive = archive_writer_new(&cfg, &j->info, err);
    return j->archive != NULL;
}

static bool open_pushes(struct job *j, struct err *err)
{
    const char *const where[] = { j->o.statsd, j->o.influx, j->o.otlp };
    static const enum push_kind kinds[] = { PUSH_STATSD, PUSH_INFLUX, PUSH_OTLP };
    for (size_t i = 0; i < sizeof where / sizeof *where; i++) {
        if (!where[i]) continue;
        j->pushes[i] = push_new(kinds[i], where[i], err);
        if (!j->pushes[i]) return false;
        j->sinks[j->sinks_n++] = push_sink(j->pushes[i]);
    }
    return true;
}

static bool open_sinks(struct job *j, struct err *err)
{
    if (!open_pushes(j, err)) return false;
    if (!j->o.quiet && !j->o.only_summary) {
        j->display = display_new(stdout, isatty(STDOUT_FILENO) == 1);
        j->sinks[j->sinks_n++] = display_sink(j->display);
    }
    if (j->progress) j->sinks[j->sinks_n++] = j->progress;
    if (j->web) j->sinks[j->sinks_n++] = web_sink(j->web);
    if (!j->o.csv) return true;
    j->history = history_new(j->o.csv, j->o.csv_full, err);
    if (!j->history) return false;
    j->sinks[j->sinks_n++] = history_sink(j->history);
    return true;
}

static bool open_collector(struct job *j, uint64_t start_ns, struct err *err)
{
    struct collector_cfg cfg = {
        .info = &j->info,
        .recorders = j->recorders,
        .recorders_n = j->workers,
        .archive = j->archive,
        .sinks = j->sinks,
        .sinks_n = j->sinks_n,
        .start_mono_ns = start_ns,
        .users = &j->users,
    };
    j->collector = collector_new(&cfg, err);
    return j->collector != NULL;
}

static void open_recorders(struct job *j)
{
    struct recorder_cfg cfg = {
        .steps = j->info.steps,
        .steps_n = j->info.steps_n,
        .keep_samples = keeps_archive(j) && j->o.archive_level == RUN_ARCHIVE_FULL,
        .warm_up_ns = j->info.warm_up_ns,
        .users = &j->users,
    };
    j->recorders = mem_alloc(j->workers, sizeof(void *));
    for (unsigned i = 0; i < j->workers; i++)
        j->recorders[i] = recorder_new(&cfg);
}

static bool open_run(struct job *j, struct err *err)
{
    struct run_cfg cfg = {
        .plan = j->plan,
        .engine = j->engine,
        .load = j->load,
        .workers = j->workers,
        .process = j->process,
        .processes = j->processes,
        .seed = j->o.seed,
        .stop_timeout_ns = j->o.stop_timeout_ns,
        .dns_refresh_ns = j->o.dns_refresh_ns,
        .new_visitor = j->o.new_visitor,
        .want_bodies = keeps_archive(j) && j->o.archive_bodies != 1,
        .all_answers = keeps_archive(j) && j->o.archive_bodies == 2,
        .recorders = j->recorders,
        .timeline = { j->o.timeline, j->o.speed, j->o.copy_shift_ns },
    };
    if (!set_net(j, &cfg.net, err)) return false;
    j->run = run_new(&cfg, err);
    return j->run != NULL;
}

void job_announce(const struct job *j)
{
    if (j->o.quiet) return;
    printf("%.*s: %.*s, seed %llu", SL_FMT(j->info.scenario), SL_FMT(j->info.target),
           (unsigned long long)j->info.seed);
    if (j->processes) printf(", %u processes", j->processes);
    putchar('\n');
    if (j->engine_why) printf("Engine: curl, because of %s\n", j->engine_why);
    fflush(stdout);
}

bool job_start(struct job *j, struct err *err)
{
    open_recorders(j);
    if (!open_run(j, err)) return false;
    uint64_t now = clock_mono_ns(), start = j->start_ns ? j->start_ns : now + START_NS;
    j->info.start_utc_ns = clock_utc_ns() + (int64_t)(start - now);
    if (!open_sinks(j, err) || !open_archive(j, err)) return false;
    if (!open_collector(j, start, err)) return false;
    if (j->web) web_begin(j->web, j->collector, &j->info);
    job_announce(j);
    if (!collector_start(j->collector, err)) return false;
    return run_start(j->run, start, err);
}

/* ---- the end ---------------------------------------------------------------------------------------------- */

static void job_show(struct job *j, const struct run_stats *s)
{
    struct buf text = BUF_INIT(16u << 20);
    if (j->display) display_end(j->display);
    if (j->o.quiet) return;
    stats_write_text(s, &text);
    fputs(buf_z(&text), stdout);
    fflush(stdout);
    buf_free(&text);
}

/* What a receiver did not take is told; the run is as good as it was. */
static void end_pushes(struct job *j)
{
    for (size_t i = 0; i < sizeof j->pushes / sizeof *j->pushes; i++) {
        struct err err = { 0 };
        if (j->pushes[i] && !push_end(j->pushes[i], &err)) fprintf(stderr, "%s\n", err.text);
    }
}

static bool job_write_files(struct job *j, const struct run_stats *s, struct err *err)
{
    struct result_files files = { .json = j->o.json_file,
                                  .html = j->o.html,
                                  .junit = j->o.junit,
                                  .markdown = j->o.markdown,
                                  .csv = j->o.csv };
    end_pushes(j);
    bool ok = !j->history || history_end(j->history, err);
    return stats_write_files(s, &files, err) && ok;
}

static int exit_code(const struct job *j, const struct run_stats *s, const struct run_state *end)
{
    if (j->interrupted) return EXIT_INTERRUPTED;
    if (end->failed) return EXIT_INPUT;
    if (j->aborted || !stats_thresholds_ok(s)) return EXIT_THRESHOLD;
    if (s->total.failures > 0 || end->abandoned > 0) return (int)j->o.error_code;
    return 0;
}

static void tell_trouble(const struct run_state *end)
{
    if (end->abandoned)
        fprintf(stderr, "%llu iterations ended early: %s\n", (unsigned long long)end->abandoned,
                end->trouble);
    else if (end->trouble[0])
        fprintf(stderr, "%s\n", end->trouble);
}

/* Why the exit code is what it is, where the tables do not tell. */
static void tell_failures(const struct run_stats *s)
{
    const struct failure_stats *most = s->failures;
    for (size_t i = 1; i < s->failures_n; i++)
        if (s->failures[i].count > most->count) most = &s->failures[i];
    if (s->total.failures && most) {
        const struct step_info *step = &s->info->steps[most->step];
        fprintf(stderr, "reprise run: %llu of %llu requests failed, most often %.*s %.*s: %.*s\n",
                (unsigned long long)s->total.failures, (unsigned long long)s->total.requests,
                SL_FMT(step->method), SL_FMT(step->name), SL_FMT(most->text));
    }
    if (s->generator.limited)
        fprintf(stderr, "reprise run: generator limited: %.*s\n", SL_FMT(s->generator.limited_why));
    for (size_t i = 0; i < s->thresholds_n; i++)
        if (s->thresholds[i].known && !s->thresholds[i].ok)
            fprintf(stderr, "reprise run: threshold not met: %.*s\n",
                    SL_FMT(s->thresholds[i].rule));
}

int job_conclude(struct job *j, const struct run_stats *s, const struct run_state *end,
                 struct err *err)
{
    job_show(j, s);
    if (j->o.quiet && !j->progress) tell_failures(s);
    tell_trouble(end);
    if (!job_write_files(j, s, err)) return err_exit_code(err);
    return exit_code(j, s, end);
}

int job_finish(struct job *j, struct err *err)
{
    struct run_state end;
    bool archived = collector_finish(j->collector, j->interrupted, err);
    run_now(j->run, &end);
    int code = job_conclude(j, collector_stats(j->collector), &end, err);
    return archived ? code : err_exit_code(err);
}

void job_free(struct job *j)
{
    run_free(j->run);
    collector_free(j->collector);
    archive_writer_free(j->archive);
    for (unsigned i = 0; j->recorders && i < j->workers; i++)
        recorder_free(j->recorders[i]);
    free(j->recorders);
    history_free(j->history);
    for (size_t i = 0; i < sizeof j->pushes / sizeof *j->pushes; i++)
        push_free(j->pushes[i]);
    display_free(j->display);
    plan_free(j->plan);
    if (j->timeline)
        timeline_free(j->timeline);
    else
        scenario_free(j->scenario);
    opts_free(&run_command, &j->o, &j->rest);
    arena_free(j->arena);
}
