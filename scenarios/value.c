/* What a text looks like on its own; see value.h.
 *
 * Called for every candidate that a request carries, so each function is one pass. The bits of a text are
 * those of its pieces, between marks that base64url has not. Digits count 3.3 each; so do letters 4.7 where a
 * piece is rather made by chance than of words, else at most 8 a run and 16 in all. The limits were set on
 * recordings of real applications; value_test.c holds the pairs that must stay on their side. */
#include "scenarios/value.h"

#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "base/enc.h"

#define DIGIT_BITS 3.32
#define LETTER_BITS 4.7
#define WORD_BITS_RUN 8.0
#define WORD_BITS_ALL 16.0
#define CHANCE_ODDS (-3) /* half bits; below them a piece is no word */
#define CHANCE_LEN 6     /* what is shorter tells nothing */

static bool is_letter(char c)
{
    return isalpha((unsigned char)c) && (unsigned char)c < 128;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* What base64url is made of; other marks stand between pieces. */
static bool is_of_piece(char c)
{
    return is_letter(c) || is_digit(c) || c == '-' || c == '_';
}

bool value_is_digits(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_digit(s.p[i])) return false;
    return s.n > 0;
}

bool value_has_digit(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (is_digit(s.p[i])) return true;
    return false;
}

size_t value_case_turns(struct slice s)
{
    size_t turns = 0;
    for (size_t i = 1; i < s.n; i++) {
        char a = s.p[i - 1], b = s.p[i];
        turns += (a >= 'A' && a <= 'Z' && b >= 'a') || (a >= 'a' && b >= 'A' && b <= 'Z');
    }
    return turns;
}

bool value_is_mixed(struct slice s)
{
    return s.n >= 8 && value_case_turns(s) + value_has_digit(s) >= 2;
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

bool value_is_key(struct slice s)
{
    size_t letters = 0, digits = 0;
    while (letters < s.n && is_letter(s.p[letters]))
        letters++;
    while (digits < s.n && is_digit(s.p[s.n - 1 - digits]))
        digits++;
    size_t between = s.n - letters - digits;
    bool mark = between == 1 && memchr("-_", s.p[letters], 2);
    return letters >= 2 && digits >= 1 && (mark || (between == 0 && digits >= 3));
}

bool value_is_moment(struct slice s)
{
    int64_t ns;
    char text[35];
    if (s.n < 19 || s.n > sizeof text || s.p[4] != '-' || s.p[13] != ':') return false;
    memcpy(text, s.p, s.n);
    if (text[10] == '.' || text[10] == '_') text[10] = 'T';
    return clock_parse_iso((struct slice){ text, s.n }, &ns);
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

/* Words or chance? What each character, behind the ones before it, tells for words, in half bits above and below
 * 'm': counted in 100,000 names and words, a third of them with a number, against as many texts drawn evenly
 * (docs/notes/correlation.md tells how). */
enum char_class { CAPITAL, SMALL, DIGIT, MARK, EDGE };

/* The class of a character, behind the classes of the two before it; EDGE begins and ends a piece. */
static const char follows[EDGE + 1][EDGE + 1][6] = {
    { "mjiqm", "epahf", "jeoxn", "mlrmk", "mmmmm" },
    { "fpaed", "kmewo", "igoso", "donhe", "mmmmm" },
    { "kmntn", "fkiqt", "ginyq", "mmmmm", "mmmmm" },
    { "molsg", "apchg", "aarkp", "kojpl", "mmmmm" },
    { "kriqq", "bniny", "fgowz", "lmjsh", "kohqa" },
};

/* A letter behind the one before it; the first row is for the first of a word. */
static const char pairs[27][27] = {
    "nlomnmllomimnmkofmonlmlkdf", "hmnnegoflfjpnpanapnqljhjif", "qhjipfhdokerihpienmjqedgkd",
    "peigpgcpmbnoherhammpleadie", "okhlshlergdllgohallilgechd", "lhmojkkeidhnnqgjhqqohjioid",
    "phjioofcsacnhjqgbnlmndecka", "mhhgtekmoaeojmmhaomjndcceg", "qddircccocfkjhprakhpjdfaha",
    "nlnmmkmeeelnnrpkdlopgkchbj", "ncegndaajbffdflhmcvejecaac", "okhhrghisejlhjogckommigahc",
    "pihlrhgeqbhngfpjaflnogcekc", "rkiishjepafnmiooafkhlglaha", "nfooolpemdkifjmibfrqljcaic",
    "jjmmfildiiknnsmlarllmjkhdd", "qejjpifqnafpikonapknmfcbja", "gghghddahaarfghjkiigueeaaa",
    "pjnlshkepcjjmjphclnnkjgcmf", "mfmfqgglqbmjhhpmikpqmkhajh", "pekfrgenqadlkgpjaommlcifmd",
    "oljoojkcpfionphnaoppfedfcf", "qfhetgocradhjllhahihhdddfa", "oghhogiisaejkmoqammjfdkbhb",
    "lemhnkgfmamgohhneikuffcjha", "njljmjlgkgipoonraloojhlaif", "qihhtehmpehljlohbgkilfiemm",
};

static enum char_class class_of(char c)
{
    if (is_digit(c)) return DIGIT;
    if (!is_letter(c)) return MARK;
    return c >= 'a' ? SMALL : CAPITAL;
}

static size_t letter_index(char c)
{
    return (size_t)((c | 32) - 'a');
}

static int letter_odds(struct slice s, size_t i, enum char_class was, enum char_class is)
{
    if (is > SMALL) return 0;
    bool begins = was > SMALL || (was == SMALL && is == CAPITAL);
    return pairs[begins ? 0 : 1 + letter_index(s.p[i - 1])][letter_index(s.p[i])] - 'm';
}

/* For words against chance, in half bits. */
static int word_odds(struct slice s)
{
    enum char_class before = EDGE, was = EDGE;
    int odds = 0;
    for (size_t i = 0; i <= s.n; i++) {
        enum char_class is = i < s.n ? class_of(s.p[i]) : EDGE;
        odds += follows[before][was][is] - 'm' + letter_odds(s, i, was, is);
        before = was;
        was = is;
    }
    return odds;
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
    return s.n >= 8 && digit && letter && distinct(s) >= 4;
}

/* The host of a URL is no information: only what is behind it. */
static struct slice behind_host(struct slice s)
{
    if (!slice_starts(s, SL("http://")) && !slice_starts(s, SL("https://"))) return s;
    size_t from = slice_find(s, SL("//")) + 2, slash = slice_chr(slice_from(s, from), '/');
    return slash == SLICE_NONE ? slice_sub(s, 0, 4) : slice_from(s, from + slash);
}

/* words: what all words of the text have counted so far. */
static double piece_bits(struct slice s, double *words)
{
    if (is_hex_number(s)) return 4.0 * (double)s.n + 1;
    size_t digits = 0;
    double word = 0;
    for (size_t i = 0; i < s.n;) {
        size_t from = i;
        while (i < s.n && is_letter(s.p[i]))
            i++;
        double run = 2.0 * (double)(i - from);
        word += run < WORD_BITS_RUN ? run : WORD_BITS_RUN;
        for (; i < s.n && !is_letter(s.p[i]); i++)
            digits += is_digit(s.p[i]);
    }
    bool chance = s.n >= CHANCE_LEN && word_odds(s) < CHANCE_ODDS;
    if (chance) return LETTER_BITS * (double)(s.n - digits) + DIGIT_BITS * (double)digits;
    if (*words + word > WORD_BITS_ALL) word = WORD_BITS_ALL - *words;
    *words += word;
    return word + DIGIT_BITS * (double)digits;
}

/* ".xhtml" at the end of a file's name. */
static bool is_extension(struct slice s, size_t from)
{
    return from > 0 && s.p[from - 1] == '.' && s.n - from <= 5 && s.n > from &&
           is_letter(s.p[from]);
}

double value_bits(struct slice s)
{
    s = behind_host(s);
    if (s.n == 0) return 0;
    if (value_is_uuid(s)) return 122;
    size_t kinds = distinct(s);
    if (kinds <= 2 || is_date_or_version(s)) return kinds < 5 ? (double)kinds : 10;
    double bits = 0, words = 0;
    for (size_t i = 0; i < s.n; i++) {
        size_t from = i;
        while (i < s.n && is_of_piece(s.p[i]))
            i++;
        if (i == s.n && is_extension(s, from)) break;
        bits += piece_bits(slice_sub(s, from, i), &words);
        if (i < s.n && (s.p[i] == ' ' || s.p[i] == '\n')) return bits < 15 ? bits : 15;
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
