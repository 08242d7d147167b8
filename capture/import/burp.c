/* Burp's "Save items" XML: raw messages with a URL and a time each. Called through formats.c.
 *
 * Times are Java dates with whole seconds and zone letters; there are no durations. Items stand in the
 * order of the list that was on the screen: if that was newest first, items of one second are turned
 * around. Messages are base64 or as they were, NUL bytes included (base/xml.h lets them through). */
#include "capture/import/read.h"

#include "base/enc.h"
#include "base/num.h"
#include "capture/import/dates.h"
#include "capture/import/message.h"

struct burp {
    struct import *im;
    size_t no_time, guessed, unknown_zone;
};

/* A message's bytes, kept by the session. False if its base64 is none. */
static bool message_text(struct import *im, const struct xml_node *n, struct slice *out)
{
    *out = (struct slice){ 0 };
    if (!n) return true;
    if (!slice_ieq(xml_attr(n, SL("base64")), SL("true"))) {
        *out = import_keep(im, n->text);
        return true;
    }
    struct buf b = BUF_INIT(n->text.n + 4);
    bool ok = enc_unbase64(&b, slice_trim(n->text));
    if (ok) *out = import_keep(im, buf_slice(&b));
    buf_free(&b);
    return ok;
}

static void set_time(struct burp *b, struct exchange *ex, struct slice text)
{
    enum date_zone zone;
    if (!date_parse_java(text, &ex->start_ns, &zone)) {
        b->no_time++;
        return;
    }
    if (zone == DATE_ZONE_GUESSED) b->guessed++;
    if (zone == DATE_ZONE_UNKNOWN) b->unknown_zone++;
}

static bool place_of(const struct xml_node *item, struct message_place *out)
{
    uint64_t port = 0;
    *out = (struct message_place){ xml_child_text(item, SL("protocol")),
                                   xml_child_text(item, SL("host")), 0 };
    if (!num_u64(xml_child_text(item, SL("port")), 65535, &port)) port = 0;
    out->port = (unsigned)port;
    return out->host.n > 0;
}

/* Adds the item, or tells why not. */
static const char *add_item(struct burp *b, const struct xml_node *item)
{
    struct import *im = b->im;
    struct slice request, response;
    struct message_place place;
    bool placed = place_of(item, &place);
    if (!message_text(im, xml_child(item, SL("request")), &request)) return "malformed";
    if (!message_text(im, xml_child(item, SL("response")), &response)) response.n = 0;
    struct exchange parsed = { .start_ns = TIME_UNKNOWN };
    if (!message_request(im, &parsed, request, placed ? &place : NULL)) return "malformed";
    if (slice_eq(parsed.request.method, SL("CONNECT"))) return "tunnel";
    struct exchange *ex = session_add(im->s);
    ex->request = parsed.request;
    struct slice url = xml_child_text(item, SL("url"));
    if (url.n) ex->request.url = import_keep(im, slice_sub(url, 0, slice_chr(url, '#')));
    if (!message_response(im, ex, response)) {
        ex->response = (struct response){ .wire_bytes = -1 };
        ex->response.error = SL("the recorded answer is no HTTP response");
    }
    ex->server_ip = import_keep(im, xml_attr(xml_child(item, SL("host")), SL("ip")));
    ex->comment = import_keep(im, xml_child_text(item, SL("comment")));
    set_time(b, ex, xml_child_text(item, SL("time")));
    return NULL;
}

/* A list with the newest on top: the rows of one second are the other way around too. */
static void turn_around(struct session *s)
{
    if (s->n < 2 || s->exchanges[0]->start_ns <= s->exchanges[s->n - 1]->start_ns) return;
    for (size_t i = 0; i < s->n / 2; i++) {
        struct exchange *ex = s->exchanges[i];
        s->exchanges[i] = s->exchanges[s->n - 1 - i];
        s->exchanges[s->n - 1 - i] = ex;
    }
    for (size_t i = 0; i < s->n; i++)
        s->exchanges[i]->order = i;
}

static void finish(struct burp *b)
{
    struct session *s = b->im->s;
    turn_around(s);
    if (b->no_time > 0)
        session_warn(s, "see whether the order is that of the walk",
                     "%zu item%s without a time that can be read: the order is the list's",
                     b->no_time, b->no_time == 1 ? "" : "s");
    if (b->unknown_zone > 0)
        session_warn(s, "nothing, unless another recording is joined with it",
                     "the time zone of %zu item%s is not known: taken as UTC (pauses are right)",
                     b->unknown_zone, b->unknown_zone == 1 ? "" : "s");
    if (b->guessed > 0)
        session_warn(s, "nothing, unless another recording is joined with it",
                     "the time zone's letters are used in several countries: the day's time may "
                     "be off by hours (pauses are right)");
    session_warn(s, "set wait: or think: where a pause matters",
                 "Burp keeps whole seconds and no durations: pauses are rough");
}

static bool read_items(struct burp *b, struct xml *x, struct err *err)
{
    struct import *im = b->im;
    enum xml_event ev;
    while ((ev = xml_next(x)) != XML_EOF && ev != XML_BAD) {
        if (ev != XML_START || xml_depth(x) == 0) continue;
        bool item = slice_eq(xml_name(x), SL("item"));
        arena_reset(im->scratch);
        struct xml_node *n = xml_tree(x, im->scratch);
        if (!n) break;
        if (!item) continue;
        if (!import_row(im, xml_offset(x), err)) return false;
        const char *why = add_item(b, n);
        if (why) session_dropped(im->s, why);
    }
    return xml_ok(x, err);
}

bool burp_read(struct import *im, struct err *err)
{
    struct burp b = { .im = im };
    struct xml *x = xml_open(im->text, im->path);
    im->s->creator = SL("Burp");
    im->no_durations = true;
    bool ok = read_items(&b, x, err);
    xml_close(x);
    if (ok) finish(&b);
    return ok;
}
