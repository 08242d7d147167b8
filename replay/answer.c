/* What an answer means for its user: cookies kept, body decoded when somebody reads it, checks, values
 * taken out, one sample recorded. Called by the engines through call.done.
 *
 * Invariant: one sample per request sent, whatever came of it. A value that was not found is unset, so
 * that no later request carries a stale one. */
#include <string.h>

#include "base/codec.h"
#include "base/num.h"
#include "replay/vu.h"

#define MAX_DECODED (64u << 20)

/* An answer under judgement. */
struct verdict {
    struct flight *f;
    enum outcome outcome;
    struct slice body; /* decoded */
    struct slice text; /* of the failure, in the worker's buffer; empty: the outcome says it */
    struct answer answer;
};

static uint64_t since_start(const struct worker *w, uint64_t ns)
{
    return ns > w->run->start_ns ? ns - w->run->start_ns : 0;
}

/* ---- sample ------------------------------------------------------------------------------------------ */

/* The head as it would have been on the wire, for the archive. */
static struct slice head_text(struct worker *w, const struct call *c)
{
    struct buf b = BUF_INIT(1u << 20);
    buf_addf(&b, "%s %d %.*s\r\n", c->http2 ? "HTTP/2" : "HTTP/1.1", c->status, SL_FMT(c->reason));
    for (size_t i = 0; i < c->headers.n; i++)
        buf_addf(&b, "%.*s: %.*s\r\n", SL_FMT(c->headers.v[i].name), SL_FMT(c->headers.v[i].value));
    struct slice text = arena_dup(w->scratch, buf_slice(&b));
    buf_free(&b);
    return text;
}

static void keep_failure(struct verdict *v, struct sample *s)
{
    struct worker *w = v->f->vu->w;
    const struct call *c = &v->f->call;
    if (v->text.n == 0 && c->trouble)
        v->text = v->outcome == OUTCOME_TLS ? arena_printf(w->scratch, "TLS: %s", c->trouble)
                                            : slice_z(c->trouble);
    if (v->text.n) s->message = recorder_message(w->rec, v->text);
    if (c->status && s->message)
        recorder_failing_answer(w->rec, s->message, head_text(w, c), v->body);
}

static void record(struct verdict *v)
{
    struct flight *f = v->f;
    struct vu *vu = f->vu;
    struct worker *w = vu->w;
    const struct call *c = &f->call;
    struct sample s = {
        .intended_ns = since_start(w, f->intended_ns),
        .start_ns = since_start(w, c->start_ns),
        .connected_ns = since_start(w, c->connected_ns),
        .first_byte_ns = since_start(w, c->first_byte_ns),
        .end_ns = since_start(w, c->end_ns),
        .bytes_in = c->bytes_in,
        .bytes_out = c->bytes_out,
        .step = f->request->step,
        .user = vu->number,
        .iteration = vu->iteration,
        .status = (uint16_t)c->status,
        .outcome = (uint8_t)v->outcome,
        .reused = c->reused,
    };
    if (v->outcome != OUTCOME_OK && v->outcome != OUTCOME_CANCELLED) keep_failure(v, &s);
    if (w->run->cfg.all_answers && c->status)
        recorder_answer(w->rec, s.step, head_text(w, c), v->body);
    recorder_add(w->rec, &s);
}

/* ---- cookies and body ---------------------------------------------------------------------------------- */

static void keep_cookies(struct flight *f)
{
    struct vu *vu = f->vu;
    const struct headers *h = &f->call.headers;
    for (size_t i = 0; i < h->n; i++) {
        if (!slice_ieq(h->v[i].name, SL("set-cookie"))) continue;
        struct url u = flight_url(f);
        if (!vu->jar) vu->jar = jar_new();
        jar_set(vu->jar, &u, h->v[i].value, worker_utc_ns(vu->w));
    }
}

static void fail(struct verdict *v, enum outcome outcome, struct slice text)
{
    if (v->outcome != OUTCOME_OK) return; /* the first reason is told */
    v->outcome = outcome;
    v->text = text;
}

static void decode(struct verdict *v)
{
    struct worker *w = v->f->vu->w;
    const struct call *c = &v->f->call;
    v->body = c->answer_body;
    if (v->body.n == 0 || !c->want_body) return;
    struct slice coding = headers_get(&c->headers, SL("content-encoding"));
    if (coding.n == 0) return;
    w->decoded.max = MAX_DECODED;
    buf_reset(&w->decoded);
    enum codec_result r = codec_decode_all(coding, c->answer_body, &w->decoded);
    if (r == CODEC_TOO_BIG)
        fail(v, OUTCOME_PROTOCOL, SL("the body is over the limit"));
    else if (r != CODEC_OK)
        fail(v, OUTCOME_PROTOCOL, arena_printf(w->scratch, "the body is not %.*s", SL_FMT(coding)));
    v->body = buf_slice(&w->decoded);
}

/* ---- checks and values ---------------------------------------------------------------------------------- */

/* What the check's text is for this user now; false: a variable of it has no value. */
static bool wanted(struct verdict *v, const struct plan_check *k, struct slice *out)
{
    if (wire_is_static(&k->want)) {
        *out = wire_static(&k->want);
        return true;
    }
    struct vu *vu = v->f->vu;
    struct buf *text = &vu->w->text;
    struct template_env env = vu_env(vu);
    struct slice unset;
    buf_reset(text);
    if (wire_render(&k->want, &env, text, &unset)) {
        *out = arena_dup(vu->w->scratch, buf_slice(text));
        return true;
    }
    fail(v, OUTCOME_CHECK,
         arena_printf(vu->w->scratch, "expect: no value for %.*s", SL_FMT(unset)));
    return false;
}

static void check(struct verdict *v)
{
    const struct plan_request *q = v->f->request;
    struct worker *w = v->f->vu->w;
    for (size_t i = 0; i < q->checks_n; i++) {
        struct buf *why = &w->text;
        struct slice want;
        if (!wanted(v, &q->checks[i], &want)) return;
        buf_reset(why);
        if (checker_run(q->checks[i].c, &v->answer, want, w->scratch, why)) continue;
        fail(v, q->checks[i].kind == CHECK_STATUS ? OUTCOME_STATUS : OUTCOME_CHECK,
             arena_dup(w->scratch, buf_slice(why)));
        return;
    }
    if (!q->checks_status && v->answer.status >= 400)
        fail(v, OUTCOME_STATUS, arena_printf(w->scratch, "status %d", v->answer.status));
}

static void not_found(struct verdict *v, const struct plan_extract *x)
{
    struct vu *vu = v->f->vu;
    if (x->model->has_fallback) {
        vu_set(vu, x->slot, x->model->fallback);
        return;
    }
    if (x->model->optional) return;
    if (!x->has_default) vu_unset(vu, x->slot);
    fail(v, OUTCOME_EXTRACT,
         arena_printf(vu->w->scratch, "no value for %.*s", SL_FMT(x->model->name)));
}

static void extract(struct verdict *v)
{
    const struct plan_request *q = v->f->request;
    struct vu *vu = v->f->vu;
    for (size_t i = 0; i < q->extract_n; i++) {
        struct slice value;
        if (extractor_run(q->extract[i].x, &v->answer, vu->w->scratch, &value))
            vu_set(vu, q->extract[i].slot, value);
        else
            not_found(v, &q->extract[i]);
    }
}

static void judge(struct verdict *v)
{
    const struct call *c = &v->f->call;
    const struct plan_request *q = v->f->request;
    if (q->extract_n == 0 && q->checks_n == 0 && !v->f->vu->w->run->cfg.want_bodies) {
        v->answer.status = c->status;
        check(v);
        return;
    }
    decode(v);
    answer_docs_reset(v->f->vu->w->docs);
    v->answer = (struct answer){
        .status = c->status,
        .headers = &c->headers,
        .body = v->body,
        .time_ns = c->end_ns - c->start_ns,
        .docs = v->f->vu->w->docs,
    };
    if (q->want_url) v->answer.url = flight_url_text(v->f);
    check(v);
    extract(v);
}

/* No answer: what would have come out of it has no value. */
static void forget(struct flight *f)
{
    for (size_t i = 0; i < f->request->extract_n; i++) {
        const struct plan_extract *x = &f->request->extract[i];
        if (!x->model->optional && !x->model->has_fallback && !x->has_default)
            vu_unset(f->vu, x->slot);
    }
}

/* ---- landing -------------------------------------------------------------------------------------------- */

/* A redirect that the step follows: this hop is recorded and the flight goes on. */
static bool follow(struct verdict *v)
{
    struct flight *f = v->f;
    struct slice refused = { 0 };
    if (f->request->redirects == 0 || f->call.status < 300 || f->call.status > 399) return false;
    if (f->redirects_left == 0 && headers_has(&f->call.headers, SL("location"))) {
        fail(v, OUTCOME_CHECK,
             arena_printf(f->vu->w->scratch, "more than %u redirects", f->request->redirects));
        return false;
    }
    uint64_t end_ns = f->call.end_ns;
    struct call before = f->call;
    struct verdict hop = *v;
    if (!flight_redirect(f, &refused)) {
        if (refused.n)
            fail(v, OUTCOME_CHECK,
                 arena_printf(f->vu->w->scratch,
                              "redirected to %.*s, which was not named (--allow-host)",
                              SL_FMT(refused)));
        return false;
    }
    struct call after = f->call;
    f->call = before;
    record(&hop);
    f->call = after;
    f->redirects_left--;
    f->intended_ns = end_ns;
    flight_sent(f);
    return true;
}

void flight_done(struct call *c)
{
    struct flight *f = (struct flight *)(void *)c;
    struct vu *vu = f->vu;
    struct verdict v = { .f = f, .outcome = c->outcome };
    uint64_t end_ns = c->end_ns;
    if (c->outcome == OUTCOME_OK) {
        keep_cookies(f);
        if (follow(&v)) {
            arena_reset(vu->w->scratch);
            return;
        }
        judge(&v);
    } else {
        forget(f);
    }
    record(&v);
    arena_reset(vu->w->scratch);
    flight_free(f);
    vu_landed(vu, end_ns);
}

void flight_cancelled(struct flight *f)
{
    struct verdict v = { .f = f, .outcome = OUTCOME_CANCELLED };
    if (f->call.start_ns == 0) f->call.start_ns = loop_now_ns(f->vu->w->loop);
    f->call.end_ns = loop_now_ns(f->vu->w->loop);
    f->call.status = 0;
    record(&v);
    arena_reset(f->vu->w->scratch);
}
