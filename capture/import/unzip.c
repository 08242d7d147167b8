/* libarchive's ZIP reader, and a look into a ZIP's directory for sniffing. Called by saz.c, har_zip.c,
 * formats.c.
 *
 * Invariant: sizes that the archive claims are not believed: what comes out is counted piece by piece
 * and reading ends at the limit. The only file that knows libarchive. */
#include "capture/import/unzip.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

enum { MAX_MEMBERS = 200000 };

static bool fail(struct import *im, struct archive *a, struct err *err)
{
    const char *why = archive_error_string(a);
    /* not archive_read_has_encrypted_entries: it crashes where no format was recognised (3.6) */
    if (why && (strstr(why, "ncrypt") || strstr(why, "assphrase")))
        return err_set(err, ERR_INPUT,
                       "%s: the archive is encrypted; save it again without a password", im->path);
    return err_set(err, ERR_INPUT, "%s: the archive is damaged: %s", im->path,
                   why ? why : "it cannot be read");
}

static bool stays_inside(struct slice name)
{
    struct slice piece;
    if (name.n == 0 || name.p[0] == '/' || (name.n > 1 && name.p[1] == ':')) return false;
    while (slice_next(&name, '/', &piece))
        if (slice_eq(piece, SL(".."))) return false;
    return true;
}

static struct slice member_name(struct import *im, struct archive_entry *e)
{
    const char *z = archive_entry_pathname_utf8(e);
    if (!z) z = archive_entry_pathname(e);
    struct slice in = slice_z(z);
    char *name = arena_z(im->s->arena, in);
    for (size_t i = 0; i < in.n; i++)
        if (name[i] == '\\') name[i] = '/'; /* what Windows' tools write */
    return (struct slice){ name, in.n };
}

static bool member_text(struct import *im, struct archive *a, struct slice *out, struct err *err)
{
    struct buf b = BUF_INIT(im->max_unpacked);
    const void *p;
    size_t n;
    la_int64_t at;
    int got;
    bool ok = true;
    while (ok && (got = archive_read_data_block(a, &p, &n, &at)) == ARCHIVE_OK)
        ok = import_unpacked(im, n, err) &&
             (buf_add(&b, (struct slice){ p, n }) || import_unpacked(im, SIZE_MAX / 2, err));
    if (ok && got != ARCHIVE_EOF) ok = fail(im, a, err);
    if (ok) *out = import_keep(im, buf_slice(&b));
    buf_free(&b);
    return ok;
}

static bool take(struct import *im, struct archive *a, struct archive_entry *e,
                 bool (*want)(struct slice name), struct unzipped *out, struct err *err)
{
    out->name = member_name(im, e);
    if (archive_entry_is_encrypted(e))
        return err_set(err, ERR_INPUT,
                       "%s: the archive is encrypted; save it again without a password", im->path);
    if (!stays_inside(out->name))
        return err_set(err, ERR_INPUT, "%s: a member's name leaves the archive: \"%.*s\"", im->path,
                       (int)(out->name.n < 100 ? out->name.n : 100), out->name.p);
    bool folder = slice_ends(out->name, SL("/")) || archive_entry_filetype(e) == AE_IFDIR;
    if (folder || (want && !want(out->name))) return true;
    return member_text(im, a, &out->text, err);
}

static bool take_all(struct import *im, struct archive *a, bool (*want)(struct slice name),
                     struct unzipped **v, size_t *n, struct err *err)
{
    struct archive_entry *e;
    int got;
    *v = NULL;
    *n = 0;
    while ((got = archive_read_next_header(a, &e)) == ARCHIVE_OK || got == ARCHIVE_WARN) {
        if (*n == MAX_MEMBERS)
            return err_set(err, ERR_INPUT, "%s: more than %d members", im->path, MAX_MEMBERS);
        if ((*n & (*n - 1)) == 0) {
            size_t cap = *n ? 2 * *n : 1;
            *v = arena_grow(im->s->arena, *v, *n * sizeof **v, cap * sizeof **v);
        }
        (*v)[*n] = (struct unzipped){ 0 };
        if (!take(im, a, e, want, &(*v)[(*n)++], err)) return false;
    }
    return got == ARCHIVE_EOF || fail(im, a, err);
}

bool unzip(struct import *im, bool (*want)(struct slice name), struct unzipped **v, size_t *n,
           struct err *err)
{
    struct archive *a = archive_read_new();
    bool ok = a && archive_read_support_format_zip(a) == ARCHIVE_OK &&
              archive_read_open_memory(a, im->text.p, im->text.n) == ARCHIVE_OK;
    if (!a) return err_set(err, ERR_INTERNAL, "%s: libarchive gives no reader", im->path);
    ok = ok ? take_all(im, a, want, v, n, err) : fail(im, a, err);
    archive_read_free(a);
    return ok;
}

/* ---- names only ----------------------------------------------------------------------------------- */

static size_t le(struct slice s, size_t at, unsigned bytes)
{
    size_t v = 0;
    for (unsigned i = bytes; i > 0; i--)
        v = v << 8 | (unsigned char)s.p[at + i - 1];
    return v;
}

/* The end record stands in the last 64 KiB (APPNOTE 4.3.16); SLICE_NONE without one. */
static size_t directory(struct slice zip)
{
    size_t lowest = zip.n > 65557 ? zip.n - 65557 : 0;
    for (size_t at = zip.n < 22 ? 0 : zip.n - 21; at > lowest; at--)
        if (memcmp(zip.p + at - 1, "PK\5\6", 4) == 0) return le(zip, at - 1 + 16, 4);
    return SLICE_NONE;
}

bool unzip_has(struct slice zip, bool (*name)(struct slice name))
{
    size_t at = slice_starts(zip, SL("PK")) ? directory(zip) : SLICE_NONE;
    for (size_t i = 0; i < MAX_MEMBERS; i++) {
        if (at >= zip.n || zip.n - at < 46 || memcmp(zip.p + at, "PK\1\2", 4) != 0) return false;
        size_t n = le(zip, at + 28, 2), more = le(zip, at + 30, 2) + le(zip, at + 32, 2);
        struct slice text = slice_sub(zip, at + 46, at + 46 + n);
        if (text.n < n) return false;
        if (name(text)) return true;
        at += 46 + n + more;
    }
    return false;
}
