/* The scenario: items with their decisions become steps, feeds and defaults.
 *
 * Called last by correlate. Everything up to the login is on_start, a logout and what follows it on_stop,
 * the rest one task. Pauses are the recorded ones between the end of what was under way and the next
 * start. Static assets that were fetched together are parallel. Text is copied into the scenario's arena:
 * the flow dies with the import. */
#include "base/enc.h"
#include "base/mem.h"
#include "base/num.h"
#include "http/form.h"
#include "scenarios/correlate/report.h"
#include "scenarios/template.h"
#include "scenarios/value.h"

#define TEXT_MAX ((size_t)512 << 20)
#define GROUP_MAX 100 /* assets in one parallel step */
#define PAUSE_MIN_NS (50 * (int64_t)NS_PER_MS)
#define PAUSE_LONG_NS (3600 * NS_PER_S)

struct builder {
    struct flow *f;
    struct scenario *out;
    struct arena *a; /* the scenario's */
    int64_t busy_until_ns;
    struct slice user_agent, language; /* the usual ones: defaults */
};

static struct slice rendered(struct builder *b, struct node *n)
{
    struct buf t = BUF_INIT(TEXT_MAX);
    node_render(b->f, n, &t);
    struct slice s = arena_dup(b->a, buf_slice(&t));
    buf_free(&t);
    return s;
}

static struct slice escaped(struct builder *b, struct slice s)
{
    struct buf t = BUF_INIT(TEXT_MAX);
    template_escape(&t, s);
    struct slice out = arena_dup(b->a, buf_slice(&t));
    buf_free(&t);
    return out;
}

/* ---- headers -------------------------------------------------------------------------------------- */

static struct slice most_common(struct builder *b, struct slice name)
{
    struct map *m = map_new();
    struct slice best = { 0 };
    size_t most = 0;
    for (size_t i = 0; i < b->f->n; i++) {
        struct slice v = headers_get(&b->f->items[i].ex->request.headers, name);
        if (!v.n) continue;
        void **at = map_at(m, v);
        size_t count = (size_t)(uintptr_t)*at + 1;
        *at = (void *)(uintptr_t)count;
        if (count > most) {
            most = count;
            best = v;
        }
    }
    map_free(m);
    return best;
}

static bool is_default(const struct builder *b, struct slice name, struct slice value)
{
    if (slice_ieq(name, SL("user-agent"))) return slice_eq(value, b->user_agent);
    if (slice_ieq(name, SL("accept-language"))) return slice_eq(value, b->language);
    return false;
}

/* The body's writer makes these itself. */
static bool is_made_by_body(const struct item *it, struct slice name, struct slice value)
{
    if (!slice_ieq(name, SL("content-type"))) return false;
    if (it->body_kind == BODY_KIND_MULTIPART) return true;
    if (it->body_kind == BODY_KIND_FORM)
        return slice_ieq(value, SL("application/x-www-form-urlencoded"));
    if (it->body_kind == BODY_KIND_JSON) return slice_ieq(value, SL("application/json"));
    return it->body_kind == BODY_KIND_NONE;
}

static bool is_wanted(const struct builder *b, const struct item *it, const struct field_nodes *h)
{
    struct slice name = h->name->text, value = h->value->text;
    if (is_default(b, name, value) || is_made_by_body(it, name, value)) return false;
    bool fetch = slice_istarts(name, SL("sec-fetch-"));
    if (it->is_static)
        return !fetch && !slice_ieq(name, SL("accept")) && !slice_ieq(name, SL("origin"));
    return !fetch || it->changes_state;
}

static void add_headers(struct builder *b, struct item *it, struct request_step *r)
{
    r->headers.v = arena_many(b->a, it->headers_n + 1, struct field);
    for (size_t i = 0; i < it->headers_n; i++) {
        struct field_nodes *h = &it->headers[i];
        if (!is_wanted(b, it, h)) continue;
        struct slice value = rendered(b, h->value), name = arena_dup(b->a, h->name->text);
        r->headers.v[r->headers.n++] = (struct field){ name, value };
    }
    if (it->cookie_node)
        r->headers.v[r->headers.n++] = (struct field){ SL("Cookie"), rendered(b, it->cookie_node) };
}

/* ---- bodies --------------------------------------------------------------------------------------- */

static struct slice base64_of(struct builder *b, struct slice bytes)
{
    struct buf t = BUF_INIT(TEXT_MAX);
    enc_base64(&t, bytes, false);
    struct slice s = arena_dup(b->a, buf_slice(&t));
    buf_free(&t);
    return s;
}

static void add_part(struct builder *b, const struct field_nodes *fn, struct form_part *p)
{
    *p = (struct form_part){ .name = rendered(b, fn->name) };
    p->file_name = escaped(b, fn->part->file_name);
    p->has_file_name = fn->part->has_file_name;
    p->content_type = escaped(b, fn->part->content_type);
    p->base64 = !value_is_printable(fn->value->text);
    p->value = p->base64 ? base64_of(b, fn->value->text) : rendered(b, fn->value);
}

static void add_fields(struct builder *b, struct item *it, struct request_step *r)
{
    if (it->body_kind == BODY_KIND_MULTIPART) {
        r->parts = arena_many(b->a, it->fields_n, struct form_part);
        for (size_t i = 0; i < it->fields_n; i++)
            add_part(b, &it->fields[i], &r->parts[i]);
        r->parts_n = it->fields_n;
        return;
    }
    r->form.v = arena_many(b->a, it->fields_n, struct field);
    for (size_t i = 0; i < it->fields_n; i++)
        r->form.v[r->form.n++] =
            (struct field){ rendered(b, it->fields[i].name), rendered(b, it->fields[i].value) };
}

static void add_body(struct builder *b, struct item *it, struct request_step *r)
{
    r->body_kind = it->body_kind;
    if (it->fields_n)
        add_fields(b, it, r);
    else if (it->body_kind == BODY_KIND_BASE64)
        r->body = base64_of(b, it->body->text);
    else if (it->body)
        r->body = rendered(b, it->body);
    if (it->ex->request.body_state == BODY_MISSING || it->ex->request.body_state == BODY_DAMAGED)
        report_warn(b->f, "complete its body in the scenario, or send the file (upload)",
                    "#%zu %.*s %.*s: the recording does not hold the whole body that was sent",
                    it->index, SL_FMT(it->ex->request.method), SL_FMT(it->url.path));
}

/* ---- steps ---------------------------------------------------------------------------------------- */

static struct slice step_url(struct builder *b, struct item *it)
{
    struct slice path = it->location.n ? arena_printf(b->a, "/${%.*s}", SL_FMT(it->location))
                                       : rendered(b, it->target);
    return it->main_origin ? path
                           : arena_printf(b->a, "%.*s%.*s", SL_FMT(it->origin), SL_FMT(path));
}

static struct slice dup(struct builder *b, struct slice s)
{
    return s.n ? arena_dup(b->a, s) : (struct slice){ 0 };
}

static void add_extracts(struct builder *b, struct item *it, struct request_step *r)
{
    r->extract = arena_many(b->a, it->extract_n ? it->extract_n : 1, struct extract);
    for (size_t i = 0; i < it->extract_n; i++) {
        struct extract *x = &r->extract[i];
        *x = it->extract[i];
        x->name = dup(b, x->name);
        x->expr = dup(b, x->expr);
        x->right = dup(b, x->right);
        x->regex = dup(b, x->regex);
    }
    r->extract_n = it->extract_n;
}

static void add_shape(struct builder *b, const struct item *it, struct request_step *r)
{
    const struct response *a = &it->ex->response;
    bool whole = a->body_state == BODY_WHOLE || a->body_state == BODY_NONE;
    struct shape_of of = { .type = headers_get(&a->headers, SL("content-type")),
                           .body = whole ? a->body : (struct slice){ 0 } };
    if (!of.type.n) of.type = a->mime;
    if (a->status >= 300 && a->status < 400) of.location = headers_get(&a->headers, SL("location"));
    if (!of.location.n && a->status >= 300 && a->status < 400) of.location = a->redirect;
    r->recorded_shape = shape_take(b->a, &of);
}

static void add_check(struct builder *b, const struct item *it, struct request_step *r)
{
    int status = it->ex->response.status;
    if (status == 304 || status == 206) status = 200;
    r->recorded_status = status;
    r->recorded_bytes = it->ex->response.body.n;
    if (status == 0 || (it->is_static && status < 400)) return;
    add_shape(b, it, r);
    r->checks = arena_one(b->a, struct check);
    r->checks[0] =
        (struct check){ .kind = CHECK_STATUS, .value = arena_printf(b->a, "%d", status) };
    r->checks_n = 1;
}

static struct step request_step(struct builder *b, struct item *it)
{
    struct request_step *r = arena_one(b->a, struct request_step);
    r->method = dup(b, it->ex->request.method);
    r->url = step_url(b, it);
    add_headers(b, it, r);
    add_body(b, it, r);
    add_extracts(b, it, r);
    add_check(b, it, r);
    r->recorded_ns = it->start_ns > 0 ? (uint64_t)it->start_ns : 0;
    if (it->location.n)
        r->name =
            arena_printf(b->a, "%.*s %.*s (redirected)", SL_FMT(r->method), SL_FMT(it->url.path));
    return (struct step){ .kind = STEP_REQUEST, .request = r };
}

struct steps {
    struct step *v;
    size_t n, cap;
};

static void push(struct builder *b, struct steps *s, struct step step)
{
    if (s->n == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 8;
        s->v = arena_grow(b->a, s->v, s->n * sizeof step, cap * sizeof step);
        s->cap = cap;
    }
    s->v[s->n++] = step;
}

static void push_pause(struct builder *b, struct steps *s, const struct item *it)
{
    int64_t pause = it->start_ns - b->busy_until_ns;
    double factor = b->f->cfg->pause_factor;
    if (b->busy_until_ns == 0 || pause < PAUSE_MIN_NS || factor <= 0) return;
    struct wait w = { .kind = WAIT_RECORDED, .a_ns = (uint64_t)((double)pause * factor) };
    if (w.a_ns > PAUSE_LONG_NS)
        report_warn(b->f, "take one sitting with --between, or shorten them: --pauses 0 is none",
                    "the recording pauses for more than an hour, and so will each user");
    w.a_ns -= w.a_ns % NS_PER_MS;
    push(b, s, (struct step){ .kind = STEP_THINK, .think = w });
}

static void push_sets(struct builder *b, struct steps *s, const struct item *it)
{
    if (!it->set_n) return;
    struct step step = { .kind = STEP_SET };
    step.set.v = arena_many(b->a, it->set_n, struct field);
    for (size_t i = 0; i < it->set_n; i++)
        step.set.v[step.set.n++] =
            (struct field){ dup(b, it->set[i].name), dup(b, it->set[i].value) };
    push(b, s, step);
}

static void passed(struct builder *b, const struct item *it)
{
    if (it->end_ns > b->busy_until_ns) b->busy_until_ns = it->end_ns;
}

/* Assets behind one another, each started before all earlier ones had ended. */
static size_t assets_from(const struct builder *b, size_t from, size_t to)
{
    size_t i = from;
    int64_t end = 0;
    for (; i < to; i++) {
        const struct item *it = &b->f->items[i];
        bool chained = it->hop_of || it->extract_n || it->set_n || i - from == GROUP_MAX;
        if (!it->is_static || chained || (i > from && it->start_ns > end)) break;
        if (it->end_ns > end) end = it->end_ns;
    }
    return i - from;
}

static struct step *steps_of_items(struct builder *b, size_t from, size_t to, size_t *n)
{
    struct steps s = { 0 };
    for (size_t i = from; i < to;) {
        struct item *it = &b->f->items[i];
        size_t assets = assets_from(b, i, to);
        push_pause(b, &s, it);
        push_sets(b, &s, it);
        if (assets < 2) {
            push(b, &s, request_step(b, it));
            passed(b, it);
            i++;
            continue;
        }
        struct step group = { .kind = STEP_PARALLEL };
        group.steps = arena_many(b->a, assets, struct step);
        for (; assets; assets--, i++) {
            group.steps[group.steps_n++] = request_step(b, &b->f->items[i]);
            passed(b, &b->f->items[i]);
        }
        push(b, &s, group);
    }
    *n = s.n;
    return s.v;
}

/* ---- the whole ------------------------------------------------------------------------------------ */

static bool is_logout(const struct item *it)
{
    const struct request *r = &it->ex->request;
    if (it->is_static || it->hop_of) return false;
    if (name_is_logout(it->url.target)) return true;
    return it->changes_state && r->body.n < 1000 &&
           slice_ifind(r->body, SL("logout")) != SLICE_NONE;
}

/* Where the logout begins: the last request that says so, if nothing that changes state is behind it. */
static size_t find_logout(const struct flow *f, size_t from)
{
    size_t at = f->n;
    for (size_t i = from; i < f->n; i++) {
        const struct item *it = &f->items[i];
        if (is_logout(it))
            at = at == f->n ? i : at;
        else if (it->changes_state && it->ex->request.body.n && at < f->n && i > at + 8)
            at = f->n;
    }
    return at > from ? at : f->n;
}

static void add_feeds(struct builder *b)
{
    struct flow *f = b->f;
    b->out->feeds = arena_many(b->a, 2, struct feed);
    if (f->cfg->feed)
        b->out->feeds[b->out->feeds_n++] = (struct feed){ .name = SL("account"),
                                                          .pick = PICK_UNIQUE,
                                                          .file = dup(b, slice_z(f->cfg->feed)) };
    if (!f->secrets.n) return;
    b->out->feeds[b->out->feeds_n++] =
        (struct feed){ .name = f->cfg->feed ? SL("secret") : SL("account"),
                       .pick = PICK_SEQUENTIAL,
                       .file = dup(b, slice_z(f->cfg->secrets_file)) };
}

static void add_defaults(struct builder *b)
{
    b->user_agent = most_common(b, SL("user-agent"));
    b->language = most_common(b, SL("accept-language"));
    struct fields *h = &b->out->headers;
    h->v = arena_many(b->a, 2, struct field);
    if (b->user_agent.n)
        h->v[h->n++] = (struct field){ SL("User-Agent"), escaped(b, b->user_agent) };
    if (b->language.n)
        h->v[h->n++] = (struct field){ SL("Accept-Language"), escaped(b, b->language) };
}

void flow_apply(struct flow *f)
{
    struct slice key;
    void *value;
    for (size_t i = 0; map_next(f->values, &i, &key, &value);)
        for (struct use *u = ((struct value *)value)->uses; u; u = u->next)
            if (u->expr.n) node_span(f, u->node, u->from, u->to, u->expr);
}

struct scenario *flow_build(struct flow *f, struct scenario *out)
{
    struct builder b = { .f = f, .out = out, .a = out->arena };
    out->target = dup(&b, f->target);
    add_defaults(&b);
    add_feeds(&b);
    size_t start = f->login == SIZE_MAX || f->login + 1 >= f->n ? 0 : f->login + 1;
    while (start && start < f->n && f->items[start].is_static)
        start++;
    if (start >= f->n) start = 0;
    size_t stop = find_logout(f, start);
    out->on_start = steps_of_items(&b, 0, start, &out->on_start_n);
    out->tasks = arena_one(b.a, struct task);
    out->tasks_n = 1;
    out->tasks[0].name = SL("recorded");
    out->tasks[0].weight = 1;
    out->tasks[0].steps = steps_of_items(&b, start, stop, &out->tasks[0].steps_n);
    out->on_stop = steps_of_items(&b, stop, f->n, &out->on_stop_n);
    return out;
}
