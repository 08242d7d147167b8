/* Recorder and collector: nothing lost, nothing counted twice, also while threads record. */
#include "tests/unit/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "results/stats.h"
#include "tests/unit/fake_run.h"

TEST(collector_totals_are_the_samples)
{
    struct fake_run run = { .seconds = 5, .per_second = 400, .workers = 3, .seed = 1 };
    struct fake_result f;
    fake_run(&run, &f);
    const struct run_stats *s = collector_stats(f.collector);
    CHECK_U(s->total.requests, f.samples);
    CHECK_U(s->total.failures, f.failures);
    CHECK_U(hist_count(s->total.response), f.samples);
    CHECK_U(s->steps[0].requests + s->steps[1].requests + s->steps[2].requests, f.samples);
    CHECK(s->finished && !s->interrupted);
    CHECK_U(s->users_max, 60);
    uint64_t failures = 0, points = 0, heat = 0;
    for (size_t i = 0; i < s->failures_n; i++)
        failures += s->failures[i].count;
    for (size_t i = 0; i < s->intervals_n; i++) {
        points += s->intervals[i].requests;
        for (size_t row = 0; row < HEAT_ROWS; row++)
            heat += s->intervals[i].heat[row];
    }
    CHECK_U(failures, f.failures);
    CHECK_U(points, f.samples);
    CHECK_U(heat, f.samples);
    CHECK(s->answers_n >= 1);
    CHECK(slice_find(s->answers[0].body, SL("verysecretvalue")) == SLICE_NONE);
    CHECK(slice_find(s->answers[0].head, SL("verysecretvalue")) == SLICE_NONE);
    CHECK(!s->generator.limited);
    fake_run_free(&f);
}

TEST(collector_cancelled_is_apart)
{
    struct recorder *r = recorder_new(&(struct recorder_cfg){ fake_steps, 3, false, 0, NULL });
    struct run_info info = { .steps = fake_steps, .steps_n = 3 };
    struct collector_cfg cfg = { .info = &info, .recorders = &r, .recorders_n = 1 };
    struct collector *c = collector_new(&cfg, NULL);
    struct sample s = { .start_ns = 1, .end_ns = 1000, .outcome = OUTCOME_CANCELLED };
    recorder_add(r, &s);
    collector_tick(c, NS_PER_S);
    const struct run_stats *stats = collector_stats(c);
    CHECK_U(stats->total.requests, 0);
    CHECK_U(stats->total.failures, 0);
    CHECK_U(stats->total.cancelled, 1);
    collector_free(c);
    recorder_free(r);
}

/* A worker tells once a second, the collector ticks once a second: now and then two tellings fall between
 * two ticks, and none between the next. */
TEST(collector_cpu_is_of_the_time_that_was_told)
{
    struct recorder *r = recorder_new(&(struct recorder_cfg){ fake_steps, 3, false, 0, NULL });
    struct run_info info = { .steps = fake_steps, .steps_n = 3 };
    struct collector_cfg cfg = { .info = &info, .recorders = &r, .recorders_n = 1 };
    struct collector *c = collector_new(&cfg, NULL);
    recorder_cpu(r, 700 * NS_PER_MS, NS_PER_S);
    recorder_cpu(r, 500 * NS_PER_MS, NS_PER_S);
    collector_tick(c, NS_PER_S);
    collector_tick(c, 2 * NS_PER_S);
    recorder_cpu(r, 450 * NS_PER_MS, NS_PER_S / 2);
    collector_tick(c, 3 * NS_PER_S);
    const struct generator_stats *g = &collector_stats(c)->generator;
    CHECK_U((uint64_t)(g->cpu_max * 1000 + 0.5), 900);
    CHECK_U((uint64_t)(g->cpu_mean * 1000 + 0.5), 700);
    collector_free(c);
    recorder_free(r);
}

TEST(recorder_messages_are_bounded)
{
    struct recorder *r = recorder_new(&(struct recorder_cfg){ fake_steps, 3, false, 0, NULL });
    char text[32];
    CHECK_U(recorder_message(r, SL("first")), 1);
    CHECK_U(recorder_message(r, SL("second")), 2);
    CHECK_U(recorder_message(r, SL("first")), 1);
    for (unsigned i = 0; i < 5000; i++) {
        int n = snprintf(text, sizeof text, "message %u", i);
        CHECK(recorder_message(r, (struct slice){ text, (size_t)n }) <= 1000);
    }
    CHECK_U(recorder_message(r, SL("one too many")), 1000);
    CHECK_U(recorder_message(r, SL("second")), 2);
    recorder_free(r);
}

struct load {
    struct recorder *recorder;
    atomic_bool *stop;
    uint64_t sent;
};

static void *load_main(void *arg)
{
    struct load *l = arg;
    while (!atomic_load(l->stop)) {
        struct sample s = { .start_ns = 1,
                            .end_ns = 1000 + l->sent % 100000,
                            .step = (uint32_t)(l->sent % 3) };
        recorder_add(l->recorder, &s);
        l->sent++;
    }
    return NULL;
}

/* Two workers at full speed, the collector ticking as fast as it can: every sample is counted once. */
TEST(collector_takes_while_workers_record)
{
    struct recorder *r[2];
    struct load load[2];
    pthread_t thread[2];
    atomic_bool stop = false;
    struct run_info info = { .steps = fake_steps, .steps_n = 3 };
    for (size_t i = 0; i < 2; i++) {
        r[i] = recorder_new(&(struct recorder_cfg){ fake_steps, 3, true, 0, NULL });
        load[i] = (struct load){ r[i], &stop, 0 };
        CHECK(pthread_create(&thread[i], NULL, load_main, &load[i]) == 0);
    }
    struct collector_cfg cfg = { .info = &info, .recorders = r, .recorders_n = 2 };
    struct collector *c = collector_new(&cfg, NULL);
    uint64_t until = clock_mono_ns() + NS_PER_S / 2;
    for (uint64_t t = 1; clock_mono_ns() < until; t++)
        collector_tick(c, t);
    atomic_store(&stop, true);
    for (size_t i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    CHECK(collector_finish(c, true, NULL));
    const struct run_stats *s = collector_stats(c);
    CHECK_U(s->total.requests, load[0].sent + load[1].sent);
    CHECK(s->interrupted);
    collector_free(c);
    recorder_free(r[0]);
    recorder_free(r[1]);
}

static bool abort_after(const char *rule, uint64_t delay_ns)
{
    struct threshold_cfg t = { slice_z(rule), true, delay_ns };
    struct fake_run run = { .seconds = 3,
                            .per_second = 100,
                            .workers = 1,
                            .seed = 2,
                            .thresholds = &t,
                            .thresholds_n = 1 };
    struct fake_result f;
    fake_run(&run, &f);
    bool wanted = collector_wants_abort(f.collector);
    fake_run_free(&f);
    return wanted;
}

TEST(collector_aborts_on_a_broken_threshold)
{
    CHECK(abort_after("p(95)<1ms", 0));
    CHECK(!abort_after("p(95)<10s", 0));
    CHECK(!abort_after("p(95)<1ms", 60 * NS_PER_S));
}

struct shown {
    uint64_t requests, failures, points, since_ns;
    double rps;
};
static void look(void *arg, const struct run_stats *s)
{
    struct shown *seen = arg;
    *seen = (struct shown){ s->total.requests, s->total.failures, s->intervals_n, s->since_ns,
                            stats_rps(s, &s->total) };
}

static void add_at(struct recorder *r, uint64_t from_ns, unsigned n, uint32_t message)
{
    for (unsigned i = 0; i < n; i++) {
        struct sample s = { .start_ns = from_ns + i, .end_ns = from_ns + NS_PER_S, .iteration = i };
        if (message) s.outcome = OUTCOME_CHECK;
        s.message = message;
        recorder_add(r, &s);
    }
}

TEST(collector_reset_is_for_what_is_shown)
{
    struct recorder *r = recorder_new(&(struct recorder_cfg){ fake_steps, 3, false, 0, NULL });
    struct run_info info = { .steps = fake_steps, .steps_n = 3 };
    struct collector_cfg cfg = { .info = &info, .recorders = &r, .recorders_n = 1 };
    struct collector *c = collector_new(&cfg, NULL);
    struct shown seen;
    add_at(r, 1, 10, recorder_message(r, SL("first")));
    collector_tick(c, NS_PER_S);
    collector_reset(c);
    collector_tick(c, 2 * NS_PER_S);
    collector_read(c, look, &seen);
    CHECK_U(seen.requests, 0);
    CHECK_U(seen.points, 0);
    CHECK_U(seen.since_ns, 2 * NS_PER_S);
    add_at(r, 2 * NS_PER_S, 4, recorder_message(r, SL("second")));
    collector_tick(c, 4 * NS_PER_S);
    collector_read(c, look, &seen);
    CHECK_U(seen.requests, 4);
    CHECK_U(seen.failures, 4);
    CHECK_U(seen.points, 1);
    CHECK(seen.rps > 3.9 && seen.rps < 4.1); /* one second from the reset to the last answer */
    CHECK_U(collector_stats(c)->total.requests, 14);
    CHECK_U(collector_stats(c)->failures_n, 2);
    collector_free(c);
    recorder_free(r);
}

/* What is shown since a reset is read between two seconds, while the whole run takes answers. */
TEST(stats_since_shows_answers_that_others_follow)
{
    struct run_info info = { .steps = fake_steps, .steps_n = 3 };
    struct stats *whole = stats_new(&info);
    stats_add_answer(whole, SL("first"), SL("head"), SL("body"));
    struct stats *since = stats_since(whole, NS_PER_S);
    for (int i = 0; i < 1000; i++)
        stats_add_answer(whole, SL("later"), SL("head"), SL("body"));
    CHECK_U(stats_view(since)->answers_n, 1);
    CHECK_S(stats_view(since)->answers[0].text, SL("first"));
    stats_follow(since, whole);
    CHECK_U(stats_view(since)->answers_n, 300);
    CHECK_S(stats_view(since)->answers[299].text, SL("later"));
    stats_free(since);
    stats_free(whole);
}

static void look_at_trace(void *arg, const struct run_stats *s)
{
    *(struct run_stats *)arg = *s;
}

TEST(collector_traces_one_users_last_whole_iteration)
{
    struct recorder *r = recorder_new(&(struct recorder_cfg){ fake_steps, 3, false, 0, NULL });
    struct run_info info = { .steps = fake_steps, .steps_n = 3 };
    struct collector_cfg cfg = { .info = &info, .recorders = &r, .recorders_n = 1 };
    struct collector *c = collector_new(&cfg, NULL);
    struct run_stats s;
    recorder_users(r, 7);
    for (uint32_t i = 0; i < 9; i++)
        for (uint32_t user = 3; user < 5; user++)
            recorder_add(r, &(struct sample){ .user = user, .iteration = i / 2, .step = i % 2 });
    collector_tick(c, NS_PER_S);
    collector_read(c, look_at_trace, &s);
    CHECK_U(s.trace_n, 2);
    CHECK_U(s.trace[0].user, 3);
    CHECK_U(s.trace[0].iteration, 3); /* 4 has begun */
    CHECK_U(s.trace[1].step, 1);
    CHECK_U(s.workers_n, 1);
    CHECK_U(s.workers[0].users, 7);
    collector_tick(c, 2 * NS_PER_S);
    collector_read(c, look_at_trace, &s);
    CHECK_U(s.trace_n, 2); /* stays until there is another */
    collector_free(c);
    recorder_free(r);
}

/* The most at once between two seconds, of both workers together, not the sum of what each had. */
TEST(collector_knows_the_most_users_at_once)
{
    struct user_count users = { 0 };
    struct recorder_cfg rc = { fake_steps, 3, false, 0, &users };
    struct recorder *r[2] = { recorder_new(&rc), recorder_new(&rc) };
    struct run_info info = { .steps = fake_steps, .steps_n = 3, .workers = 2 };
    struct collector *c = collector_new(
        &(struct collector_cfg){ .info = &info, .recorders = r, .recorders_n = 2, .users = &users },
        NULL);
    recorder_users(r[0], 5);
    recorder_users(r[0], 1);
    recorder_users(r[1], 6);
    recorder_users(r[1], 0);
    collector_tick(c, NS_PER_S);
    CHECK_U(collector_stats(c)->users, 1);
    CHECK_U(collector_stats(c)->users_max, 7);
    recorder_users(r[0], 0);
    collector_tick(c, 2 * NS_PER_S);
    CHECK_U(collector_stats(c)->users, 0);
    CHECK_U(collector_stats(c)->users_max, 7);
    collector_free(c);
    recorder_free(r[0]);
    recorder_free(r[1]);
}
