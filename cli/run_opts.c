/* The option table of `reprise run`, Locust's names where Locust has one, k6's where it has none, and the
 * load that options and scenario make together. Used by cli/cmd_run.c. Rule: an option that says how the
 * load ends (or how much it is) replaces all that the scenario says about that. */
#include "cli/run_opts.h"

#include <sched.h>

#include "base/file.h"
#include "base/num.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define UNSET_U64 UINT64_MAX
#define UNSET_U32 UINT32_MAX
#define AT(field) offsetof(struct run_opts, field)

static const struct opt options[] = {
    { OPT_HEADING, 0, NULL, NULL, 0, "Load", NULL },
    { OPT_TEXT, 'H', "host", "URL", AT(host), "Where to send: replaces the scenario's target.",
      NULL },
    { OPT_U32, 'u', "users", "N", AT(users), "Virtual users at the same time.", NULL },
    { OPT_F64, 'r', "spawn-rate", "RATE", AT(spawn_rate), "Users started a second; 0: all at once.",
      NULL },
    { OPT_DURATION, 't', "run-time", "TIME", AT(run_time_ns),
      "End after this time: 20, 20s, 3m, 1h30m.", NULL },
    { OPT_DURATION, 0, "warm-up", "TIME", AT(warm_up_ns),
      "Do not count what is sent before this time; the archive holds it.", NULL },
    { OPT_U64, 'i', "iterations", "N", AT(iterations), "End after N iterations in all.", NULL },
    { OPT_U64, 0, "loops", "N", AT(loops), "Each user ends after N iterations.", NULL },
    { OPT_LIST, 0, "stage", "TIME:USERS", AT(stages),
      "Go to that many users (or starts a second, with --rate) within TIME; may be given again.",
      NULL },
    { OPT_RATE, 0, "rate", "RATE", AT(rate),
      "Open model: start iterations at this rate (500/s), however long they take.", NULL },
    { OPT_CHOICE, 0, "arrival", "KIND", AT(arrival), "With --rate: constant distances, or poisson.",
      "constant|poisson" },
    { OPT_U32, 0, "max-users", "N", AT(max_users),
      "With --rate: starts that would need more users are dropped and counted.", NULL },
    { OPT_DURATION, 's', "stop-timeout", "TIME", AT(stop_timeout_ns),
      "At the end users may finish their request and on_stop for so long (5s).", NULL },
    { OPT_F64, 0, "think-factor", "X", AT(think_factor), "Multiplies recorded pauses; 0: none (1).",
      NULL },
    { OPT_FLAG, 0, "new-visitor", NULL, AT(new_visitor),
      "Each iteration begins with new connections and without cookies.", NULL },
    { OPT_LIST, 'e', "env", "KEY=VALUE", AT(env), "A value for ${env(KEY)}; may be given again.",
      NULL },
    { OPT_U64, 0, "seed", "N", AT(seed), "Same seed, same choices; drawn and shown if not given.",
      NULL },

    { OPT_HEADING, 0, NULL, NULL, 0, "A recording at its recorded times", NULL },
    { OPT_FLAG, 0, "timeline", NULL, AT(timeline),
      "SCENARIO is a recording: each of its clients is a user whose requests go out when they did, "
      "later only if they need a token that has not come yet.",
      NULL },
    { OPT_F64, 0, "speed", "X", AT(speed), "Times as fast as recorded (1).", NULL },
    { OPT_U32, 0, "copies", "N", AT(copies), "Play every client N times (1).", NULL },
    { OPT_DURATION, 0, "copy-shift", "TIME", AT(copy_shift_ns),
      "Each copy starts so much later than the one before (1s).", NULL },
    { OPT_FLAG, 0, "by-connection", NULL, AT(by_connection),
      "Every connection is a client of its own, not every address.", NULL },

    { OPT_HEADING, 0, NULL, NULL, 0, "Results", NULL },
    { OPT_FLAG, 0, "headless", NULL, AT(headless), "No web page; the terminal only.", NULL },
    { OPT_FLAG, 'q', "quiet", NULL, AT(quiet), "Print nothing but errors.", NULL },
    { OPT_FLAG, 0, "only-summary", NULL, AT(only_summary), "No progress, only the final tables.",
      NULL },
    { OPT_TEXT, 0, "archive", "FILE", AT(archive), "The archive's name (SCENARIO-TIME.jsonl.gz).",
      NULL },
    { OPT_NO, 0, "no-archive", NULL, AT(keep_archive), "Keep no archive.", NULL },
    { OPT_CHOICE, 0, "archive-level", "LEVEL", AT(archive_level),
      "full: a line for each request; intervals: one for each second; off: no archive (full).",
      "full|intervals|off" },
    { OPT_CHOICE, 0, "archive-bodies", "WHICH", AT(archive_bodies),
      "Whose answers to keep: none, failed (some of each failure), all (failed).",
      "failed|none|all" },
    { OPT_TEXT, 0, "sign", "KEY", AT(sign_key), "Sign the archive with this Ed25519 key (PEM).",
      NULL },
    { OPT_TEXT, 0, "json-file", "FILE", AT(json_file), "Summary as JSON.", NULL },
    { OPT_TEXT, 0, "csv", "PREFIX", AT(csv), "Locust's CSV files: PREFIX_stats.csv and so on.",
      NULL },
    { OPT_FLAG, 0, "csv-full-history", NULL, AT(csv_full),
      "PREFIX_stats_history.csv has every step each second.", NULL },
    { OPT_TEXT, 0, "html", "FILE", AT(html), "Report as one HTML page.", NULL },
    { OPT_TEXT, 0, "junit", "FILE", AT(junit), "Thresholds as JUnit XML.", NULL },
    { OPT_TEXT, 0, "markdown", "FILE", AT(markdown), "Tables for a CI job's summary.", NULL },
    { OPT_TEXT, 0, "statsd", "HOST[:PORT]", AT(statsd), "Send live results to statsd (UDP, 8125).",
      NULL },
    { OPT_TEXT, 0, "influx", "FILE|URL", AT(influx),
      "Live results in InfluxDB's line protocol, to a file or a write URL.", NULL },
    { OPT_TEXT, 0, "otlp", "URL", AT(otlp),
      "Send live results to an OpenTelemetry collector (OTLP/HTTP, JSON).", NULL },
    { OPT_LIST, 0, "threshold", "RULE", AT(thresholds),
      "Exit 99 unless \"p(95) < 200ms\", \"failed < 1%\"…; may be given again.", NULL },
    { OPT_U32, 0, "exit-code-on-error", "N", AT(error_code), "Exit code when requests failed (1).",
      NULL },

    { OPT_HEADING, 0, NULL, NULL, 0, "Page", NULL },
    { OPT_TEXT, 0, "web-host", "ADDR", AT(web_host),
      "Where the page listens (127.0.0.1); elsewhere it wants the token that is printed.", NULL },
    { OPT_U32, 'P', "web-port", "PORT", AT(web_port), "Its port; 0: any (8089).", NULL },
    { OPT_FLAG, 0, "autostart", NULL, AT(autostart), "Start at once, without the form.", NULL },
    { OPT_DURATION, 0, "autoquit", "TIME", AT(autoquit_ns),
      "End the program so long after the run.", NULL },
    { OPT_FLAG, 0, "web-token", NULL, AT(web_token), "Want a token on this machine, too.", NULL },
    { OPT_FLAG, 0, "web-insecure", NULL, AT(web_insecure),
      "No token although other machines can reach the page.", NULL },
    { OPT_TEXT, 0, "tls-cert", "FILE", AT(tls_cert), "Serve the page over TLS (PEM).", NULL },
    { OPT_TEXT, 0, "tls-key", "FILE", AT(tls_key), "Its key (PEM).", NULL },

    { OPT_HEADING, 0, NULL, NULL, 0, "Hosts and network", NULL },
    { OPT_LIST, 0, "allow-host", "HOST", AT(allow_hosts),
      "Another host of the scenario that may be sent to; may be given again.", NULL },
    { OPT_FLAG, 0, "all-hosts", NULL, AT(all_hosts), "Every host of the scenario may be sent to.",
      NULL },
    { OPT_LIST, 0, "resolve", "HOST:PORT:ADDR", AT(resolve),
      "Use this address, or /path of a unix socket, for a host; may be given again.", NULL },
    { OPT_DURATION, 0, "dns-refresh", "TIME", AT(dns_refresh_ns),
      "Look names up again so often; new connections go to what they then stand for (never).",
      NULL },
    { OPT_LIST, 0, "source-ip", "LIST", AT(source_ips),
      "Local addresses to send from, in turn: A,B,… or a block (127.0.0.0/28).", NULL },
    { OPT_DURATION, 0, "timeout", "TIME", AT(timeout_ns), "Of a request (60s).", NULL },
    { OPT_DURATION, 0, "connect-timeout", "TIME", AT(connect_timeout_ns), "Of a connection (10s).",
      NULL },
    { OPT_U32, 0, "connections", "N", AT(connections), "Of one user to one host, at most (6).",
      NULL },
    { OPT_U64, 0, "max-connections", "N", AT(max_connections),
      "Open in all; resting ones are closed to stay below.", NULL },
    { OPT_TEXT, 0, "proxy", "URL", AT(proxy),
      "Send through this proxy: http, https, socks4, socks5 (curl engine).", NULL },
    { OPT_TEXT, 0, "auth", "SCHEME:USER:PASSWORD", AT(auth),
      "Log in as HTTP has it: digest, ntlm, negotiate or basic (curl engine).", NULL },
    { OPT_TEXT, 0, "user-agent", "TEXT", AT(user_agent), "Where the scenario has none.", NULL },
    { OPT_FLAG, 0, "http2", NULL, AT(http2), "Offer HTTP/2 over TLS.", NULL },
    { OPT_FLAG, 0, "h2c", NULL, AT(h2c), "HTTP/2 over clear text, by prior knowledge.", NULL },
    { OPT_FLAG, 'k', "insecure", NULL, AT(insecure), "Do not verify certificates.", NULL },
    { OPT_TEXT, 0, "cacert", "FILE", AT(cacert), "Trust these certificates (PEM).", NULL },
    { OPT_TEXT, 0, "cert", "FILE", AT(cert), "Client certificate (PEM).", NULL },
    { OPT_TEXT, 0, "key", "FILE", AT(key), "Its key (PEM).", NULL },
    { OPT_FLAG, 0, "no-tls-resume", NULL, AT(no_tls_resume),
      "A full TLS handshake for every connection.", NULL },

    { OPT_HEADING, 0, NULL, NULL, 0, "Engine", NULL },
    { OPT_CHOICE, 0, "engine", "NAME", AT(engine),
      "auto: native, but curl where only that can (auto).", "auto|native|curl" },
    { OPT_CHOICE, 0, "io", "KIND", AT(io), "Of the native engine: epoll, io_uring (auto).",
      "auto|epoll|io_uring" },
    { OPT_U32, 0, "workers", "N", AT(workers), "Threads (one per core).", NULL },
    { OPT_U32, 0, "processes", "N", AT(processes),
      "Several processes, each with its own descriptors, results merged; no page.", NULL },
};

const struct opt_cmd run_command = {
    .name = "run",
    .usage = "[SCENARIO] [options]",
    .about = "Runs a scenario as load: many virtual users against --host, results live in the "
             "terminal, an archive of every request.",
    .after = "Examples:\n"
             "  reprise run shop.yaml -H http://127.0.0.1:8080 -u 50 -r 10 -t 1m\n"
             "  reprise run shop.yaml -u 20 --loops 1 --json-file out.json\n"
             "  reprise run shop.yaml --rate 200/s --arrival poisson -t 5m\n\n"
             "Exit codes: 0 fine, 1 requests failed, 2 usage, 3 a file is unreadable or\n"
             "invalid, 4 internal, 99 a threshold failed, 130 interrupted (results are kept).\n",
    .opts = options,
    .opts_n = COUNT(options),
};

void run_opts_init(struct run_opts *o)
{
    *o = (struct run_opts){
        .users = UNSET_U32,
        .spawn_rate = -1,
        .rate = -1,
        .arrival = UNSET_U32,
        .think_factor = 1,
        .speed = 1,
        .copies = 1,
        .copy_shift_ns = NS_PER_S,
        .run_time_ns = UNSET_U64,
        .warm_up_ns = UNSET_U64,
        .iterations = UNSET_U64,
        .loops = UNSET_U64,
        .stop_timeout_ns = 5 * NS_PER_S,
        .keep_archive = true,
        .error_code = 1,
        .connect_timeout_ns = 10 * NS_PER_S,
        .connections = 6,
        .seed = UNSET_U64,
        .web_port = 8089,
        .autoquit_ns = UNSET_U64,
    };
}

static bool only_of_timeline(const struct run_opts *o, struct err *err)
{
    const char *name = o->speed != 1                  ? "speed"
                       : o->copies != 1               ? "copies"
                       : o->copy_shift_ns != NS_PER_S ? "copy-shift"
                       : o->by_connection             ? "by-connection"
                                                      : NULL;
    if (!name || o->timeline) return true;
    return err_set(err, ERR_USAGE, "--%s is for a recording at its recorded times: --timeline",
                   name);
}

static bool files_can_be_written(const struct run_opts *o, struct err *err)
{
    const char *const files[] = { o->json_file, o->html, o->junit, o->markdown };
    for (size_t i = 0; i < COUNT(files); i++)
        if (files[i] && !file_out_may(files[i], err)) return false;
    return true;
}

bool run_opts_check(const struct run_opts *o, struct err *err)
{
    if (o->sign_key && !o->keep_archive)
        return err_set(err, ERR_USAGE, "--sign: no archive is kept that could be signed");
    if (o->error_code > 255)
        return err_set(err, ERR_USAGE, "--exit-code-on-error: exit codes end at 255");
    if (o->timeline && o->copies == 0) return err_set(err, ERR_USAGE, "--copies: at least 1");
    return only_of_timeline(o, err) && files_can_be_written(o, err);
}

void run_opts_no_rate(struct run_opts *o)
{
    o->rate = -1;
    o->arrival = UNSET_U32;
    o->max_users = 0;
}

bool run_opts_engine(const struct run_opts *o, const struct engine_ops **engine, const char **why,
                     struct err *err)
{
    enum { AUTO, NATIVE, CURL };
    *why = o->proxy ? "--proxy" : o->auth ? "--auth" : NULL;
    if (*why && o->engine == NATIVE)
        return err_set(err, ERR_USAGE, "--engine native has no %s: leave --engine out", *why);
    *engine = *why || o->engine == CURL ? &engine_curl : &engine_native;
    if (*engine == &engine_curl && o->max_connections)
        return err_set(err, ERR_USAGE, "--max-connections: the curl engine has no such limit");
    return true;
}

bool run_opts_auth(const struct run_opts *o, struct engine_cfg *net, struct err *err)
{
    static const char *const schemes[] = { "basic", "digest", "ntlm", "negotiate" };
    struct slice scheme, rest;
    if (!o->auth) return true;
    bool cut = slice_cut(slice_z(o->auth), ':', &scheme, &rest);
    for (unsigned i = 0; cut && i < COUNT(schemes); i++) {
        if (!slice_ieq(scheme, slice_z(schemes[i]))) continue;
        net->auth = (enum auth_scheme)i;
        net->user_password = rest.p;
        return slice_chr(rest, ':') != SLICE_NONE ||
               err_set(err, ERR_USAGE, "--auth: SCHEME:USER:PASSWORD, the password is missing");
    }
    return err_set(err, ERR_USAGE,
                   "--auth: SCHEME:USER:PASSWORD with basic, digest, ntlm or "
                   "negotiate for SCHEME");
}

static bool parse_stage(const char *text, struct stage *out, struct err *err)
{
    struct slice time, target;
    if (slice_cut(slice_z(text), ':', &time, &target) && num_duration(time, &out->duration_ns) &&
        num_f64(target, &out->target) && out->target >= 0 && out->target <= UINT32_MAX)
        return true;
    return err_set(err, ERR_USAGE, "--stage: \"%s\" is not like 30s:100", text);
}

static bool set_stages(const struct run_opts *o, struct arena *a, struct load *out, struct err *err)
{
    if (o->stages.n == 0) return true;
    out->stages = arena_many(a, o->stages.n, struct stage);
    out->stages_n = o->stages.n;
    for (size_t i = 0; i < o->stages.n; i++)
        if (!parse_stage(o->stages.v[i], &out->stages[i], err)) return false;
    return true;
}

static void set_amount(const struct run_opts *o, struct load *out)
{
    if (o->rate >= 0) {
        if (o->arrival != UNSET_U32 || out->arrival == ARRIVAL_NONE)
            out->arrival = o->arrival == 1 ? ARRIVAL_POISSON : ARRIVAL_CONSTANT;
        out->rate = o->rate;
    } else if (o->users != UNSET_U32) {
        out->arrival = ARRIVAL_NONE;
    }
    if (o->rate >= 0 || o->users != UNSET_U32) out->stages_n = 0;
    if (o->users != UNSET_U32) out->users = o->users;
    if (o->spawn_rate >= 0) out->spawn_rate = o->spawn_rate;
    if (o->max_users) out->max_users = o->max_users;
}

static void set_end(const struct run_opts *o, struct load *out)
{
    bool time = o->run_time_ns != UNSET_U64, all = o->iterations != UNSET_U64,
         each = o->loops != UNSET_U64;
    if (!time && !all && !each && o->stages.n == 0) return;
    out->run_time_ns = time ? o->run_time_ns : 0;
    out->iterations = all ? o->iterations : 0;
    out->loops = each ? o->loops : 0;
}

static bool set_warm_up(const struct run_opts *o, struct load *out, struct err *err)
{
    uint64_t planned = load_planned_ns(out);
    if (o->warm_up_ns != UNSET_U64) out->warm_up_ns = o->warm_up_ns;
    out->warm_up_ns -= out->warm_up_ns % NS_PER_US; /* archives know microseconds */
    if (planned == 0 || out->warm_up_ns < planned) return true;
    return err_set(err, ERR_USAGE, "the warm-up is as long as the run: nothing would be counted");
}

bool run_opts_load(const struct run_opts *o, const struct load *of_scenario, struct arena *a,
                   struct load *out, struct err *err)
{
    *out = *of_scenario;
    set_amount(o, out);
    if (!set_stages(o, a, out, err)) return false;
    set_end(o, out);
    if (!set_warm_up(o, out, err)) return false;
    bool open = out->arrival != ARRIVAL_NONE;
    if (!open && (o->arrival != UNSET_U32 || o->max_users))
        return err_set(err, ERR_USAGE, "--%s is for an open model: --rate",
                       o->max_users ? "max-users" : "arrival");
    if (open && out->rate <= 0 && out->stages_n == 0)
        return err_set(err, ERR_USAGE, "the rate is 0: nothing would be started");
    if (!open && o->users == 0 && out->stages_n == 0)
        return err_set(err, ERR_USAGE, "--users 0: nobody would send");
    if (!open && out->users == 0 && out->stages_n == 0) out->users = 1;
    /* Stages of users start from none, unless -u says from how many. */
    if (o->stages.n && !open && o->users == UNSET_U32) out->users = 0;
    return true;
}

unsigned run_opts_workers(const struct run_opts *o, const struct load *load)
{
    cpu_set_t set;
    unsigned n = o->workers;
    if (n == 0) n = sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
    if (o->workers == 0 && o->processes > 1) n = n / o->processes;
    bool few = load->arrival == ARRIVAL_NONE && load->stages_n == 0;
    if (few && n > load->users) n = load->users;
    uint64_t most = o->max_connections; /* each worker has one at least */
    if (most && o->processes > 1) most /= o->processes;
    if (o->max_connections && n > most) n = (unsigned)most;
    return n ? n : 1;
}
