/* Edit distance between short names, for "did you mean". Used by the option tables of cli/ and by readers
 * of files with known keys. Optimal string alignment over three rows on the stack; names over 64 bytes
 * are not compared. */
#include "base/near.h"

#include <limits.h>

#define MAX_NAME 64

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Distance at (i, j), from the two rows before and the cell to the left. */
static unsigned cell(struct slice a, struct slice b, size_t i, size_t j,
                     unsigned rows[3][MAX_NAME + 1])
{
    unsigned *before = rows[(i + 1) % 3], *above = rows[(i + 2) % 3], *row = rows[i % 3];
    char ca = lower(a.p[i - 1]), cb = lower(b.p[j - 1]);
    unsigned d = above[j - 1] + (ca != cb);
    d = least(d, least(above[j], row[j - 1]) + 1);
    bool swapped = i > 1 && j > 1 && ca == lower(b.p[j - 2]) && lower(a.p[i - 2]) == cb;
    return swapped ? least(d, before[j - 2] + 1) : d;
}

unsigned near_distance(struct slice a, struct slice b)
{
    if (a.n > MAX_NAME || b.n > MAX_NAME) return UINT_MAX;
    unsigned rows[3][MAX_NAME + 1];
    for (size_t j = 0; j <= b.n; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a.n; i++) {
        rows[i % 3][0] = (unsigned)i;
        for (size_t j = 1; j <= b.n; j++)
            rows[i % 3][j] = cell(a, b, i, j, rows);
    }
    return rows[a.n % 3][b.n];
}

const char *near_name(struct slice word, const char *const *names, size_t n)
{
    const char *best = NULL;
    unsigned best_distance = UINT_MAX;
    for (size_t i = 0; i < n; i++) {
        struct slice name = slice_z(names[i]);
        unsigned d = near_distance(word, name), allowed = (unsigned)name.n / 3;
        if (d > (allowed ? allowed : 1) || d >= best_distance) continue;
        best = names[i];
        best_distance = d;
    }
    return best;
}
