/* The session model: made by readers of recordings, read by the importer and by writers.
 *
 * Invariant: everything that an exchange points to lives in the session's arena, in one of its files, or
 * in a session that was joined to it; all of it is freed at once. */
#include "http/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

struct session *session_new(void)
{
    struct session *s = mem_alloc(1, sizeof *s);
    s->arena = arena_new();
    return s;
}

static void free_one(struct session *s)
{
    for (size_t i = 0; i < s->files_n; i++) {
        file_close(s->files[i]);
        free(s->files[i]);
    }
    arena_free(s->arena);
    free(s);
}

void session_free(struct session *s)
{
    while (s) {
        struct session *next = s->joined;
        free_one(s);
        s = next;
    }
}

/* Room for one more element in an arena array whose capacity is the next power of two. */
static void *room(struct arena *a, void *v, size_t n, size_t size)
{
    if (n != 0 && (n & (n - 1)) != 0) return v;
    size_t cap = n ? 2 * n : 1;
    return arena_grow(a, v, n * size, cap * size);
}

static void put_exchange(struct session *s, struct exchange *ex)
{
    if (s->n == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : 64;
        s->exchanges = arena_grow(s->arena, s->exchanges, s->n * sizeof *s->exchanges,
                                  cap * sizeof *s->exchanges);
        s->cap = cap;
    }
    ex->order = s->n;
    s->exchanges[s->n++] = ex;
}

struct exchange *session_add(struct session *s)
{
    struct exchange *ex = arena_one(s->arena, struct exchange);
    ex->start_ns = TIME_UNKNOWN;
    ex->blocked_ns = ex->dns_ns = ex->connect_ns = ex->tls_ns = TIME_UNKNOWN;
    ex->send_ns = ex->wait_ns = ex->receive_ns = ex->total_ns = TIME_UNKNOWN;
    ex->response.wire_bytes = -1;
    put_exchange(s, ex);
    return ex;
}

static void add_drop(struct session *s, struct slice reason, size_t count)
{
    for (size_t i = 0; i < s->drops_n; i++) {
        if (!slice_eq(s->drops[i].reason, reason)) continue;
        s->drops[i].count += count;
        return;
    }
    s->drops = room(s->arena, s->drops, s->drops_n, sizeof *s->drops);
    s->drops[s->drops_n++] = (struct session_drop){ arena_dup(s->arena, reason), count };
}

void session_dropped(struct session *s, const char *reason)
{
    add_drop(s, slice_z(reason), 1);
}

static void add_warning(struct session *s, struct slice text, struct slice advice)
{
    for (size_t i = 0; i < s->warnings_n; i++)
        if (slice_eq(s->warnings[i].text, text)) return;
    s->warnings = room(s->arena, s->warnings, s->warnings_n, sizeof *s->warnings);
    s->warnings[s->warnings_n++] = (struct warning){ arena_dup(s->arena, text), advice };
}

void session_warn(struct session *s, const char *advice, const char *fmt, ...)
{
    char text[1000];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    add_warning(s, slice_z(text), slice_z(advice));
}

/* What session_sort compares: the start, that of the predecessor if unknown, then the old place. */
struct sort_key {
    int64_t start_ns;
    size_t order;
    struct exchange *ex;
};

static int by_start(const void *a, const void *b)
{
    const struct sort_key *x = a, *y = b;
    if (x->start_ns != y->start_ns) return x->start_ns < y->start_ns ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

void session_sort(struct session *s)
{
    struct sort_key *keys = mem_alloc(s->n ? s->n : 1, sizeof *keys);
    int64_t last = INT64_MIN;
    for (size_t i = 0; i < s->n; i++) {
        struct exchange *ex = s->exchanges[i];
        if (ex->start_ns != TIME_UNKNOWN) last = ex->start_ns;
        keys[i] = (struct sort_key){ last, ex->order, ex };
    }
    qsort(keys, s->n, sizeof *keys, by_start);
    for (size_t i = 0; i < s->n; i++)
        s->exchanges[i] = keys[i].ex;
    free(keys);
}

static bool has_page(const struct session *s, struct slice id)
{
    for (size_t i = 0; i < s->pages_n; i++)
        if (slice_eq(s->pages[i].id, id)) return true;
    return false;
}

static void rename_page(struct session *s, struct slice from, struct slice to)
{
    for (size_t i = 0; i < s->n; i++)
        if (slice_eq(s->exchanges[i]->page, from)) s->exchanges[i]->page = to;
}

/* "page_1" of a second recording becomes "page_1+1". */
static void join_pages(struct session *s, struct session *other)
{
    for (size_t i = 0; i < other->pages_n; i++) {
        struct page *pg = &other->pages[i];
        struct slice id = pg->id;
        for (unsigned k = 1; has_page(s, id); k++)
            id = arena_printf(other->arena, "%.*s+%u", SL_FMT(pg->id), k);
        if (!slice_eq(id, pg->id)) rename_page(other, pg->id, id);
        pg->id = id;
    }
    struct page *all = arena_many(s->arena, s->pages_n + other->pages_n, struct page);
    if (s->pages_n) memcpy(all, s->pages, s->pages_n * sizeof *all);
    if (other->pages_n) memcpy(all + s->pages_n, other->pages, other->pages_n * sizeof *all);
    s->pages = all;
    s->pages_n += other->pages_n;
}

void session_join(struct session *s, struct session *other)
{
    join_pages(s, other);
    for (size_t i = 0; i < other->n; i++)
        put_exchange(s, other->exchanges[i]);
    for (size_t i = 0; i < other->drops_n; i++)
        add_drop(s, other->drops[i].reason, other->drops[i].count);
    for (size_t i = 0; i < other->warnings_n; i++)
        add_warning(s, other->warnings[i].text, other->warnings[i].advice);
    s->entries_read += other->entries_read;
    if (s->creator.n == 0) s->creator = other->creator;
    if (s->source.n == 0) s->source = other->source;
    struct session **end = &s->joined;
    while (*end)
        end = &(*end)->joined;
    *end = other;
}

void session_forget_files(const struct session *s)
{
    for (size_t i = 0; i < s->files_n; i++)
        file_forget(s->files[i]);
}

void session_keep_file(struct session *s, struct file *f)
{
    s->files = room(s->arena, s->files, s->files_n, sizeof(struct file *));
    s->files[s->files_n++] = f;
}

static const struct header *find(const struct headers *h, struct slice name)
{
    for (size_t i = 0; i < h->n; i++)
        if (h->v[i].name.n == name.n && slice_ieq(h->v[i].name, name)) return &h->v[i];
    return NULL;
}

struct slice headers_get(const struct headers *h, struct slice name)
{
    const struct header *f = find(h, name);
    return f ? f->value : (struct slice){ 0 };
}

bool headers_has(const struct headers *h, struct slice name)
{
    return find(h, name) != NULL;
}

void headers_add(struct arena *a, struct headers *h, size_t *cap, struct slice name,
                 struct slice value)
{
    if (h->n == *cap) {
        size_t more = *cap ? 2 * *cap : 8;
        h->v = arena_grow(a, h->v, h->n * sizeof *h->v, more * sizeof *h->v);
        *cap = more;
    }
    h->v[h->n++] = (struct header){ name, value };
}
