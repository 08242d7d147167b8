/* What a text looks like on its own; see value.h.
 *
 * Called for every candidate that a request carries, so each function is one pass. The bits of a text are
 * those of its runs: digits count 3.3 a piece, letters 5 when they look random and at most 8 a run when
 * they look like a word. The limits were set on recordings of real applications; value_test.c holds the
 * pairs that must stay on their side. */
#include "scenarios/value.h"

#include <ctype.h>
#include <string.h>

#include "base/enc.h"
#include "scenarios/correlate.h"

#define WORD_BITS_RUN 8.0
#define WORD_BITS_ALL 16.0

static bool is_letter(char c)
{
    return isalpha((unsigned char)c) && (unsigned char)c < 128;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_vowel(char c)
{
    return memchr("aeiouyAEIOUY", c, 12) != NULL;
}

bool value_is_digits(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_digit(s.p[i])) return false;
    return s.n > 0;
}

bool value_is_hex(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!isxdigit((unsigned char)s.p[i])) return false;
    return s.n >= 8 && s.n % 2 == 0;
}

bool value_is_uuid(struct slice s)
{
    if (s.n != 36) return false;
    for (size_t i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? s.p[i] != '-' : !isxdigit((unsigned char)s.p[i])) return false;
    }
    return true;
}

bool value_is_plain(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!is_letter(c) && !is_digit(c) && !memchr("-._~", c, 4)) return false;
    }
    return s.n > 0;
}

bool value_is_token_name(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_digit(s.p[i]) && !is_letter(s.p[i])) return false;
    return s.n >= 16 && value_bits(s) >= 60;
}

bool value_is_jwt(struct slice s)
{
    if (s.n < 20 || !slice_starts(s, SL("eyJ"))) return false;
    size_t dots = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '.')
            dots++;
        else if (!is_letter(s.p[i]) && !is_digit(s.p[i]) && !memchr("-_=", s.p[i], 3))
            return false;
    }
    return dots == 2;
}

bool value_is_printable(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c < 32 && c != '\n' && c != '\r' && c != '\t') || c == 127) return false;
    }
    return enc_is_utf8(s);
}

/* ---- bits ----------------------------------------------------------------------------------------- */

/* The pairs of letters that make up most of English, and of names in programs: bit n of row c is the pair
 * c, 'a' + n. Random letters are such a pair one time in four. */
static const uint32_t pairs[26] = { 0x10eb94e, 0x1120810, 0x11a4d91, 0x0004119, 0x1ffb83f,
                                    0x0024120, 0x0024911, 0x0004111, 0x02e785c, 0x0000000,
                                    0x0000010, 0x1044911, 0x000d111, 0x02c4559, 0x05efd6f,
                                    0x002c811, 0x0100000, 0x10c7119, 0x01cc195, 0x1164191,
                                    0x00eb85a, 0x0000111, 0x0004191, 0x0008000, 0x0000000,
                                    0x0000000 };

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static unsigned letter_index(char c)
{
    return (unsigned)((c | 32) - 'a');
}

/* Words have few changes of case, many usual pairs and some vowels. Each of the three alone fails on one
 * random text in five, so all must hold. */
static bool looks_like_word(struct slice run)
{
    size_t vowels = 0, turns = 0, usual = 0, counted = 0, small = 0;
    for (size_t i = 0; i < run.n; i++) {
        vowels += is_vowel(run.p[i]);
        small += !is_upper(run.p[i]);
        if (i == 0) continue;
        bool turn = is_upper(run.p[i]) != is_upper(run.p[i - 1]);
        turns += turn;
        if (turn && is_upper(run.p[i])) continue; /* a new word begins */
        counted++;
        usual += pairs[letter_index(run.p[i - 1])] >> letter_index(run.p[i]) & 1;
    }
    if (run.n <= 4) return true;
    if (turns * 5 > run.n * 2 || vowels * 6 < run.n) return false;
    if (turns >= 3 && small * 3 < run.n) return false; /* names have more small letters than that */
    bool plain = turns == 0 || (turns == 1 && is_upper(run.p[0])); /* tokens mix their cases */
    return usual * 5 >= counted * (plain ? 1 : 2);
}

/* Digits and letters change places often: hexadecimal, base 36, base 64. */
static bool is_mixed(struct slice s)
{
    size_t changes = 0;
    for (size_t i = 1; i < s.n; i++) {
        bool a = is_digit(s.p[i - 1]), b = is_digit(s.p[i]);
        bool la = is_letter(s.p[i - 1]), lb = is_letter(s.p[i]);
        if ((a && lb) || (la && b)) changes++;
    }
    return changes >= 3 && changes * 8 >= s.n;
}

static size_t distinct(struct slice s)
{
    bool seen[256] = { false };
    size_t n = 0;
    for (size_t i = 0; i < s.n && i < 400; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (!seen[c]) n++;
        seen[c] = true;
    }
    return n;
}

/* 2026-11-23, 11/23/2026, 12:30:01, 4.7.0: digits between separators, at most four a group. */
static bool is_date_or_version(struct slice s)
{
    size_t run = 0, groups = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (is_digit(s.p[i])) {
            if (run++ == 0) groups++;
            if (run > 4) return false;
        } else if (memchr("-./:TZ +", s.p[i], 8)) {
            run = 0;
        } else {
            return false;
        }
    }
    return groups >= 2;
}

static double run_bits(struct slice run, bool mixed, double *words)
{
    if (is_digit(run.p[0])) return 3.32 * (double)run.n;
    if (mixed && run.n <= 6) return 4.2 * (double)run.n;
    if (!looks_like_word(run)) return 4.7 * (double)run.n;
    double b = 2.0 * (double)run.n;
    if (b > WORD_BITS_RUN) b = WORD_BITS_RUN;
    if (*words + b > WORD_BITS_ALL) b = WORD_BITS_ALL - *words;
    *words += b;
    return b;
}

/* Letters and digits of one hexadecimal number: nonces are often short, and chance may group them. */
static bool is_hex_number(struct slice s)
{
    bool digit = false, letter = false;
    for (size_t i = 0; i < s.n; i++) {
        if (!isxdigit((unsigned char)s.p[i])) return false;
        if (is_digit(s.p[i]))
            digit = true;
        else
            letter = true;
    }
    return s.n >= 8 && digit && letter;
}

/* The host of a URL is no information: only what is behind it. */
static struct slice behind_host(struct slice s)
{
    if (!slice_starts(s, SL("http://")) && !slice_starts(s, SL("https://"))) return s;
    size_t from = slice_find(s, SL("//")) + 2, slash = slice_chr(slice_from(s, from), '/');
    return slash == SLICE_NONE ? slice_sub(s, 0, 4) : slice_from(s, from + slash);
}

double value_bits(struct slice s)
{
    s = behind_host(s);
    if (s.n == 0) return 0;
    if (value_is_uuid(s)) return 122;
    if (is_hex_number(s) && distinct(s) >= 4) return 4.0 * (double)s.n + 1;
    size_t kinds = distinct(s);
    if (kinds <= 2 || is_date_or_version(s)) return kinds < 5 ? (double)kinds : 10;
    bool mixed = is_mixed(s);
    double bits = 0, words = 0;
    for (size_t i = 0; i < s.n;) {
        size_t from = i;
        bool digit = is_digit(s.p[i]), letter = is_letter(s.p[i]);
        if (!digit && !letter) {
            if (s.p[i] == ' ' || s.p[i] == '\n') return bits < 15 ? bits : 15;
            i++;
            continue;
        }
        while (i < s.n && (digit ? is_digit(s.p[i]) : is_letter(s.p[i])))
            i++;
        bits += run_bits(slice_sub(s, from, i), mixed, &words);
    }
    double room = (double)kinds * 16;
    return bits < room ? bits : room;
}

/* ---- names ---------------------------------------------------------------------------------------- */

static bool has_any(struct slice name, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (slice_ifind(name, slice_z(words[i])) != SLICE_NONE) return true;
    return false;
}

#define HAS_ANY(name, table) has_any((name), (table), sizeof(table) / sizeof((table)[0]))

/* code_challenge_method, token_type, csrf_header: they tell about the token. */
static bool name_is_about(struct slice name)
{
    static const char *const ends[] = { "method", "type",   "name",     "algorithm", "alg",
                                        "mode",   "header", "length",   "field",     "param",
                                        "url",    "uri",    "endpoint", "expires",   "_in",
                                        "scope",  "status" };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct slice e = slice_z(ends[i]);
        if (name.n > e.n && slice_ieq(slice_from(name, name.n - e.n), e)) return true;
    }
    return false;
}

bool name_is_token(struct slice name)
{
    if (name_is_about(name)) return false;
    static const char *const words[] = {
        "csrf",    "xsrf",         "token",     "nonce",           "sess",
        "auth",    "ticket",       "secret",    "signature",       "verif",
        "state",   "challenge",    "sectok",    "formid",          "form_build",
        "hash",    "authenticity", "viewstate", "eventvalidation", "apikey",
        "api-key", "api_key",      "jwt",       "execution"
    };
    return HAS_ANY(name, words);
}

bool name_is_id(struct slice name)
{
    if (name.n > 1 && name.p[name.n - 1] == ']') name.n--; /* issue[lock_version] */
    static const char *const exact[] = { "id",   "uid",    "uuid",      "guid",    "pk",
                                         "gid",  "oid",    "rev",       "version", "etag",
                                         "lock", "cursor", "offset_id", "bid",     "pid",
                                         "cid",  "tid",    "sid",       "nid",     "aid" };
    for (size_t i = 0; i < sizeof exact / sizeof exact[0]; i++)
        if (slice_ieq(name, slice_z(exact[i]))) return true;
    if (name.n < 3) return false;
    struct slice end = slice_from(name, name.n - 2);
    if (slice_eq(end, SL("Id")) || slice_eq(end, SL("ID"))) return true;
    static const char *const ends[] = { "_id",  "-id",     "uuid",     "guid",  "_uid",
                                        "_rev", "_key",    "_version", "revid", "_id]",
                                        "[id]", "_number", "_pk" };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct slice e = slice_z(ends[i]);
        if (name.n >= e.n && slice_ieq(slice_from(name, name.n - e.n), e)) return true;
    }
    return false;
}

bool name_is_password(struct slice name)
{
    static const char *const words[] = { "passw", "pwd", "passphrase", "wppassword", "passwd" };
    if (slice_ieq(name, SL("pass")) || slice_ieq(name, SL("pw"))) return true;
    if (name.n >= 4 && slice_ieq(slice_from(name, name.n - 4), SL("pass"))) return true;
    return HAS_ANY(name, words) || slice_ieq(name, SL("p")) || slice_ieq(name, SL("j_pass"));
}

bool name_is_user(struct slice name)
{
    static const char *const words[] = { "user",   "login", "email", "account",
                                         "e-mail", "mail",  "wpname" };
    static const char *const exact[] = {
        "u", "log", "name", "id", "uid", "nick", "handle", "phone"
    };
    for (size_t i = 0; i < sizeof exact / sizeof exact[0]; i++)
        if (slice_ieq(name, slice_z(exact[i]))) return true;
    return HAS_ANY(name, words);
}

bool name_is_logout(struct slice text)
{
    static const char *const words[] = { "logout",       "log-out",     "log_out",    "logoff",
                                         "signout",      "sign_out",    "sign-out",   "signoff",
                                         "/session/end", "end_session", "endsession", "userlogout",
                                         "revoke" };
    return HAS_ANY(text, words);
}

static size_t next_plain(struct slice s, size_t i)
{
    while (i < s.n && memchr("_-.[]", s.p[i], 5))
        i++;
    return i;
}

bool name_eq(struct slice a, struct slice b)
{
    size_t i = next_plain(a, 0), j = next_plain(b, 0);
    if (i == a.n || j == b.n) return false;
    while (i < a.n && j < b.n) {
        if (tolower((unsigned char)a.p[i]) != tolower((unsigned char)b.p[j])) return false;
        i = next_plain(a, i + 1);
        j = next_plain(b, j + 1);
    }
    return i == a.n && j == b.n;
}

static bool ends_with(const char *p, size_t n, const char *end)
{
    size_t e = strlen(end);
    return n >= e && memcmp(p + n - e, end, e) == 0;
}

/* The words of a name: "wpEdittime", "lock_version", "meta[rev]". */
static bool next_word(struct slice name, size_t *at, struct slice *word)
{
    size_t i = *at;
    while (i < name.n && !is_letter(name.p[i]))
        i++;
    size_t from = i;
    while (i < name.n && is_letter(name.p[i])) {
        bool hump =
            i > from && islower((unsigned char)name.p[i - 1]) && isupper((unsigned char)name.p[i]);
        if (hump) break;
        i++;
    }
    *at = i;
    *word = slice_sub(name, from, i);
    return i > from;
}

bool name_is_stamp(struct slice name)
{
    static const char *const ends[] = {
        "time",    "timestamp", "stamp", "rev", "revid", "revision",
        "version", "lock",      "oldid", "seq", "date",  "baserev"
    };
    struct slice word;
    for (size_t at = 0; next_word(name, &at, &word);)
        for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
            struct slice e = slice_z(ends[i]);
            if (slice_ieq(word, e)) return true;
            if (i < 3 && word.n > e.n && slice_ieq(slice_from(word, word.n - e.n), e)) return true;
        }
    return false;
}

size_t name_stem(struct slice name, char out[32])
{
    size_t n = 0;
    for (size_t i = 0; i < name.n && n < 31; i++)
        if (!memchr("_-.[]", name.p[i], 5)) out[n++] = (char)tolower((unsigned char)name.p[i]);
    static const char *const tails[] = { "uuid", "guid", "uid", "id", "pk", "key", "number" };
    for (size_t t = 0; t < sizeof tails / sizeof tails[0]; t++) {
        if (!ends_with(out, n, tails[t])) continue;
        n -= strlen(tails[t]);
        break;
    }
    if (n > 3 && ends_with(out, n, "ies"))
        n -= 3;
    else if (n > 2 && out[n - 1] == 's')
        n--;
    out[n] = 0;
    return n;
}

bool name_agrees(struct slice a, struct slice b)
{
    if (name_eq(a, b)) return true;
    char sa[32], sb[32];
    size_t na = name_stem(a, sa), nb = name_stem(b, sb);
    if (na == 0 || nb == 0) return false;
    if (memcmp(sa, sb, na < nb ? na : nb) == 0) return true;
    /* baserevid and parentRevId */
    return na >= 3 && nb >= 3 && name_is_id(a) && name_is_id(b) &&
           memcmp(sa + na - 3, sb + nb - 3, 3) == 0;
}

bool value_may_be_token(struct slice text)
{
    return value_bits(text) >= BITS_MEDIUM;
}
