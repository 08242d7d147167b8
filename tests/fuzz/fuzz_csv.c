/* Fuzz target of base/csv: rows that are written come back the same. */
#include <stdint.h>
#include <stdlib.h>

#include "base/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void round_trip(struct slice *v, size_t n, struct arena *a)
{
    struct buf b = BUF_INIT(1 << 24);
    struct csv c;
    struct slice *back;
    size_t back_n;
    for (size_t i = 0; i < n; i++) {
        if (i) buf_addc(&b, ',');
        csv_add_field(&b, v[i]);
    }
    csv_init(&c, "back", buf_slice(&b));
    /* One empty field is an empty line; a byte order mark at the start is not a field's. */
    bool same = b.n == 0 || slice_starts(buf_slice(&b), SL("\xef\xbb\xbf"));
    if (!same && (!csv_row(&c, a, &back, &back_n, NULL) || back_n != n)) abort();
    for (size_t i = 0; !same && i < n; i++)
        if (!slice_eq(v[i], back[i])) abort();
    buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena *a = arena_new();
    struct csv c;
    struct slice *v;
    size_t count;
    struct err err = { 0 };
    csv_init(&c, "fuzz", (struct slice){ (const char *)data, n });
    while (csv_row(&c, a, &v, &count, &err))
        round_trip(v, count, a);
    if (c.failed != err_is(&err) || c.at > n) abort();
    arena_free(a);
    return 0;
}
