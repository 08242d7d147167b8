/* Thresholds: every form of the grammar, and the sentence for what is not one. */
#include "tests/unit/test.h"

#include "base/num.h"
#include "tests/unit/fake_run.h"

struct verdict {
    bool parsed, ok;
    double value;
};

static struct verdict judge(const char *rule)
{
    struct threshold_cfg t = { .rule = slice_z(rule) };
    struct fake_run run = { .seconds = 4, .per_second = 250, .workers = 2, .seed = 9 };
    struct fake_result f;
    struct verdict v = { 0 };
    fake_run(&run, &f);
    struct run_info info = f.info;
    info.thresholds = &t;
    info.thresholds_n = 1;
    struct err err = { 0 };
    struct thresholds *th = thresholds_new(&info, &err);
    if (th) {
        const struct threshold_result *r = thresholds_eval(th, collector_stats(f.collector));
        v = (struct verdict){ true, r->ok, r->value };
    } else {
        CHECK(slice_find(slice_z(err.text), slice_z(rule)) != SLICE_NONE);
        CHECK(err.code == ERR_INPUT);
    }
    thresholds_free(th);
    fake_run_free(&f);
    return v;
}

static void holds(const char *rule)
{
    struct verdict v = judge(rule);
    if (!v.parsed || !v.ok) test_fail(__FILE__, __LINE__, "%s: does not hold (%f)", rule, v.value);
}

static void broken(const char *rule)
{
    struct verdict v = judge(rule);
    if (!v.parsed || v.ok) test_fail(__FILE__, __LINE__, "%s: is not broken (%f)", rule, v.value);
}

static void refused(const char *rule)
{
    if (judge(rule).parsed) test_fail(__FILE__, __LINE__, "%s: is understood", rule);
}

TEST(threshold_latencies)
{
    holds("p(95)<200ms");
    holds("p(95) < 200");
    holds(" p( 99.9 ) <= 1.5s ");
    broken("p(95)<2ms");
    holds("avg>2ms");
    refused("med<max");
}

TEST(threshold_counts_and_rates)
{
    holds("failed<5%");
    holds("rate<0.05");
    holds("http_req_failed < 5%");
    broken("failed==0");
    holds("requests==1000");
    holds("count>=500");
    holds("failures>1");
    holds("rps>100/s");
    broken("rps>10000");
    holds("service_p(50)<100ms");
}

TEST(threshold_scopes)
{
    holds("{step:/}p(95)<200ms");
    holds("{step: /api/items }: failed<10%");
    holds("{group:browse} p(50)>1ms");
    broken("{group:browse} requests==1000");
    refused("{step:nowhere}p(95)<1");
    refused("{tag:x}p(95)<1");
}

TEST(threshold_refusals)
{
    refused("");
    refused("p95<200");
    refused("p(101)<200");
    refused("p(95)");
    refused("p(95)<");
    refused("p(95)<fast");
    refused("p(95)=200");
    refused("failed<120%");
    refused("service_failed<1%");
    refused("p(95)<200ms and more");
}

/* As the tables: what the warm-up took is no time of the run. */
TEST(threshold_rates_leave_the_warm_up_out)
{
    struct threshold_cfg rule = { .rule = SL("rps > 15") };
    struct run_info info = { .thresholds = &rule, .thresholds_n = 1 };
    struct run_stats s = { .info = &info, .since_ns = 5 * NS_PER_S };
    s.total.requests = 100;
    s.total.last_end_ns = 10 * NS_PER_S;
    struct thresholds *t = thresholds_new(&info, NULL);
    const struct threshold_result *r = thresholds_eval(t, &s);
    CHECK(r->ok && r->known);
    CHECK_U((uint64_t)r->value, 20);
    thresholds_free(t);
}

/* What the Markdown has between its bars for a rule that 4 of 8 requests, one second each, were held to. */
static void shows(const char *rule, const char *want, uint64_t requests)
{
    struct threshold_cfg cfg = { .rule = slice_z(rule) };
    struct run_info info = { .thresholds = &cfg, .thresholds_n = 1 };
    struct run_stats s = { .info = &info, .thresholds_n = 1 };
    struct hist *h = hist_new();
    for (uint64_t i = 0; i < requests; i++)
        hist_add(h, NS_PER_S);
    s.total = (struct step_stats){ .requests = requests,
                                   .failures = requests / 2,
                                   .response = h,
                                   .service = h,
                                   .last_end_ns = 2 * NS_PER_S };
    struct thresholds *t = thresholds_new(&info, NULL);
    struct buf b = BUF_INIT(65536), cell = BUF_INIT(64);
    s.thresholds = thresholds_eval(t, &s);
    stats_write_markdown(&s, &b);
    buf_addf(&cell, " | %s | ", want);
    if (slice_find(buf_slice(&b), buf_slice(&cell)) == SLICE_NONE)
        test_fail(__FILE__, __LINE__, "%s: not \"%s\" in %s", rule, want, buf_z(&b));
    buf_free(&cell);
    buf_free(&b);
    thresholds_free(t);
    hist_free(h);
}

TEST(threshold_values_are_shown_in_the_rules_unit)
{
    shows("failed < 1%", "50%", 8);
    shows("failed < 0.01", "0.5", 8);
    shows("rps > 1/s", "4/s", 8);
    shows("failures < 2", "4", 8);
    shows("max < 200ms", "1000 ms", 8);
    shows("max < 200", "1000 ms", 8);
    shows("max < 200us", "1000 ms", 8);
    shows("max < 0.5s", "1 s", 8);
    shows("max < 200ms", "nothing to measure", 0);
    shows("failed < 1%", "nothing to measure", 0);
}
