/* Start and edit requests as values. Called by api.c and locust.c; fuzzed by tests/fuzz/fuzz_wish.c.
 * Everything is checked here but what only the control can know (whether a host or a rule is good).
 * Limits: the body's (64 KB, route.c); users up to a million. */
#include "web/wish.h"

#include "base/enc.h"
#include "base/json.h"
#include "base/num.h"

#define MAX_USERS 1000000
#define MAX_RATE 10000000.0
#define MAX_COUNT 1000000000000ULL
#define FORM_BYTES (64 * 1024)

static bool refuse(struct err *err, struct slice name, const char *want)
{
    return err_set(err, ERR_INPUT, "%.*s: %s", SL_FMT(slice_sub(name, 0, 40)), want);
}

static bool set_users(struct web_wish *w, struct slice name, struct slice v, struct err *err)
{
    uint64_t n;
    if (!num_u64(v, MAX_USERS, &n)) return refuse(err, name, "a whole number up to 1000000");
    w->has_users = true;
    w->users = (uint32_t)n;
    return true;
}

static bool set_count(bool *has, uint64_t *to, struct slice name, struct slice v, struct err *err)
{
    if (!num_u64(v, MAX_COUNT, to)) return refuse(err, name, "a whole number");
    *has = true;
    return true;
}

static bool set_rate(bool *has, double *to, struct slice name, struct slice v, struct err *err)
{
    if (!num_f64(v, to) || *to < 0 || *to > MAX_RATE)
        return refuse(err, name, "a number that is not negative");
    *has = true;
    return true;
}

static bool set_number(struct web_wish *w, struct slice name, struct slice v, struct err *err)
{
    if (slice_eq(name, SL("users")) || slice_eq(name, SL("user_count")))
        return set_users(w, name, v, err);
    if (slice_eq(name, SL("spawn_rate")))
        return set_rate(&w->has_spawn_rate, &w->spawn_rate, name, v, err);
    if (slice_eq(name, SL("rate"))) return set_rate(&w->has_rate, &w->rate, name, v, err);
    if (slice_eq(name, SL("iterations")))
        return set_count(&w->has_iterations, &w->iterations, name, v, err);
    if (slice_eq(name, SL("loops"))) return set_count(&w->has_loops, &w->loops, name, v, err);
    if (slice_eq(name, SL("think_factor")))
        return set_rate(&w->has_think_factor, &w->think_factor, name, v, err);
    return refuse(err, name, "there is no such number");
}

static struct slice *text_place(struct web_wish *w, struct slice name)
{
    const struct {
        struct slice name;
        struct slice *at;
    } places[] = {
        { SL("host"), &w->host },
        { SL("run_time"), &w->run_time },
        { SL("stages"), &w->stages },
        { SL("thresholds"), &w->thresholds },
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (slice_eq(places[i].name, name)) return places[i].at;
    return NULL;
}

static bool set_text(struct web_wish *w, struct slice name, struct slice v, struct err *err)
{
    struct slice *to = text_place(w, name);
    if (!to) return refuse(err, name, "there is no such text");
    if (slice_chr(v, '\0') != SLICE_NONE) return refuse(err, name, "text without zero bytes");
    *to = v.p ? v : SL("");
    return true;
}

static bool set_member(struct web_wish *w, struct json *j, struct arena *a, struct slice name,
                       struct err *err)
{
    switch (json_next(j)) {
    case JSON_NUMBER: return set_number(w, name, j->raw, err);
    case JSON_STRING: return set_text(w, name, json_str(j, a), err);
    case JSON_NULL: return true;
    case JSON_TRUE:
    case JSON_FALSE:
        if (!slice_eq(name, SL("confirmed"))) return refuse(err, name, "neither true nor false");
        w->confirmed = j->tok == JSON_TRUE;
        return true;
    case JSON_ERROR:
    case JSON_END:
    case JSON_OBJECT:
    case JSON_OBJECT_END:
    case JSON_ARRAY:
    case JSON_ARRAY_END:
    case JSON_KEY: break;
    }
    return refuse(err, name, "a number or a text");
}

bool wish_from_json(struct slice text, struct arena *a, struct web_wish *out, struct err *err)
{
    struct json j;
    *out = (struct web_wish){ 0 };
    json_init(&j, text);
    if (json_next(&j) != JSON_OBJECT) return err_set(err, ERR_INPUT, "the body is not an object");
    while (json_next(&j) == JSON_KEY)
        if (!set_member(out, &j, a, json_str(&j, a), err)) return false;
    if (j.tok != JSON_OBJECT_END || json_next(&j) != JSON_END)
        return err_set(err, ERR_INPUT, "the body is not JSON");
    return true;
}

static struct slice decoded(struct arena *a, struct slice s)
{
    struct buf b = BUF_INIT(FORM_BYTES);
    enc_unpercent(&b, s, true);
    struct slice v = arena_dup(a, buf_slice(&b));
    buf_free(&b);
    return v;
}

static bool set_field(struct web_wish *w, struct slice name, struct slice v, struct err *err)
{
    if (slice_eq(name, SL("user_count")) || slice_eq(name, SL("spawn_rate")))
        return set_number(w, name, v, err);
    if (slice_eq(name, SL("host")) && v.n == 0) return true;
    if (slice_eq(name, SL("host")) || slice_eq(name, SL("run_time")))
        return set_text(w, name, v, err);
    return true;
}

bool wish_from_form(struct slice text, struct arena *a, struct web_wish *out, struct err *err)
{
    struct slice piece;
    *out = (struct web_wish){ 0 };
    while (slice_next(&text, '&', &piece)) {
        struct slice name = piece, value = { NULL, 0 };
        slice_cut(piece, '=', &name, &value);
        if (!set_field(out, decoded(a, name), decoded(a, value), err)) return false;
    }
    return true;
}
