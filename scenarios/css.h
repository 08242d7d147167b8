/* CSS selectors to XPath 1.0. Private to the room.
 *
 * tag, *, #id, .class, [attr], [attr=v] and ~= ^= $= *= |=, :first-child, :last-child, :nth-child(n),
 * :first-of-type, :last-of-type, :nth-of-type(n), :not(simple), the combinators blank > + ~, groups with a
 * comma. Behind it what to take: ::attr(name) or @name, ::text; nothing: the element's value. */
#ifndef SCENARIOS_CSS_H
#define SCENARIOS_CSS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* Whether a selector is an XPath already. */
bool css_is_xpath(struct slice selector);
/* The XPath, NUL-terminated, in the arena; NULL for what is not understood. */
const char *css_to_xpath(struct arena *a, struct slice selector, struct err *err);

#endif
