/* A recording's bytes: mapped, decompressed if gzip, turned into UTF-8 if UTF-16; and its attachments.
 *
 * Called by read.c. Invariant: what is given back lives as long as the session, which keeps the file. */
#include "har/reader.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/file.h"
#include "base/gz.h"
#include "base/mem.h"

/* Replaces what f holds by b's bytes. */
static void replace(struct file *f, struct buf *b)
{
    file_close(f);
    f->text = buf_slice(b);
    *b = (struct buf){ 0 };
}

static bool gunzip(struct file *f, const char *path, size_t max_bytes, struct err *err)
{
    struct buf all = BUF_INIT(max_bytes), member = BUF_INIT(max_bytes);
    size_t at = 0;
    enum gz_status st;
    while ((st = gz_next(f->text, &at, &member)) == GZ_MEMBER)
        if (!buf_add(&all, buf_slice(&member))) st = GZ_TOO_BIG;
    buf_free(&member);
    if (st == GZ_END && !all.bad) {
        replace(f, &all);
        return true;
    }
    buf_free(&all);
    if (st == GZ_TOO_BIG || all.bad)
        return err_set(err, ERR_INPUT, "%s: larger than %zu bytes when unpacked", path, max_bytes);
    return err_set(err, ERR_INPUT, "%s: the gzip data is %s", path,
                   st == GZ_TRUNCATED ? "cut off" : "damaged");
}

/* With a byte order mark, or without one but with JSON's first character in two bytes. */
static bool utf16_start(struct slice text)
{
    if (slice_starts(text, SL("\xff\xfe")) || slice_starts(text, SL("\xfe\xff"))) return true;
    return slice_starts(text, SL("{\0")) || slice_starts(text, SL("\0{"));
}

#define UTF16_MAX ((size_t)128 << 20) /* it is turned in memory; nobody has such recordings */

static bool from_utf16(struct file *f, const char *path, size_t max_bytes, struct err *err)
{
    if (f->text.n > UTF16_MAX)
        return err_set(err, ERR_INPUT, "%s: UTF-16, and larger than 128 MiB: turn it into UTF-8",
                       path);
    struct buf marked = BUF_INIT(f->text.n + 2), out = BUF_INIT(max_bytes);
    struct slice text = f->text;
    if (text.p[0] == '{' || text.p[0] == '\0') {
        buf_add(&marked, text.p[0] == '{' ? SL("\xff\xfe") : SL("\xfe\xff"));
        buf_add(&marked, text);
        text = buf_slice(&marked);
    }
    bool ok = enc_utf16(&out, text);
    buf_free(&marked);
    if (ok) {
        replace(f, &out);
        return true;
    }
    buf_free(&out);
    return err_set(err, ERR_INPUT, "%s: larger than %zu bytes as UTF-8", path, max_bytes);
}

bool har_load(struct session *s, const char *path, size_t max_bytes, struct slice *text,
              struct err *err)
{
    struct file *f = mem_alloc(1, sizeof *f);
    if (!file_read(f, path, max_bytes, err)) {
        free(f);
        return false;
    }
    session_keep_file(s, f);
    if (slice_starts(f->text, SL("\x1f\x8b")) && !gunzip(f, path, max_bytes, err)) return false;
    if (utf16_start(f->text) && !from_utf16(f, path, max_bytes, err)) return false;
    *text = f->text;
    return true;
}

/* A name that stays in its folder: relative, no "..", no NUL. */
static bool stays_inside(struct slice name)
{
    struct slice piece;
    if (name.n == 0 || name.p[0] == '/' || memchr(name.p, '\0', name.n)) return false;
    while (slice_next(&name, '/', &piece))
        if (slice_eq(piece, SL(".."))) return false;
    return true;
}

/* The same after links are followed: real path of folder/name, if it is below folder. */
static bool find_inside(const char *folder, struct slice name, char out[PATH_MAX])
{
    char top[PATH_MAX], joined[PATH_MAX];
    int n = snprintf(joined, sizeof joined, "%s/%.*s", folder, SL_FMT(name));
    if (n < 0 || (size_t)n >= sizeof joined) return false;
    if (!realpath(folder, top) || !realpath(joined, out)) return false;
    size_t top_n = strlen(top);
    return strcmp(top, "/") == 0 || (strncmp(out, top, top_n) == 0 && out[top_n] == '/');
}

static bool from_folder(struct har_reader *r, struct slice name, struct slice *text)
{
    char folder[PATH_MAX], path[PATH_MAX];
    struct slice recording = slice_z(r->path);
    const char *slash = recording.n ? memrchr(recording.p, '/', recording.n) : NULL;
    size_t n = slash ? (size_t)(slash - recording.p) : 0;
    if (!stays_inside(name) || n >= sizeof folder) return false;
    snprintf(folder, sizeof folder, "%.*s%s", (int)n, recording.p, slash ? "/" : ".");
    if (!find_inside(folder, name, path)) return false;
    struct file *f = mem_alloc(1, sizeof *f);
    if (!file_read(f, path, r->max_bytes, NULL)) {
        free(f);
        return false;
    }
    session_keep_file(r->s, f);
    *text = f->text;
    return true;
}

bool har_attachment(struct har_reader *r, struct slice name, struct slice *text)
{
    bool found = false;
    if (r->opt && r->opt->attachment)
        found = r->opt->attachment(r->opt->attachment_ctx, r->s, name, text);
    else if (r->path && strcmp(r->path, "-") != 0)
        found = from_folder(r, name, text);
    if (!found) r->lost_files++;
    return found;
}
