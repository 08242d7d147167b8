/* One capture, many users: which session an exchange belongs to. Called by the capture and import
 * commands.
 *
 * By cookie: the session cookie that was sent names the user; one that an answer sets in exchange for it
 * (a new id at login) is the same user's. Without a cookie it is the client's address. */
#include <stdint.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "capture/capture.h"
#include "http/cookie.h"

struct capture_splitter {
    enum capture_split by;
    struct arena *arena;
    struct map *groups; /* key to number + 1 */
    size_t n;
};

struct capture_splitter *capture_splitter_new(enum capture_split by)
{
    struct capture_splitter *p = mem_alloc(1, sizeof *p);
    p->by = by;
    p->arena = arena_new();
    p->groups = map_new();
    return p;
}

void capture_splitter_free(struct capture_splitter *p)
{
    if (!p) return;
    map_free(p->groups);
    arena_free(p->arena);
    free(p);
}

static bool is_session_name(struct slice name)
{
    return log_is_secret_name(name) || slice_ifind(name, SL("sess")) != SLICE_NONE ||
           slice_ifind(name, SL("sid")) != SLICE_NONE;
}

/* The first session cookie of the headers of that name; of Set-Cookie only each first pair counts. */
static struct slice session_cookie(const struct headers *h, struct slice header, bool set)
{
    struct slice name, value;
    for (size_t i = 0; i < h->n; i++) {
        struct slice rest = h->v[i].value;
        if (!slice_ieq(h->v[i].name, header)) continue;
        while (cookie_next(&rest, &name, &value)) {
            if (is_session_name(name) && value.n) return value;
            if (set) break;
        }
    }
    return SL("");
}

static struct slice without_port(struct slice client)
{
    for (size_t i = client.n; i > 0; i--)
        if (client.p[i - 1] == ':') return slice_sub(client, 0, i - 1);
    return client;
}

static uintptr_t lookup(const struct capture_splitter *p, struct slice key)
{
    return key.n ? (uintptr_t)map_get(p->groups, key) : 0;
}

static void put(struct capture_splitter *p, struct slice key, uintptr_t group)
{
    if (key.n && !map_get(p->groups, key))
        *map_at(p->groups, arena_dup(p->arena, key)) = (void *)group;
}

struct slice capture_split_key(enum capture_split by, const struct exchange *ex)
{
    switch (by) {
    case CAPTURE_SPLIT_NO: return SL("");
    case CAPTURE_SPLIT_CLIENT: return without_port(ex->client);
    case CAPTURE_SPLIT_CONNECTION: return ex->connection;
    case CAPTURE_SPLIT_COOKIE: break;
    }
    return session_cookie(&ex->request.headers, SL("cookie"), false);
}

size_t capture_splitter_group(struct capture_splitter *p, const struct exchange *ex)
{
    bool cookie = p->by == CAPTURE_SPLIT_COOKIE;
    struct slice key = capture_split_key(p->by, ex), set = { 0 };
    if (cookie) set = session_cookie(&ex->response.headers, SL("set-cookie"), true);
    uintptr_t group = lookup(p, key);
    if (!group) group = lookup(p, set);
    if (!group && cookie && !key.n && !set.n) {
        key = without_port(ex->client);
        group = lookup(p, key);
    }
    if (!group) group = ++p->n;
    put(p, key, group);
    put(p, set, group);
    return group - 1;
}

size_t capture_split(const struct session *s, enum capture_split by, struct session **out,
                     size_t max)
{
    struct capture_splitter *p = capture_splitter_new(by);
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        size_t group = capture_splitter_group(p, s->exchanges[i]);
        if (group < max && group == n) {
            out[n] = session_new();
            out[n]->source = arena_dup(out[n]->arena, s->source);
            out[n]->creator = arena_dup(out[n]->arena, s->creator);
            n++;
        }
        if (group < n) capture_copy(out[group], s->exchanges[i]);
    }
    size_t groups = p->n;
    capture_splitter_free(p);
    return groups;
}
