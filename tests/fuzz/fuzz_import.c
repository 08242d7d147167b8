/* Every importer of recordings over any bytes: the first byte chooses the format, 'z' the sniffing. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "capture/capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put(const char *path, const uint8_t *data, size_t size)
{
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    if (fd < 0) return;
    if (write(fd, data, size) < 0) size = 0;
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const formats[] = { "burp", "charles",   "chlsj",    "saz",    "har.zip",
                                           "jtl",  "mitmproxy", "messages", "base64", "gor" };
    struct import_options o = { .max_bytes = (size_t)1 << 22, .max_entries = 200 };
    char path[64];
    struct err err = { 0 };
    if (size == 0) return 0;
    snprintf(path, sizeof path, "/tmp/fuzz-import-%d", (int)getpid());
    put(path, data + 1, size - 1);
    const char *format = data[0] == 'z' ? NULL : formats[data[0] % 10];
    struct import_source *src = import_open(path, format, &o, &err);
    if (src && import_format(src)->kind == IMPORT_RECORDING) session_free(import_read(src, &err));
    import_close(src);
    unlink(path);
    return 0;
}
