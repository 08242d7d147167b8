/* Bytes to send with places for variables. Made by replay/request.c, rendered by the users' send.
 *
 * Neighbouring raw texts are joined and compiled as one template, so that a request without variables is
 * one slice and one with a token is three spans. Invariant: a compiled wire is const. */
#include "replay/wire.h"

#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/mem.h"

#define MAX_TEXT (64u << 20)

void wire_begin(struct wire_maker *m, struct arena *a, struct scope *s)
{
    *m = (struct wire_maker){ .arena = a, .scope = s, .text = BUF_INIT(MAX_TEXT) };
}

static void add_span(struct wire_maker *m, struct span s)
{
    mem_grow(&m->v, &m->cap, m->n + 1, sizeof *m->v);
    m->v[m->n++] = s;
}

static bool add_template(struct wire_maker *m, struct slice text, enum wire_as as, struct err *err)
{
    const struct template *t = template_compile(m->arena, m->scope, text, NULL, err);
    if (!t) return false;
    if (template_is_static(t))
        add_span(m, (struct span){ .text = template_static_text(t), .as = as });
    else
        add_span(m, (struct span){ .t = t, .as = as });
    return true;
}

/* Compiles the text that was gathered. */
static bool flush(struct wire_maker *m, struct err *err)
{
    if (m->text.n == 0) return true;
    if (m->text.bad) return err_set(err, ERR_INPUT, "a request of more than 64 MiB");
    struct slice text = arena_dup(m->arena, buf_slice(&m->text));
    buf_reset(&m->text);
    return add_template(m, text, WIRE_RAW, err);
}

void wire_bytes(struct wire_maker *m, struct slice bytes)
{
    template_escape(&m->text, bytes);
}

/* A form field without variables is encoded now. '$' is encoded too, so the result is no template. */
static bool add_form(struct wire_maker *m, struct slice text, struct err *err)
{
    const struct template *t = template_compile(m->arena, m->scope, text, NULL, err);
    if (!t) return false;
    if (template_is_static(t)) {
        enc_percent(&m->text, template_static_text(t), ENC_FORM);
        return true;
    }
    if (!flush(m, err)) return false;
    add_span(m, (struct span){ .t = t, .as = WIRE_FORM });
    return true;
}

bool wire_text(struct wire_maker *m, struct slice text, enum wire_as as, struct err *err)
{
    text = follow_text(m->arena, &m->follow, text);
    if (as == WIRE_FORM) return add_form(m, arena_dup(m->arena, text), err);
    buf_add(&m->text, text);
    return true;
}

bool wire_end(struct wire_maker *m, struct wire *out, struct err *err)
{
    bool ok = flush(m, err);
    if (ok) {
        struct span *v = arena_many(m->arena, m->n, struct span);
        for (size_t i = 0; i < m->n; i++)
            v[i] = m->v[i];
        *out = (struct wire){ v, m->n };
    }
    wire_drop(m);
    return ok;
}

void wire_drop(struct wire_maker *m)
{
    buf_free(&m->text);
    free(m->v);
    m->v = NULL;
    m->n = m->cap = 0;
}

bool wire_is_static(const struct wire *w)
{
    return w->n == 0 || (w->n == 1 && !w->v[0].t);
}

struct slice wire_static(const struct wire *w)
{
    return w->n ? w->v[0].text : (struct slice){ 0 };
}

bool wire_uses(const struct wire *w, uint32_t slot)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->v[i].t && template_uses(w->v[i].t, slot)) return true;
    return false;
}

/* The plain text goes behind what is there, its encoding behind that and then down over it: a form costs
 * no memory of its own. */
static bool render_form(const struct span *s, const struct template_env *env, struct buf *out,
                        struct slice *unset)
{
    size_t at = out->n;
    if (!template_render(s->t, env, out, unset)) return false;
    struct slice plain = slice_from(buf_slice(out), at);
    if (!buf_room(out, 3 * plain.n)) return false;
    plain.p = out->p + at; /* from here on it stays where it is */
    enc_percent(out, plain, ENC_FORM);
    size_t encoded = out->n - at - plain.n;
    memmove(out->p + at, out->p + at + plain.n, encoded);
    out->n = at + encoded;
    return true;
}

bool wire_render(const struct wire *w, const struct template_env *env, struct buf *out,
                 struct slice *unset)
{
    *unset = (struct slice){ 0 };
    for (size_t i = 0; i < w->n; i++) {
        const struct span *s = &w->v[i];
        if (!s->t) {
            if (!buf_add(out, s->text)) return false;
        } else if (s->as == WIRE_FORM) {
            if (!render_form(s, env, out, unset)) return false;
        } else if (!template_render(s->t, env, out, unset)) {
            return false;
        }
    }
    return true;
}
