/* web: the live page and its HTTP API over results.
 *
 * One thread of its own serves everything. It reads a run through its collector, at most once a second
 * for all clients together, and never touches a worker. What changes the run (start, edit, stop, another
 * scenario) goes through struct web_control, which cli/ fills in: the room knows no scenario and no
 * engine. docs/http-api.md and web/openapi.yaml say what is served, docs/notes/web.md how. */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include "base/log.h"
#include "results/results.h"

enum web_state {
    WEB_READY, /* nothing has been started, or New run was asked for */
    WEB_SPAWNING,
    WEB_RUNNING,
    WEB_STOPPING,
    WEB_STOPPED /* the results of the last run are shown */
};
const char *web_state_name(enum web_state s); /* Locust's words: "ready", "spawning", … */

/* What the form, the API or Locust's /swarm asks for. A text with p == NULL and a false has_… were not
 * said: what the scenario and the command line have stays. */
struct web_wish {
    bool has_users, has_spawn_rate, has_rate, has_iterations, has_loops, has_think_factor;
    uint32_t users;             /* with stages: at the start */
    double spawn_rate;          /* users a second */
    double rate;                /* open model: iterations a second */
    uint64_t iterations, loops; /* in all, of each user; 0: no limit */
    double think_factor;        /* on recorded pauses; 0: none */
    struct slice host;
    struct slice run_time;   /* "1m30s"; empty: no limit */
    struct slice stages;     /* "30s:100", one a line; empty: none */
    struct slice thresholds; /* all rules of the run, one a line; empty: none */
    bool confirmed;          /* hosts that are not this machine were shown and agreed to */
};

/* Calls come from the web thread, one at a time. Functions with an err return false with a sentence for
 * the person at the page; ERR_USAGE becomes 409 (not now), ERR_INPUT 422 (not so), the rest 500. */
struct web_control {
    void *arg;
    /* A JSON object, openapi.yaml's Plan: what a start with this wish would do. wish may be NULL. */
    bool (*plan)(void *arg, const struct web_wish *wish, struct buf *out, struct err *err);
    bool (*start)(void *arg, const struct web_wish *wish, struct err *err);
    bool (*edit)(void *arg, const struct web_wish *wish, struct err *err); /* users, rates only */
    bool (*stop)(void *arg, struct err *err);
    bool (*reset)(void *arg, struct err *err);
    bool (*again)(void *arg, struct err *err); /* New run: to WEB_READY */
    /* A recording or a scenario that was uploaded: path lies in a private folder and is removed after
     * the call; name is what the browser called it, without folders. */
    bool (*upload)(void *arg, const char *path, struct slice name, struct err *err);
};

struct web_cfg {
    const char *host;                  /* to listen on; NULL: 127.0.0.1 */
    uint16_t port;                     /* 0: the kernel chooses */
    bool insecure;                     /* no token although others can reach it */
    bool want_token;                   /* a token on this machine, too */
    const char *tls_cert, *tls_key;    /* PEM files; NULL: clear text */
    const struct web_control *control; /* keeps */
};
struct web;
struct web *web_new(const struct web_cfg *cfg, struct err *err); /* gives; serves from now on */
void web_free(struct web *w);                                    /* ends its thread; NULL ok */
/* "http://127.0.0.1:8089/", with "?token=…" if one is needed: shown once to who started the program. */
const char *web_link(const struct web *w);

/* Any thread. */
void web_set_state(struct web *w, enum web_state s);
void web_plan_changed(struct web *w); /* pages ask for the plan again */
/* A line of the page's log, secrets masked by the caller. */
void web_note(struct web *w, enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* A run's life: begin before the collector's start with web_sink among its sinks; leave before the
 * collector is freed. In between its statistics are readable, after its finish, too. */
struct interval_sink *web_sink(struct web *w);
void web_begin(struct web *w, struct collector *c, const struct run_info *info); /* keeps both */
void web_leave(struct web *w);

#endif
