/* The judgement: may this origin feed this use? See judge.h.
 *
 * Called by choose.c for every pair of a use and an earlier origin of the same text. A value with many
 * bits may come from anywhere; one with some needs a name, a link or a form that ties the two places; one
 * with few (numbers, words) only where the tie leaves no other reading: the redirect or the JSON answer of
 * the request that made the object, or a hidden field that comes back to its own form. */
#include "scenarios/correlate/judge.h"

#include <string.h>

#include "scenarios/value.h"

enum { KIND_KNOWN = 1, KIND_TOKEN = 2, KIND_ID = 4, KIND_STAMP = 8 };

/* What a name says, asked once: names are looked at for every pair of a use and an origin. */
static unsigned kinds_of(unsigned *known, struct slice name)
{
    if (*known) return *known;
    *known = KIND_KNOWN | (name_is_token(name) ? KIND_TOKEN : 0) |
             (name_is_id(name) ? KIND_ID : 0) | (name_is_stamp(name) ? KIND_STAMP : 0);
    return *known;
}

static bool use_is(const struct use *u, unsigned kinds)
{
    return kinds_of(&u->node->kinds, u->node->name) & kinds;
}

static bool origin_is(struct origin *o, unsigned kinds)
{
    return kinds_of(&o->kinds, o->name) & kinds;
}

static struct slice path_of(struct slice url)
{
    struct url u;
    if (url_parse(url, &u)) return u.path;
    size_t q = slice_chr(url, '?');
    return q == SLICE_NONE ? url : slice_sub(url, 0, q);
}

/* The use is a field of a post to the form that the origin stands in. */
static bool same_form(const struct flow *f, const struct use *u, struct origin *o)
{
    if (!o->form.p) return false;
    const struct item *it = &f->items[u->node->step];
    return slice_eq(path_of(o->form), it->url.path) && name_eq(o->name, u->node->name);
}

static bool in_body_or_query(const struct use *u)
{
    return u->node->where == AT_FORM || u->node->where == AT_PART || u->node->where == AT_JSON ||
           u->node->where == AT_QUERY;
}

/* {"data": {"id": 7}}: the key around says nothing either. */
static bool is_wrapper(struct slice name)
{
    static const char *const words[] = { "data",       "result", "results", "response",
                                         "payload",    "object", "record",  "entity",
                                         "attributes", "value",  "item",    "body" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (slice_ieq(name, slice_z(words[i]))) return true;
    return false;
}

/* {"createIssue": {"id": 7}} and issueId: the key of a mutation's answer ends in its noun. */
static bool ends_in_noun(struct slice key, struct slice name)
{
    char a[32], b[32];
    size_t na = name_stem(key, a), nb = name_stem(name, b);
    return nb >= 4 && na > nb && memcmp(a + na - nb, b, nb) == 0;
}

/* One of the last two words of the path that answered: /api/notes, /api/notes/create. */
static bool path_agrees(struct slice path, struct slice name)
{
    struct slice piece, last = { 0 }, before = { 0 };
    while (slice_next(&path, '/', &piece))
        if (piece.n && !value_is_digits(piece) && value_bits(piece) < BITS_MEDIUM) {
            before = last;
            last = piece;
        }
    return name_agrees(last, name) || name_agrees(before, name);
}

/* A bare "id" says nothing: the noun is the key around it or the collection that answered. */
static bool noun_agrees(struct origin *o, struct slice name)
{
    if (!o->parent.n || is_wrapper(o->parent)) return path_agrees(o->url, name);
    return name_agrees(o->parent, name) || (o->state_changing && ends_in_noun(o->parent, name));
}

/* {"rooms": [{"key": "k8Xw2b"}]}, then /rooms/k8Xw2b: the path says the noun, whatever the value's own name. */
static bool is_of_noun(const struct use *u, struct origin *o)
{
    bool whole = u->node->where == AT_PATH && u->to - u->from == u->node->text.n;
    return whole && o->kind == ORIGIN_JSON && noun_agrees(o, u->node->name);
}

static bool id_agrees(const struct use *u, struct origin *o)
{
    char stem[32];
    if (!name_is_id(o->name)) return name_eq(o->name, u->node->name);
    bool bare = name_stem(o->name, stem) == 0;
    if (bare ? noun_agrees(o, u->node->name) : name_agrees(o->name, u->node->name)) return true;
    /* {"id": 7} of a POST, then id=7 */
    return name_eq(o->name, u->node->name) && o->state_changing;
}

/* A number in a list: "args": [[57]]. */
static bool is_listed(const struct node *n)
{
    if (!n->parent || n->where != AT_JSON || n->from == 0) return false;
    char before = n->parent->text.p[n->from - 1];
    return before == '[' || before == ',';
}

/* {"result": 57}: all that the answer says is the number of what the request made. */
static double judge_bare_result(const struct use *u, struct origin *o)
{
    bool takes = u->node->where == AT_PATH || use_is(u, KIND_ID) || is_listed(u->node);
    bool whole = u->to - u->from == u->node->text.n && u->value->text.n >= 2;
    return o->state_changing && !o->positional && is_wrapper(o->name) && takes && whole ? 0.6 : 0;
}

static double judge_number_json(const struct use *u, struct origin *o)
{
    bool id = origin_is(o, KIND_ID) || origin_is(o, KIND_STAMP);
    if (!id) return judge_bare_result(u, o);
    bool takes =
        u->node->where == AT_PATH || use_is(u, KIND_ID) || use_is(u, KIND_STAMP) || id_agrees(u, o);
    /* A large number that the making request answered with: no coincidence. */
    bool made = o->state_changing && u->value->text.n >= 5 && id && takes;
    if (made) return 0.7;
    if (!takes || !id_agrees(u, o)) return 0;
    if (o->state_changing) return 0.8;
    return o->positional ? 0 : 0.6;
}

static bool is_same_id(const struct use *u, struct origin *o)
{
    return origin_is(o, KIND_ID) && name_eq(o->name, u->node->name);
}

/* A field for tokens: what it holds is one even when chance made it look like a word. */
static bool token_names(const struct use *u, struct origin *o)
{
    struct slice v = u->value->text;
    bool made = value_has_digit(v) || (v.n >= 8 && value_case_turns(v) >= 3);
    if (v.n < 4 || !o->name.n || !made) return false;
    if (o->kind == ORIGIN_INPUT && !o->hidden) return false;
    return use_is(u, KIND_TOKEN) && (origin_is(o, KIND_TOKEN) || name_eq(o->name, u->node->name));
}

/* Random text that chance made look like words: long, with digits or many changes of case. */
static bool looks_made(const struct value *v)
{
    if (v->text.n < 10 || v->bits < 12 || !value_is_plain(v->text)) return false;
    return value_case_turns(v->text) * 3 >= v->text.n;
}

/* "DEMO-57", the key of what the request made: where it is addressed, or comes back under its name. */
static double judge_made_key(const struct use *u, struct origin *o)
{
    bool addressed = u->node->where == AT_PATH && u->to - u->from == u->node->text.n;
    if (o->kind != ORIGIN_JSON || !o->state_changing || !value_is_key(u->value->text)) return 0;
    return addressed || name_agrees(o->name, u->node->name) ? 0.65 : 0;
}

bool judge_names_made(const struct item *from, struct slice key)
{
    static const char *const keys[] = {
        "path", "name", "slug", "filename", "file", "handle", "key"
    };
    if (!from->changes_state || from->ex->response.status != 201) return false;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (slice_ieq(key, slice_z(keys[i]))) return true;
    return false;
}

/* {"path": "untitled3.txt"} of the request that made it, where it is addressed: the server found the name. */
static double judge_made_name(const struct flow *f, const struct use *u, const struct origin *o)
{
    bool addressed = u->node->where == AT_PATH && u->to - u->from == u->node->text.n;
    bool made = o->kind == ORIGIN_JSON && judge_names_made(&f->items[o->step], o->name);
    return addressed && made && u->value->first_use > o->step ? 0.6 : 0;
}

/* A parameter of a form's action, in the post of that form; names tell ids from "mode=login". */
static double judge_action(const struct flow *f, const struct use *u, struct origin *o)
{
    bool named = origin_is(o, KIND_ID) || origin_is(o, KIND_TOKEN);
    return o->kind == ORIGIN_LINK && named && u->value->text.n >= 8 && same_form(f, u, o) ? 0.6 : 0;
}

static struct slice last_segment(struct slice path)
{
    size_t at = path.n;
    while (at > 0 && path.p[at - 1] != '/')
        at--;
    return slice_from(path, at);
}

static struct slice without_number(struct slice text)
{
    size_t n = text.n;
    while (n > 0 && value_is_digits(slice_from(text, n - 1)))
        n--;
    return slice_sub(text, 0, n);
}

/* POST /issue led to /issue57, and there the walk went on: noun and number are one segment, new to the client. */
static double judge_made_segment(const struct flow *f, const struct use *u, const struct origin *o)
{
    const struct item *from = &f->items[o->step];
    struct slice text = u->value->text, noun = without_number(text);
    bool addressed = u->node->where == AT_PATH && u->to - u->from == u->node->text.n;
    bool made = o->kind == ORIGIN_LOCATION && from->changes_state && u->value->first_use > o->step;
    if (!addressed || !made) return 0;
    bool pages = value_has_digit(last_segment(from->url.path)); /* /step1, then /step2 */
    bool counts = noun.n >= 2 && noun.n < text.n && path_agrees(from->url.path, noun);
    return value_is_key(text) || (counts && !pages) ? 0.7 : 0;
}

/* view.php?id=57 in the page that a post was answered with, then just that page asked for. */
static double judge_made_link(const struct flow *f, const struct use *u, struct origin *o)
{
    struct slice asked = last_segment(f->items[u->node->step].url.path);
    bool same = u->node->where == AT_QUERY && name_eq(o->name, u->node->name) &&
                slice_eq(last_segment(path_of(o->url)), asked);
    return o->state_changing && origin_is(o, KIND_ID) && same ? 0.6 : 0;
}

/* The time of a record's last change, sent back to tell that one saw it. */
static double judge_moment(const struct use *u, struct origin *o)
{
    bool whole = u->to - u->from == u->node->text.n;
    if (!whole || o->positional || o->kind == ORIGIN_TEXT) return 0;
    return name_eq(o->name, u->node->name) ? 0.8 : 0;
}

static double judge_number_location(const struct flow *f, const struct use *u,
                                    const struct origin *o, bool named)
{
    const struct item *from = &f->items[o->step];
    bool made = from->changes_state || (from->hop_of && from->hop_of->changes_state);
    if (name_eq(o->name, u->node->name)) return made || named ? 0.8 : 0;
    return made && u->node->where == AT_PATH && name_agrees(o->name, u->node->name) ? 0.75 : 0;
}

static double judge_number_input(const struct flow *f, const struct use *u, struct origin *o,
                                 bool named)
{
    struct slice v = u->value->text;
    bool form = same_form(f, u, o), tiny = v.n == 1 && v.p[0] <= '1';
    if (form && o->hidden && named) return 0.75;
    if (form && o->hidden && v.n >= 5) return 0.6;
    if (o->hidden && origin_is(o, KIND_STAMP) && name_eq(o->name, u->node->name)) return 0.7;
    if (tiny) return 0;
    return o->hidden && origin_is(o, KIND_ID) && name_agrees(o->name, u->node->name) ? 0.6 : 0;
}

/* A short number, by where it was found. */
static double judge_number(const struct flow *f, const struct use *u, struct origin *o, bool named)
{
    struct slice v = u->value->text;
    bool tiny = v.n == 1 && v.p[0] <= '1', generic = slice_ieq(o->name, SL("id"));
    bool agrees = origin_is(o, KIND_ID) && name_agrees(o->name, u->node->name);
    switch (o->kind) {
    case ORIGIN_LOCATION: return judge_number_location(f, u, o, named);
    case ORIGIN_INPUT: return judge_number_input(f, u, o, named);
    case ORIGIN_OPTION: return same_form(f, u, o) && o->chosen && o->record ? 0.7 : 0;
    case ORIGIN_JSON:
    case ORIGIN_CLAIM: return judge_number_json(u, o);
    case ORIGIN_SCRIPT:
        if (o->record) return use_is(u, KIND_ID) ? 0.7 : 0;
        return !tiny && !generic && agrees ? 0.6 : 0;
    case ORIGIN_DATA:
    case ORIGIN_META:
    case ORIGIN_XML:
    case ORIGIN_HEADER: return !tiny && !generic && agrees ? 0.6 : 0;
    case ORIGIN_LINK: return judge_made_link(f, u, o);
    case ORIGIN_COOKIE:
    case ORIGIN_BODY:
    case ORIGIN_TEXT: break;
    }
    return 0;
}

/* Weak values: numbers. Words are never tokens. */
static double judge_weak(const struct flow *f, const struct use *u, struct origin *o)
{
    struct slice v = u->value->text;
    bool named = origin_is(o, KIND_ID) || origin_is(o, KIND_TOKEN) || origin_is(o, KIND_STAMP);
    if (token_names(u, o)) return 0.75;
    bool place = o->kind != ORIGIN_TEXT && o->kind != ORIGIN_LINK && !o->positional && o->name.n;
    if (place && looks_made(u->value) && name_agrees(o->name, u->node->name)) return 0.6;
    if (place && value_is_mixed(v) && (is_of_noun(u, o) || is_same_id(u, o))) return 0.6;
    if (value_is_moment(v)) return judge_moment(u, o);
    if (value_is_digits(v)) return judge_number(f, u, o, named);
    double made = judge_made_key(u, o);
    if (made <= 0) made = judge_made_name(f, u, o);
    if (made <= 0) made = judge_made_segment(f, u, o);
    return made > 0 ? made : judge_action(f, u, o);
}

static double judge_medium(const struct flow *f, const struct use *u, struct origin *o)
{
    struct slice use = u->node->name;
    if (same_form(f, u, o) && o->hidden) return 0.9;
    if (o->kind == ORIGIN_LOCATION || o->kind == ORIGIN_BODY) return 0.8;
    if (o->kind == ORIGIN_TEXT || !o->name.n) return 0;
    if (name_eq(o->name, use)) return o->kind == ORIGIN_INPUT && !o->hidden ? 0 : 0.85;
    if (origin_is(o, KIND_TOKEN) || use_is(u, KIND_TOKEN)) return 0.75;
    if ((name_agrees(o->name, use) && in_body_or_query(u)) || is_of_noun(u, o)) return 0.7;
    if (origin_is(o, KIND_ID) && (u->node->where == AT_PATH || use_is(u, KIND_ID))) return 0.65;
    return 0;
}

/* hashed_field[53d670af]: a name that holds its own value is made from it. */
static bool names_itself(const struct use *u)
{
    return u->value->text.n >= 6 && slice_find(u->node->name, u->value->text) != SLICE_NONE;
}

bool judge_is_entity_tag(const struct use *u, const struct origin *o)
{
    return o->kind == ORIGIN_HEADER && u->node->where == AT_HEADER &&
           slice_ieq(o->name, SL("etag")) && slice_ieq(u->node->name, SL("if-match"));
}

double judge_use(const struct flow *f, const struct use *u, struct origin *o)
{
    double bits = u->value->bits;
    if (judge_is_entity_tag(u, o)) return 0.95;
    if (names_itself(u)) return 0;
    if (u->node->operand) return 0.95;
    if (bits < BITS_MEDIUM) return judge_weak(f, u, o);
    if (bits < BITS_STRONG) return judge_medium(f, u, o);
    if (o->kind == ORIGIN_TEXT) return 0.7;
    return name_eq(o->name, u->node->name) || origin_is(o, KIND_TOKEN) ? 0.98 : 0.9;
}

double judge_place(const struct flow *f, const struct use *u, struct origin *o)
{
    static const double place[] = {
        [ORIGIN_LOCATION] = 5, [ORIGIN_HEADER] = 5,   [ORIGIN_COOKIE] = 4.5, [ORIGIN_JSON] = 5,
        [ORIGIN_INPUT] = 5,    [ORIGIN_OPTION] = 4,   [ORIGIN_META] = 5,     [ORIGIN_LINK] = 3,
        [ORIGIN_DATA] = 4,     [ORIGIN_SCRIPT] = 4.5, [ORIGIN_XML] = 4.2,    [ORIGIN_BODY] = 5,
        [ORIGIN_CLAIM] = 4,    [ORIGIN_TEXT] = 2,
    };
    double p = place[o->kind];
    if (o->positional) p -= 2;
    if (o->kind == ORIGIN_SCRIPT && !o->name.n) p -= 1.5;
    if (o->name.n && name_eq(o->name, u->node->name)) p += 0.5;
    if (same_form(f, u, o)) p += 1;
    /* The answer of the request that made it, rather than a list that others write to as well. */
    bool object = !origin_is(o, KIND_TOKEN) && !use_is(u, KIND_TOKEN);
    if (o->state_changing && object) p += 1;
    return p;
}
