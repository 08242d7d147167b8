/* The table of subcommands: one file per command, a const entry each, main.c finds and runs it. */
#ifndef CLI_CMD_H
#define CLI_CMD_H

#include <stdbool.h>

struct err;
struct opt_cmd;
struct opt_list;
struct opt_rest;

struct cmd {
    const char *name;
    const char *summary;               /* one line for `reprise --help` */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; the exit code */
};

extern const struct cmd cmd_capture, cmd_import, cmd_check, cmd_try, cmd_run, cmd_report,
    cmd_verify, cmd_recover, cmd_compare, cmd_export, cmd_demo;

/* The usual course of a command: options and operands are read, the body does the work and gives the exit
 * code, an error that it left is printed and gives its own. */
int cmd_with_options(const struct opt_cmd *cmd, void *settings, int argc, char **argv,
                     int (*body)(void *settings, const struct opt_rest *, struct err *));
/* Whether writing to path (NULL: nothing) leaves the operands' files alone. */
bool cmd_keeps_inputs(const struct opt_rest *rest, const char *path, struct err *err);
/* Each KEY=VALUE of -e into the environment. */
bool cmd_env(const struct opt_list *pairs, struct err *err);

#endif
