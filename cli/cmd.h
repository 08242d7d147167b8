/* The table of subcommands: one file per command, a const entry each, main.c finds and runs it. */
#ifndef CLI_CMD_H
#define CLI_CMD_H

struct cmd {
    const char *name;
    const char *summary;               /* one line for `reprise --help` */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; the exit code */
};

extern const struct cmd cmd_capture, cmd_import, cmd_check, cmd_try, cmd_run, cmd_report,
    cmd_verify, cmd_recover, cmd_compare, cmd_export, cmd_demo;

#endif
