/* The table of what people hand over that is no recording. Called by formats.c when no reader knows a file.
 *
 * Each row is a mark that such files have and nothing else does, and a sentence: what it is, what to give
 * instead. Order matters: the first that fits wins, so rows with two marks stand before those with one. */
#include "capture/import/refuse.h"

#include "capture/import/unzip.h"

enum mark {
    ROOT,  /* the XML's root element is a */
    START, /* the text starts with a */
    JSON,  /* it starts as JSON and holds a and b */
    TEXT,  /* it holds a and b */
    ZIP,   /* an archive with a member that name knows */
};

#define NONE    \
    {           \
        NULL, 0 \
    }

struct refused {
    enum mark mark;
    struct slice a, b;
    bool (*name)(struct slice name);
    const char *sentence;
};

static bool of_fluxzy(struct slice name)
{
    return slice_starts(name, SL("exchanges/")) && slice_ends(name, SL(".mpack"));
}

static bool of_charles(struct slice name)
{
    return slice_ends(name, SL("-meta.json"));
}

static bool of_playwright(struct slice name)
{
    return slice_ends(name, SL(".trace")) || slice_ends(name, SL("trace.network"));
}

static bool any(struct slice name)
{
    (void)name;
    return true;
}

static const struct refused table[] = {
    { ROOT, SL("soapui-project"), NONE, NULL,
      "a SoapUI project, whose steps are its own scripts; record what they send (a proxy that "
      "saves HAR) and import that" },
    { ROOT, SL("pdml"), NONE, NULL,
      "tshark's XML of packets, which lacks what is needed to put streams together; give the "
      "capture file itself (.pcap, .pcapng)" },
    { ROOT, SL("psml"), NONE, NULL,
      "tshark's list of packets; give the capture file itself (.pcap, "
      ".pcapng)" },
    { ROOT, SL("AutoResponder"), NONE, NULL,
      "rules of Fiddler's AutoResponder, not a recording; save the sessions (File > Save > All "
      "Sessions)" },
    { ROOT, SL("issues"), NONE, NULL,
      "Burp's issues, not its messages; select them in Proxy > HTTP history and save the items" },
    { ROOT, SL("OWASPZAPReport"), NONE, NULL,
      "ZAP's report, not its messages; save those (HAR, or Report > Export Messages to File)" },
    { ROOT, SL("WebTest"), NONE, NULL,
      "a Visual Studio web test, which has no answers; record the walk as HAR and import that" },
    { ROOT, SL("html"), NONE, NULL, "a web page, not a recording of its traffic" },
    { ZIP, NONE, NONE, of_fluxzy,
      "a Fluxzy archive; export it as HAR (fluxzy pack, or Export > HAR) and import that" },
    { ZIP, NONE, NONE, of_charles,
      "Charles' archive (.chlz); export it as XML, JSON or HAR (File > Export Session)" },
    { ZIP, NONE, NONE, of_playwright,
      "a Playwright trace, which holds no whole recording; let Playwright record a HAR "
      "(recordHar, or --save-har) and import that" },
    { ZIP, NONE, NONE, any, "a ZIP archive without a HAR and without Fiddler's raw folder in it" },
    { START, SL("\xac\xed\x00\x05"), NONE, NULL,
      "Charles' own format, which only Charles reads; export it as XML, JSON or HAR (File > Export "
      "Session)" },
    { START, SL("bplist00"), NONE, NULL,
      "a property list, as Proxyman keeps its sessions; export them as HAR (File > Export)" },
    { START, SL("SQLite format 3"), NONE, NULL,
      "a database, not a recording; let the tool that it belongs to export HAR" },
    { START, SL("timeStamp,elapsed,"), NONE, NULL,
      "JMeter's results in CSV, which hold no requests; import the test plan (.jmx) or results in "
      "XML with data" },
    { START, SL("CLIENT_RANDOM "), NONE, NULL,
      "TLS keys, not packets; give the capture, and this file with --keylog" },
    { START, SL("# SSL/TLS secrets log"), NONE, NULL,
      "TLS keys, not packets; give the capture, and this file with --keylog" },
    { START, SL("reprise: "), NONE, NULL,
      "a scenario already: reprise check, try or run takes it as it is" },
    { JSON, SL("\"reprise-archive\""), SL("\"type\":\"member\""), NULL,
      "the archive of a run: reprise report reads it" },
    { JSON, SL("\"_postman_variable_scope\""), NONE, NULL,
      "a Postman environment; import the collection and write these values under vars" },
    { JSON, SL("\"requests\""), SL("\"collectionId\""), NULL,
      "a Postman collection of format 1; export it as Collection v2.1" },
    { JSON, SL("\"__export_format\""), NONE, NULL,
      "an Insomnia export; export the requests as HAR (Export > HAR) and import that" },
    { JSON, SL("\"logEventTypes\""), NONE, NULL,
      "Chrome's net log; save the network panel as HAR instead (Save all as HAR with content)" },
    { JSON, SL("\"traceEvents\""), NONE, NULL,
      "a performance trace; save the network panel as HAR instead (Save all as HAR with content)" },
    { JSON, SL("\"_source\""), SL("\"layers\""), NULL,
      "tshark's JSON of packets; give the capture file itself (.pcap, .pcapng)" },
    { JSON, SL("\"openapi\""), SL("\"paths\""), NULL,
      "the description of an interface, not a recording; record a walk through it and import "
      "that" },
    { JSON, SL("\"swagger\""), SL("\"paths\""), NULL,
      "the description of an interface, not a recording; record a walk through it and import "
      "that" },
    { JSON, SL("\"commands\""), SL("\"tests\""), NULL,
      "steps of a browser (Selenium IDE); record what the browser sends as HAR and import that" },
    { JSON, SL("\"teststeps\""), SL("\"config\""), NULL,
      "a HttpRunner test case; record what it sends (a proxy that saves HAR) and import that" },
    { JSON, SL("\"startedDateTime\""), SL("\"request\""), NULL,
      "one entry or a list of entries of a HAR; give the HAR itself, whose entries are in "
      "{\"log\": {\"entries\": […]}}" },
    { START, SL("openapi:"), NONE, NULL,
      "the description of an interface, not a recording; record a walk through it and import "
      "that" },
    { START, SL("type: collection.insomnia"), NONE, NULL,
      "an Insomnia collection; export the requests as HAR (Export > HAR) and import that" },
    { TEXT, SL("from 'k6"), SL("export default"), NULL,
      "a k6 script; run it through a proxy that saves HAR and import that" },
    { TEXT, SL("from \"k6"), SL("export default"), NULL,
      "a k6 script; run it through a proxy that saves HAR and import that" },
    { TEXT, SL("import"), SL("from locust import"), NULL,
      "a locustfile; run it through a proxy that saves HAR and import that" },
    { TEXT, SL("io.gatling"), NONE, NULL,
      "a Gatling simulation; run it through a proxy that saves HAR and import that" },
    { TEXT, SL("config:"), SL("scenarios:"), NULL,
      "an Artillery script; run it through a proxy that saves HAR and import that" },
    { TEXT, SL("\"GET /"), SL(" HTTP/1."), NULL,
      "a server's access log, which has no cookies and no bodies; record packets (reprise capture) "
      "or a HAR" },
};

static bool holds(struct slice text, struct slice part)
{
    return slice_find(text, part) != SLICE_NONE;
}

static bool fits(const struct refused *r, struct slice text, struct slice start, struct slice root)
{
    struct slice s = slice_trim(start);
    bool json = s.n > 0 && (s.p[0] == '{' || s.p[0] == '[');
    switch (r->mark) {
    case ROOT: return slice_ieq(root, r->a);
    case START: return slice_starts(s, r->a);
    case JSON: return json && holds(s, r->a) && holds(s, r->b);
    case TEXT: return !json && !root.n && holds(s, r->a) && holds(s, r->b);
    case ZIP:
        return (slice_starts(text, SL("PK\3\4")) && unzip_has(text, r->name)) ||
               (r->name == any && slice_starts(text, SL("PK\5\6")));
    }
    return false;
}

const char *refusal(struct slice text, struct slice start, struct slice root)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (fits(&table[i], text, start, root)) return table[i].sentence;
    return NULL;
}
