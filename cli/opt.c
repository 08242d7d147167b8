/* Option tables read: environment first, then the command line over it. Used by every cmd_*.c; their
 * tables are const, their settings plain structs. Invariant: a value is written to the settings only if
 * it is whole and in range. Help is in cli/opt_help.c. */
#include "cli/opt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/near.h"
#include "base/num.h"

#define MAX_NAMES 200

/* Where a value came from, for messages: "--users" or "REPRISE_USERS". */
struct source {
    const char *name;
    bool env;
};

static void *field(const struct opt *o, void *settings)
{
    return (char *)settings + o->at;
}

static bool takes_value(const struct opt *o)
{
    return o->type != OPT_FLAG && o->type != OPT_NO;
}

static bool bad_value(const struct source *src, const char *value, const char *want,
                      struct err *err)
{
    return err_set(err, ERR_USAGE, "%s%s: \"%s\" is not %s", src->env ? "" : "--", src->name, value,
                   want);
}

static bool set_choice(const struct opt *o, unsigned *out, const struct source *src,
                       const char *value, struct err *err)
{
    struct slice rest = slice_z(o->choices), piece;
    for (unsigned i = 0; slice_next(&rest, '|', &piece); i++) {
        if (!slice_ieq(piece, slice_z(value))) continue;
        *out = i;
        return true;
    }
    return err_set(err, ERR_USAGE, "%s%s: \"%s\" is not one of %s", src->env ? "" : "--", src->name,
                   value, o->choices);
}

static void list_add(struct opt_list *l, const char *value)
{
    mem_grow(&l->v, &l->cap, l->n + 1, sizeof *l->v);
    l->v[l->n++] = value;
}

static void list_free(struct opt_list *l)
{
    for (size_t i = 0; l->from_env && i < l->n; i++)
        free((void *)(uintptr_t)l->v[i]);
    free(l->v);
    *l = (struct opt_list){ 0 };
}

static void set_list(struct opt_list *l, const struct source *src, const char *value)
{
    if (!src->env) {
        if (l->from_env) list_free(l);
        list_add(l, value);
        return;
    }
    struct slice rest = slice_z(value), piece;
    l->from_env = true;
    while (slice_next(&rest, ',', &piece))
        if (piece.n) list_add(l, mem_dup(piece.p, piece.n));
}

static bool set_u32(uint32_t *out, struct slice s)
{
    uint64_t v;
    if (!num_u64(s, UINT32_MAX, &v)) return false;
    *out = (uint32_t)v;
    return true;
}

static bool set_f64(double *out, struct slice s)
{
    double v;
    if (!num_f64(s, &v) || v < 0) return false;
    *out = v;
    return true;
}

static bool set_value(const struct opt *o, void *settings, const struct source *src,
                      const char *value, struct err *err)
{
    void *at = field(o, settings);
    struct slice s = slice_z(value);
    switch (o->type) {
    case OPT_HEADING:
    case OPT_FLAG:
    case OPT_NO: return true;
    case OPT_TEXT: *(const char **)at = value; return true;
    case OPT_LIST: set_list(at, src, value); return true;
    case OPT_CHOICE: return set_choice(o, at, src, value, err);
    case OPT_U32:
        return set_u32(at, s) || bad_value(src, value, "a whole number below 4294967296", err);
    case OPT_U64: return num_u64(s, UINT64_MAX, at) || bad_value(src, value, "a whole number", err);
    case OPT_F64: return set_f64(at, s) || bad_value(src, value, "a number", err);
    case OPT_DURATION:
        return num_duration(s, at) ||
               bad_value(src, value, "a duration like 20, 20s or 1h30m", err);
    case OPT_BYTES: return num_bytes(s, at) || bad_value(src, value, "a size like 64k or 8M", err);
    case OPT_RATE: return num_rate(s, at) || bad_value(src, value, "a rate like 500/s", err);
    }
    return false;
}

static bool env_flag(const struct opt *o, void *settings, const struct source *src,
                     const char *value, struct err *err)
{
    static const char *const words[] = {
        "0", "1", "false", "true", "no", "yes", "off", "on", "", ""
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!slice_ieq(slice_z(value), slice_z(words[i]))) continue;
        if (i % 2 == 0 || !*words[i]) return true; /* "no" leaves the default */
        *(bool *)field(o, settings) = o->type == OPT_FLAG;
        return true;
    }
    return bad_value(src, value, "1, 0, true, false, yes, no, on or off", err);
}

static bool read_env(const struct opt_cmd *cmd, void *settings, struct err *err)
{
    for (size_t i = 0; i < cmd->opts_n; i++) {
        const struct opt *o = &cmd->opts[i];
        if (o->type == OPT_HEADING) continue;
        char name[80];
        snprintf(name, sizeof name, "REPRISE_%s", o->name);
        for (char *p = name; *p; p++)
            *p = *p == '-' ? '_' : *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p;
        const char *value = getenv(name);
        if (!value) continue;
        struct source src = { name, true };
        bool ok = takes_value(o) ? set_value(o, settings, &src, value, err)
                                 : env_flag(o, settings, &src, value, err);
        if (!ok) return false;
    }
    return true;
}

/* word: with its dashes. */
static bool unknown(const struct opt_cmd *cmd, struct slice word, struct err *err)
{
    const char *names[MAX_NAMES], *hint = opt_foreign(cmd->name, word), *near;
    size_t n = 0;
    if (hint) return err_set(err, ERR_USAGE, "unknown option %.*s: %s", SL_FMT(word), hint);
    for (size_t i = 0; i < cmd->opts_n && n < MAX_NAMES; i++)
        if (cmd->opts[i].type != OPT_HEADING) names[n++] = cmd->opts[i].name;
    near = slice_starts(word, SL("--")) ? near_name(slice_from(word, 2), names, n) : NULL;
    if (!near) return err_set(err, ERR_USAGE, "unknown option %.*s", SL_FMT(word));
    return err_set(err, ERR_USAGE, "unknown option %.*s; did you mean --%s?", SL_FMT(word), near);
}

static const struct opt *by_name(const struct opt_cmd *cmd, struct slice name)
{
    for (size_t i = 0; i < cmd->opts_n; i++)
        if (cmd->opts[i].type != OPT_HEADING && slice_eq(slice_z(cmd->opts[i].name), name))
            return &cmd->opts[i];
    return NULL;
}

static const struct opt *by_letter(const struct opt_cmd *cmd, char letter)
{
    for (size_t i = 0; i < cmd->opts_n; i++)
        if (cmd->opts[i].type != OPT_HEADING && cmd->opts[i].letter == letter) return &cmd->opts[i];
    return NULL;
}

struct reader {
    const struct opt_cmd *cmd;
    void *settings;
    int argc, at; /* at: the word being read */
    char **argv;
    struct err *err;
};

/* The value of o: what follows in the word, else the next word. */
static bool take_value(struct reader *r, const struct opt *o, const char *attached)
{
    struct source src = { o->name, false };
    if (!attached && r->at + 1 >= r->argc)
        return err_set(r->err, ERR_USAGE, "--%s needs a value: %s", o->name,
                       o->arg ? o->arg : "VALUE");
    return set_value(o, r->settings, &src, attached ? attached : r->argv[++r->at], r->err);
}

static void take_flag(struct reader *r, const struct opt *o)
{
    *(bool *)field(o, r->settings) = o->type == OPT_FLAG;
}

static bool read_long(struct reader *r, const char *word)
{
    struct slice name = slice_z(word), value = { 0 };
    bool has_value = slice_cut(name, '=', &name, &value);
    const struct opt *o = by_name(r->cmd, slice_from(name, 2));
    if (!o) return unknown(r->cmd, name, r->err);
    if (takes_value(o)) return take_value(r, o, has_value ? value.p : NULL);
    if (has_value) return err_set(r->err, ERR_USAGE, "--%s takes no value", o->name);
    take_flag(r, o);
    return true;
}

/* "-u5", "-u 5", "-qv". */
static bool read_short(struct reader *r, const char *word)
{
    for (const char *p = word + 1; *p; p++) {
        const struct opt *o = by_letter(r->cmd, *p);
        if (!o) return unknown(r->cmd, (struct slice){ (char[]){ '-', *p }, 2 }, r->err);
        if (takes_value(o)) return take_value(r, o, p[1] ? p + 1 : NULL);
        take_flag(r, o);
    }
    return true;
}

/* --help, and the two that `reprise help --man` and `--words` ask with. */
static bool helped(const struct opt_cmd *cmd, const char *word)
{
    if (strcmp(word, "--help") == 0 || (strcmp(word, "-h") == 0 && !by_letter(cmd, 'h')))
        opts_help(cmd);
    else if (strcmp(word, "--help-man") == 0)
        opts_man(cmd);
    else if (strcmp(word, "--help-words") == 0)
        opts_words(cmd);
    else
        return false;
    return true;
}

static enum opt_go read_words(struct reader *r, struct opt_rest *rest)
{
    bool ended = false;
    for (r->at = 1; r->at < r->argc; r->at++) {
        const char *word = r->argv[r->at];
        if (ended || word[0] != '-' || !word[1]) {
            rest->v[rest->n++] = word;
            continue;
        }
        if (strcmp(word, "--") == 0) {
            ended = true;
            rest->before_dashes = rest->n;
            continue;
        }
        if (helped(r->cmd, word)) return OPT_HELPED;
        if (!(word[1] == '-' ? read_long(r, word) : read_short(r, word))) return OPT_ERROR;
    }
    if (!ended) rest->before_dashes = rest->n;
    return OPT_GO;
}

enum opt_go opts_read(const struct opt_cmd *cmd, void *settings, int argc, char **argv,
                      struct opt_rest *rest, struct err *err)
{
    struct reader r = { .cmd = cmd, .settings = settings, .argc = argc, .argv = argv, .err = err };
    *rest = (struct opt_rest){ .v = mem_alloc((size_t)argc + 1, sizeof *rest->v) };
    if (!read_env(cmd, settings, err)) return OPT_ERROR;
    return read_words(&r, rest);
}

void opts_free(const struct opt_cmd *cmd, void *settings, struct opt_rest *rest)
{
    for (size_t i = 0; i < cmd->opts_n; i++)
        if (cmd->opts[i].type == OPT_LIST) list_free(field(&cmd->opts[i], settings));
    free(rest->v);
    *rest = (struct opt_rest){ 0 };
}

int cmd_fail(const char *name, const struct err *err)
{
    fprintf(stderr, "reprise %s: %s\n", name, err->text);
    if (err->code == ERR_USAGE) fprintf(stderr, "Try `reprise %s --help`.\n", name);
    return err_exit_code(err);
}
