/* What the files of the Tsung reader share. Private to the room. */
#ifndef FOREIGN_TSUNG_H
#define FOREIGN_TSUNG_H

#include "scenarios/foreign/foreign_build.h"

struct tsung {
    struct foreign *f;
    struct slice base;  /* "http://host:port" that relative URLs go to */
    struct slice agent; /* User-Agent, text */
};

/* %%_name%% to ${name}, if the request says that it is to be replaced. */
struct slice tsung_text(struct tsung *t, struct slice s, bool subst);
void tsung_steps(struct tsung *t, const struct xml_node *session, struct steps *out);
void tsung_load(struct tsung *t, const struct xml_node *load);

#endif
