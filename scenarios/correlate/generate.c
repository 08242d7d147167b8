/* Values that the client makes itself: UUIDs, times, PKCE pairs, OAuth states and nonces.
 *
 * Called after origins are chosen, for what no answer gave. A value used by one request is an expression
 * in its place; one that several requests share is set once, before the first of them. What no rule knows
 * stays as it was recorded. */
#include "base/clock.h"
#include "base/enc.h"
#include "base/num.h"
#include "scenarios/correlate/report.h"
#include "scenarios/correlate/second.h"
#include "scenarios/value.h"

#define NEAR_S 3600 /* a time this close to its request is the request's own */

/* An answer's value is inside: base64 of {"cursor": …}. */
static bool holds_token(const struct node *n)
{
    for (const struct node *c = n->children; c; c = c->next)
        if (c->decided || holds_token(c)) return true;
    return false;
}

static bool is_free(const struct flow *f, const struct value *v)
{
    if (v->first_use == SIZE_MAX || v->in_static || v->by_socket) return false;
    const struct origin *o = v->first_origin;
    if (o && o->step < v->first_use) return false;
    bool open = false;
    for (const struct use *u = v->uses; u; u = u->next) {
        if (u->expr.n || holds_token(u->node) || second_says_constant(u)) return false;
        open |= !use_is_inside(u) && !f->items[u->node->step].location.n;
    }
    return open;
}

/* client_id, appId, x-tenant: the same for everybody. */
static bool is_application(struct slice name)
{
    static const char *const names[] = { "client",      "clientid",     "clientkey", "app",
                                         "appid",       "appkey",       "tenant",    "tenantid",
                                         "xtenant",     "xtenantid",    "xappid",    "xclientid",
                                         "application", "applicationid" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (name_eq(name, slice_z(names[i]))) return true;
    return false;
}

/* Places that carry it. */
static size_t places_of(const struct value *v, const struct use **first)
{
    size_t n = 0;
    *first = NULL;
    for (const struct use *u = v->uses; u; u = u->next) {
        if (u->node->secondary) continue;
        if (!*first) *first = u;
        n++;
    }
    return n;
}

static void say(struct flow *f, const struct value *v, const struct use *first, struct slice expr,
                struct slice var)
{
    struct slice name = var.n ? var : first->node->name;
    struct token *t = NULL;
    for (size_t i = 0; i < f->report->tokens_n && !t; i++)
        if (slice_eq(f->report->tokens[i].name, name) &&
            slice_eq(f->report->tokens[i].extract, expr))
            t = &f->report->tokens[i];
    if (!t) t = report_token(f);
    t->name = arena_dup(f->report_arena, name);
    t->value = arena_dup(f->report_arena, slice_sub(v->text, 0, 200));
    t->from = SL("client");
    t->extract = arena_dup(f->report_arena, expr);
    t->confidence = 0.9;
    for (const struct use *u = v->uses; u; u = u->next)
        if (!u->node->secondary && u->expr.n) report_use(f, t, report_place(f, u->node));
}

/* Puts expr where v is used; through a variable when several places share it. */
static void make(struct flow *f, struct value *v, struct slice expr)
{
    const struct use *first;
    size_t places = places_of(v, &first);
    if (!first) return;
    struct slice var = { 0 };
    if (places > 1) {
        var = var_name(f, first->node->name.n ? first->node->name : SL("made"));
        item_set(f, &f->items[first->node->step], var, arena_printf(f->a, "${%.*s}", SL_FMT(expr)));
    }
    for (struct use *u = v->uses; u; u = u->next)
        u->expr = var.n ? var : expr;
    say(f, v, first, expr, var);
}

/* ---- times ---------------------------------------------------------------------------------------- */

static int64_t request_time(const struct flow *f, const struct use *u)
{
    return f->zero_ns == TIME_UNKNOWN
               ? 0
               : (f->zero_ns + f->items[u->node->step].start_ns) / (int64_t)NS_PER_S;
}

static bool is_near(int64_t a, int64_t b)
{
    return a - b < NEAR_S && b - a < NEAR_S;
}

/* jQuery's and phpMyAdmin's cache busters: milliseconds and some random digits behind them. */
static struct slice time_with_tail(struct flow *f, size_t digits)
{
    uint64_t from = 1;
    for (size_t i = 1; i < digits; i++)
        from *= 10;
    return arena_printf(f->a, "now_ms() + random(%llu, %llu)", (unsigned long long)from,
                        (unsigned long long)(from * 10 - 1));
}

/* The expression of a time close to its request; empty: it is none. */
static struct slice time_expression(struct flow *f, const struct value *v, const struct use *u)
{
    uint64_t number;
    int64_t now = request_time(f, u), ns;
    struct slice t = v->text;
    if (now == 0) return (struct slice){ 0 };
    if (t.n == 13 && num_u64(t, UINT64_MAX, &number) && is_near((int64_t)(number / 1000), now))
        return SL("now_ms()");
    if (t.n > 13 && t.n <= 20 && value_is_digits(t) &&
        num_u64(slice_sub(t, 0, 10), UINT64_MAX, &number) && is_near((int64_t)number, now))
        return time_with_tail(f, t.n - 13);
    if (t.n == 10 && num_u64(t, UINT64_MAX, &number) && is_near((int64_t)number, now))
        return SL("now()");
    if (t.n == 24 && t.p[10] == 'T' && t.p[23] == 'Z' && clock_parse_iso(t, &ns) &&
        is_near(ns / (int64_t)NS_PER_S, now))
        return SL("now_iso()");
    (void)f;
    return (struct slice){ 0 };
}

static bool make_time(struct flow *f, struct value *v)
{
    const struct use *first;
    places_of(v, &first);
    if (!first) return false;
    struct slice expr = time_expression(f, v, first);
    if (!expr.n) expr = date_expression(f, v);
    if (!expr.n) return false;
    make(f, v, expr);
    return true;
}

/* ---- PKCE, states, UUIDs -------------------------------------------------------------------------- */

static bool is_verifier(const struct value *v)
{
    return v->text.n >= 43 && v->text.n <= 128 && value_is_plain(v->text);
}

/* RFC 7636: the challenge of an earlier request is the SHA-256 of this verifier. */
static bool make_pkce(struct flow *f, struct value *v)
{
    if (!is_verifier(v)) return false;
    unsigned char sum[SHA256_BYTES];
    sha256_of(v->text, sum);
    struct buf b = BUF_INIT(64);
    enc_base64(&b, (struct slice){ (const char *)sum, sizeof sum }, true);
    struct value *challenge = flow_value(f, buf_slice(&b));
    buf_free(&b);
    if (!challenge || challenge->first_use == SIZE_MAX) return false;
    const struct use *first;
    places_of(challenge, &first);
    struct slice var = var_name(f, SL("code_verifier"));
    item_set(f, &f->items[first->node->step], var,
             arena_printf(f->a, "${randstr(%zu)}", v->text.n));
    for (struct use *u = v->uses; u; u = u->next)
        u->expr = var;
    struct slice expr = arena_printf(f->a, "pkce_challenge(%.*s)", SL_FMT(var));
    for (struct use *u = challenge->uses; u; u = u->next)
        u->expr = expr;
    say(f, v, v->uses, SL("randstr()"), var);
    say(f, challenge, first, expr, (struct slice){ 0 });
    return true;
}

/* A whole text: what stands behind a '-' in a state is none of its own. */
static bool make_state(struct flow *f, struct value *v)
{
    const struct use *first;
    places_of(v, &first);
    if (!first || first->to - first->from < first->node->text.n) return false;
    if (v->bits < BITS_STRONG || !value_is_plain(v->text) || v->text.n > 200) return false;
    struct slice name = first->node->name;
    if (!slice_ieq(name, SL("state")) && !slice_ieq(name, SL("nonce"))) return false;
    make(f, v, arena_printf(f->a, "randstr(%zu)", v->text.n));
    return true;
}

static bool make_uuid(struct flow *f, struct value *v)
{
    const struct use *first;
    places_of(v, &first);
    if (!first || !value_is_uuid(v->text) || is_application(first->node->name)) return false;
    make(f, v, SL("uuid()"));
    return true;
}

/* What differs between two recordings, came from no answer and follows no rule: the user typed it, or the
 * client made it in a way that is not known. */
static void say_unknown(struct flow *f, const struct value *v)
{
    for (const struct use *u = v->uses; u; u = u->next) {
        bool open = u->other.p && !slice_eq(u->other, v->text) && !u->expr.n && !u->node->secondary;
        bool token = use_is_inside(u) || u->node->decided || holds_token(u->node);
        if (!open || token || u->node->children || f->items[u->node->step].location.n) continue;
        struct slice place = report_place(f, u->node);
        report_warn(f, "put a feed's column or a function there (docs/scenario.md)",
                    "%.*s differs between the recordings, and no answer gave it: user data?",
                    SL_FMT(place));
        return;
    }
}

void flow_generate(struct flow *f)
{
    struct slice key;
    void *value;
    for (size_t i = 0; map_next(f->values, &i, &key, &value);)
        if (is_free(f, value)) make_pkce(f, value);
    for (size_t i = 0; map_next(f->values, &i, &key, &value);) {
        if (!is_free(f, value)) continue;
        if (make_time(f, value) || make_state(f, value)) continue;
        make_uuid(f, value);
    }
    for (size_t i = 0; map_next(f->values, &i, &key, &value);)
        say_unknown(f, value);
}
