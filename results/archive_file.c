/* Members in a file: pages of lines, each packed, hashed and chained; at the end manifest, index and seal.
 *
 * Called by the writer's thread and by recover. Invariant: the file always ends behind a whole member; a
 * write that fails is cut off again and everything later is refused, so that what is there stays readable.
 * A member's first line names the SHA-256 of the member before it. */
#include "results/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"

void hash_hex(struct slice bytes, char out[HASH_HEX + 1])
{
    unsigned char raw[SHA256_BYTES];
    struct buf hex = BUF_INIT(HASH_HEX);
    sha256_of(bytes, raw);
    enc_hex(&hex, (struct slice){ (const char *)raw, sizeof raw });
    memcpy(out, buf_z(&hex), HASH_HEX + 1);
    buf_free(&hex);
}

static void begin_member(struct archive_file *f)
{
    buf_reset(&f->page);
    buf_addf(&f->page, "{\"type\":\"member\",\"member\":%zu,\"prev\":\"%s\"}\n", f->members_n,
             f->prev);
    f->page_head = f->page.n;
    f->rows = f->to_us = 0;
    f->from_us = UINT64_MAX;
}

/* An older file of that name is replaced, a device (/dev/full, a pipe) written to. */
static int create(const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) return open(path, O_WRONLY | O_CLOEXEC);
    unlink(path);
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

bool afile_open(struct archive_file *f, const char *path, const char *sign_key, struct err *err)
{
    *f = (struct archive_file){ .fd = -1 };
    buf_init(&f->page, MEMBER_TEXT_MAX);
    buf_init(&f->packed, 2 * MEMBER_TEXT_MAX);
    memset(f->prev, '0', HASH_HEX);
    if ((size_t)snprintf(f->path, sizeof f->path, "%s", path) >= sizeof f->path)
        return err_set(err, ERR_USAGE, "archive %.100s…: the name is too long", path);
    if (sign_key && !(f->key = sign_key_read(sign_key, true, err))) return false;
    f->fd = create(path);
    if (f->fd < 0) return err_sys(err, ERR_INTERNAL, errno, "archive %s", path);
    begin_member(f);
    return true;
}

void afile_free(struct archive_file *f)
{
    if (f->fd >= 0) close(f->fd);
    buf_free(&f->page);
    buf_free(&f->packed);
    free(f->members);
    sign_key_free(f->key);
}

static bool write_all(int fd, struct slice s)
{
    while (s.n) {
        ssize_t n = write(fd, s.p, s.n);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        s = slice_from(s, (size_t)n);
    }
    return true;
}

/* A disk that is full in the middle of a member: the file goes back to the last whole one. */
static bool break_file(struct archive_file *f)
{
    int errnum = errno;
    /* What cannot be cut off (a device) is no archive anyway: the write's error is the one to tell. */
    bool cut = ftruncate(f->fd, (off_t)f->offset) == 0;
    (void)cut;
    return err_sys(&f->broken, ERR_INTERNAL, errnum, "archive %s, behind %" PRIu64 " whole bytes",
                   f->path, f->offset);
}

static void index_member(struct archive_file *f, struct slice packed)
{
    mem_grow(&f->members, &f->members_cap, f->members_n + 1, sizeof *f->members);
    struct member_entry *e = &f->members[f->members_n++];
    *e = (struct member_entry){ .offset = f->offset, .bytes = packed.n, .rows = f->rows };
    e->from_us = f->rows ? f->from_us : 0;
    e->to_us = f->to_us;
    hash_hex(packed, e->hash);
    memcpy(f->prev, e->hash, sizeof f->prev);
    f->offset += packed.n;
    f->samples += f->rows;
}

bool afile_flush(struct archive_file *f)
{
    if (err_is(&f->broken)) return false;
    if (f->page.n == f->page_head) return true;
    buf_reset(&f->packed);
    if (!gz_member_fast(&f->packed, buf_slice(&f->page)))
        return err_set(&f->broken, ERR_INTERNAL, "archive %s: a member cannot be packed", f->path);
    if (!write_all(f->fd, buf_slice(&f->packed))) return break_file(f);
    index_member(f, buf_slice(&f->packed));
    begin_member(f);
    return true;
}

bool afile_copy(struct archive_file *f, struct slice packed, const struct member_entry *e)
{
    if (err_is(&f->broken) || !write_all(f->fd, packed)) return break_file(f);
    f->rows = e->rows;
    f->from_us = e->from_us;
    f->to_us = e->to_us;
    index_member(f, packed);
    begin_member(f);
    return true;
}

char *afile_room(struct archive_file *f, size_t n, bool *fresh)
{
    *fresh = f->page.n == f->page_head;
    if (n > MEMBER_TEXT_MAX - 256) return NULL;
    if (f->page.n + n > MEMBER_TEXT_MAX) {
        if (!afile_flush(f)) return NULL;
        *fresh = true;
    }
    return err_is(&f->broken) ? NULL : buf_room(&f->page, n);
}

void afile_grew(struct archive_file *f, size_t n)
{
    buf_grew(&f->page, n);
}

void afile_row(struct archive_file *f, uint64_t end_us)
{
    f->rows++;
    if (end_us < f->from_us) f->from_us = end_us;
    if (end_us > f->to_us) f->to_us = end_us;
}

bool afile_lines(struct archive_file *f, struct slice lines)
{
    bool fresh;
    while (lines.n) {
        size_t at = slice_chr(lines, '\n'), n = at == SLICE_NONE ? lines.n : at + 1;
        char *to = afile_room(f, n, &fresh);
        if (!to) return false;
        memcpy(to, lines.p, n);
        afile_grew(f, n);
        lines = slice_from(lines, n);
    }
    return true;
}

/* ---- the end ------------------------------------------------------------------------------------------ */

void seal_message(struct buf *out, const struct seal *s)
{
    buf_addf(out, "reprise-archive-%d\n%" PRIu64 "\n%" PRIu64 "\n%s\n", ARCHIVE_VERSION, s->members,
             s->index_offset, s->prev);
}

void seal_member(struct buf *out, const struct seal *s)
{
    struct buf text = BUF_INIT(1024);
    buf_addf(&text,
             "{\"type\":\"seal\",\"members\":%" PRIu64 ",\"index_offset\":%" PRIu64
             ",\"prev\":\"%s\",\"signature\":\"%s\"}\n",
             s->members, s->index_offset, s->prev, s->signature);
    gz_member_stored(out, buf_slice(&text));
    buf_free(&text);
}

static void add_manifest(struct archive_file *f, uint64_t left_out, bool recovered)
{
    struct buf line = BUF_INIT(1024);
    buf_addf(&line,
             "{\"type\":\"manifest\",\"members\":%zu,\"samples\":%" PRIu64 ",\"left_out\":%" PRIu64
             ",\"complete\":%s,\"recovered\":%s}\n",
             f->members_n + 1, f->samples + f->rows, left_out,
             left_out == 0 && !recovered ? "true" : "false", recovered ? "true" : "false");
    afile_lines(f, buf_slice(&line));
    afile_flush(f);
    buf_free(&line);
}

static void add_index(struct archive_file *f)
{
    struct buf line = BUF_INIT(1024);
    size_t n = f->members_n; /* the index's own members are not in it */
    for (size_t i = 0; i < n; i++) {
        const struct member_entry *e = &f->members[i];
        buf_reset(&line);
        buf_addf(&line,
                 "{\"type\":\"at\",\"member\":%zu,\"offset\":%" PRIu64 ",\"bytes\":%" PRIu64
                 ",\"rows\":%" PRIu64 ",\"from_us\":%" PRIu64 ",\"to_us\":%" PRIu64
                 ",\"sha256\":\"%s\"}\n",
                 i, e->offset, e->bytes, e->rows, e->from_us, e->to_us, e->hash);
        if (!afile_lines(f, buf_slice(&line))) break;
    }
    afile_flush(f);
    buf_free(&line);
}

static bool add_seal(struct archive_file *f, uint64_t index_offset)
{
    struct seal s = { .members = f->members_n, .index_offset = index_offset };
    struct buf message = BUF_INIT(256);
    memcpy(s.prev, f->prev, sizeof s.prev);
    seal_message(&message, &s);
    bool ok = !f->key || sign_make(f->key, buf_slice(&message), s.signature);
    buf_free(&message);
    if (!ok) return err_set(&f->broken, ERR_INTERNAL, "archive %s: signing failed", f->path);
    buf_reset(&f->packed);
    seal_member(&f->packed, &s);
    return write_all(f->fd, buf_slice(&f->packed)) || break_file(f);
}

bool afile_close(struct archive_file *f, uint64_t left_out, bool recovered, struct err *err)
{
    afile_flush(f);
    add_manifest(f, left_out, recovered);
    uint64_t index_offset = f->offset;
    add_index(f);
    if (!err_is(&f->broken)) add_seal(f, index_offset);
    if (!err_is(&f->broken) && fsync(f->fd) != 0 && errno != EINVAL && errno != EROFS)
        break_file(f);
    if (!err_is(&f->broken)) return true;
    return err_set(err, f->broken.code, "%s", f->broken.text);
}
