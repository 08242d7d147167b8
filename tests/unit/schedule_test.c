/* replay's schedule: closed and open models, stages, limits, the same seed the same run. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "tests/unit/test.h"
#include "tests/unit/virtual_run.h"

#define TASK "tasks:\n- name: t\n  steps:\n  - request: GET /\n"
#define HEAD "reprise: 1\nname: t\ntarget: http://127.0.0.1:1\n"

TEST(schedule_spawn_rate)
{
    struct virtual_run v = { .yaml = HEAD "load: { users: 10, spawn_rate: 2, loops: 1 }\n" TASK };
    virtual_run(&v);
    CHECK_U(v.sent_n, 10);
    for (size_t i = 0; i < 10; i++)
        CHECK_U((v.sent[i].at_ns + 1000) / NS_PER_MS, i * 500);
    virtual_run_free(&v);
}

TEST(schedule_ten_minutes_with_stages)
{
    struct virtual_run v = {
        .yaml = HEAD "wait: { constant: 1s }\n"
                     "load: { stages: [ { duration: 2m, target: 100 }, { duration: 6m, target: "
                     "100 }, { duration: 2m, target: 0 } ] }\n" TASK
    };
    virtual_run(&v);
    /* 100 users for 6 minutes and two ramps of 2 minutes: 480 user-minutes, a request each 1.001 s. */
    CHECK(v.sent_n > 47500 && v.sent_n < 48500);
    CHECK(v.sent[v.sent_n - 1].at_ns < 601 * NS_PER_S);
    CHECK_U(v.state.users, 0);
    virtual_run_free(&v);
}

TEST(schedule_run_time_ends_and_on_stop_runs)
{
    struct virtual_run v = { .yaml = HEAD "wait: { constant: 3s }\n"
                                          "load: { users: 5, run_time: 10s }\n" TASK
                                          "on_stop:\n- request: GET /bye\n" };
    virtual_run(&v);
    CHECK_U(virtual_count(&v, "GET / "), 20);
    CHECK_U(virtual_count(&v, "GET /bye"), 5);
    CHECK_U(virtual_ms(&v, v.sent_n - 1), 10000);
    virtual_run_free(&v);
}

static void answer_never(struct virtual_run *v, struct slice head, struct fake_answer *out)
{
    (void)v;
    (void)head;
    out->delay_ns = 3600 * NS_PER_S;
}

TEST(schedule_what_hangs_is_cancelled_after_the_stop_timeout)
{
    struct virtual_run v = {
        .yaml = HEAD "load: { users: 5, run_time: 10s }\ntasks:\n- name: t\n  steps:\n"
                     "  - request: GET /\n    timeout: 1h\n",
        .answer = answer_never,
    };
    virtual_run(&v);
    CHECK_U(v.sent_n, 5);
    CHECK_U(v.cancelled, 5);
    CHECK_U(v.requests, 0);
    CHECK_U(v.failures, 0);
    virtual_run_free(&v);
}

TEST(schedule_iterations_in_all)
{
    struct virtual_run v = { .yaml = HEAD "load: { users: 7, iterations: 100 }\n" TASK,
                             .workers = 2 };
    virtual_run(&v);
    CHECK_U(v.sent_n, 100);
    CHECK_U(v.state.iterations, 100);
    virtual_run_free(&v);
}

TEST(schedule_open_model_starts_exactly)
{
    struct virtual_run v = {
        .yaml =
            HEAD "load: { arrival: constant, rate: 500/s, run_time: 30s, max_users: 100 }\n" TASK
    };
    virtual_run(&v);
    CHECK_U(v.sent_n, 15000);
    for (size_t i = 0; i < v.sent_n; i++) {
        double off = (double)v.sent[i].at_ns - (double)i * 2e6;
        if (fabs(off) > 1000) test_fail(__FILE__, __LINE__, "start %zu is %f ns off", i, off);
    }
    CHECK_U(v.dropped, 0);
    virtual_run_free(&v);
}

TEST(schedule_open_model_over_workers)
{
    struct virtual_run v = {
        .yaml =
            HEAD "load: { arrival: constant, rate: 100/s, run_time: 10s, max_users: 40 }\n" TASK,
        .workers = 4,
    };
    virtual_run(&v);
    CHECK_U(v.sent_n, 1000);
    virtual_run_free(&v);
}

static void answer_slow(struct virtual_run *v, struct slice head, struct fake_answer *out)
{
    (void)v;
    (void)head;
    out->delay_ns = NS_PER_S;
}

/* 10 starts a second, each takes 1 s, 5 users: half of the starts have nobody. */
TEST(schedule_open_model_counts_what_it_drops)
{
    struct virtual_run v = {
        .yaml = HEAD "load: { arrival: constant, rate: 10/s, run_time: 10s, max_users: 5 }\n" TASK,
        .answer = answer_slow,
    };
    virtual_run(&v);
    CHECK_U(v.sent_n + v.dropped, 100);
    CHECK(v.sent_n >= 45 && v.sent_n <= 55);
    virtual_run_free(&v);
}

/* Answers take 1 ms, but nothing is answered between the seconds 5 and 7. */
static void answer_with_a_stall(struct virtual_run *v, struct slice head, struct fake_answer *out)
{
    (void)head;
    uint64_t at = v->sent[v->sent_n - 1].at_ns, from = 5 * NS_PER_S, to = 7 * NS_PER_S;
    if (at >= from && at < to) out->delay_ns = to - at;
}

/* The open model shows the stall in every start that it delayed: a fifth of 10 s, up to 2 s. A closed one
 * with one user sees it once: that is coordinated omission. */
TEST(schedule_a_stall_is_seen_by_all_that_it_delays)
{
    struct virtual_run open = {
        .yaml =
            HEAD "load: { arrival: constant, rate: 100/s, run_time: 10s, max_users: 500 }\n" TASK,
        .answer = answer_with_a_stall,
    };
    virtual_run(&open);
    CHECK_U(open.sent_n, 1000);
    CHECK(open.p50_ns < 2 * NS_PER_MS);
    CHECK(open.p90_ns > 980 * NS_PER_MS && open.p90_ns < 1020 * NS_PER_MS);
    CHECK(open.max_ns >= 1999 * NS_PER_MS);
    virtual_run_free(&open);
    struct virtual_run closed = {
        .yaml = HEAD "wait: { pacing: 10ms }\nload: { users: 1, run_time: 10s }\n" TASK,
        .answer = answer_with_a_stall,
    };
    virtual_run(&closed);
    CHECK(closed.p90_ns < 2 * NS_PER_MS);
    virtual_run_free(&closed);
}

/* Kolmogorov and Smirnov: the distances of a Poisson process are exponential. */
TEST(schedule_poisson_is_poisson)
{
    struct virtual_run v = {
        .yaml =
            HEAD "load: { arrival: poisson, rate: 100/s, run_time: 60s, max_users: 1000 }\n" TASK,
        .seed = 3,
    };
    virtual_run(&v);
    CHECK(v.sent_n > 5700 && v.sent_n < 6300);
    size_t n = v.sent_n - 1, buckets[1000] = { 0 };
    for (size_t i = 0; i < n; i++) {
        double gap = (double)(v.sent[i + 1].at_ns - v.sent[i].at_ns) / 1e9;
        double u = 1 - exp(-gap * 100);
        buckets[(size_t)(u * 999.999)]++;
    }
    double worst = 0;
    size_t below = 0;
    for (size_t i = 0; i < 1000; i++) {
        below += buckets[i];
        worst = fmax(worst, fabs((double)below / (double)n - (double)(i + 1) / 1000));
    }
    CHECK(worst < 1.63 / sqrt((double)n) + 0.001); /* 1 % level, and the buckets' width */
    virtual_run_free(&v);
}

TEST(schedule_same_seed_same_run)
{
    const char *yaml =
        HEAD "wait: { normal: [2s, 1s] }\n"
             "load: { users: 20, spawn_rate: 5, run_time: 60s }\ntasks:\n"
             "- name: a\n  weight: 2\n  steps:\n  - request: GET /${random(1,1000)}\n"
             "- name: b\n  steps:\n  - request: GET /${uuid()}\n";
    struct virtual_run a = { .yaml = yaml, .seed = 42 }, b = { .yaml = yaml, .seed = 42 },
                       c = { .yaml = yaml, .seed = 43 };
    virtual_run(&a);
    virtual_run(&b);
    virtual_run(&c);
    CHECK(a.sent_n > 300);
    CHECK_U(a.sent_n, b.sent_n);
    bool differs = a.sent_n != c.sent_n;
    for (size_t i = 0; i < a.sent_n; i++) {
        CHECK_U(a.sent[i].at_ns, b.sent[i].at_ns);
        CHECK_Z(a.sent[i].text, b.sent[i].text);
        differs = differs || strcmp(a.sent[i].text, c.sent[i].text) != 0;
    }
    CHECK(differs);
    virtual_run_free(&a);
    virtual_run_free(&b);
    virtual_run_free(&c);
}
