/* Postman collections (v2.0, v2.1) to scenarios: folders become groups, requests steps in their order.
 *
 * Called through foreign.c. {{name}} is a variable, {{$guid}} and the like functions. Of the scripts three
 * usual lines are understood: the status that a test wants, a variable set from a member of the answer's
 * JSON, and one set from a header; the rest is JavaScript and told. */
#include "base/enc.h"
#include "base/json_tree.h"
#include "base/num.h"
#include "scenarios/foreign/foreign_build.h"

#define MAX_NODES 2000000

struct postman {
    struct foreign *f;
    const struct json_node *auth; /* in force */
};

/* ---- text ----------------------------------------------------------------------------------------- */

static bool add_dynamic(struct buf *out, struct slice name)
{
    static const struct {
        const char *name, *ours;
    } known[] = { { "$guid", "uuid()" },
                  { "$randomUUID", "uuid()" },
                  { "$timestamp", "now()" },
                  { "$isoTimestamp", "now_iso()" },
                  { "$randomInt", "random(0, 1000)" },
                  { "$randomAlphaNumeric", "randstr(1)" } };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (slice_eq(name, slice_z(known[i].name))) return buf_addf(out, "${%s}", known[i].ours);
    return false;
}

static struct slice text_of(struct foreign *f, struct slice s, enum foreign_encode how)
{
    struct buf b = BUF_INIT((size_t)64 << 20);
    size_t at, end;
    while ((at = slice_find(s, SL("{{"))) != SLICE_NONE) {
        end = slice_find(slice_from(s, at), SL("}}"));
        if (end == SLICE_NONE) break;
        struct slice name = slice_trim(slice_sub(s, at + 2, at + end));
        foreign_add_text(&b, slice_sub(s, 0, at), how);
        if (!add_dynamic(&b, name)) foreign_add_var(f, &b, name, how);
        s = slice_from(s, at + end + 2);
    }
    foreign_add_text(&b, s, how);
    struct slice out = arena_dup(f->a, buf_slice(&b));
    buf_free(&b);
    return out;
}

static struct slice plain(struct postman *p, const struct json_node *n, struct slice key)
{
    return text_of(p->f, json_member_text(n, key), FOREIGN_PLAIN);
}

/* ---- URL ------------------------------------------------------------------------------------------ */

/* "/a/b" of a list, or the text itself. */
static struct slice joined(struct postman *p, const struct json_node *list, char between)
{
    struct slice out = { 0 };
    if (!list || list->kind == JSON_STRING)
        return list ? text_of(p->f, list->text, FOREIGN_PLAIN) : out;
    for (const struct json_node *c = list->child; c; c = c->next) {
        struct slice one = c->kind == JSON_OBJECT ? json_member_text(c, SL("value")) : c->text;
        one = text_of(p->f, one, FOREIGN_PLAIN);
        out = c == list->child
                  ? one
                  : arena_printf(p->f->a, "%.*s%c%.*s", SL_FMT(out), between, SL_FMT(one));
    }
    return out;
}

static struct slice with_query(struct postman *p, struct slice url, const struct json_node *query)
{
    bool first = true;
    for (const struct json_node *q = query ? query->child : NULL; q; q = q->next) {
        if (json_member_true(q, SL("disabled"))) continue;
        const struct json_node *value = json_member(q, SL("value"));
        bool has = value && value->kind != JSON_NULL;
        url = arena_printf(p->f->a, "%.*s%c%.*s%s%.*s", SL_FMT(url), first ? '?' : '&',
                           SL_FMT(text_of(p->f, json_member_text(q, SL("key")), FOREIGN_PLAIN)),
                           has ? "=" : "",
                           SL_FMT(text_of(p->f, json_member_text(q, SL("value")), FOREIGN_PLAIN)));
        first = false;
    }
    return url;
}

/* ":id" of a path is a variable of the URL's own. */
static struct slice path_variables(struct postman *p, struct slice url,
                                   const struct json_node *list)
{
    for (const struct json_node *v = list ? list->child : NULL; v; v = v->next) {
        struct slice key = json_member_text(v, SL("key"));
        struct slice mark = arena_printf(p->f->a, "/:%.*s", SL_FMT(key));
        size_t at = key.n ? slice_find(url, mark) : SLICE_NONE;
        if (at == SLICE_NONE) continue;
        url = arena_printf(p->f->a, "%.*s/%.*s%.*s", (int)at, url.p,
                           SL_FMT(plain(p, v, SL("value"))), SL_FMT(slice_from(url, at + mark.n)));
    }
    return url;
}

static struct slice url_of(struct postman *p, const struct json_node *url)
{
    struct slice raw =
        url && url->kind == JSON_STRING ? url->text : json_member_text(url, SL("raw"));
    const struct json_node *host = json_member(url, SL("host")),
                           *query = json_member(url, SL("query"));
    struct slice full = text_of(p->f, slice_sub(raw, 0, slice_chr(raw, '#')), FOREIGN_PLAIN);
    if (host) {
        struct slice scheme = plain(p, url, SL("protocol")), port = plain(p, url, SL("port"));
        struct slice name = joined(p, host, '.'),
                     path = joined(p, json_member(url, SL("path")), '/');
        bool whole = slice_find(name, SL("://")) != SLICE_NONE ||
                     (scheme.n == 0 && slice_starts(name, SL("${")));
        full = arena_printf(p->f->a, "%.*s%s%.*s%s%.*s%s%.*s", SL_FMT(scheme),
                            scheme.n ? "://"
                            : whole  ? ""
                                     : "http://",
                            SL_FMT(name), port.n ? ":" : "", SL_FMT(port),
                            slice_starts(path, SL("/")) ? "" : "/", SL_FMT(path));
        full = query ? with_query(p, full, query) : full;
    } else if (slice_find(full, SL("://")) == SLICE_NONE && !slice_starts(full, SL("${")))
        full = arena_printf(p->f->a, "http://%.*s", SL_FMT(full));
    return path_variables(p, full, json_member(url, SL("variable")));
}

/* ---- body, headers, logins ------------------------------------------------------------------------- */

static void form(struct postman *p, const struct json_node *list, struct request_step *r)
{
    r->body_kind = BODY_KIND_FORM;
    for (const struct json_node *c = list ? list->child : NULL; c; c = c->next)
        if (!json_member_true(c, SL("disabled")))
            foreign_add_field(p->f, &r->form, plain(p, c, SL("key")), plain(p, c, SL("value")));
}

static void parts(struct postman *p, const struct json_node *list, struct request_step *r)
{
    r->body_kind = BODY_KIND_MULTIPART;
    for (const struct json_node *c = list ? list->child : NULL; c; c = c->next) {
        if (json_member_true(c, SL("disabled"))) continue;
        struct form_part part = { .name = plain(p, c, SL("key")),
                                  .value = plain(p, c, SL("value")),
                                  .content_type = plain(p, c, SL("contentType")) };
        if (slice_eq(json_member_text(c, SL("type")), SL("file"))) {
            struct slice path = json_member_text(c, SL("src")), head, base = path;
            while (slice_cut(base, '/', &head, &base))
                ;
            part.file = foreign_path(p->f, path);
            part.file_name = foreign_keep(p->f, base);
            part.has_file_name = true;
            if (path.n == 0)
                foreign_warn(p->f, ADVICE_ADD,
                             "the collection does not tell the file of the part %.*s",
                             SL_FMT(part.name));
        }
        r->parts = foreign_room(p->f, r->parts, r->parts_n, sizeof part);
        r->parts[r->parts_n++] = part;
    }
    if (r->parts_n == 0) r->body_kind = BODY_KIND_NONE;
}

static bool has_header(const struct request_step *r, struct slice name)
{
    for (size_t i = 0; i < r->headers.n; i++)
        if (slice_ieq(r->headers.v[i].name, name)) return true;
    return false;
}

static void raw(struct postman *p, const struct json_node *body, struct request_step *r)
{
    struct slice language =
        json_member_text(json_member(json_member(body, SL("options")), SL("raw")), SL("language"));
    r->body = plain(p, body, SL("raw"));
    r->body_kind = r->body.n ? BODY_KIND_RAW : BODY_KIND_NONE;
    if (r->body.n && slice_eq(language, SL("json")) && !has_header(r, SL("Content-Type")))
        foreign_add_field(p->f, &r->headers, SL("Content-Type"), SL("application/json"));
}

static void graphql(struct postman *p, const struct json_node *body, struct request_step *r)
{
    const struct json_node *g = json_member(body, SL("graphql"));
    struct slice variables = json_member_text(g, SL("variables"));
    struct buf b = BUF_INIT((size_t)16 << 20);
    buf_addz(&b, "{\"query\":\"");
    enc_json(&b, json_member_text(g, SL("query")));
    buf_addf(&b, "\",\"variables\":%.*s}", SL_FMT(slice_trim(variables).n ? variables : SL("{}")));
    r->body = text_of(p->f, buf_slice(&b), FOREIGN_PLAIN);
    r->body_kind = BODY_KIND_JSON;
    buf_free(&b);
}

static void body(struct postman *p, const struct json_node *body, struct request_step *r)
{
    struct slice mode = json_member_text(body, SL("mode"));
    if (json_member_true(body, SL("disabled"))) return;
    if (slice_eq(mode, SL("raw"))) raw(p, body, r);
    if (slice_eq(mode, SL("urlencoded"))) form(p, json_member(body, mode), r);
    if (slice_eq(mode, SL("formdata"))) parts(p, json_member(body, mode), r);
    if (slice_eq(mode, SL("graphql"))) graphql(p, body, r);
    if (!slice_eq(mode, SL("file"))) return;
    r->body = foreign_path(p->f, json_member_text(json_member(body, mode), SL("src")));
    r->body_kind = r->body.n ? BODY_KIND_FILE : BODY_KIND_NONE;
    if (!r->body.n)
        foreign_warn(p->f, ADVICE_ADD, "the collection does not tell the file of a body");
}

/* A login's parameter: a list of key and value (v2.1) or an object (v2.0). */
static struct slice parameter(struct postman *p, const struct json_node *list, struct slice key)
{
    if (list && list->kind == JSON_OBJECT) return plain(p, list, key);
    for (const struct json_node *c = list ? list->child : NULL; c; c = c->next)
        if (slice_eq(json_member_text(c, SL("key")), key)) return plain(p, c, SL("value"));
    return (struct slice){ 0 };
}

static void basic(struct postman *p, const struct json_node *list, struct request_step *r)
{
    struct slice user = parameter(p, list, SL("username")),
                 password = parameter(p, list, SL("password")),
                 login = arena_printf(p->f->a, "%.*s:%.*s", SL_FMT(user), SL_FMT(password));
    foreign_set_field(p->f, &r->headers, SL("Authorization"), foreign_basic(p->f, login));
}

static void authorise(struct postman *p, const struct json_node *auth, struct request_step *r)
{
    struct slice type = json_member_text(auth, SL("type"));
    const struct json_node *list = json_member(auth, type);
    if (type.n == 0 || slice_eq(type, SL("noauth"))) return;
    if (slice_eq(type, SL("basic")))
        basic(p, list, r);
    else if (slice_eq(type, SL("bearer")))
        foreign_set_field(
            p->f, &r->headers, SL("Authorization"),
            arena_printf(p->f->a, "Bearer %.*s", SL_FMT(parameter(p, list, SL("token")))));
    else if (slice_eq(type, SL("apikey")) && !slice_eq(parameter(p, list, SL("in")), SL("query")))
        foreign_set_field(p->f, &r->headers, parameter(p, list, SL("key")),
                          parameter(p, list, SL("value")));
    else
        foreign_warn(p->f, ADVICE_ADD, "a login of the kind %.*s is left out", SL_FMT(type));
}

/* ---- scripts -------------------------------------------------------------------------------------- */

/* The text in quotes at the start of s; *rest behind it. */
static bool in_quotes(struct slice s, struct slice *out, struct slice *rest)
{
    s = slice_trim(s);
    if (s.n < 2 || (s.p[0] != '"' && s.p[0] != '\'')) return false;
    size_t end = slice_chr(slice_from(s, 1), s.p[0]);
    if (end == SLICE_NONE) return false;
    *out = slice_sub(s, 1, end + 1);
    *rest = slice_from(s, end + 2);
    return true;
}

static bool is_path(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '.' || c == '[' || c == ']' || c == '$';
        if (!ok) return false;
    }
    return s.n > 0;
}

/* ".set("name", jsonData.token)" and the like. */
static bool set_line(struct postman *p, struct slice line, struct request_step *r)
{
    size_t at = slice_find(line, SL(".set("));
    struct slice name, rest, value;
    if (at == SLICE_NONE) at = slice_find(line, SL("EnvironmentVariable("));
    if (at == SLICE_NONE) return false;
    at += slice_chr(slice_from(line, at), '(') + 1;
    if (!in_quotes(slice_from(line, at), &name, &rest) || !slice_cut(rest, ',', &rest, &value))
        return false;
    value = slice_trim(value);
    size_t end = value.n;
    while (end > 0 &&
           (value.p[end - 1] == ';' || value.p[end - 1] == ')' || value.p[end - 1] == ' '))
        end--;
    value = slice_sub(value, 0, end);
    struct slice call = SL("pm.response.json()");
    if (slice_starts(value, call))
        value = arena_printf(p->f->a, "json%.*s", SL_FMT(slice_from(value, call.n)));
    size_t dot = slice_chr(value, '.');
    if (!is_path(value) || dot == SLICE_NONE || slice_starts(value, SL("pm."))) return false;
    struct extract e = { .name = foreign_name(p->f, name),
                         .kind = EXTRACT_JSON,
                         .expr = arena_printf(p->f->a, "$%.*s", SL_FMT(slice_from(value, dot))) };
    foreign_declare(p->f, name, e.name);
    foreign_extract(p->f, r, &e);
    return true;
}

static bool status_line(struct postman *p, struct slice line, struct request_step *r)
{
    size_t at = slice_find(line, SL("have.status("));
    uint64_t code;
    struct check c = { .kind = CHECK_STATUS, .value = SL("200") };
    if (at != SLICE_NONE) {
        struct slice n = slice_from(line, at + 12);
        n = slice_trim(slice_sub(n, 0, slice_chr(n, ')')));
        if (!num_u64(n, 599, &code)) return false;
        c.value = foreign_keep(p->f, n);
    } else if (slice_find(line, SL("response.to.be.ok")) == SLICE_NONE) {
        return false;
    }
    foreign_check(p->f, r, &c);
    return true;
}

static void scripts(struct postman *p, const struct json_node *events, struct request_step *r)
{
    bool left = false;
    for (const struct json_node *e = events ? events->child : NULL; e; e = e->next) {
        const struct json_node *exec = json_member(json_member(e, SL("script")), SL("exec"));
        for (const struct json_node *l = exec ? exec->child : NULL; l; l = l->next) {
            struct slice line = slice_trim(l->text);
            bool code = line.n > 0 && !slice_starts(line, SL("//")) &&
                        slice_find(line, SL("(")) != SLICE_NONE;
            if (!set_line(p, line, r) && !status_line(p, line, r))
                left |= code && slice_find(line, SL("pm.test")) == SLICE_NONE &&
                        slice_find(line, SL(".json()")) == SLICE_NONE;
        }
    }
    if (left)
        foreign_warn(
            p->f, ADVICE_ADD,
            "the scripts of \"%.*s\" are JavaScript: more than status and variables is left out",
            SL_FMT(r->name));
}

/* ---- the tree ------------------------------------------------------------------------------------- */

static void request(struct postman *p, const struct json_node *item, struct steps *out)
{
    const struct json_node *q = json_member(item, SL("request"));
    struct request_step *r = foreign_request(p->f, out);
    p->f->report->entries_read++;
    r->name = foreign_keep(p->f, json_member_text(item, SL("name")));
    if (slice_find(r->name, SL("${")) != SLICE_NONE) r->name = (struct slice){ 0 };
    r->method = foreign_keep(p->f, json_member_text(q, SL("method")));
    if (r->method.n == 0) r->method = SL("GET");
    r->url = url_of(p, q->kind == JSON_STRING ? q : json_member(q, SL("url")));
    const struct json_node *headers = json_member(q, SL("header"));
    for (const struct json_node *h = headers ? headers->child : NULL; h; h = h->next)
        if (!json_member_true(h, SL("disabled")) && json_member_text(h, SL("key")).n)
            foreign_set_field(p->f, &r->headers, plain(p, h, SL("key")), plain(p, h, SL("value")));
    body(p, json_member(q, SL("body")), r);
    const struct json_node *auth = json_member(q, SL("auth"));
    authorise(p, auth && auth->kind == JSON_OBJECT ? auth : p->auth, r);
    r->redirects = 10; /* as Postman does */
    scripts(p, json_member(item, SL("event")), r);
    foreign_host(p->f, r->url);
}

static void items(struct postman *p, const struct json_node *list, struct steps *out)
{
    const struct json_node *outer = p->auth;
    for (const struct json_node *c = list ? list->child : NULL; c; c = c->next) {
        const struct json_node *inner = json_member(c, SL("item")),
                               *auth = json_member(c, SL("auth"));
        if (json_member(c, SL("request"))) request(p, c, out);
        if (!inner) continue;
        struct steps steps = { 0 };
        p->auth = auth && auth->kind == JSON_OBJECT ? auth : outer;
        items(p, inner, &steps);
        p->auth = outer;
        if (steps.n == 0) continue;
        struct step *g = foreign_step(p->f, out, STEP_GROUP);
        g->name = foreign_keep(p->f, json_member_text(c, SL("name")));
        g->steps = steps.v;
        g->steps_n = steps.n;
    }
}

/* Names that scripts set, so that uses in front of them are known. */
static void constants(struct postman *p, const struct json_node *root)
{
    const struct json_node *list = json_member(root, SL("variable"));
    for (const struct json_node *v = list ? list->child : NULL; v; v = v->next) {
        struct slice key = json_member_text(v, SL("key"));
        if (key.n == 0) key = json_member_text(v, SL("id"));
        if (key.n && !json_member_true(v, SL("disabled")))
            foreign_constant(p->f, key, plain(p, v, SL("value")));
    }
}

bool postman_read(struct foreign *f, struct slice text, struct err *err)
{
    struct postman p = { .f = f };
    struct steps steps = { 0 };
    struct arena *a = arena_new();
    struct json j;
    json_init(&j, text);
    json_next(&j);
    const struct json_node *root = json_tree(&j, a, MAX_NODES);
    bool ok = root != NULL;
    if (!ok && j.tok == JSON_ERROR)
        json_fail(&j, f->path, "JSON", err);
    else if (!ok)
        err_set(err, ERR_INPUT, "%s: more than %d values", f->path, MAX_NODES);
    if (json_member(root, SL("collection"))) root = json_member(root, SL("collection"));
    if (ok) {
        p.auth = json_member(root, SL("auth"));
        constants(&p, root);
        items(&p, json_member(root, SL("item")), &steps);
        foreign_task(f, json_member_text(json_member(root, SL("info")), SL("name")), 1, &steps);
        foreign_warn(
            f, ADVICE_RECORD,
            "a collection holds no answers: tokens are found only where its scripts say so");
    }
    arena_free(a);
    return ok;
}
