/* The readers of plans over any bytes: the first byte chooses; what comes out is written and exported. */
#include "scenarios/scenarios.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_all(const struct scenario *s)
{
    static const char *const formats[] = { "locust", "k6", "jmx", "curl", "har" };
    struct buf out = BUF_INIT((size_t)1 << 24);
    struct export_notes notes = { .a = arena_new() };
    struct err err = { 0 };
    scenario_write(s, &out);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        buf_reset(&out);
        export_scenario(s, formats[i], &out, &notes, &err);
    }
    arena_free(notes.a);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const formats[] = { "jmx", "tsung", "postman", "curl" };
    struct import_report report = { 0 };
    struct err err = { 0 };
    if (size == 0) return 0;
    struct slice text = { (const char *)data + 1, size - 1 };
    struct scenario *s = foreign_read(formats[data[0] % 4], "fuzz", text, &report, &err);
    if (s) write_all(s);
    scenario_free(s);
    return 0;
}
