/* Members of an archive, one after the other, as text. Called by verify, recover and the cursor.
 *
 * The file is mapped; a member's text is at most MEMBER_TEXT_MAX. Checks nothing but that it is gzip. Large
 * files are unpacked ahead by other threads where there are processors for them. */
#include "results/archive_read.h"

#include <sys/mman.h>
#include <unistd.h>

#define FILE_MAX (1ULL << 46)
#define RELEASE_BYTES (8U << 20) /* a multiple of every page size */
#define AHEAD_BYTES (1U << 20)   /* smaller files are read sooner than threads start */

/* One whose first member does not unpack may be ours, cut or altered. */
static bool may_be_ours(const struct archive_reader *r, struct err *err)
{
    struct buf text = BUF_INIT(MEMBER_TEXT_MAX);
    size_t at = 0;
    bool ok = gz_next(r->file.text, &at, &text) != GZ_MEMBER ||
              archive_is_ours(buf_slice(&text), r->path, err);
    buf_free(&text);
    return ok;
}

bool areader_open(struct archive_reader *r, const char *path, struct err *err)
{
    *r = (struct archive_reader){ .path = path };
    buf_init(&r->text, MEMBER_TEXT_MAX);
    if (!file_read(&r->file, path, (size_t)FILE_MAX, err)) return false;
    if (r->file.text.n == 0) {
        err_set(err, ERR_INPUT, "%s: the file is empty", path);
    } else if (!slice_starts(r->file.text, SL("\x1f\x8b"))) {
        err_set(err, ERR_INPUT, "%s: not an archive (no gzip at its start)", path);
    } else if (may_be_ours(r, err)) {
        return true;
    }
    areader_close(r);
    return false;
}

void areader_ahead(struct archive_reader *r)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (r->ahead || processors < 2 || r->file.text.n < AHEAD_BYTES) return;
    r->ahead = ahead_new(r->file.text, r->offset, (size_t)processors);
}

void areader_close(struct archive_reader *r)
{
    ahead_free(r->ahead);
    r->ahead = NULL;
    buf_free(&r->text);
    if (r->file.text.p) file_close(&r->file);
    r->file = (struct file){ 0 };
}

/* What was read is given back to the system now and then: memory does not grow with the file. */
static void release(struct archive_reader *r)
{
    if (!r->file.mapped || r->offset - r->released < RELEASE_BYTES) return;
    size_t until = r->offset / RELEASE_BYTES * RELEASE_BYTES;
    char *from = (char *)(uintptr_t)r->file.text.p + r->released;
    madvise(from, until - r->released, MADV_DONTNEED);
    r->released = until;
}

static enum gz_status unpack(struct archive_reader *r)
{
    if (r->ahead && ahead_take(r->ahead, &r->offset, &r->text)) return GZ_MEMBER;
    return gz_next(r->file.text, &r->offset, &r->text);
}

enum member_state areader_member(struct archive_reader *r)
{
    size_t at = r->offset;
    release(r);
    r->rest = (struct slice){ NULL, 0 };
    switch (unpack(r)) {
    case GZ_END: return MEMBER_END;
    case GZ_MEMBER: break;
    case GZ_TRUNCATED:
    case GZ_DAMAGED:
    case GZ_TOO_BIG: return MEMBER_BROKEN;
    }
    r->at = at;
    r->size = r->offset - at;
    r->number++;
    r->rest = buf_slice(&r->text);
    return MEMBER_OK;
}

bool areader_line(struct archive_reader *r, struct slice *line)
{
    if (r->rest.n == 0) return false;
    size_t n = slice_chr(r->rest, '\n');
    if (n == SLICE_NONE) n = r->rest.n;
    *line = slice_sub(r->rest, 0, n);
    r->rest = slice_from(r->rest, n + 1);
    return true;
}
