/* Recordings by their content: a HAR, or a packet capture. Called where a person hands over a file without
 * saying what it is. */
#include "cli/recording.h"

#include "base/file.h"
#include "capture/capture.h"
#include "har/har.h"

#define MAGIC_BYTES 4

/* pcap in both byte orders and both resolutions, pcapng's section header. */
static bool is_capture(struct slice start)
{
    static const struct slice magics[] = { SL("\xd4\xc3\xb2\xa1"), SL("\xa1\xb2\xc3\xd4"),
                                           SL("\x4d\x3c\xb2\xa1"), SL("\xa1\xb2\x3c\x4d"),
                                           SL("\x0a\x0d\x0d\x0a") };
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (slice_eq(slice_sub(start, 0, MAGIC_BYTES), magics[i])) return true;
    return false;
}

static struct session *read_capture(const char *path, struct err *err)
{
    struct capture_report report;
    struct capture_cfg cfg = { .files = &path, .files_n = 1 };
    return capture_to_session(&cfg, &report, err);
}

struct session *recording_read(const char *path, const char **format, struct err *err)
{
    struct file f;
    if (!file_read(&f, path, (size_t)1 << 32, err)) return NULL;
    bool packets = is_capture(f.text);
    file_close(&f);
    *format = packets ? "pcap" : "har";
    return packets ? read_capture(path, err) : har_read(path, NULL, err);
}
