/* Logs of raw messages: ZAP's "Export messages" ("==== 1 ==========" between them), and lists of requests
 * in base64, one a line. Called through formats.c. Neither has times. */
#include "capture/import/read.h"

#include "base/enc.h"
#include "capture/import/message.h"

#define LOG_MAX ((size_t)128 << 20) /* blocks have no length of their own that could be limited */

static bool too_large(const struct import *im, struct err *err)
{
    return im->text.n > LOG_MAX &&
           !err_set(err, ERR_INPUT, "%s: a %s larger than 128 MiB", im->path, im->s->creator.p);
}

/* "===", maybe blanks, a number, "===" */
static bool is_rule(struct slice line)
{
    line = slice_trim(line);
    size_t at = 0, digits = 0;
    while (at < line.n && line.p[at] == '=')
        at++;
    size_t before = at;
    for (; at < line.n && (line.p[at] == ' ' || (line.p[at] >= '0' && line.p[at] <= '9')); at++)
        digits += line.p[at] != ' ';
    size_t behind = line.n - at;
    while (at < line.n && line.p[at] == '=')
        at++;
    return before >= 3 && behind >= 3 && digits > 0 && at == line.n;
}

/* Where the answer starts: a line "HTTP/1.1 200…" behind the request's first. */
static size_t answer_at(struct slice text)
{
    size_t from = 0, found;
    while ((found = slice_find(slice_from(text, from), SL("\nHTTP/"))) != SLICE_NONE) {
        size_t at = from + found + 1;
        if (at + 9 < text.n && text.p[at + 5] >= '0' && text.p[at + 5] <= '9') return at;
        from = at;
    }
    return text.n;
}

/* The rule of the next message stands on a line of its own: one line break before it is layout. */
static struct slice without_last_break(struct slice s)
{
    if (slice_ends(s, SL("\r\n"))) return slice_sub(s, 0, s.n - 2);
    return slice_ends(s, SL("\n")) ? slice_sub(s, 0, s.n - 1) : s;
}

static void add_block(struct import *im, struct slice block)
{
    size_t at = answer_at(block);
    struct exchange parsed = { 0 };
    struct slice request = without_last_break(without_last_break(slice_sub(block, 0, at)));
    if (slice_find(request, SL("\n\r\n")) == SLICE_NONE &&
        slice_find(request, SL("\n\n")) == SLICE_NONE)
        request = slice_sub(block, 0, at); /* no body: both breaks belong to the head */
    if (!message_request(im, &parsed, request, NULL)) {
        session_dropped(im->s, "malformed");
        return;
    }
    if (slice_eq(parsed.request.method, SL("CONNECT"))) {
        session_dropped(im->s, "tunnel");
        return;
    }
    struct exchange *ex = session_add(im->s);
    ex->request = parsed.request;
    message_response(im, ex, without_last_break(slice_from(block, at)));
}

bool message_log_read(struct import *im, struct err *err)
{
    struct slice rest = im->text, line;
    size_t from = SLICE_NONE;
    im->s->creator = SL("message log");
    if (too_large(im, err)) return false;
    while (rest.n > 0) {
        size_t at = im->text.n - rest.n;
        slice_next(&rest, '\n', &line);
        if (!is_rule(line)) continue;
        if (from != SLICE_NONE) add_block(im, slice_sub(im->text, from, at));
        from = im->text.n - rest.n;
        if (!import_row(im, at, err)) return false;
    }
    if (from != SLICE_NONE) add_block(im, slice_from(im->text, from));
    return true;
}

bool base64_lines_read(struct import *im, struct err *err)
{
    struct slice rest = im->text, line;
    im->s->creator = SL("request list");
    if (too_large(im, err)) return false;
    while (slice_next(&rest, '\n', &line)) {
        struct exchange parsed = { 0 };
        struct buf b = BUF_INIT(line.n + 4);
        line = slice_trim(line);
        if (line.n == 0) continue;
        if (!import_row(im, im->text.n - rest.n, err)) return false;
        bool ok = enc_unbase64(&b, line) &&
                  message_request(im, &parsed, import_keep(im, buf_slice(&b)), NULL);
        buf_free(&b);
        if (ok)
            session_add(im->s)->request = parsed.request;
        else
            session_dropped(im->s, "malformed");
    }
    return true;
}
