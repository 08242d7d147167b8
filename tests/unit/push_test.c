/* Live output: formats, and that nothing of a slow or missing receiver reaches the run. */
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/num.h"
#include "results/push.h"
#include "tests/unit/fake_run.h"

static const struct run_stats *stats_of(struct fake_result *f)
{
    struct fake_run run = { .seconds = 3, .per_second = 200, .workers = 1, .seed = 8 };
    fake_run(&run, f);
    return collector_stats(f->collector);
}

static bool holds(const struct buf *b, struct slice what)
{
    return slice_find(buf_slice(b), what) != SLICE_NONE;
}

static bool is_json(struct slice s)
{
    struct json j;
    enum json_tok tok;
    json_init(&j, s);
    while ((tok = json_next(&j)) != JSON_END)
        if (tok == JSON_ERROR) return false;
    return true;
}

TEST(push_formats)
{
    struct fake_result f;
    const struct run_stats *s = stats_of(&f);
    uint64_t requests[4] = { 0 }, failures[4] = { 0 };
    struct push_last last = { requests, failures };
    struct buf b = BUF_INIT(1 << 20);
    push_statsd(s, &last, &b);
    CHECK(holds(&b, SL("reprise.requests:600|c\n")) && holds(&b, SL("reprise.users:20|g\n")));
    CHECK(holds(&b, SL("reprise.steps.POST_login___quoted_.requests:")));
    CHECK_U(requests[3], 600);
    buf_reset(&b);
    push_statsd(s, &last, &b);
    CHECK(holds(&b, SL("reprise.requests:0|c\n")));
    buf_reset(&b);
    memset(requests, 0, sizeof requests);
    push_influx(s, &last, &b);
    CHECK(holds(&b, SL("reprise_run,scenario=shop requests=600i,")));
    CHECK(holds(&b, SL(",step=login\\,\\ \"quoted\",method=POST requests=")));
    CHECK(holds(&b, SL(" 1700000003000000000\n")));
    buf_reset(&b);
    push_otlp(s, &last, &b);
    CHECK(is_json(buf_slice(&b)));
    CHECK(holds(&b,
                SL("{\"name\":\"reprise.users\",\"unit\":\"{user}\",\"gauge\":{\"dataPoints\":[")));
    CHECK(holds(&b, SL("\"startTimeUnixNano\":\"1700000000000000000\"")));
    buf_reset(&b);
    stats_write_prometheus(s, &b);
    CHECK(holds(&b, SL("reprise_response_seconds_bucket{step=\"login, "
                       "\\\"quoted\\\"\",method=\"POST\",le=\"0.001\"} 0\n")));
    CHECK(holds(&b, SL("reprise_users 20\n")));
    buf_reset(&b);
    stats_write_prometheus(NULL, &b);
    CHECK(holds(&b, SL(",scenario=\"\"} 1\n")) && holds(&b, SL("reprise_users 0\n")));
    buf_free(&b);
    fake_run_free(&f);
}

TEST(push_statsd_arrives)
{
    struct fake_result f;
    const struct run_stats *s = stats_of(&f);
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof at;
    char where[32], got[2000];
    struct err err = { 0 };
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&at, n) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&at, &n) == 0);
    snprintf(where, sizeof where, "127.0.0.1:%u", ntohs(at.sin_port));
    struct push *p = push_new(PUSH_STATSD, where, &err);
    if (!p) test_fail(__FILE__, __LINE__, "%s", err.text);
    push_sink(p)->interval(push_sink(p), s);
    ssize_t bytes = recv(fd, got, sizeof got, 0);
    CHECK(bytes > 0 && got[bytes - 1] == '\n');
    CHECK(slice_starts((struct slice){ got, (size_t)bytes }, SL("reprise.steps.GET__.requests:")));
    CHECK(push_end(p, &err));
    push_free(p);
    close(fd);
    fake_run_free(&f);
}

TEST(push_influx_file)
{
    struct fake_result f;
    const struct run_stats *s = stats_of(&f);
    struct err err = { 0 };
    struct file file;
    char path[4096];
    snprintf(path, sizeof path, "%s/lines", test_tmpdir());
    struct push *p = push_new(PUSH_INFLUX, path, &err);
    CHECK(p);
    push_sink(p)->interval(push_sink(p), s);
    push_sink(p)->interval(push_sink(p), s);
    CHECK(push_end(p, &err));
    push_free(p);
    CHECK(file_read(&file, path, 1 << 20, NULL));
    size_t lines = 0;
    for (size_t i = 0; i < file.text.n; i++)
        lines += file.text.p[i] == '\n';
    CHECK_U(lines, 8);
    file_close(&file);
    fake_run_free(&f);
}

/* A collector that refuses connections: the run is not held up, and the end says what was lost. */
TEST(push_tells_what_was_lost)
{
    struct fake_result f;
    const struct run_stats *s = stats_of(&f);
    struct err err = { 0 };
    struct push *p = push_new(PUSH_OTLP, "http://127.0.0.1:1", &err);
    CHECK(p);
    for (size_t i = 0; i < 40; i++)
        push_sink(p)->interval(push_sink(p), s);
    CHECK(!push_end(p, &err));
    CHECK(slice_starts(slice_z(err.text), SL("40 intervals were not sent: ")));
    push_free(p);
    err = (struct err){ 0 };
    CHECK(!push_new(PUSH_OTLP, "localhost", &err) && err.code == ERR_USAGE);
    fake_run_free(&f);
}
