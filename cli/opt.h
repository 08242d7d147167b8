/* Option tables: one const table per command gives parsing, REPRISE_<OPTION> from the environment, typed
 * values with checked ranges, errors that name the nearest known option, and --help at 80 columns.
 *
 * The command keeps a plain struct of its settings with the defaults filled in; each table entry says
 * where its value goes. The command line wins over the environment. Options may stand between and behind
 * operands; "--" ends them. -h/--help is understood by itself. */
#ifndef CLI_OPT_H
#define CLI_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

enum opt_type {
    OPT_HEADING,  /* help only: a line of its own, in `help` */
    OPT_FLAG,     /* bool: true */
    OPT_NO,       /* bool: false ("no-archive") */
    OPT_TEXT,     /* const char *, of argv or the environment */
    OPT_LIST,     /* struct opt_list: may be given again; commas separate in the environment */
    OPT_U32,      /* uint32_t */
    OPT_U64,      /* uint64_t */
    OPT_F64,      /* double, not negative */
    OPT_DURATION, /* uint64_t nanoseconds */
    OPT_BYTES,    /* uint64_t */
    OPT_RATE,     /* double a second: "500/s" */
    OPT_CHOICE,   /* unsigned: index into `choices` */
};

struct opt {
    enum opt_type type;
    char letter;         /* 0: none */
    const char *name;    /* without "--" */
    const char *arg;     /* its value's name in the help, "FILE"; NULL for flags */
    size_t at;           /* offsetof(struct settings, field) */
    const char *help;    /* one sentence, wrapped by the help; NULL: works but is not shown */
    const char *choices; /* OPT_CHOICE: "text|json" */
};

struct opt_list {
    const char **v;
    size_t n, cap;
    bool from_env; /* private */
};

struct opt_cmd {
    const char *name;  /* "run" */
    const char *usage; /* "SCENARIO [options]" */
    const char *about; /* a paragraph */
    const char *after; /* examples and exit codes, printed as they are; NULL: none */
    const struct opt *opts;
    size_t opts_n;
};

/* Operands, in order; before_dashes of them stood before "--" (all of them if there was none). */
struct opt_rest {
    const char **v;
    size_t n, before_dashes;
};

enum opt_go { OPT_GO, OPT_HELPED, OPT_ERROR };
/* OPT_HELPED: the help was printed, exit 0. OPT_ERROR: err is set (ERR_USAGE). rest->v and list values
 * are freed by opts_free. */
enum opt_go opts_read(const struct opt_cmd *cmd, void *settings, int argc, char **argv,
                      struct opt_rest *rest, struct err *err);
void opts_free(const struct opt_cmd *cmd, void *settings, struct opt_rest *rest);
/* To standard output: the help, a manual page (roff), the option names for completion. */
void opts_help(const struct opt_cmd *cmd);
void opts_man(const struct opt_cmd *cmd);
void opts_words(const struct opt_cmd *cmd);

/* What another tool's option is called here, as a hint; word with its dashes. NULL: not known. */
const char *opt_foreign(const char *command, struct slice word);

struct cmd;
/* The first manual page; the table ends with NULL. */
void cmds_man(const struct cmd *const *commands);

/* The options whose values are not those of defaults, as text with secrets masked, in the arena. */
struct opt_said {
    struct slice name, value;
};
size_t opts_said(const struct opt_cmd *cmd, const void *settings, const void *defaults,
                 struct arena *a, struct opt_said **out);

/* Prints "reprise NAME: sentence" (for a usage error also where help is) to standard error; gives the
 * exit code. */
int cmd_fail(const char *name, const struct err *err);

#endif
