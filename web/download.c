/* Files of the run for saving: rendered from the statistics while it goes, the archive and what is made of
 * it once it is over. Called by route.c on the web thread. A file goes out under the scenario's name and
 * the run's start. */
#include "web/route.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

struct rendering {
    void (*write)(const struct run_stats *s, struct buf *out);
    const char *ending;
    const struct ask *q;
    struct reply *r;
};

static void add_plain(struct buf *out, struct slice name)
{
    for (size_t i = 0; i < name.n && i < 60; i++) {
        char c = name.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        buf_addc(out, plain || c == '-' || c == '_' ? c : '_');
    }
}

static struct slice file_name(const struct run_info *info, const char *ending, struct arena *a)
{
    struct buf b = BUF_INIT(256);
    add_plain(&b, info->scenario);
    buf_addc(&b, '-');
    clock_add_compact(&b, info->start_utc_ns);
    buf_addz(&b, ending);
    struct slice name = arena_dup(a, buf_slice(&b));
    buf_free(&b);
    return name;
}

static void nothing_yet(struct reply *r)
{
    reply_error(r, 409, SL("Nothing was run yet."));
}

static void render(void *arg, const struct run_stats *s)
{
    struct rendering *d = arg;
    if (!s) {
        nothing_yet(d->r);
        return;
    }
    d->write(s, &d->r->body);
    d->r->download = file_name(s->info, d->ending, d->q->arena);
}

static void rendered(struct site *s, const struct ask *q, struct reply *r, struct rendering d)
{
    d.q = q;
    d.r = r;
    board_read(&s->board, render, &d);
}

#define CSV "text/csv; charset=utf-8"

void download_stats(struct site *s, const struct ask *q, struct reply *r)
{
    r->type = CSV;
    rendered(s, q, r, (struct rendering){ stats_write_locust_stats, "_stats.csv", NULL, NULL });
}

void download_history(struct site *s, const struct ask *q, struct reply *r)
{
    r->type = CSV;
    rendered(s, q, r,
             (struct rendering){ stats_write_locust_history, "_stats_history.csv", NULL, NULL });
}

void download_failures(struct site *s, const struct ask *q, struct reply *r)
{
    r->type = CSV;
    rendered(s, q, r,
             (struct rendering){ stats_write_locust_failures, "_failures.csv", NULL, NULL });
}

void download_exceptions(struct site *s, const struct ask *q, struct reply *r)
{
    r->type = CSV;
    rendered(s, q, r,
             (struct rendering){ stats_write_locust_exceptions, "_exceptions.csv", NULL, NULL });
}

void download_html(struct site *s, const struct ask *q, struct reply *r)
{
    r->type = "text/html; charset=utf-8";
    rendered(s, q, r, (struct rendering){ stats_write_html, ".html", NULL, NULL });
}

void download_json(struct site *s, const struct ask *q, struct reply *r)
{
    rendered(s, q, r, (struct rendering){ stats_write_json, ".json", NULL, NULL });
}

struct scrape {
    const struct board *board;
    struct buf *out;
};

/* Under the board's lock. Before the first run as well: a scraper that gets no 200 reports us as down. */
static void scrape_now(void *arg, const struct run_stats *s)
{
    struct scrape *c = arg;
    stats_write_prometheus(s, c->out);
    buf_addz(c->out, "# HELP reprise_state What the page is doing: 1 for the state it is in.\n"
                     "# TYPE reprise_state gauge\n");
    for (int state = WEB_READY; state <= WEB_STOPPED; state++)
        buf_addf(c->out, "reprise_state{state=\"%s\"} %d\n", web_state_name((enum web_state)state),
                 (enum web_state)state == c->board->state);
}

void metrics(struct site *s, const struct ask *q, struct reply *r)
{
    (void)q;
    struct scrape scrape = { &s->board, &r->body };
    r->type = "text/plain; version=0.0.4; charset=utf-8";
    board_read(&s->board, scrape_now, &scrape);
}

/* ---- files ------------------------------------------------------------------------------------------ */

static void serve_file(struct reply *r, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        struct err err = { 0 };
        err_sys(&err, ERR_INTERNAL, errno, "%s", path);
        reply_error(r, 500, slice_z(err.text));
        if (fd >= 0) close(fd);
        return;
    }
    r->fd = fd;
    r->fd_bytes = (uint64_t)st.st_size;
}

struct finished {
    const struct ask *q;
    bool any, over;
    struct slice archive, jtl_name, archive_name;
};

static void look(void *arg, const struct run_stats *s)
{
    struct finished *f = arg;
    if (!s) return;
    f->any = true;
    f->over = s->finished;
    f->archive = arena_dup(f->q->arena, s->archive);
    f->jtl_name = file_name(s->info, ".jtl", f->q->arena);
    f->archive_name = file_name(s->info, ".jsonl.gz", f->q->arena);
}

static bool is_over(struct site *s, const struct ask *q, struct finished *f, struct reply *r)
{
    *f = (struct finished){ .q = q };
    board_read(&s->board, look, f);
    if (!f->any)
        nothing_yet(r);
    else if (!f->over)
        reply_error(r, 409, SL("The run is not over: stop it first."));
    else if (f->archive.n == 0)
        reply_error(r, 409, SL("This run keeps no archive."));
    else
        return true;
    return false;
}

void download_archive(struct site *s, const struct ask *q, struct reply *r)
{
    struct finished f;
    if (!is_over(s, q, &f, r)) return;
    r->type = "application/gzip";
    serve_file(r, f.archive.p);
    r->download = f.archive_name;
}

void download_jtl(struct site *s, const struct ask *q, struct reply *r)
{
    struct finished f;
    struct err err = { 0 };
    if (!is_over(s, q, &f, r)) return;
    struct archive_set set = { &f.archive.p, 1, NULL };
    const char *path = arena_printf(q->arena, "%s/run.jtl", s->folder).p;
    if (!archive_export(&set, "jtl", path, &err)) {
        reply_error(r, 500, slice_z(err.text));
        return;
    }
    r->type = "text/csv; charset=utf-8";
    serve_file(r, path);
    unlink(path);
    r->download = f.jtl_name;
}
