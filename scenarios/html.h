/* XPath on HTML and XML answers, through libxml2. Private to the room. */
#ifndef SCENARIOS_HTML_H
#define SCENARIOS_HTML_H

#include "scenarios/extract.h"

enum markup { MARKUP_HTML, MARKUP_XML };

/* A query, ready to be asked; text is checked by xpath_check. */
struct markup_query {
    enum markup markup;
    const char *xpath;
    bool values; /* of input and meta elements: what they carry, not their (empty) text */
    unsigned nth;
    bool costly; /* time grows steeply with the document's depth; set by xpath_check */
};

/* Whether the XPath is one; also makes the library ready for threads: call it before the first query of all. */
bool xpath_check(struct markup_query *q, struct err *err);
/* The value of the nth node in document order, in scratch. Answers over 16 MiB are not parsed. */
bool markup_find(const struct markup_query *q, const struct answer *a, struct arena *scratch,
                 struct slice *out);

#endif
