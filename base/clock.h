/* Time: monotonic for measuring, UTC for naming. Nanoseconds everywhere. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/buf.h"

uint64_t clock_mono_ns(void);
int64_t clock_utc_ns(void); /* since 1970-01-01T00:00:00Z */
uint64_t clock_thread_cpu_ns(void);
uint64_t clock_process_cpu_ns(void);
/* ISO 8601 as recordings have it: date, 'T' or blank, time, optional fraction, optional Z or ±hh[:]mm
 * (none means UTC). False on anything else. Dates before 1844 or after 2096 are clamped to that (the
 * 0001-01-01 and 9999-12-31 of recordings), so that differences of two times never overflow. */
bool clock_parse_iso(struct slice s, int64_t *out_utc_ns);
void clock_add_iso(struct buf *out, int64_t utc_ns);     /* 2026-11-23T01:02:03.456Z */
void clock_add_compact(struct buf *out, int64_t utc_ns); /* 20261123T010203Z: for file names */
/* HTTP dates (RFC 9110 5.6.7: IMF-fixdate, RFC 850, asctime) and all that cookies write (RFC 6265
 * 5.1.1); clamped as above. */
bool clock_parse_http(struct slice s, int64_t *out_utc_ns);

#endif
