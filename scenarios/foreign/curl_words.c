/* A shell script taken apart into commands of words, as far as curl lists need it. Called by curl.c.
 *
 * Quotes of all kinds, continued lines, comments, redirections and assignments are the shell's; $NAME
 * becomes ${NAME} of ours; loops, functions and substitutions are not run: $(…) becomes an empty text with
 * a warning. */
#include "scenarios/foreign/curl.h"

#include <string.h>

#include "base/enc.h"
#include "base/num.h"

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static char at(const struct curl_shell *s, size_t ahead)
{
    return s->at + ahead < s->text.n ? s->text.p[s->at + ahead] : '\0';
}

static void put(struct curl_shell *s, struct slice text)
{
    foreign_add_text(&s->word, text, FOREIGN_PLAIN);
    s->any = true;
}

static void put_char(struct curl_shell *s)
{
    put(s, slice_sub(s->text, s->at, s->at + 1));
    s->at++;
}

/* $NAME, ${NAME}, $(…) */
static void variable(struct curl_shell *s)
{
    size_t from = s->at + 1, end = from;
    bool braces = at(s, 1) == '{';
    if (at(s, 1) == '(') {
        int depth = 0;
        do {
            depth += at(s, 1) == '(';
            depth -= at(s, 1) == ')';
            s->at++;
        } while (depth > 0 && s->at < s->text.n);
        s->at++;
        foreign_warn(s->f, ADVICE_ADD, "$(…) is not run: it is left out");
        s->any = true;
        return;
    }
    from = end = from + braces;
    while (end < s->text.n && is_name_char(s->text.p[end]))
        end++;
    if (end == from) {
        put_char(s);
        return;
    }
    foreign_add_var(s->f, &s->word, slice_sub(s->text, from, end), FOREIGN_PLAIN);
    s->any = true;
    while (braces && end < s->text.n && s->text.p[end] != '}')
        end++;
    s->at = end + braces;
}

static void single(struct curl_shell *s)
{
    size_t end = slice_chr(slice_from(s->text, ++s->at), '\'');
    if (end == SLICE_NONE) end = s->text.n - s->at;
    put(s, slice_sub(s->text, s->at, s->at + end));
    s->at += end + 1;
}

static void put_code(struct curl_shell *s, size_t skip, size_t digits, bool utf8)
{
    uint64_t code = 0;
    size_t n = 0;
    struct buf b = BUF_INIT(8);
    while (n < digits && strchr("0123456789abcdefABCDEF", at(s, skip + n)) && at(s, skip + n))
        n++;
    if (!num_hex(slice_sub(s->text, s->at + skip, s->at + skip + n), 0x10ffff, &code)) code = '?';
    if (utf8)
        enc_utf8(&b, (uint32_t)code);
    else
        buf_addc(&b, (char)code);
    put(s, buf_slice(&b));
    buf_free(&b);
    s->at += skip + n;
}

/* $'…' */
static void ansi(struct curl_shell *s)
{
    static const char from[] = "nrtabfv0e", to[] = "\n\r\t\a\b\f\v\0\033";
    for (s->at += 2; s->at < s->text.n && at(s, 0) != '\'';) {
        char c = at(s, 1);
        const char *known = c ? strchr(from, c) : NULL;
        if (at(s, 0) != '\\')
            put_char(s);
        else if (c == 'x')
            put_code(s, 2, 2, false);
        else if (c == 'u')
            put_code(s, 2, 4, true);
        else if (c == 'U')
            put_code(s, 2, 8, true);
        else {
            put(s, known ? (struct slice){ &to[known - from], 1 }
                         : slice_sub(s->text, s->at + 1, s->at + 2));
            s->at += 2;
        }
    }
    s->any = true;
    s->at++;
}

static void twofold(struct curl_shell *s)
{
    for (s->at++; s->at < s->text.n && at(s, 0) != '"';) {
        char c = at(s, 0);
        if (c == '\\' && at(s, 1) == '\n')
            s->at += 2;
        else if (c == '\\' && at(s, 1) && strchr("\\\"$`", at(s, 1))) {
            s->at++;
            put_char(s);
        } else if (c == '$')
            variable(s);
        else
            put_char(s);
    }
    s->any = true;
    s->at++;
}

static void end_word(struct curl_shell *s, struct curl_command *c)
{
    if (s->any && !s->drop_next && c->n < CURL_WORDS)
        c->v[c->n++] = arena_dup(s->f->a, buf_slice(&s->word));
    if (s->any) s->drop_next = false;
    buf_reset(&s->word);
    s->any = false;
}

/* Whether c ends the command; redirections make the next word go. */
static bool ends(struct curl_shell *s, struct curl_command *c)
{
    char ch = at(s, 0);
    if (ch == '<' || ch == '>') {
        end_word(s, c);
        if (ch == '<') c->redirected = true;
        while (at(s, 0) == '<' || at(s, 0) == '>' || at(s, 0) == '&')
            s->at++;
        s->drop_next = true;
        return false;
    }
    if (ch != '\n' && ch != ';' && ch != '|' && ch != '&' && ch != ')' && ch != '(') return false;
    while (s->at < s->text.n && strchr("\n;|&()", at(s, 0)) && at(s, 0))
        s->at++;
    return true;
}

bool curl_next(struct curl_shell *s, struct curl_command *c)
{
    *c = (struct curl_command){ .n = 0 };
    s->drop_next = false;
    while (s->at < s->text.n) {
        char ch = at(s, 0);
        size_t before = s->at;
        if (ch == '\\' && (at(s, 1) == '\n' || (at(s, 1) == '\r' && at(s, 2) == '\n')))
            s->at += at(s, 1) == '\n' ? 2 : 3;
        else if (ch == ' ' || ch == '\t' || ch == '\r') {
            end_word(s, c);
            s->at++;
        } else if (ch == '#' && !s->any) {
            while (s->at < s->text.n && at(s, 0) != '\n')
                s->at++;
        } else if (ends(s, c)) {
            end_word(s, c);
            if (c->n) return true;
        } else if (s->at != before)
            continue;
        else if (ch == '\'')
            single(s);
        else if (ch == '"')
            twofold(s);
        else if (ch == '$' && at(s, 1) == '\'')
            ansi(s);
        else if (ch == '$')
            variable(s);
        else if (ch == '\\') {
            s->at++;
            if (s->at < s->text.n) put_char(s);
        } else
            put_char(s);
    }
    end_word(s, c);
    return c->n > 0;
}
