/* Words on lines of 80 columns. Called by tables, reports and helps.
 *
 * Invariant: no line of what wrap_words appends is longer than WRAP_COLUMNS, if indent and column are not. */
#include "base/wrap.h"

static bool continues(char c) /* a UTF-8 continuation byte */
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

size_t wrap_width(struct slice s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += i == 0 || !continues(s.p[i]);
    return n;
}

struct slice wrap_first(struct slice s, size_t width)
{
    size_t at = 0;
    for (; at < s.n && width > 0; width--) {
        at++;
        while (at < s.n && continues(s.p[at]))
            at++;
    }
    return slice_sub(s, 0, at);
}

static void add_harmless(struct buf *out, struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        bool control = (unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f;
        buf_addc(out, control ? '?' : s.p[i]);
    }
}

static void new_line(struct buf *out, size_t indent)
{
    buf_addf(out, "\n%*s", (int)indent, "");
}

/* A word at `column`, broken as often as the line ends; gives the column behind it. */
static size_t add_word(struct buf *out, struct slice word, size_t column, size_t indent)
{
    while (column + wrap_width(word) > WRAP_COLUMNS && indent < WRAP_COLUMNS) {
        struct slice head = wrap_first(word, column < WRAP_COLUMNS ? WRAP_COLUMNS - column : 0);
        add_harmless(out, head);
        word = slice_from(word, head.n);
        new_line(out, column = indent);
    }
    add_harmless(out, word);
    return column + wrap_width(word);
}

void wrap_words(struct buf *out, struct slice text, size_t column, size_t indent)
{
    struct slice word;
    bool first = true; /* of its line */
    while (slice_next(&text, ' ', &word)) {
        if (!first && column + 1 + wrap_width(word) > WRAP_COLUMNS) {
            new_line(out, column = indent);
            first = true;
        }
        if (!first) buf_addc(out, ' ');
        column = add_word(out, word, column + !first, indent);
        first = false;
    }
    buf_addc(out, '\n');
}
