/* reprise recover: writes what is good of a cut or altered archive as a closed one. */
#include "cli/cmd.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/opt.h"
#include "results/results.h"

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

static bool same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static bool recover(const char *path, const char *output, struct err *err)
{
    char name[4200];
    struct archive_verdict v;
    if (!output) {
        default_output(path, name, sizeof name);
        output = name;
    }
    if (same_file(path, output))
        return err_set(err, ERR_USAGE, "%s: the new archive needs another name", path);
    if (!archive_recover(path, output, &v, err)) return false;
    printf("%s: %s\n%s: closed, %llu samples\n", path, v.text, output,
           (unsigned long long)v.samples);
    return true;
}

static int run(int argc, char **argv)
{
    struct settings set = { 0 };
    struct opt_rest rest = { 0 };
    struct err err = { 0 };
    int code = 0;
    enum opt_go go = opts_read(&command, &set, argc, argv, &rest, &err);
    if (go == OPT_GO && rest.n != 1)
        err_set(&err, ERR_USAGE, "recover takes one archive");
    else if (go == OPT_GO)
        recover(rest.v[0], set.output, &err);
    if (err_is(&err)) code = cmd_fail(command.name, &err);
    opts_free(&command, &set, &rest);
    return code;
}

const struct cmd cmd_recover = { "recover", "what is good of a cut archive, closed", run };
