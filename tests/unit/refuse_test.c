/* What people hand over that is no recording: each is named, and told what to give instead. */
#include "capture/import/refuse.h"

#include "tests/unit/import_fixture.h"
#include "tests/unit/zip_fixture.h"

TEST(refusals_by_name)
{
    static const struct {
        struct slice text;
        const char *part;
    } rows[] = {
        { SL("<?xml version='1.0'?><con:soapui-project xmlns:con='x'/>"), "a SoapUI project" },
        { SL("<pdml version='0'><packet/></pdml>"), "give the capture file itself (.pcap" },
        { SL("<AutoResponder/>"), "save the sessions" },
        { SL("<issues burpVersion='2'/>"), "save the items" },
        { SL("<OWASPZAPReport/>"), "Export Messages to File" },
        { SL("<!DOCTYPE html><html><body>"), "a web page" },
        { SL("\xac\xed\x00\x05sr"), "Charles' own format" },
        { SL("bplist00\xd1"), "export them as HAR" },
        { SL("timeStamp,elapsed,label\n1,2,x\n"), "import the test plan" },
        { SL("CLIENT_RANDOM 00 11\n"), "with --keylog" },
        { SL("reprise: 1\nname: x\n"), "a scenario already" },
        { SL("{\"type\":\"member\",\"member\":0}\n{\"format\":\"reprise-archive\"}"),
          "reprise report reads it" },
        { SL("{\"values\":[],\"_postman_variable_scope\":\"environment\"}"),
          "import the collection" },
        { SL("{\"id\":\"1\",\"order\":[],\"requests\":[{\"collectionId\":\"1\"}]}"),
          "export it as Collection v2.1" },
        { SL("{\"_type\":\"export\",\"__export_format\":4}"), "an Insomnia export" },
        { SL("{\"constants\":{\"logEventTypes\":{}}}"), "Save all as HAR with content" },
        { SL("{\"traceEvents\":[]}"), "a performance trace" },
        { SL("[{\"_index\":\"p\",\"_source\":{\"layers\":{}}}]"), "tshark's JSON of packets" },
        { SL("{\"openapi\":\"3.0.0\",\"paths\":{}}"), "record a walk" },
        { SL("openapi: 3.0.0\npaths: {}\n"), "record a walk" },
        { SL("[{\"startedDateTime\":\"2026\",\"request\":{}}]"), "give the HAR itself" },
        { SL("import http from 'k6/http';\nexport default function () {}\n"), "a k6 script" },
        { SL("import time\nfrom locust import HttpUser\n"), "a locustfile" },
        { SL("config:\n  target: x\nscenarios:\n  - flow: []\n"), "an Artillery script" },
        { SL("1.2.3.4 - - [1/Jan/2026:0:0:0 +0000] \"GET / HTTP/1.1\" 200 5\n"),
          "a server's access log" },
        { SL("<unknown/>"), "XML of a kind that reprise does not know (<unknown>)" },
        { SL("{\"a\":1}"), "JSON, but not a HAR" },
        { SL("hello"), "not a recording that reprise knows" },
        { SL(" \n"), "the file is empty" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        import_refused(rows[i].text, rows[i].part);
}

TEST(refused_archives_by_name)
{
    static const char *const rows[][2] = {
        { "exchanges/0/ex-1.mpack", "a Fluxzy archive" },
        { "1-meta.json", "Charles' archive (.chlz)" },
        { "0-trace.trace", "a Playwright trace" },
        { "readme.txt", "a ZIP archive without a HAR" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf zip = BUF_INIT(1 << 16);
        struct zip_fixture z = { .out = &zip };
        zip_add(&z, rows[i][0], SL("x"));
        zip_end(&z);
        import_refused(buf_slice(&zip), rows[i][1]);
        buf_free(&zip);
    }
}
