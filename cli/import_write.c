/* Writing an import's results. Called by cmd_import.c when everything was read and found.
 *
 * Files are made with mode 0600 and appear whole or not at all (base/file). Feeds go beside the scenario;
 * a scenario that goes to a stream has no folder, so they go to the current one, and a scenario that goes
 * to /dev/null is wanted by nobody, nor are its secrets. */
#include "cli/import_write.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

#define TEXT_MAX ((size_t)2 << 30)

enum target { TO_FILE, TO_STREAM, TO_NOTHING };

static enum target target_of(const char *path)
{
    struct stat st, null;
    if (!path || strcmp(path, "-") == 0) return TO_STREAM;
    if (stat(path, &st) != 0 || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) return TO_FILE;
    bool nothing =
        S_ISCHR(st.st_mode) && stat("/dev/null", &null) == 0 && st.st_rdev == null.st_rdev;
    return nothing ? TO_NOTHING : TO_STREAM;
}

static bool is_stdout(const char *path)
{
    return path && (strcmp(path, "-") == 0 || strcmp(path, "json") == 0);
}

static struct slice base_of(struct slice path)
{
    size_t at = path.n;
    while (at > 0 && path.p[at - 1] != '/')
        at--;
    return slice_from(path, at);
}

/* Without the extension, with the folder. */
static struct slice cut_extension(struct slice path)
{
    size_t dot = path.n;
    while (dot > 0 && path.p[dot - 1] != '.' && path.p[dot - 1] != '/')
        dot--;
    bool named = dot > 1 && path.p[dot - 1] == '.' && path.p[dot - 2] != '/';
    return named ? slice_sub(path, 0, dot - 1) : path;
}

struct slice import_stem(struct slice path)
{
    struct slice stem = cut_extension(base_of(path));
    return stem.n == 0 || slice_eq(stem, SL("-")) ? SL("recording") : stem;
}

bool import_files_name(struct import_files *f, struct arena *a, const char *recording,
                       struct slice *secrets_file, struct err *err)
{
    enum target to = target_of(f->out);
    bool scenario = !f->out || strcmp(f->out, "-") == 0;
    if (scenario && is_stdout(f->report))
        return err_set(err, ERR_USAGE,
                       "the scenario and the report cannot both go to standard output: -o FILE "
                       "names one for the scenario");
    struct slice stem =
        to == TO_FILE ? cut_extension(slice_z(f->out)) : import_stem(slice_z(recording));
    struct slice path = arena_printf(a, "%.*s.secrets.csv", SL_FMT(stem));
    f->secrets = to == TO_NOTHING ? NULL : path.p;
    *secrets_file = base_of(path);
    return true;
}

/* The scenario names feeds without a folder. */
static const char *beside(const struct import_files *f, struct arena *a, struct slice file)
{
    struct slice out = slice_z(target_of(f->out) == TO_FILE ? f->out : "");
    struct slice folder = slice_sub(out, 0, out.n - base_of(out).n);
    return arena_printf(a, "%.*s%.*s", SL_FMT(folder), SL_FMT(file)).p;
}

static bool write_feeds(const struct import_files *f, struct arena *a,
                        const struct import_report *r, struct err *err)
{
    if (!f->secrets) return true;
    if (r->secrets.n && !file_write(f->secrets, r->secrets, err)) return false;
    for (size_t i = 0; i < r->feeds_n; i++)
        if (!file_write(beside(f, a, r->feeds[i].file), r->feeds[i].text, err)) return false;
    return true;
}

static bool write_reports(const struct import_files *f, const struct import_report *r,
                          struct err *err)
{
    struct buf text = BUF_INIT(TEXT_MAX);
    bool ok = true;
    if (f->report) {
        import_report_json(r, &text);
        ok = file_write(is_stdout(f->report) ? "-" : f->report, buf_slice(&text), err);
    }
    if (ok && f->graph) {
        buf_reset(&text);
        import_report_dot(r, &text);
        ok = file_write(f->graph, buf_slice(&text), err);
    }
    buf_free(&text);
    return ok;
}

bool import_files_write(const struct import_files *f, struct arena *a, const struct scenario *s,
                        const struct import_report *r, struct err *err)
{
    struct buf text = BUF_INIT(TEXT_MAX);
    bool ok =
        scenario_write(s, &text) || err_set(err, ERR_INTERNAL, "the scenario is larger than 2 GB");
    if (ok) ok = file_write(f->out ? f->out : "-", buf_slice(&text), err);
    buf_free(&text);
    return ok && write_feeds(f, a, r, err) && write_reports(f, r, err);
}

void import_files_tell(const struct import_files *f, const struct import_report *r, bool explain)
{
    struct buf text = BUF_INIT(TEXT_MAX);
    import_report_text(r, explain, &text);
    if (r->secrets.n && f->secrets)
        buf_addf(&text, "%-10s%s: the recorded account; keep it private\n", "secrets", f->secrets);
    bool taken = !f->out || strcmp(f->out, "-") == 0 || is_stdout(f->report);
    fwrite(text.p, 1, text.n, taken ? stderr : stdout);
    buf_free(&text);
}
