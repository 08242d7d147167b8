/* The table of what is served, and the one door to it. Private to web. */
#ifndef WEB_ROUTE_H
#define WEB_ROUTE_H

#include "web/board.h"

struct site {
    struct board board;
    struct guard guard;
    const char *folder; /* private, temporary: uploads and files made for a download */
};

/* Before a body is read: false with the reply filled in if the request is refused; else how much body it
 * may have and whether that goes to a file. */
struct admission {
    size_t max_body;
    bool to_file;
};
bool route_admit(struct site *s, const struct ask *q, struct admission *a, struct reply *r);
/* The whole request. */
void route_answer(struct site *s, const struct ask *q, struct reply *r);

/* ---- handlers, by file --------------------------------------------------------------------------- */

void api_state(struct site *s, const struct ask *q, struct reply *r);
void api_plan(struct site *s, const struct ask *q, struct reply *r);
void api_preview(struct site *s, const struct ask *q, struct reply *r);
void api_start(struct site *s, const struct ask *q, struct reply *r);
void api_edit(struct site *s, const struct ask *q, struct reply *r);
void api_stop(struct site *s, const struct ask *q, struct reply *r);
void api_reset(struct site *s, const struct ask *q, struct reply *r);
void api_again(struct site *s, const struct ask *q, struct reply *r);
void api_upload(struct site *s, const struct ask *q, struct reply *r);
void api_stats(struct site *s, const struct ask *q, struct reply *r);
void api_failures(struct site *s, const struct ask *q, struct reply *r);
void api_history(struct site *s, const struct ask *q, struct reply *r);
void api_workers(struct site *s, const struct ask *q, struct reply *r);
void api_trace(struct site *s, const struct ask *q, struct reply *r);
void api_events(struct site *s, const struct ask *q, struct reply *r);

void locust_swarm(struct site *s, const struct ask *q, struct reply *r);
void locust_stop(struct site *s, const struct ask *q, struct reply *r);
void locust_reset(struct site *s, const struct ask *q, struct reply *r);
void locust_requests(struct site *s, const struct ask *q, struct reply *r);
void locust_exceptions(struct site *s, const struct ask *q, struct reply *r);
void locust_tasks(struct site *s, const struct ask *q, struct reply *r);
void locust_logs(struct site *s, const struct ask *q, struct reply *r);

void download_stats(struct site *s, const struct ask *q, struct reply *r);
void download_history(struct site *s, const struct ask *q, struct reply *r);
void download_failures(struct site *s, const struct ask *q, struct reply *r);
void download_exceptions(struct site *s, const struct ask *q, struct reply *r);
void download_html(struct site *s, const struct ask *q, struct reply *r);
void download_json(struct site *s, const struct ask *q, struct reply *r);
void download_jtl(struct site *s, const struct ask *q, struct reply *r);
void download_archive(struct site *s, const struct ask *q, struct reply *r);
void metrics(struct site *s, const struct ask *q, struct reply *r);

#endif
