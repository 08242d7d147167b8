/* The header lines of feeds, through base/csv.h. Rows are replay's matter.
 *
 * Called by scenario_check, so that `${account.pasword}` is refused before the run. */
#include "scenarios/columns.h"

#include "base/csv.h"
#include "base/file.h"

#define FEED_MAX_BYTES ((size_t)1 << 30)

const char *columns_path(struct arena *a, const struct scenario *s, struct slice file)
{
    size_t slash = s->file.n;
    while (slash > 0 && s->file.p[slash - 1] != '/')
        slash--;
    if (slice_starts(file, SL("/")) || slash == 0) return arena_z(a, file);
    struct slice folder = slice_sub(s->file, 0, slash);
    return arena_printf(a, "%.*s%.*s", SL_FMT(folder), SL_FMT(file)).p;
}

static bool check_names(const struct csv *csv, struct slice *columns, size_t n, struct err *err)
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

bool columns_parse(struct arena *a, struct slice text, const char *name, struct slice **columns,
                   size_t *n, struct err *err)
{
    struct csv csv;
    csv_init(&csv, name, text);
    if (csv_row(&csv, a, columns, n, err)) return check_names(&csv, *columns, *n, err);
    if (csv.failed) return false;
    return err_set(err, ERR_INPUT, "%s: empty: a feed wants a header line with column names", name);
}

bool columns_read(struct arena *a, const char *path, struct slice **columns, size_t *n,
                  struct err *err)
{
    struct file f;
    if (!file_read(&f, path, FEED_MAX_BYTES, err)) return false;
    bool ok = columns_parse(a, f.text, path, columns, n, err);
    for (size_t i = 0; ok && i < *n; i++)
        (*columns)[i] = arena_dup(a, (*columns)[i]);
    file_close(&f);
    return ok;
}
