/* reprise recover: writes what is good of a cut or altered archive as a closed one. */
#include "cli/cmd.h"

#include <stdio.h>
#include <string.h>

#include "cli/opt.h"
#include "results/results.h"
#include "base/file.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

struct settings {
    const char *output;
};

static const struct opt options[] = {
    { OPT_TEXT, 'o', "output", "FILE", offsetof(struct settings, output),
      "The new archive. Default: ARCHIVE with .recovered before .jsonl.gz.", NULL },
};

static const struct opt_cmd command = {
    .name = "recover",
    .usage = "ARCHIVE [options]",
    .about =
        "Copies the good members of an archive that was cut short or altered, and closes the copy "
        "with a manifest that says so. The original stays as it is.",
    .opts = options,
    .opts_n = COUNT(options),
};

static void default_output(const char *path, char *out, size_t n)
{
    static const char suffix[] = ".jsonl.gz";
    size_t len = strlen(path), cut = sizeof suffix - 1;
    bool usual = len > cut && strcmp(path + len - cut, suffix) == 0;
    snprintf(out, n, "%.*s.recovered%s", (int)(usual ? len - cut : len), path, suffix);
}

static int recover(void *settings, const struct opt_rest *rest, struct err *err)
{
    const struct settings *set = settings;
    char name[4200];
    struct archive_verdict v;
    if (rest->n != 1) return err_set(err, ERR_USAGE, "recover takes one archive");
    const char *path = rest->v[0], *output = set->output ? set->output : name;
    default_output(path, name, sizeof name);
    if (file_is_same(path, output))
        return err_set(err, ERR_USAGE, "%s: the new archive needs another name", path);
    if (!archive_recover(path, output, &v, err)) return 0;
    printf("%s: %s\n%s: closed, %llu samples\n", path, v.text, output,
           (unsigned long long)v.samples);
    return 0;
}

static int run(int argc, char **argv)
{
    return cmd_with_options(&command, &(struct settings){ 0 }, argc, argv, recover);
}

const struct cmd cmd_recover = { "recover", "what is good of a cut archive, closed", run };
