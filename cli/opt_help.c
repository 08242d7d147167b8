/* The help text of an option table, at 80 columns: usage, what it does, options under their headings,
 * examples. Called by cli/opt.c for --help. */
#include "cli/opt.h"

#include <stdio.h>
#include <string.h>

#include "base/wrap.h"

#define TEXT_COLUMN 26

static void wrap(const char *text, size_t column)
{
    struct buf out = BUF_INIT(1 << 16);
    wrap_words(&out, slice_z(text), column, column);
    fwrite(out.p, 1, out.n, stdout);
    buf_free(&out);
}

static void help_one(const struct opt *o)
{
    char left[100], letter[4] = "  ";
    if (o->letter) snprintf(letter, sizeof letter, "-%c", o->letter);
    snprintf(left, sizeof left, "  %s%c --%s%s%s", letter, o->letter ? ',' : ' ', o->name,
             o->arg ? " " : "", o->arg ? o->arg : "");
    size_t column = strlen(left);
    printf("%s", left);
    if (column + 2 > TEXT_COLUMN) {
        putchar('\n');
        column = 0;
    }
    printf("%*s", (int)(TEXT_COLUMN - column), "");
    wrap(o->help, TEXT_COLUMN);
}

void opts_help(const struct opt_cmd *cmd)
{
    printf("Usage: reprise %s %s\n\n", cmd->name, cmd->usage);
    wrap(cmd->about, 0);
    if (cmd->opts_n && cmd->opts[0].type != OPT_HEADING) putchar('\n');
    for (size_t i = 0; i < cmd->opts_n; i++) {
        const struct opt *o = &cmd->opts[i];
        if (!o->help) continue;
        if (o->type == OPT_HEADING)
            printf("\n%s:\n", o->help);
        else
            help_one(o);
    }
    printf("\nEvery option is also an environment variable: --run-time is REPRISE_RUN_TIME.\n");
    if (cmd->after) printf("\n%s", cmd->after);
}
