/* Private to the plan's compiler: what plan.c and request.c share. */
#ifndef REPLAY_COMPILE_H
#define REPLAY_COMPILE_H

#include "replay/plan.h"

struct compiler {
    struct plan *plan;
    const struct plan_cfg *cfg;
    const struct scenario *s;
    struct slice group; /* of the step being compiled */
    size_t steps_cap, requests_cap;
};

/* Compiles one request step into the plan's list. NULL with err (without the step's place). */
struct plan_request *compile_request(struct compiler *c, const struct request_step *r,
                                     struct err *err);

#endif
