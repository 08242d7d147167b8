/* Fuzz target of the archive's readers: the input's lines, cut into members at 0xff bytes, packed, and given
 * to verify, load, export and recover. Invariant: no crash, and what recover writes is whole. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/gz.h"
#include "results/results.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool put(int fd, struct slice s)
{
    return write(fd, s.p, s.n) == (ssize_t)s.n;
}

static bool pack(int fd, struct slice lines)
{
    struct buf b = BUF_INIT(1 << 22);
    struct slice member;
    bool ok = true;
    while (ok && slice_next(&lines, (char)0xff, &member)) {
        buf_reset(&b);
        ok = gz_member(&b, member, 1) && put(fd, buf_slice(&b));
    }
    buf_free(&b);
    return ok;
}

static void count(void *arg, const struct run_info *info, const struct sample *s,
                  struct slice message)
{
    if (s->step >= info->steps_n || s->outcome >= OUTCOMES || message.n > (1 << 20)) abort();
    (*(uint64_t *)arg)++;
}

static void read_all(const char *path)
{
    struct archive_verdict v;
    struct buf text = BUF_INIT(1 << 26);
    uint64_t samples = 0;
    struct archive_load *l = archive_load(&path, 1, NULL, NULL);
    if (l) {
        stats_write_text(archive_load_stats(l), &text);
        stats_write_html(archive_load_stats(l), &text);
    }
    archive_load_free(l);
    archive_samples(path, NULL, count, &samples, NULL);
    if (archive_verify(path, NULL, &v, NULL) && v.good_bytes > v.bytes) abort();
    buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char path[64], fixed[64];
    struct archive_verdict v;
    int fd = memfd_create("archive", 0);
    if (fd < 0 || n > 1 << 20) return 0;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    snprintf(fixed, sizeof fixed, "/dev/shm/reprise-fuzz-%d", getpid());
    if (pack(fd, (struct slice){ (const char *)data, n })) {
        read_all(path);
        if (archive_recover(path, fixed, &v, NULL) &&
            (!archive_verify(fixed, NULL, &v, NULL) || v.state != ARCHIVE_WHOLE))
            abort();
        unlink(fixed);
    }
    close(fd);
    return 0;
}
