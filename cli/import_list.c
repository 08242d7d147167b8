/* The table of `reprise import --list`. Called by cmd_import.c.
 *
 * Seven columns that scripts can split at blanks, the URL as the last; behind it, in parentheses, what is
 * peculiar about the entry. On a terminal a line stays a line: the URL is cut. */
#include "cli/import_list.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BEFORE_URL 46 /* columns */
#define MIN_URL 20

struct row {
    size_t number, bytes;
    int64_t start_ns, total_ns; /* TIME_UNKNOWN: not known */
    struct slice method, url;
    int status; /* 0: none */
    const char *note;
};

unsigned import_list_width(void)
{
    struct winsize size;
    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
    return size.ws_col;
}

static void add_head(struct buf *out)
{
    buf_addf(out, "%5s %9s %8s %-7s %4s %8s %s\n", "#", "start s", "time s", "method", "code",
             "bytes", "url");
}

static void add_seconds(struct buf *out, int width, int64_t ns)
{
    if (ns == TIME_UNKNOWN)
        buf_addf(out, " %*s", width, "-");
    else
        buf_addf(out, " %*.3f", width, (double)ns / 1e9);
}

/* How much of a URL there is room for. */
static size_t room_for(struct slice url, unsigned width, size_t note)
{
    size_t taken = BEFORE_URL + (note ? note + 3 : 0);
    if (width == 0) return url.n;
    return width > taken + MIN_URL ? width - taken : MIN_URL;
}

static void add_row(struct buf *out, unsigned width, const struct row *r)
{
    size_t room = room_for(r->url, width, slice_z(r->note).n);
    buf_addf(out, "%5zu", r->number);
    add_seconds(out, 9, r->start_ns);
    add_seconds(out, 8, r->total_ns);
    buf_addf(out, " %-7.*s", SL_FMT(r->method));
    if (r->status)
        buf_addf(out, " %4d", r->status);
    else
        buf_addf(out, " %4s", "-");
    buf_addf(out, " %8zu ", r->bytes);
    if (r->url.n > room)
        buf_addf(out, "%.*s…", SL_FMT(slice_sub(r->url, 0, room - 1)));
    else
        buf_add(out, r->url);
    if (*r->note) buf_addf(out, " (%s)", r->note);
    buf_addc(out, '\n');
}

/* ---- recordings ----------------------------------------------------------------------------------- */

static const char *note(const struct exchange *ex)
{
    if (ex->from == FROM_CACHE) return "cached";
    if (slice_ieq(ex->request.method, SL("OPTIONS")) &&
        headers_has(&ex->request.headers, SL("Access-Control-Request-Method")))
        return "preflight";
    if (ex->from == FROM_SERVICE_WORKER) return "service worker";
    if (ex->from == FROM_PUSH) return "pushed";
    if (ex->request.body_state == BODY_MISSING) return "sent body missing";
    if (ex->request.body_state == BODY_DAMAGED) return "sent body damaged";
    if (ex->response.status == 0) return "no answer";
    if (ex->response.body_state == BODY_MISSING) return "body missing";
    if (ex->response.body_state == BODY_DAMAGED) return "body damaged";
    return ex->ws_n ? "WebSocket" : "";
}

void import_list(const struct session *s, unsigned width, struct buf *out)
{
    int64_t first = 0;
    for (size_t i = 0; i < s->n && first == 0; i++)
        if (s->exchanges[i]->start_ns != TIME_UNKNOWN) first = s->exchanges[i]->start_ns;
    add_head(out);
    for (size_t i = 0; i < s->n; i++) {
        const struct exchange *ex = s->exchanges[i];
        bool timed = ex->start_ns != TIME_UNKNOWN;
        add_row(out, width,
                &(struct row){ i + 1, ex->response.body.n,
                               timed ? ex->start_ns - first : TIME_UNKNOWN, ex->total_ns,
                               ex->request.method, ex->request.url, ex->response.status,
                               note(ex) });
    }
    for (size_t i = 0; i < s->drops_n; i++)
        buf_addf(out, "dropped: %.*s %zu\n", SL_FMT(s->drops[i].reason), s->drops[i].count);
    for (size_t i = 0; i < s->warnings_n; i++)
        buf_addf(out, "warning: %.*s\n", SL_FMT(s->warnings[i].text));
}

/* ---- plans ---------------------------------------------------------------------------------------- */

struct plan_list {
    struct buf *out;
    unsigned width;
    size_t number;
};

static void list_steps(struct plan_list *l, const struct step *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct request_step *r = v[i].request;
        if (r)
            add_row(l->out, l->width,
                    &(struct row){ ++l->number, r->body.n, TIME_UNKNOWN, TIME_UNKNOWN, r->method,
                                   r->url, 0, "" });
        list_steps(l, v[i].steps, v[i].steps_n);
    }
}

void import_list_plan(const struct scenario *s, const struct import_report *r, unsigned width,
                      struct buf *out)
{
    struct plan_list l = { out, width, 0 };
    add_head(out);
    list_steps(&l, s->on_start, s->on_start_n);
    for (size_t i = 0; i < s->tasks_n; i++)
        list_steps(&l, s->tasks[i].steps, s->tasks[i].steps_n);
    list_steps(&l, s->on_stop, s->on_stop_n);
    for (size_t i = 0; i < r->dropped_n; i++)
        buf_addf(out, "dropped: %.*s %zu\n", SL_FMT(r->dropped[i].name), r->dropped[i].count);
    for (size_t i = 0; i < r->warnings_n; i++)
        buf_addf(out, "warning: %.*s\n", SL_FMT(r->warnings[i].text));
}
