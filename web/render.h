/* A run's statistics as the API's JSON (web/openapi.yaml has the shapes). s may be NULL: nothing was
 * started. Times are milliseconds. Private to web. */
#ifndef WEB_RENDER_H
#define WEB_RENDER_H

#include "base/json.h"
#include "results/results.h"

/* One second's news, on one line: numbers of the whole run, and the last point of the charts. */
void render_tick(const struct run_stats *s, uint64_t version, uint64_t run, struct buf *out);
void render_info(struct jsonw *w, const struct run_info *info); /* null if NULL */
/* Rows in the order of the steps: {"columns": […], "rows": [[…]], "total": […]}. */
void render_stats(const struct run_stats *s, uint64_t version, struct buf *out);
/* Failures with masked samples of answers. */
void render_failures(const struct run_stats *s, uint64_t version, struct buf *out);
/* The charts' points from number `from` on, by column. */
void render_history(const struct run_stats *s, uint64_t from, struct buf *out);
void render_workers(const struct run_stats *s, struct buf *out);
/* The last iteration of one user. */
void render_trace(const struct run_stats *s, struct buf *out);
/* Locust's /stats/requests. */
void render_locust(const struct run_stats *s, const char *state, struct buf *out);

#endif
