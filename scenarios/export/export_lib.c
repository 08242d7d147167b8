/* The libraries that exported scripts begin with: lib/locust.py and k6.js as they stand, embedded.
 *
 * Used by export_locust.c and export_k6.c. The assembler reads the files from the top folder, where make
 * runs. */
#include "scenarios/export/export_build.h"

__asm__(".pushsection .rodata\n"
        ".global scenarios_locust, scenarios_locust_end, scenarios_k6, scenarios_k6_end\n"
        "scenarios_locust: .incbin \"scenarios/export/lib/locust.py\"\n"
        "scenarios_locust_end: .byte 0\n"
        "scenarios_k6: .incbin \"scenarios/export/lib/k6.js\"\n"
        "scenarios_k6_end: .byte 0\n"
        ".popsection\n");
extern const char scenarios_locust[], scenarios_locust_end[], scenarios_k6[], scenarios_k6_end[];

struct slice export_locust_lib(void)
{
    return (struct slice){ scenarios_locust, (size_t)(scenarios_locust_end - scenarios_locust) };
}

struct slice export_k6_lib(void)
{
    return (struct slice){ scenarios_k6, (size_t)(scenarios_k6_end - scenarios_k6) };
}
