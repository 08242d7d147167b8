/* Files that are no recordings reprise can read, by name, with what to do instead. Private to the room. */
#ifndef IMPORT_REFUSE_H
#define IMPORT_REFUSE_H

#include "base/slice.h"

/* text: the whole file; start: its first bytes, in UTF-8; root: the name of an XML's root element. A
 * sentence that says what the file is and what to give instead; NULL if it is not known either. */
const char *refusal(struct slice text, struct slice start, struct slice root);

#endif
