/* Requests taken apart: every text that a request carries becomes a node, every part of it a use.
 *
 * Called once by correlate, in order of the items. Headers that the client makes anew for each request are
 * left out here and so never reach the scenario. Cookie headers are left to the jar, but for cookies that
 * no answer ever set: those the page's script made, and they must be sent. */
#include "scenarios/correlate/flow.h"

#include "http/cookie.h"
#include "http/form.h"
#include "scenarios/correlate/node.h"
#include "scenarios/value.h"

/* Of the connection, of the cache, or made by the engine. */
static bool is_dropped_header(struct slice name)
{
    static const char *const names[] = {
        "host",
        "connection",
        "content-length",
        "transfer-encoding",
        "keep-alive",
        "te",
        "trailer",
        "upgrade",
        "cookie",
        "if-none-match",
        "if-modified-since",
        "if-range",
        "proxy-connection",
        "proxy-authorization",
        "expect",
        "http2-settings",
        "accept-encoding",
        "priority",
        "alt-used",
        "traceparent",
        "tracestate",
        "x-request-id",
        "content-disposition",
        "purpose",
        "x-client-data",
        "cache-control",
        "pragma",
        "upgrade-insecure-requests",
        "sec-fetch-user",
    };
    if (name.n && name.p[0] == ':') return true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (slice_ieq(name, slice_z(names[i]))) return true;
    return slice_istarts(name, SL("sec-ch-")) || slice_istarts(name, SL("sec-websocket"));
}

/* Headers that say something about the browser, not about the walk. */
static bool is_noise_header(struct slice name)
{
    static const char *const names[] = { "user-agent",
                                         "accept",
                                         "accept-language",
                                         "origin",
                                         "content-type",
                                         "dnt",
                                         "x-requested-with",
                                         "range",
                                         "access-control-request-headers",
                                         "access-control-request-method" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (slice_ieq(name, slice_z(names[i]))) return true;
    return slice_istarts(name, SL("sec-fetch-"));
}

static struct node *root(struct flow *f, struct item *it, struct slice text, enum where where,
                         struct slice name)
{
    struct node *n = node_new(f, NULL, text, CODING_NONE);
    n->step = it->index;
    n->where = where;
    n->name = name;
    n->secondary = it->is_static || it->is_script;
    return n;
}

/* ---- headers -------------------------------------------------------------------------------------- */

/* "Bearer x", "Basic b64", "Token token=x": the part behind the scheme. */
static void expand_authorization(struct flow *f, struct node *n)
{
    size_t blank = slice_chr(n->text, ' ');
    node_use(f, n, 0, n->text.n);
    if (blank == SLICE_NONE) {
        node_expand(f, n, 1);
        return;
    }
    bool basic = slice_ieq(slice_sub(n->text, 0, blank), SL("basic"));
    struct node *c = node_child(f, n, blank + 1, n->text.n, basic ? CODING_BASE64 : CODING_NONE);
    if (!c) return;
    size_t colon = basic ? slice_chr(c->text, ':') : SLICE_NONE;
    if (colon == SLICE_NONE) {
        node_expand(f, c, 1);
        return;
    }
    struct node *user = node_child(f, c, 0, colon, CODING_NONE);
    struct node *pass = node_child(f, c, colon + 1, c->text.n, CODING_NONE);
    user->name = SL("username");
    pass->name = SL("password");
    node_use(f, user, 0, user->text.n);
    if (pass->text.n) node_use(f, pass, 0, pass->text.n);
}

static void expand_header(struct flow *f, struct node *n)
{
    if (slice_ieq(n->name, SL("referer"))) {
        n->secondary = true;
        struct url u;
        if (url_parse(n->text, &u) && u.path.n)
            node_expand_url(f, n, (size_t)(u.path.p - n->text.p), 1);
        return;
    }
    if (slice_ieq(n->name, SL("authorization")))
        expand_authorization(f, n);
    else
        node_expand(f, n, 1);
}

/* A node for a text that carries no token, one for all requests that have it under that name. */
static struct node *shared(struct flow *f, struct item *it, struct slice text, struct slice name)
{
    struct buf key = BUF_INIT(text.n + name.n + 1);
    buf_add(&key, name);
    buf_addc(&key, 0);
    buf_add(&key, text);
    struct node *n = map_get(f->same, buf_slice(&key));
    if (!n) {
        n = root(f, it, text, AT_HEADER, name);
        *map_at(f->same, arena_dup(f->a, buf_slice(&key))) = n;
    }
    buf_free(&key);
    return n;
}

static void take_headers(struct flow *f, struct item *it)
{
    const struct headers *h = &it->ex->request.headers;
    it->headers = arena_many(f->a, h->n ? h->n : 1, struct field_nodes);
    for (size_t i = 0; i < h->n; i++) {
        if (is_dropped_header(h->v[i].name)) continue;
        struct field_nodes *fn = &it->headers[it->headers_n++];
        struct slice name = h->v[i].name, value = h->v[i].value;
        fn->name = shared(f, it, name, SL(""));
        bool noise = is_noise_header(name);
        fn->value = noise ? shared(f, it, value, name) : root(f, it, value, AT_HEADER, name);
        if (!noise) expand_header(f, fn->value);
    }
}

/* ---- cookies -------------------------------------------------------------------------------------- */

static void note_set_cookies(struct item *it, struct map *set)
{
    const struct headers *h = &it->ex->response.headers;
    for (size_t i = 0; i < h->n; i++) {
        if (!slice_ieq(h->v[i].name, SL("set-cookie"))) continue;
        struct slice name, rest;
        if (slice_cut(h->v[i].value, '=', &name, &rest)) *map_at(set, slice_trim(name)) = set;
    }
}

static void take_cookies(struct flow *f, struct item *it, const struct map *set)
{
    struct slice all = headers_get(&it->ex->request.headers, SL("cookie")), name, value;
    struct buf own = BUF_INIT(64 << 10);
    while (cookie_next(&all, &name, &value)) {
        if (map_get(set, name)) continue;
        if (own.n) buf_addz(&own, "; ");
        buf_add(&own, name);
        buf_addc(&own, '=');
        buf_add(&own, value);
    }
    it->cookies = own.n ? arena_dup(f->a, buf_slice(&own)) : (struct slice){ 0 };
    buf_free(&own);
    if (!it->cookies.n) return;
    it->cookie_node = root(f, it, it->cookies, AT_COOKIE, SL("Cookie"));
    for (size_t at = 0; at < it->cookies.n;) {
        size_t semi = slice_find(slice_from(it->cookies, at), SL("; "));
        size_t end = semi == SLICE_NONE ? it->cookies.n : at + semi;
        size_t eq = slice_chr(slice_sub(it->cookies, at, end), '=');
        struct node *c = node_child(f, it->cookie_node, at + eq + 1, end, CODING_NONE);
        c->name = slice_sub(it->cookies, at, at + eq);
        node_expand(f, c, 1);
        at = end + 2;
    }
}

/* ---- bodies --------------------------------------------------------------------------------------- */

static struct field_nodes *add_field(struct item *it)
{
    return &it->fields[it->fields_n++];
}

static void take_form(struct flow *f, struct item *it, struct slice body)
{
    size_t n;
    struct form_field *v = form_parse(f->a, body, &n);
    it->fields = arena_many(f->a, n ? n : 1, struct field_nodes);
    it->body_kind = BODY_KIND_FORM;
    for (size_t i = 0; i < n; i++) {
        struct field_nodes *fn = add_field(it);
        fn->name = root(f, it, v[i].name, AT_FORM, SL("name"));
        if (value_is_token_name(v[i].name)) node_use(f, fn->name, 0, v[i].name.n);
        fn->value = root(f, it, v[i].value, AT_FORM, v[i].name);
        node_expand(f, fn->value, 1);
    }
}

static bool form_is_text(struct flow *f, struct slice body)
{
    size_t n;
    struct form_field *v = form_parse(f->a, body, &n);
    for (size_t i = 0; i < n; i++) {
        if (!value_is_printable(v[i].name) || !value_is_printable(v[i].value)) return false;
        if (!v[i].has_eq) return false;
    }
    return n > 0;
}

static bool take_multipart(struct flow *f, struct item *it, struct slice body, struct slice type)
{
    struct part *v;
    size_t n;
    if (!multipart_parse(f->a, body, multipart_boundary(type), &v, &n)) return false;
    it->fields = arena_many(f->a, n ? n : 1, struct field_nodes);
    it->body_kind = BODY_KIND_MULTIPART;
    for (size_t i = 0; i < n; i++) {
        struct field_nodes *fn = add_field(it);
        fn->part = &v[i];
        fn->name = root(f, it, v[i].name, AT_PART, v[i].name);
        fn->value = root(f, it, v[i].value, AT_PART, v[i].name);
        if (!v[i].has_file_name) node_expand(f, fn->value, 1);
    }
    return true;
}

/* A recorder's list of fields stands in when it kept no text. */
static void take_params(struct flow *f, struct item *it, struct slice type)
{
    const struct request *r = &it->ex->request;
    it->fields = arena_many(f->a, r->params_n, struct field_nodes);
    it->body_kind = slice_istarts(type, SL("multipart/")) ? BODY_KIND_MULTIPART : BODY_KIND_FORM;
    for (size_t i = 0; i < r->params_n; i++) {
        const struct post_param *p = &r->params[i];
        struct field_nodes *fn = add_field(it);
        struct part *part = arena_one(f->a, struct part);
        *part = (struct part){ .name = p->name,
                               .file_name = p->file_name,
                               .content_type = p->content_type,
                               .value = p->value,
                               .has_file_name = p->is_file };
        fn->part = it->body_kind == BODY_KIND_MULTIPART ? part : NULL;
        fn->name = root(f, it, p->name, AT_FORM, p->name);
        fn->value = root(f, it, p->value, AT_FORM, p->name);
        node_expand(f, fn->value, 1);
    }
}

/* Text and attribute values of an XML body. */
static void expand_xml(struct flow *f, struct node *n)
{
    struct slice s = n->text, name = n->name;
    for (size_t i = 0; i < s.n;) {
        bool tag = s.p[i] == '<';
        char stop = tag ? '>' : '<';
        size_t len = slice_chr(slice_from(s, i + 1), stop);
        size_t end = len == SLICE_NONE ? s.n : i + 1 + len;
        if (!tag) {
            struct node *c = node_child(f, n, i, end, CODING_HTML);
            if (c && slice_trim(c->text).n) {
                c->name = name;
                node_expand(f, c, 2);
            }
            i = end;
            continue;
        }
        size_t k = i + 1;
        while (k < end && s.p[k] != ' ' && s.p[k] != '/' && s.p[k] != '>')
            k++;
        name = slice_sub(s, i + 1, k);
        for (size_t q; (q = slice_chr(slice_sub(s, k, end), '"')) != SLICE_NONE;) {
            size_t from = k + q + 1, close = slice_chr(slice_sub(s, from, end), '"');
            if (close == SLICE_NONE) break;
            struct node *c = node_child(f, n, from, from + close, CODING_HTML);
            if (c && c->text.n) node_expand(f, c, 2);
            k = from + close + 1;
        }
        i = end + 1;
    }
}

static void take_text(struct flow *f, struct item *it, struct slice body, struct slice type)
{
    bool json = slice_ifind(type, SL("json")) != SLICE_NONE;
    bool xml = slice_ifind(type, SL("xml")) != SLICE_NONE;
    it->body = root(f, it, body, xml ? AT_XML : json ? AT_JSON : AT_TEXT, SL("body"));
    it->body_kind = !value_is_printable(body) ? BODY_KIND_BASE64
                    : json                    ? BODY_KIND_JSON
                                              : BODY_KIND_RAW;
    if (it->body_kind == BODY_KIND_BASE64) return;
    if (xml)
        expand_xml(f, it->body);
    else
        node_expand(f, it->body, 0);
}

static void take_body(struct flow *f, struct item *it)
{
    const struct request *r = &it->ex->request;
    struct slice type = headers_get(&r->headers, SL("content-type"));
    if (!type.n) type = r->mime;
    bool form = slice_istarts(type, SL("application/x-www-form-urlencoded"));
    if (!r->body.n && r->params_n) take_params(f, it, type);
    if (!r->body.n) return;
    if (form && form_is_text(f, r->body))
        take_form(f, it, r->body);
    else if (slice_istarts(type, SL("multipart/form-data")) && take_multipart(f, it, r->body, type))
        return;
    else
        take_text(f, it, r->body, type);
}

void flow_uses(struct flow *f)
{
    struct map *set = map_new();
    for (size_t i = 0; i < f->n; i++) {
        struct item *it = &f->items[i];
        it->target = root(f, it, it->url.target, AT_PATH, (struct slice){ 0 });
        node_expand_url(f, it->target, 0, 1);
        take_headers(f, it);
        take_cookies(f, it, set);
        take_body(f, it);
        note_set_cookies(it, set);
    }
    map_free(set);
}
