/* Secrets that no answer gave: recorded Authorization headers, API keys, cookies of an earlier visit.
 *
 * Called after everything else was decided. They go to the feed that import writes, so that the scenario
 * file holds none; the report says which. */
#include "scenarios/correlate/report.h"
#include "scenarios/value.h"

static bool is_secret_header(struct slice name)
{
    static const char *const names[] = { "authorization", "x-api-key",     "api-key",
                                         "apikey",        "x-auth-token",  "x-access-token",
                                         "x-auth",        "private-token", "x-vault-token" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (slice_ieq(name, slice_z(names[i]))) return true;
    return false;
}

/* "Bearer null": what a script sends before it has a token. */
static bool is_nothing(struct slice value)
{
    return slice_ieq(value, SL("null")) || slice_ieq(value, SL("undefined")) ||
           slice_ieq(value, SL("none"));
}

static void hide(struct flow *f, struct node *n, size_t from, struct slice name)
{
    struct slice value = slice_from(n->text, from);
    if (value.n < 4 || is_nothing(value) || node_has_span(n)) return;
    struct slice column = var_name(f, name);
    size_t before = f->secrets.n;
    column = secret_column(f, column, value);
    node_span(f, n, from, n->text.n, column);
    if (f->secrets.n == before) return; /* told where it was met first */
    report_warn(f, "keep that file private; if it ends, put a new one there",
                "#%zu %.*s %.*s: no answer gave the %.*s; the recorded one went to %s as %.*s",
                n->step, SL_FMT(f->items[n->step].ex->request.method),
                SL_FMT(f->items[n->step].url.path), SL_FMT(name), f->cfg->secrets_file,
                SL_FMT(column));
}

void flow_secrets(struct flow *f)
{
    for (size_t i = 0; i < f->n; i++) {
        struct item *it = &f->items[i];
        for (size_t k = 0; k < it->headers_n; k++) {
            struct node *v = it->headers[k].value;
            if (!is_secret_header(it->headers[k].name->text)) continue;
            size_t blank = slice_chr(v->text, ' ');
            hide(f, v, blank == SLICE_NONE ? 0 : blank + 1, it->headers[k].name->text);
        }
        for (struct node *c = it->cookie_node ? it->cookie_node->children : NULL; c; c = c->next)
            if (value_bits(c->text) >= BITS_STRONG && name_is_token(c->name))
                hide(f, c, 0, c->name);
    }
}
