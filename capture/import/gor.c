/* GoReplay's files (.gor): records of a head line, a raw message and a separator. Called through formats.c.
 *
 * "1 ID TIME DURATION" is a request, 2 its answer, 3 the answer of a replay; times are nanoseconds. The
 * scheme is never told. Requests without a Host get localhost and a warning. */
#include "capture/import/read.h"

#include "base/map.h"
#include "base/num.h"
#include "capture/import/message.h"

#define RECORD_MAX ((size_t)64 << 20)
static const struct slice separator = { "\n\xf0\x9f\x90\xb5\xf0\x9f\x99\x88\xf0\x9f\x99\x89\n",
                                        14 };

struct record {
    unsigned kind;
    struct slice id, message;
    int64_t time_ns, duration_ns;
};

static bool read_record(struct slice text, struct record *out)
{
    struct slice line, word[4];
    size_t n = 0;
    if (!slice_cut(text, '\n', &line, &out->message)) return false;
    line = slice_trim(line);
    while (n < 4 && slice_next(&line, ' ', &word[n]))
        n++;
    uint64_t kind, ns = 0, took = 0;
    if (n < 3 || !num_u64(word[0], 3, &kind) || kind == 0) return false;
    if (!num_u64(word[2], INT64_MAX, &ns)) return false;
    if (n == 4 && !num_u64(word[3], INT64_MAX, &took)) took = 0;
    out->kind = (unsigned)kind;
    out->id = word[1];
    out->time_ns = (int64_t)ns;
    out->duration_ns = (int64_t)took;
    return true;
}

static void add_request(struct import *im, struct map *by_id, const struct record *r)
{
    struct exchange parsed = { 0 };
    struct message_place nowhere = { SL("http"), SL("localhost"), 0 };
    bool ok = message_request(im, &parsed, r->message, NULL);
    if (!ok && message_is_request(r->message)) {
        parsed = (struct exchange){ 0 };
        ok = message_request(im, &parsed, r->message, &nowhere);
        if (ok)
            session_warn(im->s, "name the server: reprise run --host URL",
                         "requests without a Host header: localhost is taken");
    }
    if (!ok) {
        session_dropped(im->s, "malformed");
        return;
    }
    struct exchange *ex = session_add(im->s);
    ex->request = parsed.request;
    ex->start_ns = r->time_ns > 0 ? r->time_ns : TIME_UNKNOWN;
    *map_at(by_id, r->id) = ex;
}

static void add_answer(struct import *im, const struct map *by_id, const struct record *r)
{
    struct exchange *ex = map_get(by_id, r->id);
    if (!ex || (r->kind == 3 && ex->response.status > 0)) return;
    struct response keep = ex->response;
    ex->response = (struct response){ .wire_bytes = -1 };
    if (!message_response(im, ex, r->message)) ex->response = keep;
    if (r->duration_ns > 0)
        ex->total_ns = r->duration_ns;
    else if (r->time_ns > ex->start_ns && ex->start_ns > 0)
        ex->total_ns = r->time_ns - ex->start_ns;
}

static bool read_records(struct import *im, struct map *by_id, struct err *err)
{
    struct slice rest = im->text;
    while (slice_trim(rest).n > 0) {
        struct record r;
        size_t end = slice_find(slice_sub(rest, 0, RECORD_MAX), separator);
        if (end == SLICE_NONE && rest.n > RECORD_MAX)
            return err_set(err, ERR_INPUT, "%s: a GoReplay record longer than 64 MiB at offset %zu",
                           im->path, im->text.n - rest.n);
        if (!read_record(slice_sub(rest, 0, end), &r))
            return err_set(err, ERR_INPUT, "%s: no GoReplay record at offset %zu", im->path,
                           im->text.n - rest.n);
        rest = end == SLICE_NONE ? slice_from(rest, rest.n) : slice_from(rest, end + separator.n);
        if (r.kind != 1) {
            add_answer(im, by_id, &r);
            continue;
        }
        if (!import_row(im, im->text.n - rest.n, err)) return false;
        add_request(im, by_id, &r);
    }
    return true;
}

bool gor_read(struct import *im, struct err *err)
{
    struct map *by_id = map_new();
    im->s->creator = SL("GoReplay");
    bool ok = read_records(im, by_id, err);
    map_free(by_id);
    if (ok && im->s->n > 0)
        session_warn(im->s, "name the server: reprise run --host https://…",
                     "GoReplay does not keep the scheme: http is taken");
    return ok;
}
