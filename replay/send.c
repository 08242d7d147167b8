/* A request's way out: variables written into the wire template, cookies and length added, a flight taken
 * from the worker's pool and handed to the engine. Called by users when they come to a request.
 *
 * Invariants: what goes out names an origin of the plan's table; a value never adds a header line. After
 * warm-up nothing here calls malloc. */
#include "replay/vu.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "replay/line.h"

#define MAX_WIRE (64u << 20)
#define KEEP_WIRE (64u << 10) /* larger buffers are not kept by resting flights */
#define LATE_NS NS_PER_MS
#define MAX_WARNINGS 5

/* ---- flights ---------------------------------------------------------------------------------------- */

static struct flight *flight_new(struct vu *vu, const struct plan_request *q)
{
    struct worker *w = vu->w;
    struct flight *f = w->spare;
    if (f)
        w->spare = f->next;
    else {
        f = mem_alloc(1, sizeof *f);
        buf_init(&f->wire, MAX_WIRE);
    }
    struct buf wire = f->wire;
    *f = (struct flight){ .vu = vu, .request = q, .wire = wire, .intended_ns = vu->due_ns };
    f->redirects_left = q->redirects;
    f->next = vu->flights;
    if (f->next) f->next->prev = f;
    vu->flights = f;
    vu->flying++;
    return f;
}

void flight_free(struct flight *f)
{
    struct worker *w = f->vu->w;
    if (f->prev)
        f->prev->next = f->next;
    else
        f->vu->flights = f->next;
    if (f->next) f->next->prev = f->prev;
    if (f->wire.cap > KEEP_WIRE) buf_free(&f->wire);
    buf_reset(&f->wire);
    f->prev = NULL;
    f->next = w->spare;
    w->spare = f;
}

struct url flight_url(const struct flight *f)
{
    const struct origin *o = f->call.origin;
    struct url u = { .scheme = o->scheme, .host = o->host, .port = o->port };
    struct slice method, target, rest = f->call.head;
    if (!slice_cut(rest, ' ', &method, &rest) || !slice_cut(rest, ' ', &target, &rest)) return u;
    u.target = u.path = target;
    u.has_query = slice_cut(target, '?', &u.path, &u.query);
    return u;
}

struct slice flight_url_text(const struct flight *f)
{
    struct url u = flight_url(f);
    return arena_printf(f->vu->w->scratch, "%.*s://%.*s%.*s", SL_FMT(u.scheme),
                        SL_FMT(f->call.origin->authority), SL_FMT(u.target));
}

/* ---- head ------------------------------------------------------------------------------------------- */

/* The step's own cookies that the jar does not know. */
static void add_own_cookies(struct vu *vu, struct slice own, struct buf *out, const struct url *u)
{
    struct slice name, value;
    size_t start = out->n;
    while (cookie_next(&own, &name, &value)) {
        int64_t now = worker_utc_ns(vu->w);
        if (vu->jar && jar_get(vu->jar, u, name, now).p) continue;
        if (out->n > start) buf_add(out, SL("; "));
        buf_add(out, name);
        buf_addc(out, '=');
        buf_add(out, value);
    }
}

void flight_add_cookies(struct flight *f, struct buf *out, const struct url *u,
                        const struct template_env *env)
{
    struct vu *vu = f->vu;
    const struct wire *own = &f->request->cookie;
    size_t before = out->n, start;
    if (!vu->jar && own->n == 0) return;
    buf_add(out, SL("Cookie: "));
    start = out->n;
    if (vu->jar) jar_add_header(vu->jar, u, worker_utc_ns(vu->w), out);
    if (own->n && env) {
        struct buf *text = &vu->w->text;
        struct slice unset;
        buf_reset(text);
        if (out->n > start) buf_add(out, SL("; "));
        size_t sep = out->n;
        if (wire_render(own, env, text, &unset)) add_own_cookies(vu, buf_slice(text), out, u);
        if (out->n == sep && sep > start) out->n -= 2;
    }
    if (out->n == start)
        out->n = before;
    else
        buf_add(out, SL("\r\n"));
}

/* The request line of a target with variables; finds the origin if it is one of them. */
static bool add_target(struct flight *f, const struct template_env *env, struct slice *trouble)
{
    const struct plan_request *q = f->request;
    struct buf *text = &f->vu->w->text;
    struct slice target;
    struct url u;
    buf_reset(text);
    if (!wire_render(&q->target, env, text, trouble)) return false;
    target = slice_trim(buf_slice(text));
    f->call.origin = q->origin ? q->origin : hosts_target(f->vu->w->plan->hosts);
    if (!q->origin && url_parse(target, &u)) {
        f->call.origin = hosts_find(f->vu->w->plan->hosts, &u);
        if (!f->call.origin) {
            *trouble = target;
            return false;
        }
        target = u.target;
    }
    size_t fragment = slice_chr(target, '#');
    if (fragment != SLICE_NONE) target = slice_sub(target, 0, fragment);
    struct slice host = q->own_host ? (struct slice){ 0 } : f->call.origin->authority;
    request_line_add(&f->wire, &(struct request_line){ q->method, q->prefix, target, host });
    return true;
}

static bool add_head(struct flight *f, struct template_env *env, struct slice *trouble)
{
    const struct plan_request *q = f->request;
    f->call.origin = q->origin;
    if (q->target.n && !add_target(f, env, trouble)) return false;
    env->one_line = true;
    bool ok = wire_render(&q->head, env, &f->wire, trouble);
    env->one_line = false;
    return ok;
}

/* Body first (its length goes into the head), then the head behind it in the same buffer. */
static bool render(struct flight *f, struct template_env *env, struct slice *trouble)
{
    const struct plan_request *q = f->request;
    struct buf *b = &f->wire;
    bool fixed = wire_is_static(&q->body);
    if (!fixed && !wire_render(&q->body, env, b, trouble)) return false;
    size_t body = b->n;
    if (!add_head(f, env, trouble)) return false;
    if (q->has_body && !q->length_in_head) {
        buf_add(b, SL("Content-Length: "));
        buf_addu(b, body);
        buf_add(b, SL("\r\n"));
    }
    f->call.head = slice_from(buf_slice(b), body);
    if (f->vu->jar || q->cookie.n) {
        struct url u = flight_url(f);
        u.path = arena_dup(f->vu->w->scratch, u.path); /* b may move while the cookies are added */
        flight_add_cookies(f, b, &u, env);
    }
    if (!buf_add(b, SL("\r\n"))) return false;
    f->call.head = slice_from(buf_slice(b), body);
    f->call.body = fixed ? wire_static(&q->body) : slice_sub(buf_slice(b), 0, body);
    return true;
}

/* ---- sending ----------------------------------------------------------------------------------------- */

static void warn_unsent(struct vu *vu, const struct plan_request *q, struct slice what)
{
    struct worker *w = vu->w;
    const struct step_info *s = &w->plan->steps[q->step];
    run_trouble(w->run, "%.*s %.*s was not sent: no value for %.*s", SL_FMT(s->method),
                SL_FMT(s->name), SL_FMT(what));
    if (w->warned++ >= MAX_WARNINGS) return;
    log_line(LOG_DEBUG, "user %u: %.*s %.*s was not sent: no value for %.*s", vu->number + 1,
             SL_FMT(s->method), SL_FMT(s->name), SL_FMT(what));
}

void flight_sent(struct flight *f)
{
    struct worker *w = f->vu->w;
    struct call *c = &f->call;
    uint64_t now = loop_now_ns(w->loop);
    if (now > f->intended_ns + LATE_NS) recorder_late(w->rec, now - f->intended_ns);
    c->user = f->vu->net;
    c->want_body = f->request->want_body || w->run->cfg.want_bodies;
    c->timeout_ns = f->request->timeout_ns;
    c->done = flight_done;
    w->ops->send(w->engine, c);
}

bool flight_send(struct vu *vu, const struct plan_request *q)
{
    struct flight *f = flight_new(vu, q);
    struct template_env env = vu_env(vu);
    struct slice trouble = { 0 };
    bool ok = render(f, &env, &trouble);
    if (ok) {
        f->call.head_request = q->is_head;
        flight_sent(f);
    } else {
        warn_unsent(vu, q, trouble);
        flight_free(f);
        vu->flying--;
    }
    arena_reset(vu->w->scratch);
    return ok;
}
