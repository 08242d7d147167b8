/* Locust's endpoints, with Locust's keys and words, so that scripts written for it go on working. Called by
 * route.c on the web thread. Success and failure are told in the answer's body with status 200, as Locust
 * does. */
#include "web/route.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/num.h"
#include "web/wish.h"

static void outcome(struct reply *r, bool ok, struct slice message, struct slice host)
{
    struct jsonw w = { .out = &r->body };
    jsonw_object(&w);
    jsonw_put_bool(&w, "success", ok);
    jsonw_put_str(&w, "message", message);
    if (host.p) {
        jsonw_put_str(&w, "host", host);
    }
    jsonw_object_end(&w);
}

static bool is_json(const struct ask *q)
{
    return slice_istarts(q->type, SL("application/json"));
}

/* While a run goes, /swarm changes its users, as in Locust. A script names its host itself, so that it
 * counts as confirmed. */
void locust_swarm(struct site *s, const struct ask *q, struct reply *r)
{
    const struct web_control *c = s->board.control;
    struct web_wish wish;
    struct err err = { 0 };
    bool ok = is_json(q) ? wish_from_json(q->body, q->arena, &wish, &err)
                         : wish_from_form(q->body, q->arena, &wish, &err);
    wish.confirmed = true;
    pthread_mutex_lock(&s->board.lock);
    bool running = s->board.state == WEB_RUNNING || s->board.state == WEB_SPAWNING;
    pthread_mutex_unlock(&s->board.lock);
    if (ok) ok = running ? c->edit(c->arg, &wish, &err) : c->start(c->arg, &wish, &err);
    outcome(r, ok, ok ? SL("Swarming started") : slice_z(err.text),
            wish.host.p ? wish.host : SL(""));
}

void locust_stop(struct site *s, const struct ask *q, struct reply *r)
{
    (void)q;
    struct err err = { 0 };
    bool ok = s->board.control->stop(s->board.control->arg, &err);
    outcome(r, ok, ok ? SL("Test stopped") : slice_z(err.text), (struct slice){ NULL, 0 });
}

void locust_reset(struct site *s, const struct ask *q, struct reply *r)
{
    (void)q;
    struct err err = { 0 };
    r->type = "text/plain; charset=utf-8";
    bool ok = s->board.control->reset(s->board.control->arg, &err);
    buf_addz(&r->body, ok ? "ok" : err.text);
}

void locust_requests(struct site *s, const struct ask *q, struct reply *r)
{
    (void)q;
    board_snapshot(&s->board, SNAPSHOT_LOCUST, &r->body);
}

/* Exceptions of a locustfile's code: a scenario has no code to throw any. */
void locust_exceptions(struct site *s, const struct ask *q, struct reply *r)
{
    (void)s;
    (void)q;
    buf_addz(&r->body, "{\"exceptions\":[]}");
}

/* {"browse": {"ratio": 0.75}, …} from the plan's {"browse": 0.75, …}. */
static void task_ratios(struct jsonw *w, struct slice ratio, struct arena *a)
{
    struct json j;
    json_init(&j, ratio);
    jsonw_object(w);
    if (json_next(&j) == JSON_OBJECT) {
        while (json_next(&j) == JSON_KEY) {
            jsonw_key_s(w, json_str(&j, a));
            json_next(&j);
            jsonw_object(w);
            jsonw_key(w, "ratio");
            jsonw_raw(w, j.raw);
            jsonw_object_end(w);
        }
    }
    jsonw_object_end(w);
}

/* {scenario: {"ratio": 1, "tasks": {…}}}: a scenario is Locust's one class of users. */
static void ratios(struct jsonw *w, const char *key, struct slice plan, struct arena *a)
{
    struct json j;
    struct slice name = SL("scenario"), ratio = SL("{}");
    json_init(&j, plan);
    if (json_next(&j) != JSON_OBJECT) return;
    while (json_next(&j) == JSON_KEY) {
        bool is_name = json_key_is(&j, SL("name")), is_ratio = json_key_is(&j, SL("ratio"));
        json_next(&j);
        if (is_name && j.tok == JSON_STRING) name = json_str(&j, a);
        if (is_ratio ? !json_value(&j, &ratio) : !json_skip(&j)) return;
    }
    jsonw_put_object(w, key);
    jsonw_key_s(w, name);
    jsonw_object(w);
    jsonw_put_u64(w, "ratio", 1);
    jsonw_key(w, "tasks");
    task_ratios(w, ratio, a);
    jsonw_object_end(w);
    jsonw_object_end(w);
}

void locust_tasks(struct site *s, const struct ask *q, struct reply *r)
{
    struct buf plan = BUF_INIT(SNAPSHOT_BYTES);
    struct jsonw w = { .out = &r->body };
    jsonw_object(&w);
    if (s->board.control->plan(s->board.control->arg, NULL, &plan, NULL)) {
        ratios(&w, "per_class", buf_slice(&plan), q->arena);
        ratios(&w, "total", buf_slice(&plan), q->arena);
    }
    jsonw_object_end(&w);
    buf_free(&plan);
}

/* "[2026-11-23 01:02:03,456] machine/INFO/reprise: text" */
static void line_of(struct jsonw *w, const struct log_entry *e, const char *machine)
{
    static const char *const levels[] = { "ERROR", "WARNING", "INFO", "DEBUG" };
    struct buf time = BUF_INIT(64), line = BUF_INIT(2 * BOARD_LOG_BYTES);
    clock_add_iso(&time, e->utc_ns); /* 2026-11-23T01:02:03.456Z */
    struct slice t = buf_slice(&time);
    buf_addf(&line, "[%.10s %.8s,%.3s] %s/%s/reprise: %s", t.p, t.p + 11, t.p + 20,
             machine[0] ? machine : "localhost", levels[e->level], e->text);
    jsonw_str(w, buf_slice(&line));
    buf_free(&time);
    buf_free(&line);
}

void locust_logs(struct site *s, const struct ask *q, struct reply *r)
{
    const struct board *b = &s->board;
    struct jsonw w = { .out = &r->body };
    (void)q;
    jsonw_object(&w);
    jsonw_put_array(&w, "master");
    pthread_mutex_lock(&s->board.lock);
    for (uint64_t i = board_log_first(b); i < b->log_n; i++)
        line_of(&w, &b->log[i % BOARD_LOG_LINES], s->guard.machine);
    pthread_mutex_unlock(&s->board.lock);
    jsonw_array_end(&w);
    jsonw_key(&w, "workers");
    jsonw_raw(&w, SL("{}"));
    jsonw_object_end(&w);
}
