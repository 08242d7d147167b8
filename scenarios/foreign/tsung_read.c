/* The document around Tsung's sessions: servers, options, files, names. Called through foreign.c. */
#include "scenarios/foreign/tsung.h"

#include "base/num.h"

/* Names that requests and setdynvars set, and files, before any text is converted. */
static void declare_vars(struct tsung *t, const struct xml_node *n, const struct xml_node *options)
{
    struct slice id = xml_attr(n, SL("fileid")), columns = { 0 };
    bool file = slice_eq(xml_attr(n, SL("sourcetype")), SL("file"));
    for (const struct xml_node *v = xml_child(n, SL("var")); v; v = xml_again(v, SL("var"))) {
        struct slice name = xml_attr(v, SL("name"));
        if (!foreign_var(t->f, name)) foreign_declare(t->f, name, (struct slice){ 0 });
        columns =
            columns.n ? arena_printf(t->f->a, "%.*s,%.*s", SL_FMT(columns), SL_FMT(name)) : name;
    }
    if (!file) return;
    struct slice delimiter = xml_attr(n, SL("delimiter"));
    struct foreign_csv csv = { .columns = columns, .recycle = true };
    csv.delimiter = delimiter.n == 1 ? delimiter.p[0] : ';';
    csv.random = slice_eq(xml_attr(n, SL("order")), SL("random"));
    for (const struct xml_node *o = xml_child(options, SL("option")); o;
         o = xml_again(o, SL("option"))) {
        if (!slice_eq(xml_attr(o, SL("name")), SL("file_server"))) continue;
        if (xml_attr(o, SL("id")).n == 0 || slice_eq(xml_attr(o, SL("id")), id))
            csv.file = xml_attr(o, SL("value"));
    }
    foreign_feed(t->f, id.n ? id : SL("file"), &csv);
}

static void declare(struct tsung *t, const struct xml_node *n, const struct xml_node *options)
{
    for (; n; n = n->next) {
        if (slice_eq(n->name, SL("dyn_variable")) && xml_attr(n, SL("name")).n)
            foreign_declare(t->f, xml_attr(n, SL("name")), (struct slice){ 0 });
        if (slice_eq(n->name, SL("setdynvars"))) declare_vars(t, n, options);
        if (slice_eq(n->name, SL("for")) && xml_attr(n, SL("var")).n)
            foreign_constant(t->f, xml_attr(n, SL("var")), SL("1"));
        declare(t, n->child, options);
    }
}

static void server(struct tsung *t, const struct xml_node *root)
{
    const struct xml_node *s = xml_child(xml_child(root, SL("servers")), SL("server"));
    if (!s) return;
    bool tls = slice_eq(xml_attr(s, SL("type")), SL("ssl")) ||
               slice_eq(xml_attr(s, SL("type")), SL("ssl6"));
    struct slice port = xml_attr(s, SL("port"));
    bool usual = slice_eq(port, tls ? SL("443") : SL("80")) || port.n == 0;
    t->base = arena_printf(t->f->a, "%s://%.*s%s%.*s", tls ? "https" : "http",
                           SL_FMT(xml_attr(s, SL("host"))), usual ? "" : ":",
                           usual ? 0 : (int)port.n, port.p ? port.p : "");
    if (xml_again(s, SL("server")))
        foreign_warn(t->f, ADVICE_LOOK, "of several servers the first is taken");
}

/* The most probable of the browsers that users say they are. */
static void agent(struct tsung *t, const struct xml_node *options)
{
    double most = -1, p;
    size_t n = 0;
    for (const struct xml_node *o = xml_child(options, SL("option")); o;
         o = xml_again(o, SL("option")))
        for (const struct xml_node *u = xml_child(o, SL("user_agent")); u;
             u = xml_again(u, SL("user_agent"))) {
            if (!num_f64(xml_attr(u, SL("probability")), &p)) p = 0;
            n++;
            if (p <= most) continue;
            most = p;
            t->agent = tsung_text(t, slice_trim(u->text), false);
        }
    if (n > 1) foreign_warn(t->f, ADVICE_LOOK, "of several user agents the most probable is taken");
}

static unsigned weight_of(const struct xml_node *session)
{
    double p;
    struct slice text = xml_attr(session, SL("probability"));
    if (text.n == 0) text = xml_attr(session, SL("weight"));
    if (!num_f64(text, &p) || p < 0 || p > 1e6) return 1;
    return (unsigned)(p * 100 + 0.5); /* probabilities may have decimals */
}

static unsigned divisor(unsigned a, unsigned b)
{
    while (b) {
        unsigned rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static void shrink_weights(struct scenario *s)
{
    unsigned common = 0;
    for (size_t i = 0; i < s->tasks_n; i++)
        common = divisor(s->tasks[i].weight, common);
    for (size_t i = 0; i < s->tasks_n && common > 1; i++)
        s->tasks[i].weight /= common;
}

static void sessions(struct tsung *t, const struct xml_node *list)
{
    struct slice server_base = t->base;
    for (const struct xml_node *n = xml_child(list, SL("session")); n;
         n = xml_again(n, SL("session"))) {
        struct steps steps = { 0 };
        struct slice type = xml_attr(n, SL("type"));
        t->base = server_base;
        tsung_steps(t, n, &steps);
        if (type.n && !slice_eq(type, SL("ts_http")))
            foreign_warn(t->f, ADVICE_LOOK, "line %u: session \"%.*s\" is of the type %.*s",
                         n->line, SL_FMT(xml_attr(n, SL("name"))), SL_FMT(type));
        foreign_task(t->f, xml_attr(n, SL("name")), weight_of(n), &steps);
    }
    shrink_weights(t->f->s);
}

bool tsung_read(struct foreign *f, struct slice text, struct err *err)
{
    struct tsung t = { .f = f };
    struct arena *a = arena_new();
    bool fragment = slice_eq(xml_root_name(slice_sub(text, 0, 65536)), SL("session"));
    if (fragment) text = arena_printf(a, "<tsung><sessions>%.*s</sessions></tsung>", SL_FMT(text));
    struct xml *x = xml_open(text, f->path);
    const struct xml_node *root = xml_next(x) == XML_START ? xml_tree(x, a) : NULL;
    bool ok = root && xml_next(x) == XML_EOF;
    if (ok) {
        const struct xml_node *options = xml_child(root, SL("options"));
        t.base = SL("http://localhost");
        declare(&t, xml_child(root, SL("sessions")), options);
        server(&t, root);
        agent(&t, options);
        sessions(&t, xml_child(root, SL("sessions")));
        tsung_load(&t, xml_child(root, SL("load")));
    } else {
        xml_ok(x, err);
    }
    xml_close(x);
    arena_free(a);
    return ok;
}
