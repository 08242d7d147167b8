/* `extract` and `expect` of a request, from YAML to the model.
 *
 * Called through read_step.c's table. An extract entry has one kind (json, header, …) and what refines it;
 * `regex` is a kind when it stands alone and refines when it does not. */
#include <stddef.h>

#include "base/num.h"
#include "scenarios/read.h"

/* ---- extract -------------------------------------------------------------------------------------- */

static const struct word extract_kinds[] = {
    { "json", EXTRACT_JSON },       { "header", EXTRACT_HEADER },
    { "cookie", EXTRACT_COOKIE },   { "html", EXTRACT_HTML },
    { "xml", EXTRACT_XML },         { "regex", EXTRACT_REGEX },
    { "between", EXTRACT_BETWEEN }, { "location", EXTRACT_LOCATION },
    { "body", EXTRACT_BODY },       { NULL, 0 },
};

struct named {
    struct slice input, meta, form;
};
static const struct key named_keys[] = {
    { "input", read_plain, offsetof(struct named, input) },
    { "meta", read_plain, offsetof(struct named, meta) },
    { "form", read_plain, offsetof(struct named, form) },
    READ_KEYS_END,
};

/* { input: csrf }, { form: login, input: csrf } and { meta: csrf-token } stand for the CSS they mean. */
static bool read_html(struct reader *r, const struct ynode *n, void *expr)
{
    if (n->kind != YAML_MAP) return read_plain(r, n, expr);
    struct named by = { 0 };
    if (!read_map(r, n, "html", named_keys, &by)) return false;
    struct slice name = by.input.n ? by.input : by.meta;
    if (name.n == 0 || slice_chr(name, '"') != SLICE_NONE)
        return yaml_fail(&r->src, n->place, r->err, "html wants an input's or a meta's name");
    *(struct slice *)expr = arena_printf(
        r->arena, "%s%.*s%s%s[name=\"%.*s\"]", by.form.n ? "form#" : "", SL_FMT(by.form),
        by.form.n ? " " : "", by.input.n ? "input" : "meta", SL_FMT(name));
    return true;
}

static bool read_between(struct reader *r, const struct ynode *n, void *extract)
{
    struct extract *e = extract;
    if (n->kind != YAML_LIST || n->n != 2)
        return yaml_fail(&r->src, n->place, r->err,
                         "between wants the text before and the text behind: [left, right]");
    return read_plain(r, n->items[0], &e->expr) && read_plain(r, n->items[1], &e->right);
}

static bool read_decode(struct reader *r, const struct ynode *n, void *extract)
{
    static const struct word words[] = { { "percent", DECODE_PERCENT },
                                         { "html", DECODE_HTML },
                                         { "json", DECODE_JSON },
                                         { "base64", DECODE_BASE64 },
                                         { "hex", DECODE_HEX },
                                         { "jwt", DECODE_JWT },
                                         { NULL, 0 } };
    struct extract *e = extract;
    size_t most = sizeof e->decode / sizeof *e->decode;
    if (read_count(n) > most)
        return yaml_fail(&r->src, n->place, r->err, "at most %zu decodings", most);
    for (size_t i = 0; i < read_count(n); i++) {
        int v;
        if (!read_word(r, read_item(n, i), words, &v)) return false;
        e->decode[i] = (enum extract_decode)v;
    }
    return true;
}

static bool read_fallback(struct reader *r, const struct ynode *n, void *extract)
{
    struct extract *e = extract;
    e->has_fallback = true;
    return read_plain(r, n, &e->fallback);
}

#define EXPR offsetof(struct extract, expr)
static const struct key extract_keys[] = {
    { "json", read_plain, EXPR },
    { "header", read_plain, EXPR },
    { "cookie", read_plain, EXPR },
    { "html", read_html, EXPR },
    { "xml", read_plain, EXPR },
    { "between", read_between, 0 },
    { "location", read_plain, EXPR },
    { "body", read_plain, EXPR },
    { "regex", read_plain, offsetof(struct extract, regex) },
    { "nth", read_u32, offsetof(struct extract, nth) },
    { "decode", read_decode, 0 },
    { "optional", read_bool, offsetof(struct extract, optional) },
    { "default", read_fallback, 0 },
    READ_KEYS_END,
};

/* The kind that a mapping's keys name; `regex` only if no other does. */
static bool find_kind(struct reader *r, const struct ynode *n, struct extract *e)
{
    bool found = false, regex = false;
    for (const struct word *w = extract_kinds; w->name; w++) {
        if (!read_get(n, w->name)) continue;
        if (w->value == EXTRACT_REGEX) {
            regex = true;
            continue;
        }
        if (found)
            return yaml_fail(&r->src, n->place, r->err, "an extract has one source, not two");
        found = true;
        e->kind = (enum extract_kind)w->value;
    }
    if (found) return true;
    e->kind = EXTRACT_REGEX;
    return regex || yaml_fail(&r->src, n->place, r->err,
                              "an extract wants one of json, header, cookie, html, xml, regex, "
                              "between, location, body");
}

static bool read_extract(struct reader *r, const struct ypair *pair, struct extract *e)
{
    const struct ynode *n = pair->value;
    int kind;
    e->name = pair->key;
    e->place = pair->place;
    if (n->kind == YAML_SCALAR) { /* `id: location`, `token: body` */
        if (!read_word(r, n, extract_kinds, &kind)) return false;
        e->kind = (enum extract_kind)kind;
        return true;
    }
    if (!read_map(r, n, "an extract", extract_keys, e) || !find_kind(r, n, e)) return false;
    if (e->kind != EXTRACT_REGEX) return true;
    e->expr = e->regex;
    e->regex = SL("");
    return true;
}

bool read_extracts(struct reader *r, const struct ynode *n, void *request_step)
{
    struct request_step *q = request_step;
    size_t total = 0;
    for (size_t i = 0; i < read_count(n); i++) {
        const struct ynode *item = read_item(n, i);
        if (item->kind != YAML_MAP && !yaml_is_null(item))
            return yaml_fail(&r->src, item->place, r->err,
                             "extract is variable: { json: $.token }");
        total += item->n;
    }
    q->extract = arena_many(r->arena, total + 1, struct extract);
    for (size_t i = 0; i < read_count(n); i++)
        for (size_t k = 0; k < read_item(n, i)->n; k++)
            if (!read_extract(r, &read_item(n, i)->pairs[k], &q->extract[q->extract_n++]))
                return false;
    return true;
}

/* ---- expect --------------------------------------------------------------------------------------- */

static struct check *add_check(struct reader *r, struct request_step *q, enum check_kind kind,
                               struct place place)
{
    size_t size = sizeof *q->checks, have = q->checks_n;
    if ((have & (have - 1)) == 0) /* grows at powers of two */
        q->checks = arena_grow(r->arena, q->checks, have * size, (have ? have * 2 : 1) * size);
    q->checks[q->checks_n] = (struct check){ .kind = kind, .place = place };
    return &q->checks[q->checks_n++];
}

static bool add_values(struct reader *r, const struct ynode *n, struct request_step *q,
                       enum check_kind kind)
{
    for (size_t i = 0; i < read_count(n); i++) {
        const struct ynode *item = read_item(n, i);
        if (!read_plain(r, item, &add_check(r, q, kind, item->place)->value)) return false;
    }
    return true;
}

/* 200, 2xx, "200|302", or a list. */
static bool read_status(struct reader *r, const struct ynode *n, void *request_step)
{
    struct check *c = add_check(r, request_step, CHECK_STATUS, n->place);
    for (size_t i = 0; i < read_count(n); i++) {
        struct slice one;
        if (!read_plain(r, read_item(n, i), &one)) return false;
        c->value =
            i == 0 ? one : arena_printf(r->arena, "%.*s|%.*s", SL_FMT(c->value), SL_FMT(one));
    }
    return true;
}

static bool read_contains(struct reader *r, const struct ynode *n, void *request_step)
{
    return add_values(r, n, request_step, CHECK_BODY_CONTAINS);
}

static bool read_not(struct reader *r, const struct ynode *n, void *request_step)
{
    return add_values(r, n, request_step, CHECK_BODY_NOT);
}

static bool read_matches(struct reader *r, const struct ynode *n, void *request_step)
{
    return add_values(r, n, request_step, CHECK_BODY_MATCHES);
}

/* name: value; or only names, which have to be there. */
static bool add_named(struct reader *r, const struct ynode *n, struct request_step *q,
                      enum check_kind kind)
{
    if (n->kind == YAML_MAP) {
        for (size_t i = 0; i < n->n; i++) {
            struct check *c = add_check(r, q, kind, n->pairs[i].place);
            c->name = n->pairs[i].key;
            const struct ynode *value = n->pairs[i].value;
            if (!read_plain(r, value, &c->value)) return false;
            c->value = yaml_is_null(value) ? SL("null") : value->text;
        }
        return true;
    }
    for (size_t i = 0; i < read_count(n); i++) {
        const struct ynode *item = read_item(n, i);
        if (!read_plain(r, item, &add_check(r, q, kind, item->place)->name)) return false;
    }
    return true;
}

static bool read_header(struct reader *r, const struct ynode *n, void *request_step)
{
    return add_named(r, n, request_step, CHECK_HEADER);
}

static bool read_json_check(struct reader *r, const struct ynode *n, void *request_step)
{
    return add_named(r, n, request_step, CHECK_JSON);
}

static bool read_time(struct reader *r, const struct ynode *n, void *request_step)
{
    return read_duration(r, n, &add_check(r, request_step, CHECK_TIME, n->place)->max_ns);
}

static const struct key check_keys[] = {
    { "status", read_status, 0 }, { "body", read_contains, 0 },
    { "not_body", read_not, 0 },  { "matches", read_matches, 0 },
    { "header", read_header, 0 }, { "json", read_json_check, 0 },
    { "time", read_time, 0 },     READ_KEYS_END,
};

bool read_checks(struct reader *r, const struct ynode *n, void *request_step)
{
    if (yaml_is_null(n)) return true;
    if (n->kind == YAML_SCALAR) return read_status(r, n, request_step); /* expect: 200 */
    for (size_t i = 0; i < read_count(n); i++)
        if (!read_map(r, read_item(n, i), "expect", check_keys, request_step)) return false;
    return true;
}
