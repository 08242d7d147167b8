/* The HAR reader: one test per quirk of a recorder, fixtures written by hand from the described quirk. */
#include "har/har.h"

#include "base/enc.h"
#include "base/gz.h"
#include "tests/unit/har_fixture.h"

TEST(har_whole_entry)
{
    struct session *s = read_ok(
        "{'log':{'version':'1.2','creator':{'name':'Maker','version':'3.1'},"
        "'pages':[{'id':'p1','title':'Home','startedDateTime':'2026-01-02T03:04:05Z','pageTimings':"
        "{}}],"
        "'entries':[{'pageref':'p1'," START ",'time':36.5,"
        "'request':{'method':'PUT','url':'https://h:8443/a?b=c#frag','httpVersion':'HTTP/1.1',"
        "'headers':[{'name':'X-A','value':' one '},{'name':'x-a','value':'two'}],"
        "'postData':{'mimeType':'text/plain','text':'hi'}},"
        "'response':{'status':201,'statusText':'Created','httpVersion':'HTTP/1.1','headers':"
        "[{'name':'Content-Type','value':'text/html; charset=utf-8'}],'redirectURL':'/next',"
        "'content':{'size':5,'mimeType':'text/html','text':'<p>\\u00e9'},'bodySize':77},"
        "'cache':{},'timings':{'blocked':1,'dns':2,'connect':10,'ssl':4,'send':0.5,'wait':20,'"
        "receive':3},"
        "'serverIPAddress':'[2001:db8::1]','connection':'52','comment':'note','_resourceType':'xhr'"
        ","
        "'_initiator':{'type':'parser','url':'https://h/doc'},'_unknown':[{'x':[1,2,{}]}]}]}}");
    CHECK_U(s->n, 1);
    CHECK_U(s->entries_read, 1);
    CHECK_S(s->creator, SL("Maker 3.1"));
    CHECK_S(s->pages[0].title, SL("Home"));
    struct exchange *ex = s->exchanges[0];
    CHECK_U(ex->start_ns, 1767323045678000000ULL);
    CHECK_U(ex->total_ns, 36500000);
    CHECK_U(ex->connect_ns, 6000000); /* without TLS */
    CHECK_U(ex->tls_ns, 4000000);
    CHECK_U(ex->send_ns, 500000);
    CHECK_S(ex->request.url, SL("https://h:8443/a?b=c"));
    CHECK_U(ex->request.headers.n, 2);
    CHECK_S(ex->request.headers.v[0].value, SL("one"));
    CHECK_S(ex->request.body, SL("hi"));
    CHECK(ex->request.body_state == BODY_WHOLE);
    CHECK_U(ex->response.status, 201);
    CHECK_S(ex->response.reason, SL("Created"));
    CHECK_S(ex->response.body, SL("<p>\xc3\xa9"));
    CHECK_S(ex->response.redirect, SL("/next"));
    CHECK_U(ex->response.wire_bytes, 77);
    CHECK_S(ex->server_ip, SL("2001:db8::1"));
    CHECK_S(ex->connection, SL("52"));
    CHECK_S(ex->page, SL("p1"));
    CHECK_S(ex->initiator, SL("https://h/doc"));
    CHECK_S(ex->resource, SL("xhr"));
    CHECK_S(ex->comment, SL("note"));
    CHECK(ex->from == FROM_NETWORK);
    session_free(s);
}

TEST(har_unsorted_entries_and_offsets)
{
    struct session *s = read_entries(
        "{'startedDateTime':'2026-01-02T03:00:02.000Z','request':{'url':'http://h/2'}," RESPONSE
        "},"
        "{'startedDateTime':'2026-01-02T05:30:01.5+02:30','request':{'url':'http://h/1'}," RESPONSE
        "},"
        "{'startedDateTime':'2026-01-01T22:00:03-0500','request':{'url':'http://h/3'}," RESPONSE
        "},"
        "{'startedDateTime':'','request':{'url':'http://h/4'}," RESPONSE "}");
    CHECK_U(s->n, 4);
    CHECK_S(s->exchanges[0]->request.url, SL("http://h/1"));
    CHECK_S(s->exchanges[1]->request.url, SL("http://h/2"));
    CHECK_S(s->exchanges[2]->request.url, SL("http://h/3"));
    CHECK_S(s->exchanges[3]->request.url, SL("http://h/4"));
    CHECK(s->exchanges[3]->start_ns == TIME_UNKNOWN);
    CHECK(has_warning(s, "1 entry has no start time"));
    session_free(s);
}

TEST(har_missing_fields)
{
    struct session *s =
        read_ok("{'log':{'entries':[{'request':{'method':'GET','url':'http://h'}},{},null,"
                "7,{'request':{'method':'GET'}}]}}");
    CHECK_U(s->entries_read, 5);
    CHECK_U(s->n, 1);
    CHECK_U(dropped(s, "malformed"), 3);
    CHECK_U(dropped(s, "no-url"), 1);
    struct exchange *ex = s->exchanges[0];
    CHECK_U(ex->response.status, 0);
    CHECK(ex->total_ns == TIME_UNKNOWN && ex->wait_ns == TIME_UNKNOWN);
    CHECK(ex->response.body_state == BODY_NONE);
    CHECK(s->no_answers && has_warning(s, "holds requests only"));
    session_free(s);
}

TEST(har_wrong_types_are_absent)
{
    struct session *s = read_ok(
        "{'log':{'version':1.2,'creator':null,'pages':null,'entries':[{'startedDateTime':"
        "1767323045.5,"
        "'time':'12.5','request':{'method':'GET','url':'http://h/','headers':null,'cookies':{},"
        "'postData':null,'httpVersion':11},'response':{'status':'204','headers':[null,1,{'value':'"
        "x'},"
        "{'name':'A'}],'content':[],'statusText':null},'timings':[1],'connection':99}]}}");
    struct exchange *ex = s->exchanges[0];
    CHECK_U(ex->start_ns, 1767323045500000000ULL);
    CHECK_U(ex->total_ns, 12500000);
    CHECK_U(ex->response.status, 204);
    CHECK_U(ex->response.headers.n, 1);
    CHECK_S(ex->response.headers.v[0].name, SL("A"));
    CHECK_S(ex->response.headers.v[0].value, SL(""));
    CHECK_S(ex->connection, SL("99"));
    session_free(s);
}

TEST(har_nan_and_negative_times)
{
    struct session *s =
        read_entries("{" START ",'time':NaN,'request':{" GET "}," RESPONSE ",'timings':"
                     "{'blocked':-1,'dns':Infinity,'connect':-Infinity,'send':1,'wait':2}}");
    struct exchange *ex = s->exchanges[0];
    CHECK(ex->blocked_ns == TIME_UNKNOWN && ex->dns_ns == TIME_UNKNOWN);
    CHECK(ex->connect_ns == TIME_UNKNOWN && ex->receive_ns == TIME_UNKNOWN);
    CHECK_U(ex->total_ns, 3000000);
    session_free(s);
}

TEST(har_tls_beside_connect)
{
    struct session *s = read_entries("{" START ",'request':{" GET "}," RESPONSE
                                     ",'timings':{'connect':3,'ssl':8}}");
    CHECK_U(s->exchanges[0]->connect_ns, 3000000);
    CHECK_U(s->exchanges[0]->tls_ns, 8000000);
    session_free(s);
}

TEST(har_duplicate_members_last_wins)
{
    struct request r = request(GET ",'headers':[{'name':'A','value':'1'}],"
                                   "'headers':[{'name':'B','value':'2','value':'3'}]");
    CHECK_U(r.headers.n, 1);
    CHECK_S(r.headers.v[0].value, SL("3"));
}

TEST(har_pseudo_headers)
{
    struct request r = request("'method':'GET','url':'https://h/','httpVersion':'h2','headers':["
                               "{'name':':method','value':'GET'},{'name':'accept','value':'*/*'},"
                               "{'name':':authority','value':'h:1'}]");
    CHECK_U(r.headers.n, 2);
    CHECK_S(r.headers.v[0].name, SL("Host"));
    CHECK_S(r.headers.v[0].value, SL("h:1"));
    CHECK_S(r.version, SL("h2"));
    r = request(GET ",'headers':[{'name':':authority','value':'a'},{'name':'host','value':'b'}]");
    CHECK_U(r.headers.n, 1);
    CHECK_S(headers_get(&r.headers, SL("Host")), SL("b"));
}

TEST(har_header_lines_and_bad_names)
{
    struct session *s = read_entries(
        "{" START ",'request':{" GET
        ",'headers':[{'name':'A b','value':'x'},{'name':'C','value':'\\u0000'},"
        "{'name':'','value':'y'}]},'response':{'status':200,'headers':[{'name':'Set-Cookie',"
        "'value':'a=1; path=/\\nb=2'},{'name':'Link','value':'x\\ny'}]}}");
    struct exchange *ex = s->exchanges[0];
    CHECK_U(ex->request.headers.n, 0);
    CHECK(has_warning(s, "3 headers were left out"));
    CHECK_U(ex->response.headers.n, 4);
    CHECK_S(ex->response.headers.v[1].value, SL("b=2"));
    CHECK_S(ex->response.headers.v[3].value, SL("y"));
    session_free(s);
}

TEST(har_safari_merges_set_cookie)
{
    static const char entry[] =
        "{" START ",'_fetchType':'%s','request':{" GET
        "},'response':{'status':200,'headers':[{'name':"
        "'Set-Cookie','value':'a=1, b=2; Expires=Wed, 09 Jun 2021 10:18:14 GMT; Path=/, c=3'}]}}";
    struct session *s = read_by("WebKit Web Inspector", entry);
    const struct headers *h = &s->exchanges[0]->response.headers;
    CHECK_U(h->n, 3);
    CHECK_S(h->v[0].value, SL("a=1"));
    CHECK_S(h->v[1].value, SL("b=2; Expires=Wed, 09 Jun 2021 10:18:14 GMT; Path=/"));
    CHECK_S(h->v[2].value, SL("c=3"));
    session_free(s);
    /* Elsewhere a comma before the first ';' may be the value's own. */
    s = read_by("Other", entry);
    h = &s->exchanges[0]->response.headers;
    CHECK_U(h->n, 1);
    session_free(s);
    s = read_by("Other",
                "{" START ",'request':{" GET "},'response':{'status':200,'headers':[{'name':"
                "'set-cookie','value':'a=1; Path=/, b=2'}]}}");
    CHECK_U(s->exchanges[0]->response.headers.n, 2);
    session_free(s);
}

static enum served_from from_of(const char *extra)
{
    struct buf b = BUF_INIT(4096);
    buf_addf(&b, "{" START ",'request':{" GET "}," RESPONSE ",%s}", extra);
    struct session *s = read_entries(buf_z(&b));
    enum served_from from = s->exchanges[0]->from;
    session_free(s);
    buf_free(&b);
    return from;
}

TEST(har_served_from)
{
    CHECK(from_of("'_fromCache':'memory'") == FROM_CACHE);
    CHECK(from_of("'_fromCache':'disk'") == FROM_CACHE);
    CHECK(from_of("'_fetchType':'Memory Cache'") == FROM_CACHE);
    CHECK(from_of("'_fetchType':'Disk Cache'") == FROM_CACHE);
    CHECK(from_of("'_fetchType':'Network Load'") == FROM_NETWORK);
    CHECK(from_of("'_fetchType':'Service Worker'") == FROM_SERVICE_WORKER);
    CHECK(from_of("'_fetchedViaServiceWorker':true") == FROM_SERVICE_WORKER);
    CHECK(from_of("'_was_pushed':'1'") == FROM_PUSH);
    CHECK(from_of("'_was_pushed':'0'") == FROM_NETWORK);
    CHECK(from_of("'response':{'status':200,'fromDiskCache':true}") == FROM_CACHE);
    CHECK(from_of("'response':{'status':304}") == FROM_NETWORK); /* it was asked for */
}

TEST(har_connection_is_a_port_or_an_id)
{
    struct session *s = read_entries(
        "{" START ",'request':{'url':'http://h:8080/'}," RESPONSE ",'connection':'8080'},"
        "{" START ",'request':{'url':'http://h/'}," RESPONSE
        ",'connection':'443','_connectionId':'71'},"
        "{" START ",'request':{'url':'http://h/'}," RESPONSE ",'connection':'71'}");
    CHECK_S(s->exchanges[0]->connection, SL(""));
    CHECK_S(s->exchanges[1]->connection, SL("71"));
    CHECK_S(s->exchanges[2]->connection, SL("71"));
    session_free(s);
}

TEST(har_initiators)
{
    struct session *s =
        read_entries("{" START ",'request':{" GET "}," RESPONSE ",'_initiator':'http://h/doc'},"
                     "{" START ",'request':{" GET "}," RESPONSE
                     ",'_initiator':{'type':'script','stack':{'callFrames':"
                     "[{'url':''},{'url':'http://h/a.js'},{'url':'http://h/b.js'}]}}},"
                     "{" START ",'request':{" GET "}," RESPONSE ",'_initiator':{'type':'other'}}");
    CHECK_S(s->exchanges[0]->initiator, SL("http://h/doc"));
    CHECK_S(s->exchanges[1]->initiator, SL("http://h/a.js"));
    CHECK_S(s->exchanges[2]->initiator, SL(""));
    session_free(s);
}

TEST(har_rows_that_are_no_requests)
{
    struct session *s = read_entries(
        "{" START ",'request':{'method':'CONNECT','url':'https://h:443'}," RESPONSE "},"
        "{" START ",'request':{'url':'about:blank'}," RESPONSE "},"
        "{" START ",'request':{'url':'data:text/plain,x'}," RESPONSE "},"
        "{" START ",'request':{'url':'chrome-extension://x/y'}," RESPONSE "},"
        "{" START ",'request':{'url':'wss://h/chat'},'response':{'status':101}}");
    CHECK_U(s->entries_read, 5);
    CHECK_U(s->n, 1);
    CHECK_U(dropped(s, "tunnel"), 1);
    CHECK_U(dropped(s, "not-http"), 3);
    session_free(s);
}

TEST(har_no_answer)
{
    struct response r = response("'status':0,'_error':'net::ERR_ABORTED','content':{'size':9}");
    CHECK_U(r.status, 0);
    CHECK_S(r.error, SL("net::ERR_ABORTED"));
    CHECK(r.body_state == BODY_NONE);
    r = response("'status':-2");
    CHECK_U(r.status, 0);
    r = response("'status':null");
    CHECK_U(r.status, 0);
}

TEST(har_response_bodies)
{
    CHECK(response("'status':200,'content':{'size':3}").body_state == BODY_MISSING);
    CHECK(response("'status':200,'content':{'size':3,'text':''}").body_state == BODY_MISSING);
    CHECK(response("'status':200,'content':{'size':0,'text':''}").body_state == BODY_WHOLE);
    CHECK(response("'status':200,'content':{'size':0}").body_state == BODY_NONE);
    CHECK(response("'status':200,'bodySize':5").body_state == BODY_MISSING);
    CHECK(response("'status':304,'content':{'size':3}").body_state == BODY_NONE);
    CHECK(response("'status':200,'content':{'size':9,'text':'abc'}").body_state == BODY_DAMAGED);
    struct response r =
        response("'status':200,'content':{'size':3,'text':'AP9B','encoding':'base64'}");
    CHECK_S(r.body, ((struct slice){ "\0\xff\x41", 3 }));
    CHECK(r.body_state == BODY_WHOLE);
    r = response("'status':200,'content':{'size':3,'text':'A*','encoding':'base64'}");
    CHECK(r.body_state == BODY_DAMAGED);
    r = response("'status':200,'content':{'text':{'a':[1]},'mimeType':'application/json'}");
    CHECK_S(r.body, SL("{\"a\":[1]}"));
    CHECK(one("'method':'HEAD','url':'http://h/'", "'status':200,'content':{'size':9}")
              ->response.body_state == BODY_NONE);
}

TEST(har_response_still_compressed)
{
    struct buf gz = BUF_INIT(1000), b64 = BUF_INIT(1000), text = BUF_INIT(4000);
    CHECK(gz_member(&gz, SL("hello"), 6) && enc_base64(&b64, buf_slice(&gz), false));
    buf_addf(
        &text,
        "'status':200,'headers':[{'name':'Content-Encoding','value':'gzip'}],'content':{'size':5,"
        "'encoding':'base64','text':'%s'}",
        buf_z(&b64));
    struct response r = response(buf_z(&text));
    CHECK_S(r.body, SL("hello"));
    CHECK(r.body_state == BODY_WHOLE);
    buf_free(&gz);
    buf_free(&b64);
    buf_free(&text);
}

TEST(har_request_bodies_absent)
{
    CHECK(request(GET).body_state == BODY_NONE);
    CHECK(request(GET ",'postData':{'mimeType':'','text':'','params':[]}").body_state == BODY_NONE);
    CHECK(request(POST).body_state == BODY_NONE);
    CHECK(request(POST ",'headers':[{'name':'Content-Length','value':'4'}]").body_state ==
          BODY_MISSING);
    CHECK(request(POST ",'bodySize':4").body_state == BODY_MISSING);
    CHECK(request(POST ",'headers':[{'name':'Content-Length','value':'0'}],'postData':{'text':''}")
              .body_state == BODY_WHOLE);
    CHECK(request(POST ",'postData':{'mimeType':'text/plain'}").body_state == BODY_MISSING);
    struct session *s = read_entries("{" START ",'request':{" POST ",'bodySize':4}," RESPONSE "}");
    CHECK(has_warning(s, "1 request body is not in the recording"));
    session_free(s);
}

TEST(har_text_wins_over_params)
{
    struct request r = request(POST ",'postData':{'mimeType':'application/x-www-form-urlencoded',"
                                    "'text':'a=b%20c','params':[{'name':'z','value':'y'}]}");
    CHECK_S(r.body, SL("a=b%20c"));
    CHECK_U(r.params_n, 0);
}

#define FORM "'postData':{'mimeType':'application/x-www-form-urlencoded','text':'','params':["
#define LENGTH(n) "'headers':[{'name':'Content-Length','value':'" #n "'}]"

TEST(har_params_urlencoded)
{
    /* Decoded values, as most recorders keep them. */
    struct request r = request(POST "," FORM "{'name':'a b','value':'c&d'},{'name':'e'}]}");
    CHECK_S(r.body, SL("a+b=c%26d&e="));
    CHECK(r.body_state == BODY_WHOLE);
    CHECK_U(r.params_n, 2);
    /* Encoded ones, as Chrome does: nothing in them would need encoding. */
    r = request(POST "," FORM "{'name':'a','value':'x%40y'}]}");
    CHECK_S(r.body, SL("a=x%40y"));
    /* The length that was sent settles it. */
    r = request(POST "," LENGTH(9) "," FORM "{'name':'a','value':'x%40y'}]}");
    CHECK_S(r.body, SL("a=x%2540y"));
    r = request(POST "," LENGTH(3) "," FORM "{'name':'a','value':'/'}]}");
    CHECK_S(r.body, SL("a=/"));
    r = request(POST "," LENGTH(5) "," FORM "{'name':'a','value':'/'}]}");
    CHECK_S(r.body, SL("a=%2F"));
}

#define UPLOAD "'postData':{'mimeType':'multipart/form-data; boundary=xx','params':["

TEST(har_params_multipart)
{
    static const char want[] =
        "--xx\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"
        "--xx\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.txt\"\r\n"
        "Content-Type: text/plain\r\n\r\nYWI=\r\n--xx--\r\n";
    struct request r = request(
        POST "," UPLOAD "{'name':'a','value':'1'},{'name':'f','value':'YWI=','fileName':'x.txt',"
             "'contentType':'text/plain'}]}");
    CHECK_S(r.body, slice_z(want));
    CHECK(r.body_state == BODY_WHOLE && r.params_n == 2 && r.params[1].is_file);
    /* Two bytes less were sent: the upload is kept as base64 (Charles). */
    struct buf b = BUF_INIT(4000);
    buf_addf(&b,
             POST ",'headers':[{'name':'Content-Length','value':'%zu'}]," UPLOAD
                  "{'name':'a','value':'1'},{'name':'f','value':'YWI=','fileName':'x.txt',"
                  "'contentType':'text/plain'}]}",
             sizeof want - 1 - 2);
    r = request(buf_z(&b));
    CHECK_U(r.body.n, sizeof want - 3);
    CHECK(slice_find(r.body, SL("\r\n\r\nab\r\n")) != SLICE_NONE);
    buf_free(&b);
    /* Content or boundary unknown: the fields are kept, the body is missing. */
    r = request(POST "," UPLOAD "{'name':'f','fileName':'x.txt'}]}");
    CHECK(r.body_state == BODY_MISSING && r.params_n == 1 && r.body.n == 0);
    r = request(
        POST ",'postData':{'mimeType':'multipart/form-data','params':[{'name':'a','value':'b'}]}");
    CHECK(r.body_state == BODY_MISSING && r.params_n == 1);
    r = request(
        POST ",'postData':{'mimeType':'application/json','params':[{'name':'a','value':{'b':1}}]}");
    CHECK(r.body_state == BODY_MISSING);
    CHECK_S(r.params[0].value, SL("{\"b\":1}"));
}

TEST(har_binary_bodies_through_text)
{
    /* One character per byte (Firefox): 4 bytes were sent, the text has 4 characters in 6 bytes. */
    struct request r = request(POST "," LENGTH(4) ",'postData':{'text':'a\\u0000\\u00ff\\u0080'}");
    CHECK_S(r.body, ((struct slice){ "a\0\xff\x80", 4 }));
    CHECK(r.body_state == BODY_WHOLE);
    /* The same text sent as UTF-8. */
    r = request(POST "," LENGTH(5) ",'postData':{'text':'a\\u00ff\\u0080'}");
    CHECK_U(r.body.n, 5);
    CHECK(r.body_state == BODY_WHOLE);
    /* Bytes that were replaced (Chrome). */
    r = request(POST "," LENGTH(2) ",'postData':{'text':'a\\ufffd'}");
    CHECK(r.body_state == BODY_DAMAGED);
    /* Uploads that were left out of the text. */
    r = request(POST "," LENGTH(500) ",'postData':{'mimeType':'multipart/form-data; boundary=x',"
                                     "'text':'--x--'}");
    CHECK(r.body_state == BODY_DAMAGED);
    r = request(POST ",'postData':{'text':'AP8=','encoding':'base64'}");
    CHECK_S(r.body, ((struct slice){ "\0\xff", 2 }));
    r = request(POST
                ",'postData':{'text':'\\ud800x','mimeType':'text/plain'}"); /* lone surrogate */
    CHECK_S(r.body, SL("\xef\xbf\xbdx"));
}

TEST(har_upload_stream_heads)
{
    /* Firebug puts the stream's headers in front of the text, Firefox beside the request's own. */
    struct request r = request(
        POST ",'headers':[{'name':'Content-Type','value':'multipart/form-data; boundary=x'},"
             "{'name':'Content-Disposition','value':'form-data; name=\\'a\\''},"
             "{'name':'Content-Type','value':'image/png'},{'name':'Content-Length','value':'5'},"
             "{'name':'Content-Length','value':'5'}],"
             "'postData':{'mimeType':'multipart/form-data; boundary=x','text':'--x--'}");
    CHECK_U(r.headers.n, 2);
    CHECK_S(r.headers.v[0].value, SL("multipart/form-data; boundary=x"));
    CHECK_S(r.mime, SL("multipart/form-data; boundary=x"));
    r = request(POST ",'headers':[{'name':'Content-Type','value':'image/png'},"
                     "{'name':'Content-Type','value':'multipart/form-data; boundary=x'}],"
                     "'postData':{'mimeType':'multipart/form-data; boundary=x','text':'--x--'}");
    CHECK_U(r.headers.n, 1);
    CHECK_S(r.mime, SL("multipart/form-data; boundary=x"));
    r = request(
        POST
        ",'postData':{'mimeType':'application/x-www-form-urlencoded','text':"
        "'Content-Type: application/x-www-form-urlencoded\\r\\nContent-Length: 3\\r\\n\\r\\na=b'}");
    CHECK_S(r.body, SL("a=b"));
}

TEST(har_cookies_without_headers)
{
    struct exchange *ex = one(
        GET ",'cookies':[{'name':'a','value':'1'},{'name':'b','value':'2'}]",
        "'status':200,'cookies':[{'name':'c','value':'3','path':'/','domain':'h','httpOnly':true,"
        "'secure':false},{'name':'d','value':'','expires':'1970-01-01T00:00:00Z'}]");
    CHECK_S(headers_get(&ex->request.headers, SL("Cookie")), SL("a=1; b=2"));
    CHECK_U(ex->response.headers.n, 2);
    CHECK_S(ex->response.headers.v[0].value, SL("c=3; Path=/; Domain=h; HttpOnly"));
    CHECK_S(ex->response.headers.v[1].value, SL("d=; Max-Age=0"));
    struct request r = request(GET ",'cookies':[{'name':'a','value':'1'}],"
                                   "'headers':[{'name':'cookie','value':'x=y'}]");
    CHECK_U(r.headers.n, 1);
}

TEST(har_query_beside_the_url)
{
    struct request r =
        request("'method':'GET','url':'http://h/a','queryString':[{'name':'q','value':'1 2'},"
                "{'name':'r','value':''}]");
    CHECK_S(r.url, SL("http://h/a?q=1+2&r="));
    r = request("'method':'GET','url':'http://h/a?x','queryString':[{'name':'q','value':'1'}]");
    CHECK_S(r.url, SL("http://h/a?x"));
}

TEST(har_chrome_without_sensitive_data)
{
    static const char plain[] = "{" START ",'request':{" GET "}," RESPONSE "}";
    static const char cookie[] =
        "{" START ",'request':{" GET ",'headers':[{'name':'Cookie','value':'a=b'}]}," RESPONSE "}";
    struct session *s = read_by("WebInspector", plain);
    CHECK(has_warning(s, "Allow to generate HAR with sensitive data"));
    session_free(s);
    s = read_by("WebInspector", cookie);
    CHECK_U(s->warnings_n, 0);
    session_free(s);
    s = read_by("Firefox", plain);
    CHECK_U(s->warnings_n, 0);
    session_free(s);
}

TEST(har_web_socket_messages)
{
    struct session *s = read_entries(
        "{" START ",'request':{'url':'wss://h/'},'response':{'status':101},'_webSocketMessages':["
        "{'type':'send','time':1767323045.123456789,'opcode':1,'data':'hi'},"
        "{'type':'receive','time':1767323046,'opcode':2,'data':'AP8='},{'type':'?'}]}");
    struct exchange *ex = s->exchanges[0];
    CHECK_U(ex->ws_n, 2);
    CHECK(ex->ws[0].direction == WS_SEND && ex->ws[1].direction == WS_RECEIVE);
    CHECK_U(ex->ws[0].time_ns, 1767323045123456789ULL);
    CHECK_S(ex->ws[0].data, SL("hi"));
    CHECK_S(ex->ws[1].data, ((struct slice){ "\0\xff", 2 }));
    session_free(s);
}

TEST(har_url_without_a_host)
{
    struct exchange *ex =
        one("'method':'GET','url':'/a?b=1','headers':[{'name':'host','value':'h:81'}]", OK200);
    CHECK_S(ex->request.url, SL("http://h:81/a?b=1"));
}
