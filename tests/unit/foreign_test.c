/* Plans of other tools become these scenarios: tests/data/plans holds each plan and the YAML it must give. */
#include "scenarios/foreign/foreign.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "scenarios/template.h"
#include "tests/unit/test.h"

#define PLANS "tests/data/plans/"

static struct scenario *read_plan(const char *format, const char *path, struct slice text,
                                  struct import_report *report, struct err *err)
{
    *report = (struct import_report){ 0 };
    return foreign_read(format, path, text, report, err);
}

static bool warned(const struct import_report *r, const char *part)
{
    for (size_t i = 0; i < r->warnings_n; i++)
        if (slice_find(r->warnings[i].text, slice_z(part)) != SLICE_NONE) return true;
    return false;
}

/* Reads the plan of that name and compares with the YAML beside it; the report is for more checks. */
static struct scenario *check_plan(const char *format, const char *name,
                                   struct import_report *report)
{
    char path[200], want_path[200];
    struct file plan, want;
    struct err err = { 0 };
    struct buf got = BUF_INIT(1 << 20);
    snprintf(path, sizeof path, PLANS "%s", name);
    snprintf(want_path, sizeof want_path, PLANS "%s.yaml", name);
    if (!file_read(&plan, path, 1 << 20, &err) || !file_read(&want, want_path, 1 << 20, &err))
        test_fail(__FILE__, __LINE__, "%s", err.text);
    struct scenario *s = read_plan(format, path, plan.text, report, &err);
    if (!s) test_fail(__FILE__, __LINE__, "%s", err.text);
    CHECK(scenario_write(s, &got));
    CHECK_S(buf_slice(&got), want.text);
    buf_free(&got);
    file_close(&plan);
    file_close(&want);
    return s;
}

TEST(jmx_with_every_feature)
{
    struct import_report r;
    struct scenario *s = check_plan("jmx", "every.jmx", &r);
    CHECK_U(r.entries_read, 6);
    CHECK_U(r.entries_kept, 5);
    CHECK_U(r.dropped_n, 1);
    CHECK_S(r.dropped[0].name, SL("disabled"));
    CHECK(warned(&r, "IfController \"If\": its condition is not taken over"));
    CHECK(warned(&r, "make users.csv with the header line user,pass_word"));
    CHECK(warned(&r, "property host of JMeter is taken with its default"));
    scenario_free(s);
}

TEST(tsung_with_every_feature)
{
    struct import_report r;
    struct scenario *s = check_plan("tsung", "every.tsung.xml", &r);
    CHECK_U(s->load.arrival, ARRIVAL_POISSON);
    CHECK(warned(&r, "the most probable is taken"));
    scenario_free(s);
    s = check_plan("tsung", "recorded.tsung.xml", &r);
    CHECK_U(r.entries_read, 3);
    CHECK_S(r.dropped[0].name, SL("tunnel"));
    scenario_free(s);
}

TEST(curl_commands)
{
    struct import_report r;
    struct scenario *s = check_plan("curl", "every.curl.sh", &r);
    CHECK_U(r.entries_kept, 7);
    CHECK(warned(&r, "hold no answers"));
    scenario_free(s);
}

TEST(postman_collection)
{
    struct import_report r;
    struct scenario *s = check_plan("postman", "every.postman.json", &r);
    CHECK_U(r.entries_kept, 3);
    CHECK(warned(&r, "the scripts of \"login\" are JavaScript"));
    scenario_free(s);
}

/* A CSV without a header line and with semicolons gets both right beside the scenario. */
/* The user's part of a login may be a variable: then the users compute the header. */
TEST(login_with_variables)
{
    static const char plan[] = "{\"info\":{\"name\":\"p\",\"schema\":\"https://"
                               "schema.getpostman.com/json/collection/v2.1.0/"
                               "collection.json\"},\"variable\":[{\"key\":\"user\",\"value\":"
                               "\"ann\"}],\"item\":[{\"name\":\"a\","
                               "\"request\":{\"method\":\"GET\",\"url\":\"http://127.0.0.1/"
                               "\",\"auth\":{\"type\":\"basic\",\"basic\":["
                               "{\"key\":\"username\",\"value\":\"{{user}}\"},{\"key\":"
                               "\"password\",\"value\":\"pa'$s\"}]}}}]}";
    struct import_report report;
    struct err err = { 0 };
    struct slice unset;
    struct scenario *s = read_plan("postman", "p.json", slice_z(plan), &report, &err);
    CHECK_Z(err.text, "");
    const struct field *login = &s->tasks[0].steps[0].request->headers.v[0];
    CHECK_S(login->name, SL("Authorization"));
    CHECK_S(login->value, SL("Basic ${base64(user + \":pa'$s\")}"));
    struct arena *a = arena_new();
    struct scope *scope = scope_new(a);
    struct slice values[1] = { SL("ann") };
    CHECK_U(scope_slot(scope, SL("user")), 0);
    const struct template *t = template_compile(a, scope, login->value, NULL, &err);
    struct buf out = BUF_INIT(100);
    CHECK(t && template_render(t, &(struct template_env){ .values = values, .scratch = a }, &out,
                               &unset));
    CHECK_S(buf_slice(&out), SL("Basic YW5uOnBhJyRz"));
    buf_free(&out);
    arena_free(a);
    scenario_free(s);
}

TEST(jmx_feed_is_written_anew)
{
    char path[4200], csv[4200];
    struct err err = { 0 };
    struct import_report r;
    snprintf(path, sizeof path, "%s/plan.jmx", test_tmpdir());
    snprintf(csv, sizeof csv, "%s/u.csv", test_tmpdir());
    CHECK(file_write(csv, SL("ann;\"a,b\"\nbob;c\n"), &err));
    struct scenario *s = read_plan(
        "jmx", path,
        SL("<jmeterTestPlan><hashTree><CSVDataSet><stringProp name='filename'>u.csv</stringProp>"
           "<stringProp name='delimiter'>;</stringProp><stringProp "
           "name='variableNames'>n,p</stringProp>"
           "</CSVDataSet><hashTree/><ThreadGroup testname='t'/><hashTree><HTTPSamplerProxy>"
           "<stringProp "
           "name='HTTPSampler.path'>/${n}</stringProp></HTTPSamplerProxy><hashTree/></hashTree>"
           "</hashTree></jmeterTestPlan>"),
        &r, &err);
    if (!s) test_fail(__FILE__, __LINE__, "%s", err.text);
    CHECK_U(r.feeds_n, 1);
    CHECK_S(r.feeds[0].file, SL("u.csv"));
    CHECK(slice_starts(r.feeds[0].text, SL("n,p\nann,")));
    CHECK_S(s->tasks[0].steps[0].request->url, SL("/${u.n}"));
    scenario_free(s);
}

static void check_refused(const char *format, struct slice text, const char *part)
{
    struct err err = { 0 };
    struct import_report r;
    CHECK(!read_plan(format, "plan", text, &r, &err));
    CHECK_U(err.code, ERR_INPUT);
    if (!strstr(err.text, part)) test_fail(__FILE__, __LINE__, "%s", err.text);
}

TEST(plans_that_hold_nothing_or_attack)
{
    check_refused("jmx", SL("<jmeterTestPlan><hashTree/></jmeterTestPlan>"),
                  "no HTTP request in it");
    check_refused("jmx",
                  SL("<!DOCTYPE x [<!ENTITY a 'aaaa'>]><jmeterTestPlan>&a;</jmeterTestPlan>"),
                  "entities of a DTD are not taken");
    check_refused("tsung",
                  SL("<tsung><sessions><session type='ts_jabber'><request><jabber/></request>"
                     "</session></sessions></tsung>"),
                  "no HTTP request in it");
    check_refused("postman", SL("{\"info\":{},\"item\":[{\"request\":"), "plan:1:");
    check_refused("curl", SL("echo curl"), "no HTTP request in it");
    check_refused("soap", SL(""), "no reader");
}

static void cut_anywhere(const char *format, const char *name)
{
    char path[200];
    struct file plan;
    struct err err = { 0 };
    struct import_report r;
    snprintf(path, sizeof path, PLANS "%s", name);
    CHECK(file_read(&plan, path, 1 << 20, &err));
    for (size_t n = 0; n<plan.text.n; n += plan.text.n> 3000 ? 13 : 1) {
        char *guarded = test_guarded(plan.text.p, n);
        scenario_free(read_plan(format, path, (struct slice){ guarded, n }, &r, &err));
        test_guarded_free(guarded, n);
    }
    file_close(&plan);
}

TEST(plans_cut_anywhere)
{
    cut_anywhere("jmx", "every.jmx");
    cut_anywhere("tsung", "every.tsung.xml");
    cut_anywhere("curl", "every.curl.sh");
    cut_anywhere("postman", "every.postman.json");
}
