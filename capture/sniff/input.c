/* Buffered bytes of a capture. Called by pcapfile.c only.
 *
 * Invariant: buf[at, at+n) are the bytes not yet skipped; they move to the front only when a peek needs
 * room behind them. gzip members are inflated one after another, as `cat a.gz b.gz` makes them. */
#include "capture/sniff/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/inflate.h"
#include "base/mem.h"

#define BUFFER_BYTES (512U << 10)
#define RAW_BYTES (64U << 10)

struct input {
    int fd;
    bool owned, eof, regular;
    const char *trouble;
    uint8_t *buf;
    size_t at, n, cap;
    uint64_t skipped;
    struct inflate *gz;
    char *raw;
    struct slice raw_left;
};

static ssize_t read_some(int fd, void *p, size_t n)
{
    ssize_t got;
    do
        got = read(fd, p, n);
    while (got < 0 && errno == EINTR);
    return got;
}

/* Appends what one read gives to the buffer; sets eof. */
static void fill_plain(struct input *in)
{
    size_t end = in->at + in->n;
    ssize_t got = read_some(in->fd, in->buf + end, in->cap - end);
    if (got < 0) in->trouble = strerrordesc_np(errno);
    if (got <= 0)
        in->eof = true;
    else
        in->n += (size_t)got;
}

static bool refill_raw(struct input *in)
{
    ssize_t got = read_some(in->fd, in->raw, RAW_BYTES);
    if (got < 0) in->trouble = strerrordesc_np(errno);
    in->raw_left = (struct slice){ in->raw, got > 0 ? (size_t)got : 0 };
    return got > 0;
}

static void fill_gzip(struct input *in)
{
    if (in->raw_left.n == 0 && !refill_raw(in)) {
        if (!in->trouble) in->trouble = "the compressed data is cut short";
        in->eof = true;
        return;
    }
    size_t end = in->at + in->n, got = 0;
    switch (inflate_run(in->gz, &in->raw_left, (char *)in->buf + end, in->cap - end, &got)) {
    case INFLATE_MORE: break;
    case INFLATE_END:
        if (in->raw_left.n == 0 && !refill_raw(in)) in->eof = true;
        inflate_reset(in->gz);
        break;
    case INFLATE_BAD:
        in->trouble = "the compressed data is damaged";
        in->eof = true;
        break;
    }
    in->n += got;
}

static void make_room(struct input *in, size_t n)
{
    if (in->at + n <= in->cap && in->at + in->n < in->cap) return;
    if (in->n) memmove(in->buf, in->buf + in->at, in->n);
    in->at = 0;
    if (n < in->cap) return;
    in->cap = n + BUFFER_BYTES;
    in->buf = mem_resize(in->buf, in->cap, 1);
}

const uint8_t *input_peek(struct input *in, size_t n)
{
    while (in->n < n) {
        if (in->eof || n > INPUT_PEEK_MAX) return NULL;
        make_room(in, n);
        if (in->gz)
            fill_gzip(in);
        else
            fill_plain(in);
    }
    return in->buf + in->at;
}

bool input_skip(struct input *in, size_t n)
{
    while (n > in->n) {
        n -= in->n;
        in->skipped += in->n;
        in->at += in->n;
        in->n = 0;
        if (!input_peek(in, 1)) return false;
    }
    in->at += n;
    in->n -= n;
    in->skipped += n;
    return true;
}

size_t input_left(const struct input *in)
{
    return in->n;
}

uint64_t input_offset(const struct input *in)
{
    return in->skipped;
}

bool input_is_regular(const struct input *in)
{
    return in->regular;
}

const char *input_trouble(const struct input *in)
{
    return in->trouble;
}

/* From plain bytes to gzip: what was buffered so far becomes the compressed input. */
static void start_gzip(struct input *in)
{
    in->gz = inflate_new(INFLATE_GZIP);
    in->raw = mem_alloc(1, in->cap > RAW_BYTES ? in->cap : RAW_BYTES);
    memcpy(in->raw, in->buf + in->at, in->n);
    in->raw_left = (struct slice){ in->raw, in->n };
    in->at = in->n = 0;
    in->eof = false;
}

struct input *input_open(const char *path, struct err *err)
{
    bool std = strcmp(path, "-") == 0;
    int fd = std ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        err_sys(err, ERR_INPUT, errno, "open %s", path);
        return NULL;
    }
    struct input *in = mem_alloc(1, sizeof *in);
    struct stat st;
    in->fd = fd;
    in->owned = !std;
    in->regular = !std && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    in->cap = BUFFER_BYTES;
    in->buf = mem_alloc(1, in->cap);
    const uint8_t *p = input_peek(in, 2);
    if (p && p[0] == 0x1f && p[1] == 0x8b) start_gzip(in);
    if (!in->n && !in->gz && in->trouble) {
        err_set(err, ERR_INPUT, "read %s: %s", path, in->trouble);
        input_free(in);
        return NULL;
    }
    return in;
}

struct input *input_memory(struct slice bytes)
{
    struct input *in = mem_alloc(1, sizeof *in);
    in->fd = -1;
    in->eof = true;
    in->buf = (uint8_t *)(uintptr_t)bytes.p; /* never written: eof is set, nothing is filled */
    in->n = in->cap = bytes.n;
    return in;
}

void input_free(struct input *in)
{
    if (!in) return;
    if (in->owned) close(in->fd);
    if (in->fd >= 0) free(in->buf);
    free(in->raw);
    inflate_free(in->gz);
    free(in);
}
