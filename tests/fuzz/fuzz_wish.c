/* Start and edit requests, as JSON and as a form. */
#include "web/wish.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct web_wish w;
    struct err err = { 0 };
    struct slice text = { (const char *)data, size };
    if (size <= 64 * 1024) {
        wish_from_json(text, a, &w, &err);
        wish_from_form(text, a, &w, NULL);
    }
    arena_free(a);
    return 0;
}
