/* JMeter's XML, element by element: what export_jmx*.c write with. Private to the room. */
#ifndef EXPORT_EXPORT_XML_H
#define EXPORT_EXPORT_XML_H

#include "scenarios/export/export_build.h"

/* An element of a test plan: name is its class too. */
void xml_begin(struct export *x, const char *name, const char *gui, struct slice label);
/* Ends it and opens the hashTree of what is below it (or an empty one). */
void xml_below(struct export *x, const char *name);
void xml_alone(struct export *x, const char *name);
void xml_up(struct export *x);                                         /* ends a hashTree */
void xml_text(struct export *x, const char *name, struct slice value); /* stringProp, escaped */
void xml_textz(struct export *x, const char *name, const char *value);
void xml_bool(struct export *x, const char *name, bool value);
void xml_raw(struct export *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A template in JMeter's words. */
struct slice jmx_words(struct export *x, struct slice text);
/* export_jmx_after.c */
void jmx_extract(struct export *x, const struct extract *e);
void jmx_assert(struct export *x, const struct check *c);

#endif
