/* See walk.h: one recorded walk for a test of the correlator.
 *
 * Used by the tests of how import finds tokens and names. Nothing is sent anywhere. */
#include "tests/unit/walk.h"

#include <string.h>

struct exchange *step(struct walk *w, const char *method, const char *url, const char *body,
                      const char *answer)
{
    struct exchange *ex = session_add(w->s);
    ex->start_ns = (int64_t)w->s->n * 1000000000;
    ex->total_ns = 10000000;
    ex->request.method = slice_z(method);
    ex->request.url = arena_printf(w->s->arena, "http://shop.test%s", url);
    ex->request.body = slice_z(body);
    ex->response.status = 200;
    ex->response.body = slice_z(answer);
    ex->response.mime = answer[0] == '<' ? SL("text/html") : SL("application/json");
    size_t cap = 0;
    if (body[0])
        headers_add(w->s->arena, &ex->request.headers, &cap, SL("Content-Type"),
                    body[0] == '{' ? SL("application/json")
                                   : SL("application/x-www-form-urlencoded"));
    return ex;
}

void header(struct walk *w, struct headers *h, const char *name, const char *value)
{
    size_t cap = h->n;
    headers_add(w->s->arena, h, &cap, slice_z(name), slice_z(value));
}

void redirect(struct walk *w, struct exchange *ex, const char *to)
{
    ex->response.status = 302;
    header(w, &ex->response.headers, "Location", to);
}

struct walk begin(void)
{
    return (struct walk){ .s = session_new(),
                          .cfg = { .pause_factor = 1, .secrets_file = "x.csv" },
                          .yaml = BUF_INIT(1 << 20) };
}

void run(struct walk *w)
{
    struct err err = { 0 };
    const struct session *several[] = { w->s };
    w->out = correlate(several, 1, &w->cfg, &w->report, &err);
    if (!w->out) test_fail(__FILE__, __LINE__, "%s", err.text);
    CHECK(scenario_write(w->out, &w->yaml));
}

bool says(const struct walk *w, const char *text)
{
    return slice_find(buf_slice(&w->yaml), slice_z(text)) != SLICE_NONE;
}

void end(struct walk *w)
{
    buf_free(&w->yaml);
    scenario_free(w->out);
    session_free(w->s);
}

size_t times(const struct walk *w, const char *text)
{
    struct slice rest = buf_slice(&w->yaml);
    size_t n = 0;
    for (size_t at; (at = slice_find(rest, slice_z(text))) != SLICE_NONE; n++)
        rest = slice_from(rest, at + 1);
    return n;
}
