/* reprise compare: is run B worse than run A? Exit 1 when a rule of --fail-if is broken. */
#include "cli/cmd.h"

#include <stdio.h>

#include "cli/opt.h"
#include "results/results.h"
#include "base/file.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define TEXT_MAX (64U << 20)

struct settings {
    struct opt_list rules;
    const char *html, *json;
    double noise;
    uint64_t seed;
    bool quiet;
};

#define AT(field) offsetof(struct settings, field)
static const struct opt options[] = {
    { OPT_LIST, 'f', "fail-if", "RULE", AT(rules),
      "Exit 1 if B is that much worse: 'p(95) > +5%', 'failed > +1%', '{step:NAME} p(50) > +10%'. "
      "May be given again.",
      NULL },
    { OPT_TEXT, 0, "html", "FILE", AT(html), "One self-contained page with both runs' curves.",
      NULL },
    { OPT_TEXT, 0, "json", "FILE", AT(json), "The comparison as JSON.", NULL },
    { OPT_F64, 0, "noise", "PERCENT", AT(noise),
      "By how much equal runs differ on this machine (standard deviation, default 0.5).", NULL },
    { OPT_U64, 0, "seed", "N", AT(seed), "Seed of the resampling (default 1).", NULL },
    { OPT_FLAG, 'q', "quiet", NULL, AT(quiet), "Do not print the comparison.", NULL },
};

static const struct opt_cmd command = {
    .name = "compare",
    .usage = "A B [options]",
    .about =
        "Compares the response times and failures of two archives, step by step, with confidence "
        "intervals. A difference is named only when it is significant; docs/notes/compare.md "
        "tells how that is decided.",
    .after = "Exit codes: 0 no rule is broken; 1 one is; 3 not archives.\n",
    .opts = options,
    .opts_n = COUNT(options),
};

static bool write_file(const char *path, const struct compare_result *c,
                       void (*write)(const struct compare_result *, struct buf *), struct err *err)
{
    struct buf text = BUF_INIT(TEXT_MAX);
    if (!path) return true;
    write(c, &text);
    bool ok = file_write(path, buf_slice(&text), err);
    buf_free(&text);
    return ok;
}

static bool inputs_stay(const struct settings *set, const struct opt_rest *rest, struct err *err)
{
    return cmd_keeps_inputs(rest, set->html, err) && cmd_keeps_inputs(rest, set->json, err);
}

static int compare(void *settings, const struct opt_rest *rest, struct err *err)
{
    const struct settings *set = settings;
    struct compare_cfg cfg = {
        .noise = set->noise / 100, .seed = set->seed, .rules = set->rules.v, .rules_n = set->rules.n
    };
    if (rest->n != 2) return err_set(err, ERR_USAGE, "compare takes two archives");
    if (!inputs_stay(set, rest, err)) return 0;
    struct compare_result *c = compare_archives(rest->v[0], rest->v[1], &cfg, err);
    if (!c) return 0;
    bool ok = write_file(set->html, c, compare_write_html, err) &&
              write_file(set->json, c, compare_write_json, err) &&
              (set->quiet || write_file("-", c, compare_write_text, err));
    int code = ok && !compare_rules_ok(c) ? 1 : 0;
    compare_free(c);
    return code;
}

static int run(int argc, char **argv)
{
    struct settings set = { .noise = 0.5, .seed = 1 };
    return cmd_with_options(&command, &set, argc, argv, compare);
}

const struct cmd cmd_compare = { "compare", "is run B worse than run A?", run };
