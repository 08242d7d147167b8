/* Small pieces of text that tables share. Private to results. */
#ifndef RESULTS_CELL_H
#define RESULTS_CELL_H

#include "results/results.h"

/* s cut to width characters, padded with blanks on the right; "…" where it was cut. UTF-8 aware. */
void cell_pad(struct buf *out, struct slice s, size_t width);
/* As cell_pad, but not padded. */
void cell_cut(struct buf *out, struct slice s, size_t max);
/* Milliseconds in at most five characters for people: "0.42" "3.21" "45.6" "678" "12345". */
void cell_ms(struct buf *out, uint64_t ns);
void cell_ms_right(struct buf *out, uint64_t ns, size_t width);
/* What a threshold measured, in its rule's unit: "100%" "234.5 ms" "1.5 s" "512/s" "3"; it is known. */
void cell_measured(struct buf *out, const struct threshold_result *t);
void cell_rule(struct buf *out, size_t width); /* a line of '-' */
/* "Aggregated" or the step's own. */
struct slice cell_step_name(const struct run_stats *s, size_t step);
/* The step's method and name, or "Aggregated", in width characters. A name that is longer has a line of its own
 * above its figures: names are often told apart by their ends only. */
void cell_step(struct buf *out, const struct run_stats *s, size_t step, size_t width);

#endif
