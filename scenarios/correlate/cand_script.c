/* Candidates in code and loose text: `key: "value"`, `key = 12`, `"key":"value"`, `call("value", 12)`.
 *
 * Reads scripts inside pages, dynamic JavaScript answers, code inside JSON strings and plain text, without
 * a grammar: a string or a number and the name in front of it. A quote that does not close on its line is
 * passed over. After the names come runs of letters and digits, for what has no name. */
#include "scenarios/correlate/cand.h"

#include <string.h>

#include "base/json.h"
#include "scenarios/chars.h"
#include "scenarios/correlate/coding.h"
#include "scenarios/value.h"

#define NAME_MAX_BYTES 64

static bool is_word(char c)
{
    return char_is(c, CHAR_ALNUM | CHAR_DASH | CHAR_DOLLAR);
}

/* The name in front of text[at]: behind ':', '=', '(' or ','; empty if there is none. */
static struct slice name_before(struct slice t, size_t at)
{
    size_t i = at;
    while (i > 0 && memchr(" \t\"'\\", t.p[i - 1], 5))
        i--;
    if (i == 0 || !memchr(":=(,", t.p[i - 1], 4)) return (struct slice){ 0 };
    i--;
    while (i > 0 && memchr(" \t\"'\\:=]", t.p[i - 1], 8))
        i--;
    size_t end = i;
    while (i > 0 && end - i < NAME_MAX_BYTES && is_word(t.p[i - 1]))
        i--;
    return slice_sub(t, i, end);
}

static void offer(struct scan *s, struct slice raw, enum coding c)
{
    struct slice text = raw;
    if (c != CODING_NONE && !coding_decode(s->f->a, c, raw, &text)) return;
    if (!flow_value(s->f, text)) return;
    struct slice name =
        name_before(s->text, (size_t)(raw.p - s->text.p) - (c == CODING_NONE ? 0 : 1));
    struct value *v = scan_value(s, text, name, ORIGIN_SCRIPT);
    struct origin *o = v ? scan_origin(s, v, ORIGIN_SCRIPT, name) : NULL;
    if (o) way_between(s, o, raw, slice_chr(raw, '\\') == SLICE_NONE ? CODING_NONE : c);
}

/* What is inside a string: parts of a URL, or words. */
static void inside(struct scan *s, struct slice raw)
{
    if (raw.n < 4 || slice_chr(raw, ' ') != SLICE_NONE) return;
    bool url = raw.p[0] == '/' || slice_find(slice_sub(raw, 0, 10), SL("://")) != SLICE_NONE ||
               slice_chr(raw, '?') != SLICE_NONE;
    if (!url || slice_chr(raw, '<') != SLICE_NONE || slice_chr(raw, '\\') != SLICE_NONE) return;
    struct cand_url u = { .url = raw, .kind = ORIGIN_LINK };
    cand_url(s, &u);
}

/* The end of a string that begins behind text[at]; SLICE_NONE if it does not close on its line. */
static size_t string_end(struct slice t, size_t at, size_t end, char quote)
{
    for (size_t i = at; i < end; i++) {
        if (t.p[i] == '\\')
            i++;
        else if (t.p[i] == quote)
            return i;
        else if (t.p[i] == '\n')
            return SLICE_NONE;
    }
    return SLICE_NONE;
}

/* "\"key\":\"value\"" inside a string of code: quotes are escaped there. */
static void escaped_inside(struct scan *s, struct slice raw)
{
    if (s->depth >= 3 || slice_find(raw, SL("\\\"")) == SLICE_NONE) return;
    for (size_t i = 0; i + 1 < raw.n;) {
        if (raw.p[i] != '\\' || raw.p[i + 1] != '"') {
            i++;
            continue;
        }
        size_t from = i + 2, len = slice_find(slice_from(raw, from), SL("\\\""));
        if (len == SLICE_NONE) return;
        offer(s, slice_sub(raw, from, from + len), CODING_NONE);
        i = from + len;
        if (len == 0) i += 2;
    }
}

static size_t string_at(struct scan *s, size_t at, size_t stop)
{
    size_t end = string_end(s->text, at + 1, stop, s->text.p[at]);
    if (end == SLICE_NONE) return at + 1;
    struct slice raw = slice_sub(s->text, at + 1, end);
    if (!raw.n) return end + 1;
    offer(s, raw, CODING_JSON);
    inside(s, raw);
    escaped_inside(s, raw);
    return end + 1;
}

/* row(7,{"subject":…}): a number and the record that it belongs to. */
static bool is_record(struct slice t, size_t at, size_t end)
{
    return at > 0 && t.p[at - 1] == '(' && slice_starts(slice_from(t, end), SL(",{"));
}

static void offer_record(struct scan *s, struct slice number)
{
    struct value *v = scan_value(s, number, SL("id"), ORIGIN_SCRIPT);
    struct origin *o = v ? scan_origin(s, v, ORIGIN_SCRIPT, SL("id")) : NULL;
    if (!o) return;
    o->record = true;
    way_between(s, o, number, CODING_NONE);
}

static size_t word_at(struct scan *s, size_t at, size_t stop)
{
    size_t end = at;
    while (end < stop && is_word(s->text.p[end]))
        end++;
    struct slice word = slice_sub(s->text, at, end);
    bool number = value_is_digits(word);
    bool after = at > 0 && memchr(":=(, ", s->text.p[at - 1], 5);
    if (number && is_record(s->text, at, end))
        offer_record(s, word);
    else if (word.n <= 400 && after && (number || word.n >= 6))
        offer(s, word, CODING_NONE);
    return end;
}

void cand_script_in(struct scan *s, struct slice part)
{
    struct slice t = s->text;
    size_t from = (size_t)(part.p - t.p), stop = from + part.n;
    for (size_t i = from; i < stop;) {
        char c = t.p[i];
        if (c == '"' || c == '\'' || c == '`')
            i = string_at(s, i, stop);
        else if (is_word(c))
            i = word_at(s, i, stop);
        else
            i++;
    }
    cand_runs(s, part);
}

void cand_script(struct scan *s)
{
    if (s->text.n) cand_script_in(s, s->text);
}
