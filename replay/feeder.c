/* Feeds at run time: a CSV file read into rows when the plan is compiled; picking one is arithmetic on the
 * user's number or on one atomic counter, so workers never wait for each other. Asked by users at their
 * start and at each iteration. Invariant: a row is picked only while it exists, or the feed goes around. */
#include "replay/feeder.h"

#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/mem.h"

#define MAX_FILE (1ULL << 30)

const char *scenario_path(struct arena *a, const struct scenario *s, struct slice file)
{
    size_t folder = s->file.n;
    while (folder && s->file.p[folder - 1] != '/')
        folder--;
    if (folder == 0 || slice_starts(file, SL("/"))) return arena_z(a, file);
    struct slice path = arena_printf(a, "%.*s%.*s", (int)folder, s->file.p, SL_FMT(file));
    return arena_z(a, path);
}

static bool read_columns(struct feeder *f, struct csv *csv, struct arena *a, struct scope *scope,
                         struct err *err)
{
    struct slice *names;
    if (!csv_row(csv, a, &names, &f->columns_n, err)) {
        if (err_is(err)) return false;
        return err_set(err, ERR_INPUT, "%s: empty: the first line must name the columns",
                       csv->file);
    }
    f->slots = arena_many(a, f->columns_n, uint32_t);
    for (size_t i = 0; i < f->columns_n; i++) {
        struct slice column = slice_trim(names[i]);
        f->slots[i] =
            scope_slot(scope, arena_printf(a, "%.*s.%.*s", SL_FMT(f->model->name), SL_FMT(column)));
    }
    return true;
}

static bool read_rows(struct feeder *f, struct csv *csv, struct arena *a, struct err *err)
{
    struct slice *fields;
    size_t n, cap = 0;
    while (csv_row(csv, a, &fields, &n, err)) {
        if (n != f->columns_n)
            return err_at(err, csv->file, csv->line, 0, "%zu fields, the first line names %zu", n,
                          f->columns_n);
        mem_grow(&f->cells, &cap, (f->rows_n + 1) * n, sizeof *f->cells);
        memcpy(&f->cells[f->rows_n++ * n], fields, n * sizeof *fields);
    }
    if (err_is(err)) return false;
    if (f->rows_n) return true;
    return err_set(err, ERR_INPUT, "%s: no rows below the first line", csv->file);
}

/* Fisher and Yates. */
static void shuffle(struct feeder *f, struct arena *a, uint64_t seed)
{
    struct rnd rnd;
    rnd_seed(&rnd, seed, slice_hash(f->model->name));
    f->order = arena_many(a, f->rows_n, uint32_t);
    for (size_t i = 0; i < f->rows_n; i++)
        f->order[i] = (uint32_t)i;
    for (size_t i = f->rows_n - 1; i > 0; i--) {
        size_t j = (size_t)rnd_below(&rnd, i + 1);
        uint32_t swap = f->order[i];
        f->order[i] = f->order[j];
        f->order[j] = swap;
    }
}

static bool load(struct feeder *f, const char *path, struct arena *a, struct scope *scope,
                 struct err *err)
{
    struct csv csv;
    if (!file_read(&f->file, path, MAX_FILE, err)) {
        err_context(err, "feed %.*s", SL_FMT(f->model->name));
        return false;
    }
    csv_init(&csv, path, f->file.text);
    return read_columns(f, &csv, a, scope, err) && read_rows(f, &csv, a, err);
}

struct feeder *feeder_new(struct arena *a, struct scope *scope, const struct scenario *s,
                          const struct feed *model, uint64_t seed, struct err *err)
{
    struct feeder *f = mem_alloc(1, sizeof *f);
    f->model = model;
    f->step = 1;
    if (load(f, scenario_path(a, s, model->file), a, scope, err)) {
        if (model->pick == PICK_SHUFFLE) shuffle(f, a, seed);
        return f;
    }
    feeder_free(f);
    return NULL;
}

void feeder_free(struct feeder *f)
{
    if (!f) return;
    file_close(&f->file);
    free(f->cells);
    free(f);
}

void feeder_share(struct feeder *f, unsigned process, unsigned processes)
{
    atomic_store(&f->next, 0);
    f->first = process;
    f->step = processes;
}

const struct slice *feeder_pick(struct feeder *f, uint32_t user, struct rnd *rnd)
{
    uint64_t at = user;
    if (f->model->pick == PICK_RANDOM)
        at = rnd_below(rnd, f->rows_n);
    else if (f->model->per_iteration)
        at = atomic_fetch_add_explicit(&f->next, 1, memory_order_relaxed) * f->step + f->first;
    if (at >= f->rows_n && !feed_recycles(f->model)) return NULL;
    at %= f->rows_n;
    if (f->order) at = f->order[at];
    return &f->cells[at * f->columns_n];
}
