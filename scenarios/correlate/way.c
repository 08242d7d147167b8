/* Ways: extractors made from the surroundings of a value in a recorded answer.
 *
 * Called by the candidate modules on a hit. A boundary grows to the left until its first occurrence in the
 * text is the one that was recorded; a URL is described by its fixed pieces, with what looks variable in
 * it left open. choose.c runs every way on the recorded answer before it believes it. */
#include "scenarios/correlate/cand.h"

#include <string.h>

#include "scenarios/correlate/coding.h"
#include "scenarios/value.h"
#include "scenarios/template.h"

#define LEFT_MIN 8
#define LETTERS 12 /* a boundary with fewer may well occur elsewhere next time */
#define LEFT_MAX 160
#define RIGHT_MAX 4
#define VOLATILE 14.0 /* bits: runs of a URL above that are left open */

void way_add(struct origin *o, struct extract way)
{
    if (o->ways < ORIGIN_WAYS) o->way[o->ways++] = way;
}

void pattern_quote(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c && strchr("\\^$.|?*+()[]{}/#-", c) && c != '/' && c != '#' && c != '-')
            buf_addc(out, '\\');
        template_add_char(out, c);
    }
}

static void decode_with(struct extract *w, enum coding c)
{
    if (c == CODING_NONE) return;
    for (unsigned i = 0; i < 3; i++)
        if (w->decode[i] == DECODE_NONE) {
            w->decode[i] = coding_extract(c);
            return;
        }
}

/* ---- boundaries ----------------------------------------------------------------------------------- */

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_';
}

/* One run of word characters or of others further to the left. */
static size_t run_left(struct slice t, size_t at)
{
    if (at == 0) return 0;
    bool word = is_word(t.p[at - 1]);
    size_t stop = at > 24 ? at - 24 : 0;
    while (at > stop && is_word(t.p[at - 1]) == word)
        at--;
    return at;
}

static bool is_volatile(struct slice run);

/* Random texts, and what the user typed: other users type something else. */
static bool may_change(struct scan *s, struct slice run)
{
    if (is_volatile(run)) return true;
    struct value *v = run.n >= 3 ? flow_value(s->f, run) : NULL;
    return v && v->typed;
}

static size_t letters_in(struct slice s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += (s.p[i] | 32) >= 'a' && (s.p[i] | 32) <= 'z';
    return n;
}

/* A boundary that is right today, made more telling: {"nonce":" becomes apiSettings = {"nonce":". */
static size_t more_telling(struct scan *s, size_t at, size_t from)
{
    struct slice t = s->text;
    while (at > 0 && from - at < LEFT_MAX / 3 && letters_in(slice_sub(t, at, from)) < LETTERS) {
        size_t next = run_left(t, at);
        struct slice run = slice_sub(t, next, at);
        if (slice_chr(run, '\n') != SLICE_NONE || slice_chr(run, '<') != SLICE_NONE) break;
        if (is_word(t.p[next]) && may_change(s, run)) break;
        at = next;
    }
    return at;
}

/* Grows until its first occurrence is the one in front of the value; not over what may change. */
static struct slice find_left(struct scan *s, size_t from)
{
    struct slice t = s->text;
    size_t at = from;
    while (at > 0 && from - at < LEFT_MAX) {
        size_t next = run_left(t, at);
        if (is_word(t.p[next]) && may_change(s, slice_sub(t, next, at))) break;
        at = next;
        if (from - at < LEFT_MIN && at > 0) continue;
        struct slice left = slice_sub(t, at, from);
        if (slice_find(t, left) == at) return slice_sub(t, more_telling(s, at, from), from);
    }
    return (struct slice){ 0 };
}

static struct slice find_right(struct slice t, size_t from, size_t to)
{
    struct slice value = slice_sub(t, from, to);
    for (size_t n = 1; n <= RIGHT_MAX; n++) {
        struct slice right = slice_sub(t, to, to + n);
        if (right.n < n || slice_find(value, right) == SLICE_NONE) return right;
    }
    return slice_sub(t, to, to + RIGHT_MAX);
}

/* What stops a value: the character behind it, as a class. */
static void add_class(struct buf *b, struct slice right)
{
    buf_addz(b, "([^");
    char c = right.n ? right.p[0] : '"';
    if (memchr("\\]^-", c, 4)) buf_addc(b, '\\');
    if (c == '\n')
        buf_addz(b, "\\n");
    else
        buf_addc(b, c);
    buf_addz(b, "]+)");
}

static struct slice between_pattern(struct scan *s, struct slice left, struct slice right)
{
    struct buf b = BUF_INIT(4096);
    pattern_quote(&b, left);
    if (right.n == 1 || !right.n)
        add_class(&b, right);
    else
        buf_addz(&b, "(.*?)");
    pattern_quote(&b, right);
    struct slice out = arena_dup(s->f->a, buf_slice(&b));
    buf_free(&b);
    return out;
}

void way_between(struct scan *s, struct origin *o, struct slice part, enum coding coding)
{
    size_t from = (size_t)(part.p - s->text.p), to = from + part.n;
    struct slice left = find_left(s, from), right = find_right(s->text, from, to);
    if (!left.n && from > 0) return;
    struct extract w = { .kind = EXTRACT_BETWEEN, .expr = left, .right = right };
    if (!left.n || !right.n || s->base) {
        struct slice pattern = between_pattern(s, left, right);
        if (s->base) {
            w = *s->base;
            if (w.regex.n) return; /* one pattern is all that an extractor has */
            w.regex = pattern;
        } else {
            w = (struct extract){ .kind = EXTRACT_REGEX, .expr = pattern };
        }
    }
    decode_with(&w, coding);
    way_add(o, w);
}

/* ---- URLs ----------------------------------------------------------------------------------------- */

static bool url_run(char c)
{
    return is_word(c) || c == '%' || c == '.' || c == '-' || c == '~';
}

static bool is_volatile(struct slice run)
{
    bool digit = false;
    for (size_t i = 0; i < run.n; i++)
        if (run.p[i] >= '0' && run.p[i] <= '9') digit = true;
    return (digit && value_is_digits(run)) || (digit && value_bits(run) >= VOLATILE) ||
           value_bits(run) >= 30;
}

static void add_fixed(struct buf *b, struct slice text)
{
    for (size_t i = 0; i < text.n;) {
        size_t from = i;
        if (!url_run(text.p[i])) {
            pattern_quote(b, slice_sub(text, i, i + 1));
            i++;
            continue;
        }
        while (i < text.n && url_run(text.p[i]))
            i++;
        struct slice run = slice_sub(text, from, i);
        if (is_volatile(run))
            buf_addz(b, "[^/?#&;\"']+");
        else
            pattern_quote(b, run);
    }
}

/* Without scheme and host: the target may be another. */
static struct slice path_on(struct slice url)
{
    size_t scheme = slice_find(slice_sub(url, 0, 12), SL("//"));
    if (scheme == SLICE_NONE) return url;
    size_t slash = slice_chr(slice_from(url, scheme + 2), '/');
    return slash == SLICE_NONE ? url : slice_from(url, scheme + 2 + slash);
}

static struct slice url_pattern(struct scan *s, struct slice url, struct slice part,
                                const char *end)
{
    struct buf b = BUF_INIT(32 << 10);
    url = path_on(url);
    size_t from = (size_t)(part.p - url.p), to = from + part.n;
    struct slice left = slice_sub(url, 0, from), right = slice_from(url, to);
    size_t name = from; /* a parameter: its name is enough to the left */
    while (name > 0 && url.p[name - 1] != '?' && url.p[name - 1] != '&' && url.p[name - 1] != ';' &&
           url.p[name - 1] != '/')
        name--;
    bool param = from > 0 && url.p[from - 1] == '=' && name > 0;
    size_t q = slice_chr(left, '?');
    if (param && q != SLICE_NONE) {
        add_fixed(&b, slice_sub(left, 0, q));
        buf_addz(&b, "\\?");
        if (name > q + 1) buf_addz(&b, "[^\"'<>\\s]*?\\b");
        pattern_quote(&b, slice_sub(left, name, from));
        buf_addz(&b, "([^&#\"'<>\\s;]+)");
    } else {
        add_fixed(&b, left);
        buf_addz(&b, "([^/?#&\"'<>\\s;]+)");
        size_t stop = slice_chr(right, '?');
        add_fixed(&b, stop == SLICE_NONE ? right : slice_sub(right, 0, stop));
        buf_addz(&b, stop == SLICE_NONE ? end : "\\?");
    }
    struct slice out = arena_dup(s->f->a, buf_slice(&b));
    buf_free(&b);
    return out;
}

void way_url_of(struct scan *s, struct origin *o, const struct cand_url *u, struct slice part,
                enum coding coding)
{
    struct extract w = *u->whole;
    if (w.regex.n) return;
    w.regex = url_pattern(s, u->url, part, "$");
    decode_with(&w, coding);
    way_add(o, w);
}

void way_url(struct scan *s, struct origin *o, struct slice url, struct slice part,
             enum coding coding)
{
    struct slice pattern = url_pattern(s, url, part, "[\"'#]");
    struct extract w = { .kind = EXTRACT_REGEX, .expr = pattern };
    if (s->base && s->base->regex.n) return;
    if (s->base) {
        w = *s->base;
        w.regex = pattern;
    }
    decode_with(&w, coding);
    way_add(o, w);
    way_between(s, o, part, coding);
}
