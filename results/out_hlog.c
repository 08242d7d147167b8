/* HdrHistogram's interval log (.hlog, version 1.3): response time in microseconds, a line per second for
 * the whole run and one per step under its tag. Called by `reprise report --hlog`. */
#include "results/archive_read.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/num.h"

struct hlog {
    struct file_out file;
    struct hist *all;
    struct buf line;
    bool started;
};

static void add_head(struct hlog *h, const struct run_info *info)
{
    buf_addf(&h->line,
             "#[Histogram log format version 1.3]\n#[StartTime: %.3f (seconds since epoch), ",
             (double)info->start_utc_ns / (double)NS_PER_S);
    clock_add_iso(&h->line, info->start_utc_ns);
    buf_addz(&h->line, "]\n\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
                       "\"Interval_Compressed_Histogram\"\n");
    h->started = true;
}

/* A tag holds no comma, blank or line break. */
static void add_tag(struct buf *out, struct slice name)
{
    buf_addz(out, "Tag=");
    for (size_t i = 0; i < name.n; i++)
        buf_addc(out, name.p[i] == ',' || (unsigned char)name.p[i] <= ' ' ? '_' : name.p[i]);
    buf_addc(out, ',');
}

static void add_line(struct hlog *h, const struct second *s, const struct hist *hist)
{
    buf_addf(&h->line, "%.3f,%.3f,%.3f,", (double)s->from_ns / (double)NS_PER_S,
             (double)(s->to_ns - s->from_ns) / (double)NS_PER_S, stats_ms(hist_max_ns(hist)));
    hist_encode(hist, &h->line);
    buf_addc(&h->line, '\n');
}

static void on_second(void *arg, const struct run_info *info, const struct second *s)
{
    struct hlog *h = arg;
    buf_reset(&h->line);
    if (!h->started) add_head(h, info);
    hist_clear(h->all);
    for (size_t i = 0; i < s->steps_n; i++)
        hist_merge(h->all, s->steps[i].response);
    add_line(h, s, h->all);
    for (size_t i = 0; i < s->steps_n; i++) {
        if (hist_count(s->steps[i].response) == 0) continue;
        add_tag(&h->line, info->steps[i].name);
        add_line(h, s, s->steps[i].response);
    }
    fwrite(h->line.p, 1, h->line.n, h->file.f);
}

bool archive_export_hlog(const struct archive_set *set, const char *path, struct err *err)
{
    struct hlog h = { .all = hist_new() };
    buf_init(&h.line, 64U << 20);
    bool ok = file_out_open(&h.file, path, err);
    if (ok) {
        struct archive_each each = { .filter = set->filter, .on_second = on_second, .arg = &h };
        struct archive_load *l = archive_load_each(set->paths, set->n, &each, err);
        ok = l != NULL;
        archive_load_free(l);
        if (ok)
            ok = file_out_commit(&h.file, err);
        else
            file_out_abort(&h.file);
    }
    hist_free(h.all);
    buf_free(&h.line);
    return ok;
}
