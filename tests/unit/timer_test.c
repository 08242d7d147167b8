/* Unit tests of base/timer. */
#include "base/timer.h"

#include "base/mem.h"
#include "base/rnd.h"
#include "tests/unit/test.h"

struct shot {
    struct timer timer;
    struct timer_heap *heap;
    uint64_t *last_at, *last_id;
    uint64_t again_at; /* 0: no more */
    unsigned fired;
};

static void fire(struct timer *t)
{
    struct shot *s = (struct shot *)t;
    CHECK(!timer_is_set(t));
    CHECK(t->at_ns > *s->last_at || (t->at_ns == *s->last_at && t->id > *s->last_id));
    *s->last_at = t->at_ns;
    *s->last_id = t->id;
    s->fired++;
    if (s->again_at) timer_set(s->heap, t, s->again_at);
}

#define SHOTS 1000

TEST(timer_fires_in_order_through_moves_and_clears)
{
    struct timer_heap h = { .next_id = 1 };
    struct rnd r;
    uint64_t at = 0, id = 0;
    struct shot *s = mem_alloc(SHOTS, sizeof *s);
    unsigned set = 0, fired = 0;
    rnd_seed(&r, 1, 0);
    for (size_t i = 0; i < SHOTS; i++) {
        s[i] = (struct shot){ { .fire = fire }, &h, &at, &id, 0, 0 };
        timer_set(&h, &s[i].timer, 1 + rnd_below(&r, 100));
    }
    for (size_t i = 0; i < 3000; i++) {
        struct timer *t = &s[rnd_below(&r, SHOTS)].timer;
        if (rnd_below(&r, 3) == 0)
            timer_clear(&h, t);
        else
            timer_set(&h, t, 1 + rnd_below(&r, 100));
    }
    for (size_t i = 0; i < SHOTS; i++)
        set += timer_is_set(&s[i].timer);
    CHECK_U(h.n, set);
    for (uint64_t now = 0; now <= 100; now += 7) {
        fired += (unsigned)timer_run(&h, now);
        CHECK(timer_next_ns(&h) > now);
    }
    fired += (unsigned)timer_run(&h, 100);
    CHECK_U(fired, set);
    CHECK_U(timer_next_ns(&h), UINT64_MAX);
    timer_heap_free(&h);
    free(s);
}

TEST(timer_set_while_running_waits_for_the_next_run)
{
    struct timer_heap h = { .next_id = 1 };
    uint64_t at = 0, id = 0;
    struct shot s = { { .fire = fire }, &h, &at, &id, 10, 0 };
    timer_set(&h, &s.timer, 10);
    CHECK_U(timer_run(&h, 9), 0);
    CHECK_U(timer_run(&h, 10), 1);
    CHECK_U(timer_run(&h, 10), 1);
    CHECK_U(s.fired, 2);
    timer_clear(&h, &s.timer);
    timer_clear(&h, &s.timer);
    CHECK_U(timer_run(&h, 10), 0);
    timer_heap_free(&h);
}

/* Two that set themselves again, to the past: both fire in every run, and so does what is due behind them. */
TEST(timer_set_to_the_past_keeps_no_other_from_firing)
{
    struct timer_heap h = { .next_id = 1 };
    uint64_t at[3] = { 0 }, id[3] = { 0 };
    struct shot s[3] = {
        { { .fire = fire }, &h, &at[0], &id[0], 1, 0 },
        { { .fire = fire }, &h, &at[1], &id[1], 2, 0 },
        { { .fire = fire }, &h, &at[2], &id[2], 0, 0 },
    };
    timer_set(&h, &s[0].timer, 1);
    timer_set(&h, &s[1].timer, 2);
    timer_set(&h, &s[2].timer, 25);
    CHECK_U(timer_run(&h, 10), 2);
    CHECK_U(timer_next_ns(&h), 10);
    CHECK_U(timer_run(&h, 20), 2);
    CHECK_U(timer_run(&h, 30), 3);
    CHECK_U(s[0].fired, 3);
    CHECK_U(s[1].fired, 3);
    CHECK_U(s[2].fired, 1);
    timer_heap_free(&h);
}
