/* The XML reader over any bytes: its events, and a tree. */
#include "base/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = { (const char *)data, size };
    struct arena *a = arena_new();
    struct xml *x = xml_open(text, "fuzz.xml");
    enum xml_event ev;
    unsigned n = 0;
    while ((ev = xml_next(x)) != XML_EOF && ev != XML_BAD)
        if (ev == XML_START && n++ % 2 == 1) xml_tree(x, a);
    xml_close(x);
    xml_root_name(text);
    arena_free(a);
    return 0;
}
