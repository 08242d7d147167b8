/* Trees of JSON over base/json's pull reader. Called by readers of plans and of Charles' JSON.
 *
 * Invariant: no recursion; the open objects are a stack as deep as the pull reader allows. */
#include "base/json_tree.h"

struct building {
    struct json_node *open[JSON_MAX_DEPTH + 1], *last[JSON_MAX_DEPTH + 1];
    unsigned depth;
    size_t nodes;
};

static struct json_node *add(struct building *b, struct json *j, struct arena *a, struct slice key)
{
    struct json_node *n = arena_one(a, struct json_node);
    n->kind = j->tok;
    n->key = key;
    n->at = j->tok_at;
    n->text = j->tok == JSON_STRING ? arena_dup(a, json_str(j, a)) : (struct slice){ 0 };
    if (j->tok >= JSON_NUMBER) n->text = arena_dup(a, j->raw);
    if (b->depth > 0) {
        struct json_node *last = b->last[b->depth - 1];
        *(last ? &last->next : &b->open[b->depth - 1]->child) = n;
        b->last[b->depth - 1] = n;
    }
    b->nodes++;
    return n;
}

static bool opens(enum json_tok t)
{
    return t == JSON_OBJECT || t == JSON_ARRAY;
}

struct json_node *json_tree(struct json *j, struct arena *a, size_t max)
{
    struct building b = { 0 };
    struct slice key = { 0 };
    struct json_node *root = NULL;
    do {
        if (j->tok == JSON_ERROR || j->tok == JSON_END || b.nodes > max) return NULL;
        if (j->tok == JSON_KEY) {
            key = arena_dup(a, json_str(j, a));
        } else if (j->tok == JSON_OBJECT_END || j->tok == JSON_ARRAY_END) {
            b.depth--;
        } else {
            struct json_node *n = add(&b, j, a, key);
            if (!root) root = n;
            key = (struct slice){ 0 };
            if (opens(j->tok)) {
                b.open[b.depth] = n;
                b.last[b.depth++] = NULL;
            }
        }
        if (b.depth > 0) json_next(j);
    } while (b.depth > 0);
    return root;
}

struct json_node *json_member(const struct json_node *n, struct slice key)
{
    if (!n || n->kind != JSON_OBJECT) return NULL;
    for (struct json_node *c = n->child; c; c = c->next)
        if (slice_eq(c->key, key)) return c;
    return NULL;
}

struct slice json_member_text(const struct json_node *n, struct slice key)
{
    const struct json_node *m = json_member(n, key);
    bool text = m && (m->kind == JSON_STRING || m->kind == JSON_NUMBER);
    return text ? m->text : (struct slice){ 0 };
}

bool json_member_true(const struct json_node *n, struct slice key)
{
    const struct json_node *m = json_member(n, key);
    return m && m->kind == JSON_TRUE;
}
