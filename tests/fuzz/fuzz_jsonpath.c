/* JSONPath: the first line is a path, the rest the text that it is asked of. */
#include <stdint.h>
#include <stdlib.h>

#include "scenarios/jsonpath.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice all = { (const char *)data, size }, path, text;
    if (size > 20000 || !slice_cut(all, '\n', &path, &text)) return 0;
    struct arena *a = arena_new();
    struct err err = { 0 };
    struct json_hit hit = { 0 };
    struct jsonpath *p = jsonpath_compile(a, path, &err);
    if ((p == NULL) != err_is(&err)) abort();
    for (unsigned nth = 1; p && nth < 4 && jsonpath_find(p, text, nth, a, &hit); nth++)
        if (hit.raw.p < text.p || hit.raw.p + hit.raw.n > text.p + text.n) abort();
    arena_free(a);
    return 0;
}
