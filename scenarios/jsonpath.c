/* The walk of a JSONPath: one reader over the text, copied where a branch must come back.
 *
 * Called for every answer that an extractor or a check looks into, so it stops at the nth node and
 * allocates nothing (but the text of escaped strings in filters). The order of nodes is RFC 9535's: a
 * node's own children before those of its descendants. A budget of bytes bounds what a hostile text and a
 * path with several ".." can cost together. */
#include "scenarios/jsonpath_impl.h"

#define BUDGET_FACTOR 64
#define BUDGET_LEAST (64 * 1024)

struct search {
    struct walk *walk;
    const struct jsonpath *path;
    unsigned left; /* hits still to pass, the wanted one included */
    bool done;     /* found, or the budget is used up */
    bool found;
    struct json_hit hit;
};

static void visit(struct search *s, size_t seg, const struct json *node);

/* Takes what was read off the budget. */
static bool charge(struct search *s, size_t bytes)
{
    if (bytes <= s->walk->budget) {
        s->walk->budget -= bytes;
        return true;
    }
    s->walk->budget = 0;
    s->done = true;
    return false;
}

/* Moves over the value at j; false when the text is broken or the budget is gone. */
static bool pass(struct search *s, struct json *j)
{
    size_t from = j->at;
    return json_skip(j) && charge(s, j->at - from + 1);
}

static void hit(struct search *s, const struct json *node)
{
    if (--s->left) return;
    struct json j = *node;
    s->done = true;
    s->hit = (struct json_hit){ j.tok, j.raw, j.escaped };
    s->found = (j.tok != JSON_OBJECT && j.tok != JSON_ARRAY) || json_value(&j, &s->hit.raw);
}

/* The next child of the container that j stands in: j is then at its value, *key (if wanted) a copy of the
 * reader at its name. */
static bool next_child(struct search *s, struct json *j, struct json *key)
{
    size_t from = j->at;
    if (json_next(j) == JSON_KEY) {
        if (key) *key = *j;
        json_next(j);
    }
    switch (j->tok) {
    case JSON_ERROR:
    case JSON_END:
    case JSON_KEY:
    case JSON_OBJECT_END:
    case JSON_ARRAY_END: return false;
    case JSON_OBJECT:
    case JSON_ARRAY:
    case JSON_STRING:
    case JSON_NUMBER:
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL: break;
    }
    return charge(s, j->at - from);
}

static int64_t count_children(struct search *s, struct json j)
{
    int64_t n = 0;
    while (next_child(s, &j, NULL)) {
        n++;
        if (!pass(s, &j)) return n;
    }
    return n;
}

/* Visits the child at an index of the array that starts at j. */
static void visit_index(struct search *s, size_t seg, struct json j, int64_t index)
{
    for (int64_t i = 0; !s->done && next_child(s, &j, NULL); i++) {
        if (i == index) {
            visit(s, seg + 1, &j);
            return;
        }
        if (!pass(s, &j)) return;
    }
}

static int64_t clip(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

/* RFC 9535 2.3.4.2.2. */
static void visit_slice(struct search *s, size_t seg, const struct selector *sel, struct json j)
{
    int64_t len = count_children(s, j), step = sel->step;
    int64_t from = sel->has_from ? sel->from : (step >= 0 ? 0 : len - 1);
    int64_t to = sel->has_to ? sel->to : (step >= 0 ? len : -len - 1);
    if (from < 0) from += len;
    if (to < 0) to += len;
    if (step < 0) {
        from = clip(from, -1, len - 1);
        to = clip(to, -1, len - 1);
        for (int64_t i = from; i > to && !s->done; i += step)
            visit_index(s, seg, j, i);
        return;
    }
    from = clip(from, 0, len);
    to = clip(to, 0, len);
    if (step == 0) return;
    for (int64_t i = 0; i < to && !s->done && next_child(s, &j, NULL); i++) {
        if (i >= from && (i - from) % step == 0) visit(s, seg + 1, &j);
        if (s->done || !pass(s, &j)) return;
    }
}

static void visit_all(struct search *s, size_t seg, const struct selector *sel, struct json j)
{
    while (!s->done && next_child(s, &j, NULL)) {
        if (!sel->filter || filter_holds(sel->filter, s->walk, &j)) visit(s, seg + 1, &j);
        if (s->done || !pass(s, &j)) return;
    }
}

static void visit_name(struct search *s, size_t seg, struct slice name, struct json j)
{
    struct json key;
    while (!s->done && next_child(s, &j, &key)) {
        if (json_key_is(&key, name)) {
            visit(s, seg + 1, &j);
            return;
        }
        if (!pass(s, &j)) return;
    }
}

static void select_children(struct search *s, size_t seg, const struct selector *sel,
                            const struct json *node)
{
    bool array = node->tok == JSON_ARRAY;
    switch (sel->kind) {
    case SELECT_NAME:
        if (!array) visit_name(s, seg, sel->name, *node);
        return;
    case SELECT_INDEX: {
        if (!array) return;
        int64_t index = sel->from < 0 ? sel->from + count_children(s, *node) : sel->from;
        if (index >= 0) visit_index(s, seg, *node, index);
        return;
    }
    case SELECT_SLICE:
        if (array) visit_slice(s, seg, sel, *node);
        return;
    case SELECT_WILDCARD:
    case SELECT_FILTER: visit_all(s, seg, sel, *node); return;
    }
}

static void descend(struct search *s, size_t seg, const struct json *node)
{
    struct json j = *node;
    while (!s->done && next_child(s, &j, NULL)) {
        if (j.tok == JSON_OBJECT || j.tok == JSON_ARRAY) visit(s, seg, &j);
        if (s->done || !pass(s, &j)) return;
    }
}

/* Applies the path from its segment seg on to the value at node. */
static void visit(struct search *s, size_t seg, const struct json *node)
{
    if (seg == s->path->n) {
        hit(s, node);
        return;
    }
    if (node->tok != JSON_OBJECT && node->tok != JSON_ARRAY) return;
    const struct segment *segment = &s->path->v[seg];
    for (size_t i = 0; i < segment->n && !s->done; i++)
        select_children(s, seg, &segment->v[i], node);
    if (segment->descend && !s->done) descend(s, seg, node);
}

bool walk_path(struct walk *w, const struct jsonpath *path, const struct json *node, unsigned nth,
               struct json_hit *out)
{
    struct search s = { .walk = w, .path = path, .left = nth ? nth : 1 };
    struct json root;
    if (!path->relative) {
        json_init(&root, w->text);
        if (json_next(&root) == JSON_ERROR || root.tok == JSON_END) return false;
        node = &root;
    }
    visit(&s, 0, node);
    if (s.found) *out = s.hit;
    return s.found;
}

bool jsonpath_find(const struct jsonpath *path, struct slice text, unsigned nth,
                   struct arena *scratch, struct json_hit *out)
{
    struct walk w = { text, scratch, BUDGET_LEAST };
    if (text.n < SIZE_MAX / BUDGET_FACTOR) w.budget += text.n * BUDGET_FACTOR;
    return walk_path(&w, path, NULL, nth, out);
}

struct slice jsonpath_text(struct slice body)
{
    static const struct slice guards[] = { { ")]}'", 4 }, { "for(;;);", 8 }, { "while(1);", 9 } };
    for (size_t i = 0; i < sizeof guards / sizeof *guards; i++) {
        if (!slice_starts(body, guards[i])) continue;
        body = slice_from(body, guards[i].n);
        return slice_starts(body, SL(",")) ? slice_from(body, 1) : body;
    }
    return body;
}
