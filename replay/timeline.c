/* A recording as a timeline: split by client, each part correlated by itself (a client's tokens are its
 * own), put together as one scenario with a task per client. Called by cli/ for `run --timeline`.
 *
 * The clients' secrets, which import would write to a feed, are set at the beginning of each task.
 * Invariant: recorded_ns of every step counts from the first request of the whole recording. */
#include "replay/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/map.h"
#include "base/mem.h"

/* ---- splitting -------------------------------------------------------------------------------------------- */

struct part {
    struct session session; /* borrows the exchanges */
};

static void add_exchange(struct part *p, struct exchange *ex)
{
    struct session *s = &p->session;
    mem_grow(&s->exchanges, &s->cap, s->n + 1, sizeof *s->exchanges);
    s->exchanges[s->n++] = ex;
}

static struct part *part_of(struct map *by_client, const struct session *whole, struct slice client)
{
    void **at = map_at(by_client, client);
    if (*at) return *at;
    struct part *p = mem_alloc(1, sizeof *p);
    p->session = *whole;
    p->session.exchanges = NULL;
    p->session.n = p->session.cap = 0;
    *at = p;
    return p;
}

/* The address of "address:port": connections of one address are one client, unless told otherwise. */
static struct slice client_of(const struct exchange *ex, bool by_connection)
{
    struct slice c = ex->client;
    size_t n = by_connection ? 0 : c.n;
    while (n && c.p[n - 1] != ':')
        n--;
    return n > 1 ? slice_sub(c, 0, n - 1) : c;
}

/* ---- one client -------------------------------------------------------------------------------------------- */

static bool sets_cookies(const struct exchange *ex)
{
    return headers_has(&ex->response.headers, SL("set-cookie"));
}

static const struct exchange *exchange_of(const struct session *s, const struct request_step *r,
                                          int64_t at)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->exchanges[i]->start_ns == at && slice_eq(s->exchanges[i]->request.method, r->method))
            return s->exchanges[i];
    return NULL;
}

/* begins: UTC of what the steps' times count from; zero: of the whole recording's first request. */
static void mark_steps(const struct session *s, struct step *v, size_t n, int64_t begins,
                       int64_t zero)
{
    for (size_t i = 0; i < n; i++) {
        struct request_step *r = v[i].request;
        mark_steps(s, v[i].steps, v[i].steps_n, begins, zero);
        if (!r) continue;
        int64_t at = begins + (int64_t)r->recorded_ns;
        const struct exchange *ex = exchange_of(s, r, at);
        r->recorded_cookies = ex && sets_cookies(ex);
        r->recorded_ns = at > zero ? (uint64_t)(at - zero) : 0;
    }
}

/* "account.username" and so on, from the CSV that import would have written beside the scenario. */
static bool secrets_step(struct arena *a, const struct scenario *s, struct slice secrets,
                         struct step *out, struct err *err)
{
    struct csv csv;
    struct slice *names, *values;
    size_t n, values_n;
    *out = (struct step){ .kind = STEP_SET };
    if (secrets.n == 0 || s->feeds_n == 0) return true;
    csv_init(&csv, "secrets", secrets);
    if (!csv_row(&csv, a, &names, &n, err) || !csv_row(&csv, a, &values, &values_n, err))
        return !err_is(err);
    out->set.v = arena_many(a, n, struct field);
    for (size_t i = 0; i < n && i < values_n; i++) {
        struct buf text = BUF_INIT(1u << 20);
        template_escape(&text, values[i]);
        out->set.v[out->set.n++] =
            (struct field){ arena_printf(a, "%.*s.%.*s", SL_FMT(s->feeds[s->feeds_n - 1].name),
                                         SL_FMT(names[i])),
                            arena_dup(a, buf_slice(&text)) };
        buf_free(&text);
    }
    return true;
}

static void append(struct step *out, size_t *n, const struct step *v, size_t v_n)
{
    if (v_n) memcpy(&out[*n], v, v_n * sizeof *v);
    *n += v_n;
}

/* The client's walk as one task of the whole. */
static bool add_task(struct timeline *t, struct scenario *s, struct slice secrets,
                     const struct session *from, struct err *err)
{
    struct scenario *out = t->scenario;
    struct arena *a = s->arena;
    struct task *task = &out->tasks[out->tasks_n];
    size_t n = s->on_start_n + s->on_stop_n + 1;
    for (size_t i = 0; i < s->tasks_n; i++)
        n += s->tasks[i].steps_n;
    *task = (struct task){ .name = arena_dup(a, from->exchanges[0]->client), .weight = 1 };
    task->steps = arena_many(a, n, struct step);
    if (!secrets_step(a, s, secrets, &task->steps[0], err)) return false;
    task->steps_n = 1;
    append(task->steps, &task->steps_n, s->on_start, s->on_start_n);
    for (size_t i = 0; i < s->tasks_n; i++)
        append(task->steps, &task->steps_n, s->tasks[i].steps, s->tasks[i].steps_n);
    append(task->steps, &task->steps_n, s->on_stop, s->on_stop_n);
    out->tasks_n++;
    return true;
}

static bool add_client(struct timeline *t, const struct session *whole, const struct session *part,
                       const struct import_cfg *cfg, struct err *err)
{
    struct import_report report = { 0 };
    struct import_cfg own = *cfg;
    own.secrets_file = "secrets";
    struct scenario *s = correlate(&part, 1, &own, &report, err);
    if (!s) return false;
    t->parts[t->parts_n++] = s;
    t->tokens += report.tokens_n;
    if (t->scenario->target.n == 0) {
        t->scenario->target = s->target;
        t->scenario->headers = s->headers;
    }
    if (!add_task(t, s, report.secrets, part, err)) return false;
    struct task *task = &t->scenario->tasks[t->scenario->tasks_n - 1];
    mark_steps(part, task->steps, task->steps_n, report.start_ns, whole->exchanges[0]->start_ns);
    return true;
}

/* ---- all of them --------------------------------------------------------------------------------------------- */

static bool add_clients(struct timeline *t, const struct session *s, struct map *by_client,
                        const struct import_cfg *cfg, struct err *err)
{
    size_t at = 0, n = map_count(by_client);
    struct slice client;
    void *part;
    t->parts = mem_alloc(n, sizeof(void *));
    t->scenario->tasks = arena_many(t->scenario->arena, n, struct task);
    while (map_next(by_client, &at, &client, &part))
        if (!add_client(t, s, &((struct part *)part)->session, cfg, err)) return false;
    return true;
}

static void free_parts(struct map *by_client)
{
    size_t at = 0;
    struct slice client;
    void *part;
    while (map_next(by_client, &at, &client, &part)) {
        free(((struct part *)part)->session.exchanges);
        free(part);
    }
    map_free(by_client);
}

/* The recording's file name without folder and extension. */
static struct slice name_of(struct slice path)
{
    size_t from = path.n, dot;
    while (from > 0 && path.p[from - 1] != '/')
        from--;
    struct slice name = slice_from(path, from);
    for (dot = name.n; dot > 1 && name.p[dot - 1] != '.';)
        dot--;
    return dot > 1 ? slice_sub(name, 0, dot - 1) : name;
}

struct timeline *timeline_new(const struct session *s, const struct import_cfg *cfg,
                              bool by_connection, struct err *err)
{
    if (s->n == 0) {
        err_set(err, ERR_INPUT, "%.*s: no requests to replay", SL_FMT(s->source));
        return NULL;
    }
    struct timeline *t = mem_alloc(1, sizeof *t);
    struct map *by_client = map_new();
    t->scenario = scenario_new();
    t->scenario->name = arena_dup(t->scenario->arena, name_of(s->source));
    t->length_ns = (uint64_t)(s->exchanges[s->n - 1]->start_ns - s->exchanges[0]->start_ns);
    for (size_t i = 0; i < s->n; i++)
        add_exchange(part_of(by_client, s, client_of(s->exchanges[i], by_connection)),
                     s->exchanges[i]);
    bool ok = add_clients(t, s, by_client, cfg, err);
    free_parts(by_client);
    if (ok) return t;
    timeline_free(t);
    return NULL;
}

void timeline_free(struct timeline *t)
{
    if (!t) return;
    scenario_free(t->scenario);
    for (size_t i = 0; i < t->parts_n; i++)
        scenario_free(t->parts[i]);
    free(t->parts);
    free(t);
}
