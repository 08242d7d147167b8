/* CSV files that plans name, as feeds. Called by the readers of plans.
 *
 * Our feeds want a header line and commas; JMeter and Tsung allow neither. Then the report gets a copy
 * of the file with both, which import writes beside the scenario. */
#include "scenarios/foreign/foreign_build.h"

#include "base/csv.h"
#include "base/file.h"

#define FEED_MAX ((size_t)64 << 20)

static size_t declare_columns(struct foreign *f, struct slice feed, struct slice columns,
                              struct buf *header)
{
    struct slice one;
    size_t n = 0;
    while (slice_next(&columns, ',', &one)) {
        struct slice name = foreign_name(f, one);
        foreign_declare(f, slice_trim(one),
                        arena_printf(f->a, "%.*s.%.*s", SL_FMT(feed), SL_FMT(name)));
        if (n++) buf_addc(header, ',');
        csv_add_field(header, name);
    }
    return n;
}

/* The file with our header and commas; false if it cannot be read. */
static bool copy(struct foreign *f, const struct foreign_csv *csv, struct slice header,
                 struct slice *out)
{
    struct file file;
    struct slice rest, line, field;
    struct buf b = BUF_INIT(2 * FEED_MAX);
    struct slice path = foreign_path(f, csv->file);
    if (!file_read(&file, arena_z(f->a, path), FEED_MAX, NULL)) return false;
    buf_add(&b, header);
    buf_addc(&b, '\n');
    rest = file.text;
    if (slice_starts(rest, SL("\xef\xbb\xbf"))) rest = slice_from(rest, 3);
    if (csv->skip_first) slice_next(&rest, '\n', &line);
    while (slice_next(&rest, '\n', &line)) {
        line = slice_trim(line);
        if (line.n == 0) continue;
        if (csv->delimiter == ',') buf_add(&b, line);
        for (bool first = true; csv->delimiter != ',' && slice_next(&line, csv->delimiter, &field);
             first = false) {
            if (!first) buf_addc(&b, ',');
            csv_add_field(&b, field);
        }
        buf_addc(&b, '\n');
    }
    file_close(&file);
    *out = arena_dup(f->a, buf_slice(&b));
    buf_free(&b);
    return true;
}

/* The names in a file's first line, with commas between them. */
static struct slice first_line(struct foreign *f, struct slice file, char delimiter)
{
    struct file in;
    struct slice line = { 0 };
    if (!file_read(&in, arena_z(f->a, foreign_path(f, file)), FEED_MAX, NULL)) return line;
    struct slice rest = in.text;
    if (slice_starts(rest, SL("\xef\xbb\xbf"))) rest = slice_from(rest, 3);
    slice_next(&rest, '\n', &line);
    line = slice_trim(line);
    char *names = arena_z(f->a, line);
    for (size_t i = 0; i < line.n; i++)
        if (names[i] == delimiter) names[i] = ',';
    file_close(&in);
    return (struct slice){ names, line.n };
}

static struct feed *add_feed(struct foreign *f, struct slice name, const struct foreign_csv *csv)
{
    struct scenario *s = f->s;
    s->feeds = foreign_room(f, s->feeds, s->feeds_n, sizeof *s->feeds);
    struct feed *feed = &s->feeds[s->feeds_n++];
    *feed = (struct feed){ .name = name, .per_iteration = true };
    feed->pick = csv->random ? PICK_RANDOM : PICK_SEQUENTIAL;
    feed->end = csv->recycle ? FEED_BY_PICK : csv->stop_user ? FEED_STOP_USER : FEED_FAIL;
    return feed;
}

void foreign_feed(struct foreign *f, struct slice name, const struct foreign_csv *csv)
{
    struct buf header = BUF_INIT(1 << 16);
    struct slice text, columns = csv->columns;
    struct slice feed_name = foreign_name(f, name);
    bool own_header = columns.n == 0;
    struct foreign_csv c = *csv;
    if (own_header) {
        columns = first_line(f, csv->file, csv->delimiter);
        c.skip_first = true;
    }
    if (declare_columns(f, feed_name, columns, &header) == 0) {
        foreign_warn(f, ADVICE_ADD,
                     "the feed %.*s is left out: %.*s is not there and its columns are not known",
                     SL_FMT(feed_name), SL_FMT(csv->file));
    } else {
        struct feed *feed = add_feed(f, feed_name, csv);
        feed->file = arena_printf(f->a, "%.*s.csv", SL_FMT(feed_name));
        struct import_report *r = f->report;
        if (copy(f, &c, buf_slice(&header), &text)) {
            r->feeds = foreign_room(f, r->feeds, r->feeds_n, sizeof *r->feeds);
            r->feeds[r->feeds_n++] = (struct import_feed){ feed->file, text };
        } else {
            foreign_warn(f, "make the file before the run",
                         "%.*s, which the plan reads rows from, is not there: make %.*s with the "
                         "header line %.*s",
                         SL_FMT(csv->file), SL_FMT(feed->file), SL_FMT(buf_slice(&header)));
        }
    }
    buf_free(&header);
}
