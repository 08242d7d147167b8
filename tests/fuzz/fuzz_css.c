/* CSS selectors: libxml2 compiles or refuses what they become, and finding with it ends. */
#include <stdint.h>
#include <stdlib.h>

#include "scenarios/css.h"
#include "scenarios/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice all = { (const char *)data, size }, selector = all, page = SL("<p class=a>x</p>");
    slice_cut(all, '\n', &selector, &page);
    if (slice_chr(selector, 0) != SLICE_NONE) return 0;
    struct arena *a = arena_new();
    struct err err = { 0 };
    struct slice out;
    struct answer answer = { .status = 200, .body = page };
    struct markup_query q = { .markup = MARKUP_HTML, .values = true, .nth = 1 };
    q.xpath = css_to_xpath(a, selector, &err);
    if ((q.xpath == NULL) != err_is(&err)) abort();
    if (q.xpath && xpath_check(&q, &err)) markup_find(&q, &answer, a, &out);
    arena_free(a);
    return 0;
}
