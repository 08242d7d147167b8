/* Waits, load, stages, thresholds and feeds.
 *
 * Called by scenario_parse through the tables of model_read.c. A wait whose shortest is longer than its
 * longest is refused in words: it is what a famous example of another tool gets wrong. */
#include <stddef.h>

#include "base/num.h"
#include "scenarios/read.h"

/* ---- waits ---------------------------------------------------------------------------------------- */

static bool pair_of_durations(struct reader *r, const struct ynode *n, struct wait *w)
{
    if (n->kind != YAML_LIST || n->n != 2)
        return yaml_fail(&r->src, n->place, r->err, "two durations belong here: [1.5s, 5s]");
    return read_duration(r, n->items[0], &w->a_ns) && read_duration(r, n->items[1], &w->b_ns);
}

static bool turned_around(struct reader *r, struct place place, uint64_t min_ns, uint64_t max_ns)
{
    struct buf text = BUF_INIT(200);
    buf_addz(&text, "wait: the shortest wait (");
    num_add_duration(&text, min_ns);
    buf_addz(&text, ") is longer than the longest (");
    num_add_duration(&text, max_ns);
    buf_addz(&text, ")");
    yaml_fail(&r->src, place, r->err, "%s", buf_z(&text));
    buf_free(&text);
    return false;
}

static bool uniform(struct reader *r, const struct ynode *n, struct wait *w)
{
    if (!pair_of_durations(r, n, w)) return false;
    return w->a_ns <= w->b_ns || turned_around(r, n->place, w->a_ns, w->b_ns);
}

/* A number alone is milliseconds: Locust's min_wait and max_wait were. */
static bool locust_wait(const struct ynode *n, uint64_t *ns)
{
    uint64_t ms;
    if (!n || n->kind != YAML_SCALAR) return false;
    if (!num_u64(slice_trim(n->text), UINT64_MAX / NS_PER_MS, &ms))
        return num_duration(slice_trim(n->text), ns);
    *ns = ms * NS_PER_MS;
    return true;
}

bool read_turned_waits(struct reader *r, const struct ynode *n)
{
    uint64_t min_ns, max_ns;
    const struct ynode *min = read_get(n, "min_wait");
    if (!locust_wait(min, &min_ns) || !locust_wait(read_get(n, "max_wait"), &max_ns)) return false;
    if (min_ns <= max_ns) return false;
    turned_around(r, min->place, min_ns, max_ns);
    return true;
}

static const struct word wait_kinds[] = {
    { "constant", WAIT_CONSTANT },
    { "uniform", WAIT_UNIFORM },
    { "normal", WAIT_NORMAL },
    { "exponential", WAIT_EXPONENTIAL },
    { "pacing", WAIT_PACING },
    { "recorded", WAIT_RECORDED },
    { NULL, 0 },
};

bool read_wait(struct reader *r, const struct ynode *n, void *wait)
{
    struct wait *w = wait;
    int kind = WAIT_CONSTANT;
    *w = (struct wait){ .kind = WAIT_CONSTANT };
    if (n->kind == YAML_SCALAR) {
        bool none = yaml_is_null(n) || slice_eq(n->text, SL("none"));
        if (none) w->kind = WAIT_NONE;
        return none || read_duration(r, n, &w->a_ns);
    }
    if (read_turned_waits(r, n)) return false;
    if (n->kind != YAML_MAP || n->n != 1)
        return yaml_fail(&r->src, n->place, r->err,
                         "a duration, or one of constant, uniform, normal, exponential, pacing, "
                         "recorded belongs here");
    struct ynode word = { .place = n->pairs[0].place, .text = n->pairs[0].key };
    if (!read_word(r, &word, wait_kinds, &kind)) return false;
    w->kind = (enum wait_kind)kind;
    if (w->kind == WAIT_UNIFORM) return uniform(r, n->pairs[0].value, w);
    if (w->kind == WAIT_NORMAL) return pair_of_durations(r, n->pairs[0].value, w);
    return read_duration(r, n->pairs[0].value, &w->a_ns);
}

/* ---- load ----------------------------------------------------------------------------------------- */

static const struct key stage_keys[] = {
    { "duration", read_duration, offsetof(struct stage, duration_ns) },
    { "target", read_number, offsetof(struct stage, target) },
    READ_KEYS_END,
};

/* "30s:100", or a mapping. */
static bool read_stage(struct reader *r, const struct ynode *n, struct stage *stage)
{
    struct slice duration, target;
    if (n->kind == YAML_MAP) {
        if (!read_map(r, n, "a stage", stage_keys, stage)) return false;
    } else if (n->kind != YAML_SCALAR || !slice_cut(n->text, ':', &duration, &target) ||
               !num_duration(slice_trim(duration), &stage->duration_ns) ||
               !num_f64(slice_trim(target), &stage->target) || stage->target < 0) {
        return yaml_fail(&r->src, n->place, r->err,
                         "a stage is \"30s:100\" or { duration: 30s, target: 100 }");
    }
    return stage->duration_ns > 0 ||
           yaml_fail(&r->src, n->place, r->err, "a stage wants a duration above 0");
}

static bool read_stages(struct reader *r, const struct ynode *n, void *load)
{
    struct load *l = load;
    l->stages_n = read_count(n);
    l->stages = arena_many(r->arena, l->stages_n + 1, struct stage);
    for (size_t i = 0; i < l->stages_n; i++)
        if (!read_stage(r, read_item(n, i), &l->stages[i])) return false;
    return true;
}

static bool read_arrival(struct reader *r, const struct ynode *n, void *arrival)
{
    static const struct word words[] = { { "none", ARRIVAL_NONE },
                                         { "constant", ARRIVAL_CONSTANT },
                                         { "poisson", ARRIVAL_POISSON },
                                         { NULL, 0 } };
    int v;
    if (!read_word(r, n, words, &v)) return false;
    *(enum arrival *)arrival = (enum arrival)v;
    return true;
}

static const struct key load_keys[] = {
    { "users", read_u32, offsetof(struct load, users) },
    { "spawn_rate", read_rate, offsetof(struct load, spawn_rate) },
    { "run_time", read_duration, offsetof(struct load, run_time_ns) },
    { "warm_up", read_duration, offsetof(struct load, warm_up_ns) },
    { "iterations", read_u64, offsetof(struct load, iterations) },
    { "loops", read_u64, offsetof(struct load, loops) },
    { "stages", read_stages, 0 },
    { "arrival", read_arrival, offsetof(struct load, arrival) },
    { "rate", read_rate, offsetof(struct load, rate) },
    { "max_users", read_u32, offsetof(struct load, max_users) },
    READ_KEYS_END,
};

bool read_load(struct reader *r, const struct ynode *n, void *load)
{
    struct load *l = load;
    if (!read_map(r, n, "load", load_keys, l)) return false;
    l->place = n->place;
    if (l->rate > 0 && !read_get(n, "arrival")) l->arrival = ARRIVAL_CONSTANT;
    return true;
}

/* ---- thresholds ----------------------------------------------------------------------------------- */

static const struct key threshold_keys[] = {
    { "rule", read_plain, offsetof(struct threshold, rule) },
    { "abort_on_fail", read_bool, offsetof(struct threshold, abort_on_fail) },
    { "delay", read_duration, offsetof(struct threshold, delay_ns) },
    READ_KEYS_END,
};

static bool read_threshold(struct reader *r, const struct ynode *n, struct threshold *t)
{
    t->place = n->place;
    if (n->kind == YAML_SCALAR) return read_plain(r, n, &t->rule);
    return read_map(r, n, "a threshold", threshold_keys, t);
}

bool read_thresholds(struct reader *r, const struct ynode *n, void *scenario)
{
    struct scenario *s = scenario;
    s->thresholds_n = yaml_is_null(n) ? 0 : read_count(n);
    s->thresholds = arena_many(r->arena, s->thresholds_n + 1, struct threshold);
    for (size_t i = 0; i < s->thresholds_n; i++)
        if (!read_threshold(r, read_item(n, i), &s->thresholds[i])) return false;
    return true;
}

/* ---- feeds ---------------------------------------------------------------------------------------- */

static bool read_pick(struct reader *r, const struct ynode *n, void *pick)
{
    static const struct word words[] = { { "sequential", PICK_SEQUENTIAL },
                                         { "random", PICK_RANDOM },
                                         { "unique", PICK_UNIQUE },
                                         { "shuffle", PICK_SHUFFLE },
                                         { NULL, 0 } };
    int v;
    if (!read_word(r, n, words, &v)) return false;
    *(enum feed_pick *)pick = (enum feed_pick)v;
    return true;
}

static bool read_end(struct reader *r, const struct ynode *n, void *end)
{
    static const struct word words[] = { { "recycle", FEED_RECYCLE },
                                         { "stop_user", FEED_STOP_USER },
                                         { "stop_run", FEED_STOP_RUN },
                                         { "fail", FEED_FAIL },
                                         { NULL, 0 } };
    int v;
    if (!read_word(r, n, words, &v)) return false;
    *(enum feed_end *)end = (enum feed_end)v;
    return true;
}

static bool read_per(struct reader *r, const struct ynode *n, void *per_iteration)
{
    static const struct word words[] = { { "user", 0 }, { "iteration", 1 }, { NULL, 0 } };
    int v;
    if (!read_word(r, n, words, &v)) return false;
    *(bool *)per_iteration = v;
    return true;
}

static const struct key feed_keys[] = {
    { "file", read_text, offsetof(struct feed, file) },
    { "pick", read_pick, offsetof(struct feed, pick) },
    { "at_end", read_end, offsetof(struct feed, end) },
    { "per", read_per, offsetof(struct feed, per_iteration) },
    READ_KEYS_END,
};

bool read_feeds(struct reader *r, const struct ynode *n, void *scenario)
{
    struct scenario *s = scenario;
    if (yaml_is_null(n)) return true;
    if (n->kind != YAML_MAP)
        return yaml_fail(&r->src, n->place, r->err, "feeds are name: { file: accounts.csv }");
    s->feeds_n = n->n;
    s->feeds = arena_many(r->arena, n->n + 1, struct feed);
    for (size_t i = 0; i < n->n; i++) {
        const struct ynode *value = n->pairs[i].value;
        struct feed *f = &s->feeds[i];
        f->name = n->pairs[i].key;
        f->place = n->pairs[i].place;
        if (value->kind == YAML_SCALAR) {
            f->file = value->text;
            continue;
        }
        if (!read_map(r, value, "a feed", feed_keys, f)) return false;
    }
    return true;
}
