/* ZIP archives in memory (libarchive), for recordings that are one. Nothing is ever written to disk.
 *
 * Refused with a sentence: damaged and encrypted archives, names that leave the archive ("../", absolute),
 * more than 200,000 members, and what unpacks to more than the import allows. */
#ifndef IMPORT_UNZIP_H
#define IMPORT_UNZIP_H

#include "capture/import/read.h"

struct unzipped {
    struct slice name; /* with '/' */
    struct slice text; /* empty if it was not wanted */
};

/* All members, in the archive's order; text of those that want says yes to (NULL: all), in the session. */
bool unzip(struct import *im, bool (*want)(struct slice name), struct unzipped **v, size_t *n,
           struct err *err);
/* Whether a member that name says yes to stands in a ZIP's directory; reads names only. */
bool unzip_has(struct slice zip, bool (*name)(struct slice name));

#endif
