/* Checks: what a step expects of its answer, compiled to a record, run on every answer.
 *
 * Used by replay, and by `reprise try`. A reason is short and, as far as can be, the same for every answer
 * that fails alike: failures are grouped by it. */
#include "scenarios/extract.h"

#include "base/json.h"
#include "base/num.h"
#include "scenarios/jsonpath.h"
#include "scenarios/regex.h"

#define STATUS_MAX 999
#define SHOWN_MAX 40

struct checker {
    struct check what;
    unsigned char status[STATUS_MAX / 8 + 1]; /* a bit for each status that is fine */
    struct regex *pattern;
    struct jsonpath *json;
};

/* ---- compiling ------------------------------------------------------------------------------------ */

static void allow(struct checker *c, uint64_t from, uint64_t to)
{
    for (uint64_t s = from; s <= to && s <= STATUS_MAX; s++)
        c->status[s / 8] |= (unsigned char)(1u << (s % 8));
}

/* "200", "2xx" or "200-204". */
static bool allow_piece(struct checker *c, struct slice piece)
{
    uint64_t from, to;
    struct slice low, high;
    if (piece.n == 3 && slice_ieq(slice_from(piece, 1), SL("xx")) && piece.p[0] >= '1' &&
        piece.p[0] <= '9') {
        from = (uint64_t)(piece.p[0] - '0') * 100;
        allow(c, from, from + 99);
        return true;
    }
    if (slice_cut(piece, '-', &low, &high)) {
        if (!num_u64(slice_trim(low), STATUS_MAX, &from)) return false;
        if (!num_u64(slice_trim(high), STATUS_MAX, &to) || from > to) return false;
        allow(c, from, to);
        return true;
    }
    if (!num_u64(piece, STATUS_MAX, &from) || from < 100) return false;
    allow(c, from, from);
    return true;
}

static bool compile_status(struct checker *c, struct err *err)
{
    struct slice rest = c->what.value, piece;
    bool any = false;
    while (slice_next(&rest, '|', &piece)) {
        any = true;
        if (!allow_piece(c, slice_trim(piece)))
            return err_set(err, ERR_INPUT, "status \"%.*s\": write 200, 2xx, 200-204 or 200|302",
                           SL_FMT(c->what.value));
    }
    return any || err_set(err, ERR_INPUT, "status: a number is missing");
}

static bool compile_kind(struct arena *a, struct checker *c, struct err *err)
{
    switch (c->what.kind) {
    case CHECK_STATUS: return compile_status(c, err);
    case CHECK_BODY_MATCHES: return (c->pattern = regex_compile(c->what.value, err)) != NULL;
    case CHECK_JSON: return (c->json = jsonpath_compile(a, c->what.name, err)) != NULL;
    case CHECK_HEADER:
        return c->what.name.n || err_set(err, ERR_INPUT, "the header's name is missing");
    case CHECK_BODY_CONTAINS:
    case CHECK_BODY_NOT:
        return c->what.value.n || err_set(err, ERR_INPUT, "the text to look for is missing");
    case CHECK_TIME: break;
    }
    return c->what.max_ns || err_set(err, ERR_INPUT, "time: a duration above 0 is missing");
}

struct checker *checker_compile(struct arena *a, const struct check *c, struct err *err)
{
    struct checker *k = arena_one(a, struct checker);
    k->what = *c;
    if (compile_kind(a, k, err)) return k;
    checker_free(k);
    return NULL;
}

void checker_free(struct checker *c)
{
    if (!c) return;
    regex_free(c->pattern);
    c->pattern = NULL;
}

bool checker_needs_body(const struct checker *c)
{
    return c->what.kind != CHECK_STATUS && c->what.kind != CHECK_HEADER &&
           c->what.kind != CHECK_TIME;
}

bool check_has_text(const struct check *c)
{
    bool text = c->kind == CHECK_HEADER || c->kind == CHECK_JSON ||
                c->kind == CHECK_BODY_CONTAINS || c->kind == CHECK_BODY_NOT;
    return text && c->value.p;
}

/* ---- running -------------------------------------------------------------------------------------- */

static struct slice shown(struct slice s)
{
    return slice_sub(s, 0, SHOWN_MAX);
}

static bool run_status(const struct checker *c, const struct answer *a, struct buf *why)
{
    unsigned s = (unsigned)a->status;
    if (a->status >= 0 && s <= STATUS_MAX && (c->status[s / 8] >> (s % 8) & 1)) return true;
    buf_addf(why, "status %d, want %.*s", a->status, SL_FMT(c->what.value));
    return false;
}

static bool run_header(const struct checker *c, const struct answer *a, struct slice want,
                       struct buf *why)
{
    const struct slice name = c->what.name;
    struct slice last = SL("");
    bool found = false;
    for (size_t i = 0; a->headers && i < a->headers->n; i++) {
        if (!slice_ieq(a->headers->v[i].name, name)) continue;
        found = true;
        last = a->headers->v[i].value;
        if (slice_ifind(last, want) != SLICE_NONE) return true;
    }
    if (!found)
        buf_addf(why, "no header %.*s", SL_FMT(name));
    else
        buf_addf(why, "header %.*s is \"%.*s\", want \"%.*s\"", SL_FMT(name), SL_FMT(shown(last)),
                 SL_FMT(shown(c->what.value)));
    return false;
}

static bool same_value(const struct json_hit *hit, struct slice got, struct slice want)
{
    double a, b;
    if (slice_eq(got, want)) return true;
    if (hit->tok != JSON_NUMBER || !num_f64(got, &a) || !num_f64(want, &b)) return false;
    return a >= b && a <= b;
}

static bool run_json(const struct checker *c, const struct answer *a, struct slice want,
                     struct arena *scratch, struct buf *why)
{
    struct json_hit hit;
    if (!jsonpath_find(c->json, jsonpath_text(a->body), 1, scratch, &hit)) {
        buf_addf(why, "json %.*s is not there", SL_FMT(c->what.name));
        return false;
    }
    if (!c->what.value.p) return true;
    struct json j = { .tok = JSON_STRING, .raw = hit.raw, .escaped = hit.escaped };
    struct slice got = hit.tok == JSON_STRING ? json_str(&j, scratch) : hit.raw;
    if (same_value(&hit, got, want)) return true;
    buf_addf(why, "json %.*s is \"%.*s\", want \"%.*s\"", SL_FMT(c->what.name), SL_FMT(shown(got)),
             SL_FMT(shown(c->what.value)));
    return false;
}

static bool run_text(const struct checker *c, const struct answer *a, struct slice want,
                     struct buf *why)
{
    bool there = slice_find(a->body, want) != SLICE_NONE;
    if (there == (c->what.kind == CHECK_BODY_CONTAINS)) return true;
    buf_addf(why, "body %s \"%.*s\"", there ? "contains" : "does not contain",
             SL_FMT(shown(c->what.value)));
    return false;
}

static bool run_pattern(const struct checker *c, const struct answer *a, struct arena *scratch,
                        struct buf *why)
{
    struct slice found;
    if (regex_find(c->pattern, a->body, 1, scratch, &found)) return true;
    buf_addf(why, "body does not match %.*s", SL_FMT(shown(c->what.value)));
    return false;
}

static bool run_time(const struct checker *c, const struct answer *a, struct buf *why)
{
    if (a->time_ns <= c->what.max_ns) return true;
    buf_addz(why, "slower than ");
    num_add_duration(why, c->what.max_ns);
    return false;
}

bool checker_run(const struct checker *c, const struct answer *a, struct slice want,
                 struct arena *scratch, struct buf *why)
{
    switch (c->what.kind) {
    case CHECK_STATUS: return run_status(c, a, why);
    case CHECK_HEADER: return run_header(c, a, want, why);
    case CHECK_JSON: return run_json(c, a, want, scratch, why);
    case CHECK_BODY_CONTAINS:
    case CHECK_BODY_NOT: return run_text(c, a, want, why);
    case CHECK_BODY_MATCHES: return run_pattern(c, a, scratch, why);
    case CHECK_TIME: return run_time(c, a, why);
    }
    return true;
}
