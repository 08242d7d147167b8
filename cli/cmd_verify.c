/* reprise verify: is an archive whole and unaltered? One line per archive; exit 0 only if all are. */
#include "cli/cmd.h"

#include <stdio.h>

#include "cli/opt.h"
#include "results/results.h"
#include "base/json.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

struct settings {
    const char *key;
    bool json;
};

static const struct opt options[] = {
    { OPT_TEXT, 'k', "key", "FILE", offsetof(struct settings, key),
      "Also check the signature, with this public Ed25519 key (PEM).", NULL },
    { OPT_FLAG, 0, "json", NULL, offsetof(struct settings, json),
      "Print a JSON object per archive instead of a sentence.", NULL },
};

static const struct opt_cmd command = {
    .name = "verify",
    .usage = "ARCHIVE... [options]",
    .about =
        "Checks that an archive is whole and unaltered: every member unpacks, carries the hash of "
        "the one before it, and the seal at the end fits. Tells how much of a cut one is good, "
        "and which member of an altered one is not.",
    .after = "Exit codes: 0 whole and unaltered (and signed with --key's key), 1 not,\n"
             "3 not an archive.\n",
    .opts = options,
    .opts_n = COUNT(options),
};

static const char *state_name(enum archive_state s)
{
    switch (s) {
    case ARCHIVE_WHOLE: return "whole";
    case ARCHIVE_TRUNCATED: return "truncated";
    case ARCHIVE_ALTERED: return "altered";
    case ARCHIVE_BAD_SIGNATURE: return "bad_signature";
    }
    return "unknown";
}

static void print_json(const char *path, const struct archive_verdict *v)
{
    struct buf out = BUF_INIT(1 << 20);
    struct jsonw w = { .out = &out };
    jsonw_object(&w);
    jsonw_put_z(&w, "archive", path);
    jsonw_put_z(&w, "state", state_name(v->state));
    jsonw_put_u64(&w, "members", v->members);
    jsonw_put_u64(&w, "good_members", v->good_members);
    jsonw_put_u64(&w, "bytes", v->bytes);
    jsonw_put_u64(&w, "good_bytes", v->good_bytes);
    jsonw_put_u64(&w, "samples", v->samples);
    jsonw_put_u64(&w, "left_out", v->left_out);
    if (v->state == ARCHIVE_ALTERED) jsonw_put_u64(&w, "bad_member", v->bad_member);
    jsonw_put_bool(&w, "recovered", v->recovered);
    jsonw_put_bool(&w, "signed", v->signature_found);
    jsonw_put_z(&w, "text", v->text);
    jsonw_object_end(&w);
    puts(buf_z(&out));
    buf_free(&out);
}

static bool verify_one(const struct settings *set, const char *path, int *code, struct err *err)
{
    struct archive_verdict v;
    if (!archive_verify(path, set->key, &v, err)) return false;
    if (set->json)
        print_json(path, &v);
    else
        printf("%s: %s\n", path, v.text);
    if (v.state != ARCHIVE_WHOLE) *code = 1;
    return true;
}

/* All of them, whatever one of them is; the worst one's code. */
static int verify(void *settings, const struct opt_rest *rest, struct err *err)
{
    int code = 0;
    if (rest->n == 0) err_set(err, ERR_USAGE, "which archive?");
    for (size_t i = 0; i < rest->n; i++) {
        struct err one = { 0 };
        if (verify_one(settings, rest->v[i], &code, &one)) continue;
        int failed = cmd_fail(command.name, &one);
        if (failed > code) code = failed;
    }
    return code;
}

static int run(int argc, char **argv)
{
    return cmd_with_options(&command, &(struct settings){ 0 }, argc, argv, verify);
}

const struct cmd cmd_verify = { "verify", "is an archive whole and unaltered?", run };
