/* Templates: the scope of names, the compiler of text around ${…}, and the renderer.
 *
 * Compiled by replay's plan and by scenario_check, rendered by every virtual user. A compiled template is
 * const and shared by threads. Rendering copies static spans and values into the caller's buffer; only a
 * function whose argument is itself a function, or joined text, needs the scratch arena. */
#include "scenarios/template_parse.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "scenarios/nearest.h"

/* ---- scope ---------------------------------------------------------------------------------------- */

struct tag {
    const struct tfunc *fn;
    struct slice tag;
};

struct name {
    struct slice text;
    uint64_t hash;
};

struct scope {
    struct arena *arena;
    struct name *names;
    size_t n, cap;
    struct tag *tags;
    size_t tags_n;
};

struct scope *scope_new(struct arena *a)
{
    struct scope *s = arena_one(a, struct scope);
    s->arena = a;
    return s;
}

static size_t find_name(const struct scope *s, struct slice name, uint64_t hash)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->names[i].hash == hash && slice_eq(s->names[i].text, name)) return i;
    return SLICE_NONE;
}

uint32_t scope_slot(struct scope *s, struct slice name)
{
    uint64_t hash = slice_hash(name);
    size_t i = find_name(s, name, hash);
    if (i != SLICE_NONE) return (uint32_t)i;
    if (s->n == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 16, size = sizeof(struct name);
        s->names = arena_grow(s->arena, s->names, s->cap * size, cap * size);
        s->cap = cap;
    }
    s->names[s->n] = (struct name){ arena_dup(s->arena, name), hash };
    return (uint32_t)s->n++;
}

bool scope_has(const struct scope *s, struct slice name)
{
    return find_name(s, name, slice_hash(name)) != SLICE_NONE;
}

size_t scope_slots(const struct scope *s)
{
    return s->n;
}

struct slice scope_name(const struct scope *s, uint32_t slot)
{
    return slot < s->n ? s->names[slot].text : (struct slice){ NULL, 0 };
}

uint32_t scope_memo(struct scope *s, const struct tfunc *fn, struct slice tag)
{
    for (size_t i = 0; i < s->tags_n; i++)
        if (s->tags[i].fn == fn && slice_eq(s->tags[i].tag, tag)) return (uint32_t)i;
    size_t size = sizeof(struct tag);
    s->tags = arena_grow(s->arena, s->tags, s->tags_n * size, (s->tags_n + 1) * size);
    s->tags[s->tags_n] = (struct tag){ fn, arena_dup(s->arena, tag) };
    return (uint32_t)s->tags_n++;
}

const char *scope_hint(const struct scope *s, struct slice name, char *text, size_t size)
{
    struct nearest near;
    nearest_init(&near, name);
    for (size_t i = 0; i < s->n; i++)
        nearest_consider(&near, s->names[i].text);
    return nearest_hint(&near, text, size);
}

/* ---- compiling ------------------------------------------------------------------------------------ */

/* Text next to text becomes one node. */
static bool join_text(struct arena *a, struct nodes *list, struct node node)
{
    struct node *last = list->n ? &list->v[list->n - 1] : NULL;
    if (!last || last->kind != NODE_TEXT || node.kind != NODE_TEXT) return false;
    char *p = arena_alloc(a, 1, last->text.n + node.text.n + 1);
    if (last->text.n) memcpy(p, last->text.p, last->text.n);
    if (node.text.n) memcpy(p + last->text.n, node.text.p, node.text.n);
    last->text = (struct slice){ p, last->text.n + node.text.n };
    return true;
}

void nodes_add(struct arena *a, struct nodes *list, struct node node)
{
    if (join_text(a, list, node)) return;
    if (list->n == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 2;
        list->v = arena_grow(a, list->v, list->cap * sizeof node, cap * sizeof node);
        list->cap = cap;
    }
    list->v[list->n++] = node;
}

static void add_text(struct arena *a, struct nodes *list, struct slice text)
{
    if (text.n) nodes_add(a, list, (struct node){ .kind = NODE_TEXT, .text = text });
}

const struct template *template_compile(struct arena *a, struct scope *s, struct slice text,
                                        size_t *at, struct err *err)
{
    struct template *t = arena_one(a, struct template);
    size_t from = 0, i = 0;
    while (i < text.n) {
        struct slice rest = slice_from(text, i);
        if (slice_starts(rest, SL("$${"))) {
            add_text(a, &t->nodes, slice_sub(text, from, i));
            from = i + 1;
            i += 3;
        } else if (slice_starts(rest, SL("${"))) {
            add_text(a, &t->nodes, slice_sub(text, from, i));
            i += 2;
            bool ok = expr_parse(a, s, text, &i, &t->nodes, err);
            if (at) *at = i;
            if (!ok) return NULL;
            from = i;
        } else {
            size_t next = slice_chr(slice_from(rest, 1), '$');
            i = next == SLICE_NONE ? text.n : i + 1 + next;
        }
    }
    add_text(a, &t->nodes, slice_from(text, from));
    return t;
}

bool template_is_static(const struct template *t)
{
    return t->nodes.n == 0 || (t->nodes.n == 1 && t->nodes.v[0].kind == NODE_TEXT);
}

struct slice template_static_text(const struct template *t)
{
    return t->nodes.n ? t->nodes.v[0].text : SL("");
}

static bool nodes_use(const struct nodes *list, uint32_t slot)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct node *node = &list->v[i];
        if (node->kind == NODE_SLOT && node->slot == slot) return true;
        if (node->kind != NODE_CALL) continue;
        for (unsigned k = 0; k < node->call->args.count; k++)
            if (nodes_use(&node->call->text[k], slot)) return true;
    }
    return false;
}

bool template_uses(const struct template *t, uint32_t slot)
{
    return nodes_use(&t->nodes, slot);
}

bool template_escape(struct buf *out, struct slice text)
{
    for (size_t at; (at = slice_find(text, SL("${"))) != SLICE_NONE;) {
        buf_add(out, slice_sub(text, 0, at));
        buf_add(out, SL("$${"));
        text = slice_from(text, at + 2);
    }
    /* '$' at the end would swallow the "${" that a caller appends. */
    size_t n = text.n;
    while (n && text.p[n - 1] == '$')
        n--;
    buf_add(out, slice_sub(text, 0, n));
    if (n == text.n) return !out->bad;
    buf_addz(out, "${'");
    buf_add(out, slice_from(text, n));
    return buf_addz(out, "'}");
}

void template_add_char(struct buf *out, char c)
{
    switch (c) {
    case '\n': buf_addz(out, "\\n"); return;
    case '\r': buf_addz(out, "\\r"); return;
    case '\t': buf_addz(out, "\\t"); return;
    default: buf_addc(out, c);
    }
}

void template_quote(struct buf *out, struct slice text)
{
    buf_addc(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '"' || c == '\\') buf_addc(out, '\\');
        template_add_char(out, c);
    }
    buf_addc(out, '"');
}

/* ---- values that stay within an iteration ----------------------------------------------------------- */

struct memo_value {
    size_t at, n;
    uint32_t round;
};

struct template_memo {
    struct buf text;
    struct memo_value *v;
    size_t cap;
    uint32_t round; /* a value of another round is not set */
};

#define MEMO_BYTES (1 << 20)

static struct template_memo *memo_new(void)
{
    struct template_memo *m = mem_alloc(1, sizeof *m);
    buf_init(&m->text, MEMO_BYTES);
    m->round = 1;
    return m;
}

void template_memo_reset(struct template_memo *m)
{
    if (!m) return;
    m->round++;
    buf_reset(&m->text);
}

void template_memo_free(struct template_memo *m)
{
    if (!m) return;
    buf_free(&m->text);
    free(m->v);
    free(m);
}

/* ---- rendering ------------------------------------------------------------------------------------ */

struct render {
    const struct template_env *env;
    struct slice *unset;
};

static bool render_nodes(const struct render *r, const struct nodes *list, struct buf *out);
static bool nodes_value(const struct render *r, const struct nodes *list, struct slice *out);

static bool run_call(const struct render *r, const struct call *c, const struct tfunc_args *args,
                     struct buf *out)
{
    if (!c->memo || !r->env->memo) return c->fn->run(args, r->env, out);
    if (!*r->env->memo) *r->env->memo = memo_new();
    struct template_memo *m = *r->env->memo;
    size_t had = m->cap;
    mem_grow(&m->v, &m->cap, c->memo, sizeof *m->v);
    if (m->cap > had) memset(m->v + had, 0, (m->cap - had) * sizeof *m->v);
    struct memo_value *value = &m->v[c->memo - 1];
    if (value->round != m->round) {
        value->at = m->text.n;
        if (!c->fn->run(args, r->env, &m->text)) return false;
        value->n = m->text.n - value->at;
        value->round = m->round;
    }
    return buf_add(out, slice_sub(buf_slice(&m->text), value->at, value->at + value->n));
}

/* The arguments: the constant ones are there, text is evaluated now. */
static bool call_args(const struct render *r, const struct call *c, struct tfunc_args *args)
{
    *args = c->args;
    for (unsigned i = 0; i < args->count; i++)
        if (c->text[i].n && !nodes_value(r, &c->text[i], &args->t[i])) return false;
    return true;
}

static size_t call_bound(const struct call *c, const struct tfunc_args *args)
{
    size_t n = c->fn->add;
    for (unsigned i = 0; i < args->count; i++)
        n += args->t[i].n * c->fn->mul;
    return n + 16;
}

static inline bool slot_value(const struct render *r, const struct node *node, struct slice *out)
{
    *out = r->env->values[node->slot];
    if (out->p) return true;
    *r->unset = node->text;
    return false;
}

static bool node_value(const struct render *r, const struct node *node, struct slice *out)
{
    if (node->kind == NODE_TEXT) {
        *out = node->text;
        return true;
    }
    if (node->kind == NODE_SLOT) return slot_value(r, node, out);
    struct tfunc_args args;
    if (!call_args(r, node->call, &args)) return false;
    /* A buffer over arena memory of the longest result: it never has to grow. */
    size_t cap = call_bound(node->call, &args);
    struct buf tmp = { .p = arena_alloc(r->env->scratch, 1, cap + 1), .cap = cap, .max = cap };
    if (!run_call(r, node->call, &args, &tmp)) return false;
    *out = buf_slice(&tmp);
    return true;
}

static bool nodes_value(const struct render *r, const struct nodes *list, struct slice *out)
{
    if (list->n == 1) return node_value(r, &list->v[0], out);
    struct slice *parts = arena_many(r->env->scratch, list->n, struct slice);
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++) {
        if (!node_value(r, &list->v[i], &parts[i])) return false;
        n += parts[i].n;
    }
    char *p = arena_alloc(r->env->scratch, 1, n + 1);
    *out = (struct slice){ p, n };
    for (size_t i = 0; i < list->n; i++) {
        if (parts[i].n) memcpy(p, parts[i].p, parts[i].n);
        p += parts[i].n;
    }
    return true;
}

static bool render_call(const struct render *r, const struct call *c, struct buf *out)
{
    struct tfunc_args args;
    return call_args(r, c, &args) && run_call(r, c, &args, out);
}

/* A slot or a call. */
static inline bool render_value(const struct render *r, const struct node *node, struct buf *out)
{
    size_t at = out->n;
    struct slice value;
    if (node->kind == NODE_CALL) {
        if (!render_call(r, node->call, out)) return false;
    } else if (!slot_value(r, node, &value) || !buf_add(out, value)) {
        return false;
    }
    if (!r->env->one_line || out->n == at || !memchr(out->p + at, '\n', out->n - at)) return true;
    *r->unset = SL("a value with a line break, in a header");
    return false;
}

static bool render_nodes(const struct render *r, const struct nodes *list, struct buf *out)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct node *node = &list->v[i];
        bool ok = node->kind == NODE_TEXT ? buf_add(out, node->text) : render_value(r, node, out);
        if (!ok) return false;
    }
    return true;
}

bool template_render(const struct template *t, const struct template_env *env, struct buf *out,
                     struct slice *unset)
{
    struct render r = { env, unset };
    *unset = (struct slice){ NULL, 0 };
    return render_nodes(&r, &t->nodes, out);
}
