/* --unique: recorded names that a server keeps unique, made different for each user and iteration.
 *
 * Called before origins are chosen; named.c finds such names by itself. Every request text that holds the
 * value is changed, in the spellings that servers derive from it: as it is, in lower case, with blanks as
 * '-' or '_', and both. */
#include <ctype.h>
#include <string.h>

#include "scenarios/correlate/report.h"
#include "scenarios/correlate/walk.h"
#include "scenarios/template.h"

#define SPELLINGS 7 /* as it is; with three kinds of blanks; these in lower case */

struct spelling {
    struct flow *f;
    struct slice text, expr;
    size_t found;
};

/* The site's own address, and an e-mail's behind its '@', are no names. */
static bool is_host(const struct node *n, size_t from)
{
    return (n->where == AT_HEADER && slice_ieq(n->name, SL("origin"))) ||
           slice_chr(slice_sub(n->text, 0, from), '@') != SLICE_NONE;
}

static bool is_boundary(struct slice t, size_t i)
{
    if (i == 0 || i >= t.n) return true;
    return !isalnum((unsigned char)t.p[i]) || !isalnum((unsigned char)t.p[i - 1]);
}

static void replace(struct node *n, void *arg)
{
    struct spelling *s = arg;
    if (n->children) return;
    for (size_t at = 0, hit; (hit = slice_find(slice_from(n->text, at), s->text)) != SLICE_NONE;) {
        size_t from = at + hit, to = from + s->text.n;
        at = to;
        if (!is_boundary(n->text, from) || !is_boundary(n->text, to) || is_host(n, from)) continue;
        node_span(s->f, n, from, to, s->expr);
        s->found++;
    }
}

/* "a@b" keeps its domain: ${unique("a") + "@b"}. */
static struct slice expression(struct flow *f, struct slice text)
{
    struct buf b = BUF_INIT(64 << 10);
    size_t at = slice_chr(text, '@');
    buf_addz(&b, "unique(");
    template_quote(&b, at == SLICE_NONE ? text : slice_sub(text, 0, at));
    buf_addz(&b, ")");
    if (at != SLICE_NONE) {
        buf_addz(&b, " + ");
        template_quote(&b, slice_from(text, at));
    }
    struct slice out = arena_dup(f->a, buf_slice(&b));
    buf_free(&b);
    return out;
}

static struct slice spelled(struct flow *f, struct slice text, bool lower, char blank)
{
    char *p = arena_alloc(f->a, 1, text.n + 1);
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        bool gap = text.p[i] == ' ' || text.p[i] == '_';
        p[i] = gap ? blank : (char)(lower ? tolower(c) : c);
    }
    return (struct slice){ p, text.n };
}

static bool is_known(const struct slice *v, size_t n, struct slice s)
{
    for (size_t i = 0; i < n; i++)
        if (slice_eq(v[i], s)) return true;
    return false;
}

bool unique_spelling(struct flow *f, struct slice value, unsigned k, struct slice *out)
{
    static const char blanks[] = { ' ', '-', '_' };
    if (k >= SPELLINGS) return false;
    *out = k == 0 ? value : spelled(f, value, k > 3, blanks[(k - 1) % 3]);
    return true;
}

static bool ends_text(struct slice body, size_t i, const char *marks)
{
    return i < body.n && strchr(marks, body.p[i]) != NULL;
}

bool text_was_shown(const struct flow *f, struct slice text, size_t before)
{
    for (size_t i = 0; i < before; i++) {
        struct slice body = f->items[i].ex->response.body;
        for (size_t at = 0, hit; (hit = slice_find(slice_from(body, at), text)) != SLICE_NONE;) {
            at += hit + text.n;
            size_t from = at - text.n;
            if (from > 0 && ends_text(body, from - 1, "\"'>=/") && ends_text(body, at, "\"'<&/?"))
                return true;
        }
    }
    return false;
}

/* Other things had this text before: /api/orders, when a board is called Orders. */
static bool was_there(const struct flow *f, struct slice text, size_t since)
{
    const struct value *v = flow_value(f, text);
    if (!v || since == 0) return false;
    return v->in_static || v->uses->node->step < since || text_was_shown(f, text, since);
}

struct slice unique_variable(struct flow *f, const struct value *v)
{
    struct slice name = v->uses->node->name;
    struct slice var = var_name(f, name.n ? name : SL("name"));
    item_set(f, &f->items[v->first_use], var,
             arena_printf(f->a, "${%.*s}", SL_FMT(expression(f, v->text))));
    return var;
}

/* What the login's requests send stays the same in all iterations: they are sent once. */
static struct slice made_once(struct flow *f, struct slice text, size_t since)
{
    const struct value *v = flow_value(f, text);
    bool once = since > 0 && v && v->first_use != SIZE_MAX && f->login != SIZE_MAX &&
                v->first_use <= f->login;
    return once ? unique_variable(f, v) : expression(f, text);
}

size_t unique_value(struct flow *f, struct slice value, size_t since)
{
    struct slice done[SPELLINGS], text;
    size_t n = 0, found = 0;
    for (unsigned k = 0; unique_spelling(f, value, k, &text); k++) {
        if (is_known(done, n, text)) continue;
        done[n++] = text;
        if (k > 0 && was_there(f, text, since)) continue;
        struct spelling s = { f, text, made_once(f, text, since), 0 };
        for (size_t i = since; i < f->n; i++)
            walk_nodes(&f->items[i], replace, &s);
        found += s.found;
    }
    return found;
}

void flow_unique(struct flow *f)
{
    for (size_t i = 0; i < f->cfg->unique_n; i++) {
        struct slice value = f->cfg->unique[i];
        if (!value.n || !unique_value(f, value, 0))
            report_warn(f, "give the text as it was typed while recording",
                        "--unique \"%.*s\": no request holds this text", SL_FMT(value));
    }
}
