/* The machine that made the load, for the archive's header: kernel, processors, memory, limits, git commit
 * of the current folder. Called once, at the start of a run. What cannot be read is left out. */
#include "results/archive.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/file.h"
#include "base/version.h"

#define SMALL_FILE (1U << 20)

static void put_uname(struct jsonw *w)
{
    struct utsname u;
    if (uname(&u) != 0) return;
    jsonw_put_str(w, "host", slice_z(u.nodename));
    jsonw_put_str(w, "system", slice_z(u.sysname));
    jsonw_put_str(w, "kernel", slice_z(u.release));
    jsonw_put_str(w, "machine", slice_z(u.machine));
}

static void put_cpu_model(struct jsonw *w)
{
    struct file f;
    struct slice rest, line, key, value;
    if (!file_read(&f, "/proc/cpuinfo", SMALL_FILE, NULL)) return;
    for (rest = f.text; slice_next(&rest, '\n', &line);) {
        if (!slice_starts(line, SL("model name")) || !slice_cut(line, ':', &key, &value)) continue;
        jsonw_put_str(w, "cpu", slice_trim(value));
        break;
    }
    file_close(&f);
}

static void put_limit(struct jsonw *w, const char *key, unsigned resource)
{
    struct rlimit r;
    if (getrlimit(resource, &r) != 0) return;
    jsonw_key(w, key);
    if (r.rlim_cur == RLIM_INFINITY)
        jsonw_null(w);
    else
        jsonw_u64(w, r.rlim_cur);
}

static bool read_ref(const char *path, struct jsonw *w)
{
    struct file f;
    if (!file_read(&f, path, SMALL_FILE, NULL)) return false;
    struct slice text = slice_trim(f.text);
    bool commit = text.n >= 40 && slice_find(text, SL(" ")) == SLICE_NONE;
    if (commit) jsonw_put_str(w, "git_commit", slice_sub(text, 0, 64));
    file_close(&f);
    return commit;
}

/* .git/HEAD holds a commit, or names the file that does. */
static void put_git(struct jsonw *w)
{
    struct file f;
    char path[512];
    if (read_ref(".git/HEAD", w) || !file_read(&f, ".git/HEAD", SMALL_FILE, NULL)) return;
    struct slice text = slice_trim(f.text);
    if (slice_starts(text, SL("ref: refs/")) && text.n < 400 &&
        slice_find(text, SL("..")) == SLICE_NONE) {
        text = slice_from(text, 5);
        snprintf(path, sizeof path, ".git/%.*s", SL_FMT(text));
        read_ref(path, w);
    }
    file_close(&f);
}

void env_write(struct buf *out)
{
    struct jsonw w = { .out = out };
    jsonw_object(&w);
    jsonw_put_str(&w, "reprise", SL(REPRISE_VERSION));
    put_uname(&w);
    put_cpu_model(&w);
    jsonw_put_i64(&w, "processors", sysconf(_SC_NPROCESSORS_ONLN));
    jsonw_put_i64(&w, "memory_bytes", sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE));
    put_limit(&w, "open_files", RLIMIT_NOFILE);
    put_limit(&w, "processes", RLIMIT_NPROC);
    put_git(&w);
    jsonw_object_end(&w);
}
