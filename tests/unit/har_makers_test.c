/* HARs as each maker writes them: one small recording by hand per browser or tool, with all of its habits at
 * once (har_quirks_test.c has them one by one). docs/notes/har.md lists which test covers what. */
#include "har/har.h"

#include "base/buf.h"
#include "base/enc.h"
#include "base/gz.h"
#include "tests/unit/har_fixture.h"

#define AT(time) "{'startedDateTime':'" time "',"

TEST(har_http_versions_are_kept_as_written)
{
    static const char *const versions[] = { "http/1.1",         "HTTP/1.1", "HTTP/2.0",
                                            "HTTP/2",           "h2",       "h3",
                                            "http/2.0+quic/46", "unknown",  "" };
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        struct buf b = BUF_INIT(1000);
        buf_addf(&b, GET ",'httpVersion':'%s'", versions[i]);
        CHECK_S(request(buf_z(&b)).version, slice_z(versions[i]));
        buf_free(&b);
    }
}

TEST(har_of_chrome_and_edge)
{
    struct session *s = read_by(
        "WebInspector",
        AT("2026-01-02T03:04:05.678Z") "'_initiator':{'type':'parser','url':'https://h/doc',"
                                       "'lineNumber':9,'requestId':'7.1'},'_priority':'High','_"
                                       "resourceType':'xhr',"
                                       "'_connectionId':'52','connection':'443','cache':{},"
                                       "'request':{'method':'POST','url':'https://h/"
                                       "a?b=1#top','httpVersion':'h3',"
                                       "'headers':[{'name':':method','value':'POST'},{'name':':"
                                       "authority','value':'h'},"
                                       "{'name':':scheme','value':'https'},{'name':':path','"
                                       "value':'/a?b=1'},"
                                       "{'name':'x-api-key','value':'k'}],'queryString':[{'"
                                       "name':'b','value':'1'}],"
                                       "'cookies':[],'headersSize':-1,'bodySize':5,'postData':{"
                                       "'mimeType':"
                                       "'application/"
                                       "x-www-form-urlencoded','text':'q=a+b','params':[{'name'"
                                       ":'q','value':'a%20b'}]}},"
                                       "'response':{'status':200,'statusText':'','headers':[],'"
                                       "cookies':[],'redirectURL':'',"
                                       "'content':{'size':2,'mimeType':'text/"
                                       "html','text':'ok'},'bodySize':-1,'_transferSize':99,"
                                       "'_error':null,'_fetchedViaServiceWorker':false},'time':"
                                       "7.5,'timings':{'blocked':1,'dns':-1,"
                                       "'ssl':-1,'connect':-1,'send':0.5,'wait':5,'receive':1,'"
                                       "_blocked_queueing':0.4}}," AT(
                                           "2026-01-02T03:04:06Z") "'_fromCache':'disk','"
                                                                   "request':{" GET "}," RESPONSE
                                                                   "}," AT("2026-01-02T03:04:"
                                                                           "07Z") "'request':"
                                                                                  "{" GET
                                                                                  "},'response'"
                                                                                  ":{'status':"
                                                                                  "0,'_error':"
                                                                                  "'net::ERR_"
                                                                                  "BLOCKED_BY_"
                                                                                  "CLIENT','"
                                                                                  "content':{'"
                                                                                  "size':0}}}");
    const struct exchange *ex = s->exchanges[0];
    CHECK_S(ex->request.url, SL("https://h/a?b=1"));
    CHECK_U(ex->request.headers.n, 2); /* Host and the key */
    CHECK_S(headers_get(&ex->request.headers, SL("Host")), SL("h"));
    CHECK_S(ex->request.body, SL("q=a+b"));
    CHECK_S(ex->connection, SL("52"));
    CHECK_S(ex->initiator, SL("https://h/doc"));
    CHECK(ex->dns_ns == TIME_UNKNOWN && ex->from == FROM_NETWORK && ex->response.error.n == 0);
    CHECK(s->exchanges[1]->from == FROM_CACHE);
    CHECK_S(s->exchanges[2]->response.error, SL("net::ERR_BLOCKED_BY_CLIENT"));
    CHECK(has_warning(s, "Allow to generate HAR with sensitive data"));
    CHECK(!s->no_answers);
    session_free(s);
}

TEST(har_of_firefox)
{
    struct session *s = read_ok(
        "{'log':{'version':'1.1','creator':{'name':'Firefox','version':'128.0'},'browser':{'name':"
        "'Firefox','version':'128.0'},'pages':[{'startedDateTime':'2026-01-02T05:04:05.678+02:00',"
        "'id':'page_1','title':'Home','pageTimings':{'onContentLoad':-1,'onLoad':-1}}],'entries':["
        "{'pageref':'page_1','startedDateTime':'2026-01-02T05:04:05.678+02:00','request':{'"
        "bodySize':30,"
        "'method':'POST','url':'https://h/up','httpVersion':'HTTP/"
        "2','headers':[{'name':'Content-Type',"
        "'value':'multipart/form-data; "
        "boundary=x'},{'name':'Content-Disposition','value':'form-data; "
        "name=\\'a\\''},{'name':'Content-Type','value':'image/"
        "png'}],'cookies':[{'name':'s','value':'1'}],"
        "'queryString':[],'headersSize':99,'postData':{'mimeType':'multipart/form-data; "
        "boundary=x',"
        "'params':[],'text':'--x\\r\\n\\r\\nabcdefghijklmno\\r\\n--x--'}},'response':{'status':200,"
        "'statusText':'OK','httpVersion':'HTTP/"
        "2','headers':[],'cookies':[{'name':'t','value':'2'}],"
        "'content':{'mimeType':'text/html; charset=utf-8','size':4096,'comment':"
        "'Response bodies are not included.'},'redirectURL':'','headersSize':9,'bodySize':500},"
        "'cache':{},'timings':{'blocked':0,'dns':0,'connect':0,'ssl':0,'send':0,'wait':9,'receive':"
        "0},"
        "'time':9,'_securityState':'secure','serverIPAddress':'192.0.2.1','connection':'443'}]}}");
    const struct exchange *ex = s->exchanges[0];
    CHECK_U(ex->start_ns, 1767323045678000000ULL);
    CHECK_S(ex->page, SL("page_1"));
    CHECK_S(ex->connection, SL(""));
    CHECK_S(ex->resource, SL(""));
    CHECK_U(ex->request.headers.n, 2); /* the request's own type, and Cookie */
    CHECK_S(headers_get(&ex->request.headers, SL("Cookie")), SL("s=1"));
    CHECK_S(headers_get(&ex->response.headers, SL("Set-Cookie")), SL("t=2"));
    CHECK(ex->response.body_state == BODY_MISSING);
    CHECK(has_warning(s, "1 response body is not in the recording"));
    session_free(s);
}

TEST(har_of_safari)
{
    struct session *s =
        read_by("WebKit Web Inspector",
                AT("2026-01-02T03:04:05.678Z") "'_fetchType':'Network "
                                               "Load','request':{'method':'POST','url':"
                                               "'http://h/','httpVersion':'HTTP/"
                                               "2','headers':[],'postData':{'mimeType':'text/"
                                               "plain','text':'a',"
                                               "'params':[]}},'response':{'status':200,'headers':[{"
                                               "'name':'Set-Cookie','value':'a=1; Path=/, "
                                               "b=2; Expires=Wed, 09 Jun 2027 10:18:14 "
                                               "GMT'}],'content':{'size':0}}},"
                                               "{'startedDateTime':'','_fetchType':'Memory "
                                               "Cache','request':{" GET "}," RESPONSE "},"
                                               "{'startedDateTime':'','_fetchType':'Service "
                                               "Worker','request':{" GET "}," RESPONSE "}");
    CHECK_S(s->exchanges[0]->request.body, SL("a"));
    CHECK_U(s->exchanges[0]->response.headers.n, 2);
    CHECK(s->exchanges[1]->from == FROM_CACHE);
    CHECK(s->exchanges[2]->from == FROM_SERVICE_WORKER);
    CHECK(has_warning(s, "2 entries have no start time"));
    session_free(s);
}

TEST(har_of_charles_and_fiddler)
{
    struct session *s = read_by(
        "Charles Proxy",
        AT("2026-01-02T03:04:05.678Z") "'request':{'method':'CONNECT','url':'https://"
                                       "h:443','headers':[]}," RESPONSE "}," AT(
                                           "2026-01-02T03:04:06Z") "'request':{'method':'POST','"
                                                                   "url':'https://h/"
                                                                   "','httpVersion':"
                                                                   "'HTTP/"
                                                                   "1.1','headers':[{'name':'"
                                                                   "Content-Length','value':'7'}],'"
                                                                   "postData':{'mimeType':"
                                                                   "'application/"
                                                                   "x-www-form-urlencoded','params'"
                                                                   ":[{'name':'a','value':'b "
                                                                   "c'},{'name':'d','value':''}]}},"
                                                                   "'response':{'status':200,'"
                                                                   "headers':[],'content':{'size':"
                                                                   "3,'encoding':'base64','text':'"
                                                                   "AP9B'}}}");
    CHECK_U(dropped(s, "tunnel"), 1);
    CHECK_U(s->n, 1);
    CHECK_U(s->pages_n, 0);
    CHECK_S(s->exchanges[0]->request.body, SL("a=b+c&d="));
    CHECK_S(s->exchanges[0]->response.body, ((struct slice){ "\0\xff\x41", 3 }));
    session_free(s);
}

TEST(har_of_proxyman_and_playwright)
{
    struct session *s =
        read_by("Proxyman",
                AT("2026-01-02T03:04:05.678Z") "'request':{'method':'GET','url':'https://h/"
                                               "','httpVersion':'h2',"
                                               "'cookies':[{'name':'a','value':'1'}]},'response':{'"
                                               "status':200,'cookies':[{'name':'s','value':'9'}],"
                                               "'content':{'size':0}}}");
    CHECK_S(headers_get(&s->exchanges[0]->request.headers, SL("Cookie")), SL("a=1"));
    CHECK_S(headers_get(&s->exchanges[0]->response.headers, SL("Set-Cookie")), SL("s=9"));
    CHECK_S(s->exchanges[0]->request.version, SL("h2"));
    session_free(s);
}

TEST(har_of_mitmproxy)
{
    struct session *s = read_by(
        "mitmproxy",
        AT("2026-01-02T03:04:05.678901+00:00") "'time':NaN,'request':{" GET "},'response':"
                                               "{'status':0,'headers':[],'content':{},'bodySize':-"
                                               "1,'_error':null},'timings':{'connect':NaN,"
                                               "'ssl':-1.0,'send':NaN,'wait':1.5,'receive':-1.0}}");
    CHECK_U(s->exchanges[0]->start_ns, 1767323045678901000ULL);
    CHECK_U(s->exchanges[0]->total_ns, 1500000);
    CHECK(s->no_answers); /* flows whose answer was not recorded */
    session_free(s);
}

TEST(har_of_zap_and_insomnia)
{
    struct session *s = read_by(
        "ZAP",
        AT("2026-01-02T03:04:05.678Z") "'_zapMessageId':'1','_zapMessageNote':'','request':{'url':"
                                       "'about:blank','method':'GET'},'response':{'status':0,'"
                                       "content':{'size':0}}}," AT(
                                           "2026-01-02T03:04:06Z") "'request':{" GET "}," RESPONSE
                                                                   "}");
    CHECK_U(dropped(s, "not-http"), 1);
    CHECK_U(s->n, 1);
    session_free(s);
    /* Requests that were written and never sent. */
    s = read_by("Insomnia REST Client",
                AT("2026-01-02T03:04:05.678Z") "'request':{" POST
                                               ",'postData':{'mimeType':'application/json',"
                                               "'text':'{}'}},'response':{'status':0,'statusText':'"
                                               "','headers':[],'content':{'size':0}}}");
    CHECK(s->no_answers && has_warning(s, "holds requests only"));
    CHECK_S(s->exchanges[0]->request.body, SL("{}"));
    session_free(s);
}

TEST(har_of_polly_has_chunks)
{
    struct buf gz = BUF_INIT(1000), hex = BUF_INIT(1000), b64 = BUF_INIT(1000),
               text = BUF_INIT(4000);
    CHECK(gz_member(&gz, SL("hello"), 6));
    CHECK(enc_hex(&hex, slice_sub(buf_slice(&gz), 0, 12)));
    CHECK(enc_base64(&b64, slice_from(buf_slice(&gz), 12), false));
    buf_addf(&text,
             "'status':200,'headers':[{'name':'Content-Encoding','value':'gzip'}],"
             "'content':{'size':70,'text':'[\\'%s\\',\\'%s\\']'}",
             buf_z(&hex), buf_z(&b64));
    struct response r = response(buf_z(&text));
    CHECK_S(r.body, SL("hello"));
    CHECK(r.body_state == BODY_WHOLE);
    /* JSON that is a list of strings by itself stays. */
    r = response("'status':200,'headers':[{'name':'Content-Encoding','value':'gzip'}],"
                 "'content':{'size':8,'text':'[\\'abcd\\']'}");
    CHECK_S(r.body, SL("[\"abcd\"]"));
    buf_free(&gz);
    buf_free(&hex);
    buf_free(&b64);
    buf_free(&text);
}
