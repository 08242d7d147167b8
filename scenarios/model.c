/* A scenario's life: everything it holds is in its arena; and the name that a request has in tables.
 *
 * Called by all who build, run or explain scenarios. Invariant: requests that the plan shows under one name
 * are one row of the statistics, so whoever counts rows asks request_shown too. */
#include "scenarios/model.h"

#include "base/buf.h"
#include "base/mem.h"

struct scenario *scenario_new(void)
{
    struct arena *a = arena_new();
    struct scenario *s = arena_one(a, struct scenario);
    s->arena = a;
    return s;
}

void scenario_free(struct scenario *s)
{
    if (s) arena_free(s->arena);
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.';
}

/* How a value is spelled is no part of a name; all other functions make values of their own. */
static bool is_coding(struct slice function)
{
    static const char *const codings[] = { "urlencode", "formencode", "json", "html",
                                           "base64",    "base64url",  "hex" };
    for (size_t i = 0; i < sizeof codings / sizeof *codings; i++)
        if (slice_eq(function, slice_z(codings[i]))) return true;
    return false;
}

/* urlencode(base64(id)) is id; empty for anything but codings around one variable. */
static struct slice inner_variable(struct slice expr)
{
    struct slice function, rest;
    while (slice_cut(expr, '(', &function, &rest)) {
        if (rest.n == 0 || rest.p[rest.n - 1] != ')' || !is_coding(slice_trim(function)))
            return SL("");
        expr = slice_trim(slice_sub(rest, 0, rest.n - 1));
    }
    for (size_t i = 0; i < expr.n; i++)
        if (!is_word(expr.p[i])) return SL("");
    return expr;
}

struct slice request_shown(struct arena *a, const struct request_step *r)
{
    struct slice rest = r->url;
    size_t at, end;
    if (r->name.n || slice_find(rest, SL("${")) == SLICE_NONE) return r->name.n ? r->name : r->url;
    struct buf out = BUF_INIT(r->url.n + 1);
    while ((at = slice_find(rest, SL("${"))) != SLICE_NONE) {
        struct slice inside = slice_sub(rest, at + 2, rest.n);
        if ((end = slice_find(inside, SL("}"))) == SLICE_NONE) break;
        struct slice variable = inner_variable(slice_trim(slice_sub(inside, 0, end)));
        buf_add(&out, slice_sub(rest, 0, at + 2));
        buf_add(&out, variable.n ? variable : slice_sub(inside, 0, end));
        buf_addc(&out, '}');
        rest = slice_sub(inside, end + 1, inside.n);
    }
    buf_add(&out, rest);
    struct slice shown = arena_dup(a, buf_slice(&out));
    buf_free(&out);
    return shown;
}

bool feed_recycles(const struct feed *f)
{
    return f->end == FEED_RECYCLE || (f->end == FEED_BY_PICK && f->pick != PICK_UNIQUE);
}
