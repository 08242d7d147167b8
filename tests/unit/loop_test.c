/* Unit tests of base/loop. */
#include "base/loop.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "tests/unit/test.h"

struct end {
    struct loop_io io;
    struct loop *loop;
    struct end *other; /* removed by the first that is called */
    unsigned calls;
};

static struct loop *open_loop(void)
{
    struct err err = { 0 };
    struct loop *l = loop_new(&err);
    if (!l) test_fail(__FILE__, __LINE__, "%s", err.text);
    return l;
}

static void stop(void *arg)
{
    loop_stop(arg);
}

static void remove_other(struct loop_io *io, unsigned events)
{
    struct end *e = (struct end *)io;
    CHECK(events & EPOLLIN);
    e->calls++;
    loop_remove(e->loop, &e->other->io);
    loop_remove(e->loop, io);
    loop_post(e->loop, stop, e->loop);
}

TEST(loop_drops_events_of_what_was_removed)
{
    struct loop *l = open_loop();
    int p[2][2];
    struct end e[2];
    for (int i = 0; i < 2; i++) {
        CHECK(pipe(p[i]) == 0 && write(p[i][1], "x", 1) == 1);
        e[i] = (struct end){ { p[i][0], remove_other }, l, &e[1 - i], 0 };
        CHECK(loop_add(l, &e[i].io, EPOLLIN, NULL));
    }
    loop_run(l); /* both are ready in one turn, one removes the other */
    CHECK_U(e[0].calls + e[1].calls, 1);
    loop_free(l);
}

struct late {
    struct timer timer;
    struct loop *loop;
    uint64_t fired_ns;
};

static void note_time(struct timer *t)
{
    struct late *s = (struct late *)t;
    s->fired_ns = loop_now_ns(s->loop);
    loop_stop(s->loop);
}

TEST(loop_fires_timers_on_time)
{
    const uint64_t waits[] = { 0, 300 * NS_PER_US, 25 * NS_PER_MS };
    struct loop *l = open_loop();
    for (size_t i = 0; i < 3; i++) {
        struct late s = { { .fire = note_time }, l, 0 };
        uint64_t at = clock_mono_ns() + waits[i];
        timer_set(loop_timers(l), &s.timer, at);
        loop_run(l);
        CHECK(s.fired_ns >= at);
    }
    loop_free(l);
}

struct pair {
    struct late late, early;
};

static void set_early(struct timer *t)
{
    struct late *s = (struct late *)t;
    struct pair *p = (struct pair *)((char *)s - offsetof(struct pair, late));
    s->fired_ns = loop_now_ns(s->loop);
    timer_set(loop_timers(s->loop), &p->early.timer, s->fired_ns + 20 * NS_PER_MS);
    s->timer.fire = note_time;
    timer_set(loop_timers(s->loop), t, s->fired_ns + 40 * NS_PER_MS);
}

static void note_and_go_on(struct timer *t)
{
    struct late *s = (struct late *)t;
    s->fired_ns = loop_now_ns(s->loop);
}

/* The alarm that stands for the later one is moved forward for the earlier, and back again. */
TEST(loop_fires_a_timer_that_comes_before_the_one_it_waits_for)
{
    struct pair p = { { { .fire = set_early }, open_loop(), 0 },
                      { { .fire = note_and_go_on }, NULL, 0 } };
    struct loop *l = p.early.loop = p.late.loop;
    struct late far = { { .fire = note_time }, l, 0 };
    uint64_t start = clock_mono_ns();
    timer_set(loop_timers(l), &far.timer, start + 10 * NS_PER_S);
    timer_set(loop_timers(l), &p.late.timer, start + 10 * NS_PER_MS);
    loop_run(l);
    CHECK(p.early.fired_ns >= start + 30 * NS_PER_MS);
    CHECK(p.late.fired_ns >= start + 50 * NS_PER_MS);
    CHECK(p.late.fired_ns >= p.early.fired_ns + 15 * NS_PER_MS);
    CHECK(p.late.fired_ns < start + 5 * NS_PER_S);
    CHECK_U(far.fired_ns, 0);
    loop_free(l);
}

struct order {
    struct loop *loop;
    unsigned next, wrong;
};

struct numbered {
    struct order *order;
    unsigned number;
};

#define POSTS 5000

static void in_order(void *arg)
{
    struct numbered *n = arg;
    n->order->wrong += n->number != n->order->next++;
    if (n->order->next == POSTS) loop_stop(n->order->loop);
}

static void *post_all(void *arg)
{
    struct numbered *n = arg;
    for (size_t i = 0; i < POSTS; i++)
        loop_post(n[i].order->loop, in_order, &n[i]);
    return NULL;
}

TEST(loop_runs_messages_of_another_thread_in_order)
{
    struct order o = { open_loop(), 0, 0 };
    struct numbered *n = mem_alloc(POSTS, sizeof *n);
    pthread_t thread;
    for (unsigned i = 0; i < POSTS; i++)
        n[i] = (struct numbered){ &o, i };
    CHECK(pthread_create(&thread, NULL, post_all, n) == 0);
    loop_run(o.loop);
    pthread_join(thread, NULL);
    CHECK_U(o.next, POSTS);
    CHECK_U(o.wrong, 0);
    loop_free(o.loop);
    free(n);
}

TEST(loop_stopped_before_it_runs_ends_at_once)
{
    struct loop *l = open_loop();
    loop_stop(l);
    loop_run(l);
    loop_post(l, stop, l);
    loop_run(l); /* and can run again */
    loop_free(l);
}

struct many {
    struct loop_io io;
    struct loop *loop;
    unsigned *left;
};

static void drain(struct loop_io *io, unsigned events)
{
    struct many *m = (struct many *)io;
    char c;
    CHECK((events & EPOLLIN) && read(io->fd, &c, 1) == 1);
    if (--*m->left == 0) loop_stop(m->loop);
}

TEST(loop_serves_twenty_thousand_descriptors)
{
    struct rlimit lim;
    CHECK(getrlimit(RLIMIT_NOFILE, &lim) == 0);
    lim.rlim_cur = lim.rlim_max;
    setrlimit(RLIMIT_NOFILE, &lim);
    unsigned n = lim.rlim_cur > 20100 ? 20000 : (unsigned)lim.rlim_cur - 50, left = n / 2;
    struct loop *l = open_loop();
    struct many *m = mem_alloc(n / 2, sizeof *m);
    for (unsigned i = 0; i < n / 2; i++) {
        int p[2];
        CHECK(pipe(p) == 0 && write(p[1], "x", 1) == 1);
        m[i] = (struct many){ { p[0], drain }, l, &left };
        CHECK(loop_add(l, &m[i].io, EPOLLIN, NULL));
    }
    loop_run(l);
    CHECK_U(left, 0);
    loop_free(l);
    free(m);
}
