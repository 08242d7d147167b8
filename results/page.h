/* The HTML pages and the data put into them. Private to results. */
#ifndef RESULTS_PAGE_H
#define RESULTS_PAGE_H

#include "base/json.h"
#include "results/results.h"

struct slice page_report(void);
struct slice page_compare(void);
/* The page in its frame, with the data in it, escaped for a script element. */
void page_write(struct buf *out, struct slice page, struct slice json);
/* An object with the points and histograms of a run, thinned (out_html.c). */
void page_put_curves(struct jsonw *w, const struct run_stats *s);

#endif
