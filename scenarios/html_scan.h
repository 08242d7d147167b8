/* A forgiving HTML tokenizer: tags with their attributes, and the text between, as slices of the page.
 *
 * Not a parser: no tree, no repair; the correlator only needs what stands where. Raw text elements
 * (script, style, textarea, title) give their content as one text. Private to the room. */
#ifndef SCENARIOS_HTML_SCAN_H
#define SCENARIOS_HTML_SCAN_H

#include "base/slice.h"

#define HTML_ATTRS 48

enum html_tok { HTML_END, HTML_OPEN, HTML_CLOSE, HTML_TEXT, HTML_RAW };

struct html_attr {
    struct slice name, value; /* value as written: entities not undone */
};

struct html_scan {
    struct slice text;
    size_t at;
    struct slice tag;  /* of OPEN, CLOSE; of RAW: the element whose content it is */
    struct slice body; /* TEXT, RAW */
    struct html_attr attrs[HTML_ATTRS];
    unsigned attrs_n;
    struct slice raw_tag; /* private: content of this element comes next */
};

void html_scan_init(struct html_scan *h, struct slice text);
enum html_tok html_scan_next(struct html_scan *h);
/* The written value of an attribute of the current OPEN; empty if absent. */
struct slice html_attr(const struct html_scan *h, struct slice name);
bool html_has(const struct html_scan *h, struct slice name);

#endif
