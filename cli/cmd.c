/* What the commands have in common: reading the options and telling what went wrong; -e KEY=VALUE. */
#include "cli/cmd.h"

#include <errno.h>
#include <stdlib.h>

#include "cli/opt.h"
#include "base/file.h"
#include "base/mem.h"

int cmd_with_options(const struct opt_cmd *cmd, void *settings, int argc, char **argv,
                     int (*body)(void *settings, const struct opt_rest *, struct err *))
{
    struct opt_rest rest = { 0 };
    struct err err = { 0 };
    int code = 0;
    if (opts_read(cmd, settings, argc, argv, &rest, &err) == OPT_GO)
        code = body(settings, &rest, &err);
    if (err_is(&err)) code = cmd_fail(cmd->name, &err);
    opts_free(cmd, settings, &rest);
    return code;
}

static bool set_env(const char *pair, struct err *err)
{
    struct slice name, value;
    if (!slice_cut(slice_z(pair), '=', &name, &value) || name.n == 0)
        return err_set(err, ERR_USAGE, "--env: \"%s\" is not KEY=VALUE", pair);
    char *key = mem_dup(name.p, name.n);
    bool ok = setenv(key, value.p, 1) == 0 || err_sys(err, ERR_USAGE, errno, "--env %s", key);
    free(key);
    return ok;
}

bool cmd_env(const struct opt_list *pairs, struct err *err)
{
    for (size_t i = 0; i < pairs->n; i++)
        if (!set_env(pairs->v[i], err)) return false;
    return true;
}

bool cmd_keeps_inputs(const struct opt_rest *rest, const char *path, struct err *err)
{
    for (size_t i = 0; path && i < rest->n; i++)
        if (file_is_same(rest->v[i], path))
            return err_set(err, ERR_USAGE, "%s would be overwritten", rest->v[i]);
    return true;
}
