/* What a script in any language says alike: a walk of the scenario in the words of x->lang. Private to the room. */
#ifndef EXPORT_EXPORT_SCRIPT_H
#define EXPORT_EXPORT_SCRIPT_H

#include "scenarios/export/export_build.h"

struct export_around {
    const char *open, *close;
};

struct export_lang {
    unsigned width;           /* blanks of an indent */
    const char *call;         /* in front of a function's name: self.f_ */
    const char *nothing;      /* None */
    const char *yes;          /* True */
    const char *quote;        /* around the key of a map */
    const char *assign;       /* between an argument's name and its value */
    const char *list_close;   /* of a list that ends a map */
    const char *end;          /* of a statement */
    const char *empty;        /* the statement that does nothing; NULL: none is needed */
    const char *repeat_end;   /* the line behind a loop; NULL: none */
    const char *sleep;        /* "gevent.sleep(" */
    const char *send;         /* "self.send(" */
    const char *options;      /* between a request's three values and its arguments */
    const char *body;         /* the argument's name */
    struct export_around var; /* a quoted name: self.v["…"] */
    struct export_around map, tuple, argument, repeat;
    struct export_around text, bytes, file, form; /* what a body is made of */

    void (*headers)(struct export *x, const struct request_step *r);
    void (*parts)(struct export *x, const struct request_step *r);
    void (*finish)(struct export *x, const struct request_step *r); /* the last arguments */
    void (*seconds)(struct export *x, const struct wait *w);        /* an expression */
};

/* A line at the indent, with its newline. */
void export_line(struct export *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void export_indent(struct export *x);
/* "a" + v["b"], as JSON strings, which Python and JavaScript read alike. */
void export_expr(struct export *x, struct slice text);
/* Begins and ends an argument on a line of its own. */
void script_arg(struct export *x, const char *name);
void script_arg_end(struct export *x);
/* Each: open name between value close, and a comma. */
void script_pairs(struct export *x, const struct fields *f, const char *open, const char *between,
                  const char *close);
void script_part_value(struct export *x, const struct form_part *p);
void script_set(struct export *x, const struct fields *f);
void script_think(struct export *x, const struct wait *w);
void script_steps(struct export *x, const struct step *v, size_t n);

#endif
