/* Any recording by its content, through capture's import. Called where a person hands over a file without
 * saying what it is: `run --timeline`, uploads to the page (cli/desk_job.c), which also take plans, and
 * where a scenario was wanted. */
#include "cli/recording.h"

#include <sys/stat.h>

#include "capture/capture.h"

struct session *recording_read(const char *path, const char **format, struct err *err)
{
    struct import_options options = { 0 };
    struct import_source *src = import_open(path, NULL, &options, err);
    struct session *s = NULL;
    if (!src) return NULL;
    *format = import_format(src)->name;
    if (import_format(src)->kind == IMPORT_RECORDING) {
        s = import_read(src, err);
    } else {
        err_set(err, ERR_INPUT, "%s: this is %s, a plan without answers; `reprise import` reads it",
                path, import_format(src)->what);
    }
    import_close(src);
    return s;
}

bool recording_hint(const char *path, struct err *err)
{
    struct import_options options = { 0 };
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) return false; /* a pipe was read already */
    struct import_source *src = import_open(path, NULL, &options, NULL);
    if (!src) return false;
    *err = (struct err){ 0 };
    err_set(err, ERR_INPUT,
            "%s: no scenario, but %s; to make one of it:\n  reprise import %s -o scenario.yaml",
            path, import_format(src)->what, path);
    import_close(src);
    return false;
}
