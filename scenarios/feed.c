/* CSV files to tables, through base/csv.h.
 *
 * Called by replay when a run starts and by scenario_check for the names of columns. The table's text is a
 * copy in its own arena; cells are slices of it. */
#include "scenarios/feed.h"

#include <string.h>

#include "base/csv.h"
#include "base/file.h"

#define FEED_MAX_BYTES ((size_t)1 << 30)

struct slice feed_path(struct arena *a, const struct scenario *s, const struct feed *f)
{
    size_t slash = s->file.n;
    while (slash > 0 && s->file.p[slash - 1] != '/')
        slash--;
    if (slice_starts(f->file, SL("/")) || slash == 0) return arena_dup(a, f->file);
    return arena_printf(a, "%.*s%.*s", SL_FMT(slice_sub(s->file, 0, slash)), SL_FMT(f->file));
}

static bool check_header(const struct csv *csv, struct slice *columns, size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        columns[i] = slice_trim(columns[i]);
        if (columns[i].n == 0)
            return err_at(err, csv->file, csv->line, 0, "column %zu of the header line has no name",
                          i + 1);
        for (size_t k = 0; k < i; k++)
            if (slice_eq(columns[i], columns[k]))
                return err_at(err, csv->file, csv->line, 0, "two columns are named \"%.*s\"",
                              SL_FMT(columns[i]));
    }
    return true;
}

static bool read_header(struct csv *csv, struct arena *a, struct slice **columns, size_t *n,
                        struct err *err)
{
    if (csv_row(csv, a, columns, n, err)) return check_header(csv, *columns, *n, err);
    if (csv->failed) return false;
    return err_set(err, ERR_INPUT, "%s: empty: a feed wants a header line with column names",
                   csv->file);
}

static bool read_rows(struct feed_table *t, struct csv *csv, struct err *err)
{
    struct slice *fields;
    size_t n, cap = 0, size = sizeof *fields * t->columns_n;
    while (csv_row(csv, t->arena, &fields, &n, err)) {
        if (n != t->columns_n)
            return err_at(err, csv->file, csv->line, 0, "%zu fields, but the header line has %zu",
                          n, t->columns_n);
        if (t->rows == cap) {
            size_t more = cap ? cap * 2 : 64;
            t->cells = arena_grow(t->arena, t->cells, cap * size, more * size);
            cap = more;
        }
        memcpy(t->cells + t->rows++ * n, fields, size);
    }
    if (csv->failed) return false;
    return t->rows > 0 || err_set(err, ERR_INPUT, "%s: no rows below the header line", csv->file);
}

struct feed_table *feed_table_parse(struct slice text, const char *name, struct err *err)
{
    struct arena *a = arena_new();
    struct feed_table *t = arena_one(a, struct feed_table);
    struct csv csv;
    t->arena = a;
    csv_init(&csv, arena_z(a, slice_z(name)), arena_dup(a, text));
    if (read_header(&csv, a, &t->columns, &t->columns_n, err) && read_rows(t, &csv, err)) return t;
    arena_free(a);
    return NULL;
}

struct feed_table *feed_table_read(const char *path, struct err *err)
{
    struct file f;
    if (!file_read(&f, path, FEED_MAX_BYTES, err)) return NULL;
    struct feed_table *t = feed_table_parse(f.text, path, err);
    file_close(&f);
    return t;
}

struct slice feed_table_cell(const struct feed_table *t, size_t row, size_t column)
{
    return t->cells[row * t->columns_n + column];
}

void feed_table_free(struct feed_table *t)
{
    if (t) arena_free(t->arena);
}

bool feed_columns(struct arena *a, const char *path, struct slice **columns, size_t *n,
                  struct err *err)
{
    struct file f;
    struct csv csv;
    if (!file_read(&f, path, FEED_MAX_BYTES, err)) return false;
    csv_init(&csv, path, f.text);
    bool ok = read_header(&csv, a, columns, n, err);
    for (size_t i = 0; ok && i < *n; i++)
        (*columns)[i] = arena_dup(a, (*columns)[i]);
    file_close(&f);
    return ok;
}
