/* The JSON API's handlers. Called by route.c on the web thread. They read the run through board.c and
 * change it through struct web_control only; an error of the control is a sentence for the person at the
 * page, with a status that says whether it was the wrong time (409), the wrong thing (422) or us (500). */
#include "web/route.h"

#include "base/num.h"
#include "web/render.h"
#include "web/wish.h"

static void fail(struct reply *r, const struct err *err)
{
    unsigned status = err->code == ERR_USAGE ? 409 : err->code == ERR_INPUT ? 422 : 500;
    reply_error(r, status, slice_z(err->text));
}

static void done(struct reply *r, bool ok, const struct err *err)
{
    if (ok) {
        buf_addz(&r->body, "{\"ok\":true}");
    } else {
        fail(r, err);
    }
}

void api_state(struct site *s, const struct ask *q, struct reply *r)
{
    (void)q;
    board_state_json(&s->board, &r->body);
}

void api_events(struct site *s, const struct ask *q, struct reply *r)
{
    (void)s;
    (void)q;
    r->type = "text/event-stream";
    r->stream = true;
}

static void plan(struct site *s, const struct web_wish *wish, struct reply *r)
{
    const struct web_control *c = s->board.control;
    struct err err = { 0 };
    if (!c->plan(c->arg, wish, &r->body, &err)) fail(r, &err);
}

void api_plan(struct site *s, const struct ask *q, struct reply *r)
{
    (void)q;
    plan(s, NULL, r);
}

void api_preview(struct site *s, const struct ask *q, struct reply *r)
{
    struct web_wish wish;
    struct err err = { 0 };
    if (wish_from_json(q->body, q->arena, &wish, &err)) {
        plan(s, &wish, r);
    } else {
        fail(r, &err);
    }
}

static void with_wish(struct site *s, const struct ask *q,
                      bool (*fn)(void *arg, const struct web_wish *wish, struct err *err),
                      struct reply *r)
{
    struct web_wish wish;
    struct err err = { 0 };
    bool ok =
        wish_from_json(q->body, q->arena, &wish, &err) && fn(s->board.control->arg, &wish, &err);
    done(r, ok, &err);
}

void api_start(struct site *s, const struct ask *q, struct reply *r)
{
    with_wish(s, q, s->board.control->start, r);
}

void api_edit(struct site *s, const struct ask *q, struct reply *r)
{
    with_wish(s, q, s->board.control->edit, r);
}

void api_stop(struct site *s, const struct ask *q, struct reply *r)
{
    (void)q;
    struct err err = { 0 };
    done(r, s->board.control->stop(s->board.control->arg, &err), &err);
}

void api_reset(struct site *s, const struct ask *q, struct reply *r)
{
    (void)q;
    struct err err = { 0 };
    done(r, s->board.control->reset(s->board.control->arg, &err), &err);
}

void api_again(struct site *s, const struct ask *q, struct reply *r)
{
    (void)q;
    struct err err = { 0 };
    done(r, s->board.control->again(s->board.control->arg, &err), &err);
}

/* What the browser called the file, without any folder and without what is not plain in a name. */
static struct slice plain_name(const struct ask *q)
{
    struct slice name = ask_arg(q, "name");
    for (size_t i = name.n; i > 0; i--)
        if (name.p[i - 1] == '/' || name.p[i - 1] == '\\') {
            name = slice_from(name, i);
            break;
        }
    char *copy = arena_z(q->arena, slice_sub(name, 0, 120));
    for (char *p = copy; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 127) *p = '_';
    return copy[0] && copy[0] != '.' ? slice_z(copy) : SL("recording");
}

void api_upload(struct site *s, const struct ask *q, struct reply *r)
{
    const struct web_control *c = s->board.control;
    struct err err = { 0 };
    if (!q->upload_path) {
        reply_error(r, 400, SL("The request has no body: send the file itself."));
    } else if (c->upload(c->arg, q->upload_path, plain_name(q), &err)) {
        plan(s, NULL, r);
    } else {
        fail(r, &err);
    }
}

void api_stats(struct site *s, const struct ask *q, struct reply *r)
{
    (void)q;
    board_snapshot(&s->board, SNAPSHOT_STATS, &r->body);
}

void api_failures(struct site *s, const struct ask *q, struct reply *r)
{
    (void)q;
    board_snapshot(&s->board, SNAPSHOT_FAILURES, &r->body);
}

struct history_ask {
    uint64_t from;
    struct buf *out;
};

static void history(void *arg, const struct run_stats *s)
{
    struct history_ask *h = arg;
    render_history(s, h->from, h->out);
}

void api_history(struct site *s, const struct ask *q, struct reply *r)
{
    struct history_ask h = { 0, &r->body };
    struct slice from = ask_arg(q, "from");
    if (from.n && !num_u64(from, UINT32_MAX, &h.from)) {
        reply_error(r, 400, SL("from: a whole number"));
        return;
    }
    board_read(&s->board, history, &h);
}

static void workers(void *arg, const struct run_stats *s)
{
    render_workers(s, arg);
}

void api_workers(struct site *s, const struct ask *q, struct reply *r)
{
    (void)q;
    board_read(&s->board, workers, &r->body);
}

static void trace(void *arg, const struct run_stats *s)
{
    render_trace(s, arg);
}

void api_trace(struct site *s, const struct ask *q, struct reply *r)
{
    (void)q;
    board_read(&s->board, trace, &r->body);
}
