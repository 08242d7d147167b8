/* `reprise try`: values of the recording that a refused request still carried, and where a live answer has
 * another one under the same name. What is suggested is put into the scenario, which --fix writes. */
#include "cli/try.h"

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"

static bool live_value(struct trial *t, const struct try_answer *l, const struct extract *x,
                       struct slice *got)
{
    struct headers h = try_headers(t, l);
    struct answer a = { .status = l->status, .headers = &h, .body = l->body };
    struct err err = { 0 };
    struct extractor *e = extractor_compile(t->a, x, &err);
    bool ok = e && extractor_run(e, &a, t->a, got) && got->n > 0;
    extractor_free(e);
    return ok;
}

/* Where a live answer holds a value of that name: what import would have written. */
static bool find_live(struct trial *t, const struct try_answer *l, struct slice name,
                      struct extract *x, struct slice *got)
{
    const struct extract ways[] = {
        { .kind = EXTRACT_HTML,
          .expr = arena_printf(t->a, "//input[@name='%.*s']/@value", SL_FMT(name)) },
        { .kind = EXTRACT_HTML,
          .expr = arena_printf(t->a, "//meta[@name='%.*s']/@content", SL_FMT(name)) },
        { .kind = EXTRACT_JSON, .expr = arena_printf(t->a, "$..['%.*s']", SL_FMT(name)) },
        { .kind = EXTRACT_HEADER, .expr = name },
        { .kind = EXTRACT_COOKIE, .expr = name },
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (!live_value(t, l, &ways[i], got)) continue;
        *x = ways[i];
        return true;
    }
    return false;
}

/* What answers call the value that a header of another name carries: by a part of the header's name. */
static const struct alias {
    const char *header, *name;
} aliases[] = {
    { "authorization", "access_token" },
    { "authorization", "accessToken" },
    { "authorization", "token" },
    { "authorization", "id_token" },
    { "authorization", "idToken" },
    { "authorization", "jwt" },
    { "csrf", "csrf" },
    { "csrf", "_csrf" },
    { "csrf", "csrf_token" },
    { "csrf", "csrf-token" },
    { "csrf", "csrfmiddlewaretoken" },
    { "csrf", "csrftoken" },
    { "csrf", "authenticity_token" },
    { "csrf", "_token" },
    { "xsrf", "XSRF-TOKEN" },
    { "xsrf", "_xsrf" },
};

static bool find_alias(struct trial *t, const struct try_answer *l, struct slice name,
                       struct extract *x, struct slice *got)
{
    if (find_live(t, l, name, x, got)) return true;
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (slice_ifind(name, slice_z(aliases[i].header)) != SLICE_NONE &&
            find_live(t, l, slice_z(aliases[i].name), x, got))
            return true;
    return false;
}

/* The variable that takes this value from the answer already; empty: none does. */
static struct slice known_as(struct trial *t, const struct try_step *s, struct slice value)
{
    for (size_t i = 0; i < s->request->extract_n; i++) {
        struct slice got;
        if (live_value(t, s->answer, &s->request->extract[i], &got) && slice_eq(got, value))
            return s->request->extract[i].name;
    }
    return (struct slice){ 0 };
}

static void add_extract(struct trial *t, struct request_step *r, struct extract x)
{
    struct extract *v = arena_many(t->s->arena, r->extract_n + 1, struct extract);
    for (size_t i = 0; i < r->extract_n; i++)
        v[i] = r->extract[i];
    x.name = arena_dup(t->s->arena, x.name);
    x.expr = arena_dup(t->s->arena, x.expr);
    v[r->extract_n] = x;
    r->extract = v;
    r->extract_n++;
}

static struct slice variable(struct trial *t, struct slice name)
{
    struct slice v = arena_printf(t->a, "try_%zu_%.*s", t->fixed + 1, SL_FMT(name));
    char *p = arena_z(t->a, v);
    for (size_t i = 0; i < v.n; i++) {
        bool word = (p[i] >= '0' && p[i] <= '9') || ((p[i] | 32) >= 'a' && (p[i] | 32) <= 'z');
        if (!word) p[i] = '_';
    }
    return (struct slice){ p, v.n };
}

/* The latest earlier answer that holds another value under that name; empty if none does. */
static struct slice suggest(struct trial *t, size_t at, struct literal *l, struct slice value)
{
    for (size_t k = at; k-- > 0;) {
        struct extract x;
        struct slice got;
        const struct try_step *s = &t->steps[k];
        if (!s->answer || !find_alias(t, s->answer, l->name, &x, &got) || slice_eq(got, value))
            continue;
        struct slice known = known_as(t, s, got);
        x.name = known.n ? known : variable(t, l->name);
        l->way = x.expr;
        l->from = k;
        if (!known.n) add_extract(t, s->request, x);
        t->fixed++;
        return arena_dup(t->s->arena, x.name);
    }
    return (struct slice){ 0 };
}

/* The variable to take instead of a value that may be of the recording; empty: it stays. */
static struct slice judge(struct trial *t, size_t at, const char *where, struct slice name,
                          struct slice value)
{
    struct try_step *s = &t->steps[at];
    if (slice_find(value, SL("${")) != SLICE_NONE || !correlate_may_be_token(value))
        return (struct slice){ 0 };
    struct buf b = BUF_INIT(4096);
    log_mask(&b, value);
    struct literal l = { .where = where, .name = name, .masked = arena_dup(t->a, buf_slice(&b)) };
    buf_free(&b);
    struct slice var = suggest(t, at, &l, value);
    mem_grow(&s->literals, &s->literals_cap, s->literals_n + 1, sizeof l);
    s->literals[s->literals_n++] = l;
    return var;
}

static void in_field(struct trial *t, size_t at, const char *where, struct slice name,
                     struct slice *value)
{
    struct slice var = judge(t, at, where, name, *value);
    if (var.n) *value = arena_printf(t->s->arena, "${%.*s}", SL_FMT(var));
}

/* text with text[from, to) as an expression. */
static struct slice replaced(struct trial *t, struct slice text, struct slice old,
                             struct slice expr)
{
    struct slice head = slice_sub(text, 0, (size_t)(old.p - text.p));
    struct slice tail = slice_from(text, head.n + old.n);
    return arena_printf(t->s->arena, "%.*s${%.*s}%.*s", SL_FMT(head), SL_FMT(expr), SL_FMT(tail));
}

/* Parameters of the URL; each change makes a new text, so the search begins anew behind it. */
static void in_query(struct trial *t, size_t at)
{
    struct request_step *r = t->steps[at].request;
    size_t from = slice_chr(r->url, '?');
    while (from != SLICE_NONE && from + 1 < r->url.n) {
        size_t start = from + 1, len = slice_chr(slice_from(r->url, start), '&');
        struct slice pair =
            len == SLICE_NONE ? slice_from(r->url, start) : slice_sub(r->url, start, start + len);
        struct slice name, value, var = { 0 };
        if (slice_cut(pair, '=', &name, &value)) var = judge(t, at, "query", name, value);
        if (var.n)
            r->url = replaced(t, r->url, value, arena_printf(t->a, "urlencode(%.*s)", SL_FMT(var)));
        size_t next = slice_chr(slice_from(r->url, start), '&');
        from = next == SLICE_NONE ? SLICE_NONE : start + next;
    }
}

/* Strings of a JSON body by their keys; one change at a time, until nothing is found. */
static void in_json(struct trial *t, size_t at)
{
    struct request_step *r = t->steps[at].request;
    struct json j;
    struct slice key = { 0 };
    if (r->body_kind != BODY_KIND_JSON) return;
    json_init(&j, r->body);
    for (enum json_tok k = json_next(&j); k != JSON_END && k != JSON_ERROR; k = json_next(&j)) {
        if (k == JSON_KEY) key = json_str(&j, t->a);
        if (k != JSON_STRING) continue;
        struct slice var = judge(t, at, "json", key, j.raw);
        if (!var.n) continue;
        size_t after = (size_t)(j.raw.p - r->body.p);
        struct slice expr = arena_printf(t->a, "json(%.*s)", SL_FMT(var));
        r->body = replaced(t, r->body, j.raw, expr);
        j.text = r->body; /* the reader stands behind the string: go on behind what replaced it */
        j.at = after + expr.n + 4;
    }
}

/* Headers that carry tokens: X-…, and what stands behind the scheme in Authorization. */
static void in_header(struct trial *t, size_t at, struct field *h)
{
    struct slice scheme, value = h->value;
    bool auth = slice_ieq(h->name, SL("authorization"));
    if (!auth && !slice_istarts(h->name, SL("x-"))) return;
    if (auth && slice_cut(h->value, ' ', &scheme, &value) && slice_ieq(scheme, SL("basic"))) return;
    struct slice var = judge(t, at, "header", h->name, value);
    if (var.n) h->value = replaced(t, h->value, value, var);
}

void try_literals(struct trial *t, size_t at)
{
    struct request_step *r = t->steps[at].request;
    for (size_t i = 0; i < r->form.n; i++)
        in_field(t, at, "form", r->form.v[i].name, &r->form.v[i].value);
    for (size_t i = 0; i < r->parts_n; i++)
        in_field(t, at, "part", r->parts[i].name, &r->parts[i].value);
    for (size_t i = 0; i < r->headers.n; i++)
        in_header(t, at, &r->headers.v[i]);
    in_query(t, at);
    in_json(t, at);
}
