/* Manual pages and completion words out of the option tables: `reprise help --man [COMMAND]` and
 * `reprise help --words [COMMAND]`.
 *
 * Called by cli/main.c for the first page, by cli/opt.c for a command's (--help-man, --help-words, which
 * are not shown). What the tables say is all there is, so pages and completions cannot go stale. */
#include "cli/opt.h"

#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "base/version.h"

/* roff takes a leading '.' or "'" as a request, and '\' and '-' as something else than they are. */
static void roff(const char *text)
{
    bool line_starts = true;
    for (const char *p = text; *p; p++) {
        if (line_starts && (*p == '.' || *p == '\'')) fputs("\\&", stdout);
        if (*p == '\\')
            fputs("\\e", stdout);
        else if (*p == '-')
            fputs("\\-", stdout);
        else
            putchar(*p);
        line_starts = *p == '\n';
    }
}

static void title(const char *page, const char *summary)
{
    fputs(".TH \"", stdout);
    roff(page);
    printf("\" 1 \"\" \"reprise %s\" \"reprise\"\n.SH NAME\n", REPRISE_VERSION);
    roff(page);
    fputs(" \\- ", stdout);
    roff(summary);
    putchar('\n');
}

static void section(const char *name, const char *text)
{
    printf(".SH %s\n", name);
    roff(text);
    putchar('\n');
}

static void man_option(const struct opt *o)
{
    fputs(".TP\n", stdout);
    if (o->letter) printf("\\fB\\-%c\\fR, ", o->letter);
    fputs("\\fB\\-\\-", stdout);
    roff(o->name);
    fputs("\\fR", stdout);
    if (o->arg) printf(" \\fI%s\\fR", o->arg);
    putchar('\n');
    roff(o->help);
    putchar('\n');
}

void opts_man(const struct opt_cmd *cmd)
{
    char page[64], first[200];
    const char *end = strstr(cmd->about, ". ");
    snprintf(page, sizeof page, "reprise-%s", cmd->name);
    snprintf(first, sizeof first, "%.*s", (int)(end ? end - cmd->about : 199), cmd->about);
    title(page, first);
    printf(".SH SYNOPSIS\n\\fBreprise %s\\fR ", cmd->name);
    roff(cmd->usage);
    putchar('\n');
    section("DESCRIPTION", cmd->about);
    puts(".SH OPTIONS");
    for (size_t i = 0; i < cmd->opts_n; i++) {
        const struct opt *o = &cmd->opts[i];
        if (o->help && o->type == OPT_HEADING) printf(".SS \"%s\"\n", o->help);
        if (o->help && o->type != OPT_HEADING) man_option(o);
    }
    section("ENVIRONMENT",
            "Every option is also an environment variable: --run-time is REPRISE_RUN_TIME.");
    if (cmd->after) {
        fputs(".SH EXAMPLES AND EXIT CODES\n.nf\n", stdout);
        roff(cmd->after);
        fputs(".fi\n", stdout);
    }
    fputs(".SH SEE ALSO\n.BR reprise (1)\n", stdout);
}

void opts_words(const struct opt_cmd *cmd)
{
    for (size_t i = 0; i < cmd->opts_n; i++) {
        const struct opt *o = &cmd->opts[i];
        if (o->help && o->type != OPT_HEADING) printf("--%s\n", o->name);
    }
    puts("--help");
}

void cmds_man(const struct cmd *const *commands)
{
    title("reprise", "record real web traffic and replay it as many virtual users");
    puts(".SH SYNOPSIS\n\\fBreprise\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR]...\n.SH DESCRIPTION");
    roff("reprise records real web traffic, turns it into a scenario that understands its own\n"
         "tokens, replays that scenario as many virtual users, and keeps a compressed, checkable\n"
         "archive of what happened.\n");
    puts(".SH COMMANDS");
    for (size_t i = 0; commands[i]; i++) {
        printf(".TP\n\\fBreprise\\-%s\\fR(1)\n", commands[i]->name);
        roff(commands[i]->summary);
        putchar('\n');
    }
    puts(".SH EXIT STATUS");
    static const char *const codes[] = {
        "0",   "fine",
        "1",   "requests failed",
        "2",   "the command line is wrong",
        "3",   "an input file is unreadable or invalid",
        "4",   "an internal error, or an output could not be written",
        "99",  "a threshold failed",
        "130", "interrupted; the results are kept",
    };
    for (size_t i = 0; i + 1 < sizeof codes / sizeof codes[0]; i += 2)
        printf(".TP\n\\fB%s\\fR\n%s\n", codes[i], codes[i + 1]);
}
