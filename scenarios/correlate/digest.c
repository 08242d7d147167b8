/* Digests that the client makes: found by trying.
 *
 * Called by correlate behind flow_origins. A request's text of a digest's length that no answer gave may be the
 * MD5, SHA-1, SHA-256 or HMAC-SHA-256 of what is visible there: texts of the same request, random texts of the
 * answers before it, the feed's row of the recorded user; one alone, or two joined. What fits becomes an operand,
 * a use that is in no request but is bound as if it were, and the text becomes ${sha256(nonce + …)}.
 * Bounded: TARGETS digests, TEXTS texts, each pair of them joined in two ways. */
#include <string.h>

#include "base/csv.h"
#include "base/enc.h"
#include "scenarios/correlate/coding.h"
#include "scenarios/correlate/report.h"
#include "scenarios/value.h"
#include "scenarios/correlate/walk.h"
#include "scenarios/template.h"

#define TARGETS 16
#define TEXTS 96
#define ANSWERS 4 /* before the request */
#define ANSWER_BYTES ((size_t)64 << 10)
#define TEXT_MAX 300

struct visible {
    struct slice text, name;
    struct slice expr; /* a feed's column; empty: bound like a use */
    struct item *from; /* the answer that holds it, NULL: the request */
};

struct digest {
    struct value *value;
    const char *function, *form; /* form: the template function's last argument, empty: hex */
    bool hmac, upper;
    struct slice between; /* of two parts */
    struct visible part[2];
    struct use *operand[2]; /* NULL: part[i].expr or a constant */
    size_t parts;
    struct digest *next;
};

struct search {
    struct flow *f;
    struct visible v[TEXTS];
    size_t n;
    /* the target */
    unsigned char want[64];
    size_t want_n;
    const char *algorithm;
    struct digest *found;
};

/* ---- what a digest looks like --------------------------------------------------------------------- */

static bool is_hex(struct slice s)
{
    return value_is_hex(s) && (s.n == 32 || s.n == 40 || s.n == 64);
}

static bool has_upper(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= 'A' && s.p[i] <= 'F') return true;
    return false;
}

/* The bytes of a text that has a digest's length, written as hex or base64. */
static bool read_target(struct search *s, struct slice text, struct digest *d)
{
    struct buf b = BUF_INIT(sizeof s->want);
    bool hex = is_hex(text), base64 = !hex && text.n >= 22 && text.n <= 44;
    bool ok = hex ? enc_unhex(&b, text) : base64 && enc_unbase64(&b, text);
    s->want_n = ok ? b.n : 0;
    for (size_t i = 0; i < s->want_n; i++)
        s->want[i] = (unsigned char)b.p[i];
    buf_free(&b);
    bool url = slice_chr(text, '=') == SLICE_NONE;
    d->form = hex ? "" : url ? ", base64url" : ", base64";
    d->upper = hex && has_upper(text);
    s->algorithm = s->want_n == 16 ? "MD5" : s->want_n == 20 ? "SHA1" : "SHA256";
    d->function = s->want_n == 16 ? "md5" : s->want_n == 20 ? "sha1" : "sha256";
    return s->want_n == 16 || s->want_n == 20 || s->want_n == 32;
}

static bool may_be_digest(const struct value *v)
{
    if (v->origins || v->in_static || v->first_use == SIZE_MAX || v->bits < BITS_STRONG)
        return false;
    return is_hex(v->text) || ((v->text.n == 22 || v->text.n == 24 || v->text.n == 27 ||
                                v->text.n == 28 || v->text.n == 43 || v->text.n == 44) &&
                               !value_is_digits(v->text));
}

/* ---- what is visible ------------------------------------------------------------------------------ */

static void see(struct search *s, struct visible v)
{
    if (v.text.n < 3 || v.text.n > TEXT_MAX || s->n == TEXTS) return;
    for (size_t i = 0; i < s->n; i++)
        if (slice_eq(s->v[i].text, v.text)) return;
    s->v[s->n++] = v;
}

static void see_node(struct node *n, void *arg)
{
    if (!n->children && n->where != AT_TEXT && !n->secondary)
        see(arg, (struct visible){ .text = n->text, .name = n->name });
}

/* Random texts between quotes, which is where JSON, attributes and code have theirs. */
static void see_answer(struct search *s, struct item *it)
{
    struct slice t = slice_sub(it->ex->response.body, 0, ANSWER_BYTES);
    for (size_t i = 0; i < t.n; i++) {
        if (t.p[i] != '"' && t.p[i] != '\'') continue;
        size_t len = slice_chr(slice_sub(t, i + 1, i + 2 + TEXT_MAX), t.p[i]);
        if (len == SLICE_NONE) continue;
        struct slice text = slice_sub(t, i + 1, i + 1 + len);
        if (len < 4 || !value_is_plain(text) || value_bits(text) < BITS_MEDIUM) continue;
        see(s, (struct visible){ .text = text, .name = SL("seed"), .from = it });
        i += len + 1;
    }
}

static void see_answers_before(struct search *s, size_t step)
{
    size_t seen = 0;
    for (size_t i = step; i-- > 0 && seen < ANSWERS;) {
        struct item *it = &s->f->items[i];
        if (it->is_static || it->is_script) continue;
        see_answer(s, it);
        seen++;
    }
}

/* The feed's row that has one of the request's texts: its password is seldom sent as it is. */
static void see_feed(struct search *s)
{
    struct slice *head, *row;
    size_t columns, n, texts = s->n;
    struct csv csv;
    if (!s->f->cfg->feed) return;
    csv_init(&csv, s->f->cfg->feed, s->f->cfg->feed_text);
    if (!csv_row(&csv, s->f->a, &head, &columns, NULL)) return;
    while (csv_row(&csv, s->f->a, &row, &n, NULL)) {
        bool mine = false;
        for (size_t i = 0; i < texts && n == columns; i++)
            for (size_t k = 0; k < n; k++)
                mine |= slice_eq(row[k], s->v[i].text);
        if (!mine) continue;
        for (size_t k = 0; k < n; k++)
            see(s, (struct visible){ .text = row[k],
                                     .name = head[k],
                                     .expr = arena_printf(s->f->a, "account.%.*s",
                                                          SL_FMT(slice_trim(head[k]))) });
        return;
    }
}

/* ---- trying --------------------------------------------------------------------------------------- */

static bool is_it(const struct search *s, struct slice key, struct slice text)
{
    unsigned char sum[64];
    size_t n;
    bool ok = key.p ? enc_hmac(s->algorithm, key, text, sum, &n)
                    : enc_digest(s->algorithm, text, sum, &n);
    return ok && n == s->want_n && memcmp(sum, s->want, n) == 0;
}

static bool found(struct search *s, const struct visible *a, const struct visible *b)
{
    s->found->part[0] = *a;
    if (b) s->found->part[1] = *b;
    s->found->parts = b ? 2 : 1;
    return true;
}

static bool try_pair(struct search *s, const struct visible *a, const struct visible *b)
{
    static const struct slice marks[] = { SL(""), SL(":") };
    struct buf text = BUF_INIT(3 * TEXT_MAX);
    bool ok = false;
    for (size_t i = 0; i < sizeof marks / sizeof *marks && !ok; i++) {
        buf_reset(&text);
        buf_add(&text, a->text);
        buf_add(&text, marks[i]);
        buf_add(&text, b->text);
        ok = is_it(s, (struct slice){ 0 }, buf_slice(&text)) && found(s, a, b);
        if (ok) s->found->between = marks[i];
    }
    buf_free(&text);
    if (!ok && s->want_n == SHA256_BYTES && is_it(s, a->text, b->text))
        ok = s->found->hmac = found(s, a, b);
    return ok;
}

static bool try_all(struct search *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (is_it(s, (struct slice){ 0 }, s->v[i].text)) return found(s, &s->v[i], NULL);
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < s->n; k++)
            if (i != k && try_pair(s, &s->v[i], &s->v[k])) return true;
    return false;
}

/* ---- operands ------------------------------------------------------------------------------------- */

/* Reads the answer again for what no request carries as it is. */
static void find_origin(struct flow *f, struct value *v, struct item *from)
{
    struct map *all = f->values;
    f->values = map_new();
    *map_at(f->values, v->text) = v;
    item_origins(f, from);
    map_free(f->values);
    f->values = all;
}

static void add_operand(struct flow *f, struct digest *d, size_t i)
{
    const struct visible *p = &d->part[i];
    if (p->expr.n) return;
    bool known = flow_value(f, p->text) != NULL;
    struct node *n = node_new(f, NULL, p->text, CODING_NONE);
    n->step = d->value->uses->node->step;
    n->name = p->name;
    n->where = AT_TEXT;
    n->operand = true;
    node_use(f, n, 0, n->text.n);
    struct value *v = flow_value(f, p->text);
    d->operand[i] = v->last_use;
    if (!known && p->from) find_origin(f, v, p->from);
}

static void find_digest(struct search *s, struct value *v)
{
    struct digest d = { .value = v };
    size_t step = v->first_use;
    s->n = 0;
    s->found = &d;
    if (!read_target(s, v->text, &d)) return;
    walk_nodes(&s->f->items[step], see_node, s);
    see_feed(s);
    see_answers_before(s, step);
    if (!try_all(s)) return;
    struct digest *kept = arena_one(s->f->a, struct digest);
    *kept = d;
    for (size_t i = 0; i < d.parts; i++)
        add_operand(s->f, kept, i);
    kept->next = s->f->digests;
    s->f->digests = kept;
}

void flow_digests(struct flow *f)
{
    struct value *targets[TARGETS];
    size_t n = 0;
    struct slice key;
    void *value;
    for (size_t i = 0; n < TARGETS && map_next(f->values, &i, &key, &value);)
        if (may_be_digest(value)) targets[n++] = value;
    if (!n) return;
    struct search *s = arena_one(f->a, struct search);
    s->f = f;
    for (size_t i = 0; i < n; i++)
        find_digest(s, targets[i]);
}

bool is_digest_of_feed(const struct flow *f, const struct node *n)
{
    for (const struct digest *d = f->digests; d; d = d->next)
        if (slice_eq(d->value->text, n->text))
            return d->part[0].expr.n || (d->parts > 1 && d->part[1].expr.n);
    return false;
}

/* ---- writing -------------------------------------------------------------------------------------- */

static void add_part(struct buf *b, const struct digest *d, size_t i)
{
    const struct use *u = d->operand[i];
    if (d->part[i].expr.n)
        buf_add(b, d->part[i].expr);
    else if (u && u->expr.n)
        buf_add(b, u->expr);
    else
        template_quote(b, d->part[i].text);
}

static struct slice expression(struct flow *f, const struct digest *d)
{
    struct buf b = BUF_INIT((size_t)16 << 10);
    if (d->upper) buf_addz(&b, "upper(");
    buf_addz(&b, d->hmac ? "hmac(sha256, " : d->function);
    if (!d->hmac) buf_addc(&b, '(');
    add_part(&b, d, 0);
    if (d->parts > 1) buf_addz(&b, d->hmac ? ", " : " + ");
    if (d->between.n) {
        template_quote(&b, d->between);
        buf_addz(&b, " + ");
    }
    if (d->parts > 1) add_part(&b, d, 1);
    buf_addf(&b, "%s)%s", d->form, d->upper ? ")" : "");
    struct slice out = arena_dup(f->a, buf_slice(&b));
    buf_free(&b);
    return out;
}

/* A digest of constants alone is a constant. */
static bool has_variable(const struct digest *d)
{
    for (size_t i = 0; i < d->parts; i++)
        if (d->part[i].expr.n || (d->operand[i] && d->operand[i]->expr.n)) return true;
    return false;
}

void flow_write_digests(struct flow *f)
{
    for (const struct digest *d = f->digests; d; d = d->next) {
        if (!has_variable(d)) continue;
        struct slice expr = expression(f, d);
        struct token *t = report_token(f);
        t->name = arena_dup(f->report_arena, d->value->uses->node->name);
        t->value = arena_dup(f->report_arena, d->value->text);
        t->from = SL("client");
        t->extract = arena_dup(f->report_arena, expr);
        t->confidence = 1;
        for (struct use *u = d->value->uses; u; u = u->next) {
            u->expr = expr;
            report_use(f, t, report_place(f, u->node));
        }
    }
}
