/* What is served under which path. Called by server.c twice per request: when its head is there, to refuse
 * it before any body is read, and when it is whole.
 *
 * Everything is refused that is not in the table or a file of the page. Invariant: no handler runs before
 * guard_check said GUARD_FINE. */
#include "web/route.h"

#include "base/clock.h"
#include "base/json.h"

#define SMALL_BODY (64 * 1024)
#define UPLOAD_BODY (1024UL * 1024 * 1024)

enum { READS = 0, CHANGES = 1, UPLOADS = 2 };

struct route {
    struct slice method, path;
    int kind;
    void (*answer)(struct site *s, const struct ask *q, struct reply *r);
};

static const struct route routes[] = {
    { SL("GET"), SL("/api/state"), READS, api_state },
    { SL("GET"), SL("/api/events"), READS, api_events },
    { SL("GET"), SL("/api/plan"), READS, api_plan },
    { SL("POST"), SL("/api/plan"), CHANGES, api_preview },
    { SL("POST"), SL("/api/start"), CHANGES, api_start },
    { SL("POST"), SL("/api/edit"), CHANGES, api_edit },
    { SL("POST"), SL("/api/stop"), CHANGES, api_stop },
    { SL("POST"), SL("/api/reset"), CHANGES, api_reset },
    { SL("POST"), SL("/api/again"), CHANGES, api_again },
    { SL("POST"), SL("/api/scenario"), CHANGES | UPLOADS, api_upload },
    { SL("GET"), SL("/api/stats"), READS, api_stats },
    { SL("GET"), SL("/api/failures"), READS, api_failures },
    { SL("GET"), SL("/api/history"), READS, api_history },
    { SL("GET"), SL("/api/workers"), READS, api_workers },
    { SL("GET"), SL("/api/trace"), READS, api_trace },
    { SL("GET"), SL("/api/summary"), READS, download_json },
    { SL("GET"), SL("/api/jtl"), READS, download_jtl },
    { SL("GET"), SL("/api/archive"), READS, download_archive },
    { SL("GET"), SL("/metrics"), READS, metrics },
    /* Locust's */
    { SL("POST"), SL("/swarm"), CHANGES, locust_swarm },
    { SL("GET"), SL("/stop"), CHANGES, locust_stop },
    { SL("GET"), SL("/stats/reset"), CHANGES, locust_reset },
    { SL("GET"), SL("/stats/requests"), READS, locust_requests },
    { SL("GET"), SL("/stats/requests/csv"), READS, download_stats },
    { SL("GET"), SL("/stats/requests_full_history/csv"), READS, download_history },
    { SL("GET"), SL("/stats/failures/csv"), READS, download_failures },
    { SL("GET"), SL("/stats/report"), READS, download_html },
    { SL("GET"), SL("/exceptions"), READS, locust_exceptions },
    { SL("GET"), SL("/exceptions/csv"), READS, download_exceptions },
    { SL("GET"), SL("/tasks"), READS, locust_tasks },
    { SL("GET"), SL("/logs"), READS, locust_logs },
};
#define ROUTES (sizeof routes / sizeof *routes)

struct slice ask_arg(const struct ask *q, const char *name)
{
    for (size_t i = 0; i < q->args_n; i++)
        if (slice_eq(q->args[i].name, slice_z(name))) return q->args[i].value;
    return (struct slice){ NULL, 0 };
}

void reply_error(struct reply *r, unsigned status, struct slice sentence)
{
    struct jsonw w = { .out = &r->body };
    buf_reset(&r->body);
    r->status = status;
    r->type = "application/json";
    jsonw_object(&w);
    jsonw_put_str(&w, "error", sentence);
    jsonw_object_end(&w);
}

/* HEAD is answered as GET; the server leaves the body out. */
static struct slice method_of(const struct ask *q)
{
    return slice_eq(q->method, SL("HEAD")) ? SL("GET") : q->method;
}

static const struct route *find(const struct ask *q, bool *path_known)
{
    *path_known = false;
    for (size_t i = 0; i < ROUTES; i++) {
        if (!slice_eq(routes[i].path, q->path)) continue;
        *path_known = true;
        if (slice_eq(routes[i].method, method_of(q))) return &routes[i];
    }
    return NULL;
}

static const struct asset *asset_at(struct slice path)
{
    for (const struct asset *a = web_assets; a->path; a++)
        if (slice_eq(slice_z(a->path), path)) return a;
    return NULL;
}

static const struct asset *find_asset(const struct ask *q)
{
    if (!slice_eq(method_of(q), SL("GET"))) return NULL;
    return asset_at(slice_eq(q->path, SL("/")) ? SL("/index.html") : q->path);
}

static void refuse(struct reply *r, enum guard_verdict v)
{
    static const struct {
        unsigned status;
        struct slice why;
    } answers[] = {
        [GUARD_HOST] = { 421, SL("This server does not answer under that name; use its address.") },
        [GUARD_ORIGIN] = { 403, SL("A page of another site may not ask for this.") },
        [GUARD_TOKEN] = { 401, SL("Open the link with the token that reprise printed.") },
        [GUARD_RATE] = { 429, SL("Too many requests from this address; wait a moment.") },
    };
    reply_error(r, answers[v].status, answers[v].why);
}

static void not_there(struct reply *r, bool path_known)
{
    if (path_known) {
        r->allow = "GET, POST";
        reply_error(r, 405, SL("This path is not asked for in that way."));
    } else {
        reply_error(r, 404, SL("There is nothing under this path."));
    }
}

bool route_admit(struct site *s, const struct ask *q, struct admission *a, struct reply *r)
{
    bool path_known;
    const struct route *route = find(q, &path_known);
    bool page = !route && find_asset(q);
    bool changes = !page && (!route || (route->kind & CHANGES) != 0);
    pthread_mutex_lock(&s->board.lock);
    enum guard_verdict v = guard_check(&s->guard, q, changes, clock_mono_ns());
    pthread_mutex_unlock(&s->board.lock);
    *a = (struct admission){ .max_body = SMALL_BODY };
    if (v == GUARD_TOKEN && page) v = GUARD_FINE; /* the page's files are no secret */
    if (v != GUARD_FINE) {
        refuse(r, v);
        return false;
    }
    if (!route && !page) {
        not_there(r, path_known);
        return false;
    }
    if (!route || !(route->kind & UPLOADS)) return true;
    *a = (struct admission){ UPLOAD_BODY, true };
    return true;
}

static void serve_asset(struct site *s, const struct ask *q, const struct asset *a, struct reply *r)
{
    bool page = slice_eq(q->path, SL("/"));
    r->type = a->type;
    if (page && guard_token_in_query(&s->guard, q)) { /* the token leaves the address bar */
        r->status = 303;
        r->location = SL("/");
        r->set_cookie = true;
    } else if (page && !guard_token_is_fine(&s->guard, q)) {
        r->status = 401;
        r->asset = asset_at(SL("/token.html"));
    } else if (slice_eq(q->if_none_match, slice_z(a->etag))) {
        r->status = 304;
        r->asset = a;
    } else {
        r->asset = a;
    }
}

void route_answer(struct site *s, const struct ask *q, struct reply *r)
{
    bool path_known;
    const struct route *route = find(q, &path_known);
    const struct asset *asset = route ? NULL : find_asset(q);
    r->status = 200;
    r->type = "application/json";
    if (route) {
        route->answer(s, q, r);
    } else if (asset) {
        serve_asset(s, q, asset, r);
    } else {
        not_there(r, path_known);
    }
}
