/* The recorded visit that ships with the project, embedded: scenarios/examples/demo.har.
 *
 * Used by cli/demo_way.c. The Makefile compiles from the top folder, where the path starts. */
#include "cli/demo.h"

__asm__(".pushsection .rodata\n"
        "demo_har_begin: .incbin \"scenarios/examples/demo.har\"\n"
        "demo_har_end:\n"
        ".popsection\n");

extern const char demo_har_begin[], demo_har_end[];

struct slice demo_har(void)
{
    return (struct slice){ demo_har_begin, (size_t)(demo_har_end - demo_har_begin) };
}
