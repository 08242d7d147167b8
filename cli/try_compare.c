/* `reprise try`: the live answer beside the recorded one. A step holds when the status, the type, the
 * redirect's path and the structure are the recorded ones, as far as data allows: a title or a few keys may
 * differ, a page that asks for a password or an answer that says error may not. */
#include "cli/try.h"

#include "base/mem.h"

#define LISTED 6 /* missing names that are shown */

static void differs(struct try_step *s, struct difference d)
{
    mem_grow(&s->differences, &s->differences_cap, s->differences_n + 1, sizeof d);
    s->differences[s->differences_n++] = d;
    if (d.bad) s->held = false;
}

/* ---- words of the shape --------------------------------------------------------------------------- */

static bool is_kind(struct slice word, const char *kind)
{
    struct slice k = slice_z(kind);
    return slice_starts(word, k) && (word.n == k.n || word.p[k.n] == ' ');
}

static void compare_word(struct try_step *s, const struct shape *live, const char *kind, bool bad)
{
    struct slice was = shape_word(&s->request->recorded_shape, kind), is = shape_word(live, kind);
    if (was.n && !slice_eq(was, is))
        differs(s, (struct difference){ kind, was, is.n ? is : SL("none"), bad });
}

static bool has_one(struct slice text, const char *const *words)
{
    for (; *words; words++)
        if (slice_ifind(text, slice_z(*words)) != SLICE_NONE) return true;
    return false;
}

/* Another path may be another title's; one to a login or an error is not what was recorded. */
static bool leads_astray(struct slice was, struct slice is)
{
    static const char *const words[] = { "login", "signin", "sign_in", "sign-in", "logon",
                                         "auth",  "error",  "denied",  "expired", NULL };
    return !is.n || (has_one(is, words) && !has_one(was, words));
}

static void compare_location(struct try_step *s, const struct shape *live)
{
    struct slice was = shape_word(&s->request->recorded_shape, "location");
    compare_word(s, live, "location", leads_astray(was, shape_word(live, "location")));
}

/* Fields or keys that the recording had and the answer has not. Bad if none of several is left. */
static void compare_set(struct trial *t, struct try_step *s, const struct shape *live,
                        const char *kind, const char *what)
{
    const struct shape *was = &s->request->recorded_shape;
    struct buf names = BUF_INIT(400);
    size_t missing = 0, all = 0;
    for (size_t i = 0; i < was->n; i++) {
        if (!is_kind(was->v[i], kind)) continue;
        all++;
        if (shape_has(live, was->v[i])) continue;
        if (missing++ < LISTED)
            buf_addf(&names, "%s%.*s", names.n ? ", " : "",
                     SL_FMT(slice_from(was->v[i], slice_z(kind).n + 1)));
    }
    if (missing > LISTED) buf_addf(&names, " and %zu more", missing - LISTED);
    bool bad = missing == all && all > 1;
    if (missing)
        differs(s, (struct difference){ what, arena_dup(t->a, buf_slice(&names)), SL(""), bad });
    buf_free(&names);
}

/* ---- disguises ------------------------------------------------------------------------------------ */

static bool says_trouble(struct slice title)
{
    static const char *const words[] = { "error",   "not found",    "forbidden",
                                         "denied",  "expired",      "exception",
                                         "invalid", "unauthorized", NULL };
    return has_one(title, words);
}

/* "key $.error", or an answer's own "ok" that turned. */
static bool is_error_word(struct slice word, const struct shape *was)
{
    static const char *const keys[] = { "key $.error", "key $.errors", "key $.exception",
                                        "key $.fault" };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (slice_ieq(word, slice_z(keys[i]))) return !shape_has(was, word);
    if (!is_kind(word, "false")) return false;
    for (size_t i = 0; i < was->n; i++)
        if (is_kind(was->v[i], "true") && slice_eq(slice_from(was->v[i], 5), slice_from(word, 6)))
            return slice_ifind(word, SL("$.ok")) != SLICE_NONE ||
                   slice_ifind(word, SL("success")) != SLICE_NONE;
    return false;
}

static void find_disguise(struct try_step *s, const struct shape *live)
{
    const struct shape *was = &s->request->recorded_shape;
    struct slice title = shape_word(live, "title");
    if (shape_has(live, SL("password")) && !shape_has(was, SL("password")))
        differs(s, (struct difference){ .what = "this is a login page", .bad = true });
    if (says_trouble(title) && !says_trouble(shape_word(was, "title")))
        differs(s, (struct difference){ .what = "this is an error page", .bad = true });
    for (size_t i = 0; i < live->n; i++)
        if (is_error_word(live->v[i], was)) {
            differs(s, (struct difference){ "the answer says", SL(""), live->v[i], true });
            return;
        }
}

/* ---- the whole ------------------------------------------------------------------------------------ */

static struct shape live_shape(struct trial *t, const struct try_answer *a)
{
    struct headers h = try_headers(t, a);
    struct shape_of of = { .type = headers_get(&h, SL("content-type")), .body = a->body };
    if (a->status >= 300 && a->status < 400) of.location = headers_get(&h, SL("location"));
    return shape_take(t->a, &of);
}

void try_compare(struct trial *t, struct try_step *s)
{
    const struct request_step *r = s->request;
    const struct try_answer *l = s->answer;
    s->held = l && (l->status == r->recorded_status || r->recorded_status == 0);
    if (!l) {
        differs(s,
                (struct difference){ .what = "no answer: it was not sent, or the connection failed",
                                     .bad = true });
        return;
    }
    struct shape live = live_shape(t, l);
    if (r->recorded_shape.n) {
        compare_word(s, &live, "type", true);
        compare_location(s, &live);
        compare_word(s, &live, "title", false);
        compare_set(t, s, &live, "field", "missing fields");
        compare_set(t, s, &live, "key", "missing JSON keys");
        find_disguise(s, &live);
    }
}
