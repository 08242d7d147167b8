/* Readers of single values, and of mappings by table: what all other read_*.c are made of.
 *
 * Invariant: a reader that returns false has set the error, with the place of the node that it did not
 * like. Numbers and durations go through base/num. */
#include "scenarios/read.h"

#include "base/num.h"
#include "scenarios/nearest.h"

/* ---- mappings ------------------------------------------------------------------------------------- */

/* Words of other tools, with what is written here instead. */
static const struct {
    const char *key, *say;
} foreign[] = {
    { "min_wait", "write wait: { uniform: [1.5s, 5s] }" },
    { "max_wait", "write wait: { uniform: [1.5s, 5s] }" },
    { "wait_time", "write wait: { uniform: [1.5s, 5s] }" },
    { "host", "write target:" },
    { "base_url", "write target:" },
    { "hatch_rate", "write spawn_rate:" },
    { "vus", "write load: { users: 10 }" },
    { "duration", "write load: { run_time: 5m }" },
    { "url", "write request: GET /path" },
    { "get", "write request: GET /path" },
    { "post", "write request: POST /path" },
    { "assert", "write expect:" },
    { "check", "write expect:" },
    { "sleep", "write think: 2s" },
    { "capture", "write extract:" },
};

static bool unknown_key(struct reader *r, const struct ypair *pair, const char *what,
                        const struct key *keys)
{
    struct nearest near;
    char hint[80];
    nearest_init(&near, pair->key);
    for (const struct key *k = keys; k->name; k++)
        nearest_consider(&near, slice_z(k->name));
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign && !near.best.n; i++)
        if (slice_ieq(pair->key, slice_z(foreign[i].key)))
            return yaml_fail(&r->src, pair->place, r->err, "unknown key \"%.*s\" in %s: %s",
                             SL_FMT(pair->key), what, foreign[i].say);
    return yaml_fail(&r->src, pair->place, r->err, "unknown key \"%.*s\" in %s%s",
                     SL_FMT(pair->key), what, nearest_hint(&near, hint, sizeof hint));
}

static const struct key *find_key(const struct key *keys, struct slice name)
{
    for (const struct key *k = keys; k->name; k++)
        if (slice_eq(name, slice_z(k->name))) return k;
    return NULL;
}

bool read_map(struct reader *r, const struct ynode *n, const char *what, const struct key *keys,
              void *into)
{
    if (n->kind != YAML_MAP)
        return yaml_fail(&r->src, n->place, r->err, "%s is a mapping (name: value)", what);
    for (size_t i = 0; i < n->n; i++) {
        const struct ypair *pair = &n->pairs[i];
        const struct key *k = find_key(keys, pair->key);
        if (!k) return !read_turned_waits(r, n) && unknown_key(r, pair, what, keys);
        if (!k->read(r, pair->value, (char *)into + k->offset)) return false;
    }
    return true;
}

const struct ynode *read_get(const struct ynode *n, const char *key)
{
    if (n->kind != YAML_MAP) return NULL;
    for (size_t i = 0; i < n->n; i++)
        if (slice_eq(n->pairs[i].key, slice_z(key))) return n->pairs[i].value;
    return NULL;
}

size_t read_count(const struct ynode *n)
{
    return n->kind == YAML_LIST ? n->n : 1;
}

const struct ynode *read_item(const struct ynode *n, size_t i)
{
    return n->kind == YAML_LIST ? n->items[i] : n;
}

/* ---- scalars -------------------------------------------------------------------------------------- */

bool read_nothing(struct reader *r, const struct ynode *n, void *unused)
{
    (void)r;
    (void)n;
    (void)unused;
    return true;
}

bool read_plain(struct reader *r, const struct ynode *n, void *slice)
{
    if (n->kind != YAML_SCALAR)
        return yaml_fail(&r->src, n->place, r->err, "a text belongs here, not a %s",
                         n->kind == YAML_LIST ? "list" : "mapping");
    *(struct slice *)slice = yaml_is_null(n) ? SL("") : n->text;
    return true;
}

static void keep_place(struct reader *r, const struct ynode *n)
{
    size_t size = sizeof *r->s->places, have = r->s->places_n;
    if ((have & (have - 1)) == 0) /* grows at powers of two */
        r->s->places =
            arena_grow(r->arena, r->s->places, have * size, (have ? have * 2 : 1) * size);
    r->s->places[r->s->places_n++] = (struct text_place){ n->text.p, n->place };
}

bool read_text(struct reader *r, const struct ynode *n, void *slice)
{
    if (!read_plain(r, n, slice)) return false;
    keep_place(r, n);
    return true;
}

bool read_bool(struct reader *r, const struct ynode *n, void *flag)
{
    bool yes = n->kind == YAML_SCALAR && slice_eq(n->text, SL("true"));
    bool no = n->kind == YAML_SCALAR && slice_eq(n->text, SL("false"));
    if (!yes && !no) return yaml_fail(&r->src, n->place, r->err, "true or false belongs here");
    *(bool *)flag = yes;
    return true;
}

static bool whole(struct reader *r, const struct ynode *n, uint64_t max, uint64_t *out)
{
    if (n->kind == YAML_SCALAR && num_u64(n->text, max, out)) return true;
    return yaml_fail(&r->src, n->place, r->err, "a whole number from 0 to %llu belongs here",
                     (unsigned long long)max);
}

bool read_u32(struct reader *r, const struct ynode *n, void *u32)
{
    uint64_t v = 0;
    if (!whole(r, n, 1000000000, &v)) return false;
    *(uint32_t *)u32 = (uint32_t)v;
    return true;
}

bool read_u64(struct reader *r, const struct ynode *n, void *u64)
{
    return whole(r, n, (uint64_t)1 << 62, u64);
}

bool read_number(struct reader *r, const struct ynode *n, void *f64)
{
    double v = 0;
    if (n->kind != YAML_SCALAR || !num_f64(n->text, &v) || v < 0 || v > 1e12)
        return yaml_fail(&r->src, n->place, r->err, "a number of 0 or more belongs here");
    *(double *)f64 = v;
    return true;
}

bool read_rate(struct reader *r, const struct ynode *n, void *f64)
{
    double v = 0;
    if (n->kind != YAML_SCALAR || !num_rate(n->text, &v) || v < 0 || v > 1e12)
        return yaml_fail(&r->src, n->place, r->err, "a rate like 500/s or 30/m belongs here");
    *(double *)f64 = v;
    return true;
}

bool read_duration(struct reader *r, const struct ynode *n, void *ns)
{
    if (n->kind == YAML_SCALAR && num_duration(n->text, ns)) return true;
    return yaml_fail(&r->src, n->place, r->err,
                     "a duration like 250ms, 1.5s, 3m or 1h30m belongs here");
}

bool read_word(struct reader *r, const struct ynode *n, const struct word *words, int *out)
{
    struct nearest near;
    char all[200], hint[80];
    struct slice word = n->kind == YAML_SCALAR ? n->text : SL("");
    struct buf list = BUF_INIT(sizeof all - 1);
    nearest_init(&near, word);
    for (const struct word *w = words; w->name; w++) {
        if (slice_eq(word, slice_z(w->name))) {
            *out = w->value;
            buf_free(&list);
            return true;
        }
        nearest_consider(&near, slice_z(w->name));
        buf_addf(&list, "%s%s", w == words ? "" : ", ", w->name);
    }
    yaml_fail(&r->src, n->place, r->err, "\"%.*s\" is not one of: %s%s", SL_FMT(word), buf_z(&list),
              nearest_hint(&near, hint, sizeof hint));
    buf_free(&list);
    return false;
}

/* ---- name: value ---------------------------------------------------------------------------------- */

static bool add_field(struct reader *r, struct fields *f, const struct ypair *pair,
                      const struct ynode *value)
{
    struct field field = { .name = pair->key };
    if (!read_text(r, value, &field.value)) return false;
    size_t size = sizeof field;
    if ((f->n & (f->n - 1)) == 0) /* grows at powers of two */
        f->v = arena_grow(r->arena, f->v, f->n * size, (f->n ? f->n * 2 : 1) * size);
    f->v[f->n++] = field;
    return true;
}

static bool add_fields(struct reader *r, struct fields *f, const struct ynode *map)
{
    for (size_t i = 0; i < map->n; i++)
        for (size_t k = 0; k < read_count(map->pairs[i].value); k++)
            if (!add_field(r, f, &map->pairs[i], read_item(map->pairs[i].value, k))) return false;
    return true;
}

/* A mapping, a list as a value for a name that comes more than once; or a list of mappings. */
bool read_fields(struct reader *r, const struct ynode *n, void *fields)
{
    if (yaml_is_null(n)) return true;
    for (size_t i = 0; i < read_count(n); i++) {
        const struct ynode *item = read_item(n, i);
        if (item->kind != YAML_MAP)
            return yaml_fail(&r->src, item->place, r->err, "name: value belongs here");
        if (!add_fields(r, fields, item)) return false;
    }
    return true;
}
