/* URLs, cookies, forms, multipart bodies: no input may crash them; forms join to what they were. */
#include <stdlib.h>

#include "http/cookie.h"
#include "http/form.h"
#include "http/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void forms(struct arena *a, struct slice s)
{
    size_t n;
    struct form_field *v = form_parse(a, s, &n);
    struct buf b = BUF_INIT(s.n + 1);
    for (size_t i = 0; i < n; i++) {
        if (i > 0) buf_addc(&b, '&');
        buf_add(&b, v[i].raw_name);
        if (v[i].has_eq) buf_addc(&b, '=');
        buf_add(&b, v[i].raw_value);
    }
    if (!slice_eq(buf_slice(&b), s)) abort();
    buf_free(&b);
    struct part *parts;
    multipart_parse(a, s, SL("b"), &parts, &n);
    mime_param(s, SL("a"));
}

static void cookies(struct slice s)
{
    struct slice one, name, value, rest = s;
    struct jar *j = jar_new();
    struct url u;
    struct buf b = BUF_INIT((size_t)1 << 20);
    url_parse(SL("https://a.b.example/c/d"), &u);
    while (cookie_next_merged(&rest, &one))
        jar_set(j, &u, one, 0);
    jar_add_header(j, &u, 0, &b);
    rest = buf_slice(&b);
    while (cookie_next(&rest, &name, &value))
        continue;
    buf_free(&b);
    jar_free(j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice s = { (const char *)data, size };
    struct arena *a = arena_new();
    struct url u;
    if (url_parse(s, &u)) {
        url_origin(a, &u);
        url_site(u.host);
    }
    size_t half = slice_chr(s, '\n');
    if (half != SLICE_NONE) url_resolve(a, slice_sub(s, 0, half), slice_from(s, half + 1));
    forms(a, s);
    cookies(s);
    arena_free(a);
    return 0;
}
