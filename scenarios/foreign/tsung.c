/* Tsung's configurations and recordings to scenarios. Called through foreign.c.
 *
 * Sessions become tasks with their probabilities as weights; arrival phases an open model with Poisson
 * arrivals, as Tsung's users come. dyn_variable becomes extract, match becomes expect, thinktime think.
 * A recording is a <session> without a document around it, with relative URLs while the host stays. */
#include "scenarios/foreign/tsung.h"

#include "base/num.h"

/* ---- text ----------------------------------------------------------------------------------------- */

struct slice tsung_text(struct tsung *t, struct slice s, bool subst)
{
    struct buf b = BUF_INIT((size_t)64 << 20);
    size_t at, end;
    while (subst && (at = slice_find(s, SL("%%"))) != SLICE_NONE) {
        end = slice_find(slice_from(s, at + 2), SL("%%"));
        if (end == SLICE_NONE) break;
        struct slice name = slice_sub(s, at + 2, at + 2 + end);
        foreign_add_text(&b, slice_sub(s, 0, at), FOREIGN_PLAIN);
        if (slice_starts(name, SL("_")))
            foreign_add_var(t->f, &b, slice_from(name, 1), FOREIGN_PLAIN);
        else
            foreign_warn(t->f, ADVICE_ADD, "the function %%%%%.*s%%%% is left out", SL_FMT(name));
        s = slice_from(s, at + end + 4);
    }
    foreign_add_text(&b, s, FOREIGN_PLAIN);
    struct slice out = arena_dup(t->f->a, buf_slice(&b));
    buf_free(&b);
    return out;
}

static double number_attr(const struct xml_node *n, struct slice name, double otherwise)
{
    double v;
    return num_f64(slice_trim(xml_attr(n, name)), &v) && v >= 0 ? v : otherwise;
}

/* Seconds of a unit; Tsung's default is the second. */
static double unit_s(const struct xml_node *n)
{
    struct slice u = xml_attr(n, SL("unit"));
    if (slice_eq(u, SL("minute"))) return 60;
    if (slice_eq(u, SL("hour"))) return 3600;
    return slice_eq(u, SL("millisecond")) ? 0.001 : 1;
}

/* ---- requests ------------------------------------------------------------------------------------- */

static void extractor(struct tsung *t, const struct xml_node *n, struct request_step *r)
{
    struct slice name = xml_attr(n, SL("name")), re = xml_attr(n, SL("re"));
    struct extract e = { .name = foreign_name(t->f, name), .kind = EXTRACT_REGEX };
    if (re.n == 0) re = xml_attr(n, SL("regexp"));
    struct slice json = xml_attr(n, SL("jsonpath")), xpath = xml_attr(n, SL("xpath"));
    struct slice pg = xml_attr(n, SL("pgsql_expr")), header = xml_attr(n, SL("header"));
    if (json.n) {
        e.kind = EXTRACT_JSON;
        e.expr = foreign_keep(t->f, json);
        if (json.p[0] != '$') e.expr = arena_printf(t->f->a, "$.%.*s", SL_FMT(json));
    } else if (xpath.n) {
        e.kind = EXTRACT_HTML;
        e.expr = foreign_keep(t->f, xpath);
    } else if (header.n) {
        e.kind = EXTRACT_HEADER;
        e.expr = foreign_keep(t->f, slice_sub(header, 0, slice_chr(header, '/')));
        e.regex = foreign_keep(t->f, re);
    } else if (re.n) {
        e.expr = foreign_keep(t->f, re);
    } else { /* Tsung's own: the field of a form with that name */
        e.kind = EXTRACT_HTML;
        e.expr = arena_printf(t->f->a, "input[name=\"%.*s\"]", SL_FMT(name));
    }
    if (pg.n || name.n == 0)
        foreign_warn(t->f, ADVICE_ADD, "line %u: a dyn_variable is left out", n->line);
    else
        foreign_extract(t->f, r, &e);
}

static bool is_plain(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (slice_chr(SL("\\.*+?()[]{}^$|"), s.p[i]) != SLICE_NONE) return false;
    return true;
}

/* "200 OK" or "HTTP/1.1 302": Tsung looks at the head too. */
static bool is_status(struct slice s, struct slice *code)
{
    struct slice version;
    if (slice_starts(s, SL("HTTP/")) && !slice_cut(s, ' ', &version, &s)) return false;
    *code = slice_sub(s, 0, 3);
    uint64_t n;
    bool word = s.n == 3 || (s.n > 3 && s.p[3] == ' ');
    return word && num_u64(*code, 599, &n) && n >= 100;
}

static void match(struct tsung *t, const struct xml_node *n, bool subst, struct request_step *r)
{
    struct slice text = slice_trim(n->text), code;
    bool wanted = slice_eq(xml_attr(n, SL("when")), SL("nomatch")); /* acts when it is missing */
    struct check c = { .kind = CHECK_BODY_MATCHES, .value = foreign_keep(t->f, text) };
    if (text.n == 0) return;
    if (is_plain(text)) {
        c.kind = CHECK_BODY_CONTAINS;
        c.value = tsung_text(t, text, subst);
    }
    if (wanted && is_status(text, &code))
        c = (struct check){ .kind = CHECK_STATUS, .value = foreign_keep(t->f, code) };
    if (!wanted && c.kind == CHECK_BODY_CONTAINS) c.kind = CHECK_BODY_NOT;
    if (!wanted && c.kind == CHECK_BODY_MATCHES)
        foreign_warn(t->f, ADVICE_ADD,
                     "line %u: a match of a pattern that must not be there is left out", n->line);
    else
        foreign_check(t->f, r, &c);
}

static void authenticate(struct tsung *t, const struct xml_node *c, bool subst,
                         struct request_step *r)
{
    struct slice how = xml_attr(c, SL("type"));
    if (how.n && !slice_eq(how, SL("basic"))) {
        foreign_warn(t->f, ADVICE_ADD, "line %u: a login of the kind %.*s is left out", c->line,
                     SL_FMT(how));
        return;
    }
    struct slice login = arena_printf(t->f->a, "%.*s:%.*s", SL_FMT(xml_attr(c, SL("userid"))),
                                      SL_FMT(xml_attr(c, SL("passwd"))));
    foreign_set_field(t->f, &r->headers, SL("Authorization"),
                      foreign_basic(t->f, tsung_text(t, login, subst)));
}

static void headers(struct tsung *t, const struct xml_node *http, bool subst,
                    struct request_step *r)
{
    struct slice type = xml_attr(http, SL("content_type")),
                 since = xml_attr(http, SL("if_modified_since"));
    if (type.n)
        foreign_set_field(t->f, &r->headers, SL("Content-Type"), tsung_text(t, type, subst));
    if (since.n)
        foreign_set_field(t->f, &r->headers, SL("If-Modified-Since"), tsung_text(t, since, subst));
    for (const struct xml_node *c = http->child; c; c = c->next) {
        if (slice_eq(c->name, SL("http_header"))) {
            foreign_set_field(t->f, &r->headers, tsung_text(t, xml_attr(c, SL("name")), false),
                              tsung_text(t, xml_attr(c, SL("value")), subst));
        } else if (slice_eq(c->name, SL("www_authenticate"))) {
            authenticate(t, c, subst, r);
        } else if (slice_eq(c->name, SL("soap"))) {
            foreign_set_field(t->f, &r->headers, SL("SOAPAction"),
                              tsung_text(t, xml_attr(c, SL("action")), subst));
        } else {
            foreign_warn(t->f, ADVICE_ADD, "line %u: <%.*s> is left out", c->line, SL_FMT(c->name));
        }
    }
}

static void body(struct tsung *t, const struct xml_node *http, bool subst, struct request_step *r)
{
    struct slice text = xml_attr(http, SL("contents")),
                 file = xml_attr(http, SL("contents_from_file"));
    if (file.n) {
        r->body_kind = BODY_KIND_FILE;
        r->body = foreign_path(t->f, file);
    } else if (text.n) {
        r->body_kind = BODY_KIND_RAW;
        r->body = tsung_text(t, text, subst);
    }
}

/* Relative URLs go to the host of the last absolute one, at first to the server of the configuration. */
static struct slice full_url(struct tsung *t, struct slice url)
{
    if (slice_istarts(url, SL("http://")) || slice_istarts(url, SL("https://"))) {
        size_t at = slice_find(url, SL("://")) + 3;
        size_t slash = slice_chr(slice_from(url, at), '/');
        t->base = slash == SLICE_NONE ? url : slice_sub(url, 0, at + slash);
        return url;
    }
    return arena_printf(t->f->a, "%.*s%s%.*s", SL_FMT(t->base),
                        slice_starts(url, SL("/")) ? "" : "/", SL_FMT(url));
}

static void request(struct tsung *t, const struct xml_node *n, struct steps *out)
{
    const struct xml_node *http = xml_child(n, SL("http"));
    bool subst = slice_eq(xml_attr(n, SL("subst")), SL("true")) ||
                 slice_eq(xml_attr(n, SL("subst")), SL("all_parsed_variables"));
    struct slice url = xml_attr(http, SL("url")), method = xml_attr(http, SL("method"));
    t->f->report->entries_read++;
    if (!http || slice_eq(method, SL("CONNECT"))) {
        foreign_drop(t->f, http ? "tunnel" : "not-http");
        return;
    }
    struct request_step *r = foreign_request(t->f, out);
    r->method = method.n ? foreign_keep(t->f, method) : SL("GET");
    r->url = full_url(t, tsung_text(t, url, subst));
    foreign_host(t->f, r->url);
    headers(t, http, subst, r);
    body(t, http, subst, r);
    if (t->agent.n) foreign_set_field(t->f, &t->f->s->headers, SL("User-Agent"), t->agent);
    for (const struct xml_node *c = n->child; c; c = c->next) {
        if (slice_eq(c->name, SL("dyn_variable"))) extractor(t, c, r);
        if (slice_eq(c->name, SL("match"))) match(t, c, subst, r);
    }
}

/* ---- the rest of a session ------------------------------------------------------------------------- */

static void think(struct tsung *t, const struct xml_node *n, struct steps *out)
{
    double value = number_attr(n, SL("value"), -1) * 1000;
    double from = number_attr(n, SL("min"), -1) * 1000, to = number_attr(n, SL("max"), -1) * 1000;
    bool random = slice_eq(xml_attr(n, SL("random")), SL("true"));
    if (from >= 0 && to >= from)
        foreign_think(t->f, out, WAIT_UNIFORM, from, to);
    else if (value >= 0)
        foreign_think(t->f, out, random ? WAIT_EXPONENTIAL : WAIT_CONSTANT, value, 0);
    else if (value < 0 && xml_attr(n, SL("value")).n)
        foreign_warn(t->f, ADVICE_ADD, "line %u: a thinktime that is no number is left out",
                     n->line);
}

/* What sets a variable on the way; p == NULL if nothing of ours does. */
static struct slice source(struct tsung *t, const struct xml_node *n)
{
    struct slice type = xml_attr(n, SL("sourcetype"));
    if (slice_eq(type, SL("random_string")) || slice_eq(type, SL("urandom_string")))
        return arena_printf(t->f->a, "${randstr(%.0f)}", number_attr(n, SL("length"), 8));
    if (slice_eq(type, SL("random_number")))
        return arena_printf(t->f->a, "${random(%.0f, %.0f)}", number_attr(n, SL("start"), 1),
                            number_attr(n, SL("end"), 10));
    if (slice_eq(type, SL("value"))) return tsung_text(t, xml_attr(n, SL("value")), true);
    if (slice_find(xml_attr(n, SL("callback")), SL("unique_id")) != SLICE_NONE)
        return SL("${unique()}");
    return (struct slice){ 0 };
}

static void set_vars(struct tsung *t, const struct xml_node *n, struct steps *out)
{
    if (slice_eq(xml_attr(n, SL("sourcetype")), SL("file"))) return; /* a feed: declared before */
    struct slice value = source(t, n);
    if (!value.p) {
        foreign_warn(t->f, ADVICE_ADD, "line %u: variables from %.*s are left out", n->line,
                     SL_FMT(xml_attr(n, SL("sourcetype"))));
        return;
    }
    struct step *s = foreign_step(t->f, out, STEP_SET);
    for (const struct xml_node *v = xml_child(n, SL("var")); v; v = xml_again(v, SL("var")))
        foreign_add_field(t->f, &s->set, foreign_name(t->f, xml_attr(v, SL("name"))), value);
    if (s->set.n == 0) out->n--;
}

static void block(struct tsung *t, const struct xml_node *n, struct steps *out)
{
    struct steps inner = { 0 };
    bool loop = slice_eq(n->name, SL("for"));
    double from = number_attr(n, SL("from"), 1), to = number_attr(n, SL("to"), 1);
    tsung_steps(t, n, &inner);
    if (inner.n == 0) return;
    struct step *s = foreign_step(t->f, out, loop && to > from ? STEP_REPEAT : STEP_GROUP);
    s->times = loop && to > from && to - from < 1e6 ? (unsigned)(to - from) + 1 : 1;
    s->name = foreign_keep(t->f, xml_attr(n, SL("name")));
    if (s->kind == STEP_GROUP && s->name.n == 0) s->name = foreign_keep(t->f, n->name);
    s->steps = inner.v;
    s->steps_n = inner.n;
    if (!loop && !slice_eq(n->name, SL("transaction")))
        foreign_warn(t->f, ADVICE_ADD,
                     "line %u: the condition of <%.*s> is not taken over: its steps run once",
                     n->line, SL_FMT(n->name));
}

void tsung_steps(struct tsung *t, const struct xml_node *session, struct steps *out)
{
    static const struct slice blocks[] = {
        { "transaction", 11 }, { "for", 3 }, { "repeat", 6 }, { "if", 2 }, { "foreach", 7 }
    };
    for (const struct xml_node *n = session->child; n; n = n->next) {
        bool known = true;
        if (slice_eq(n->name, SL("request")))
            request(t, n, out);
        else if (slice_eq(n->name, SL("thinktime")))
            think(t, n, out);
        else if (slice_eq(n->name, SL("setdynvars")))
            set_vars(t, n, out);
        else
            known = false;
        for (size_t i = 0; i < sizeof blocks / sizeof blocks[0] && !known; i++)
            if (slice_eq(n->name, blocks[i])) {
                block(t, n, out);
                known = true;
            }
        if (!known)
            foreign_warn(t->f, ADVICE_ADD, "line %u: <%.*s> is left out", n->line, SL_FMT(n->name));
    }
}

/* ---- load ----------------------------------------------------------------------------------------- */

struct phase {
    double seconds, rate;
};

static struct phase phase_of(const struct xml_node *n)
{
    const struct xml_node *users = xml_child(n, SL("users"));
    struct phase p = { number_attr(n, SL("duration"), 0) * unit_s(n), 0 };
    double rate = number_attr(users, SL("arrivalrate"), 0),
           gap = number_attr(users, SL("interarrival"), 0);
    if (rate > 0)
        p.rate = rate / unit_s(users);
    else if (gap > 0)
        p.rate = 1 / (gap * unit_s(users));
    if (p.seconds > 864e5 * 365) p.seconds = 864e5 * 365;
    return p;
}

static void add_stage(struct foreign *f, double seconds, double rate)
{
    struct load *l = &f->s->load;
    l->stages = foreign_room(f, l->stages, l->stages_n, sizeof *l->stages);
    l->stages[l->stages_n++] = (struct stage){ (uint64_t)(seconds * 1e9), rate };
}

/* One phase is a rate; of several each is reached at once and held. */
void tsung_load(struct tsung *t, const struct xml_node *load)
{
    struct load *l = &t->f->s->load;
    struct xml_node *n = xml_child(load, SL("arrivalphase"));
    bool several = n && xml_again(n, SL("arrivalphase"));
    if (!n) return;
    l->arrival = ARRIVAL_POISSON;
    for (; n; n = xml_again(n, SL("arrivalphase"))) {
        struct phase p = phase_of(n);
        if (xml_child(n, SL("session_setup")))
            foreign_warn(t->f, ADVICE_ADD,
                         "line %u: the sessions' shares of one phase are not taken over", n->line);
        if (xml_attr(xml_child(n, SL("users")), SL("maxnumber")).n)
            foreign_warn(t->f, ADVICE_ADD, "line %u: maxnumber of a phase is not taken over",
                         n->line);
        if (several) {
            add_stage(t->f, 0.001, p.rate);
            add_stage(t->f, p.seconds, p.rate);
        } else {
            l->rate = p.rate > 0 ? p.rate : 1;
            l->run_time_ns = (uint64_t)(p.seconds * 1e9);
        }
    }
    double loops = number_attr(load, SL("loop"), 0);
    if (loops > 0)
        foreign_warn(t->f, ADVICE_ADD, "the load is not repeated (loop=\"%.0f\")", loops);
}
