/* `reprise try`: what is said at the end. The text keeps to 80 columns, so that it fits a terminal beside
 * nothing; the JSON has the same facts for scripts. */
#include "cli/try.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/json.h"

#define COLUMNS 80

/* ---- text ----------------------------------------------------------------------------------------- */

/* Bytes of text that take so many columns; UTF-8 is not cut. */
static size_t fits(struct slice text, size_t columns)
{
    size_t i = 0;
    for (; i < text.n; i++)
        if ((text.p[i] & 0xc0) != 0x80 && columns-- == 0) break;
    return i;
}

/* Words of a line, broken at blanks; a word that is longer than a line is cut in pieces. */
static void add_line(struct buf *out, unsigned indent, struct slice text)
{
    unsigned in = indent;
    do {
        size_t n = fits(text, COLUMNS - in), cut = n;
        if (n < text.n) {
            while (cut > 0 && text.p[cut] != ' ')
                cut--;
            if (cut == 0) cut = n;
        }
        buf_addf(out, "%*s%.*s\n", (int)in, "", SL_FMT(slice_sub(text, 0, cut)));
        text = slice_trim(slice_from(text, cut));
        in = indent + 2;
    } while (text.n);
}

static void add_linef(struct buf *out, unsigned indent, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void add_linef(struct buf *out, unsigned indent, const char *fmt, ...)
{
    char line[4096];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    add_line(out, indent, slice_z(line));
}

static void text_difference(struct buf *out, const struct difference *d)
{
    const char *mark = d->bad ? "" : "note: ";
    if (d->recorded.n && d->live.n)
        add_linef(out, 6, "%s%s %.*s, recorded %.*s", mark, d->what, SL_FMT(d->live),
                  SL_FMT(d->recorded));
    else
        add_linef(out, 6, "%s%s %.*s", mark, d->what,
                  SL_FMT(d->recorded.n ? d->recorded : d->live));
}

static void text_literal(const struct trial *t, struct buf *out, const struct literal *l)
{
    add_linef(out, 6, "still as recorded: %s %.*s = %.*s", l->where, SL_FMT(l->name),
              SL_FMT(l->masked));
    if (!l->way.n) return;
    add_linef(out, 6, "suggestion: extract %.*s", SL_FMT(l->way));
    const struct request_step *from = t->steps[l->from].request;
    add_linef(out, 8, "from step %zu, %.*s %.*s", l->from, SL_FMT(from->method), SL_FMT(from->url));
}

static void text_step(const struct trial *t, struct buf *out, size_t i)
{
    const struct try_step *s = &t->steps[i];
    const struct request_step *r = s->request;
    buf_addf(out, "%s %3zu ", s->held ? "ok " : "BAD", i);
    struct buf line = BUF_INIT(4096);
    buf_addf(&line, "%-6.*s %.*s", SL_FMT(r->method), SL_FMT(slice_sub(r->url, 0, 1000)));
    struct slice shown = buf_slice(&line);
    size_t n = fits(shown, COLUMNS - 8);
    if (n < shown.n) n = fits(shown, COLUMNS - 11);
    buf_addf(out, "%.*s%s\n", SL_FMT(slice_sub(shown, 0, n)), n < shown.n ? "..." : "");
    buf_free(&line);
    if (s->answer)
        add_linef(out, 6, "status %d, recorded %d; %zu bytes, recorded %llu", s->answer->status,
                  r->recorded_status, s->answer->body.n, (unsigned long long)r->recorded_bytes);
    for (size_t k = 0; k < s->differences_n; k++)
        text_difference(out, &s->differences[k]);
    for (size_t k = 0; k < s->literals_n; k++)
        text_literal(t, out, &s->literals[k]);
}

void try_report_text(const struct trial *t, struct buf *out)
{
    for (size_t i = 0; i < t->steps_n; i++)
        text_step(t, out, i);
    buf_addf(out, "%zu of %zu steps held\n", t->steps_n - t->failed, t->steps_n);
}

/* ---- JSON ----------------------------------------------------------------------------------------- */

static void json_differences(struct jsonw *w, const struct try_step *s)
{
    jsonw_put_array(w, "differences");
    for (size_t i = 0; i < s->differences_n; i++) {
        const struct difference *d = &s->differences[i];
        jsonw_object(w);
        jsonw_put_str(w, "what", slice_z(d->what));
        jsonw_put_str(w, "recorded", d->recorded);
        jsonw_put_str(w, "live", d->live);
        jsonw_put_bool(w, "bad", d->bad);
        jsonw_object_end(w);
    }
    jsonw_array_end(w);
}

static void json_literals(struct jsonw *w, const struct try_step *s)
{
    jsonw_put_array(w, "still_recorded");
    for (size_t i = 0; i < s->literals_n; i++) {
        const struct literal *l = &s->literals[i];
        jsonw_object(w);
        jsonw_put_str(w, "where", slice_z(l->where));
        jsonw_put_str(w, "name", l->name);
        if (l->way.n) {
            jsonw_put_str(w, "extract", l->way);
            jsonw_put_u64(w, "from_step", l->from);
        }
        jsonw_object_end(w);
    }
    jsonw_array_end(w);
}

static void json_step(struct jsonw *w, const struct try_step *s, size_t number)
{
    jsonw_object(w);
    jsonw_put_u64(w, "step", number);
    jsonw_put_str(w, "method", s->request->method);
    jsonw_put_str(w, "url", s->request->url);
    jsonw_put_str(w, "group", s->group);
    jsonw_put_bool(w, "held", s->held);
    jsonw_put_u64(w, "recorded_status", (uint64_t)s->request->recorded_status);
    jsonw_put_u64(w, "recorded_bytes", s->request->recorded_bytes);
    jsonw_put_u64(w, "status", s->answer ? (uint64_t)s->answer->status : 0);
    jsonw_put_u64(w, "bytes", s->answer ? s->answer->body.n : 0);
    json_differences(w, s);
    json_literals(w, s);
    jsonw_object_end(w);
}

void try_report_json(const struct trial *t, struct buf *out)
{
    struct jsonw w = { .out = out, .indent = 2 };
    jsonw_object(&w);
    jsonw_put_bool(&w, "held", t->failed == 0);
    jsonw_put_u64(&w, "steps_held", t->steps_n - t->failed);
    jsonw_put_array(&w, "steps");
    for (size_t i = 0; i < t->steps_n; i++)
        json_step(&w, &t->steps[i], i);
    jsonw_array_end(&w);
    jsonw_object_end(&w);
    buf_addc(out, '\n');
}
