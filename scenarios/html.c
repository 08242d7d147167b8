/* libxml2's HTML and XML parsers and its XPath: the only file of the room that includes it.
 *
 * Called by the html and xml extractors. Everything it allocates hangs on an answer_docs, which is one
 * worker's own; nothing is shared between threads. Hostile answers meet limits: bytes, libxml2's own limit
 * of depth, XPATH_STEPS. Nothing is fetched, no entity of an XML answer is expanded. */
#include "scenarios/html.h"

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <stdlib.h>

#include "base/enc.h"
#include "base/mem.h"
#include "http/form.h"

#define BODY_MAX (16u << 20)
#define XPATH_STEPS 5000000ul
#define COSTLY_DEPTH 100

struct answer_docs {
    xmlDocPtr doc[2]; /* by enum markup */
    bool tried[2];
    xmlXPathContextPtr xpath[2];
    htmlParserCtxtPtr html; /* kept for the next answer */
    bool used;              /* since the last reset */
};

struct answer_docs *answer_docs_new(void)
{
    return mem_alloc(1, sizeof(struct answer_docs));
}

void answer_docs_reset(struct answer_docs *d)
{
    if (!d->used) return;
    d->used = false;
    for (int i = 0; i < 2; i++) {
        if (d->doc[i]) xmlFreeDoc(d->doc[i]);
        d->doc[i] = NULL;
        d->tried[i] = false;
        if (!d->xpath[i]) continue;
        xmlXPathRegisteredNsCleanup(d->xpath[i]);
        d->xpath[i]->doc = NULL;
        d->xpath[i]->node = NULL;
    }
}

void answer_docs_free(struct answer_docs *d)
{
    if (!d) return;
    answer_docs_reset(d);
    for (int i = 0; i < 2; i++)
        xmlXPathFreeContext(d->xpath[i]);
    if (d->html) htmlFreeParserCtxt(d->html);
    free(d);
}

/* ---- parsing -------------------------------------------------------------------------------------- */

static void silent(void *user, xmlErrorPtr error)
{
    (void)user;
    (void)error;
}

/* What the header says; text that is UTF-8 without saying so is taken as that. NULL: libxml2 looks. */
static const char *charset_of(const struct answer *a, char out[64])
{
    struct slice type = a->headers ? headers_get(a->headers, SL("content-type")) : SL("");
    struct slice name = mime_param(type, SL("charset"));
    if (name.n > 0 && name.n < 64) {
        for (size_t i = 0; i < name.n; i++)
            out[i] = name.p[i];
        out[name.n] = 0;
        if (xmlParseCharEncoding(out) != XML_CHAR_ENCODING_ERROR) return out;
    }
    return enc_is_utf8(a->body) ? "UTF-8" : NULL;
}

static xmlDocPtr parse_html(struct answer_docs *d, const struct answer *a)
{
    char charset[64];
    int options = HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                  HTML_PARSE_NONET | HTML_PARSE_COMPACT;
    if (!d->html) d->html = htmlNewParserCtxt();
    if (!d->html) return NULL;
    return htmlCtxtReadMemory(d->html, a->body.p, (int)a->body.n, NULL, charset_of(a, charset),
                              options);
}

static xmlDocPtr parse_xml(const struct answer *a)
{
    int options = XML_PARSE_RECOVER | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NONET |
                  XML_PARSE_COMPACT;
    return xmlReadMemory(a->body.p, (int)a->body.n, NULL, NULL, options);
}

/* The prefixes of the root element can be used in an XPath. */
static void register_prefixes(xmlXPathContextPtr xpath, xmlDocPtr doc)
{
    const xmlNode *root = xmlDocGetRootElement(doc);
    for (const xmlNs *ns = root ? root->nsDef : NULL; ns; ns = ns->next)
        if (ns->prefix) xmlXPathRegisterNs(xpath, ns->prefix, ns->href);
}

/* The context over the answer's document, parsed at the first call; NULL if it cannot be. */
static xmlXPathContextPtr context(struct answer_docs *d, enum markup m, const struct answer *a)
{
    if (d->tried[m]) return d->doc[m] ? d->xpath[m] : NULL;
    d->used = d->tried[m] = true;
    if (a->body.n == 0 || a->body.n > BODY_MAX) return NULL;
    d->doc[m] = m == MARKUP_HTML ? parse_html(d, a) : parse_xml(a);
    if (!d->doc[m]) return NULL;
    if (!d->xpath[m]) d->xpath[m] = xmlXPathNewContext(NULL);
    if (!d->xpath[m]) return NULL;
    d->xpath[m]->error = silent;
    d->xpath[m]->doc = d->doc[m];
    d->xpath[m]->node = (xmlNodePtr)d->doc[m];
    if (m == MARKUP_XML) register_prefixes(d->xpath[m], d->doc[m]);
    return d->xpath[m];
}

/* ---- values --------------------------------------------------------------------------------------- */

static struct slice of_xml(const xmlChar *text)
{
    return slice_z((const char *)text);
}

/* The attribute that carries an element's value, NULL if its text does. */
static const char *value_attribute(const xmlNode *node)
{
    if (node->type != XML_ELEMENT_NODE) return NULL;
    if (slice_eq(of_xml(node->name), SL("input"))) return "value";
    if (slice_eq(of_xml(node->name), SL("meta"))) return "content";
    return NULL;
}

static bool node_value(const struct markup_query *q, const xmlNode *node, struct arena *scratch,
                       struct slice *out)
{
    const char *attr = q->values ? value_attribute(node) : NULL;
    xmlChar *text = attr ? xmlGetProp(node, (const xmlChar *)attr) : xmlNodeGetContent(node);
    if (!text) return false;
    struct slice s = of_xml(text);
    *out = arena_dup(scratch, node->type == XML_ATTRIBUTE_NODE || attr ? s : slice_trim(s));
    xmlFree(text);
    return true;
}

static bool pick(const struct markup_query *q, xmlXPathObjectPtr found, struct arena *scratch,
                 struct slice *out)
{
    if (found->type == XPATH_NODESET) {
        const xmlNodeSet *set = found->nodesetval;
        unsigned nth = q->nth ? q->nth : 1;
        if (!set || set->nodeNr < 0 || nth > (unsigned)set->nodeNr) return false;
        return node_value(q, set->nodeTab[nth - 1], scratch, out);
    }
    xmlChar *text = xmlXPathCastToString(found);
    if (!text) return false;
    *out = arena_dup(scratch, of_xml(text));
    xmlFree(text);
    return out->n > 0 && q->nth <= 1; /* string(…) of nothing is "" */
}

static bool deeper_than(const xmlDoc *doc, int limit)
{
    const xmlNode *node = doc->children;
    int depth = 1;
    while (node) {
        bool down = node->type == XML_ELEMENT_NODE && node->children;
        if (down && ++depth > limit) return true;
        if (down) {
            node = node->children;
            continue;
        }
        while (node && !node->next && depth-- > 1)
            node = node->parent;
        node = node && depth > 0 ? node->next : NULL;
    }
    return false;
}

static bool find(struct answer_docs *d, const struct markup_query *q, const struct answer *a,
                 struct arena *scratch, struct slice *out)
{
    xmlXPathContextPtr xpath = context(d, q->markup, a);
    if (!xpath || (q->costly && deeper_than(xpath->doc, COSTLY_DEPTH))) return false;
    xpath->opLimit = XPATH_STEPS;
    xpath->opCount = 0;
    xmlXPathObjectPtr found = xmlXPathEval((const xmlChar *)q->xpath, xpath);
    if (!found) return false;
    bool ok = pick(q, found, scratch, out);
    xmlXPathFreeObject(found);
    return ok;
}

bool markup_find(const struct markup_query *q, const struct answer *a, struct arena *scratch,
                 struct slice *out)
{
    if (a->docs) return find(a->docs, q, a, scratch, out);
    struct answer_docs own = { 0 };
    bool ok = find(&own, q, a, scratch, out);
    answer_docs_reset(&own);
    for (int i = 0; i < 2; i++)
        xmlXPathFreeContext(own.xpath[i]);
    if (own.html) htmlFreeParserCtxt(own.html);
    return ok;
}

/* libxml2 does not count the steps of "//a//b//c//d": on 250 nested elements that takes half a minute. */
static bool is_costly(struct slice xpath)
{
    unsigned n = 0;
    for (size_t at; (at = slice_find(xpath, SL("//"))) != SLICE_NONE; n++)
        xpath = slice_from(xpath, at + 2);
    return n > 2;
}

bool xpath_check(struct markup_query *q, struct err *err)
{
    q->costly = is_costly(slice_z(q->xpath));
    xmlInitParser();
    xmlXPathContextPtr context = xmlXPathNewContext(NULL);
    if (context) context->error = silent;
    xmlXPathCompExprPtr compiled =
        context ? xmlXPathCtxtCompile(context, (const xmlChar *)q->xpath) : NULL;
    bool ok = compiled != NULL;
    xmlXPathFreeCompExpr(compiled);
    xmlXPathFreeContext(context);
    return ok || err_set(err, ERR_INPUT, "XPath %s: not a valid expression", q->xpath);
}
