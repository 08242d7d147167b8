/* libfyaml's events to a tree: the only file that includes libfyaml.
 *
 * Called by scenario_parse. libfyaml tokenises; what it leaves open (depth, number of nodes, aliases,
 * duplicate keys) is bounded here, because scenario files travel. An alias points to the node of its anchor:
 * nothing is copied, but its weight is counted, so that a few lines cannot stand for a billion nodes. */
#include "scenarios/yaml.h"

#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/file.h"
#include "base/map.h"

struct anchor {
    struct slice name;
    struct ynode *node;
};

struct yreader {
    struct arena *arena;
    const struct ysource *src;
    struct fy_parser *parser;
    struct fy_diag *diag;
    struct anchor *anchors;
    size_t anchors_n;
    unsigned depth;
    struct err *err;
};

static struct ynode *read_node(struct yreader *y, struct fy_event *e);

bool yaml_is_null(const struct ynode *n)
{
    if (n->kind != YAML_SCALAR || !n->plain) return false;
    return n->text.n == 0 || slice_eq(n->text, SL("~")) || slice_ieq(n->text, SL("null"));
}

/* ---- libfyaml's side ------------------------------------------------------------------------------ */

static struct place event_place(struct fy_event *e)
{
    const struct fy_mark *m = fy_event_start_mark(e);
    if (!m) return (struct place){ 0, 0 }; /* nothing is written there: the parent's place serves */
    return (struct place){ (unsigned)m->line + 1, (unsigned)m->column + 1 };
}

static bool fail_at(struct yreader *y, struct fy_event *e, const char *what)
{
    return yaml_fail(y->src, event_place(e), y->err, "%s", what);
}

/* What libfyaml found wrong, with its place. */
static bool fail_syntax(struct yreader *y)
{
    void *walk = NULL;
    const struct fy_diag_error *e = fy_diag_errors_iterate(y->diag, &walk);
    if (!e) return yaml_fail(y->src, (struct place){ 1, 1 }, y->err, "this is not YAML");
    struct place at = { e->line > 0 ? (unsigned)e->line : 1,
                        e->column > 0 ? (unsigned)e->column : 1 };
    struct slice msg = slice_trim(slice_z(e->msg));
    return yaml_fail(y->src, at, y->err, "%.*s", SL_FMT(msg));
}

/* The next event; NULL with the error set. */
static struct fy_event *next(struct yreader *y)
{
    if (err_is(y->err)) return NULL;
    struct fy_event *e = fy_parser_parse(y->parser);
    if (e && !fy_parser_get_stream_error(y->parser)) return e;
    if (e) fy_parser_event_free(y->parser, e);
    fail_syntax(y);
    return NULL;
}

static void drop(struct yreader *y, struct fy_event *e)
{
    if (e) fy_parser_event_free(y->parser, e);
}

static struct slice token_text(struct yreader *y, struct fy_token *t)
{
    size_t n = 0;
    const char *p = t ? fy_token_get_text(t, &n) : NULL;
    return arena_dup(y->arena, (struct slice){ p, p ? n : 0 });
}

/* ---- nodes ---------------------------------------------------------------------------------------- */

static struct ynode *new_node(struct yreader *y, struct fy_event *e, enum ynode_kind kind)
{
    struct ynode *n = arena_one(y->arena, struct ynode);
    n->kind = kind;
    n->place = event_place(e);
    n->weight = 1;
    return n;
}

/* Counts a child; false when the whole would be too much. */
static bool grow(struct yreader *y, struct ynode *n, const struct ynode *child)
{
    n->weight += child->weight + 1;
    if (n->weight <= YAML_MAX_NODES) return true;
    return yaml_fail(y->src, n->place, y->err, "more than %d nodes, aliases counted in full",
                     YAML_MAX_NODES);
}

static void keep_anchor(struct yreader *y, struct fy_token *anchor, struct ynode *node)
{
    if (!anchor || !node) return;
    size_t size = sizeof *y->anchors, n = y->anchors_n;
    if ((n & (n - 1)) == 0) /* grows at powers of two */
        y->anchors = arena_grow(y->arena, y->anchors, n * size, (n ? n * 2 : 1) * size);
    y->anchors[y->anchors_n++] = (struct anchor){ token_text(y, anchor), node };
}

static struct ynode *read_alias(struct yreader *y, struct fy_event *e)
{
    struct slice name = token_text(y, fy_event_get_token(e));
    for (size_t i = y->anchors_n; i-- > 0;)
        if (slice_eq(y->anchors[i].name, name)) return y->anchors[i].node;
    struct place at = event_place(e);
    if (at.column > 1) at.column--; /* the mark stands behind the '*' */
    yaml_fail(y->src, at, y->err, "no anchor &%.*s stands before this alias", SL_FMT(name));
    return NULL;
}

static bool undo_binary(struct yreader *y, struct fy_event *e, struct ynode *n)
{
    struct slice tag = token_text(y, fy_event_get_tag_token(e));
    if (!slice_ends(tag, SL("binary"))) return true;
    struct buf out = BUF_INIT(YAML_MAX_BYTES);
    bool ok = enc_unbase64(&out, n->text);
    if (ok) n->text = arena_dup(y->arena, buf_slice(&out));
    buf_free(&out);
    return ok || fail_at(y, e, "!!binary wants base64");
}

/* libfyaml 0.7.12 reads four quotes in a row inside '…' as three. Such a text, when it stands in one line,
 * is taken from the file itself. */
static void fix_quotes(struct yreader *y, struct fy_event *e, struct ynode *n)
{
    const struct fy_mark *m = fy_event_start_mark(e), *end = fy_event_end_mark(e);
    struct slice raw = m && end ? slice_sub(y->src->text, m->input_pos, end->input_pos) : SL("");
    if (slice_chr(raw, '\n') != SLICE_NONE || slice_find(raw, SL("''''")) == SLICE_NONE) return;
    char *to = arena_alloc(y->arena, 1, raw.n + 1);
    n->text = (struct slice){ to, 0 };
    for (size_t i = 0; i < raw.n; i++) { /* the marks leave the outer quotes out */
        to[n->text.n++] = raw.p[i];
        if (raw.p[i] == '\'') i++;
    }
}

static struct ynode *read_scalar(struct yreader *y, struct fy_event *e)
{
    struct ynode *n = new_node(y, e, YAML_SCALAR);
    struct fy_token *t = fy_event_get_token(e);
    n->text = token_text(y, t);
    n->plain = !t || fy_token_scalar_style(t) == FYSS_PLAIN;
    if (t && fy_token_scalar_style(t) == FYSS_SINGLE_QUOTED) fix_quotes(y, e, n);
    return undo_binary(y, e, n) ? n : NULL;
}

/* The next child of a list or a map; NULL at its end (*end) or for a mistake. */
static struct ynode *read_child(struct yreader *y, bool *end)
{
    struct fy_event *e = next(y);
    if (!e) return NULL;
    *end = e->type == FYET_SEQUENCE_END || e->type == FYET_MAPPING_END;
    struct ynode *n = *end ? NULL : read_node(y, e);
    drop(y, e);
    return n;
}

static struct ynode *read_list(struct yreader *y, struct fy_event *e)
{
    struct ynode *list = new_node(y, e, YAML_LIST), *item;
    size_t cap = 0;
    bool end = false;
    while ((item = read_child(y, &end))) {
        if (list->n == cap) {
            size_t more = cap ? cap * 2 : 4, size = sizeof *list->items;
            list->items = arena_grow(y->arena, list->items, cap * size, more * size);
            cap = more;
        }
        if (item->place.line == 0) item->place = list->place;
        list->items[list->n++] = item;
        if (!grow(y, list, item)) return NULL;
    }
    return end ? list : NULL;
}

static void add_pair(struct yreader *y, struct ynode *map, size_t *cap, struct ypair pair)
{
    if (map->n == *cap) {
        size_t more = *cap ? *cap * 2 : 4, size = sizeof pair;
        map->pairs = arena_grow(y->arena, map->pairs, *cap * size, more * size);
        *cap = more;
    }
    map->pairs[map->n++] = pair;
}

/* Takes over the pairs of other that map does not have. */
static bool merge_one(struct yreader *y, struct ynode *map, size_t *cap, const struct ynode *other)
{
    if (other->kind != YAML_MAP)
        return yaml_fail(y->src, other->place, y->err, "<< wants a mapping");
    for (size_t i = 0; i < other->n; i++) {
        bool has = false;
        for (size_t k = 0; k < map->n && !has; k++)
            has = slice_eq(map->pairs[k].key, other->pairs[i].key);
        if (!has) add_pair(y, map, cap, other->pairs[i]);
    }
    return true;
}

static bool merge(struct yreader *y, struct ynode *map, size_t *cap, const struct ynode *from)
{
    if (from->kind == YAML_SCALAR || from->n > 100)
        return yaml_fail(y->src, from->place, y->err, "<< wants a small mapping");
    if (from->kind == YAML_MAP) return merge_one(y, map, cap, from);
    for (size_t i = 0; i < from->n; i++)
        if (!merge_one(y, map, cap, from->items[i])) return false;
    return true;
}

/* Fills *pair from its two nodes. */
static bool read_pair(struct yreader *y, struct ynode *key, struct ypair *pair)
{
    bool end = false;
    if (key->kind != YAML_SCALAR)
        return yaml_fail(y->src, key->place, y->err, "a key must be a text");
    *pair = (struct ypair){ key->text, key->place, read_child(y, &end) };
    if (pair->value && pair->value->place.line == 0) pair->value->place = key->place;
    return pair->value != NULL;
}

static bool duplicate(struct yreader *y, struct map *seen, const struct ypair *pair)
{
    void **at = map_at(seen, pair->key);
    const struct place *first = *at;
    if (first)
        return !yaml_fail(y->src, pair->place, y->err,
                          "the key \"%.*s\" stands here twice: line %u", SL_FMT(pair->key),
                          first->line);
    struct place *copy = arena_one(y->arena, struct place);
    *copy = pair->place;
    *at = copy;
    return false;
}

static bool read_pairs(struct yreader *y, struct ynode *map, struct map *seen)
{
    struct ynode *key, *merged = NULL;
    size_t cap = 0;
    bool end = false;
    while ((key = read_child(y, &end))) {
        struct ypair pair;
        if (!read_pair(y, key, &pair) || duplicate(y, seen, &pair)) return false;
        if (!grow(y, map, pair.value)) return false;
        if (key->plain && slice_eq(key->text, SL("<<")))
            merged = pair.value;
        else
            add_pair(y, map, &cap, pair);
    }
    return end && (!merged || merge(y, map, &cap, merged));
}

static struct ynode *read_map(struct yreader *y, struct fy_event *e)
{
    struct ynode *map = new_node(y, e, YAML_MAP);
    struct map *seen = map_new();
    bool ok = read_pairs(y, map, seen);
    map_free(seen);
    return ok ? map : NULL;
}

static struct ynode *read_node(struct yreader *y, struct fy_event *e)
{
    struct ynode *n = NULL;
    if (y->depth >= YAML_MAX_DEPTH) {
        fail_at(y, e, "nested deeper than 64 levels");
        return NULL;
    }
    y->depth++;
    if (e->type == FYET_SCALAR)
        n = read_scalar(y, e);
    else if (e->type == FYET_SEQUENCE_START)
        n = read_list(y, e);
    else if (e->type == FYET_MAPPING_START)
        n = read_map(y, e);
    else if (e->type == FYET_ALIAS)
        n = read_alias(y, e);
    else
        fail_at(y, e, "this is not understood");
    y->depth--;
    if (e->type != FYET_ALIAS) keep_anchor(y, fy_event_get_anchor_token(e), n);
    return n;
}

/* ---- the document --------------------------------------------------------------------------------- */

/* The first event that matters: a node, or NULL at the end of the stream. */
static struct ynode *read_document(struct yreader *y)
{
    struct ynode *root = NULL;
    for (bool done = false; !done;) {
        struct fy_event *e = next(y);
        if (!e) return NULL;
        done = e->type == FYET_STREAM_END;
        if (e->type == FYET_DOCUMENT_START && root)
            fail_at(y, e, "a scenario file holds one document");
        else if (!done && e->type != FYET_STREAM_START && e->type != FYET_DOCUMENT_START &&
                 e->type != FYET_DOCUMENT_END)
            root = read_node(y, e);
        drop(y, e);
    }
    if (!root) {
        root = arena_one(y->arena, struct ynode);
        *root = (struct ynode){ .plain = true, .text = SL(""), .place = { 1, 1 }, .weight = 1 };
    }
    return err_is(y->err) ? NULL : root;
}

/* libfyaml wants UTF-8 and stops at NUL. */
static bool check_text(const struct ysource *src, struct err *err)
{
    unsigned line, column;
    if (src->text.n > YAML_MAX_BYTES)
        return err_set(err, ERR_INPUT, "%s: larger than %u MiB", src->name, YAML_MAX_BYTES >> 20);
    size_t bad = slice_chr(src->text, 0);
    if (bad == SLICE_NONE && enc_is_utf8(src->text)) return true;
    if (slice_starts(src->text, SL("\xff\xfe")) || slice_starts(src->text, SL("\xfe\xff")))
        return err_at(err, src->name, 1, 1, "this is UTF-16: save it as UTF-8");
    if (bad == SLICE_NONE) {
        size_t low = 0;
        bad = src->text.n;
        while (bad - low > 1) { /* the longest start that is UTF-8 ends near the bad byte */
            size_t mid = low + (bad - low) / 2, cut = mid;
            while (cut > low && ((unsigned char)src->text.p[cut] & 0xc0) == 0x80)
                cut--;
            if (enc_is_utf8(slice_sub(src->text, 0, cut)))
                low = mid;
            else
                bad = mid;
        }
        bad = low;
    }
    file_place(src->text, bad, &line, &column);
    return err_at(err, src->name, line, column, "not a text file: this byte is not UTF-8");
}

static struct fy_diag *quiet_diag(void)
{
    struct fy_diag_cfg cfg;
    fy_diag_cfg_default(&cfg);
    cfg.fp = NULL;
    cfg.level = FYET_ERROR;
    struct fy_diag *d = fy_diag_create(&cfg);
    if (d) fy_diag_set_collect_errors(d, true);
    return d;
}

struct ynode *yaml_parse(struct arena *a, const struct ysource *src, struct err *err)
{
    struct err own = { 0 };
    struct yreader y = { .arena = a, .src = src, .err = err ? err : &own };
    struct ynode *root = NULL;
    if (!check_text(src, err)) return NULL;
    y.diag = quiet_diag();
    struct fy_parse_cfg cfg = { .flags = FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2, .diag = y.diag };
    y.parser = y.diag ? fy_parser_create(&cfg) : NULL;
    if (!y.parser || fy_parser_set_string(y.parser, src->text.p ? src->text.p : "", src->text.n))
        err_set(y.err, ERR_INTERNAL, "%s: the YAML parser did not start", src->name);
    else
        root = read_document(&y);
    if (y.parser) fy_parser_destroy(y.parser);
    fy_diag_destroy(y.diag);
    return root;
}
