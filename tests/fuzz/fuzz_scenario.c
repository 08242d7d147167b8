/* Scenario files: no text may crash the reader, and what it reads is written and read back. */
#include <stdint.h>
#include <stdlib.h>

#include "scenarios/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = { 0 };
    struct slice text = { (const char *)data, size };
    struct scenario *s = scenario_parse_unchecked(text, "nowhere/fuzz.yaml", &err);
    if ((s == NULL) != err_is(&err)) abort();
    if (!s) return 0;
    struct buf out = BUF_INIT(64 << 20);
    if (scenario_write(s, &out)) {
        struct scenario *back = scenario_parse_unchecked(buf_slice(&out), "fuzz.yaml", &err);
        if (!back) abort();
        scenario_free(back);
    }
    err = (struct err){ 0 };
    scenario_check(s, &err);
    scenario_free(s);
    buf_free(&out);
    return 0;
}
