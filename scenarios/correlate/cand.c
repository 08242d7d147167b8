/* Reading answers: which module reads which body, and what a hit must be to count. See cand.h.
 *
 * Called once by correlate; every answer is read once. Static assets are read only to learn which values
 * are constants of the application: such a value is never a token. */
#include "scenarios/correlate/cand.h"

#include <string.h>

#include "base/enc.h"
#include "base/json.h"
#include "scenarios/chars.h"
#include "scenarios/correlate/coding.h"
#include "scenarios/correlate/judge.h"
#include "scenarios/value.h"

#define ORIGINS_PER_STEP 8
#define RUN_MIN 6
#define IN_RUN (CHAR_ALNUM | CHAR_DASH)
#define NESTED_DEPTH 3
#define FIELDS_WITHIN 100 /* bytes: the first bar of a text made of fields */
#define PIECES_WITHIN 200 /* bytes of a value that marks are looked for in */

static bool name_matters(const struct value *v, struct slice name)
{
    for (unsigned i = 0; i < v->names_n; i++)
        if (name_agrees(v->names[i], name)) return true;
    return false;
}

struct value *scan_value(struct scan *s, struct slice text, struct slice name,
                         enum origin_kind kind)
{
    struct value *v = flow_value(s->f, text);
    if (!v) return NULL;
    if (v->first_use == SIZE_MAX) return NULL;
    if (v->bits >= BITS_MEDIUM || v->differs) return v;
    if (kind == ORIGIN_TEXT) return NULL;
    bool made = kind == ORIGIN_JSON && s->it->changes_state;
    if (made && (value_is_key(text) || value_is_digits(text) || judge_names_made(s->it, name)))
        return v;
    if (kind == ORIGIN_JSON && value_is_mixed(text)) return v;
    if (kind == ORIGIN_LOCATION || name_is_id(name) || name_is_token(name) || name_matters(v, name))
        return v;
    return NULL;
}

struct origin *scan_origin(struct scan *s, struct value *v, enum origin_kind kind,
                           struct slice name)
{
    size_t here = 0;
    for (struct origin *o = v->origins; o && o->step == s->it->index; o = o->prev)
        here += o->kind == kind;
    if (here >= ORIGINS_PER_STEP) return NULL;
    struct origin *o = arena_one(s->f->a, struct origin);
    *o = (struct origin){ .prev = v->origins,
                          .value = v,
                          .step = s->it->index,
                          .kind = kind,
                          .name = name,
                          .state_changing = s->it->changes_state };
    if (v->origins)
        v->origins->next = o;
    else
        v->first_origin = v->seen_origin = o;
    v->origins = o;
    v->origins_n++;
    return o;
}

/* ---- runs ----------------------------------------------------------------------------------------- */

static void offer_run(struct scan *s, struct slice run)
{
    struct value *v = scan_value(s, run, (struct slice){ 0 }, ORIGIN_TEXT);
    if (!v) return;
    struct origin *o = scan_origin(s, v, ORIGIN_TEXT, (struct slice){ 0 });
    if (o) way_between(s, o, run, CODING_NONE);
}

void cand_runs(struct scan *s, struct slice text)
{
    for (size_t i = 0; i < text.n;) {
        if (!char_is(text.p[i], IN_RUN)) {
            i++;
            continue;
        }
        size_t from = i;
        while (i < text.n && char_is(text.p[i], IN_RUN))
            i++;
        if (i - from >= RUN_MIN) offer_run(s, slice_sub(text, from, i));
    }
}

static void mark_constants(struct scan *s)
{
    struct slice t = s->text;
    for (size_t i = 0; i < t.n;) {
        if (!char_is(t.p[i], IN_RUN)) {
            i++;
            continue;
        }
        size_t from = i;
        while (i < t.n && char_is(t.p[i], IN_RUN))
            i++;
        if (i - from < RUN_MIN) continue;
        struct value *v = flow_value(s->f, slice_sub(t, from, i));
        if (v) v->in_static = true;
    }
}

/* ---- URLs ----------------------------------------------------------------------------------------- */

static void offer_url_part(struct scan *s, const struct cand_url *u, struct slice full,
                           struct slice part, struct slice name)
{
    struct slice decoded = part;
    enum coding c = CODING_NONE;
    if (slice_chr(part, '%') != SLICE_NONE || slice_chr(part, '+') != SLICE_NONE) c = CODING_FORM;
    if (!coding_decode(s->f->a, c, part, &decoded)) return;
    struct value *v = scan_value(s, decoded, name, u->kind);
    if (!v) return;
    struct origin *o = scan_origin(s, v, u->kind, name);
    if (!o) return;
    o->url = full;
    o->form = u->form;
    bool param = part.p > u->url.p && part.p[-1] == '=' && name.n;
    if (u->whole && u->whole->kind == EXTRACT_LOCATION && param)
        way_add(o, (struct extract){ .kind = EXTRACT_LOCATION, .expr = name });
    if (u->whole)
        way_url_of(s, o, u, part, c);
    else
        way_url(s, o, u->url, part, c);
}

static void offer_params(struct scan *s, const struct cand_url *u, struct slice full,
                         struct slice q)
{
    for (size_t i = 0; i < q.n;) {
        size_t end = i;
        while (end < q.n && q.p[end] != '&' && q.p[end] != ';')
            end++;
        struct slice pair = slice_sub(q, i, end), name, value;
        if (slice_cut(pair, '=', &name, &value))
            offer_url_part(s, u, full, value, name);
        else
            offer_url_part(s, u, full, pair, (struct slice){ 0 });
        i = end + 1;
        if (end < q.n && slice_istarts(slice_from(q, i), SL("amp;"))) i += 4;
        if (end < q.n && slice_istarts(slice_from(q, i), SL("#38;"))) i += 4;
    }
}

void cand_url(struct scan *s, const struct cand_url *u)
{
    struct slice url = u->url;
    if (url.n < 2 || url.n > 8000 || url.p[0] == '#') return;
    if (slice_istarts(url, SL("data:")) || slice_istarts(url, SL("javascript:")) ||
        slice_istarts(url, SL("mailto:")))
        return;
    struct slice full = url;
    size_t q = slice_chr(url, '?'), scheme = slice_find(slice_sub(url, 0, 12), SL("//"));
    size_t from = 0, end = q == SLICE_NONE ? url.n : q;
    if (scheme != SLICE_NONE && scheme < end) {
        size_t slash = slice_chr(slice_from(url, scheme + 2), '/');
        if (slash == SLICE_NONE) return;
        from = scheme + 2 + slash;
    }
    struct slice before = { 0 };
    for (size_t i = from; i < end;) {
        size_t slash = slice_chr(slice_sub(url, i, end), '/');
        size_t stop = slash == SLICE_NONE ? end : i + slash;
        struct slice seg = slice_sub(url, i, stop);
        if (seg.n) offer_url_part(s, u, full, seg, before);
        if (seg.n) before = seg;
        i = stop + 1;
    }
    size_t hash = slice_chr(url, '#'), last = hash == SLICE_NONE ? url.n : hash;
    if (q != SLICE_NONE && q + 1 < last) offer_params(s, u, full, slice_sub(url, q + 1, last));
}

/* ---- pieces of a value ---------------------------------------------------------------------------- */

static struct value *piece_value(struct scan *s, struct slice piece)
{
    struct value *v = piece.n >= RUN_MIN ? flow_value(s->f, piece) : NULL;
    return v && v->bits >= BITS_STRONG && v->first_use != SIZE_MAX ? v : NULL;
}

/* The part with so many marks in it, in front of another mark or behind one. */
static struct slice piece_pattern(struct scan *s, struct slice piece, char mark, bool front)
{
    size_t n = 0;
    for (size_t i = 0; i < piece.n; i++)
        n += piece.p[i] == mark;
    return front ? arena_printf(s->f->a, "^((?:[^%c]*[%c]){%zu}[^%c]*)[%c]", mark, mark, n, mark,
                                mark)
                 : arena_printf(s->f->a, "[%c]([^%c]*(?:[%c][^%c]*){%zu})$", mark, mark, mark, mark,
                                n);
}

bool cand_piece(struct scan *s, struct slice text, size_t *at, struct cand_piece *p)
{
    size_t end = text.n < PIECES_WITHIN ? text.n : PIECES_WITHIN;
    for (; *at < 2 * end; ++*at) {
        size_t i = *at / 2;
        bool front = *at % 2 == 0;
        if (i == 0 || i + 1 >= end || !memchr("_:|~.", text.p[i], 5)) continue;
        struct slice piece = front ? slice_sub(text, 0, i) : slice_from(text, i + 1);
        if (!(p->value = piece_value(s, piece))) continue;
        p->pattern = piece_pattern(s, piece, text.p[i], front);
        ++*at;
        return true;
    }
    return false;
}

/* ---- nested texts --------------------------------------------------------------------------------- */

void cand_nested(struct scan *s, struct slice text, const struct extract *way)
{
    if (s->depth >= NESTED_DEPTH || text.n < 8) return;
    struct scan in = { s->f, s->it, text, way, s->depth + 1 };
    struct slice start = slice_trim(slice_sub(text, 0, 64));
    bool page = start.n && start.p[0] == '<';
    bool holds_tags = !page && (slice_find(text, SL("<input")) != SLICE_NONE ||
                                slice_find(text, SL("<a ")) != SLICE_NONE ||
                                slice_find(text, SL("<form")) != SLICE_NONE);
    if (!page) cand_script(&in);
    if (page || holds_tags) cand_html(&in);
}

void cand_jwt(struct scan *s, struct slice jwt, const struct extract *way)
{
    struct slice head, rest, payload, sig;
    if (!slice_cut(jwt, '.', &head, &rest) || !slice_cut(rest, '.', &payload, &sig)) return;
    struct slice claims;
    if (!coding_decode(s->f->a, CODING_BASE64URL, payload, &claims)) return;
    struct extract w = *way;
    unsigned i = 0;
    while (i < 2 && w.decode[i] != DECODE_NONE)
        i++;
    w.decode[i] = DECODE_JWT;
    cand_nested(s, claims, &w);
}

/* Fields between bars, each behind its name: the partial answers of ASP.NET. */
static void cand_fields(struct scan *s)
{
    struct slice rest = s->text, field, name = { 0 };
    while (slice_next(&rest, '|', &field)) {
        struct value *v = field.n >= RUN_MIN ? scan_value(s, field, name, ORIGIN_SCRIPT) : NULL;
        struct origin *o = v ? scan_origin(s, v, ORIGIN_SCRIPT, name) : NULL;
        if (o) way_between(s, o, field, CODING_NONE);
        name = field;
    }
}

/* A text that is one word or one value: itself; then what it may hold. */
void cand_text(struct scan *s)
{
    struct slice t = slice_trim(s->text);
    struct value *v = t.n <= 20000 ? scan_value(s, t, SL("body"), ORIGIN_BODY) : NULL;
    if (v) {
        struct origin *o = scan_origin(s, v, ORIGIN_BODY, SL("body"));
        if (o) way_add(o, (struct extract){ .kind = EXTRACT_BODY });
        return;
    }
    if (slice_chr(slice_sub(s->text, 0, FIELDS_WITHIN), '|') != SLICE_NONE) cand_fields(s);
    cand_script(s);
}

/* ---- one answer ----------------------------------------------------------------------------------- */

static void scan_body(struct scan *s)
{
    struct slice type = s->it->body_type;
    const struct slice body = s->text;
    if (!body.n) return;
    bool html =
        slice_istarts(type, SL("text/html")) || slice_istarts(type, SL("application/xhtml"));
    char first = slice_trim(slice_sub(body, 0, 64)).n ? slice_trim(slice_sub(body, 0, 64)).p[0] : 0;
    if (html && (first == '{' || first == '[')) html = false, type = SL("application/json");
    if (html)
        cand_html(s);
    else if (slice_ifind(type, SL("json")) != SLICE_NONE)
        cand_json(s);
    else if (slice_ifind(type, SL("xml")) != SLICE_NONE)
        cand_xml(s);
    else if (slice_ifind(type, SL("javascript")) != SLICE_NONE)
        cand_script(s);
    else
        cand_text(s);
}

/* What was asked for as an asset, and is one: a missing picture is answered with a page, tokens and all. */
static bool is_asset(const struct item *it)
{
    return it->ex->response.status < 400 && !slice_istarts(it->body_type, SL("text/html")) &&
           !slice_istarts(it->body_type, SL("text/css"));
}

void item_origins(struct flow *f, struct item *it)
{
    struct scan s = { f, it, it->ex->response.body, NULL, 0 };
    bool text = it->body_type.n == 0 || slice_istarts(it->body_type, SL("text/")) ||
                slice_istarts(it->body_type, SL("application/"));
    if (it->is_static) {
        if (text && is_asset(it)) mark_constants(&s);
        return;
    }
    cand_headers(&s);
    if (text && it->ex->response.body_state != BODY_MISSING) scan_body(&s);
}

void flow_origins(struct flow *f)
{
    for (size_t i = 0; i < f->n; i++)
        item_origins(f, &f->items[i]);
}
