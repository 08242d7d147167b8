/* libxml2's text reader behind four events. Called by the readers of other tools' files.
 *
 * Invariant: libxml2 is given the filter's output only, no file, no network, no DTD; what it reports is
 * turned into one error that the caller gets from xml_ok. The only file that knows libxml2's reader. */
#include "base/xml.h"

#include <libxml/xmlreader.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/enc.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/xml_filter.h"

enum { MAX_DEPTH = 200, MAX_NODES = 1000000, MAX_UTF16 = 128 << 20 };

struct xml {
    xmlTextReaderPtr reader;
    struct xml_filter filter;
    char early[64]; /* filtered, for requests too small for the filter */
    size_t early_n;
    struct buf converted; /* the text of a document in UTF-16 */
    const char *file;
    bool end_due; /* an empty element's end */
    bool bad;
    struct err err;
};

/* libxml2's first request is for 4 bytes, to guess the encoding. */
static size_t read_few(struct xml *x, char *out, size_t room)
{
    if (x->early_n == 0) x->early_n = xml_filter_read(&x->filter, x->early, sizeof x->early);
    size_t n = x->early_n < room ? x->early_n : room;
    memcpy(out, x->early, n);
    x->early_n -= n;
    memmove(x->early, x->early + n, x->early_n);
    return n;
}

static int on_read(void *ctx, char *out, int room)
{
    struct xml *x = ctx;
    size_t n = room < 16 || x->early_n ? read_few(x, out, (size_t)room)
                                       : xml_filter_read(&x->filter, out, (size_t)room);
    return x->filter.error ? -1 : (int)n;
}

static int on_close(void *ctx)
{
    (void)ctx;
    return 0;
}

static void on_error(void *ctx, xmlErrorPtr e)
{
    struct xml *x = ctx;
    if (e->level == XML_ERR_WARNING || err_is(&x->err)) return;
    if (e->domain == XML_FROM_NAMESPACE || e->domain == XML_FROM_IO) return;
    unsigned line = e->line > 0 ? (unsigned)e->line + x->filter.unseen : 0;
    if (e->code == XML_ERR_UNDECLARED_ENTITY || e->code == XML_WAR_UNDECLARED_ENTITY)
        err_at(&x->err, x->file, line, 0, "entities of a DTD are not taken (&%s;)",
               e->str1 ? e->str1 : "?");
    else
        err_at(&x->err, x->file, line, 0, "not well-formed XML: %.*s",
               (int)strcspn(e->message ? e->message : "", "\n"), e->message ? e->message : "");
}

static struct slice as_utf8(struct xml *x, struct slice text)
{
    bool wide = slice_starts(text, SL("\xff\xfe")) || slice_starts(text, SL("\xfe\xff"));
    if (!wide) return text;
    buf_init(&x->converted, MAX_UTF16);
    if (enc_utf16(&x->converted, text)) return buf_slice(&x->converted);
    x->bad = true;
    err_set(&x->err, ERR_INPUT, "%s: a document in UTF-16 larger than 128 MiB", x->file);
    return (struct slice){ 0 };
}

struct xml *xml_open(struct slice text, const char *file)
{
    struct xml *x = mem_alloc(1, sizeof *x);
    x->file = file;
    xml_filter_init(&x->filter, as_utf8(x, text));
    int options = XML_PARSE_NONET | XML_PARSE_HUGE | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
    x->reader = xmlReaderForIO(on_read, on_close, x, NULL, "UTF-8", options);
    if (!x->reader) {
        x->bad = true;
        err_set(&x->err, ERR_INTERNAL, "%s: libxml2 gives no reader", file);
        return x;
    }
    xmlTextReaderSetStructuredErrorHandler(x->reader, on_error, x);
    return x;
}

void xml_close(struct xml *x)
{
    if (!x) return;
    if (x->reader) xmlFreeTextReader(x->reader);
    buf_free(&x->converted);
    free(x);
}

static enum xml_event fail(struct xml *x)
{
    unsigned line = 0, column = 0;
    x->bad = true;
    if (x->filter.error) { /* the cause of whatever libxml2 says */
        x->err = (struct err){ 0 };
        file_place(x->filter.in, x->filter.at, &line, &column);
        err_at(&x->err, x->file, line, column, "%s", x->filter.error);
    }
    if (!err_is(&x->err)) {
        file_place(x->filter.in, x->filter.at, &line, &column);
        err_at(&x->err, x->file, line, column, "not well-formed XML");
    }
    return XML_BAD;
}

static enum xml_event start(struct xml *x)
{
    if (xmlTextReaderDepth(x->reader) >= MAX_DEPTH) {
        err_at(&x->err, x->file, xml_line(x), 0, "elements nested deeper than %d levels",
               MAX_DEPTH);
        return fail(x);
    }
    x->end_due = xmlTextReaderIsEmptyElement(x->reader) == 1;
    return XML_START;
}

enum xml_event xml_next(struct xml *x)
{
    if (x->bad) return XML_BAD;
    if (x->end_due) {
        x->end_due = false;
        return XML_END;
    }
    for (;;) {
        int got = xmlTextReaderRead(x->reader);
        if (got < 0 || x->filter.error || err_is(&x->err)) return fail(x);
        if (got == 0) return XML_EOF;
        switch (xmlTextReaderNodeType(x->reader)) {
        case XML_READER_TYPE_ELEMENT: return start(x);
        case XML_READER_TYPE_END_ELEMENT: return XML_END;
        case XML_READER_TYPE_TEXT:
        case XML_READER_TYPE_CDATA:
        case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
        case XML_READER_TYPE_WHITESPACE: return XML_TEXT;
        default: break;
        }
    }
}

static struct slice of_xml(const xmlChar *z)
{
    return slice_z((const char *)z);
}

struct slice xml_name(const struct xml *x)
{
    return of_xml(xmlTextReaderConstLocalName(x->reader));
}

unsigned xml_depth(const struct xml *x)
{
    int depth = xmlTextReaderDepth(x->reader);
    return depth > 0 ? (unsigned)depth : 0;
}

unsigned xml_line(const struct xml *x)
{
    int line = xmlTextReaderGetParserLineNumber(x->reader);
    return line > 0 ? (unsigned)line + x->filter.unseen : 0;
}

size_t xml_offset(const struct xml *x)
{
    return x->filter.at;
}

bool xml_ok(const struct xml *x, struct err *err)
{
    if (!x->bad) return true;
    return err_set(err, x->err.code, "%s", x->err.text);
}

/* ---- trees ---------------------------------------------------------------------------------------- */

void xml_attrs(struct xml *x, struct arena *a, struct xml_node *out)
{
    int count = xmlTextReaderAttributeCount(x->reader);
    if (count <= 0) return;
    out->attrs = arena_many(a, (size_t)count, struct xml_attr);
    while (out->attrs_n < (size_t)count && xmlTextReaderMoveToNextAttribute(x->reader) == 1) {
        struct xml_attr *at = &out->attrs[out->attrs_n++];
        at->name = arena_dup(a, of_xml(xmlTextReaderConstLocalName(x->reader)));
        at->value = xml_unfilter(a, of_xml(xmlTextReaderConstValue(x->reader)));
    }
    xmlTextReaderMoveToElement(x->reader);
}

/* A tree under construction: the open elements and the last child of each. */
struct building {
    struct xml_node *open[MAX_DEPTH + 1], *last[MAX_DEPTH + 1];
    unsigned depth;
    size_t nodes;
};

static void add_node(struct xml *x, struct arena *a, struct building *b)
{
    struct xml_node *n = arena_one(a, struct xml_node);
    n->name = arena_dup(a, xml_name(x));
    n->line = xml_line(x);
    xml_attrs(x, a, n);
    if (b->depth > 0) {
        struct xml_node *last = b->last[b->depth - 1];
        *(last ? &last->next : &b->open[b->depth - 1]->child) = n;
        b->last[b->depth - 1] = n;
    }
    b->open[b->depth] = n;
    b->last[b->depth++] = NULL;
    b->nodes++;
}

static void add_text(struct xml *x, struct arena *a, struct xml_node *n)
{
    struct slice more = xml_unfilter(a, of_xml(xmlTextReaderConstValue(x->reader)));
    if (n->text.n == 0)
        n->text = more;
    else
        n->text = arena_printf(a, "%.*s%.*s", SL_FMT(n->text), SL_FMT(more));
}

/* Text between the children of an element is layout; keeping it would only cost. */
static bool is_layout(const struct building *b, struct xml *x)
{
    if (!b->last[b->depth - 1]) return false;
    return slice_trim(of_xml(xmlTextReaderConstValue(x->reader))).n == 0;
}

struct xml_node *xml_tree(struct xml *x, struct arena *a)
{
    struct building b = { 0 };
    add_node(x, a, &b);
    while (b.depth > 0) {
        enum xml_event ev = xml_next(x);
        if (ev == XML_BAD || ev == XML_EOF) return NULL;
        if (ev == XML_END) b.depth--;
        if (ev == XML_TEXT && !is_layout(&b, x)) add_text(x, a, b.open[b.depth - 1]);
        if (ev == XML_START) add_node(x, a, &b);
        if (b.nodes > MAX_NODES) {
            err_at(&x->err, x->file, xml_line(x), 0, "more than %d elements in one", MAX_NODES);
            fail(x);
            return NULL;
        }
    }
    return b.open[0];
}

struct xml_node *xml_child(const struct xml_node *n, struct slice name)
{
    for (struct xml_node *c = n ? n->child : NULL; c; c = c->next)
        if (slice_eq(c->name, name)) return c;
    return NULL;
}

struct xml_node *xml_again(const struct xml_node *n, struct slice name)
{
    for (struct xml_node *c = n ? n->next : NULL; c; c = c->next)
        if (slice_eq(c->name, name)) return c;
    return NULL;
}

struct slice xml_child_text(const struct xml_node *n, struct slice name)
{
    const struct xml_node *c = xml_child(n, name);
    return c ? slice_trim(c->text) : (struct slice){ 0 };
}

struct slice xml_attr(const struct xml_node *n, struct slice name)
{
    for (size_t i = 0; n && i < n->attrs_n; i++)
        if (slice_eq(n->attrs[i].name, name)) return n->attrs[i].value;
    return (struct slice){ 0 };
}

static bool is_name_end(char c)
{
    return c == '>' || c == '/' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct slice xml_root_name(struct slice start)
{
    size_t at = slice_starts(start, SL("\xef\xbb\xbf")) ? 3 : 0;
    for (;;) {
        while (at < start.n && (is_name_end(start.p[at]) && start.p[at] != '>'))
            at++;
        size_t next = at < start.n ? xml_pass_over(start, at) : SLICE_NONE;
        if (next == SLICE_NONE) return (struct slice){ 0 };
        if (next == at) break;
        at = next;
    }
    if (start.p[at] != '<') return (struct slice){ 0 };
    size_t end = at + 1;
    while (end < start.n && !is_name_end(start.p[end]))
        end++;
    struct slice name = slice_sub(start, at + 1, end), prefix, local;
    return slice_cut(name, ':', &prefix, &local) ? local : name;
}
