/* Templates: compiling any text and rendering what compiles; escaped text renders as itself. */
#include <stdint.h>
#include <stdlib.h>

#include "scenarios/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct slice render(struct arena *a, struct scope *s, struct slice text, struct buf *out)
{
    static const struct slice values[] = { { "v<\"1", 4 }, { "", 0 }, { NULL, 0 } };
    struct rnd rnd;
    struct template_memo *memo = NULL;
    struct err err = { 0 };
    struct slice unset;
    size_t at = 0;
    uint64_t counter = 0;
    rnd_seed(&rnd, 1, 1);
    const struct template *t = template_compile(a, s, text, &at, &err);
    if (at > text.n || (t == NULL) != err_is(&err)) abort();
    if (!t) return SL("");
    struct template_env env = { .values = values,
                                .rnd = &rnd,
                                .now_utc_ns = 1769860800123000000,
                                .counter = &counter,
                                .memo = &memo,
                                .scratch = a };
    if (!template_render(t, &env, out, &unset)) buf_reset(out);
    template_memo_free(memo);
    return buf_slice(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = { (const char *)data, size };
    struct arena *a = arena_new();
    struct scope *s = scope_new(a);
    struct buf out = BUF_INIT(1 << 20), escaped = BUF_INIT(1 << 20);
    scope_slot(s, SL("a"));
    scope_slot(s, SL("b.c"));
    scope_slot(s, SL("unset"));
    render(a, s, text, &out);
    buf_reset(&out);
    if (template_escape(&escaped, text) && !slice_eq(render(a, s, buf_slice(&escaped), &out), text))
        abort();
    buf_free(&out);
    buf_free(&escaped);
    arena_free(a);
    return 0;
}
