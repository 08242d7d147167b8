/* The sink of `reprise capture`: masks if asked to, finds the session's file, writes.
 *
 * Limits: 200 files are open at a time; sessions beyond that share one named "…-rest". */
#include "cli/capture_out.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/version.h"
#include "har/har.h"

#define FILES_MAX 200

struct capture_out {
    const char *path;
    enum split split;
    bool mask;
    struct har_writer *v[FILES_MAX + 1];
    size_t n;
    struct map *by_key; /* to index + 1, as a pointer */
    struct arena *keys, *masked;
};

struct capture_out *capture_out_open(const char *path, enum split split, bool mask, struct err *err)
{
    struct capture_out *o = mem_alloc(1, sizeof *o);
    o->path = path;
    o->split = split;
    o->mask = mask;
    o->by_key = map_new();
    o->keys = arena_new();
    o->masked = arena_new();
    if (split) return o;
    o->v[0] = har_writer_open(path, REPRISE_VERSION, err);
    o->n = 1;
    if (o->v[0]) return o;
    capture_out_close(o, NULL);
    return NULL;
}

static struct slice without_port(struct slice client)
{
    for (size_t i = client.n; i > 0; i--)
        if (client.p[i - 1] == ':') return slice_sub(client, 0, i - 1);
    return client;
}

static struct slice key_of(const struct capture_out *o, const struct exchange *ex)
{
    switch (o->split) {
    case SPLIT_NO: break;
    case SPLIT_CLIENT: return without_port(ex->client);
    case SPLIT_CONNECTION: return ex->connection;
    case SPLIT_COOKIE: {
        struct slice cookie = capture_session_cookie(ex);
        return cookie.n ? cookie : without_port(ex->client);
    }
    }
    return SL("");
}

/* "session.har" and "10.0.0.1" to "session-10.0.0.1.har"; a cookie's value is no name: its number is. */
static struct har_writer *open_for(struct capture_out *o, struct slice key, struct err *err)
{
    char name[80], path[4096];
    struct slice base = slice_z(o->path);
    if (slice_ends(base, SL(".har"))) base.n -= 4;
    if (o->n == FILES_MAX)
        snprintf(name, sizeof name, "rest");
    else if (o->split == SPLIT_COOKIE)
        snprintf(name, sizeof name, "%zu", o->n + 1);
    else
        snprintf(name, sizeof name, "%.*s", SL_FMT(key));
    for (char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '.') *c = '_';
    snprintf(path, sizeof path, "%.*s-%s.har", SL_FMT(base), name);
    return har_writer_open(path, REPRISE_VERSION, err);
}

static struct har_writer *writer_for(struct capture_out *o, const struct exchange *ex,
                                     struct err *err)
{
    struct slice key = key_of(o, ex);
    if (!o->split) return o->v[0];
    size_t *at = map_get(o->by_key, key);
    if (at) return o->v[*at];
    size_t i = o->n < FILES_MAX ? o->n : FILES_MAX;
    if (!o->v[i]) {
        o->v[i] = open_for(o, key, err);
        if (!o->v[i]) return NULL;
        o->n += o->n < FILES_MAX;
    }
    at = arena_one(o->keys, size_t);
    *at = i;
    *map_at(o->by_key, arena_dup(o->keys, key)) = at;
    return o->v[i];
}

static bool put(void *arg, const struct exchange *ex, struct err *err)
{
    struct capture_out *o = arg;
    struct har_writer *w = writer_for(o, ex, err);
    if (!w) return false;
    if (!o->mask) return har_writer_add(w, ex, err);
    bool ok = har_writer_add(w, capture_mask(o->masked, ex), err);
    arena_reset(o->masked);
    return ok;
}

struct capture_sink capture_out_sink(struct capture_out *o)
{
    return (struct capture_sink){ put, o };
}

bool capture_out_flush(struct capture_out *o, struct err *err)
{
    bool ok = true;
    for (size_t i = 0; i <= FILES_MAX; i++)
        if (o->v[i]) ok = har_writer_flush(o->v[i], err) && ok;
    return ok;
}

size_t capture_out_files(const struct capture_out *o)
{
    return o->n + (o->v[FILES_MAX] != NULL);
}

bool capture_out_close(struct capture_out *o, struct err *err)
{
    bool ok = true;
    if (!o) return true;
    for (size_t i = 0; i <= FILES_MAX; i++)
        ok = har_writer_close(o->v[i], err) && ok;
    map_free(o->by_key);
    arena_free(o->keys);
    arena_free(o->masked);
    free(o);
    return ok;
}
