/* What the exporters share. Private to the room. */
#ifndef EXPORT_EXPORT_BUILD_H
#define EXPORT_EXPORT_BUILD_H

#include "scenarios/export/export.h"
#include "scenarios/template.h"

struct export
{
    const struct scenario *s;
    struct buf *out;
    struct arena *a;
    struct scope *scope;
    struct export_notes *notes;
    unsigned indent;
    const struct export_lang *lang; /* of a script: export_script.h */
    size_t names;                   /* how many functions were written */
};

void export_note(struct export *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Compiled as a run would; NULL on an error. */
const struct template *export_template(struct export *x, struct slice text, struct err *err);
void export_string(struct buf *out, struct slice text);
/* The name under which statistics show a request. */
struct slice export_name(struct export *x, const struct request_step *r);
const char *export_extract_kind(enum extract_kind k);
const char *export_decode_name(enum extract_decode d);
const char *export_check_kind(enum check_kind k);
const char *export_pick(enum feed_pick p);
/* Where a file lies that the scenario names. */
struct slice export_path(struct export *x, struct slice file);
/* An identifier: letters, digits, '_'; unique within the export. */
struct slice export_identifier(struct export *x, struct slice name);
/* The Content-Type that the engine would add; empty if the headers have one or none is needed. */
struct slice export_content_type(const struct export *x, const struct request_step *r);
void export_locust(struct export *x);
void export_k6(struct export *x);
void export_jmx(struct export *x);
void export_curl(struct export *x);
void export_har(struct export *x);

struct slice export_locust_lib(void); /* what scripts begin with */
struct slice export_k6_lib(void);

#endif
