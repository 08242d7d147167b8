/* Steps as YAML: requests with bodies, extracts and expectations, and the steps that hold steps.
 *
 * Called by scenario_write for on_start, tasks and on_stop. */
#include "scenarios/write.h"

#include "base/num.h"

#define SHAPE_COLUMN 90

/* ---- extract -------------------------------------------------------------------------------------- */

static const char *const extract_names[] = { "json",  "header",  "cookie",   "html", "xml",
                                             "regex", "between", "location", "body" };
static const char *const decode_names[] = { "", "percent", "html", "json", "base64", "hex", "jwt" };

static void write_source(struct emit *e, const struct extract *x)
{
    emit_keyz(e, extract_names[x->kind]);
    if (x->kind != EXTRACT_BETWEEN) {
        emit_text(e, x->expr);
        return;
    }
    buf_addz(e->out, " [");
    emit_scalar(e->out, x->expr);
    buf_addz(e->out, ", ");
    emit_scalar(e->out, x->right);
    buf_addz(e->out, "]");
}

static void write_decode(struct emit *e, const struct extract *x)
{
    size_t n = 0, most = sizeof x->decode / sizeof *x->decode;
    while (n < most && x->decode[n] != DECODE_NONE)
        n++;
    if (n == 0) return;
    emit_keyz(e, "decode");
    if (n > 1) buf_addz(e->out, " [");
    for (size_t i = 0; i < n; i++)
        buf_addf(e->out, "%s%s", i ? ", " : n > 1 ? "" : " ", decode_names[x->decode[i]]);
    if (n > 1) buf_addz(e->out, "]");
}

/* `token: body` and `next: location` say it all. */
static bool is_bare(const struct extract *x)
{
    return (x->kind == EXTRACT_BODY || x->kind == EXTRACT_LOCATION) && !x->expr.n && !x->regex.n &&
           !x->nth && !x->decode[0] && !x->optional && !x->has_fallback;
}

static void write_finder(struct emit *e, const struct extract *x)
{
    write_open(e);
    write_source(e, x);
    if (x->kind != EXTRACT_REGEX && x->regex.n) write_text(e, "regex", x->regex);
    if (x->nth) write_u64(e, "nth", x->nth);
    write_decode(e, x);
    if (x->optional) {
        emit_keyz(e, "optional");
        emit_raw(e, "true");
    }
    if (x->has_fallback) write_text(e, "default", x->fallback);
    write_close(e);
}

static void write_extract(struct emit *e, const struct extract *x)
{
    emit_key(e, x->name);
    if (is_bare(x))
        emit_raw(e, extract_names[x->kind]);
    else
        write_finder(e, x);
    if (x->comment.n && slice_chr(x->comment, '\n') == SLICE_NONE)
        buf_addf(e->out, "  # %.*s", SL_FMT(x->comment));
}

static bool extracts_differ(const struct request_step *q)
{
    for (size_t i = 0; i < q->extract_n; i++)
        for (size_t k = 0; k < i; k++)
            if (slice_eq(q->extract[i].name, q->extract[k].name)) return false;
    return true;
}

static void write_extracts(struct emit *e, const struct request_step *q)
{
    bool map = extracts_differ(q);
    if (q->extract_n == 0) return;
    emit_keyz(e, "extract");
    emit_in(e);
    for (size_t i = 0; i < q->extract_n; i++) {
        if (!map) emit_item(e);
        write_extract(e, &q->extract[i]);
        if (!map) emit_item_end(e);
    }
    emit_out(e);
}

/* ---- expect --------------------------------------------------------------------------------------- */

static const char *const check_names[] = { "status", "body", "not_body", "matches",
                                           "header", "json", "time" };

static bool is_named(const struct check *c)
{
    return c->kind == CHECK_HEADER || c->kind == CHECK_JSON;
}

/* 200, 2xx, 200-204 and 200|302 need no quotes. */
static bool is_status(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!(s.p[i] >= '0' && s.p[i] <= '9') && s.p[i] != 'x' && s.p[i] != '|' && s.p[i] != '-')
            return false;
    return s.n > 0 && s.p[0] >= '1' && s.p[0] <= '9';
}

static void write_check(struct emit *e, const struct check *c)
{
    if (c->kind == CHECK_TIME) {
        write_duration(e, "time", c->max_ns);
        return;
    }
    emit_keyz(e, check_names[c->kind]);
    if (is_named(c) && c->value.p) {
        write_open(e);
        emit_key(e, c->name);
        emit_text(e, c->value);
        write_close(e);
    } else if (c->kind == CHECK_STATUS && is_status(c->value)) {
        buf_addf(e->out, " %.*s", SL_FMT(c->value));
    } else {
        emit_text(e, is_named(c) ? c->name : c->value);
    }
}

/* One mapping can hold them when no kind comes twice. */
static bool kinds_differ(const struct request_step *q)
{
    for (size_t i = 0; i < q->checks_n; i++)
        for (size_t k = 0; k < i; k++)
            if (q->checks[i].kind == q->checks[k].kind) return false;
    return true;
}

static void write_checks(struct emit *e, const struct request_step *q)
{
    if (q->checks_n == 0) return;
    emit_keyz(e, "expect");
    size_t before = e->out->n;
    if (kinds_differ(q)) {
        write_open(e);
        for (size_t i = 0; i < q->checks_n; i++)
            write_check(e, &q->checks[i]);
        write_close(e);
        if (emit_column(e) <= WRITE_COLUMNS) return;
        e->out->n = before;
    }
    emit_in(e);
    for (size_t i = 0; i < q->checks_n; i++) {
        emit_item(e);
        write_check(e, &q->checks[i]);
        emit_item_end(e);
    }
    emit_out(e);
}

/* ---- request -------------------------------------------------------------------------------------- */

static void write_part(struct emit *e, const struct form_part *p)
{
    emit_item(e);
    write_text(e, "name", p->name);
    if (p->file.n)
        write_text(e, "file", p->file);
    else
        write_text(e, p->base64 ? "base64" : "value", p->value);
    if (p->has_file_name) write_text(e, "file_name", p->file_name);
    if (p->content_type.n) write_text(e, "content_type", p->content_type);
    emit_item_end(e);
}

static void write_body(struct emit *e, const struct request_step *q)
{
    switch (q->body_kind) {
    case BODY_KIND_NONE: return;
    case BODY_KIND_RAW: write_text(e, "body", q->body); return;
    case BODY_KIND_JSON: write_text(e, "json", q->body); return;
    case BODY_KIND_BASE64: write_text(e, "body_base64", q->body); return;
    case BODY_KIND_FILE: write_text(e, "body_file", q->body); return;
    case BODY_KIND_FORM: write_fields(e, "form", &q->form); return;
    case BODY_KIND_MULTIPART: break;
    }
    emit_keyz(e, "multipart");
    if (q->parts_n == 0) emit_raw(e, "[]");
    emit_in(e);
    for (size_t i = 0; i < q->parts_n; i++)
        write_part(e, &q->parts[i]);
    emit_out(e);
}

/* One list, over several lines when it is long. */
static void write_shape(struct emit *e, const struct shape *s)
{
    emit_keyz(e, "shape");
    buf_addz(e->out, " [");
    for (size_t i = 0; i < s->n; i++) {
        if (i) buf_addz(e->out, emit_column(e) > SHAPE_COLUMN ? "," : ", ");
        if (i && emit_column(e) > SHAPE_COLUMN) buf_addf(e->out, "\n%*s", (int)e->indent + 4, "");
        emit_scalar(e->out, s->v[i]);
    }
    buf_addz(e->out, "]");
}

static void write_recorded(struct emit *e, const struct request_step *q)
{
    if (!q->recorded_ns && !q->recorded_status && !q->recorded_bytes && !q->recorded_shape.n)
        return;
    emit_keyz(e, "recorded");
    write_open(e);
    write_duration(e, "at", q->recorded_ns);
    if (q->recorded_status) write_u64(e, "status", (uint64_t)q->recorded_status);
    if (q->recorded_bytes) write_u64(e, "bytes", q->recorded_bytes);
    if (q->recorded_shape.n) write_shape(e, &q->recorded_shape);
    write_close(e);
}

static void write_request(struct emit *e, const struct request_step *q)
{
    struct buf line = BUF_INIT(e->out->max);
    buf_addf(&line, "%.*s ", SL_FMT(q->method));
    buf_add(&line, q->url);
    write_text(e, "request", buf_slice(&line));
    buf_free(&line);
    if (q->name.n) write_text(e, "name", q->name);
    if (q->headers.n) write_fields(e, "headers", &q->headers);
    write_body(e, q);
    write_checks(e, q);
    write_extracts(e, q);
    if (q->timeout_ns) write_duration(e, "timeout", q->timeout_ns);
    if (q->redirects) write_u64(e, "redirects", q->redirects);
    write_recorded(e, q);
}

static void write_step(struct emit *e, const struct step *s)
{
    switch (s->kind) {
    case STEP_REQUEST: write_request(e, s->request); return;
    case STEP_THINK: write_wait(e, "think", &s->think); return;
    case STEP_SET: write_fields(e, "set", &s->set); return;
    case STEP_PARALLEL: write_steps(e, "parallel", s->steps, s->steps_n); return;
    case STEP_GROUP: write_text(e, "group", s->name); break;
    case STEP_REPEAT: write_u64(e, "repeat", s->times); break;
    }
    write_steps(e, "steps", s->steps, s->steps_n);
}

void write_steps(struct emit *e, const char *key, const struct step *steps, size_t n)
{
    emit_keyz(e, key);
    if (n == 0) emit_raw(e, "[]");
    emit_in(e);
    for (size_t i = 0; i < n; i++) {
        if (steps[i].comment.n) emit_comment(e, steps[i].comment);
        emit_item(e);
        write_step(e, &steps[i]);
        emit_item_end(e);
    }
    emit_out(e);
}
