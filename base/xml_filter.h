/* What stands between a document's bytes and libxml2. Private to base/xml.
 *
 * Output is UTF-8 that XML allows: bytes that XML forbids become U+E000 plus the byte, and xml_unfilter
 * turns them back. Code points U+E000 to U+E0FF of the document itself go the same way, so that nothing
 * is mistaken. Lines stay what they were. */
#ifndef BASE_XML_FILTER_H
#define BASE_XML_FILTER_H

#include "base/arena.h"

enum xml_mode { XML_MODE_TEXT, XML_MODE_CDATA, XML_MODE_TAG };
enum xml_charset { XML_UTF8, XML_LATIN1, XML_CP1252 };

struct xml_filter {
    struct slice in;
    size_t at;
    enum xml_mode mode;
    char quote;      /* in a tag: of the attribute's value */
    size_t run;      /* bytes since the last change of mode */
    size_t skip_to;  /* what is left out ends here */
    bool started;    /* the root element was seen: before it nothing is put out */
    unsigned unseen; /* newlines before it, which libxml2 does not count */
    enum xml_charset charset;
    const char *error; /* one sentence */
};

/* Passes over the byte order mark and the declaration. */
void xml_filter_init(struct xml_filter *f, struct slice in);
/* At most room bytes (at least 16) to out; 0 at the end and on an error. */
size_t xml_filter_read(struct xml_filter *f, char *out, size_t room);
/* The bytes as the document had them: s itself if nothing was replaced. */
struct slice xml_unfilter(struct arena *a, struct slice s);
/* Offset behind the construct at `at` (declaration, DOCTYPE, comment, instruction) or at itself if there is
 * none; SLICE_NONE if it does not end. */
size_t xml_pass_over(struct slice in, size_t at);

#endif
