/* Whole files in (mapped), whole files out (under a partial name, renamed when complete).
 *
 * Used by cli, importers and writers of results. A name that is not a regular file (/dev/null, a pipe) is
 * written directly: a rename would replace the device. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

#define STREAM_MAX ((size_t)1 << 30) /* of what is no file and so has no size: pipes, devices */
#define READ_BYTES 65536

static bool too_large(const char *path, size_t max_bytes, struct err *err)
{
    return err_set(err, ERR_INPUT, "%s: larger than %zu bytes", path, max_bytes);
}

static bool read_all(struct file *f, int fd, const char *path, size_t max_bytes, struct err *err)
{
    if (max_bytes > STREAM_MAX) max_bytes = STREAM_MAX;
    struct buf b = BUF_INIT(max_bytes < SIZE_MAX - 1 ? max_bytes + 1 : max_bytes);
    for (;;) {
        size_t room = b.max - b.n < READ_BYTES ? b.max - b.n : READ_BYTES;
        ssize_t n = room ? read(fd, buf_room(&b, room), room) : 0;
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            err_sys(err, ERR_INPUT, errno, "read %s", path);
            break;
        }
        if (n == 0) {
            if (b.n > max_bytes) {
                too_large(path, max_bytes, err);
                break;
            }
            f->text = buf_slice(&b);
            return true;
        }
        buf_grew(&b, (size_t)n);
    }
    buf_free(&b);
    return false;
}

static bool map_or_read(struct file *f, int fd, const char *path, size_t max_bytes, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0) return err_sys(err, ERR_INPUT, errno, "open %s", path);
    if (S_ISDIR(st.st_mode)) return err_sys(err, ERR_INPUT, EISDIR, "open %s", path);
    /* Files of /proc say that they are empty. */
    if (!S_ISREG(st.st_mode) || st.st_size == 0) return read_all(f, fd, path, max_bytes, err);
    if ((uintmax_t)st.st_size > max_bytes) return too_large(path, max_bytes, err);
    size_t n = (size_t)st.st_size;
    void *p = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED) return read_all(f, fd, path, max_bytes, err);
    f->text = (struct slice){ p, n };
    f->mapped = true;
    return true;
}

bool file_read(struct file *f, const char *path, size_t max_bytes, struct err *err)
{
    *f = (struct file){ 0 };
    if (strcmp(path, "-") == 0) return map_or_read(f, STDIN_FILENO, "-", max_bytes, err);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return err_sys(err, ERR_INPUT, errno, "open %s", path);
    bool ok = map_or_read(f, fd, path, max_bytes, err);
    close(fd);
    return ok;
}

void file_close(struct file *f)
{
    if (!f) return;
    void *p = (void *)(uintptr_t)f->text.p;
    if (f->mapped)
        munmap(p, f->text.n);
    else
        free(p);
    *f = (struct file){ 0 };
}

void file_forget(const struct file *f)
{
    void *p = (void *)(uintptr_t)f->text.p;
    if (!f->mapped) return;
    madvise(p, f->text.n, MADV_DONTNEED);
    madvise(p, f->text.n, MADV_RANDOM); /* what is read again comes without its neighbours */
}

/* The name behind a link, so that the rename replaces the file and not the link. */
static bool set_path(struct file_out *o, const char *path, struct err *err)
{
    char *real = realpath(path, NULL);
    int n = snprintf(o->path, sizeof o->path, "%s", real ? real : path);
    int m = snprintf(o->partial, sizeof o->partial, "%s.partial-%ld", real ? real : path,
                     (long)getpid());
    free(real);
    if (n >= 0 && m >= 0 && (size_t)m < sizeof o->partial) return true;
    o->partial[0] = '\0';
    return err_sys(err, ERR_INTERNAL, ENAMETOOLONG, "create %s", path);
}

static int create(const char *partial)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    int fd = open(partial, flags, 0600);
    if (fd >= 0 || errno != EEXIST) return fd;
    unlink(partial); /* left over by a process of the same number */
    return open(partial, flags, 0600);
}

bool file_out_open(struct file_out *o, const char *path, struct err *err)
{
    struct stat st;
    *o = (struct file_out){ 0 };
    if (strcmp(path, "-") == 0) {
        o->f = stdout;
        return true;
    }
    if (!set_path(o, path, err)) return false;
    bool special = stat(path, &st) == 0 && !S_ISREG(st.st_mode);
    if (special) o->partial[0] = '\0';
    int fd = special ? open(path, O_WRONLY | O_CLOEXEC) : create(o->partial);
    if (fd >= 0) o->f = fdopen(fd, "w");
    if (o->f) return true;
    err_sys(err, ERR_INTERNAL, errno, "create %s", path);
    if (fd >= 0) close(fd);
    file_out_abort(o);
    return false;
}

static const char *shown(const struct file_out *o)
{
    return o->path[0] ? o->path : "standard output";
}

/* Of a write long ago ferror only knows that it failed: what goes to its end anyway is asked once more. */
static void why_not_written(FILE *f)
{
    if (errno == 0 && ferror(f) && write(fileno(f), "\n", 1) < 0 && errno == 0) errno = EIO;
}

static bool finish(struct file_out *o, struct err *err)
{
    errno = 0;
    bool ok = fflush(o->f) == 0 && !ferror(o->f);
    if (!ok) why_not_written(o->f);
    if (o->partial[0]) ok = ok && fsync(fileno(o->f)) == 0;
    int why = errno ? errno : EIO;
    if (o->path[0] && fclose(o->f) != 0 && ok) {
        ok = false;
        why = errno;
    }
    o->f = NULL;
    return ok || err_sys(err, ERR_INTERNAL, why, "write %s", shown(o));
}

bool file_out_commit(struct file_out *o, struct err *err)
{
    bool ok = finish(o, err);
    if (ok && o->partial[0] && rename(o->partial, o->path) != 0)
        ok = err_sys(err, ERR_INTERNAL, errno, "rename %s to %s", o->partial, o->path);
    if (ok) o->partial[0] = '\0';
    file_out_abort(o);
    return ok;
}

void file_out_abort(struct file_out *o)
{
    if (o->f && o->path[0]) fclose(o->f);
    if (o->partial[0]) unlink(o->partial);
    *o = (struct file_out){ 0 };
}

/* No pipe is opened: its reader would take the close for the end. */
bool file_out_may(const char *path, struct err *err)
{
    struct file_out o;
    struct stat st;
    if (strcmp(path, "-") == 0) return true;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) return true;
    if (!file_out_open(&o, path, err)) return false;
    file_out_abort(&o);
    return true;
}

bool file_write(const char *path, struct slice text, struct err *err)
{
    struct file_out o;
    if (!file_out_open(&o, path, err)) return false;
    if (text.n) fwrite(text.p, 1, text.n, o.f); /* commit checks */
    return file_out_commit(&o, err);
}

void file_place(struct slice text, size_t offset, unsigned *line, unsigned *column)
{
    size_t start = 0, at;
    if (offset > text.n) offset = text.n;
    *line = 1;
    while ((at = slice_chr(slice_sub(text, start, offset), '\n')) != SLICE_NONE) {
        (*line)++;
        start += at + 1;
    }
    *column = (unsigned)(offset - start + 1);
}

bool file_is_same(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

const char *file_temp_folder(void)
{
    const char *folder = getenv("TMPDIR");
    return folder && folder[0] ? folder : "/tmp";
}
