/* Names that the user of a recording gave to what it created: a wiki's page, a project's identifier, an account.
 *
 * Called before origins are chosen. A server keeps such names once, so that of many replaying users only the
 * first would create anything. Five traces tell a name from other typed text, and only text that no answer
 * held before the user typed it can be one:
 *   missing   a page of that address was not there (404), then something was sent, then it was there
 *   editor    an edit page of that address had no text, which the user filled and sent
 *   account   a user name or e-mail address with which an account was made, or a person entered in a list
 *   slug      a field of that name, or a title's spelling as a slug
 *   address   a name or title was posted, the answer said that it was made, and its address was visited
 * They are made unique as with --unique, and the report says so. In doubt a name stays: one that is wrongly
 * changed breaks the walk, one that stays may be given to --unique. */
#include <ctype.h>

#include "scenarios/html_scan.h"
#include "scenarios/correlate/report.h"
#include "scenarios/value.h"
#include "scenarios/correlate/walk.h"

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

static bool names_an_object(struct slice field)
{
    static const char *const yes[] = { "name", "title", "slug",  "identifier",
                                       "page", "path",  "handle" };
    static const char *const no[] = { "user",   "recipient", "author", "owner",    "mail",
                                      "assign", "member",    "file",   "operation" };
    return has_any(field, yes, sizeof yes / sizeof *yes) &&
           !has_any(field, no, sizeof no / sizeof *no);
}

/* ---- addresses --------------------------------------------------------------------------------------- */

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

/* ?title=Page, ?id=Page; not ?lang=english. */
static bool names_a_page(struct slice parameter)
{
    static const char *const more[] = { "topic", "article", "subject" };
    return names_an_object(parameter) || slice_ieq(parameter, SL("id")) ||
           slice_ieq(parameter, SL("n")) || slice_ieq(parameter, SL("p")) ||
           has_any(parameter, more, sizeof more / sizeof *more);
}

/* The page that an address names: its path's end, or a value of its query. */
static bool in_address(const struct flow *f, const struct use *u)
{
    const struct node *n = u->node;
    return is_whole(u) && ((n->where == AT_QUERY && names_a_page(n->name)) ||
                           (n->where == AT_PATH && ends_path(item_of(f, u), u)));
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

/* ---- missing -------------------------------------------------------------------------------------- */

static bool was_missing(const struct flow *f, const struct value *v)
{
    const struct item *sent = NULL;
    for (const struct use *u = v->uses; u; u = u->next) {
        const struct item *it = item_of(f, u);
        if (it->changes_state || it->is_static || !in_address(f, u)) continue;
        bool there = it->ex->response.status < 400;
        if (!sent && it->navigation && it->ex->response.status == 404)
            sent = sent_after(f, v, it->index);
        else if (!sent && there && !is_editor(it, u))
            return false;
        else if (sent && it->index > sent->index && there)
            return true;
    }
    return false;
}

/* ---- editor --------------------------------------------------------------------------------------- */

static bool field_is_filled(const struct item *it, struct slice name)
{
    for (size_t i = 0; i < it->fields_n; i++)
        if (slice_eq(it->fields[i].name->text, name)) return it->fields[i].value->text.n > 0;
    return false;
}

/* The page has text fields, all of them empty, and what was sent filled one. */
static bool fills_empty(const struct item *page, const struct item *sent)
{
    struct html_scan h;
    bool filled = false;
    html_scan_init(&h, page->ex->response.body);
    for (enum html_tok t; (t = html_scan_next(&h)) != HTML_END;) {
        if (!slice_ieq(h.tag, SL("textarea"))) continue;
        if (t == HTML_RAW && slice_trim(h.body).n) return false;
        if (t == HTML_OPEN) filled |= field_is_filled(sent, html_attr(&h, SL("name")));
    }
    return filled;
}

/* What the recording begins with may have been there: nothing shows how its user came by it. */
static bool is_beginning(const struct flow *f, const struct value *v)
{
    for (size_t i = 0; i < v->first_use; i++)
        if (f->items[i].navigation) return false;
    return true;
}

static bool had_empty_editor(const struct flow *f, const struct value *v)
{
    if (is_beginning(f, v)) return false;
    for (const struct use *u = v->uses; u; u = u->next) {
        const struct item *it = item_of(f, u);
        if (it->changes_state || it->is_static || !in_address(f, u) || !is_editor(it, u)) continue;
        const struct item *sent = sent_after(f, v, it->index);
        for (; sent; sent = sent_after(f, v, sent->index))
            if (fills_empty(it, sent)) return true;
        return false;
    }
    return false;
}

/* ---- address -------------------------------------------------------------------------------------- */

static bool path_says(struct slice path, const char *const *words, size_t n)
{
    struct slice piece;
    while (slice_next(&path, '/', &piece))
        for (size_t i = 0; i < n; i++)
            if (slice_ieq(piece, slice_z(words[i]))) return true;
    return false;
}

/* Posted to where something is made, not found. */
static bool may_make(const struct item *it)
{
    static const char *const lookups[] = {
        "search", "find", "lookup", "filter", "query", "suggest"
    };
    return slice_eq(it->ex->request.method, SL("POST")) && it->ex->response.status < 400 &&
           !path_says(it->url.path, lookups, sizeof lookups / sizeof *lookups);
}

/* The first request that carries v posts it behind the login, in a field for names. */
static const struct item *sent_as_name(const struct flow *f, const struct value *v)
{
    for (const struct use *u = v->uses; u; u = u->next) {
        if (u->node->secondary) continue;
        const struct item *it = item_of(f, u);
        enum where w = u->node->where;
        bool body = w == AT_FORM || w == AT_PART || w == AT_JSON;
        bool late = f->login == SIZE_MAX || it->index > f->login;
        bool whole = body && late && is_whole(u);
        return whole && may_make(it) && names_an_object(u->node->name) ? it : NULL;
    }
    return NULL;
}

/* POST /projects and /projects/x; POST /tag/add and /tags/x. */
static bool stands_below(struct slice path, struct slice text, struct slice sent)
{
    static const char *const common[] = { "api", "rest", "app", "index.php" };
    struct slice piece, other;
    while (slice_next(&path, '/', &piece) && !slice_eq(piece, text)) {
        struct slice rest = sent;
        if (path_says(piece, common, sizeof common / sizeof *common)) continue;
        while (letters(piece) >= 3 && slice_next(&rest, '/', &other))
            if (letters(other) >= 3 && name_agrees(piece, other)) return true;
    }
    return false;
}

/* The answer to the post leads there, or says that something was made whose address is below the post's. */
static bool was_made(struct flow *f, const struct item *sent, const struct item *visit,
                     const struct value *v)
{
    if (slice_find(item_location(f, sent), v->text) != SLICE_NONE) return true;
    bool told = sent->ex->response.status == 201 ||
                slice_find(sent->ex->response.body, v->text) != SLICE_NONE;
    return told && stands_below(visit->url.path, v->text, sent->url.path);
}

/* Visited behind the change, and in no answer before it. */
static bool is_new_address(struct flow *f, struct slice text, const struct item *sent)
{
    const struct value *v = flow_value(f, text);
    if (!v || v->in_static || text_was_shown(f, text, sent->index)) return false;
    for (const struct use *u = v->uses; u; u = u->next) {
        const struct item *it = item_of(f, u);
        if (!is_whole(u) || u->node->where != AT_PATH) continue;
        return it->index > sent->index && it->ex->response.status < 400 && was_made(f, sent, it, v);
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

/* ---- account -------------------------------------------------------------------------------------- */

/* The first request that carries v sends it as a whole field, and was accepted. */
static struct use *sent_as_field(const struct flow *f, const struct value *v)
{
    for (struct use *u = v->uses; u; u = u->next) {
        if (u->node->secondary) continue;
        const struct item *it = item_of(f, u);
        enum where w = u->node->where;
        bool body = w == AT_FORM || w == AT_PART || w == AT_JSON;
        bool accepted = it->changes_state && it->ex->response.status < 400;
        return body && accepted && is_whole(u) ? u : NULL;
    }
    return NULL;
}

static bool names_an_account(struct slice field)
{
    static const char *const no[] = { "recipient", "owner",  "author", "assign",
                                      "invite",    "sender", "reply",  "friend" };
    return name_is_user(field) && !has_any(field, no, sizeof no / sizeof *no);
}

/* An e-mail address with which a person was entered where people are listed. */
static bool enters_person(const struct item *it, const struct value *v, struct slice field)
{
    static const char *const lists[] = { "users",    "customers",   "contacts",  "clients",
                                         "people",   "subscribers", "employees", "students",
                                         "patients", "accounts",    "customer",  "subscriber" };
    int status = it->ex->response.status;
    bool made = status == 201 || status == 302 || status == 303 ||
                slice_find(it->ex->response.body, v->text) != SLICE_NONE;
    return made && slice_chr(v->text, '@') != SLICE_NONE && may_make(it) &&
           slice_ifind(field, SL("mail")) != SLICE_NONE &&
           path_says(it->url.path, lists, sizeof lists / sizeof *lists);
}

static bool is_account(struct flow *f, const struct value *v)
{
    const struct use *u = sent_as_field(f, v);
    if (!u || !names_an_account(u->node->name)) return false;
    struct item *it = &f->items[u->node->step];
    bool other = it != f->login_first || slice_chr(v->text, '@') != SLICE_NONE;
    return (other && makes_account(it)) || enters_person(it, v, u->node->name);
}

/* ---- slug ------------------------------------------------------------------------------------------ */

struct title {
    struct slice slug;
    bool found;
};

/* "Walking by the river" and "walking-by-the-river": letters and digits, in lower case, and one mark for the rest. */
static void compare_title(struct node *n, void *arg)
{
    struct title *t = arg;
    size_t k = 0;
    bool differs = false;
    struct slice text = slice_trim(n->text);
    if (n->children || t->found) return;
    for (size_t i = 0; i < text.n; i++) {
        bool sign = !isalnum((unsigned char)text.p[i]);
        if (sign && (i + 1 == text.n || !isalnum((unsigned char)text.p[i + 1]))) continue;
        char c = sign ? t->slug.p[k < t->slug.n ? k : 0] : (char)tolower((unsigned char)text.p[i]);
        if (k >= t->slug.n || t->slug.p[k] != c || (sign && c != '-' && c != '_')) return;
        differs |= c != text.p[i];
        k++;
    }
    t->found = k == t->slug.n && differs;
}

/* A slug is an address' part, kept once, also where the title beside it may come again. */
static bool is_slug(struct flow *f, const struct value *v)
{
    static const char *const names[] = { "permalink", "identifier", "handle", "alias",
                                         "machine",   "url",        "key",    "path" };
    const struct use *u = sent_as_field(f, v);
    struct title t = { v->text, false };
    if (!u) return false;
    if (slice_ifind(u->node->name, SL("slug")) != SLICE_NONE) return true;
    if (!has_any(u->node->name, names, sizeof names / sizeof *names)) return false;
    walk_nodes(&f->items[u->node->step], compare_title, &t);
    return t.found;
}

/* ---- all ------------------------------------------------------------------------------------------ */

static const char *reason(struct flow *f, const struct value *v)
{
    if (!is_typed(v)) return NULL;
    if (was_missing(f, v)) return "its page was missing before";
    if (had_empty_editor(f, v)) return "its editor was empty before";
    if (is_account(f, v)) return "it is an account's";
    if (is_slug(f, v)) return "it is a slug";
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
        if (!why || text_was_shown(f, v->text, v->first_use) ||
            !unique_value(f, v->text, v->first_use))
            continue;
        report_warn(f, "--keep-names if every user shall send it as it was recorded",
                    "\"%.*s\" names what the recording made (%s): different for each user now",
                    SL_FMT(slice_sub(v->text, 0, 80)), why);
    }
}
