/* Dates of recordings that name their zone with letters. Private to the room. */
#ifndef IMPORT_DATES_H
#define IMPORT_DATES_H

#include "base/slice.h"

enum date_zone { DATE_ZONE_SURE, DATE_ZONE_GUESSED, DATE_ZONE_UNKNOWN };
/* Java's Date.toString: "Mon Apr 13 18:03:10 EDT 2015". Zone letters that several countries use are
 * guessed, unknown ones taken as UTC; false if it is no date. */
bool date_parse_java(struct slice s, int64_t *out_utc_ns, enum date_zone *zone);

#endif
