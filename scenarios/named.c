/* Names that the user of a recording gave to what it created: a wiki's page, a project's identifier.
 *
 * Called before origins are chosen. A server keeps such names once, so that of many replaying users only the
 * first would create anything. Three traces tell a name from other typed text, and only text that no answer
 * held before the user typed it can be one:
 *   missing   a page of that address was not there (404), then something was sent, then it was there
 *   editor    an edit page of that address had an empty text, which the user filled and sent
 *   address   a name or title was sent, and an address of that name was visited afterwards
 * They are made unique as with --unique, and the report says so. */
#include <ctype.h>

#include "scenarios/html_scan.h"
#include "scenarios/report.h"
#include "scenarios/value.h"

#define NAME_MAX 200

static bool has_any(struct slice text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (slice_ifind(text, slice_z(words[i])) != SLICE_NONE) return true;
    return false;
}

static size_t letters(struct slice s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += isalpha((unsigned char)s.p[i]) != 0;
    return n;
}

static bool is_search(struct slice field)
{
    static const char *const words[] = { "query", "search", "filter", "keyword", "term" };
    return slice_ieq(field, SL("q")) || slice_ieq(field, SL("s")) ||
           has_any(field, words, sizeof words / sizeof *words);
}

/* Typed by the user: no answer held it before, and it is no account's. */
static bool is_typed(const struct value *v)
{
    const struct origin *o = v->origins;
    while (o && o->prev)
        o = o->prev;
    if (v->first_use == SIZE_MAX || v->in_static || (o && o->step < v->first_use)) return false;
    if (v->text.n > NAME_MAX || letters(v->text) < 3 || value_is_uuid(v->text)) return false;
    if (!value_is_printable(v->text) || slice_find(v->text, SL("//")) != SLICE_NONE) return false;
    for (const struct use *u = v->uses; u; u = u->next)
        if (u->expr.n || is_search(u->node->name)) return false;
    return true;
}

static bool is_whole(const struct use *u)
{
    return u->from == 0 && u->to == u->node->text.n && !u->node->secondary;
}

static bool in_address(const struct use *u)
{
    return is_whole(u) && (u->node->where == AT_PATH || u->node->where == AT_QUERY);
}

static const struct item *item_of(const struct flow *f, const struct use *u)
{
    return &f->items[u->node->step];
}

/* The first request from step on that carries v, changes something and was accepted. */
static const struct item *sent_after(const struct flow *f, const struct value *v, size_t step)
{
    for (const struct use *u = v->uses; u; u = u->next) {
        const struct item *it = item_of(f, u);
        if (it->index > step && is_whole(u) && it->changes_state && it->ex->response.status < 400)
            return it;
    }
    return NULL;
}

/* ---- missing -------------------------------------------------------------------------------------- */

static bool was_missing(const struct flow *f, const struct value *v)
{
    const struct item *sent = NULL;
    for (const struct use *u = v->uses; u; u = u->next) {
        const struct item *it = item_of(f, u);
        if (it->changes_state || it->is_static || !in_address(u)) continue;
        if (!sent && it->navigation && it->ex->response.status == 404)
            sent = sent_after(f, v, it->index);
        else if (sent && it->index > sent->index && it->ex->response.status < 400)
            return true;
    }
    return false;
}

/* ---- editor --------------------------------------------------------------------------------------- */

/* ?id=Page&do=edit: the query says what, the path is a script's. */
static bool query_names(struct slice query)
{
    struct slice piece, name, text;
    while (slice_next(&query, '&', &piece))
        if (slice_cut(piece, '=', &name, &text) && letters(text) >= 3 &&
            slice_ifind(text, SL("edit")) == SLICE_NONE)
            return true;
    return false;
}

/* The last word of a path, but for "edit": /wiki/Page, /wiki/Page/edit. */
static bool ends_path(const struct item *it, const struct use *u)
{
    if (query_names(it->url.query)) return false;
    struct slice path = it->url.path, piece, last = { 0 };
    while (slice_next(&path, '/', &piece))
        if (piece.n && slice_ifind(piece, SL("edit")) == SLICE_NONE) last = piece;
    return slice_eq(last, u->node->text) && slice_find(last, SL(".php")) == SLICE_NONE;
}

/* An address that says "edit", and what: v. "new" and "add" stand behind what exists already. */
static bool is_editor(const struct item *it, const struct use *u)
{
    struct slice target = it->url.target, text = u->node->text;
    size_t at = slice_find(target, text);
    struct slice before = at == SLICE_NONE ? target : slice_sub(target, 0, at);
    struct slice after = at == SLICE_NONE ? SL("") : slice_from(target, at + text.n);
    bool says = slice_ifind(before, SL("edit")) != SLICE_NONE ||
                slice_ifind(after, SL("edit")) != SLICE_NONE;
    return says && slice_ifind(text, SL("edit")) == SLICE_NONE &&
           slice_istarts(it->body_type, SL("text/html")) &&
           (u->node->where == AT_QUERY || ends_path(it, u));
}

static bool field_is_filled(const struct item *it, struct slice name)
{
    for (size_t i = 0; i < it->fields_n; i++)
        if (slice_eq(it->fields[i].name->text, name)) return it->fields[i].value->text.n > 0;
    return false;
}

/* The page has a text field that is empty, and what was sent filled it. */
static bool fills_empty(const struct item *page, const struct item *sent)
{
    struct html_scan h;
    struct slice name = { 0 };
    html_scan_init(&h, page->ex->response.body);
    for (enum html_tok t; (t = html_scan_next(&h)) != HTML_END;) {
        bool area = slice_ieq(h.tag, SL("textarea"));
        if (t == HTML_OPEN && area) name = html_attr(&h, SL("name"));
        if (t == HTML_RAW && area && slice_trim(h.body).n) name = (struct slice){ 0 };
        if (t == HTML_CLOSE && area && name.n && field_is_filled(sent, name)) return true;
    }
    return false;
}

static bool had_empty_editor(const struct flow *f, const struct value *v)
{
    for (const struct use *u = v->uses; u; u = u->next) {
        const struct item *it = item_of(f, u);
        if (it->changes_state || it->is_static || !in_address(u) || !is_editor(it, u)) continue;
        const struct item *sent = sent_after(f, v, it->index);
        for (; sent; sent = sent_after(f, v, sent->index))
            if (fills_empty(it, sent)) return true;
        return false;
    }
    return false;
}

/* ---- address -------------------------------------------------------------------------------------- */

static bool names_an_object(struct slice field)
{
    static const char *const yes[] = { "name", "title", "slug",  "identifier",
                                       "page", "path",  "handle" };
    static const char *const no[] = { "user", "recipient", "author", "owner",
                                      "mail", "assign",    "member", "file" };
    return has_any(field, yes, sizeof yes / sizeof *yes) &&
           !has_any(field, no, sizeof no / sizeof *no);
}

/* The first request that carries v is a change behind the login, in a field for names. */
static const struct item *sent_as_name(const struct flow *f, const struct value *v)
{
    for (const struct use *u = v->uses; u; u = u->next) {
        if (u->node->secondary) continue;
        const struct item *it = item_of(f, u);
        enum where w = u->node->where;
        bool body = w == AT_FORM || w == AT_PART || w == AT_JSON;
        bool late = f->login == SIZE_MAX || it->index > f->login;
        bool accepted = it->changes_state && it->ex->response.status < 400;
        return body && late && accepted && is_whole(u) && names_an_object(u->node->name) ? it
                                                                                         : NULL;
    }
    return NULL;
}

/* Visited behind the change, and in no answer before it. */
static bool is_new_address(const struct flow *f, struct slice text, const struct item *sent)
{
    const struct value *v = flow_value(f, text);
    if (!v || v->in_static) return false;
    for (const struct origin *o = v->origins; o; o = o->prev)
        if (o->step < sent->index) return false;
    for (const struct use *u = v->uses; u; u = u->next) {
        const struct item *it = item_of(f, u);
        if (!is_whole(u) || u->node->where != AT_PATH) continue;
        return it->index > sent->index && it->ex->response.status < 400;
    }
    return false;
}

static bool became_address(struct flow *f, const struct value *v)
{
    const struct item *sent = sent_as_name(f, v);
    struct slice text;
    for (unsigned k = 0; sent && unique_spelling(f, v->text, k, &text); k++)
        if (is_new_address(f, text, sent)) return true;
    return false;
}

/* ---- all ------------------------------------------------------------------------------------------ */

static const char *reason(struct flow *f, const struct value *v)
{
    if (!is_typed(v)) return NULL;
    if (was_missing(f, v)) return "its page was missing before";
    if (had_empty_editor(f, v)) return "its editor was empty before";
    return became_address(f, v) ? "it became an address" : NULL;
}

void flow_named(struct flow *f)
{
    struct slice key;
    void *value;
    if (f->cfg->keep_names) return;
    for (size_t i = 0; map_next(f->values, &i, &key, &value);) {
        const struct value *v = value;
        const char *why = reason(f, v);
        if (!why || !unique_value(f, v->text)) continue;
        report_warn(f, "--keep-names if every user shall send it as it was recorded",
                    "\"%.*s\" names what the recording made (%s): different for each user now",
                    SL_FMT(slice_sub(v->text, 0, 80)), why);
    }
}
