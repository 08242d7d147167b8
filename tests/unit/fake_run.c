/* A made-up run, second by second and without threads of its own but the archive's. */
#include "tests/unit/fake_run.h"

#include "base/num.h"
#include "tests/unit/test.h"

const struct step_info fake_steps[3] = {
    { SL("/"), SL("GET"), SL("browse"), SL("/") },
    { SL("/api/items"), SL("GET"), SL("browse"), SL("/api/items") },
    { SL("login, \"quoted\""), SL("POST"), SL(""), SL("") },
};

struct sample fake_sample(struct rnd *r, const struct fake_run *run, uint32_t second)
{
    uint64_t at = second * NS_PER_S + rnd_below(r, NS_PER_S / 2);
    uint64_t service = (uint64_t)((2 + 20 * rnd_exponential(r)) *
                                  (run->slower > 0 ? run->slower : 1) * (double)NS_PER_MS);
    struct sample s = { .intended_ns = at,
                        .start_ns = at + rnd_below(r, 50000),
                        .step = (uint32_t)rnd_below(r, 3),
                        .user = (uint32_t)rnd_below(r, 40),
                        .iteration = second,
                        .bytes_in = 1000 + rnd_below(r, 100),
                        .bytes_out = 300,
                        .status = 200,
                        .reused = rnd_below(r, 10) > 0 };
    s.end_ns = s.start_ns + service;
    s.first_byte_ns = s.end_ns - 50000;
    if (!s.reused) s.connected_ns = s.start_ns + 120000;
    if (rnd_below(r, 100) == 0) {
        s.outcome = OUTCOME_STATUS;
        s.status = 503;
    }
    return s;
}

static void one_second(const struct fake_run *run, struct fake_result *f, struct rnd *r,
                       uint32_t second)
{
    for (uint32_t i = 0; i < run->per_second; i++) {
        struct recorder *to = f->recorders[i % run->workers];
        struct sample s = fake_sample(r, run, second);
        if (s.outcome == OUTCOME_STATUS && rnd_below(r, 2)) {
            s.message = recorder_message(to, SL("body lacks \"welcome\""));
            s.outcome = OUTCOME_CHECK;
            recorder_failing_answer(to, s.message,
                                    SL("HTTP/1.1 503 No\r\nSet-Cookie: sid=verysecretvalue\r\n"),
                                    SL("{\"token\":\"verysecretvalue\",\"a\":1}"));
        }
        f->failures += outcome_is_failure((enum outcome)s.outcome);
        f->samples++;
        recorder_add(to, &s);
    }
    for (uint32_t w = 0; w < run->workers; w++) {
        recorder_users(f->recorders[w], 20);
        recorder_lag(f->recorders[w], 100000);
        recorder_cpu(f->recorders[w], 400 * NS_PER_MS, NS_PER_S);
    }
}

void fake_run(const struct fake_run *run, struct fake_result *f)
{
    struct err err = { 0 };
    struct rnd r;
    *f = (struct fake_result){ .workers = run->workers };
    f->info = (struct run_info){ .steps = fake_steps,
                                 .steps_n = 3,
                                 .scenario = SL("shop"),
                                 .scenario_text =
                                     SL("reprise: 1\nname: shop\npassword: hunter2hunter2\n"),
                                 .target = SL("http://127.0.0.1:1"),
                                 .engine = SL("fake"),
                                 .thresholds = run->thresholds,
                                 .thresholds_n = run->thresholds_n,
                                 .seed = run->seed,
                                 .users = 40,
                                 .run_time_ns = run->seconds * NS_PER_S,
                                 .workers = run->workers,
                                 .start_utc_ns = 1700000000LL * (int64_t)NS_PER_S };
    for (uint32_t i = 0; i < run->workers; i++)
        f->recorders[i] = recorder_new(&(struct recorder_cfg){
            fake_steps, 3, run->path && run->level == ARCHIVE_FULL, 0, NULL });
    if (run->path) {
        struct archive_cfg cfg = { run->path, run->level, BODIES_FAILED, run->sign_key };
        f->writer = archive_writer_new(&cfg, &f->info, &err);
        if (!f->writer) test_fail(__FILE__, __LINE__, "%s", err.text);
    }
    struct collector_cfg cfg = { .info = &f->info,
                                 .recorders = f->recorders,
                                 .recorders_n = run->workers,
                                 .archive = f->writer };
    f->collector = collector_new(&cfg, &err);
    if (!f->collector) test_fail(__FILE__, __LINE__, "%s", err.text);
    rnd_seed(&r, run->seed, 0);
    for (uint32_t s = 0; s < run->seconds; s++) {
        one_second(run, f, &r, s);
        collector_tick(f->collector, (s + 1) * NS_PER_S);
    }
    if (collector_finish(f->collector, false, &err) == run->disk_breaks)
        test_fail(__FILE__, __LINE__, "%s", err_is(&err) ? err.text : "the archive was closed");
}

void fake_run_free(struct fake_result *f)
{
    collector_free(f->collector);
    archive_writer_free(f->writer);
    for (uint32_t i = 0; i < f->workers; i++)
        recorder_free(f->recorders[i]);
}
