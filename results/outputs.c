/* The files that a run or a report was asked for, each written whole or not at all. Called by cli. */
#include "results/results.h"

#include "base/file.h"

#define FILE_MAX (256U << 20)

bool stats_write_files(const struct run_stats *s, const struct result_files *files, struct err *err)
{
    const struct {
        const char *path;
        void (*write)(const struct run_stats *, struct buf *);
    } outputs[] = {
        { files->json, stats_write_json },
        { files->html, stats_write_html },
        { files->junit, stats_write_junit },
        { files->markdown, stats_write_markdown },
    };
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof outputs / sizeof *outputs; i++) {
        struct buf text = BUF_INIT(FILE_MAX);
        if (!outputs[i].path) continue;
        outputs[i].write(s, &text);
        ok = text.bad ? err_set(err, ERR_INTERNAL, "%s: larger than 256 MB", outputs[i].path)
                      : file_write(outputs[i].path, buf_slice(&text), err);
        buf_free(&text);
    }
    return ok && (!files->csv || stats_write_locust_csv(s, files->csv, files->csv_history, err));
}
