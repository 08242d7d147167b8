/* Steps: requests with their bodies, thinks, groups, parallel steps, loops, computed variables.
 *
 * Called by scenario_parse for on_start, the tasks' steps and on_stop. A step is a mapping with exactly one
 * of the keys of `kinds`; that key decides which others it may have. */
#include <ctype.h>
#include <stddef.h>

#include "scenarios/read.h"

#define STEP_DEPTH 32

/* ---- request -------------------------------------------------------------------------------------- */

/* Small letters too: a browser sends fetch's "patch" as it was written. */
static bool is_method(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!isalpha((unsigned char)s.p[i]) && s.p[i] != '-' && s.p[i] != '_') return false;
    return s.n > 0 && s.n <= 32;
}

/* "POST /login": the method, blanks, the URL. */
static bool read_request_line(struct reader *r, const struct ynode *n, void *request_step)
{
    struct request_step *q = request_step;
    struct slice line;
    if (!read_plain(r, n, &line)) return false;
    if (!slice_cut(slice_trim(line), ' ', &q->method, &q->url) || !is_method(q->method))
        return yaml_fail(&r->src, n->place, r->err,
                         "a request is a method and a path, like GET /index.html");
    q->url = slice_trim(q->url);
    struct ynode url = *n;
    url.text = q->url;
    url.plain = false; /* `GET null` asks for the path null */
    url.place.column += (unsigned)(q->url.p - n->text.p);
    return read_text(r, &url, &q->url);
}

static bool set_body(struct reader *r, const struct ynode *n, struct request_step *q,
                     enum body_kind kind)
{
    if (q->body_kind != BODY_KIND_NONE)
        return yaml_fail(
            &r->src, n->place, r->err,
            "a request has one of form, json, body, body_base64, body_file, multipart");
    q->body_kind = kind;
    return true;
}

static bool read_body(struct reader *r, const struct ynode *n, void *request_step)
{
    struct request_step *q = request_step;
    return set_body(r, n, q, BODY_KIND_RAW) && read_text(r, n, &q->body);
}

static bool read_body_base64(struct reader *r, const struct ynode *n, void *request_step)
{
    struct request_step *q = request_step;
    return set_body(r, n, q, BODY_KIND_BASE64) && read_plain(r, n, &q->body);
}

static bool read_body_file(struct reader *r, const struct ynode *n, void *request_step)
{
    struct request_step *q = request_step;
    return set_body(r, n, q, BODY_KIND_FILE) && read_text(r, n, &q->body);
}

static bool read_form(struct reader *r, const struct ynode *n, void *request_step)
{
    struct request_step *q = request_step;
    return set_body(r, n, q, BODY_KIND_FORM) && read_fields(r, n, &q->form);
}

static bool read_json(struct reader *r, const struct ynode *n, void *request_step)
{
    return set_body(r, n, request_step, BODY_KIND_JSON) && read_json_body(r, n, request_step);
}

static bool read_parts(struct reader *r, const struct ynode *n, void *request_step)
{
    return set_body(r, n, request_step, BODY_KIND_MULTIPART) && read_multipart(r, n, request_step);
}

static bool read_shape(struct reader *r, const struct ynode *n, void *shape)
{
    struct shape *s = shape;
    s->n = read_count(n);
    s->v = arena_many(r->arena, s->n + 1, struct slice);
    for (size_t i = 0; i < s->n; i++)
        if (!read_plain(r, read_item(n, i), &s->v[i])) return false;
    return true;
}

static const struct key recorded_keys[] = {
    { "at", read_duration, offsetof(struct request_step, recorded_ns) },
    { "status", read_u32, offsetof(struct request_step, recorded_status) },
    { "bytes", read_u64, offsetof(struct request_step, recorded_bytes) },
    { "shape", read_shape, offsetof(struct request_step, recorded_shape) },
    READ_KEYS_END,
};

static bool read_recorded(struct reader *r, const struct ynode *n, void *request_step)
{
    return read_map(r, n, "recorded", recorded_keys, request_step);
}

static const struct key request_keys[] = {
    { "request", read_request_line, 0 },
    { "name", read_plain, offsetof(struct request_step, name) },
    { "headers", read_fields, offsetof(struct request_step, headers) },
    { "form", read_form, 0 },
    { "json", read_json, 0 },
    { "body", read_body, 0 },
    { "body_base64", read_body_base64, 0 },
    { "body_file", read_body_file, 0 },
    { "multipart", read_parts, 0 },
    { "expect", read_checks, 0 },
    { "extract", read_extracts, 0 },
    { "timeout", read_duration, offsetof(struct request_step, timeout_ns) },
    { "redirects", read_u32, offsetof(struct request_step, redirects) },
    { "recorded", read_recorded, 0 },
    READ_KEYS_END,
};

static bool read_request(struct reader *r, const struct ynode *n, struct step *step)
{
    step->request = arena_one(r->arena, struct request_step);
    return read_map(r, n, "a request", request_keys, step->request);
}

/* ---- the other kinds ------------------------------------------------------------------------------ */

static bool read_inner(struct reader *r, const struct ynode *n, void *step)
{
    struct step *s = step;
    return read_steps(r, n, &s->steps, &s->steps_n);
}

static bool read_times(struct reader *r, const struct ynode *n, void *step)
{
    struct step *s = step;
    if (!read_u32(r, n, &s->times)) return false;
    return s->times > 0 || yaml_fail(&r->src, n->place, r->err, "repeat wants 1 or more");
}

static const struct key think_keys[] = {
    { "think", read_wait, offsetof(struct step, think) },
    READ_KEYS_END,
};
static const struct key group_keys[] = {
    { "group", read_plain, offsetof(struct step, name) },
    { "steps", read_inner, 0 },
    READ_KEYS_END,
};
static const struct key parallel_keys[] = {
    { "parallel", read_inner, 0 },
    READ_KEYS_END,
};
static const struct key repeat_keys[] = {
    { "repeat", read_times, 0 },
    { "steps", read_inner, 0 },
    READ_KEYS_END,
};
static const struct key set_keys[] = {
    { "set", read_fields, offsetof(struct step, set) },
    READ_KEYS_END,
};
static const struct {
    const char *key, *what;
    enum step_kind kind;
    const struct key *keys;
} kinds[] = {
    { "request", "a request", STEP_REQUEST, request_keys },
    { "think", "a think", STEP_THINK, think_keys },
    { "group", "a group", STEP_GROUP, group_keys },
    { "parallel", "parallel", STEP_PARALLEL, parallel_keys },
    { "repeat", "repeat", STEP_REPEAT, repeat_keys },
    { "set", "set", STEP_SET, set_keys },
};
#define KINDS (sizeof kinds / sizeof *kinds)

/* No key of a step says what it is: the table of those that do makes a good hint. */
static bool refuse_step(struct reader *r, const struct ynode *n)
{
    struct key words[KINDS + 1] = { READ_KEYS_END };
    if (n->kind != YAML_MAP || n->n == 0)
        return yaml_fail(&r->src, n->place, r->err, "a step is a mapping, like request: GET /");
    for (size_t i = 0; i < KINDS; i++)
        words[i] = (struct key){ kinds[i].key, read_nothing, 0 };
    words[KINDS] = (struct key)READ_KEYS_END;
    int unused = 0;
    return read_map(r, n, "a step (request, think, group, parallel, repeat or set)", words,
                    &unused);
}

static bool read_step(struct reader *r, const struct ynode *n, struct step *step)
{
    size_t kind = KINDS;
    for (size_t i = 0; i < KINDS; i++) {
        if (!read_get(n, kinds[i].key)) continue;
        if (kind != KINDS)
            return yaml_fail(&r->src, n->place, r->err, "a step is one of %s and %s, not both",
                             kinds[kind].key, kinds[i].key);
        kind = i;
    }
    if (kind == KINDS) return refuse_step(r, n);
    step->kind = kinds[kind].kind;
    step->place = n->place;
    if (step->kind == STEP_REQUEST) return read_request(r, n, step);
    return read_map(r, n, kinds[kind].what, kinds[kind].keys, step);
}

bool read_steps(struct reader *r, const struct ynode *n, struct step **steps, size_t *steps_n)
{
    if (yaml_is_null(n)) return true;
    if (n->kind != YAML_LIST)
        return yaml_fail(&r->src, n->place, r->err, "steps are a list: each begins with '-'");
    if (r->depth >= STEP_DEPTH)
        return yaml_fail(&r->src, n->place, r->err, "steps inside steps, more than %d deep",
                         STEP_DEPTH);
    r->depth++;
    *steps = arena_many(r->arena, n->n + 1, struct step);
    *steps_n = n->n;
    for (size_t i = 0; i < n->n; i++)
        if (!read_step(r, n->items[i], &(*steps)[i])) return false;
    r->depth--;
    return true;
}
