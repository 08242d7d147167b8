/* The HAR reader over any bytes. */
#include "har/har.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = { (const char *)data, size };
    struct err err = { 0 };
    struct har_options opt = { .max_bytes = (size_t)1 << 20, .max_entries = 100 };
    session_free(har_read_text(text, "fuzz.har", &opt, &err));
    har_looks_like(text);
    return 0;
}
