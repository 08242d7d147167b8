/* A HAR in a ZIP with its bodies beside it, as Playwright records. Called through formats.c.
 *
 * Members are unpacked into a session of their own, which the HAR's session keeps. */
#include "capture/import/read.h"

#include "har/har.h"
#include "base/map.h"
#include "capture/import/unzip.h"

static bool find_member(void *ctx, struct session *s, struct slice name, struct slice *text)
{
    const struct unzipped *u = map_get(ctx, name);
    (void)s;
    if (u) *text = u->text;
    return u != NULL;
}

static bool read_member(struct import *im, const struct unzipped *har, struct map *members,
                        struct err *err)
{
    struct har_options o = { .max_bytes = im->max_unpacked,
                             .max_entries = im->max_entries,
                             .attachment = find_member,
                             .attachment_ctx = members };
    char *name =
        arena_z(im->s->arena, arena_printf(im->s->arena, "%s!%.*s", im->path, SL_FMT(har->name)));
    struct session *s = har_read_text(har->text, name, &o, err);
    if (!s) return false;
    session_join(s, im->s);
    im->s = s;
    return true;
}

bool har_zip_read(struct import *im, struct err *err)
{
    struct unzipped *v;
    size_t n, har = SLICE_NONE;
    if (!unzip(im, NULL, &v, &n, err)) return false;
    struct map *members = map_new();
    for (size_t i = 0; i < n; i++) {
        *map_at(members, v[i].name) = &v[i];
        if (har == SLICE_NONE && slice_ends(v[i].name, SL(".har"))) har = i;
    }
    bool ok = har == SLICE_NONE ? err_set(err, ERR_INPUT, "%s: no HAR in the archive", im->path)
                                : read_member(im, &v[har], members, err);
    map_free(members);
    return ok;
}
