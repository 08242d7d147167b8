/* XML, read forward (libxml2's text reader): elements and their text, from documents that nobody vouches for.
 *
 * What recordings need and what hostile files want are both settled before libxml2 sees a byte: the
 * declaration (XML 1.1 too), DOCTYPE, comments and processing instructions are taken out, so that no
 * entity but the five of XML itself can exist and nothing is ever loaded; bytes that XML forbids (NUL and
 * other control characters, CR in CDATA, what is not UTF-8) pass through and come out as they were. See
 * docs/notes/xml.md. Limits: 200 levels, 24 MiB of one text, 1 MiB of one tag, 1,000,000 nodes of a tree. */
#ifndef BASE_XML_H
#define BASE_XML_H

#include "base/arena.h"
#include "base/err.h"

enum xml_event { XML_START, XML_END, XML_TEXT, XML_EOF, XML_BAD };

struct xml;

/* text must outlive the reader (UTF-16 with a byte order mark is copied); file is for messages. Gives. */
struct xml *xml_open(struct slice text, const char *file);
void xml_close(struct xml *x);
/* An element without content gives XML_START and XML_END. After XML_BAD it stays so. */
enum xml_event xml_next(struct xml *x);
/* Of the element that XML_START or XML_END stands on, without its prefix; valid until xml_next. */
struct slice xml_name(const struct xml *x);
unsigned xml_depth(const struct xml *x); /* of the root element: 0 */
unsigned xml_line(const struct xml *x);  /* about where the reader is */
size_t xml_offset(const struct xml *x);  /* how much of the text was read */
/* False after XML_BAD, with "file:line: sentence". */
bool xml_ok(const struct xml *x, struct err *err);

/* An element with all that is in it. Several texts of one element are joined. */
struct xml_attr {
    struct slice name, value;
};
struct xml_node {
    struct slice name; /* without prefix */
    struct slice text; /* its own, not that of its children; never trimmed */
    struct xml_attr *attrs;
    size_t attrs_n;
    struct xml_node *child, *next;
    unsigned line;
};
/* On XML_START: reads the element up to its XML_END. NULL on XML_BAD. */
struct xml_node *xml_tree(struct xml *x, struct arena *a);
/* The attributes of XML_START alone. */
void xml_attrs(struct xml *x, struct arena *a, struct xml_node *out);
/* The first child of that name, NULL if there is none (n may be NULL). */
struct xml_node *xml_child(const struct xml_node *n, struct slice name);
/* The next sibling of that name behind n. */
struct xml_node *xml_again(const struct xml_node *n, struct slice name);
/* A child's text without blanks around it; an attribute. Empty if absent. */
struct slice xml_child_text(const struct xml_node *n, struct slice name);
struct slice xml_attr(const struct xml_node *n, struct slice name);

/* The name of the root element, without its prefix, of a document that starts so; empty if it is no XML. */
struct slice xml_root_name(struct slice start);

#endif
