/* Text with secrets masked: header lines, YAML, JSON and forms alike.
 *
 * Called by the archive on scenario texts and failing answers. It finds NAME followed by ':' or '=' (with
 * quotes and blanks between) where NAME looks secret to base/log, and masks the value. Templates
 * (${token}) and structures ({, [) are not values. It is a net, not a proof: it knows names, not text. */
#include "results/archive.h"

#include <string.h>

#include "base/log.h"

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

static size_t skip_name(struct slice s, size_t at)
{
    while (at < s.n && is_name_char(s.p[at]))
        at++;
    return at;
}

static size_t skip_blanks(struct slice s, size_t at)
{
    while (at < s.n && (s.p[at] == ' ' || s.p[at] == '\t'))
        at++;
    return at;
}

/* Behind a name: its closing quote, blanks, ':' or '=', blanks. 0 if that is not what stands there. */
static size_t skip_separator(struct slice s, size_t at)
{
    if (at < s.n && (s.p[at] == '"' || s.p[at] == '\'')) at++;
    at = skip_blanks(s, at);
    if (at >= s.n || (s.p[at] != ':' && s.p[at] != '=')) return 0;
    return skip_blanks(s, at + 1);
}

static size_t value_end(struct slice s, size_t at, bool whole_line)
{
    const char *stops = whole_line ? "\r\n" : "\r\n,;&}<";
    if (s.p[at] == '"' || s.p[at] == '\'') {
        size_t end = at + 1;
        while (end < s.n && s.p[end] != s.p[at] && s.p[end] != '\n')
            end += s.p[end] == '\\' && end + 1 < s.n ? 2 : 1;
        return end < s.n ? end : s.n;
    }
    while (at < s.n && !strchr(stops, s.p[at]))
        at++;
    return at;
}

static bool is_value(struct slice v)
{
    v = slice_trim(v);
    return v.n > 0 && v.p[0] != '{' && v.p[0] != '[' && slice_find(v, SL("${")) == SLICE_NONE;
}

/* Masks the value at `at`; returns where it ends. */
static size_t mask_value(struct buf *out, struct slice s, size_t at, bool whole_line)
{
    if (at >= s.n) return at;
    size_t from = at, end = value_end(s, at, whole_line);
    if (s.p[at] == '"' || s.p[at] == '\'') from++;
    struct slice value = slice_sub(s, from, end);
    buf_add(out, slice_sub(s, at, from));
    if (is_value(value))
        log_mask(out, value);
    else
        buf_add(out, value);
    return end;
}

void mask_text(struct buf *out, struct slice s)
{
    bool line_start = true;
    for (size_t at = 0; at < s.n;) {
        if (!is_name_char(s.p[at])) {
            line_start = s.p[at] == '\n' || (line_start && s.p[at] == ' ');
            buf_addc(out, s.p[at++]);
            continue;
        }
        size_t end = skip_name(s, at), value = 0;
        struct slice name = slice_sub(s, at, end);
        if (log_is_secret_name(name)) value = skip_separator(s, end);
        buf_add(out, slice_sub(s, at, value ? value : end));
        at = value ? mask_value(out, s, value, line_start) : end;
        line_start = false;
    }
}
