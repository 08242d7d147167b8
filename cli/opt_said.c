/* What was said on the command line and in the environment, as text: for the archive's header.
 *
 * Called by `reprise run`. An option was said when its value is not the default's. Values that may hold a secret
 * (--env KEY=VALUE, --auth, names and passwords in URLs) are masked. */
#include "cli/opt.h"

#include <string.h>

#include "base/log.h"
#include "base/num.h"

static const void *field(const struct opt *o, const void *settings)
{
    return (const char *)settings + o->at;
}

/* KEY=VALUE with the value masked. */
static void add_env(struct buf *out, struct slice word)
{
    struct slice key, value;
    if (!slice_cut(word, '=', &key, &value)) {
        buf_add(out, word);
        return;
    }
    buf_add(out, key);
    buf_addc(out, '=');
    log_mask(out, value);
}

/* A URL without the user and password that may stand before its host, and without its query. */
static void add_text(struct buf *out, struct slice s)
{
    size_t scheme = slice_find(s, SL("://"));
    if (scheme == SLICE_NONE) {
        buf_add(out, s);
        return;
    }
    struct slice rest = slice_from(s, scheme + 3);
    size_t slash = slice_chr(rest, '/'), at = slice_chr(slice_sub(rest, 0, slash), '@');
    buf_add(out, slice_sub(s, 0, scheme + 3));
    if (at != SLICE_NONE) rest = slice_from(rest, at + 1);
    buf_add(out, slice_sub(rest, 0, slice_chr(rest, '?')));
}

static void add_one_text(struct buf *out, const struct opt *o, struct slice s)
{
    if (strcmp(o->name, "auth") == 0)
        log_mask(out, s);
    else
        add_text(out, s);
}

static void add_list(struct buf *out, const struct opt *o, const struct opt_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        if (i) buf_addz(out, ", ");
        if (strcmp(o->name, "env") == 0)
            add_env(out, slice_z(list->v[i]));
        else
            add_text(out, slice_z(list->v[i]));
    }
}

static void add_choice(struct buf *out, const struct opt *o, unsigned picked)
{
    struct slice rest = slice_z(o->choices), word = { NULL, 0 };
    for (unsigned i = 0; i <= picked && slice_next(&rest, '|', &word); i++)
        ;
    buf_add(out, word);
}

static void add_value(struct buf *out, const struct opt *o, const void *v)
{
    switch (o->type) {
    case OPT_HEADING: break;
    case OPT_FLAG: buf_addz(out, *(const bool *)v ? "true" : "false"); break;
    case OPT_NO: buf_addz(out, *(const bool *)v ? "false" : "true"); break;
    case OPT_TEXT: add_one_text(out, o, slice_z(*(const char *const *)v)); break;
    case OPT_LIST: add_list(out, o, v); break;
    case OPT_U32: buf_addu(out, *(const uint32_t *)v); break;
    case OPT_U64:
    case OPT_BYTES: buf_addu(out, *(const uint64_t *)v); break;
    case OPT_F64:
    case OPT_RATE: buf_addf(out, "%g", *(const double *)v); break;
    case OPT_DURATION: num_add_duration(out, *(const uint64_t *)v); break;
    case OPT_CHOICE: add_choice(out, o, *(const unsigned *)v); break;
    }
}

static bool same(const struct opt *o, const void *a, const void *b)
{
    switch (o->type) {
    case OPT_HEADING: return true;
    case OPT_FLAG:
    case OPT_NO: return *(const bool *)a == *(const bool *)b;
    case OPT_TEXT: return *(const char *const *)a == *(const char *const *)b;
    case OPT_LIST: return ((const struct opt_list *)a)->n == 0;
    case OPT_U32:
    case OPT_CHOICE: return memcmp(a, b, sizeof(uint32_t)) == 0;
    case OPT_U64:
    case OPT_BYTES:
    case OPT_F64:
    case OPT_RATE:
    case OPT_DURATION: return memcmp(a, b, sizeof(uint64_t)) == 0;
    }
    return true;
}

size_t opts_said(const struct opt_cmd *cmd, const void *settings, const void *defaults,
                 struct arena *a, struct opt_said **out)
{
    struct opt_said *v = arena_many(a, cmd->opts_n + 1, struct opt_said);
    struct buf text = BUF_INIT(1 << 20);
    size_t n = 0;
    for (size_t i = 0; i < cmd->opts_n; i++) {
        const struct opt *o = &cmd->opts[i];
        if (same(o, field(o, settings), field(o, defaults))) continue;
        buf_reset(&text);
        add_value(&text, o, field(o, settings));
        v[n++] = (struct opt_said){ slice_z(o->name), arena_dup(a, buf_slice(&text)) };
    }
    buf_free(&text);
    *out = v;
    return n;
}
