/* Hosts of beacons and analytics: scenarios/correlate/beacons.txt, the one list of them. Private to the room. */
#ifndef CORRELATE_BEACONS_H
#define CORRELATE_BEACONS_H

#include "base/map.h"

/* The names of the list; gives (map_free). */
struct map *beacons_new(void);
/* Whether host or a domain that it belongs to is listed. */
bool beacons_has(const struct map *beacons, struct slice host);

#endif
