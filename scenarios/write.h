/* Pieces of scenario_write that its two files share. Private to model_write.c and write_step.c. */
#ifndef SCENARIOS_WRITE_H
#define SCENARIOS_WRITE_H

#include "scenarios/emit.h"
#include "scenarios/model.h"

#define WRITE_COLUMNS 100 /* a flow mapping that would pass them is written as a block */

void write_double(struct emit *e, const char *key, double v);
void write_u64(struct emit *e, const char *key, uint64_t v);
void write_duration(struct emit *e, const char *key, uint64_t ns);
void write_text(struct emit *e, const char *key, struct slice text);
void write_fields(struct emit *e, const char *key, const struct fields *f);
void write_wait(struct emit *e, const char *key, const struct wait *w);
void write_steps(struct emit *e, const char *key, const struct step *steps, size_t n);
void write_open(struct emit *e);  /* " {": what follows stands in one line */
void write_close(struct emit *e); /* " }" */

#endif
