/* Sanitised recordings: what a browser left out on purpose, put back where it can be inferred.
 *
 * Chrome since 130 drops Authorization, Cookie and Set-Cookie from the HAR files that it exports. Cookies
 * need nothing: the jar rebuilds them from the live answers. An Authorization header is inferred when a
 * login answers with a token that no later request carries: requests by script get "Bearer" and that
 * token. Marked as inferred in the report and in the scenario. */
#include "base/json.h"
#include "scenarios/correlate/report.h"
#include "scenarios/value.h"

static bool is_sanitised(const struct flow *f)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct headers *q = &f->items[i].ex->request.headers;
        const struct headers *r = &f->items[i].ex->response.headers;
        if (headers_has(q, SL("authorization")) || headers_has(q, SL("cookie"))) return false;
        if (headers_has(r, SL("set-cookie"))) return false;
    }
    return true;
}

static bool is_bearer_name(struct slice name)
{
    static const char *const names[] = { "access_token", "accessToken",  "token",  "jwt",
                                         "auth_token",   "authToken",    "bearer", "id_token",
                                         "idToken",      "session_token" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (slice_ieq(name, slice_z(names[i]))) return true;
    return false;
}

/* The path of the first token in a JSON answer, outside arrays; false if there is none. */
static bool find_bearer(struct flow *f, struct slice body, struct buf *path, struct slice *value)
{
    size_t mark[JSON_MAX_DEPTH + 1];
    struct json j;
    struct slice key = { 0 };
    unsigned depth = 0;
    json_init(&j, body);
    buf_addc(path, '$');
    for (enum json_tok t = json_next(&j); t != JSON_END && t != JSON_ERROR; t = json_next(&j)) {
        if (t == JSON_KEY) key = json_str(&j, f->a);
        if (t == JSON_ARRAY && !json_skip(&j)) return false;
        if (t == JSON_OBJECT) {
            mark[depth++] = path->n;
            if (key.n) buf_addf(path, ".%.*s", SL_FMT(key));
        }
        if (t == JSON_OBJECT_END) path->n = mark[--depth];
        if (t != JSON_STRING || !is_bearer_name(key)) continue;
        *value = json_str(&j, f->a);
        if (value->n < 16 || value_bits(*value) < BITS_MEDIUM) continue;
        buf_addf(path, ".%.*s", SL_FMT(key));
        return true;
    }
    return false;
}

static bool is_by_script(const struct item *it)
{
    if (it->is_static || it->is_script || it->navigation || it->hop_of) return false;
    return !slice_eq(it->ex->request.method, SL("OPTIONS"));
}

static void add_bearer(struct flow *f, struct item *it, struct slice var)
{
    struct field_nodes *more = arena_many(f->a, it->headers_n + 1, struct field_nodes);
    for (size_t i = 0; i < it->headers_n; i++)
        more[i] = it->headers[i];
    struct node *name = node_new(f, NULL, SL("Authorization"), CODING_NONE);
    struct node *value = node_new(f, NULL, SL("Bearer x"), CODING_NONE);
    node_span(f, value, 7, 8, var);
    more[it->headers_n] = (struct field_nodes){ .name = name, .value = value };
    it->headers = more;
    it->headers_n++;
}

static void infer(struct flow *f, struct item *login, struct slice path, struct slice value)
{
    struct extract way = { .kind = EXTRACT_JSON, .expr = path, .comment = SL("inferred") };
    if (!way_gives(login, &way, value)) return;
    way.name = var_name(f, SL("bearer"));
    item_extract(f, login, way);
    struct token *t = report_token(f);
    *t = (struct token){ .name = arena_dup(f->report_arena, way.name),
                         .value = arena_dup(f->report_arena, value),
                         .from = report_step(f, login->index),
                         .extract = arena_printf(f->report_arena, "json %.*s", SL_FMT(path)),
                         .confidence = 0.5,
                         .inferred = true };
    for (size_t i = login->index + 1; i < f->n; i++) {
        if (!is_by_script(&f->items[i])) continue;
        add_bearer(f, &f->items[i], way.name);
        report_use(f, t, arena_printf(f->report_arena, "#%zu header Authorization", i));
    }
    report_warn(f, "check it: reprise try",
                "Authorization: Bearer was inferred from the answer to #%zu %.*s", login->index,
                SL_FMT(login->url.path));
}

void flow_infer(struct flow *f)
{
    if (!is_sanitised(f)) return;
    bool chrome = f->creator.n && slice_istarts(f->creator, SL("WebInspector"));
    if (chrome)
        report_warn(f, "check it: reprise try; a recording with sensitive data needs no guesses",
                    "the recording was sanitised by the browser: it holds no cookies and no "
                    "Authorization; cookies come from the live answers");
    if (f->login == SIZE_MAX || !f->login_first) return;
    for (size_t i = f->login_first->index; i <= f->login; i++) {
        struct item *it = &f->items[i];
        struct slice value, type = it->body_type;
        if (slice_ifind(type, SL("json")) == SLICE_NONE) continue;
        struct buf path = BUF_INIT(1000);
        bool found = find_bearer(f, it->ex->response.body, &path, &value) && !path.bad;
        struct value *used = found ? flow_value(f, value) : NULL;
        if (found && !used) infer(f, it, arena_dup(f->a, buf_slice(&path)), value);
        buf_free(&path);
        if (found) return;
    }
}
