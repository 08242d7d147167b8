/* The list of beacon hosts as a table. Called by filter.c, once an import.
 *
 * The list is scenarios/correlate/beacons.txt as it stands: a name a line, '#' begins a remark. The assembler reads it
 * from the top folder, where make runs. Names are lower case. */
#include "scenarios/correlate/beacons.h"

__asm__(".pushsection .rodata\n"
        ".global scenarios_beacons, scenarios_beacons_end\n"
        "scenarios_beacons: .incbin \"scenarios/correlate/beacons.txt\"\n"
        "scenarios_beacons_end: .byte 0\n"
        ".popsection\n");
extern const char scenarios_beacons[], scenarios_beacons_end[];

#define HOST_MAX 253 /* RFC 1035 2.3.4 */

struct map *beacons_new(void)
{
    struct slice text = { scenarios_beacons, (size_t)(scenarios_beacons_end - scenarios_beacons) };
    struct map *m = map_new();
    struct slice line;
    while (slice_next(&text, '\n', &line)) {
        line = slice_trim(slice_sub(line, 0, slice_chr(line, '#')));
        if (line.n) *map_at(m, line) = m;
    }
    return m;
}

bool beacons_has(const struct map *beacons, struct slice host)
{
    char lower[HOST_MAX];
    if (host.n > sizeof lower) return false;
    for (size_t i = 0; i < host.n; i++)
        lower[i] = (char)(host.p[i] >= 'A' && host.p[i] <= 'Z' ? host.p[i] | 0x20 : host.p[i]);
    for (struct slice s = { lower, host.n }; s.n;) {
        if (map_get(beacons, s)) return true;
        size_t dot = slice_chr(s, '.');
        s = dot == SLICE_NONE ? slice_from(s, s.n) : slice_from(s, dot + 1);
    }
    return false;
}
