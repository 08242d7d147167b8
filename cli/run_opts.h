/* The settings of `reprise run`: the option table, and what it makes of a scenario's load. */
#ifndef CLI_RUN_OPTS_H
#define CLI_RUN_OPTS_H

#include "cli/opt.h"
#include "replay/replay.h"

/* --archive-level, in the order of its words; OFF is the same as --no-archive. */
enum run_archive { RUN_ARCHIVE_FULL, RUN_ARCHIVE_INTERVALS, RUN_ARCHIVE_OFF };

struct run_opts {
    /* load */
    const char *host;
    uint32_t users, max_users;
    double spawn_rate, rate, think_factor;
    uint64_t run_time_ns, warm_up_ns, iterations, loops, stop_timeout_ns;
    struct opt_list stages, env, thresholds;
    unsigned arrival; /* constant|poisson */
    bool new_visitor;
    bool timeline, by_connection;
    double speed;
    uint32_t copies;
    uint64_t copy_shift_ns;
    /* what comes out */
    bool headless, quiet, only_summary, keep_archive, csv_full;
    const char *json_file, *csv, *html, *junit, *markdown, *archive, *sign_key;
    const char *statsd, *influx, *otlp;
    unsigned archive_level; /* RUN_ARCHIVE_* */
    unsigned archive_bodies;
    uint32_t error_code;
    /* page */
    const char *web_host, *tls_cert, *tls_key;
    uint32_t web_port;
    bool web_insecure, web_token, autostart;
    uint64_t autoquit_ns; /* UINT64_MAX: not */
    /* network */
    unsigned engine, io; /* auto, native, curl; auto, epoll, io_uring */
    uint32_t workers, processes, connections;
    uint64_t seed, timeout_ns, connect_timeout_ns, max_connections, dns_refresh_ns;
    bool insecure, all_hosts, http2, h2c, no_tls_resume;
    const char *cacert, *cert, *key, *proxy, *auth, *user_agent;
    struct opt_list resolve, allow_hosts, source_ips;
};

extern const struct opt_cmd run_command;

void run_opts_init(struct run_opts *o);
/* What is wrong whatever the scenario holds: options without the one they belong to, files that could not
 * be written at the end. */
bool run_opts_check(const struct run_opts *o, struct err *err);
/* A load of users, whatever was said about a rate. */
void run_opts_no_rate(struct run_opts *o);
/* The scenario's load with the command line's over it; the arena keeps stages. */
bool run_opts_load(const struct run_opts *o, const struct load *of_scenario, struct arena *a,
                   struct load *out, struct err *err);
/* --engine, or the one that can do all that is asked for; why: what only curl has, NULL if nothing is. */
bool run_opts_engine(const struct run_opts *o, const struct engine_ops **engine, const char **why,
                     struct err *err);
/* --auth SCHEME:USER:PASSWORD into net. */
bool run_opts_auth(const struct run_opts *o, struct engine_cfg *net, struct err *err);
/* Worker threads: as asked, else one per core that this process may use, never more than users. */
unsigned run_opts_workers(const struct run_opts *o, const struct load *load);

#endif
