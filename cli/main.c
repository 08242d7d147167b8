/* reprise: finds the subcommand and runs it; --help, --version, `help COMMAND`.
 *
 * One const table, one file per command (cmd_*.c). Exit codes are product.md's: 0 fine, 1 requests failed,
 * 2 usage, 3 bad input, 4 internal, 99 a threshold failed, 130 interrupted. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/opt.h"
#include "base/near.h"
#include "base/version.h"

enum { EXIT_FINE = 0, EXIT_USAGE = 2, EXIT_INTERNAL = 4, MAX_COMMANDS = 32 };

static const struct cmd *const commands[MAX_COMMANDS] = {
    // clang-format off
    &cmd_capture,
    &cmd_import,
    &cmd_check,
    &cmd_try,
    &cmd_run,
    &cmd_report,
    &cmd_verify,
    &cmd_recover,
    &cmd_compare,
    &cmd_export,
    &cmd_demo,
    NULL,
    // clang-format on
};

static void usage(FILE *f)
{
    fputs("usage: reprise COMMAND [OPTION]...\n"
          "Records real web traffic and replays it as many virtual users.\n\n",
          f);
    for (size_t i = 0; commands[i]; i++)
        fprintf(f, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n`reprise help COMMAND` tells its options; `reprise --version` the version.\n", f);
}

static const struct cmd *find(const char *name)
{
    for (size_t i = 0; commands[i]; i++)
        if (strcmp(commands[i]->name, name) == 0) return commands[i];
    return NULL;
}

static int unknown(const char *name)
{
    const char *names[MAX_COMMANDS];
    size_t n = 0;
    for (; commands[n]; n++)
        names[n] = commands[n]->name;
    const char *meant = near_name(slice_z(name), names, n);
    fprintf(stderr, "reprise: no command named \"%s\"", name);
    if (meant) fprintf(stderr, "; did you mean \"%s\"?", meant);
    fputs("\n`reprise --help` lists the commands.\n", stderr);
    return EXIT_USAGE;
}

/* `help`, `help COMMAND`, `help --man [COMMAND]`, `help --words [COMMAND]`. */
static int help(int argc, char **argv)
{
    char man[] = "--help-man", words[] = "--help-words", plain[] = "--help", *ask = plain;
    if (argc > 1 && strcmp(argv[1], "--man") == 0) ask = man;
    if (argc > 1 && strcmp(argv[1], "--words") == 0) ask = words;
    int at = ask == plain ? 1 : 2;
    if (argc > at) {
        const struct cmd *c = find(argv[at]);
        char *args[] = { argv[at], ask, NULL };
        return c ? c->run(2, args) : unknown(argv[at]);
    }
    if (ask == man) cmds_man(commands);
    if (ask == words)
        for (size_t i = 0; commands[i]; i++)
            puts(commands[i]->name);
    if (ask == plain) usage(stdout);
    return EXIT_FINE;
}

/* A peer that closes its connection, a pager that quits, a limit of file sizes: errors of that write, not our
 * end. */
static void ignore_signals_of_writes(void)
{
    struct sigaction sa = { .sa_handler = SIG_IGN };
    sigaction(SIGPIPE, &sa, NULL);
    sigaction(SIGXFSZ, &sa, NULL);
}

/* What was printed has arrived, or nobody reads on; a full disk must not look like success. */
static int printed(int code)
{
    errno = 0;
    bool ok = fflush(stdout) == 0 && !ferror(stdout);
    if (ok || code != EXIT_FINE || errno == EPIPE) return code;
    fprintf(stderr, "reprise: write standard output: %s\n", strerror(errno ? errno : EIO));
    return EXIT_INTERNAL;
}

int main(int argc, char **argv)
{
    ignore_signals_of_writes();
    if (argc < 2) {
        usage(stderr);
        return EXIT_USAGE;
    }
    const char *word = argv[1];
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        puts("reprise " REPRISE_VERSION);
        return EXIT_FINE;
    }
    if (strcmp(word, "help") == 0) return help(argc - 1, argv + 1);
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) return help(1, argv);
    const struct cmd *c = find(word);
    return c ? printed(c->run(argc - 1, argv + 1)) : unknown(word);
}
