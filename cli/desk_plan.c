/* What a start would do, as JSON for the page: hosts, load, tasks, tokens from producer to use, the text.
 * Called by cli/desk.c. Read from the scenario and the compiled plan alone, so that an imported recording
 * and a scenario written by hand are told the same way. Secrets in the text are masked. */
#include "cli/desk.h"

#include "base/json.h"
#include "base/log.h"
#include "base/num.h"
#include "scenarios/scenarios.h"

#define TOKENS_MAX 300
#define USES_MAX 200
#define LABEL_BYTES 160

/* A request of the scenario in the order of the file. */
struct numbered {
    unsigned number; /* from 1 */
    const struct request_step *request;
};

struct writing {
    struct jsonw w;
    const struct scenario *s;
    struct arena *arena;
    struct numbered *requests;
    size_t requests_n, requests_cap;
};

/* ---- requests ---------------------------------------------------------------------------------------- */

static void number_steps(struct writing *p, const struct step *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (v[i].kind == STEP_REQUEST && v[i].request) {
            size_t k = p->requests_n, size = sizeof *p->requests;
            p->requests = arena_grow(p->arena, p->requests, k * size, (k + 1) * size);
            p->requests[k] = (struct numbered){ (unsigned)k + 1, v[i].request };
            p->requests_n++;
        }
        number_steps(p, v[i].steps, v[i].steps_n);
    }
}

static void number_all(struct writing *p)
{
    number_steps(p, p->s->on_start, p->s->on_start_n);
    for (size_t i = 0; i < p->s->tasks_n; i++)
        number_steps(p, p->s->tasks[i].steps, p->s->tasks[i].steps_n);
    number_steps(p, p->s->on_stop, p->s->on_stop_n);
}

static size_t count_steps(const struct step *v, size_t n)
{
    size_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (v[i].kind == STEP_REQUEST) + count_steps(v[i].steps, v[i].steps_n);
    return sum;
}

static bool changes_state(const struct request_step *r)
{
    return !slice_eq(r->method, SL("GET")) && !slice_eq(r->method, SL("HEAD")) &&
           !slice_eq(r->method, SL("OPTIONS"));
}

static struct slice label(struct writing *p, const struct numbered *n, const char *behind)
{
    const struct request_step *r = n->request;
    struct slice name = r->name.n ? r->name : r->url;
    bool has_method = slice_starts(name, r->method);
    return arena_printf(p->arena, "#%u %.*s%s%.*s%s", n->number, has_method ? 0 : (int)r->method.n,
                        r->method.p, has_method ? "" : " ", SL_FMT(slice_sub(name, 0, LABEL_BYTES)),
                        behind);
}

/* ---- hosts ----------------------------------------------------------------------------------------------- */

static struct slice origin_text(struct arena *a, const struct origin *o)
{
    return arena_printf(a, "%.*s://%.*s", SL_FMT(o->scheme), SL_FMT(o->authority));
}

static void host(struct writing *p, const struct plan *plan, const struct origin *o)
{
    struct jsonw *w = &p->w;
    size_t n = 0;
    for (size_t i = 0; i < plan->requests_n; i++)
        n += plan->requests[i]->origin == o;
    jsonw_object(w);
    jsonw_put_str(w, "origin", origin_text(p->arena, o));
    jsonw_put_bool(w, "local", host_is_loopback(o->host));
    jsonw_put_bool(w, "allowed", true);
    jsonw_put_u64(w, "requests", n);
    jsonw_object_end(w);
}

static void hosts(struct writing *p, const struct plan *plan)
{
    size_t n;
    const struct origin *const *v = hosts_table(plan->hosts, &n);
    jsonw_put_array(&p->w, "hosts");
    for (size_t i = 0; i < n; i++)
        host(p, plan, v[i]);
    jsonw_array_end(&p->w);
}

void desk_far_hosts(const struct job *job, struct buf *out)
{
    struct arena *a = arena_new();
    size_t n;
    const struct origin *const *v = hosts_table(job->plan->hosts, &n);
    for (size_t i = 0; i < n; i++) {
        if (host_is_loopback(v[i]->host)) continue;
        if (out->n) buf_addz(out, ", ");
        buf_add(out, origin_text(a, v[i]));
    }
    arena_free(a);
}

/* ---- load, tasks ------------------------------------------------------------------------------------------- */

static void load(struct jsonw *w, const struct load *l, double think_factor)
{
    jsonw_put_object(w, "load");
    jsonw_put_str(w, "model", l->arrival == ARRIVAL_NONE ? SL("closed") : SL("open"));
    jsonw_put_u64(w, "users", l->users);
    jsonw_put_f64(w, "spawn_rate", l->spawn_rate, 6);
    jsonw_put_f64(w, "rate", l->rate, 6);
    jsonw_put_f64(w, "run_time_s", (double)l->run_time_ns / (double)NS_PER_S, 6);
    jsonw_put_u64(w, "iterations", l->iterations);
    jsonw_put_u64(w, "loops", l->loops);
    jsonw_put_f64(w, "think_factor", think_factor, 6);
    jsonw_put_array(w, "stages");
    for (size_t i = 0; i < l->stages_n; i++) {
        jsonw_object(w);
        jsonw_put_f64(w, "duration_s", (double)l->stages[i].duration_ns / (double)NS_PER_S, 6);
        jsonw_put_f64(w, "target", l->stages[i].target, 6);
        jsonw_object_end(w);
    }
    jsonw_array_end(w);
    jsonw_object_end(w);
}

static void tasks(struct jsonw *w, const struct scenario *s)
{
    uint64_t weights = 0;
    jsonw_put_array(w, "tasks");
    for (size_t i = 0; i < s->tasks_n; i++) {
        weights += s->tasks[i].weight;
        jsonw_object(w);
        jsonw_put_str(w, "name", s->tasks[i].name);
        jsonw_put_u64(w, "weight", s->tasks[i].weight);
        jsonw_put_u64(w, "requests", count_steps(s->tasks[i].steps, s->tasks[i].steps_n));
        jsonw_object_end(w);
    }
    jsonw_array_end(w);
    jsonw_put_object(w, "ratio");
    for (size_t i = 0; i < s->tasks_n; i++) {
        jsonw_key_s(w, s->tasks[i].name);
        jsonw_f64(w, weights ? (double)s->tasks[i].weight / (double)weights : 0, 6);
    }
    jsonw_object_end(w);
}

static void thresholds(struct jsonw *w, const struct run_info *info)
{
    jsonw_put_array(w, "thresholds");
    for (size_t i = 0; i < info->thresholds_n; i++)
        jsonw_str(w, info->thresholds[i].rule);
    jsonw_array_end(w);
}

/* ---- tokens ------------------------------------------------------------------------------------------------- */

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Whether a template's ${…} holds the name as a word. */
static bool names_it(struct slice text, struct slice name)
{
    size_t at = 0, found;
    if (slice_find(text, SL("${")) == SLICE_NONE) return false;
    while ((found = slice_find(slice_from(text, at), name)) != SLICE_NONE) {
        size_t start = at + found, end = start + name.n;
        bool word = start >= 2 && !is_name_byte(text.p[start - 1]) &&
                    (end == text.n || !is_name_byte(text.p[end]));
        size_t open = slice_find(slice_sub(text, 0, start), SL("${"));
        if (word && open != SLICE_NONE) return true;
        at = end;
    }
    return false;
}

static bool fields_name_it(const struct fields *f, struct slice name)
{
    for (size_t i = 0; i < f->n; i++)
        if (names_it(f->v[i].value, name) || names_it(f->v[i].name, name)) return true;
    return false;
}

static bool parts_name_it(const struct request_step *r, struct slice name)
{
    for (size_t i = 0; i < r->parts_n; i++)
        if (names_it(r->parts[i].value, name)) return true;
    return false;
}

static const char *place_of_use(const struct request_step *r, struct slice name)
{
    if (names_it(r->url, name)) return ", address";
    if (fields_name_it(&r->headers, name)) return ", header";
    if (fields_name_it(&r->form, name) || parts_name_it(r, name)) return ", form";
    return names_it(r->body, name) ? ", body" : NULL;
}

static void uses(struct writing *p, struct slice name)
{
    size_t shown = 0;
    jsonw_put_array(&p->w, "uses");
    for (size_t i = 0; i < p->requests_n && shown < USES_MAX; i++) {
        const char *where = place_of_use(p->requests[i].request, name);
        if (!where) continue;
        jsonw_str(&p->w, label(p, &p->requests[i], where));
        shown++;
    }
    jsonw_array_end(&p->w);
}

static struct slice extractor(struct writing *p, const struct extract *x)
{
    static const char *const kinds[] = { "json",  "header",  "cookie",   "html", "xml",
                                         "regex", "between", "location", "body" };
    return arena_printf(p->arena, "%s %.*s", kinds[x->kind], SL_FMT(slice_sub(x->expr, 0, 120)));
}

static void token(struct writing *p, const struct numbered *n, const struct extract *x)
{
    jsonw_object(&p->w);
    jsonw_put_str(&p->w, "name", x->name);
    jsonw_put_str(&p->w, "from", label(p, n, ""));
    jsonw_put_str(&p->w, "extract", extractor(p, x));
    uses(p, x->name);
    jsonw_object_end(&p->w);
}

static void tokens(struct writing *p)
{
    size_t shown = 0;
    jsonw_put_array(&p->w, "tokens");
    for (size_t i = 0; i < p->requests_n; i++)
        for (size_t k = 0; k < p->requests[i].request->extract_n && shown < TOKENS_MAX;
             k++, shown++)
            token(p, &p->requests[i], &p->requests[i].request->extract[k]);
    jsonw_array_end(&p->w);
}

/* ---- the text -------------------------------------------------------------------------------------------------- */

/* "  password: hunter2" or "{ password: hunter2 }": a literal value behind a secret's name. */
static void masked_line(struct buf *out, struct slice line)
{
    size_t at = 0, colon;
    while ((colon = slice_chr(slice_from(line, at), ':')) != SLICE_NONE) {
        size_t end = at + colon, start = end, stop;
        while (start > 0 && (is_name_byte(line.p[start - 1]) || line.p[start - 1] == '-'))
            start--;
        buf_add(out, slice_sub(line, at, end + 1));
        at = end + 1;
        if (!log_is_secret_name(slice_sub(line, start, end))) continue;
        for (stop = at; stop < line.n && line.p[stop] != ',' && line.p[stop] != '}';)
            stop++;
        struct slice value = slice_trim(slice_sub(line, at, stop));
        if (value.n == 0 || value.p[0] == '{' || slice_find(value, SL("${")) != SLICE_NONE)
            continue;
        buf_addc(out, ' ');
        log_mask(out, value);
        at = stop;
    }
    buf_add(out, slice_from(line, at));
}

static size_t indent_of(struct slice line)
{
    size_t n = 0;
    while (n < line.n && (line.p[n] == ' ' || line.p[n] == '-'))
        n++;
    return n;
}

/* Under "extract:" stand names and how they are found, no values. */
static void text(struct jsonw *w, struct slice yaml)
{
    struct buf b = BUF_INIT(yaml.n * 2 + 1000);
    struct slice line;
    size_t extract = SLICE_NONE; /* indent of the block we are in */
    while (slice_next(&yaml, '\n', &line)) {
        size_t indent = indent_of(line);
        if (extract != SLICE_NONE && indent <= extract) extract = SLICE_NONE;
        if (extract == SLICE_NONE) {
            masked_line(&b, line);
        } else {
            buf_add(&b, line);
        }
        if (slice_eq(slice_trim(slice_from(line, indent)), SL("extract:"))) extract = indent;
        buf_addc(&b, '\n');
    }
    jsonw_put_str(w, "text", buf_slice(&b));
    buf_free(&b);
}

void desk_plan_json(const struct desk_plan *d, struct buf *out)
{
    const struct job *j = d->job;
    struct writing p = { .w = { .out = out }, .s = j->scenario, .arena = arena_new() };
    size_t changing = 0;
    number_all(&p);
    for (size_t i = 0; i < p.requests_n; i++)
        changing += changes_state(p.requests[i].request);
    jsonw_object(&p.w);
    jsonw_put_bool(&p.w, "ready", true);
    jsonw_put_str(&p.w, "name", j->info.scenario);
    jsonw_put_str(&p.w, "file", d->file);
    jsonw_put_str(&p.w, "target", j->info.target);
    jsonw_put_str(&p.w, "host", slice_z(j->o.host));
    jsonw_put_u64(&p.w, "requests", p.requests_n);
    jsonw_put_u64(&p.w, "changes_state", changing);
    hosts(&p, j->plan);
    load(&p.w, &j->load, j->o.think_factor);
    thresholds(&p.w, &j->info);
    tasks(&p.w, j->scenario);
    tokens(&p);
    jsonw_key(&p.w, "import");
    jsonw_raw(&p.w, d->import.n ? d->import : SL("null"));
    text(&p.w, j->scenario->text);
    jsonw_object_end(&p.w);
    arena_free(p.arena);
}

void desk_no_plan_json(struct slice file, struct slice problem, struct buf *out)
{
    struct load none = { .users = 1 };
    struct jsonw w = { .out = out };
    jsonw_object(&w);
    jsonw_put_bool(&w, "ready", false);
    jsonw_put_str(&w, "name", SL(""));
    jsonw_put_str(&w, "file", file);
    jsonw_put_str(&w, "problem", problem);
    jsonw_put_str(&w, "target", SL(""));
    jsonw_put_str(&w, "host", SL(""));
    jsonw_put_u64(&w, "requests", 0);
    jsonw_put_u64(&w, "changes_state", 0);
    load(&w, &none, 1);
    for (const char *const *k =
             (const char *const[]){ "hosts", "thresholds", "tasks", "tokens", NULL };
         *k; k++) {
        jsonw_key(&w, *k);
        jsonw_raw(&w, SL("[]"));
    }
    jsonw_key(&w, "ratio");
    jsonw_raw(&w, SL("{}"));
    jsonw_key(&w, "import");
    jsonw_null(&w);
    jsonw_put_str(&w, "text", SL(""));
    jsonw_object_end(&w);
}
