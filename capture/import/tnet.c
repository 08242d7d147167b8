/* Typed netstrings (tnetstrings.org, with mitmproxy's ';' for text). Called by mitm.c.
 *
 * Every length is checked against what is left, so that a walk never leaves its container. */
#include "capture/import/tnet.h"

#include <string.h>

#include "base/num.h"

bool tnet_next(struct slice *rest, struct tnet *out)
{
    struct slice length = slice_sub(*rest, 0, 20);
    uint64_t n;
    size_t colon = slice_chr(length, ':');
    if (colon == SLICE_NONE || !num_u64(slice_sub(length, 0, colon), SIZE_MAX / 2, &n))
        return false;
    struct slice data = slice_from(*rest, colon + 1);
    if (data.n < 1 || n > data.n - 1) return false;
    out->type = data.p[n];
    out->data = slice_sub(data, 0, (size_t)n);
    if (!out->type || !strchr(",;#^!~}]", out->type)) return false;
    *rest = slice_from(data, (size_t)n + 1);
    return true;
}

struct tnet tnet_get(struct tnet dict, struct slice key)
{
    struct tnet k, v;
    struct slice rest = dict.type == '}' ? dict.data : (struct slice){ 0 };
    while (tnet_next(&rest, &k) && tnet_next(&rest, &v))
        if (slice_eq(k.data, key)) return v;
    return (struct tnet){ 0 };
}

struct tnet tnet_at(struct tnet list, size_t nth)
{
    struct tnet v;
    struct slice rest = list.type == ']' ? list.data : (struct slice){ 0 };
    while (tnet_next(&rest, &v))
        if (nth-- == 0) return v;
    return (struct tnet){ 0 };
}

struct slice tnet_text(struct tnet v)
{
    return v.type == ',' || v.type == ';' ? v.data : (struct slice){ 0 };
}

bool tnet_true(struct tnet v)
{
    return v.type == '!' && slice_eq(v.data, SL("true"));
}
