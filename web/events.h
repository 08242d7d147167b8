/* The ring of rendered Server-Sent Events that all clients read from: written once, whoever watches.
 *
 * Not thread-safe: used under the web's lock. Bounded: EVENTS_MAX events of at most EVENTS_BYTES in all.
 * A reader that falls behind skips to the oldest event that is there; one that was in the middle of an
 * event that is gone is told so, and its connection ends (the browser connects again). Private to web. */
#ifndef WEB_EVENTS_H
#define WEB_EVENTS_H

#include "base/slice.h"

#define EVENTS_MAX 128
#define EVENTS_BYTES (512 * 1024)

struct events;
struct events *events_new(void); /* gives */
void events_free(struct events *e);
/* data must be one line. An event larger than the ring is left out. */
void events_push(struct events *e, const char *name, struct slice data);

struct events_cursor {
    uint64_t next;   /* the event to read */
    size_t offset;   /* into it */
    uint64_t missed; /* events that were skipped */
};
struct events_cursor events_end(const struct events *e); /* what comes from now on */

#define EVENTS_LOST SIZE_MAX
/* At most max bytes to out; 0 when there is nothing new, EVENTS_LOST as said above. */
size_t events_read(const struct events *e, struct events_cursor *c, char *out, size_t max);
uint64_t events_count(const struct events *e); /* pushed so far */

#endif
