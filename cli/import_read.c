/* Reading for `reprise import`: progress, --only, --exclude, --between, --pages.
 *
 * Called by cmd_import.c. What is left out is counted as "not-chosen", so that the report's numbers add
 * up. A pattern says by its look what it is matched with: METHOD, /path, URL with "://", else a host. */
#include "cli/import_read.h"

#include <fnmatch.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "http/url.h"

#define LARGE ((size_t)5 << 20)
#define DAY_NS (86400 * (int64_t)NS_PER_S)

/* ---- progress ------------------------------------------------------------------------------------- */

static void on_progress(void *arg, size_t done, size_t total)
{
    (void)arg;
    if (total < LARGE || !isatty(STDERR_FILENO)) return;
    fprintf(stderr, "\rreading: %3zu %% of %zu MB", done * 100 / total, total >> 20);
    if (done >= total) fputs("\r\033[K", stderr);
    fflush(stderr);
}

struct import_source *import_read_open(const char *path, struct import_choice *c, struct err *err)
{
    c->options = (struct import_options){ .progress = on_progress, .keylog = c->keylog };
    return import_open(path, c->format, &c->options, err);
}

/* ---- patterns ------------------------------------------------------------------------------------- */

static bool is_method(const char *p)
{
    size_t n = 0;
    while ((p[n] >= 'A' && p[n] <= 'Z') || p[n] == '-')
        n++;
    return n > 0 && p[n] == '\0';
}

static bool glob(struct arena *a, const char *pattern, struct slice text)
{
    return fnmatch(pattern, arena_z(a, text), FNM_CASEFOLD) == 0;
}

static bool matches(struct arena *a, const char *pattern, const struct exchange *ex)
{
    struct url u;
    struct slice p = slice_z(pattern);
    if (is_method(pattern)) return slice_ieq(ex->request.method, p);
    if (slice_find(p, SL("://")) != SLICE_NONE) return glob(a, pattern, ex->request.url);
    if (!url_parse(ex->request.url, &u)) return false;
    if (pattern[0] == '/')
        return glob(a, pattern, slice_chr(p, '?') == SLICE_NONE && u.path.n ? u.path : u.target);
    if (glob(a, pattern, u.host)) return true;
    struct buf b = BUF_INIT(4096);
    url_add_host(&b, &u);
    bool yes = glob(a, pattern, buf_slice(&b));
    buf_free(&b);
    return yes;
}

static bool matches_any(struct arena *a, const struct opt_list *l, const struct exchange *ex)
{
    for (size_t i = 0; i < l->n; i++)
        if (matches(a, l->v[i], ex)) return true;
    return false;
}

static bool on_page(struct arena *a, const struct session *s, const struct opt_list *l,
                    const struct exchange *ex)
{
    for (size_t i = 0; i < l->n; i++) {
        if (glob(a, l->v[i], ex->page) && ex->page.n) return true;
        for (size_t p = 0; p < s->pages_n; p++)
            if (slice_eq(s->pages[p].id, ex->page) && glob(a, l->v[i], s->pages[p].title))
                return true;
    }
    return l->n == 0;
}

/* ---- times ---------------------------------------------------------------------------------------- */

struct span {
    int64_t from_ns, to_ns; /* UTC */
};

/* "10:15" or "10:15:30" on the day of the recording. */
static bool clock_time(struct slice s, int64_t first, int64_t *out)
{
    struct slice part;
    uint64_t v[3] = { 0 };
    size_t n = 0;
    for (; n < 3 && slice_next(&s, ':', &part); n++)
        if (!num_u64(part, n ? 59 : 23, &v[n])) return false;
    if (n < 2 || s.n) return false;
    int64_t seconds = (int64_t)(v[0] * 3600 + v[1] * 60 + v[2]);
    *out = first - first % DAY_NS + seconds * (int64_t)NS_PER_S;
    return true;
}

static bool one_time(struct slice s, int64_t first, int64_t *out)
{
    uint64_t after;
    s = slice_trim(s);
    if (s.n == 0) return true;
    if (clock_parse_iso(s, out) || clock_time(s, first, out)) return true;
    if (!num_duration(s, &after)) return false;
    *out = first + (int64_t)after;
    return true;
}

static bool parse_span(const char *text, int64_t first, struct span *out, struct err *err)
{
    struct slice s = slice_z(text);
    size_t at = slice_find(s, SL(".."));
    *out = (struct span){ INT64_MIN, INT64_MAX };
    if (!text) return true;
    if (at == SLICE_NONE || !one_time(slice_sub(s, 0, at), first, &out->from_ns) ||
        !one_time(slice_from(s, at + 2), first, &out->to_ns))
        return err_set(err, ERR_USAGE,
                       "--between %s: expected FROM..TO, each a time (2026-01-02T10:15:00Z, 10:15) "
                       "or a duration from the start (30s)",
                       text);
    return true;
}

/* ---- choosing ------------------------------------------------------------------------------------- */

static bool is_chosen(struct arena *a, const struct session *s, const struct import_choice *c,
                      const struct exchange *ex)
{
    if (c->only.n && !matches_any(a, &c->only, ex)) return false;
    return !matches_any(a, &c->exclude, ex) && on_page(a, s, &c->pages, ex);
}

static bool narrow(struct session *s, const struct import_choice *c, struct err *err)
{
    struct span span;
    int64_t first = 0, last;
    for (size_t i = 0; i < s->n && first == 0; i++)
        if (s->exchanges[i]->start_ns != TIME_UNKNOWN) first = s->exchanges[i]->start_ns;
    if (!parse_span(c->between, first, &span, err)) return false;
    struct arena *a = arena_new();
    size_t n = 0;
    last = first;
    for (size_t i = 0; i < s->n; i++) {
        struct exchange *ex = s->exchanges[i];
        if (ex->start_ns != TIME_UNKNOWN) last = ex->start_ns;
        bool in = last >= span.from_ns && last <= span.to_ns;
        if (in && is_chosen(a, s, c, ex))
            s->exchanges[n++] = ex;
        else
            session_dropped(s, "not-chosen");
        arena_reset(a);
    }
    arena_free(a);
    if (n == 0 && s->n > 0)
        return err_set(
            err, ERR_INPUT,
            "%.*s: --only, --exclude, --between and --pages leave none of its %zu entries",
            SL_FMT(s->source), s->n);
    s->n = n;
    return true;
}

struct session *import_read_session(struct import_source *src, const struct import_choice *c,
                                    struct err *err)
{
    struct session *s = import_read(src, err);
    bool narrows = c->only.n || c->exclude.n || c->pages.n || c->between;
    if (s) session_forget_files(s);
    if (!s || !narrows || narrow(s, c, err)) return s;
    session_free(s);
    return NULL;
}
