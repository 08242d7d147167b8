/* Any recording by its content, through capture's import. Called where a person hands over a file without
 * saying what it is: `run --timeline`, and uploads to the page (cli/desk_job.c), which also take plans. */
#include "cli/recording.h"

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
