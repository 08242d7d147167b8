/* Building a scenario from another tool's plan: lists, variables, texts, warnings. Private to the room.
 *
 * Variables are looked up by the plan's own names; what they are called in the scenario, or what stands
 * for them (a feed's column, a function), is decided before any text is converted. */
#ifndef FOREIGN_FOREIGN_BUILD_H
#define FOREIGN_FOREIGN_BUILD_H

#include "base/map.h"
#include "base/xml.h"
#include "scenarios/foreign/foreign.h"

struct foreign {
    struct scenario *s;
    struct arena *a; /* the scenario's */
    struct import_report *report;
    const char *path;
    struct map *vars;    /* plan's name -> struct foreign_var */
    struct map *origins; /* origin -> count, for the target */
};

struct foreign_var {
    struct slice expr;  /* inside ${…}: "name", "users.name", "random(1, 6)" */
    struct slice value; /* constant, if it has one: p != NULL */
};

struct steps {
    struct step *v;
    size_t n;
};

enum foreign_encode { FOREIGN_PLAIN, FOREIGN_QUERY }; /* QUERY: percent-encoded, variables too */

void foreign_drop(struct foreign *f, const char *reason);
/* advice: a constant, one of these mostly. */
#define ADVICE_ADD "write it into the scenario by hand where the walk needs it"
#define ADVICE_LOOK "see whether that is what the walk needs, else change the scenario"
#define ADVICE_RECORD "to have tokens found, record one walk (a HAR) and import that"
void foreign_warn(struct foreign *f, const char *advice, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Room for one more element; v grows by doubling in the arena. */
void *foreign_room(struct foreign *f, void *v, size_t n, size_t size);
struct slice foreign_keep(struct foreign *f, struct slice s);

/* A name that a scenario allows. */
struct slice foreign_name(struct foreign *f, struct slice name);
struct foreign_var *foreign_var(struct foreign *f, struct slice name); /* NULL: not known */
struct foreign_var *foreign_declare(struct foreign *f, struct slice name, struct slice expr);
/* A constant: a variable of the scenario. value is text already converted. */
void foreign_constant(struct foreign *f, struct slice name, struct slice value);
/* Appends "${…}" for a variable; one that nobody sets becomes an empty constant, with a warning. */
void foreign_add_var(struct foreign *f, struct buf *out, struct slice name,
                     enum foreign_encode how);
/* Appends literal text, escaped, percent-encoded if asked for. */
void foreign_add_text(struct buf *out, struct slice text, enum foreign_encode how);
/* Replaces ${name} of constants by their values, as far as they are literal: for targets. */
struct slice foreign_resolved(struct foreign *f, struct slice text);

void foreign_add_field(struct foreign *f, struct fields *l, struct slice name, struct slice value);
/* The value of Authorization for a Basic login; login: "user:password", text already converted. */
struct slice foreign_basic(struct foreign *f, struct slice login);
/* Replaces a field of that name (case ignored) or adds one. */
void foreign_set_field(struct foreign *f, struct fields *l, struct slice name, struct slice value);
struct step *foreign_step(struct foreign *f, struct steps *l, enum step_kind kind);
struct request_step *foreign_request(struct foreign *f, struct steps *l);
struct task *foreign_task(struct foreign *f, struct slice name, unsigned weight,
                          const struct steps *steps);
void foreign_extract(struct foreign *f, struct request_step *r, const struct extract *e);
void foreign_check(struct foreign *f, struct request_step *r, const struct check *c);
void foreign_think(struct foreign *f, struct steps *l, enum wait_kind kind, double a_ms,
                   double b_ms);
/* A feed over a CSV file that the plan names; columns NULL: its first line has them. When a header has to
 * be written, or the delimiter is none of ours, the report gets a file to write. Declares the columns. */
struct foreign_csv {
    struct slice file, columns; /* columns: names with commas; empty: in the first line */
    char delimiter;
    bool skip_first, recycle, stop_user, random;
};
void foreign_feed(struct foreign *f, struct slice name, const struct foreign_csv *csv);
/* A path that the plan names: absolute if it is there beside the plan, else as it stands. */
struct slice foreign_path(struct foreign *f, struct slice path);
/* Counts the origin of an absolute URL. */
void foreign_host(struct foreign *f, struct slice url);
/* The origin with most requests becomes the target, its URLs become paths. */
void foreign_finish(struct foreign *f);

bool jmx_read(struct foreign *f, struct slice text, struct err *err);
bool tsung_read(struct foreign *f, struct slice text, struct err *err);
bool postman_read(struct foreign *f, struct slice text, struct err *err);
bool curl_read(struct foreign *f, struct slice text, struct err *err);

#endif
