/* Importers of XML: Burp, Charles, JMeter's results; fixtures written from the formats' descriptions. */
#include "capture/import/dates.h"
#include "tests/unit/import_fixture.h"

#define BURP_HEAD                                                            \
    "<?xml version=\"1.1\"?>\n<!DOCTYPE items [\n<!ELEMENT items (item*)>\n" \
    "<!ATTLIST request base64 (true|false) \"false\">\n]>\n"                 \
    "<items burpVersion=\"2026.1\" exportTime=\"Fri Jan 02 03:05:00 CET 2026\">\n"
#define BURP_PLACE \
    "<host ip=\"127.0.0.1\">shop.test</host><port>8443</port><protocol>https</protocol>"

TEST(burp_raw_messages_keep_every_byte)
{
    struct session *s = import_ok(
        SL(BURP_HEAD
           "<item><time>Fri Jan 02 03:04:05 CET 2026</time>"
           "<url><![CDATA[https://shop.test:8443/up?x=1]]></url>" BURP_PLACE
           "<method><![CDATA[POST]]></method><path><![CDATA[/up?x=1]]></path>"
           "<request base64=\"false\"><![CDATA[POST /up?x=1 HTTP/1.1\r\nHost: shop.test:8443\r\n"
           "Content-Type: application/octet-stream\r\nContent-Length: "
           "7\r\n\r\na\0b\r\n\xff<]]></request>"
           "<status>302</status><response base64=\"false\"><![CDATA[HTTP/1.1 302 Found\r\n"
           "Location: /done\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: "
           "0\r\n\r\n]]></response>"
           "<comment>first</comment></item></items>"),
        "burp");
    CHECK_U(s->n, 1);
    const struct exchange *ex = s->exchanges[0];
    CHECK_S(ex->request.method, SL("POST"));
    CHECK_S(ex->request.url, SL("https://shop.test:8443/up?x=1"));
    CHECK_S(ex->request.body, SL("a\0b\r\n\xff<"));
    CHECK_U(ex->request.body_state, BODY_WHOLE);
    CHECK_U(ex->response.status, 302);
    CHECK_S(ex->response.redirect, SL("/done"));
    CHECK_U(ex->response.headers.n, 4);
    CHECK_S(ex->server_ip, SL("127.0.0.1"));
    CHECK_S(ex->comment, SL("first"));
    CHECK_U(ex->start_ns, 1767319445000000000);
    session_free(s);
}

TEST(burp_base64_empty_answers_tunnels_and_order)
{
    /* newest first: the two of one second are turned around */
    struct session *s = import_ok(
        SL(BURP_HEAD
           "<item><time>Fri Jan 02 03:04:06 UTC 2026</time>" BURP_PLACE "<request base64=\"true\">"
           "R0VUIC90aHJlZSBIVFRQLzIKSG9zdDogc2hvcC50ZXN0Cgo=</request><response "
           "base64=\"true\"></response></item>"
           "<item><time>Fri Jan 02 03:04:05 UTC 2026</time>" BURP_PLACE "<request base64=\"true\">"
           "R0VUIC90d28gSFRUUC8yDQpIb3N0OiBzaG9wLnRlc3QNCg0K</request></item>"
           "<item><time>Fri Jan 02 03:04:05 UTC 2026</time>" BURP_PLACE "<request base64=\"true\">"
           "R0VUIC9vbmUgSFRUUC8yDQoNCg==</request></item>"
           "<item><request base64=\"false\">CONNECT shop.test:443 "
           "HTTP/1.1&#13;\n&#13;\n</request></item>"
           "<item><request base64=\"true\">!!</request></item></items>"),
        "burp");
    CHECK_U(s->n, 3);
    CHECK_U(s->entries_read, 5);
    CHECK_U(dropped(s, "tunnel"), 1);
    CHECK_U(dropped(s, "malformed"), 1);
    CHECK_S(s->exchanges[0]->request.url, SL("https://shop.test:8443/one"));
    CHECK_S(s->exchanges[1]->request.url, SL("https://shop.test:8443/two"));
    CHECK_S(s->exchanges[2]->request.url, SL("https://shop.test:8443/three"));
    CHECK_S(s->exchanges[2]->request.version, SL("HTTP/2"));
    CHECK_U(s->exchanges[2]->response.status, 0);
    CHECK(s->no_answers && warned(s, "holds requests only"));
    CHECK(warned(s, "whole seconds"));
    session_free(s);
}

TEST(burp_bodies_chunked_or_undone_already)
{
    struct session *s = import_ok(
        SL(BURP_HEAD
           "<item>" BURP_PLACE
           "<request>GET / HTTP/1.1\n\n</request><response><![CDATA[HTTP/1.1 200 OK\r\n"
           "Transfer-Encoding: "
           "chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n]]></response></item>"
           "<item>" BURP_PLACE "<request>GET / HTTP/1.1\n\n</request><response>HTTP/1.1 200 OK\n"
           "Transfer-Encoding: chunked\nContent-Encoding: gzip\n\nplain text</response></item>"
           "<item>" BURP_PLACE
           "<request>GET / HTTP/1.1\n\n</request><response>HTTP/1.1 100 Continue\n\n"
           "HTTP/1.1 201 Created\nContent-Length: 9\n\nabc</response></item></items>"),
        "burp");
    CHECK_S(s->exchanges[0]->response.body, SL("abcde"));
    CHECK_S(s->exchanges[1]->response.body, SL("plain text"));
    CHECK_U(s->exchanges[1]->response.body_state, BODY_WHOLE);
    CHECK_U(s->exchanges[2]->response.status, 201);
    CHECK_U(s->exchanges[2]->response.body_state, BODY_DAMAGED);
    CHECK(warned(s, "1 response body is cut short"));
    CHECK(warned(s, "no start time"));
    session_free(s);
}

static void check_java(const char *text, int64_t want_s, enum date_zone want)
{
    int64_t ns = 0;
    enum date_zone zone = DATE_ZONE_SURE;
    CHECK(date_parse_java(slice_z(text), &ns, &zone));
    CHECK_U(ns / 1000000000, want_s);
    CHECK_U(zone, want);
}

TEST(java_dates_with_zone_letters)
{
    check_java("Mon Apr 13 18:03:10 EDT 2015", 1428962590, DATE_ZONE_SURE);
    check_java("Wed Jun 24 08:47:09 ART 2015", 1435146429, DATE_ZONE_SURE);
    check_java("Tue Jul 22 10:33:14 CEST 2025", 1753173194, DATE_ZONE_SURE);
    check_java("Tue Jul 22 10:33:14 IST 2025", 1753160594, DATE_ZONE_GUESSED);
    check_java("Tue Jul 22 10:33:14 GMT+05:30 2025", 1753160594, DATE_ZONE_SURE);
    check_java("Tue Jul 22 10:33:14 XYZT 2025", 1753180394, DATE_ZONE_UNKNOWN);
    check_java("Tue Jul 22 10:33:14 2025", 1753180394, DATE_ZONE_UNKNOWN);
    int64_t ns;
    enum date_zone zone;
    CHECK(!date_parse_java(SL("yesterday"), &ns, &zone));
    CHECK(!date_parse_java(SL(""), &ns, &zone));
}

#define CHARLES                                                               \
    "<?xml version='1.0' encoding='UTF-8'?><!DOCTYPE charles-session SYSTEM " \
    "'http://127.0.0.1:1/dtd/charles-session-1_2.dtd'>\n<charles-session>"

TEST(charles_transactions)
{
    struct session *s = import_ok(
        SL(CHARLES
           "<transaction status='COMPLETE' method='POST' protocolVersion='HTTP/1.1' "
           "protocol='https' "
           "host='shop.test' port='8443' actualPort='8443' path='/login' query='a=1&amp;b=2' "
           "remoteAddress='shop.test/127.0.0.9' clientAddress='/127.0.0.1' "
           "startTimeMillis='1767319445123' "
           "duration='179' dnsDuration='3' connectDuration='87' sslDuration='20' latency='91'>"
           "<request headers='true' body='true'><headers><first-line>POST</first-line>"
           "<header><name>Content-Type</name><value>application/x-www-form-urlencoded</value></"
           "header>"
           "<header><name>:authority</name><value>shop.test</value></header></headers>"
           "<body><![CDATA[u=1&p=2]]></body></request>"
           "<response status='200' headers='9' body='5' mime-type='text/html' "
           "contentEncoding='gzip'><headers>"
           "<header><name>Content-Encoding</name><value>gzip</value></header></headers>"
           "<body "
           "encoding='base64'>H4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA==</body></response></transaction>"
           "<transaction status='COMPLETE' method='CONNECT' protocol='https' host='shop.test' "
           "path=''/>"
           "<transaction status='COMPLETE' method='GET' protocol='http' host='control.charles' "
           "path='/'/>"
           "<transaction status='FAILED' method='GET' protocol='http' host='h' path='/q?z=1' "
           "query='z=1'>"
           "<request/></transaction>"
           "<transaction method='GET' protocol='http' host='h' path='/n' "
           "startTime='2026-01-02T03:04:07.5+01:00'>"
           "<request/><response status='200' body='14'/></transaction></charles-session>"),
        "charles");
    CHECK_U(s->n, 3);
    CHECK_U(s->entries_read, 5);
    CHECK_U(dropped(s, "tunnel"), 1);
    CHECK_U(dropped(s, "recorder"), 1);
    const struct exchange *ex = s->exchanges[0];
    CHECK_S(ex->request.url, SL("https://shop.test:8443/login?a=1&b=2"));
    CHECK_S(ex->request.body, SL("u=1&p=2"));
    CHECK_U(ex->request.headers.n, 1);
    CHECK_U(ex->start_ns, 1767319445123000000);
    CHECK_U(ex->total_ns, 179000000);
    CHECK_U(ex->tls_ns, 20000000);
    CHECK_S(ex->server_ip, SL("127.0.0.9"));
    CHECK_S(s->exchanges[1]->request.url, SL("http://h/q?z=1"));
    CHECK_S(s->exchanges[1]->response.error, SL("FAILED"));
    CHECK_U(s->exchanges[2]->response.body_state, BODY_MISSING);
    CHECK_U(s->exchanges[2]->start_ns, 1767319447500000000);
    session_free(s);
}

TEST(charles_bodies_are_uncompressed)
{
    struct session *s = import_ok(
        SL(CHARLES
           "<transaction method='GET' protocol='http' host='h' path='/'><request/>"
           "<response "
           "status='200'><headers><header><name>Content-Encoding</name><value>gzip</value>"
           "</header></headers><body encoding='base64'>H4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA==</body>"
           "</response></transaction></charles-session>"),
        "charles");
    CHECK_S(s->exchanges[0]->response.body, SL("hello"));
    session_free(s);
}

TEST(jtl_samples_redirects_transactions)
{
    struct session *s = import_ok(
        SL("<?xml version='1.0' encoding='UTF-8'?>\n<testResults version='1.2'>\n"
           "<httpSample t='30' lt='29' ct='5' ts='1767319445000' s='true' lb='Login' rc='200' "
           "rm='OK' tn='T 1-1'>"
           "<httpSample t='10' ts='1767319445000' lb='Login-0' rc='302' rm='Found'>"
           "<requestHeader class='java.lang.String'>Content-Length: 5&#xd;\nX-A: "
           "b\n</requestHeader>"
           "<responseHeader class='java.lang.String'>HTTP/1.1 302 Found\nLocation: "
           "/in\n</responseHeader>"
           "<responseData class='java.lang.String'></responseData><cookies "
           "class='java.lang.String'>s=1</cookies>"
           "<method class='java.lang.String'>POST</method><queryString "
           "class='java.lang.String'>u=1&amp;2</queryString>"
           "<java.net.URL>http://shop.test/login</java.net.URL></httpSample>"
           "<httpSample t='20' ts='1767319445010' lb='Login-1' rc='200' rm='OK'>"
           "<responseHeader>HTTP/1.1 200 OK\nContent-Type: text/html\n</responseHeader>"
           "<responseData class='java.lang.String'>&lt;p&gt;in</responseData>"
           "<method>GET</method><java.net.URL>http://shop.test/in</java.net.URL></httpSample>"
           "<java.net.URL>http://shop.test/in</java.net.URL></httpSample>"
           "<sample t='9' ts='1767319446000' lb='Checkout'><httpSample ts='1767319446000' rc='Non "
           "HTTP response code: "
           "java.net.ConnectException' "
           "lb='Buy'><method>GET</method><java.net.URL>http://shop.test/buy</java.net.URL>"
           "</httpSample></sample><httpSample lb='no data' rc='200'/></testResults>"),
        "jtl");
    CHECK_U(s->n, 3);
    CHECK_U(dropped(s, "no-url"), 1);
    CHECK(warned(s, "jmeter.save.saveservice.url"));
    const struct exchange *ex = s->exchanges[0];
    CHECK_S(ex->request.method, SL("POST"));
    CHECK_S(ex->request.body, SL("u=1&2"));
    CHECK_S(headers_get(&ex->request.headers, SL("Cookie")), SL("s=1"));
    CHECK_S(headers_get(&ex->request.headers, SL("X-A")), SL("b"));
    CHECK_S(ex->response.redirect, SL("/in"));
    CHECK_S(s->exchanges[1]->response.body, SL("<p>in"));
    CHECK_S(s->exchanges[2]->page, SL("page_1"));
    CHECK_S(s->pages[0].title, SL("Checkout"));
    CHECK_U(s->exchanges[2]->response.status, 0);
    session_free(s);
}

TEST(xml_formats_cut_anywhere)
{
    import_cut_anywhere(SL(BURP_HEAD "<item><time>Fri Jan 02 03:04:05 CET 2026</time>" BURP_PLACE
                                     "<request base64='true'>R0VUIC9vbmUgSFRUUC8yDQoNCg==</request>"
                                     "<response>HTTP/1.1 200 OK\n\nx</response></item></items>"),
                        "burp");
    import_cut_anywhere(
        SL(CHARLES
           "<transaction method='GET' protocol='http' host='h' path='/'><request/>"
           "<response status='200'><body>x</body></response></transaction></charles-session>"),
        "charles");
    import_cut_anywhere(
        SL("<testResults version='1.2'><httpSample rc='200'><java.net.URL>http://h/</java.net.URL>"
           "<responseData>x</responseData></httpSample></testResults>"),
        "jtl");
}

TEST(xml_recordings_in_an_attack)
{
    import_refused(
        SL("<!DOCTYPE items [<!ENTITY a '0123456789'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>"
           "<items><item><url>&b;</url></item></items>"),
        "entities of a DTD are not taken");
    import_refused(SL("<!DOCTYPE items [<!ENTITY x SYSTEM "
                      "'file:///etc/passwd'>]><items><item><url>&x;</url></item></items>"),
                   "entities of a DTD are not taken");
    import_refused(SL("<items><item><request>GET / HTTP/1.1</item></items>"),
                   "not well-formed XML");
}

TEST(formats_that_cannot_be_read_say_what_to_do)
{
    import_refused(SL("<?xml version=\"1.0\"?>\n<pdml version=\"0\"><packet/></pdml>"),
                   "give the capture file itself");
    import_refused(SL("<AutoResponder LastSave='x'/>"), "not a recording");
    import_refused(SL("\xac\xed\x00\x05sr"), "export it as XML, JSON or HAR");
    import_refused(SL("timeStamp,elapsed,label\n1,2,x\n"), "hold no requests");
    import_refused(SL("<html><body/></html>"), "a web page");
    import_refused(SL("<svg/>"), "<svg>");
    import_refused(SL("{\"a\":1}"), "JSON, but not");
    import_refused(SL("hello"), "not a recording that reprise knows");
    import_refused(SL(""), "the file is empty");
    import_refused(SL("<jmeterTestPlan version='1.2'/>"),
                   "a plan (JMeter test plan), not a recording");
}
