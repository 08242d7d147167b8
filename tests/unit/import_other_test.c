/* Importers of archives, JSON, tnetstrings and text; fixtures made here. */
#include "base/gz.h"
#include "tests/unit/import_fixture.h"
#include "tests/unit/zip_fixture.h"

#define GOR_RULE "\n\xf0\x9f\x90\xb5\xf0\x9f\x99\x88\xf0\x9f\x99\x89\n"
#define GOR                                                                               \
    "1 aa 1767319445000000000 0\nPOST /a HTTP/1.1\r\nHost: h.test:81\r\nContent-Length: " \
    "3\r\n\r\nx=1" GOR_RULE "2 aa 1767319445050000000 50000000\nHTTP/1.1 201 "            \
    "Created\r\nContent-Length: 2\r\n\r\nok" GOR_RULE                                     \
    "1 bb 1767319446000000000 0\nGET /b HTTP/1.0\r\n\r\n" GOR_RULE                        \
    "3 aa 1767319449000000000 1\nHTTP/1.1 500 No\r\n\r\n" GOR_RULE

TEST(gor_requests_and_answers)
{
    struct session *s = import_ok(SL(GOR), "gor");
    CHECK_U(s->n, 2);
    CHECK(!s->no_answers);
    CHECK_S(s->exchanges[0]->request.url, SL("http://h.test:81/a"));
    CHECK_S(s->exchanges[0]->request.body, SL("x=1"));
    CHECK_U(s->exchanges[0]->response.status, 201);
    CHECK_S(s->exchanges[0]->response.body, SL("ok"));
    CHECK_U(s->exchanges[0]->total_ns, 50000000);
    CHECK_S(s->exchanges[1]->request.url, SL("http://localhost/b"));
    CHECK(warned(s, "without a Host"));
    session_free(s);
}

TEST(gor_in_gzip_and_without_answers)
{
    struct buf z = BUF_INIT(1 << 16);
    gz_member(&z, SL("1 a 5 0\nGET / HTTP/1.1\r\nHost: h\r\n\r\n" GOR_RULE), 6);
    gz_member(&z, SL("1 b 6 0\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n" GOR_RULE), 6);
    struct session *s = import_ok(buf_slice(&z), "gor");
    CHECK_U(s->n, 2);
    CHECK(s->no_answers);
    CHECK(warned(s, "requests only"));
    session_free(s);
    import_refused(slice_sub(buf_slice(&z), 0, z.n - 3), "cut off or damaged");
    buf_free(&z);
    import_cut_anywhere(SL(GOR), "gor");
}

TEST(message_log_of_zap)
{
    struct session *s = import_ok(
        SL("==== 1 ==========\nPOST https://h.test/a HTTP/1.1\r\nHost: h.test\r\nContent-Length: "
           "3\r\n\r\nx=1\n"
           "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi\n==== 2 ==========\n"
           "GET http://h.test/b HTTP/1.1\r\nHost: h.test\r\n\r\n\nHTTP/1.0 204 No Content\r\n\r\n\n"
           "===3 ==========\nCONNECT h.test:443 HTTP/1.1\r\n\r\n\n==== 4 ==========\nnonsense\n"),
        "messages");
    CHECK_U(s->n, 2);
    CHECK_S(s->exchanges[0]->request.url, SL("https://h.test/a"));
    CHECK_S(s->exchanges[0]->request.body, SL("x=1"));
    CHECK_S(s->exchanges[0]->response.body, SL("hi"));
    CHECK_U(s->exchanges[1]->response.status, 204);
    CHECK_U(dropped(s, "tunnel"), 1);
    CHECK_U(dropped(s, "malformed"), 1);
    session_free(s);
}

TEST(base64_lines_of_requests)
{
    struct session *s = import_ok(SL("R0VUIGh0dHA6Ly9oLnRlc3QvYSBIVFRQLzEuMQ0KDQo=\n\n*\n"
                                     "UE9TVCAvYiBIVFRQLzEuMQ0KSG9zdDogaC50ZXN0DQoNCng9MQ==\n"),
                                  "base64");
    CHECK_U(s->n, 2);
    CHECK_S(s->exchanges[0]->request.url, SL("http://h.test/a"));
    CHECK_S(s->exchanges[1]->request.body, SL("x=1"));
    CHECK_U(dropped(s, "malformed"), 1);
    session_free(s);
}

/* ---- mitmproxy ------------------------------------------------------------------------------------ */

static void tn(struct buf *out, char type, struct slice data)
{
    struct buf copy = BUF_INIT(1 << 20);
    buf_add(&copy, data); /* data may lie in out */
    buf_addf(out, "%zu:", copy.n);
    buf_add(out, buf_slice(&copy));
    buf_addc(out, type);
    buf_free(&copy);
}

static void pair(struct buf *out, const char *key, char type, struct slice data)
{
    tn(out, ';', slice_z(key));
    tn(out, type, data);
}

static void header(struct buf *list, const char *name, const char *value)
{
    struct buf one = BUF_INIT(1 << 12);
    tn(&one, ',', slice_z(name));
    tn(&one, ',', slice_z(value));
    tn(list, ']', buf_slice(&one));
    buf_free(&one);
}

static void mitm_request(struct buf *flow)
{
    struct buf r = BUF_INIT(1 << 16), h = BUF_INIT(1 << 14);
    header(&h, ":authority", "shop.test:8443");
    header(&h, "x-a", "b");
    pair(&r, "method", ',', SL("POST"));
    pair(&r, "scheme", ',', SL("https"));
    pair(&r, "host", ';', SL("10.0.0.1"));
    pair(&r, "port", '#', SL("8443"));
    pair(&r, "path", ',', SL("/ws?x=1"));
    pair(&r, "headers", ']', buf_slice(&h));
    pair(&r, "content", ',', SL("in"));
    pair(&r, "http_version", ',', SL("HTTP/2.0"));
    pair(&r, "timestamp_start", '^', SL("1767319445.25"));
    pair(&r, "timestamp_end", '^', SL("1767319445.5"));
    pair(flow, "request", '}', buf_slice(&r));
    buf_free(&r);
    buf_free(&h);
}

static void mitm_response(struct buf *flow, struct slice status)
{
    struct buf r = BUF_INIT(1 << 16), h = BUF_INIT(1 << 14);
    header(&h, "content-type", "text/plain");
    pair(&r, "status_code", '#', status);
    pair(&r, "reason", ',', SL("OK"));
    pair(&r, "headers", ']', buf_slice(&h));
    pair(&r, "content", '~', SL(""));
    pair(&r, "timestamp_start", '^', SL("1767319446"));
    pair(&r, "timestamp_end", '^', SL("1767319446.25"));
    pair(flow, "response", '}', buf_slice(&r));
    buf_free(&r);
    buf_free(&h);
}

static void mitm_flow(struct buf *out, struct slice status, struct slice message)
{
    struct buf flow = BUF_INIT(1 << 18), ws = BUF_INIT(1 << 12), m = BUF_INIT(1 << 12),
               list = BUF_INIT(1 << 12);
    mitm_request(&flow);
    mitm_response(&flow, status);
    tn(&m, '#', SL("1"));
    tn(&m, '!', SL("true"));
    tn(&m, ',', message);
    tn(&m, '^', SL("1767319447"));
    tn(&list, ']', buf_slice(&m));
    pair(&ws, "messages", ']', buf_slice(&list));
    pair(&flow, "websocket", '}', buf_slice(&ws));
    pair(&flow, "client_conn", '}', SL(""));
    pair(&flow, "type", ';', SL("http"));
    pair(&flow, "version", '#', SL("21"));
    tn(out, '}', buf_slice(&flow));
    buf_free(&flow);
    buf_free(&ws);
    buf_free(&m);
    buf_free(&list);
}

TEST(mitmproxy_flows)
{
    struct buf file = BUF_INIT(1 << 20);
    mitm_flow(&file, SL("200"), SL("hi"));
    mitm_flow(&file, SL("101"), SL("ho"));
    struct session *s = import_ok(buf_slice(&file), "mitmproxy");
    CHECK_U(s->n, 2);
    const struct exchange *ex = s->exchanges[0];
    CHECK_S(ex->request.url, SL("https://shop.test:8443/ws?x=1"));
    CHECK_U(ex->request.headers.n, 1);
    CHECK_S(ex->request.body, SL("in"));
    CHECK_U(ex->response.body_state, BODY_MISSING);
    CHECK_U(ex->start_ns, 1767319445250000000);
    CHECK_U(ex->send_ns, 250000000);
    CHECK_U(ex->wait_ns, 500000000);
    CHECK_U(ex->total_ns, 1000000000);
    CHECK_U(ex->ws_n, 1);
    CHECK_S(ex->ws[0].data, SL("hi"));
    CHECK_U(ex->ws[0].direction, WS_SEND);
    session_free(s);
    import_refused(slice_sub(buf_slice(&file), 0, file.n - 1), "no whole flow at offset");
    import_cut_anywhere(buf_slice(&file), "mitmproxy");
    buf_free(&file);
}

/* ---- Charles JSON ---------------------------------------------------------------------------------- */

#define CHLSJ_ROW                                                                                  \
    "{\"status\":\"COMPLETE\",\"method\":\"PUT\",\"protocolVersion\":\"HTTP/"                      \
    "2.0\",\"scheme\":\"https\","                                                                  \
    "\"host\":\"shop.test\",\"port\":null,\"actualPort\":443,\"path\":\"/"                         \
    "a\",\"query\":\"q=1\",\"tunnel\":false,"                                                      \
    "\"remoteAddress\":\"shop.test/"                                                               \
    "127.0.0.9\",\"times\":{\"start\":\"2026-01-02T03:04:05.123+01:00\"},"                         \
    "\"durations\":{\"total\":12,\"dns\":null,\"latency\":7},\"request\":{\"sizes\":{\"headers\":" \
    "1,\"body\":2},"                                                                               \
    "\"header\":{\"headers\":[{\"name\":\":method\",\"value\":\"PUT\"},{\"name\":\"a\",\"value\":" \
    "\"b\"}]},"                                                                                    \
    "\"body\":{\"encoding\":\"base64\",\"encoded\":\"aGk=\"}},\"response\":{\"status\":200,"       \
    "\"sizes\":{\"body\":5},"                                                                      \
    "\"mimeType\":\"text/"                                                                         \
    "plain\",\"header\":{\"headers\":[]},\"body\":{\"text\":\"h\\u00e9\",\"charset\":\"UTF-8\"}}}"

static void check_chlsj(struct slice text, size_t n)
{
    struct session *s = import_ok(text, "chlsj");
    CHECK_U(s->n, n);
    const struct exchange *ex = s->exchanges[n - 1];
    CHECK_S(ex->request.url, SL("https://shop.test/a?q=1"));
    CHECK_S(ex->request.body, SL("hi"));
    CHECK_U(ex->request.headers.n, 1);
    CHECK_S(ex->response.body, SL("h\xc3\xa9"));
    CHECK_S(ex->response.mime, SL("text/plain"));
    CHECK_U(ex->start_ns, 1767319445123000000);
    CHECK_U(ex->total_ns, 12000000);
    CHECK_U(dropped(s, "tunnel"), 1);
    session_free(s);
}

TEST(charles_json_list_and_lines)
{
    check_chlsj(SL("[{\"method\":\"CONNECT\",\"host\":\"h\"}," CHLSJ_ROW "," CHLSJ_ROW "]"), 2);
    check_chlsj(SL("{\"method\":\"CONNECT\",\"host\":\"h\"}\n" CHLSJ_ROW "\n"), 1);
    import_cut_anywhere(SL("[" CHLSJ_ROW "]"), "chlsj");
    import_refused(SL("[" CHLSJ_ROW ",\n{\"method\":}]"), ":2:11: expected");
}

/* ---- archives -------------------------------------------------------------------------------------- */

#define SAZ_TIMES                                                                         \
    "\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?><Session SID='2'><SessionTimers "  \
    "ClientBeginRequest='2026-01-02T03:04:05.5000000+01:00' "                             \
    "ClientDoneResponse='2026-01-02T03:04:06+01:00' "                                     \
    "DNSTime='4' TCPConnectTime='5' HTTPSHandshakeTime='6' "                              \
    "FiddlerBeginRequest='0001-01-01T00:00:00'/>"                                         \
    "<SessionFlags><SessionFlag N='x-hostip' V='127.0.0.9'/><SessionFlag N='X-CLIENTIP' " \
    "V='127.0.0.1'/>"                                                                     \
    "<SessionFlag N='x-clientport' V='5'/></SessionFlags></Session>"
#define SAZ_FRAMES                                                    \
    "Request-Length: 8\r\nID: 1\r\nDoneRead: "                        \
    "2026-01-02T03:04:07+01:00\r\n\r\n\x81\x82\x01\x02\x03\x04ik\r\n" \
    "Response-Length: 4\r\nID: 2\r\n\r\n\x81\x02ho\r\n"

TEST(saz_rows_times_and_web_sockets)
{
    struct buf zip = BUF_INIT(1 << 20);
    struct zip_fixture z = { .out = &zip };
    zip_add(&z, "[Content_Types].xml", SL("<Types/>"));
    zip_add(&z, "raw\\10_c.txt", SL("GET http://shop.test/ten HTTP/1.1\r\n\r\n"));
    zip_add(&z, "raw/02_s.txt",
            SL("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"));
    zip_add(&z, "raw/02_c.txt",
            SL("POST https://shop.test/two HTTP/1.1\r\nContent-Length: 3\r\n\r\na=1"));
    zip_add(&z, "raw/02_m.xml", SL(SAZ_TIMES));
    zip_add(&z, "raw/02_w.txt", SL(SAZ_FRAMES));
    zip_add(&z, "raw/03_c.txt", SL("CONNECT shop.test:443 HTTP/1.1\r\n\r\n"));
    zip_end(&z);
    struct session *s = import_ok(buf_slice(&zip), "saz");
    CHECK_U(s->n, 2);
    CHECK_U(s->entries_read, 3);
    CHECK_U(dropped(s, "tunnel"), 1);
    const struct exchange *ex = s->exchanges[0];
    CHECK_S(ex->request.url, SL("https://shop.test/two"));
    CHECK_S(ex->request.body, SL("a=1"));
    CHECK_S(ex->response.body, SL("hi"));
    CHECK_U(ex->start_ns, 1767319445500000000);
    CHECK_U(ex->total_ns, 500000000);
    CHECK_U(ex->tls_ns, 6000000);
    CHECK(ex->send_ns == TIME_UNKNOWN);
    CHECK_S(ex->server_ip, SL("127.0.0.9"));
    CHECK_S(ex->client, SL("127.0.0.1:5"));
    CHECK_U(ex->ws_n, 2);
    CHECK_S(ex->ws[0].data, SL("hi"));
    CHECK_U(ex->ws[0].direction, WS_SEND);
    CHECK_S(ex->ws[1].data, SL("ho"));
    CHECK_S(s->exchanges[1]->request.url, SL("http://shop.test/ten"));
    CHECK(warned(s, "1 row without the times"));
    session_free(s);
    import_cut_anywhere(buf_slice(&zip), "saz");
    buf_free(&zip);
}

TEST(har_zip_finds_its_attachments)
{
    struct buf zip = BUF_INIT(1 << 20);
    struct zip_fixture z = { .out = &zip };
    zip_add(&z, "0a1b.html", SL("<p>attached"));
    zip_add(
        &z, "har.har",
        SL("{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"Playwright\",\"version\":\"1\"},"
           "\"entries\":["
           "{\"startedDateTime\":\"2026-01-02T03:04:05Z\",\"request\":{\"method\":\"GET\",\"url\":"
           "\"http://h/\","
           "\"headers\":[]},\"response\":{\"status\":200,\"headers\":[],\"content\":{\"size\":11,"
           "\"mimeType\":\"text/html\",\"_file\":\"0a1b.html\"}}}]}}"));
    zip_end(&z);
    struct session *s = import_ok(buf_slice(&zip), "har.zip");
    CHECK_U(s->n, 1);
    CHECK_S(s->exchanges[0]->response.body, SL("<p>attached"));
    session_free(s);
    buf_free(&zip);
}

TEST(archives_that_attack)
{
    struct buf zip = BUF_INIT(1 << 20);
    struct zip_fixture z = { .out = &zip };
    zip_add(&z, "raw/1_c.txt", SL("GET http://h/ HTTP/1.1\r\n\r\n"));
    zip_add(&z, "raw/../../x_c.txt", SL("x"));
    zip_end(&z);
    import_refused(buf_slice(&zip), "a member's name leaves the archive");
    buf_reset(&zip);
    z = (struct zip_fixture){ .out = &zip, .encrypted = true };
    zip_add(&z, "raw/1_c.txt", SL("0123456789abGET http://h/ HTTP/1.1\r\n\r\n"));
    zip_end(&z);
    import_refused(buf_slice(&zip), "the archive is encrypted");
    buf_reset(&zip);
    z = (struct zip_fixture){ .out = &zip };
    zip_add(&z, "readme", SL("x"));
    zip_end(&z);
    import_refused(buf_slice(&zip), "a ZIP archive without a HAR");
    buf_free(&zip);
}

TEST(zip_bomb_ends_at_the_limit)
{
    struct buf zip = BUF_INIT(1 << 24), zeros = BUF_INIT((size_t)64 << 20);
    struct zip_fixture z = { .out = &zip, .packed = true };
    memset(buf_room(&zeros, 60 << 20), 'A', 60 << 20);
    buf_grew(&zeros, 60 << 20);
    for (int i = 1; i <= 3; i++) {
        char name[32];
        snprintf(name, sizeof name, "raw/%d_s.txt", i);
        zip_add(&z, name, buf_slice(&zeros));
    }
    zip_end(&z);
    CHECK(zip.n < 1 << 20);
    import_refused(buf_slice(&zip), "larger than 128 MiB when unpacked");
    buf_free(&zip);
    buf_free(&zeros);
}
