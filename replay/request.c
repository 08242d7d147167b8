/* Compiles one request step: wire templates with Host, headers and length, extractors, checks. Called by
 * the plan's compiler only.
 *
 * Everything that is known before the run is text of one span; what holds a variable is a template between
 * spans. Content-Length of a body with variables and the Cookie line are written when it is sent. */
#include "replay/compile.h"

#include "base/enc.h"
#include "base/mem.h"
#include "base/num.h"
#include "http/form.h"
#include "replay/line.h"

#define MAX_BODY_FILE (256u << 20)
#define BOUNDARY "----RepriseFormBoundary7d8f3a1c9b2e4065"

/* ---- which origin, which target ------------------------------------------------------------------ */

/* Length of "scheme://authority" at the start of text; 0 if it does not start with one. */
static size_t origin_length(struct slice text)
{
    static const struct slice schemes[] = { SL("http://"), SL("https://"), SL("ws://"),
                                            SL("wss://") };
    for (size_t i = 0; i < 4; i++) {
        if (!slice_istarts(text, schemes[i])) continue;
        size_t n = schemes[i].n;
        while (n < text.n && text.p[n] != '/' && text.p[n] != '?' && text.p[n] != '#')
            n++;
        return n;
    }
    return 0;
}

static bool has_variable(struct slice text)
{
    return slice_find(text, SL("${")) != SLICE_NONE;
}

/* Sets q->origin and gives the target's text; the whole URL's text if the origin is not known yet. */
static bool split_url(struct compiler *c, const struct request_step *r, struct plan_request *q,
                      struct slice *target, struct err *err)
{
    struct slice text = slice_trim(r->url);
    size_t n = origin_length(text);
    struct url u;
    *target = text;
    if (n && has_variable(slice_sub(text, 0, n))) return true;
    if (n == 0 && slice_starts(text, SL("${"))) return true;
    q->origin = hosts_target(c->plan->hosts);
    if (n) {
        if (!url_parse(slice_sub(text, 0, n), &u))
            return err_set(err, ERR_INPUT, "\"%.*s\" is not a URL", SL_FMT(text));
        q->origin = hosts_add(c->plan->hosts, &u, err);
        if (!q->origin) return false;
        *target = slice_from(text, n);
    }
    if (q->origin == hosts_target(c->plan->hosts)) q->prefix = hosts_prefix(c->plan->hosts);
    if (!slice_starts(*target, SL("/")))
        *target = arena_printf(c->plan->arena, "/%.*s", SL_FMT(*target));
    return true;
}

static struct follow follow_of(const struct compiler *c)
{
    const struct hosts *h = c->plan->hosts;
    struct slice from = hosts_recorded(h), base = hosts_base(h), prefix = hosts_prefix(h);
    if (!from.n) return (struct follow){ 0 };
    return (struct follow){ from, arena_printf(c->plan->arena, "%.*s%.*s", SL_FMT(base),
                                               SL_FMT(prefix)) };
}

static void begin(const struct compiler *c, struct wire_maker *m)
{
    wire_begin(m, c->plan->arena, c->plan->scope);
    m->follow = follow_of(c);
}

/* ---- headers -------------------------------------------------------------------------------------- */

static const struct field *find_field(const struct fields *f, struct slice name)
{
    for (size_t i = 0; i < f->n; i++)
        if (slice_ieq(f->v[i].name, name)) return &f->v[i];
    return NULL;
}

static const struct field *find_header(const struct compiler *c, const struct request_step *r,
                                       struct slice name)
{
    const struct field *f = find_field(&r->headers, name);
    return f ? f : find_field(&c->s->headers, name);
}

/* An origin has no path, so not the prefix of --host. Other headers follow as all texts do. */
static struct slice follow_target(const struct compiler *c, const struct field *f)
{
    struct slice recorded = hosts_recorded(c->plan->hosts);
    bool ours = slice_ieq(f->name, SL("origin")) && recorded.n && slice_ieq(f->value, recorded);
    return ours ? hosts_base(c->plan->hosts) : f->value;
}

static bool is_written_apart(struct slice name)
{
    return slice_ieq(name, SL("content-length")) || slice_ieq(name, SL("transfer-encoding")) ||
           slice_ieq(name, SL("cookie"));
}

static bool add_header(struct compiler *c, struct wire_maker *m, const struct field *f,
                       struct err *err)
{
    if (is_written_apart(f->name)) return true;
    struct slice value = follow_target(c, f);
    bool broken = f->name.n == 0 || slice_chr(f->name, ':') != SLICE_NONE;
    for (size_t i = 0; i < f->name.n; i++)
        broken |= (unsigned char)f->name.p[i] <= ' ';
    for (size_t i = 0; i < value.n; i++)
        broken |= value.p[i] == '\r' || value.p[i] == '\n' || value.p[i] == '\0';
    if (broken) return err_set(err, ERR_INPUT, "header \"%.*s\" cannot be sent", SL_FMT(f->name));
    wire_bytes(m, f->name);
    wire_bytes(m, SL(": "));
    wire_text(m, value, WIRE_RAW, err);
    wire_bytes(m, SL("\r\n"));
    return true;
}

static void add_default(struct compiler *c, struct wire_maker *m, const struct request_step *r,
                        const char *name, struct slice value)
{
    if (find_header(c, r, slice_z(name)) || value.n == 0) return;
    wire_bytes(m, slice_z(name));
    wire_bytes(m, SL(": "));
    wire_bytes(m, value);
    wire_bytes(m, SL("\r\n"));
}

static struct slice default_type(enum body_kind kind)
{
    switch (kind) {
    case BODY_KIND_FORM: return SL("application/x-www-form-urlencoded");
    case BODY_KIND_JSON: return SL("application/json");
    case BODY_KIND_MULTIPART: return SL("multipart/form-data; boundary=" BOUNDARY);
    case BODY_KIND_NONE:
    case BODY_KIND_RAW:
    case BODY_KIND_BASE64:
    case BODY_KIND_FILE: break;
    }
    return (struct slice){ 0 };
}

/* A multipart type without a boundary gets ours. */
static bool is_boundless_multipart(const struct request_step *r, const struct field *f)
{
    return r->body_kind == BODY_KIND_MULTIPART && slice_ieq(f->name, SL("content-type")) &&
           slice_ifind(f->value, SL("boundary=")) == SLICE_NONE;
}

static bool add_headers(struct compiler *c, struct wire_maker *m, const struct request_step *r,
                        struct err *err)
{
    for (size_t i = 0; i < c->s->headers.n; i++) {
        const struct field *f = &c->s->headers.v[i];
        if (!find_field(&r->headers, f->name) && !add_header(c, m, f, err)) return false;
    }
    for (size_t i = 0; i < r->headers.n; i++) {
        struct field f = r->headers.v[i];
        if (is_boundless_multipart(r, &f)) f.value = default_type(BODY_KIND_MULTIPART);
        if (!add_header(c, m, &f, err)) return false;
    }
    add_default(c, m, r, "User-Agent", slice_z(c->cfg->user_agent));
    add_default(c, m, r, "Accept", SL("*/*"));
    add_default(c, m, r, "Accept-Encoding", SL("gzip, deflate, br, zstd"));
    add_default(c, m, r, "Content-Type", default_type(r->body_kind));
    return true;
}

/* ---- body ------------------------------------------------------------------------------------------ */

static bool add_form(struct wire_maker *m, const struct fields *form, struct err *err)
{
    for (size_t i = 0; i < form->n; i++) {
        if (i) wire_bytes(m, SL("&"));
        if (!wire_text(m, form->v[i].name, WIRE_FORM, err)) return false;
        wire_bytes(m, SL("="));
        if (!wire_text(m, form->v[i].value, WIRE_FORM, err)) return false;
    }
    return true;
}

static bool add_base64(struct wire_maker *m, struct slice text, struct err *err)
{
    struct buf b = BUF_INIT(MAX_BODY_FILE);
    bool ok = enc_unbase64(&b, text);
    if (ok)
        wire_bytes(m, buf_slice(&b));
    else
        err_set(err, ERR_INPUT, "the body is not base64");
    buf_free(&b);
    return ok;
}

static bool add_file(struct compiler *c, struct wire_maker *m, struct slice path, struct err *err)
{
    struct file f;
    const char *name = scenario_path(c->plan->arena, c->s, path);
    if (!file_read(&f, name, MAX_BODY_FILE, err)) return false;
    wire_bytes(m, f.text);
    file_close(&f);
    return true;
}

static void add_quoted(struct wire_maker *m, const char *name, struct slice value, struct err *err)
{
    wire_bytes(m, slice_z(name));
    wire_bytes(m, SL("=\""));
    wire_text(m, value, WIRE_RAW, err);
    wire_bytes(m, SL("\""));
}

static bool add_part(struct compiler *c, struct wire_maker *m, const struct form_part *p,
                     struct slice boundary, struct err *err)
{
    wire_bytes(m, SL("--"));
    wire_bytes(m, boundary);
    wire_bytes(m, SL("\r\nContent-Disposition: form-data"));
    add_quoted(m, "; name", p->name, err);
    if (p->has_file_name) add_quoted(m, "; filename", p->file_name, err);
    if (p->content_type.n) {
        wire_bytes(m, SL("\r\nContent-Type: "));
        wire_text(m, p->content_type, WIRE_RAW, err);
    }
    wire_bytes(m, SL("\r\n\r\n"));
    bool ok = p->file.n   ? add_file(c, m, p->file, err)
              : p->base64 ? add_base64(m, p->value, err)
                          : wire_text(m, p->value, WIRE_RAW, err);
    wire_bytes(m, SL("\r\n"));
    return ok;
}

static bool add_multipart(struct compiler *c, struct wire_maker *m, const struct request_step *r,
                          struct err *err)
{
    const struct field *type = find_header(c, r, SL("content-type"));
    struct slice boundary = type ? multipart_boundary(type->value) : (struct slice){ 0 };
    if (boundary.n == 0) boundary = SL(BOUNDARY);
    for (size_t i = 0; i < r->parts_n; i++)
        if (!add_part(c, m, &r->parts[i], boundary, err)) return false;
    wire_bytes(m, SL("--"));
    wire_bytes(m, boundary);
    wire_bytes(m, SL("--\r\n"));
    return true;
}

static bool add_body(struct compiler *c, struct wire_maker *m, const struct request_step *r,
                     struct err *err)
{
    switch (r->body_kind) {
    case BODY_KIND_NONE: return true;
    case BODY_KIND_RAW:
    case BODY_KIND_JSON: return wire_text(m, r->body, WIRE_RAW, err);
    case BODY_KIND_FORM: return add_form(m, &r->form, err);
    case BODY_KIND_MULTIPART: return add_multipart(c, m, r, err);
    case BODY_KIND_BASE64: return add_base64(m, r->body, err);
    case BODY_KIND_FILE: return add_file(c, m, r->body, err);
    }
    return true;
}

static bool compile_body(struct compiler *c, const struct request_step *r, struct plan_request *q,
                         struct err *err)
{
    struct wire_maker m;
    q->has_body = r->body_kind != BODY_KIND_NONE;
    begin(c, &m);
    if (add_body(c, &m, r, err)) return wire_end(&m, &q->body, err);
    wire_drop(&m);
    return false;
}

/* ---- head ------------------------------------------------------------------------------------------ */

static void add_length(struct wire_maker *m, const struct plan_request *q)
{
    bool wants = slice_eq(q->method, SL("POST")) || slice_eq(q->method, SL("PUT")) ||
                 slice_eq(q->method, SL("PATCH"));
    if (!q->length_in_head || (!q->has_body && !wants)) return;
    struct buf b = BUF_INIT(64);
    buf_addf(&b, "Content-Length: %zu\r\n", wire_static(&q->body).n);
    wire_bytes(m, buf_slice(&b));
    buf_free(&b);
}

static void add_request_line(struct wire_maker *m, const struct plan_request *q,
                             struct slice target)
{
    struct buf b = BUF_INIT(1u << 20);
    struct slice host = q->own_host ? (struct slice){ 0 } : q->origin->authority;
    request_line_add(&b, &(struct request_line){ q->method, q->prefix, target, host });
    wire_bytes(m, buf_slice(&b));
    buf_free(&b);
}

static bool compile_head(struct compiler *c, const struct request_step *r, struct plan_request *q,
                         struct err *err)
{
    struct slice target;
    struct wire_maker m;
    q->own_host = find_header(c, r, SL("host")) != NULL;
    q->length_in_head = wire_is_static(&q->body);
    if (!split_url(c, r, q, &target, err)) return false;
    begin(c, &m);
    wire_text(&m, target, WIRE_RAW, err);
    if (!wire_end(&m, &q->target, err)) return false;
    begin(c, &m);
    if (q->origin && wire_is_static(&q->target)) {
        add_request_line(&m, q, wire_static(&q->target));
        q->target = (struct wire){ 0 };
    }
    bool ok = add_headers(c, &m, r, err);
    add_length(&m, q);
    if (ok) return wire_end(&m, &q->head, err);
    wire_drop(&m);
    return false;
}

static bool compile_cookie(struct compiler *c, const struct request_step *r, struct plan_request *q,
                           struct err *err)
{
    const struct field *f = find_header(c, r, SL("cookie"));
    struct wire_maker m;
    if (!f) return true;
    begin(c, &m);
    wire_text(&m, f->value, WIRE_RAW, err);
    return wire_end(&m, &q->cookie, err);
}

/* ---- the answer's side ------------------------------------------------------------------------------ */

static bool compile_check(struct compiler *c, const struct check *model, struct plan_check *k,
                          struct err *err)
{
    struct wire_maker m;
    k->kind = model->kind;
    if (check_has_text(model)) {
        begin(c, &m);
        wire_text(&m, model->value, WIRE_RAW, err);
        if (!wire_end(&m, &k->want, err)) return false;
    }
    k->c = checker_compile(c->plan->arena, model, err);
    return k->c != NULL;
}

static bool compile_checks(struct compiler *c, const struct request_step *r, struct plan_request *q,
                           struct err *err)
{
    q->checks = arena_many(c->plan->arena, r->checks_n, struct plan_check);
    for (size_t i = 0; i < r->checks_n; i++) {
        struct plan_check *k = &q->checks[i];
        if (!compile_check(c, &r->checks[i], k, err)) return false;
        q->checks_n = i + 1;
        q->checks_status |= k->kind == CHECK_STATUS;
        q->want_body |= checker_needs_body(k->c);
    }
    return true;
}

/* A boundary or a pattern of the recording may hold its origin. */
static struct extractor *compile_extract(const struct compiler *c, const struct extract *model,
                                         struct err *err)
{
    struct follow f = follow_of(c);
    struct extract x = *model;
    x.expr = follow_text(c->plan->arena, &f, x.expr);
    x.right = follow_text(c->plan->arena, &f, x.right);
    x.regex = follow_text(c->plan->arena, &f, x.regex);
    return extractor_compile(c->plan->arena, &x, err);
}

static bool compile_extracts(struct compiler *c, const struct request_step *r,
                             struct plan_request *q, struct err *err)
{
    q->extract = arena_many(c->plan->arena, r->extract_n, struct plan_extract);
    for (size_t i = 0; i < r->extract_n; i++) {
        struct plan_extract *x = &q->extract[i];
        x->model = &r->extract[i];
        x->slot = scope_slot(c->plan->scope, x->model->name);
        x->has_default = find_field(&c->s->vars, x->model->name) != NULL;
        x->x = compile_extract(c, x->model, err);
        if (!x->x) return false;
        q->extract_n = i + 1;
        q->want_body |= extractor_needs_body(x->x);
        q->want_url |= x->model->kind == EXTRACT_LOCATION;
    }
    return true;
}

/* Rows of one name, method and group are one row of the statistics, as in Locust. Its URL is the one that all
 * its requests have. */
static uint32_t step_index(struct compiler *c, const struct request_step *r)
{
    struct plan *p = c->plan;
    struct step_info info = { request_shown(p->arena, r), r->method, c->group,
                              slice_sub(r->url, 0, slice_chr(r->url, '?')) };
    for (size_t i = 0; i < p->steps_n; i++) {
        struct step_info *have = &p->steps[i];
        if (!slice_eq(have->name, info.name) || !slice_eq(have->method, info.method) ||
            !slice_eq(have->group, info.group))
            continue;
        if (!slice_eq(have->url, info.url)) have->url = SL("");
        return (uint32_t)i;
    }
    mem_grow(&p->steps, &c->steps_cap, p->steps_n + 1, sizeof *p->steps);
    p->steps[p->steps_n] = info;
    return (uint32_t)p->steps_n++;
}

static uint64_t timeout_of(const struct compiler *c, const struct request_step *r)
{
    if (r->timeout_ns) return r->timeout_ns;
    if (c->cfg->timeout_ns) return c->cfg->timeout_ns;
    return c->s->timeout_ns ? c->s->timeout_ns : 60 * NS_PER_S;
}

struct plan_request *compile_request(struct compiler *c, const struct request_step *r,
                                     struct err *err)
{
    struct plan *p = c->plan;
    struct plan_request *q = arena_one(p->arena, struct plan_request);
    mem_grow(&p->requests, &c->requests_cap, p->requests_n + 1, sizeof(void *));
    p->requests[p->requests_n++] = q;
    q->model = r;
    q->method = r->method;
    q->step = step_index(c, r);
    q->is_head = slice_eq(r->method, SL("HEAD"));
    q->timeout_ns = timeout_of(c, r);
    q->redirects = r->redirects;
    if (!compile_body(c, r, q, err) || !compile_head(c, r, q, err)) return NULL;
    if (!compile_cookie(c, r, q, err)) return NULL;
    if (!compile_checks(c, r, q, err) || !compile_extracts(c, r, q, err)) return NULL;
    return q;
}
