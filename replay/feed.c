/* Feeds: a CSV file read into rows at compile time; picking is arithmetic on the user's number or on one
 * atomic counter, so workers never wait for each other. Called by the plan's compiler and by users at
 * their start and at each iteration. */
#include "replay/feed.h"

#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/mem.h"

#define MAX_FILE (1ULL << 30)

/* file, relative to the folder of the scenario. */
const char *feed_path(struct arena *a, struct slice file, struct slice scenario_file)
{
    size_t folder = scenario_file.n;
    while (folder && scenario_file.p[folder - 1] != '/')
        folder--;
    if (folder == 0 || slice_starts(file, SL("/"))) return arena_z(a, file);
    struct slice path = arena_printf(a, "%.*s%.*s", (int)folder, scenario_file.p, SL_FMT(file));
    return arena_z(a, path);
}

static bool read_columns(struct feed_table *t, struct csv *csv, struct arena *a,
                         struct scope *scope, struct err *err)
{
    if (!csv_row(csv, a, &t->columns, &t->columns_n, err)) {
        if (err_is(err)) return false;
        return err_set(err, ERR_INPUT, "%s: empty: the first line must name the columns",
                       csv->file);
    }
    t->slots = arena_many(a, t->columns_n, uint32_t);
    for (size_t i = 0; i < t->columns_n; i++) {
        struct slice column = slice_trim(t->columns[i]);
        t->slots[i] =
            scope_slot(scope, arena_printf(a, "%.*s.%.*s", SL_FMT(t->model->name), SL_FMT(column)));
    }
    return true;
}

static bool read_rows(struct feed_table *t, struct csv *csv, struct arena *a, struct err *err)
{
    struct slice *fields;
    size_t n, cap = 0;
    while (csv_row(csv, a, &fields, &n, err)) {
        if (n != t->columns_n)
            return err_at(err, csv->file, csv->line, 0, "%zu fields, the first line names %zu", n,
                          t->columns_n);
        mem_grow(&t->cells, &cap, (t->rows_n + 1) * t->columns_n, sizeof *t->cells);
        memcpy(&t->cells[t->rows_n++ * n], fields, n * sizeof *fields);
    }
    if (err_is(err)) return false;
    if (t->rows_n) return true;
    return err_set(err, ERR_INPUT, "%s: no rows below the first line", csv->file);
}

/* Fisher and Yates. */
static void shuffle(struct feed_table *t, struct arena *a, uint64_t seed)
{
    struct rnd rnd;
    rnd_seed(&rnd, seed, slice_hash(t->model->name));
    t->order = arena_many(a, t->rows_n, uint32_t);
    for (size_t i = 0; i < t->rows_n; i++)
        t->order[i] = (uint32_t)i;
    for (size_t i = t->rows_n - 1; i > 0; i--) {
        size_t j = (size_t)rnd_below(&rnd, i + 1);
        uint32_t swap = t->order[i];
        t->order[i] = t->order[j];
        t->order[j] = swap;
    }
}

struct feed_table *feed_table_new(struct arena *a, struct scope *scope, const struct feed *model,
                                  struct slice scenario_file, uint64_t seed, struct err *err)
{
    struct feed_table *t = mem_alloc(1, sizeof *t);
    const char *path = feed_path(a, model->file, scenario_file);
    struct csv csv;
    t->model = model;
    if (!file_read(&t->file, path, MAX_FILE, err)) {
        err_context(err, "feed %.*s", SL_FMT(model->name));
        free(t);
        return NULL;
    }
    csv_init(&csv, path, t->file.text);
    if (read_columns(t, &csv, a, scope, err) && read_rows(t, &csv, a, err)) {
        if (model->pick == PICK_SHUFFLE) shuffle(t, a, seed);
        return t;
    }
    feed_table_free(t);
    return NULL;
}

void feed_table_free(struct feed_table *t)
{
    if (!t) return;
    file_close(&t->file);
    free(t->cells);
    free(t);
}

const struct slice *feed_row(struct feed_table *t, uint32_t user, struct rnd *rnd)
{
    uint64_t at = user;
    if (t->model->pick == PICK_RANDOM)
        at = rnd_below(rnd, t->rows_n);
    else if (t->model->per_iteration)
        at = atomic_fetch_add_explicit(&t->next, 1, memory_order_relaxed);
    if (at >= t->rows_n && t->model->end != FEED_RECYCLE) return NULL;
    at %= t->rows_n;
    if (t->order) at = t->order[at];
    return &t->cells[at * t->columns_n];
}
