/* Text on lines of 80 columns. */
#include "tests/unit/test.h"

#include "base/wrap.h"

static size_t longest(struct slice text)
{
    struct slice line;
    size_t most = 0;
    while (slice_next(&text, '\n', &line))
        if (wrap_width(line) > most) most = wrap_width(line);
    return most;
}

TEST(wrap_columns_are_characters)
{
    CHECK_U(wrap_width(SL("aäé…")), 4);
    CHECK_U(wrap_width(SL("")), 0);
    CHECK_S(wrap_first(SL("äöü"), 2), SL("äö"));
    CHECK_S(wrap_first(SL("ab"), 5), SL("ab"));
    CHECK_U(wrap_width(SL("\xff\xfe")), 2); /* not UTF-8 */
    CHECK_U(wrap_first(SL("\x80\x80x"), 1).n, 2);
}

TEST(wrap_words_at_80)
{
    struct buf b = BUF_INIT(1 << 16), words = BUF_INIT(1 << 16);
    wrap_words(&b, SL("few words"), 10, 4);
    CHECK_S(buf_slice(&b), SL("few words\n"));
    buf_reset(&b);
    wrap_words(&b, SL(""), 0, 0);
    CHECK_S(buf_slice(&b), SL("\n"));
    for (int i = 0; i < 40; i++)
        buf_addz(&words, i ? " wörd" : "wörd");
    buf_reset(&b);
    wrap_words(&b, buf_slice(&words), 0, 7);
    CHECK_U(longest(buf_slice(&b)), 79); /* 16 words of 4 columns */
    CHECK(slice_find(buf_slice(&b), SL("\n       wörd wörd")) != SLICE_NONE);
    buf_free(&words);
    buf_free(&b);
}

TEST(wrap_breaks_what_no_line_has_room_for)
{
    char word[500];
    memset(word, 'x', sizeof word);
    for (size_t column = 0; column <= WRAP_COLUMNS; column += 10) {
        struct buf b = BUF_INIT(1 << 16);
        buf_addf(&b, "%*s", (int)column, "");
        wrap_words(&b, (struct slice){ word, sizeof word }, column, 12);
        CHECK_U(longest(buf_slice(&b)), WRAP_COLUMNS);
        size_t n = 0;
        for (size_t i = 0; i < b.n; i++)
            n += b.p[i] == 'x';
        CHECK_U(n, sizeof word);
        buf_free(&b);
    }
}

TEST(wrap_lets_no_control_character_through)
{
    struct buf b = BUF_INIT(1 << 16);
    wrap_words(&b, SL("\x1b[2J\r\nall\x7f gone"), 0, 0);
    CHECK_S(buf_slice(&b), SL("?[2J??all? gone\n"));
    buf_free(&b);
}
