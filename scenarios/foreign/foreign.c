/* Which reader a plan goes to, and what every plan has in common at the end. Called by cli's import. */
#include "scenarios/foreign/foreign.h"

#include <string.h>

#include "scenarios/foreign/foreign_build.h"

struct reader {
    const char *format;
    bool (*read)(struct foreign *f, struct slice text, struct err *err);
};

static const struct reader readers[] = {
    { "jmx", jmx_read },
    { "tsung", tsung_read },
    { "curl", curl_read },
    { "postman", postman_read },
};

static struct slice stem(struct slice path)
{
    size_t from = path.n, to = path.n;
    while (from > 0 && path.p[from - 1] != '/')
        from--;
    for (size_t i = path.n; i > from + 1; i--)
        if (path.p[i - 1] == '.') {
            to = i - 1;
            break;
        }
    return slice_sub(path, from, to);
}

static bool read_with(struct foreign *f, const struct reader *r, struct slice text, struct err *err)
{
    if (!r->read(f, text, err)) return false;
    if (f->report->entries_kept == 0)
        return err_set(err, ERR_INPUT, "%s: no HTTP request in it", f->path);
    foreign_finish(f);
    if (scenario_check(f->s, err)) return true;
    err_context(err, "%s: what was made of it is no scenario", f->path);
    return false;
}

struct scenario *foreign_read(const char *format, const char *path, struct slice text,
                              struct import_report *report, struct err *err)
{
    struct foreign f = { .s = scenario_new(), .report = report, .path = path };
    bool known = false, ok = false;
    f.a = f.s->arena;
    f.vars = map_new();
    f.origins = map_new();
    f.s->name = arena_dup(f.a, stem(slice_z(path)));
    report->format = arena_dup(f.a, slice_z(format));
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        if (strcmp(readers[i].format, format) != 0) continue;
        known = true;
        ok = read_with(&f, &readers[i], text, err);
    }
    if (!known) err_set(err, ERR_INPUT, "%s: no reader for plans of the format %s", path, format);
    map_free(f.vars);
    map_free(f.origins);
    if (ok) return f.s;
    scenario_free(f.s);
    return NULL;
}
