/* Form bodies and media types: urlencoded fields in order, multipart parts, parameters.
 *
 * Used by readers of recordings, the correlator and the replay. Invariant: raw slices point into the text
 * that was given; only decoded names and values that differ from it are new text in the arena. */
#include "http/form.h"

#include <string.h>

#include "base/enc.h"

#define PARTS_MAX 1000
#define FIELDS_MAX 10000

static struct slice decoded(struct arena *a, struct buf *tmp, struct slice raw)
{
    if (slice_chr(raw, '%') == SLICE_NONE && slice_chr(raw, '+') == SLICE_NONE) return raw;
    buf_reset(tmp);
    enc_unpercent(tmp, raw, true);
    return arena_dup(a, buf_slice(tmp));
}

static size_t count_fields(struct slice text)
{
    size_t n = 1;
    for (size_t at; n < FIELDS_MAX && (at = slice_chr(text, '&')) != SLICE_NONE; n++)
        text = slice_from(text, at + 1);
    return n;
}

struct form_field *form_parse(struct arena *a, struct slice text, size_t *n)
{
    struct buf tmp = BUF_INIT(text.n + 1);
    *n = 0;
    if (text.n == 0) return NULL;
    size_t total = count_fields(text);
    struct form_field *v = arena_many(a, total, struct form_field);
    for (; *n < total; (*n)++) {
        struct form_field *f = &v[*n];
        struct slice piece = text;
        if (*n + 1 < total) slice_cut(text, '&', &piece, &text);
        f->raw_name = piece;
        f->has_eq = slice_cut(piece, '=', &f->raw_name, &f->raw_value);
        f->name = decoded(a, &tmp, f->raw_name);
        f->value = decoded(a, &tmp, f->raw_value);
    }
    buf_free(&tmp);
    return v;
}

struct slice mime_type(struct slice content_type)
{
    return slice_trim(slice_sub(content_type, 0, slice_chr(content_type, ';')));
}

/* The end of a parameter: the first ';' outside quotes. */
static size_t param_end(struct slice s)
{
    bool quoted = false;
    for (size_t i = 0; i < s.n; i++) {
        if (quoted && s.p[i] == '\\')
            i++;
        else if (s.p[i] == '"')
            quoted = !quoted;
        else if (s.p[i] == ';' && !quoted)
            return i;
    }
    return s.n;
}

static struct slice unquoted(struct slice s)
{
    s = slice_trim(s);
    if (s.n == 0 || s.p[0] != '"') return s;
    for (size_t i = 1; i < s.n; i++) {
        if (s.p[i] == '\\')
            i++;
        else if (s.p[i] == '"')
            return slice_sub(s, 1, i);
    }
    return slice_from(s, 1);
}

static bool find_param(struct slice s, struct slice name, struct slice *value)
{
    for (size_t at = param_end(s); at < s.n; at = param_end(s)) {
        struct slice key;
        s = slice_from(s, at + 1);
        if (!slice_cut(s, '=', &key, value) || !slice_ieq(slice_trim(key), name)) continue;
        *value = unquoted(slice_sub(*value, 0, param_end(*value)));
        return true;
    }
    return false;
}

struct slice mime_param(struct slice content_type, struct slice name)
{
    struct slice value;
    return find_param(content_type, name, &value) ? value : (struct slice){ 0 };
}

struct slice multipart_boundary(struct slice content_type)
{
    if (!slice_istarts(slice_trim(content_type), SL("multipart/"))) return (struct slice){ 0 };
    return mime_param(content_type, SL("boundary"));
}

/* Where the next delimiter "--boundary" at the start of a line is, from `from` on. *before: end of what
 * stands in front of it, without the line end that belongs to it. */
static size_t find_delimiter(struct slice body, size_t from, struct slice boundary, size_t *before)
{
    while (from < body.n) {
        size_t at = slice_find(slice_from(body, from), boundary);
        if (at == SLICE_NONE) return SLICE_NONE;
        at += from;
        from = at + 1;
        if (at < 2 || memcmp(body.p + at - 2, "--", 2) != 0) continue;
        at -= 2;
        if (at > 0 && body.p[at - 1] != '\n') continue;
        *before = at;
        if (at > 0) *before = at - (at > 1 && body.p[at - 2] == '\r' ? 2 : 1);
        return at;
    }
    return SLICE_NONE;
}

/* Takes a line off *text. */
static bool take_line(struct slice *text, struct slice *line)
{
    if (!slice_cut(*text, '\n', line, text)) return false;
    if (line->n > 0 && line->p[line->n - 1] == '\r') line->n--;
    return true;
}

static void read_part_header(struct part *p, struct slice line)
{
    struct slice name, value;
    if (!slice_cut(line, ':', &name, &value)) return;
    name = slice_trim(name);
    value = slice_trim(value);
    if (slice_ieq(name, SL("Content-Type"))) p->content_type = value;
    if (!slice_ieq(name, SL("Content-Disposition"))) return;
    find_param(value, SL("name"), &p->name);
    p->has_file_name = find_param(value, SL("filename"), &p->file_name);
}

/* text: from behind the delimiter's line to the end of the value. */
static bool read_part(struct slice text, struct part *p)
{
    const char *start = text.p, *end = text.p;
    struct slice line;
    while (take_line(&text, &line) && line.n > 0) {
        read_part_header(p, line);
        end = line.p + line.n;
    }
    p->head = (struct slice){ start, (size_t)(end - start) };
    p->value = text;
    return end != start;
}

bool multipart_parse(struct arena *a, struct slice body, struct slice boundary, struct part **parts,
                     size_t *n)
{
    size_t before = 0, cap = 0, from, next;
    *parts = NULL;
    *n = 0;
    if (boundary.n == 0) return false;
    size_t at = find_delimiter(body, 0, boundary, &before);
    for (; at != SLICE_NONE; at = next) {
        struct slice rest = slice_from(body, at + 2 + boundary.n), line;
        if (slice_starts(rest, SL("--"))) return true;
        /* RFC 2046 5.1.1: blanks may pad the delimiter's line. */
        if (!take_line(&rest, &line) || slice_trim(line).n > 0) return false;
        from = (size_t)(rest.p - body.p);
        /* The line end in front of the next delimiter may be the one of this head's empty line. */
        next = find_delimiter(body, from, boundary, &before);
        if (next == SLICE_NONE || *n == PARTS_MAX) return false;
        if (*n == cap) {
            size_t more = cap ? 2 * cap : 8;
            *parts = arena_grow(a, *parts, cap * sizeof **parts, more * sizeof **parts);
            cap = more;
        }
        struct part *p = &(*parts)[(*n)++];
        *p = (struct part){ 0 };
        if (!read_part(slice_sub(body, from, before), p)) return false;
    }
    return false;
}
