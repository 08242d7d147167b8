/* What the files of the JMX reader share: properties, scopes, texts. Private to the room.
 *
 * A JMX is a list of pairs, an element and the hashTree of what is below it. Configuration, timers,
 * assertions and extractors act on all samplers of their own hashTree and below: a scope is that list, with
 * the scope around it. */
#ifndef FOREIGN_JMX_H
#define FOREIGN_JMX_H

#include "scenarios/foreign/foreign_build.h"

struct jmx_scope {
    const struct jmx_scope *outer;
    const struct xml_node *tree; /* hashTree: element, hashTree, element, … */
};

struct jmx {
    struct foreign *f;
    double users;
    double ramp_s, duration_s;
    uint64_t loops; /* 0: for ever */
    bool loops_differ;
    size_t groups;
};

/* A property by name, whatever its type; empty if absent. */
struct slice jmx_prop(const struct xml_node *n, struct slice name);
const struct xml_node *jmx_prop_node(const struct xml_node *n, struct slice name);
bool jmx_flag(const struct xml_node *n, struct slice name);
bool jmx_is(const struct xml_node *n, struct slice name);
bool jmx_enabled(const struct xml_node *n);
struct slice jmx_label(const struct xml_node *n); /* its testname */
/* The next element of a hashTree from n on (n itself included), with the hashTree that belongs to it. */
const struct xml_node *jmx_pair(const struct xml_node *n, const struct xml_node **tree);

/* jmx_text.c: JMeter's text to ours; NUMBER: a constant number, false if it is none. */
struct slice jmx_text(struct jmx *j, struct slice text, enum foreign_encode how);
bool jmx_number(struct jmx *j, struct slice text, double *out);
/* All names that elements of the plan set, before any text is converted. */
void jmx_declare(struct jmx *j, const struct xml_node *tree);

/* jmx_request.c */
void jmx_sampler(struct jmx *j, const struct xml_node *sampler, const struct jmx_scope *scope,
                 struct steps *out);
/* jmx_check.c: an extractor or assertion becomes the request's; false if it is neither. inherited: it
 * acts on other samplers too. */
bool jmx_after(struct jmx *j, const struct xml_node *n, bool inherited, struct request_step *r);

#endif
