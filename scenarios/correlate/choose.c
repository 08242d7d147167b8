/* Which origin feeds which use: the decision, then names, extracts and the report's tokens.
 *
 * Called once by correlate after requests and answers are read. For each use the best earlier origin wins;
 * between equals the latest, so that a value refreshed in each page is refreshed. A way counts only after
 * it gave the recorded value back from the recorded answer. What a client sent before any answer held it
 * is the client's own: a constant, user data or generated. */
#include <stdlib.h>

#include "base/mem.h"
#include "scenarios/extract.h"
#include "scenarios/correlate/flow.h"
#include "scenarios/correlate/judge.h"
#include "scenarios/correlate/report.h"
#include "scenarios/correlate/second.h"
#include "scenarios/value.h"

#define TRIES_MAX 24 /* origins looked at for one use */

/* ---- trying --------------------------------------------------------------------------------------- */

static bool gives(const struct item *it, struct slice body, const struct extract *way,
                  struct slice want)
{
    struct err err = { 0 };
    struct arena *scratch = arena_new();
    struct extractor *x = extractor_compile(scratch, way, &err);
    struct answer a = { .status = it->ex->response.status,
                        .headers = &it->ex->response.headers,
                        .body = body,
                        .url = it->ex->request.url };
    struct slice got;
    bool ok = x && extractor_run(x, &a, scratch, &got) && slice_eq(got, want);
    extractor_free(x);
    arena_free(scratch);
    return ok;
}

bool way_gives(const struct item *it, const struct extract *way, struct slice want)
{
    return gives(it, it->ex->response.body, way, want);
}

/* Pages are parsed only as far as the first match has to be found. */
static bool origin_gives(const struct flow *f, const struct origin *o, const struct extract *way)
{
    const struct item *it = &f->items[o->step];
    bool cut = way->kind == EXTRACT_HTML && o->page_end;
    struct slice body = it->ex->response.body;
    return gives(it, cut ? slice_sub(body, 0, o->page_end) : body, way, o->value->text);
}

/* Puts the first way that works in front. */
static bool origin_works(struct flow *f, struct origin *o)
{
    if (o->checked) return o->works;
    o->checked = true;
    for (unsigned i = 0; i < o->ways && !o->works; i++) {
        if (!origin_gives(f, o, &o->way[i])) continue;
        o->way[0] = o->way[i];
        o->works = true;
    }
    return o->works;
}

/* ---- choosing ------------------------------------------------------------------------------------- */

static bool was_seen(const struct flow *f, const struct origin *o, size_t step)
{
    if (o->step >= step) return false;
    const struct item *from = &f->items[o->step], *to = &f->items[step];
    return to->hop_of == from || from->first_byte_ns <= to->start_ns;
}

struct origin *origin_before(struct value *v, size_t step)
{
    struct origin *o = v->seen_origin;
    while (o && o->next && o->next->step < step)
        o = o->next;
    while (o && o->step >= step)
        o = o->prev;
    v->seen_origin = o ? o : v->first_origin;
    return o;
}

/* The first answer that gave the value under the use's name. */
static size_t first_named(const struct use *u)
{
    for (const struct origin *o = u->value->first_origin; o; o = o->next)
        if (name_eq(o->name, u->node->name)) return o->step;
    return SIZE_MAX;
}

/* The client had the value before any answer did. Weak values: under the same name. */
static bool is_clients_own(const struct use *u, const struct origin *o, const struct origin *first)
{
    const struct value *v = u->value;
    if (judge_is_entity_tag(u, o)) return false;
    if (v->bits >= BITS_MEDIUM) return v->first_use <= first->step;
    size_t named = first_named(u), until = named < o->step ? named : o->step;
    for (const struct use *e = v->uses; e && e->node->step <= until; e = e->next)
        if (!e->node->secondary && !e->origin && name_eq(e->node->name, u->node->name)) return true;
    return false;
}

/* A page has many links to one record: a small number in them says nothing, and would hide what does. */
static bool is_mere_link(const struct flow *f, const struct use *u, const struct origin *o)
{
    return o->kind == ORIGIN_LINK && !o->state_changing && value_is_digits(u->value->text) &&
           u->value->bits < BITS_MEDIUM && !f->items[u->node->step].other;
}

static struct origin *best_origin(struct flow *f, const struct use *u, double *sure)
{
    for (unsigned tries = 0; tries < TRIES_MAX; tries++) {
        struct origin *best = NULL;
        double best_place = 0;
        unsigned looked = 0;
        const struct origin *first = u->value->first_origin;
        struct origin *o = origin_before(u->value, u->node->step);
        for (; o && looked < TRIES_MAX; o = o->prev) {
            if (!was_seen(f, o, u->node->step) || (o->checked && !o->works)) continue;
            if (is_mere_link(f, u, o)) continue;
            looked++;
            double place = judge_place(f, u, o);
            if (place <= best_place) continue;
            double c = judge_use(f, u, o);
            if (c <= 0 && second_agrees(f, u, o)) c = 0.95;
            if (second_vetoes(u, c)) continue;
            if (c <= 0 || place <= best_place || is_clients_own(u, o, first)) continue;
            best = o;
            best_place = place;
            *sure = c;
        }
        if (!best || origin_works(f, best)) return best;
    }
    return NULL;
}

static void feed(struct flow *f, struct use *u, struct origin *o, double sure)
{
    u->origin = o;
    if (o->fed) {
        o->last_fed->next_fed = u;
    } else {
        o->fed = u;
        o->next_fed = f->fed;
        f->fed = o;
    }
    o->last_fed = u;
    if (sure > o->confidence) o->confidence = sure;
    if (u->node->step > o->last_use) o->last_use = u->node->step;
}

static struct node *root_of(struct node *n)
{
    while (n->parent)
        n = n->parent;
    return n;
}

/* A hop's URL is taken whole from the Location before it. */
static bool is_covered(const struct flow *f, const struct use *u)
{
    const struct item *it = &f->items[u->node->step];
    return it->location.n && root_of(u->node) == it->target;
}

bool use_is_inside(const struct use *u)
{
    for (const struct span *s = u->node->decided; s; s = s->next)
        if (u->from < s->to && s->from < u->to) return true;
    for (const struct node *n = u->node; n->parent; n = n->parent)
        for (const struct span *s = n->parent->decided; s; s = s->next)
            if (n->from < s->to && s->from < n->to) return true;
    return false;
}

static void mark_decided(struct flow *f, const struct use *u)
{
    struct span *s = arena_one(f->a, struct span);
    *s = (struct span){ .from = u->from, .to = u->to, .next = u->node->decided };
    u->node->decided = s;
}

static bool may_be_token(const struct value *v)
{
    return v->first_use != SIZE_MAX && v->origins && !(v->in_static && v->bits >= BITS_MEDIUM);
}

static void choose_use(struct flow *f, struct use *u)
{
    double sure = 0;
    if (u->expr.n || is_covered(f, u) || use_is_inside(u)) return;
    struct origin *o = best_origin(f, u, &sure);
    if (!o) return;
    feed(f, u, o, sure);
    mark_decided(f, u);
}

/* Referer and assets: what they carry of a value that is a token for other reasons. */
static void choose_secondary(struct flow *f, struct value *v)
{
    bool fed = false;
    for (const struct use *u = v->uses; u && !fed; u = u->next)
        fed = u->origin != NULL;
    if (!fed || v->bits < BITS_MEDIUM) return;
    for (struct use *u = v->uses; u; u = u->next) {
        if (u->expr.n || !u->node->secondary || use_is_inside(u)) continue;
        struct origin *o = origin_before(v, u->node->step);
        while (o && !(o->fed && was_seen(f, o, u->node->step)))
            o = o->prev;
        if (o) feed(f, u, o, 0);
        if (o) mark_decided(f, u);
    }
}

/* A bare id beside an address that holds the same one: POST /posts/5 {"id":5}. */
static void inherit(struct flow *f, struct value *v)
{
    if (v->bits >= BITS_MEDIUM || !value_is_digits(v->text)) return;
    for (struct use *u = v->uses; u; u = u->next) {
        char stem[32];
        bool id = !u->origin && !u->expr.n && !u->node->secondary && name_is_id(u->node->name) &&
                  name_stem(u->node->name, stem) == 0;
        if (!id || is_covered(f, u) || use_is_inside(u)) continue;
        for (struct use *w = v->uses; w && !u->origin; w = w->next)
            if (w->origin && w->node->step == u->node->step) feed(f, u, w->origin, 0);
        if (u->origin) mark_decided(f, u);
    }
}

static int longest_first(const void *x, const void *y)
{
    const struct use *a = *(struct use *const *)x, *b = *(struct use *const *)y;
    size_t na = a->to - a->from, nb = b->to - b->from;
    if (na != nb) return na > nb ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

/* Texts before the words in them, so that a token is never put together from its pieces. */
static void choose_all(struct flow *f)
{
    struct slice key;
    void *value;
    size_t n = 0, count = 0;
    for (size_t i = 0; map_next(f->values, &i, &key, &value);)
        for (struct use *u = ((struct value *)value)->uses; u; u = u->next)
            count += may_be_token(value);
    struct use **v = mem_alloc(count + 1, sizeof(struct use *));
    for (size_t i = 0; map_next(f->values, &i, &key, &value);)
        for (struct use *u = ((struct value *)value)->uses; u; u = u->next)
            if (may_be_token(value) && !u->node->secondary) v[n++] = u;
    qsort(v, n, sizeof(struct use *), longest_first);
    for (size_t i = 0; i < n; i++)
        choose_use(f, v[i]);
    free(v);
    for (size_t i = 0; map_next(f->values, &i, &key, &value);)
        if (may_be_token(value)) {
            inherit(f, value);
            choose_secondary(f, value);
        }
}

/* ---- redirects ------------------------------------------------------------------------------------ */

static bool has_volatile(struct slice url)
{
    struct url u;
    struct slice t = url_parse(url, &u) ? u.target : url;
    for (size_t i = 0; i < t.n; i++)
        if (t.p[i] >= '0' && t.p[i] <= '9') return true;
    return value_bits(t) >= BITS_STRONG;
}

/* A hop whose Location holds anything that may differ next time: its URL is that Location. */
static void take_location(struct flow *f, struct item *it)
{
    struct item *from = it->hop_of;
    if (!from || it->is_static || !has_volatile(it->ex->request.url)) return;
    struct extract way = { .kind = EXTRACT_LOCATION, .regex = SL("^[A-Za-z]+://[^/?#]*/([^#]*)") };
    if (!way_gives(from, &way, slice_from(it->url.target, 1))) return;
    way.name = var_name(f, SL("location"));
    item_extract(f, from, way);
    it->location = way.name;
    struct token *t = report_token(f);
    t->name = arena_dup(f->report_arena, way.name);
    t->value = arena_dup(f->report_arena, it->url.target);
    t->from = report_step(f, from->index);
    t->extract = SL("location");
    t->confidence = 1;
    report_use(f, t, arena_printf(f->report_arena, "#%zu url", it->index));
}

/* ---- variables ------------------------------------------------------------------------------------ */

static bool is_generic(struct slice name)
{
    static const char *const words[] = { "id",   "value",  "body", "name",          "content",
                                         "data", "result", "key",  "authorization", "" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (slice_ieq(name, slice_z(words[i]))) return true;
    return value_is_digits(name) || name.n > 40 || value_is_token_name(name);
}

static struct slice wanted_name(struct flow *f, const struct origin *o)
{
    const struct node *n = o->fed->node;
    if (n->where == AT_PATH && !is_generic(n->name)) {
        char stem[32];
        size_t len = name_stem(n->name, stem);
        if (len) return arena_printf(f->a, "%s_id", stem);
    }
    if (!is_generic(o->name) && o->kind != ORIGIN_LINK) return o->name;
    if (n->where != AT_HEADER && !is_generic(n->name)) return n->name;
    if (!is_generic(o->name)) return o->name;
    if (o->parent.n && !is_generic(o->parent))
        return arena_printf(f->a, "%.*s_id", SL_FMT(o->parent));
    return n->where == AT_HEADER || o->kind == ORIGIN_BODY ? SL("token") : SL("id");
}

struct slice var_name(struct flow *f, struct slice want)
{
    struct buf b = BUF_INIT(64);
    for (size_t i = 0; i < want.n && b.n < 40; i++) {
        char c = want.p[i];
        bool letter = (c | 32) >= 'a' && (c | 32) <= 'z', digit = c >= '0' && c <= '9';
        if (letter || (digit && b.n))
            buf_addc(&b, c);
        else if (b.n && b.p[b.n - 1] != '_')
            buf_addc(&b, '_');
    }
    while (b.n && b.p[b.n - 1] == '_')
        b.n--;
    struct slice base = b.n ? arena_dup(f->a, buf_slice(&b)) : SL("token"), name = base;
    buf_free(&b);
    static const char *const reserved[] = { "vu", "iteration", "target", "env", "account" };
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        if (slice_eq(base, slice_z(reserved[i])))
            name = base = arena_printf(f->a, "%.*s_value", SL_FMT(base));
    for (unsigned k = 2; map_get(f->vars, name); k++)
        name = arena_printf(f->a, "%.*s_%u", SL_FMT(base), k);
    *map_at(f->vars, name) = f;
    return name;
}

/* Names whose holder is used no more may be taken again: csrf of this page, then of the next. */
struct holder {
    struct slice var;
    size_t last_use;
};

static struct slice reuse(struct flow *f, struct map *holders, struct slice want,
                          const struct origin *o)
{
    for (unsigned k = 1; k < 1000; k++) {
        struct slice key = k == 1 ? want : arena_printf(f->a, "%.*s#%u", SL_FMT(want), k);
        struct holder *h = map_get(holders, key);
        if (h && h->last_use > o->step) continue;
        if (!h) {
            h = arena_one(f->a, struct holder);
            h->var = var_name(f, want);
            *map_at(holders, key) = h;
        }
        h->last_use = o->last_use;
        return h->var;
    }
    return var_name(f, want);
}

static int by_step(const void *x, const void *y)
{
    const struct origin *a = *(struct origin *const *)x, *b = *(struct origin *const *)y;
    if (a->step != b->step) return a->step < b->step ? -1 : 1;
    return slice_cmp(a->value->text, b->value->text);
}

static struct origin **fed_origins(struct flow *f, size_t *n)
{
    size_t count = 0;
    for (struct origin *o = f->fed; o; o = o->next_fed)
        count++;
    struct origin **v = arena_many(f->a, count ? count : 1, struct origin *);
    *n = 0;
    for (struct origin *o = f->fed; o; o = o->next_fed)
        v[(*n)++] = o;
    qsort(v, *n, sizeof(struct origin *), by_step);
    return v;
}

/* ---- the report ----------------------------------------------------------------------------------- */

static struct slice way_words(struct flow *f, const struct extract *x)
{
    static const char *const kinds[] = { "json",  "header",  "cookie",   "html", "xml",
                                         "regex", "between", "location", "body" };
    struct buf b = BUF_INIT(2000);
    buf_addz(&b, kinds[x->kind]);
    if (x->expr.n) buf_addf(&b, " %.*s", SL_FMT(slice_sub(x->expr, 0, 500)));
    if (x->right.n) buf_addf(&b, " … %.*s", SL_FMT(x->right));
    if (x->regex.n) buf_addf(&b, " ~ %.*s", SL_FMT(slice_sub(x->regex, 0, 500)));
    struct slice out = arena_dup(f->report_arena, buf_slice(&b));
    buf_free(&b);
    return out;
}

static void add_runners_up(struct flow *f, struct token *t, const struct origin *won)
{
    size_t n = 0;
    t->runners_up = arena_many(f->report_arena, 3, struct slice);
    for (const struct origin *o = won->value->origins; o && n < 3; o = o->prev) {
        if (o == won || o->step > won->last_use) continue;
        const char *why = o->checked && !o->works ? "did not give the value back"
                          : o->step < won->step   ? "earlier"
                                                  : "less certain place";
        if (!o->ways) continue;
        struct slice words = way_words(f, &o->way[0]), from = report_step(f, o->step);
        t->runners_up[n++] =
            arena_printf(f->report_arena, "%.*s: %.*s (%s)", SL_FMT(from), SL_FMT(words), why);
    }
    t->runners_up_n = n;
}

static void report_origin(struct flow *f, const struct origin *o)
{
    struct token *t = report_token(f);
    t->name = arena_dup(f->report_arena, o->var);
    t->value = arena_dup(f->report_arena, slice_sub(o->value->text, 0, 200));
    t->from = report_step(f, o->step);
    t->extract = way_words(f, &o->way[0]);
    t->confidence = o->confidence;
    for (const struct use *u = o->fed; u; u = u->next_fed)
        if (!u->node->secondary) report_use(f, t, report_place(f, u->node));
    add_runners_up(f, t, o);
}

void item_extract(struct flow *f, struct item *it, struct extract x)
{
    if (it->extract_n == it->extract_cap) {
        size_t cap = it->extract_cap ? it->extract_cap * 2 : 2;
        it->extract = arena_grow(f->a, it->extract, it->extract_n * sizeof x, cap * sizeof x);
        it->extract_cap = cap;
    }
    it->extract[it->extract_n++] = x;
}

void item_set(struct flow *f, struct item *it, struct slice name, struct slice text)
{
    if (it->set_n == it->set_cap) {
        size_t cap = it->set_cap ? it->set_cap * 2 : 2;
        it->set = arena_grow(f->a, it->set, it->set_n * sizeof *it->set, cap * sizeof *it->set);
        it->set_cap = cap;
    }
    it->set[it->set_n++] = (struct field){ name, text };
}

static void name_origins(struct flow *f)
{
    size_t n;
    struct origin **v = fed_origins(f, &n);
    struct map *holders = map_new();
    for (size_t i = 0; i < n; i++) {
        v[i]->var = reuse(f, holders, wanted_name(f, v[i]), v[i]);
        struct extract x = v[i]->way[0];
        x.name = v[i]->var;
        struct slice place = report_place(f, v[i]->fed->node);
        x.comment =
            arena_printf(f->report_arena, "for %.*s, sure %.2f", SL_FMT(place), v[i]->confidence);
        item_extract(f, &f->items[v[i]->step], x);
        for (struct use *u = v[i]->fed; u; u = u->next_fed)
            u->expr = v[i]->var;
        report_origin(f, v[i]);
    }
    map_free(holders);
}

void flow_choose(struct flow *f)
{
    for (size_t i = 0; i < f->n; i++)
        take_location(f, &f->items[i]);
    choose_all(f);
    name_origins(f);
}
