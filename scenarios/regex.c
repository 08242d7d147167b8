/* PCRE2 behind four lines of interface: the only file that includes it.
 *
 * Used by extractors and checks. A compiled pattern is const and shared by threads; what a match needs
 * comes from the caller's scratch arena, so that a warm worker allocates nothing. Hostile answers run into
 * MATCH_LIMIT: no match, never a hang. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "scenarios/regex.h"

#include <pcre2.h>
#include <stdlib.h>

#include "base/mem.h"

#define MATCH_LIMIT 2000000
#define HEAP_LIMIT_KIB 4096
#define PATTERN_MAX 65536

struct regex {
    pcre2_code *code;
    pcre2_match_context *limits;
    uint32_t groups;
};

static bool refuse(struct slice pattern, int error, size_t at, struct err *err)
{
    char why[200];
    pcre2_get_error_message(error, (PCRE2_UCHAR *)why, sizeof why);
    return err_set(err, ERR_INPUT, "pattern %.*s: at character %zu: %s", SL_FMT(pattern), at + 1,
                   why);
}

struct regex *regex_compile(struct slice pattern, struct err *err)
{
    int error = 0;
    size_t at = 0;
    if (pattern.n > PATTERN_MAX) {
        err_set(err, ERR_INPUT, "a pattern is longer than %d bytes", PATTERN_MAX);
        return NULL;
    }
    PCRE2_SPTR text = (PCRE2_SPTR)(pattern.p ? pattern.p : "");
    uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
    pcre2_code *code = pcre2_compile(text, pattern.n, options, &error, &at, NULL);
    if (!code) {
        refuse(pattern, error, at, err);
        return NULL;
    }
    struct regex *r = mem_alloc(1, sizeof *r);
    r->code = code;
    r->limits = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(r->limits, MATCH_LIMIT);
    pcre2_set_heap_limit(r->limits, HEAP_LIMIT_KIB);
    pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &r->groups);
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* without a JIT the interpreter matches */
    return r;
}

void regex_free(struct regex *r)
{
    if (!r) return;
    pcre2_code_free(r->code);
    pcre2_match_context_free(r->limits);
    free(r);
}

static void *scratch_alloc(size_t n, void *arena)
{
    return arena_alloc(arena, 1, n);
}

static void scratch_free(void *p, void *arena)
{
    (void)p;
    (void)arena;
}

static int match_at(const struct regex *r, struct slice text, size_t from, pcre2_match_data *data)
{
    PCRE2_SPTR p = (PCRE2_SPTR)(text.p ? text.p : "");
    int rc = pcre2_match(r->code, p, text.n, from, 0, data, r->limits);
    if (rc != PCRE2_ERROR_JIT_STACKLIMIT) return rc;
    return pcre2_match(r->code, p, text.n, from, PCRE2_NO_JIT, data, r->limits);
}

/* Where to look for the next match: an empty one must not be found again. */
static size_t behind(struct slice text, const PCRE2_SIZE *at)
{
    if (at[1] > at[0]) return at[1];
    size_t next = at[1] + 1;
    while (next < text.n && ((unsigned char)text.p[next] & 0xc0) == 0x80)
        next++;
    return next;
}

bool regex_find(const struct regex *r, struct slice text, unsigned nth, struct arena *scratch,
                struct slice *out)
{
    pcre2_general_context *memory =
        pcre2_general_context_create(scratch_alloc, scratch_free, scratch);
    pcre2_match_data *data = pcre2_match_data_create(r->groups ? 2 : 1, memory);
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(data);
    size_t from = 0;
    for (unsigned i = 1;; i++) {
        if (from > text.n || match_at(r, text, from, data) < 0) return false;
        if (i >= nth) break;
        from = behind(text, at);
    }
    bool group = r->groups && at[2] != PCRE2_UNSET;
    *out = slice_sub(text, at[group ? 2 : 0], at[group ? 3 : 1]);
    return true;
}
