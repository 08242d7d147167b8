/* HTML text: escaping it, and undoing character references as browsers do (WHATWG HTML 13.5).
 *
 * Called by reports and by token search in pages. Named references need their ';' here, so that
 * "?a=1&copy=2" stays what it is; unknown ones are kept. */
#include "base/enc.h"

#include "base/num.h"

bool enc_html(struct buf *out, struct slice s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        const char *name = NULL;
        switch (s.p[i]) {
        case '&': name = "&amp;"; break;
        case '<': name = "&lt;"; break;
        case '>': name = "&gt;"; break;
        case '"': name = "&quot;"; break;
        case '\'': name = "&#39;"; break;
        }
        if (!name) continue;
        buf_add(out, slice_sub(s, from, i));
        buf_addz(out, name);
        from = i + 1;
    }
    return buf_add(out, slice_from(s, from));
}

static bool is_xml(unsigned char c, bool utf8)
{
    return c >= 0x80 ? utf8 : c >= 0x20 || c == '\t' || c == '\n' || c == '\r';
}

bool enc_xml(struct buf *out, struct slice s)
{
    bool utf8 = enc_is_utf8(s);
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (is_xml((unsigned char)s.p[i], utf8)) continue;
        enc_html(out, slice_sub(s, from, i));
        buf_addz(out, "\xef\xbf\xbd"); /* U+FFFD */
        from = i + 1;
    }
    return enc_html(out, slice_from(s, from));
}

struct named {
    const char *name;
    uint32_t code;
};

static const struct named names[] = {
    { "amp", '&' },       { "lt", '<' },        { "gt", '>' },        { "quot", '"' },
    { "apos", '\'' },     { "nbsp", 160 },      { "hellip", 0x2026 }, { "mdash", 0x2014 },
    { "ndash", 0x2013 },  { "lsquo", 0x2018 },  { "rsquo", 0x2019 },  { "ldquo", 0x201c },
    { "rdquo", 0x201d },  { "sbquo", 0x201a },  { "bdquo", 0x201e },  { "lsaquo", 0x2039 },
    { "rsaquo", 0x203a }, { "bull", 0x2022 },   { "euro", 0x20ac },   { "trade", 0x2122 },
    { "larr", 0x2190 },   { "uarr", 0x2191 },   { "rarr", 0x2192 },   { "darr", 0x2193 },
    { "minus", 0x2212 },  { "ne", 0x2260 },     { "le", 0x2264 },     { "ge", 0x2265 },
    { "infin", 0x221e },  { "zwnj", 0x200c },   { "zwj", 0x200d },    { "ensp", 0x2002 },
    { "emsp", 0x2003 },   { "thinsp", 0x2009 }, { "shy", 173 },       { "Tab", '\t' },
    { "NewLine", '\n' },  { "excl", '!' },      { "num", '#' },       { "dollar", '$' },
    { "percnt", '%' },    { "lpar", '(' },      { "rpar", ')' },      { "ast", '*' },
    { "plus", '+' },      { "comma", ',' },     { "period", '.' },    { "sol", '/' },
    { "colon", ':' },     { "semi", ';' },      { "equals", '=' },    { "quest", '?' },
    { "commat", '@' },    { "lsqb", '[' },      { "lbrack", '[' },    { "bsol", '\\' },
    { "rsqb", ']' },      { "rbrack", ']' },    { "Hat", '^' },       { "lowbar", '_' },
    { "grave", '`' },     { "lcub", '{' },      { "lbrace", '{' },    { "vert", '|' },
    { "rcub", '}' },      { "rbrace", '}' },    { "AMP", '&' },       { "LT", '<' },
    { "GT", '>' },        { "QUOT", '"' },
};

/* U+00A1 .. U+00FF, in order. */
static const char *const latin1[] = {
    "iexcl",  "cent",   "pound",  "curren", "yen",    "brvbar", "sect",   "uml",    "copy",
    "ordf",   "laquo",  "not",    "",       "reg",    "macr",   "deg",    "plusmn", "sup2",
    "sup3",   "acute",  "micro",  "para",   "middot", "cedil",  "sup1",   "ordm",   "raquo",
    "frac14", "frac12", "frac34", "iquest", "Agrave", "Aacute", "Acirc",  "Atilde", "Auml",
    "Aring",  "AElig",  "Ccedil", "Egrave", "Eacute", "Ecirc",  "Euml",   "Igrave", "Iacute",
    "Icirc",  "Iuml",   "ETH",    "Ntilde", "Ograve", "Oacute", "Ocirc",  "Otilde", "Ouml",
    "times",  "Oslash", "Ugrave", "Uacute", "Ucirc",  "Uuml",   "Yacute", "THORN",  "szlig",
    "agrave", "aacute", "acirc",  "atilde", "auml",   "aring",  "aelig",  "ccedil", "egrave",
    "eacute", "ecirc",  "euml",   "igrave", "iacute", "icirc",  "iuml",   "eth",    "ntilde",
    "ograve", "oacute", "ocirc",  "otilde", "ouml",   "divide", "oslash", "ugrave", "uacute",
    "ucirc",  "uuml",   "yacute", "thorn",  "yuml",
};

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define LONGEST_NAME 8

static uint32_t code_of(struct slice name)
{
    for (size_t i = 0; i < COUNT(names); i++)
        if (slice_eq(name, slice_z(names[i].name))) return names[i].code;
    for (size_t i = 0; name.n && i < COUNT(latin1); i++)
        if (slice_eq(name, slice_z(latin1[i]))) return (uint32_t)(0xa1 + i);
    return 0;
}

/* 0x80 .. 0x9f mean Windows-1252 in a reference, as pages from there write them. */
static uint32_t mend(uint64_t c)
{
    static const uint16_t cp1252[] = {
        0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021, 0x2c6,  0x2030, 0x160,
        0x2039, 0x152,  0x8d,   0x17d,  0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
        0x2013, 0x2014, 0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178,
    };
    if (c >= 0x80 && c <= 0x9f) return cp1252[c - 0x80];
    if (c == 0 || c > 0x10ffff || (c & ~0x7ffULL) == 0xd800) return 0xfffd;
    return (uint32_t)c;
}

static bool is_digit(char c, bool hex)
{
    if (c >= '0' && c <= '9') return true;
    return hex && (c | 32) >= 'a' && (c | 32) <= 'f';
}

/* "&#39;" or "&#x27;" at the start of s: the bytes it takes, 0 if it is none. */
static size_t numeric(struct slice s, uint32_t *code)
{
    if (s.n < 3 || s.p[1] != '#') return 0;
    bool hex = (s.p[2] | 32) == 'x';
    size_t from = hex ? 3 : 2, at = from;
    while (at < s.n && is_digit(s.p[at], hex))
        at++;
    if (at == from) return 0;
    uint64_t v;
    struct slice digits = slice_sub(s, from, at);
    bool fits = hex ? num_hex(digits, 0x10ffff, &v) : num_u64(digits, 0x10ffff, &v);
    *code = mend(fits ? v : 0);
    return at < s.n && s.p[at] == ';' ? at + 1 : at;
}

static size_t reference(struct slice s, uint32_t *code)
{
    size_t n = numeric(s, code);
    if (n) return n;
    n = slice_chr(slice_sub(s, 0, LONGEST_NAME + 2), ';');
    if (n == SLICE_NONE) return 0;
    *code = code_of(slice_sub(s, 1, n));
    return *code ? n + 1 : 0;
}

bool enc_unhtml(struct buf *out, struct slice s)
{
    size_t before = out->n;
    while (s.n) {
        size_t at = slice_chr(s, '&'), taken = 0;
        uint32_t code = 0;
        buf_add(out, slice_sub(s, 0, at));
        s = slice_from(s, at);
        if (s.n == 0) break;
        taken = reference(s, &code);
        if (taken)
            enc_utf8(out, code);
        else
            buf_addc(out, '&');
        s = slice_from(s, taken ? taken : 1);
    }
    if (out->bad) out->n = before;
    return !out->bad;
}
