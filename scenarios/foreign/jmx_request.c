/* A JMeter HTTP sampler as a request: where it goes, what it carries, what is in force around it.
 *
 * Called by jmx.c. Empty properties take those of the nearest "HTTP Request Defaults"; headers of nearer
 * managers win by name; all timers in force make a pause before it. */
#include "scenarios/foreign/jmx.h"

#include "base/enc.h"
#include "http/url.h"

/* The nearest defaults that have the property. */
static struct slice inherited_prop(const struct jmx_scope *scope, struct slice name)
{
    for (; scope; scope = scope->outer) {
        const struct xml_node *sub, *n = jmx_pair(scope->tree->child, &sub);
        for (; n; n = jmx_pair(sub ? sub->next : n->next, &sub)) {
            bool http = slice_starts(xml_attr(n, SL("guiclass")), SL("HttpDefaults")) ||
                        jmx_prop_node(n, SL("HTTPSampler.domain"));
            if (!jmx_is(n, SL("ConfigTestElement")) || !jmx_enabled(n) || !http) continue;
            struct slice v = jmx_prop(n, name);
            if (slice_trim(v).n) return v;
        }
    }
    return (struct slice){ 0 };
}

static struct slice prop_of(const struct xml_node *n, const struct jmx_scope *scope,
                            struct slice name)
{
    struct slice v = jmx_prop(n, name);
    return slice_trim(v).n ? v : inherited_prop(scope, name);
}

/* ---- arguments ------------------------------------------------------------------------------------ */

static const struct xml_node *arguments_of(const struct xml_node *n)
{
    const struct xml_node *args = jmx_prop_node(n, SL("HTTPsampler.Arguments"));
    if (!args) args = jmx_prop_node(n, SL("HTTPSampler.Arguments"));
    const struct xml_node *list = jmx_prop_node(args, SL("Arguments.arguments"));
    return list ? list->child : NULL;
}

static bool all_unnamed(const struct xml_node *arg)
{
    if (!arg) return false;
    for (; arg; arg = arg->next)
        if (jmx_prop(arg, SL("Argument.name")).n) return false;
    return true;
}

static void raw_body(struct jmx *j, const struct xml_node *arg, struct request_step *r)
{
    struct buf b = BUF_INIT((size_t)64 << 20);
    for (; arg; arg = arg->next)
        buf_add(&b, jmx_text(j, jmx_prop(arg, SL("Argument.value")), FOREIGN_PLAIN));
    r->body_kind = b.n ? BODY_KIND_RAW : BODY_KIND_NONE;
    r->body = arena_dup(j->f->a, buf_slice(&b));
    buf_free(&b);
}

static struct slice decoded(struct jmx *j, const struct xml_node *arg, struct slice name)
{
    struct slice v = jmx_prop(arg, name);
    bool encoded = slice_eq(jmx_prop(arg, SL("HTTPArgument.always_encode")), SL("false"));
    if (!encoded || slice_chr(v, '%') == SLICE_NONE) return jmx_text(j, v, FOREIGN_PLAIN);
    struct buf b = BUF_INIT(v.n + 1);
    enc_unpercent(&b, v, true);
    struct slice out = jmx_text(j, buf_slice(&b), FOREIGN_PLAIN);
    buf_free(&b);
    return out;
}

static struct slice query_part(struct jmx *j, const struct xml_node *arg, struct slice name)
{
    bool encode = !slice_eq(jmx_prop(arg, SL("HTTPArgument.always_encode")), SL("false"));
    return jmx_text(j, jmx_prop(arg, name), encode ? FOREIGN_QUERY : FOREIGN_PLAIN);
}

static void add_query(struct jmx *j, const struct xml_node *arg, struct request_step *r)
{
    bool has = slice_chr(r->url, '?') != SLICE_NONE;
    for (; arg; arg = arg->next, has = true) {
        struct slice name = query_part(j, arg, SL("Argument.name"));
        struct slice value = query_part(j, arg, SL("Argument.value"));
        bool equals = name.n && (value.n || !slice_eq(jmx_prop(arg, SL("HTTPArgument.use_equals")),
                                                      SL("false")));
        r->url = arena_printf(j->f->a, "%.*s%c%.*s%s%.*s", SL_FMT(r->url), has ? '&' : '?',
                              SL_FMT(name), equals ? "=" : "", SL_FMT(value));
    }
}

/* ---- files ---------------------------------------------------------------------------------------- */

static void add_part(struct jmx *j, struct request_step *r, const struct form_part *p)
{
    r->parts = foreign_room(j->f, r->parts, r->parts_n, sizeof *p);
    r->parts[r->parts_n++] = *p;
}

static struct slice file_of(struct jmx *j, struct slice path)
{
    if (slice_find(path, SL("${")) != SLICE_NONE) {
        path = foreign_resolved(j->f, jmx_text(j, path, FOREIGN_PLAIN));
        foreign_warn(j->f, ADVICE_LOOK, "a file's name with a variable in it is taken as %.*s",
                     SL_FMT(path));
    }
    return foreign_path(j->f, path);
}

static void add_file(struct jmx *j, const struct xml_node *file, struct request_step *r)
{
    struct slice path = file_of(j, jmx_prop(file, SL("File.path"))), head, base = path;
    struct slice mime = jmx_prop(file, SL("File.mimetype"));
    while (slice_cut(base, '/', &head, &base))
        ;
    struct form_part p = { .name = jmx_text(j, jmx_prop(file, SL("File.paramname")), FOREIGN_PLAIN),
                           .file_name = base,
                           .has_file_name = true,
                           .content_type =
                               mime.n ? foreign_keep(j->f, mime) : SL("application/octet-stream"),
                           .file = path };
    add_part(j, r, &p);
}

static void add_files(struct jmx *j, const struct xml_node *n, struct request_step *r)
{
    const struct xml_node *files = jmx_prop_node(n, SL("HTTPsampler.Files"));
    files = jmx_prop_node(files, SL("HTTPFileArgs.files"));
    for (files = files ? files->child : NULL; files; files = files->next)
        if (slice_trim(jmx_prop(files, SL("File.path"))).n) add_file(j, files, r);
    struct slice old = slice_trim(jmx_prop(n, SL("HTTPSampler.FILE_NAME")));
    if (!old.n) return;
    struct form_part p = {
        .name = jmx_text(j, jmx_prop(n, SL("HTTPSampler.FILE_FIELD")), FOREIGN_PLAIN),
        .file_name = foreign_keep(j->f, old),
        .has_file_name = true,
        .content_type = foreign_keep(j->f, jmx_prop(n, SL("HTTPSampler.mimetype"))),
        .file = file_of(j, old)
    };
    add_part(j, r, &p);
}

static bool is_bodyless(struct slice method)
{
    return slice_eq(method, SL("GET")) || slice_eq(method, SL("HEAD")) ||
           slice_eq(method, SL("DELETE")) || slice_eq(method, SL("OPTIONS")) ||
           slice_eq(method, SL("TRACE"));
}

static void fill_body(struct jmx *j, const struct xml_node *n, struct request_step *r)
{
    const struct xml_node *arg = arguments_of(n);
    bool raw = jmx_flag(n, SL("HTTPSampler.postBodyRaw"));
    add_files(j, n, r);
    if (r->parts_n == 1 && !arg && r->parts[0].name.n == 0) {
        r->body_kind = BODY_KIND_FILE; /* the file is the body */
        r->body = r->parts[0].file;
        r->parts_n = 0;
        return;
    }
    bool parts = r->parts_n > 0 || jmx_flag(n, SL("HTTPSampler.DO_MULTIPART_POST"));
    if (raw || (!is_bodyless(r->method) && all_unnamed(arg) && !parts)) {
        raw_body(j, arg, r);
    } else if (is_bodyless(r->method)) {
        add_query(j, arg, r);
    } else if (parts) {
        r->body_kind = BODY_KIND_MULTIPART;
        for (; arg; arg = arg->next) {
            struct form_part p = { .name = decoded(j, arg, SL("Argument.name")),
                                   .value = decoded(j, arg, SL("Argument.value")) };
            add_part(j, r, &p);
        }
        if (r->parts_n == 0) r->body_kind = BODY_KIND_NONE;
    } else if (arg) {
        r->body_kind = BODY_KIND_FORM;
        for (; arg; arg = arg->next)
            foreign_add_field(j->f, &r->form, decoded(j, arg, SL("Argument.name")),
                              decoded(j, arg, SL("Argument.value")));
    }
}

/* ---- URL ------------------------------------------------------------------------------------------ */

static struct slice url_of(struct jmx *j, const struct xml_node *n, const struct jmx_scope *scope)
{
    struct slice path =
        jmx_text(j, slice_trim(prop_of(n, scope, SL("HTTPSampler.path"))), FOREIGN_PLAIN);
    struct slice host =
        jmx_text(j, slice_trim(prop_of(n, scope, SL("HTTPSampler.domain"))), FOREIGN_PLAIN);
    struct slice port =
        jmx_text(j, slice_trim(prop_of(n, scope, SL("HTTPSampler.port"))), FOREIGN_PLAIN);
    struct slice scheme =
        jmx_text(j, slice_trim(prop_of(n, scope, SL("HTTPSampler.protocol"))), FOREIGN_PLAIN);
    if (slice_istarts(path, SL("http://")) || slice_istarts(path, SL("https://"))) return path;
    scheme = foreign_resolved(j->f, scheme);
    bool slash = slice_starts(path, SL("/"));
    if (host.n == 0) return arena_printf(j->f->a, "%s%.*s", slash ? "" : "/", SL_FMT(path));
    if (!slice_ieq(scheme, SL("https"))) scheme = SL("http");
    return arena_printf(j->f->a, "%.*s://%.*s%s%.*s%s%.*s", SL_FMT(scheme), SL_FMT(host),
                        port.n && !slice_eq(port, SL("0")) ? ":" : "",
                        slice_eq(port, SL("0")) ? 0 : (int)port.n, port.p ? port.p : "",
                        slash ? "" : "/", SL_FMT(path));
}

/* A fragment is never sent, and a blank or quote in a path is not HTTP. */
static struct slice clean_url(struct jmx *j, struct slice url)
{
    struct buf b = BUF_INIT(url.n * 3 + 8);
    bool in = false;
    for (size_t i = 0; i < url.n; i++) {
        char c = url.p[i];
        if (c == '$' && i + 1 < url.n && url.p[i + 1] == '{') in = true;
        if (c == '#' && !in) break;
        if (!in && (c == ' ' || c == '"' || c == '<' || c == '>' || c == '\n' || c == '\r'))
            buf_addf(&b, "%%%02X", (unsigned)c);
        else
            buf_addc(&b, c);
        if (c == '}') in = false;
    }
    struct slice out = arena_dup(j->f->a, buf_slice(&b));
    buf_free(&b);
    return out;
}

/* ---- what is in force ------------------------------------------------------------------------------ */

static void add_headers(struct jmx *j, const struct xml_node *manager, struct request_step *r)
{
    const struct xml_node *h = jmx_prop_node(manager, SL("HeaderManager.headers"));
    for (h = h ? h->child : NULL; h; h = h->next) {
        struct slice name = slice_trim(jmx_prop(h, SL("Header.name")));
        if (name.n)
            foreign_set_field(j->f, &r->headers, name,
                              jmx_text(j, jmx_prop(h, SL("Header.value")), FOREIGN_PLAIN));
    }
}

static void add_auth(struct jmx *j, const struct xml_node *manager, struct request_step *r)
{
    const struct xml_node *a = jmx_prop_node(manager, SL("AuthManager.auth_list"));
    for (a = a ? a->child : NULL; a; a = a->next) {
        struct slice how = jmx_prop(a, SL("Authorization.mechanism"));
        struct slice url = jmx_text(j, jmx_prop(a, SL("Authorization.url")), FOREIGN_PLAIN);
        if (how.n && slice_find(how, SL("BASIC")) == SLICE_NONE) {
            foreign_warn(j->f, ADVICE_ADD, "a login of the kind %.*s is left out", SL_FMT(how));
            continue;
        }
        if (url.n && !slice_starts(r->url, url)) continue;
        struct slice user = jmx_prop(a, SL("Authorization.username")),
                     password = jmx_prop(a, SL("Authorization.password")),
                     login = arena_printf(j->f->a, "%.*s:%.*s", SL_FMT(user), SL_FMT(password));
        foreign_set_field(j->f, &r->headers, SL("Authorization"),
                          foreign_basic(j->f, jmx_text(j, login, FOREIGN_PLAIN)));
    }
}

static bool add_timer(struct jmx *j, const struct xml_node *n, struct steps *out)
{
    double delay = 0, range = 0;
    struct slice d = jmx_prop(n, SL("ConstantTimer.delay"));
    bool constant = jmx_is(n, SL("ConstantTimer")), uniform = jmx_is(n, SL("UniformRandomTimer"));
    bool gauss = jmx_is(n, SL("GaussianRandomTimer")),
         poisson = jmx_is(n, SL("PoissonRandomTimer"));
    if (!constant && !uniform && !gauss && !poisson) return false;
    bool ok = d.n == 0 || jmx_number(j, d, &delay);
    struct slice range_text = jmx_prop(n, SL("RandomTimer.range"));
    if (!constant && range_text.n) ok = jmx_number(j, range_text, &range) && ok;
    if (!ok)
        foreign_warn(j->f, ADVICE_ADD, "the pause of a timer is no constant: it is left out (%.*s)",
                     SL_FMT(jmx_label(n)));
    if (!ok) return true;
    if (constant) foreign_think(j->f, out, WAIT_CONSTANT, delay, 0);
    if (uniform) foreign_think(j->f, out, WAIT_UNIFORM, delay, delay + range);
    if (gauss) foreign_think(j->f, out, WAIT_NORMAL, delay, range);
    if (poisson) foreign_think(j->f, out, WAIT_CONSTANT, delay + range, 0);
    return true;
}

/* Timers come first: they act before the sampler. Outer scopes first, so that nearer headers win. */
static void timers(struct jmx *j, const struct jmx_scope *scope, struct steps *out)
{
    if (!scope) return;
    timers(j, scope->outer, out);
    const struct xml_node *sub, *n = jmx_pair(scope->tree->child, &sub);
    for (; n; n = jmx_pair(sub ? sub->next : n->next, &sub))
        if (jmx_enabled(n)) add_timer(j, n, out);
}

static void around(struct jmx *j, const struct jmx_scope *scope, bool inherited,
                   struct request_step *r)
{
    if (!scope) return;
    around(j, scope->outer, true, r);
    const struct xml_node *sub, *n = jmx_pair(scope->tree->child, &sub);
    for (; n; n = jmx_pair(sub ? sub->next : n->next, &sub)) {
        if (!jmx_enabled(n)) continue;
        if (jmx_is(n, SL("HeaderManager")))
            add_headers(j, n, r);
        else if (jmx_is(n, SL("AuthManager")))
            add_auth(j, n, r);
        else
            jmx_after(j, n, inherited, r);
    }
}

void jmx_sampler(struct jmx *j, const struct xml_node *sampler, const struct jmx_scope *scope,
                 struct steps *out)
{
    double ms;
    j->f->report->entries_read++;
    timers(j, scope, out);
    struct request_step *r = foreign_request(j->f, out);
    const struct jmx_scope *outside = scope->outer;
    r->method = foreign_keep(j->f, slice_trim(prop_of(sampler, outside, SL("HTTPSampler.method"))));
    if (r->method.n == 0 || slice_find(r->method, SL("${")) != SLICE_NONE) r->method = SL("GET");
    r->url = url_of(j, sampler, outside);
    fill_body(j, sampler, r);
    r->url = clean_url(j, r->url);
    foreign_host(j->f, r->url);
    r->name = foreign_keep(j->f, jmx_label(sampler));
    if (slice_find(r->name, SL("${")) != SLICE_NONE) r->name = (struct slice){ 0 };
    if (jmx_flag(sampler, SL("HTTPSampler.follow_redirects")) ||
        jmx_flag(sampler, SL("HTTPSampler.auto_redirects")))
        r->redirects = 10;
    if (jmx_number(j, prop_of(sampler, outside, SL("HTTPSampler.response_timeout")), &ms) &&
        ms >= 1 && ms < 1e9)
        r->timeout_ns = (uint64_t)(ms * 1e6);
    around(j, scope, false, r);
    if (jmx_flag(sampler, SL("HTTPSampler.image_parser")))
        foreign_warn(j->f, ADVICE_ADD,
                     "embedded resources, which JMeter fetches with some samplers, are left out");
}
