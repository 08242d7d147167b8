/* CSV rows out of a text in memory, and fields into a buffer.
 *
 * Called for feeds of scenarios and by reports. Fields are slices of the text; only one with doubled
 * quotes is copied. An error ends the reading. */
#include "base/csv.h"

#include <string.h>

#define FIELDS_MAX 10000

void csv_init(struct csv *c, const char *file, struct slice text)
{
    *c = (struct csv){ .text = text, .file = file, .next_line = 1 };
    if (slice_starts(text, SL("\xef\xbb\xbf"))) c->at = 3;
}

/* Passes a line break at c->at; true if there was one, or the text ends. */
static bool pass_line_end(struct csv *c)
{
    struct slice rest = slice_from(c->text, c->at);
    if (rest.n == 0) return true;
    size_t n = slice_starts(rest, SL("\r\n")) ? 2 : rest.p[0] == '\n' || slice_eq(rest, SL("\r"));
    c->at += n;
    c->next_line += n > 0;
    return n > 0;
}

static struct slice undouble(struct arena *a, struct slice s)
{
    char *text = arena_z(a, s);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        text[n++] = s.p[i];
        if (s.p[i] == '"') i++;
    }
    return (struct slice){ text, n };
}

static bool quoted_field(struct csv *c, struct arena *a, struct slice *field, struct err *err)
{
    unsigned line = c->next_line;
    size_t from = ++c->at;
    bool doubled = false;
    for (;; c->at++) {
        if (c->at >= c->text.n)
            return err_at(err, c->file, line, 0,
                          "expected a closing '\"', found the end of the file");
        char ch = c->text.p[c->at];
        c->next_line += ch == '\n';
        if (ch != '"') continue;
        if (c->at + 1 >= c->text.n || c->text.p[c->at + 1] != '"') break;
        doubled = true;
        c->at++;
    }
    *field = slice_sub(c->text, from, c->at++);
    if (doubled) *field = undouble(a, *field);
    return true;
}

static void plain_field(struct csv *c, struct slice *field)
{
    size_t from = c->at, end;
    while (c->at < c->text.n && c->text.p[c->at] != ',' && c->text.p[c->at] != '\n')
        c->at++;
    end = c->at;
    bool line_end = end == c->text.n || c->text.p[end] == '\n';
    if (line_end && end > from && c->text.p[end - 1] == '\r') end--;
    c->at = end;
    *field = slice_sub(c->text, from, end);
}

struct fields {
    struct slice *v;
    size_t n, cap;
};

static struct slice *add_field(struct fields *f, struct arena *a)
{
    if (f->n == f->cap) {
        size_t cap = f->cap ? f->cap * 2 : 16;
        f->v = arena_grow(a, f->v, f->cap * sizeof *f->v, cap * sizeof *f->v);
        f->cap = cap;
    }
    return &f->v[f->n++];
}

static bool read_row(struct csv *c, struct arena *a, struct fields *f, struct err *err)
{
    for (;;) {
        if (f->n == FIELDS_MAX)
            return err_at(err, c->file, c->line, 0, "more than %d fields in a row", FIELDS_MAX);
        struct slice field = { 0 };
        if (c->at < c->text.n && c->text.p[c->at] == '"') {
            if (!quoted_field(c, a, &field, err)) return false;
        } else {
            plain_field(c, &field);
        }
        *add_field(f, a) = field;
        if (pass_line_end(c)) return true;
        if (c->text.p[c->at] != ',')
            return err_at(err, c->file, c->next_line, 0,
                          "expected ',' or the end of the line after a quoted field, found '%c'",
                          c->text.p[c->at]);
        c->at++;
    }
}

bool csv_row(struct csv *c, struct arena *a, struct slice **fields, size_t *n, struct err *err)
{
    struct fields f = { 0 };
    while (!c->failed && c->at < c->text.n && pass_line_end(c))
        continue;
    if (c->failed || c->at >= c->text.n) return false;
    c->line = c->next_line;
    c->failed = !read_row(c, a, &f, err);
    *fields = f.v;
    *n = f.n;
    return !c->failed;
}

static bool needs_quotes(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] && strchr(",\"\r\n", s.p[i])) return true;
    return s.n && (s.p[0] == ' ' || s.p[s.n - 1] == ' ');
}

void csv_add_field(struct buf *out, struct slice s)
{
    if (!needs_quotes(s)) {
        buf_add(out, s);
        return;
    }
    buf_addc(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"') buf_addc(out, '"');
        buf_addc(out, s.p[i]);
    }
    buf_addc(out, '"');
}
