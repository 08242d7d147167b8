/* A scenario's life: everything it holds is in its arena. */
#include "scenarios/model.h"

struct scenario *scenario_new(void)
{
    struct arena *a = arena_new();
    struct scenario *s = arena_one(a, struct scenario);
    s->arena = a;
    return s;
}

void scenario_free(struct scenario *s)
{
    if (s) arena_free(s->arena);
}
