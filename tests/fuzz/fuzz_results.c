/* Fuzz target of what results reads from people and other tools: thresholds, histograms, masking. The first
 * byte picks. Invariants: a histogram that decodes encodes to one that decodes to the same counts; masking
 * never adds more than it may. */
#include <stdint.h>
#include <stdlib.h>

#include "results/archive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void rule(struct slice s)
{
    static const struct step_info steps[] = {
        { { "home", 4 }, { "GET", 3 }, { "g", 1 }, { "/", 1 } }
    };
    struct threshold_cfg t = { .rule = s };
    struct run_info info = { .steps = steps, .steps_n = 1, .thresholds = &t, .thresholds_n = 1 };
    thresholds_free(thresholds_new(&info, NULL));
}

static void histogram(struct slice s)
{
    struct hist *a = hist_new(), *b = hist_new();
    struct buf text = BUF_INIT(1 << 22);
    if (hist_decode(a, s)) {
        if (!hist_encode(a, &text) || !hist_decode(b, buf_slice(&text))) abort();
        for (size_t i = 0; i < HIST_SLOTS; i++)
            if (hist_slot(a, i) != hist_slot(b, i)) abort();
    }
    buf_free(&text);
    hist_free(a);
    hist_free(b);
}

static void mask(struct slice s)
{
    struct buf out = BUF_INIT(1 << 26);
    mask_text(&out, s);
    if (out.bad || out.n > 64 * (s.n + 1)) abort();
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0) return 0;
    struct slice s = { (const char *)data + 1, n - 1 };
    switch (data[0] % 3) {
    case 0: rule(s); break;
    case 1: histogram(s); break;
    case 2: mask(s); break;
    }
    return 0;
}
