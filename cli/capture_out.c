/* The sink of `reprise capture`: masks if asked to, finds the session's file, writes.
 *
 * Limits: 200 files are open at a time; sessions beyond that share one named "…-rest". */
#include "cli/capture_out.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/version.h"
#include "har/har.h"

#define FILES_MAX 200

struct capture_out {
    const char *path;
    enum capture_split split;
    bool mask;
    struct har_writer *v[FILES_MAX + 1];
    size_t n;
    struct capture_splitter *splitter;
    struct arena *masked;
};

struct capture_out *capture_out_open(const char *path, enum capture_split split, bool mask,
                                     struct err *err)
{
    struct capture_out *o = mem_alloc(1, sizeof *o);
    o->path = path;
    o->split = split;
    o->mask = mask;
    o->splitter = capture_splitter_new(split);
    o->masked = arena_new();
    if (split) return o;
    o->v[0] = har_writer_open(path, REPRISE_VERSION, err);
    o->n = 1;
    if (o->v[0]) return o;
    capture_out_close(o, NULL);
    return NULL;
}

/* "session.har" and "10.0.0.1" to "session-10.0.0.1.har"; a cookie's value is no name: its number is. */
static struct har_writer *open_for(struct capture_out *o, const struct exchange *ex,
                                   struct err *err)
{
    struct slice key = capture_split_key(o->split, ex);
    char name[80], path[4096];
    struct slice base = slice_z(o->path);
    if (slice_ends(base, SL(".har"))) base.n -= 4;
    if (o->n == FILES_MAX)
        snprintf(name, sizeof name, "rest");
    else if (o->split == CAPTURE_SPLIT_COOKIE)
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
    if (!o->split) return o->v[0];
    size_t i = capture_splitter_group(o->splitter, ex);
    if (i > FILES_MAX) i = FILES_MAX;
    if (o->v[i]) return o->v[i];
    o->v[i] = open_for(o, ex, err);
    if (i < FILES_MAX) o->n = i + 1;
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
    capture_splitter_free(o->splitter);
    arena_free(o->masked);
    free(o);
    return ok;
}
