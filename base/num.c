/* Numbers and units from text: the one checked door for every number that comes from outside.
 *
 * Called by every parser and by cli's options. The whole slice is the number or it is refused; nothing
 * here depends on the locale. */
#include "base/num.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define TEN_YEARS_NS (3653ULL * 24 * 3600 * NS_PER_S)

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

bool num_u64(struct slice s, uint64_t max, uint64_t *out)
{
    if (s.n == 0) return false;
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned d = (unsigned)(unsigned char)s.p[i] - '0';
        if (d > 9 || v > max / 10 || d > max - v * 10) return false;
        v = v * 10 + d;
    }
    *out = v;
    return true;
}

bool num_i64(struct slice s, int64_t *out)
{
    uint64_t v;
    if (s.n == 0 || s.p[0] != '-') {
        if (!num_u64(s, INT64_MAX, &v)) return false;
        *out = (int64_t)v;
        return true;
    }
    if (!num_u64(slice_from(s, 1), (uint64_t)INT64_MAX + 1, &v)) return false;
    *out = v > INT64_MAX ? INT64_MIN : -(int64_t)v;
    return true;
}

static unsigned hex_digit(char c)
{
    if (digit(c)) return (unsigned)(c - '0');
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10) : 16;
}

bool num_hex(struct slice s, uint64_t max, uint64_t *out)
{
    if (s.n == 0) return false;
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned d = hex_digit(s.p[i]);
        if (d > 15 || v > max / 16 || d > max - v * 16) return false;
        v = v * 16 + d;
    }
    *out = v;
    return true;
}

static size_t count_digits(struct slice s, size_t at)
{
    size_t n = 0;
    while (at + n < s.n && digit(s.p[at + n]))
        n++;
    return n;
}

/* RFC 8259 6: -? (0 | [1-9] digits) (. digits)? ([eE] [+-]? digits)? */
static bool is_json_number(struct slice s)
{
    size_t at = s.n && s.p[0] == '-' ? 1 : 0;
    size_t n = count_digits(s, at);
    if (n == 0 || (n > 1 && s.p[at] == '0')) return false;
    at += n;
    if (at < s.n && s.p[at] == '.') {
        n = count_digits(s, at + 1);
        if (n == 0) return false;
        at += 1 + n;
    }
    if (at < s.n && (s.p[at] | 32) == 'e') {
        at++;
        if (at < s.n && (s.p[at] == '+' || s.p[at] == '-')) at++;
        n = count_digits(s, at);
        if (n == 0) return false;
        at += n;
    }
    return at == s.n;
}

/* Up to 15 digits without exponent: both operands are exact, so one division rounds correctly. */
static bool fast_f64(struct slice s, double *out)
{
    static const double pow10[] = { 1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };
    uint64_t v = 0;
    size_t after = 0;
    bool negative = s.p[0] == '-', point = false;
    if (s.n > 16) return false;
    for (size_t i = negative; i < s.n; i++) {
        if (s.p[i] == '.') {
            point = true;
            continue;
        }
        if (!digit(s.p[i])) return false;
        v = v * 10 + (uint64_t)(s.p[i] - '0');
        after += point;
    }
    if (v > 999999999999999ULL) return false;
    double d = (double)v / pow10[after];
    *out = negative ? -d : d;
    return true;
}

static double slow_f64(const char *z)
{
    locale_t c = newlocale(LC_ALL_MASK, "C", NULL); /* glibc gives its static one: no cost */
    double d = c ? strtod_l(z, NULL, c) : strtod(z, NULL);
    if (c) freelocale(c);
    return d;
}

bool num_f64(struct slice s, double *out)
{
    if (!is_json_number(s)) return false;
    if (fast_f64(s, out)) return true;
    char small[64];
    char *z = s.n < sizeof small ? small : mem_dup(s.p, s.n);
    if (z == small) {
        memcpy(small, s.p, s.n);
        small[s.n] = '\0';
    }
    double d = slow_f64(z);
    if (z != small) free(z);
    if (!isfinite(d)) return false;
    *out = d;
    return true;
}

struct unit {
    const char *name;
    uint64_t ns;
};

static const struct unit units[] = {
    { "d", 86400 * NS_PER_S },
    { "h", 3600 * NS_PER_S },
    { "ms", NS_PER_MS },
    { "m", 60 * NS_PER_S },
    { "s", NS_PER_S },
    { "us", NS_PER_US },
    { "ns", 1 },
};

/* The unit at the start of *s, taken off; 0 if there is none. */
static uint64_t take_unit(struct slice *s)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        struct slice name = slice_z(units[i].name);
        if (!slice_starts(*s, name)) continue;
        *s = slice_from(*s, name.n);
        return units[i].ns;
    }
    return 0;
}

/* fraction digits of one unit, in nanoseconds, what is below one cut. */
static uint64_t fraction_ns(struct slice digits, uint64_t unit)
{
    uint64_t ns = 0;
    for (size_t i = 0; i < digits.n && unit; i++) {
        unit /= 10;
        ns += unit * (uint64_t)(digits.p[i] - '0');
    }
    return ns;
}

/* Takes "1.5h" off *s: the next component, of a unit smaller than *last. */
static bool take_component(struct slice *s, uint64_t *last, uint64_t *total)
{
    struct slice whole = slice_sub(*s, 0, count_digits(*s, 0)), part = { 0 };
    uint64_t count, unit;
    bool first = *last == UINT64_MAX;
    *s = slice_from(*s, whole.n);
    if (s->n && s->p[0] == '.') {
        part = slice_sub(*s, 1, 1 + count_digits(*s, 1));
        if (part.n == 0) return false;
        *s = slice_from(*s, 1 + part.n);
    }
    if (!num_u64(whole, TEN_YEARS_NS, &count)) return false;
    unit = s->n == 0 && first ? NS_PER_S : take_unit(s);
    if (unit == 0 || unit >= *last || count > TEN_YEARS_NS / unit) return false;
    *last = unit;
    *total += count * unit + fraction_ns(part, unit);
    return *total <= TEN_YEARS_NS;
}

bool num_duration(struct slice s, uint64_t *out_ns)
{
    uint64_t last = UINT64_MAX, total = 0;
    if (s.n == 0) return false;
    while (s.n)
        if (!take_component(&s, &last, &total)) return false;
    *out_ns = total;
    return true;
}

bool num_bytes(struct slice s, uint64_t *out_bytes)
{
    static const char letters[] = "kmgt";
    struct slice number = slice_sub(s, 0, count_digits(s, 0)), rest = slice_from(s, number.n);
    unsigned shift = 0;
    uint64_t v;
    if (rest.n) {
        const char *at = strchr(letters, rest.p[0] | 32);
        if (at && *at) shift = 10 * (unsigned)(at - letters + 1);
        if (shift) rest = slice_from(rest, 1);
    }
    if (shift && slice_ieq(rest, SL("ib"))) rest.n = 0;
    if (rest.n && !slice_ieq(rest, SL("b"))) return false;
    if (!num_u64(number, UINT64_MAX >> shift, &v)) return false;
    *out_bytes = v << shift;
    return true;
}

bool num_rate(struct slice s, double *out_per_second)
{
    struct slice number = s, unit = SL("s");
    double v, seconds;
    slice_cut(s, '/', &number, &unit);
    if (slice_eq(unit, SL("s")))
        seconds = 1;
    else if (slice_eq(unit, SL("m")))
        seconds = 60;
    else if (slice_eq(unit, SL("h")))
        seconds = 3600;
    else
        return false;
    if (!num_f64(number, &v) || v < 0) return false;
    *out_per_second = v / seconds;
    return true;
}

/* v in units of unit, with what digits of the fraction there are. */
static void add_scaled(struct buf *out, uint64_t v, uint64_t unit, const char *name)
{
    buf_addu(out, v / unit);
    uint64_t rest = v % unit;
    if (rest) buf_addc(out, '.');
    while (rest) {
        rest *= 10;
        buf_addc(out, (char)('0' + rest / unit));
        rest %= unit;
    }
    buf_addz(out, name);
}

void num_add_duration(struct buf *out, uint64_t ns)
{
    if (ns > TEN_YEARS_NS) ns = TEN_YEARS_NS;
    if (ns > 0 && ns < NS_PER_US) return add_scaled(out, ns, 1, "ns");
    if (ns > 0 && ns < NS_PER_MS) return add_scaled(out, ns, NS_PER_US, "us");
    if (ns > 0 && ns < NS_PER_S) return add_scaled(out, ns, NS_PER_MS, "ms");
    uint64_t hours = ns / (3600 * NS_PER_S), minutes = ns / (60 * NS_PER_S) % 60;
    uint64_t rest = ns % (60 * NS_PER_S);
    if (hours) buf_addf(out, "%lluh", (unsigned long long)hours);
    if (minutes) buf_addf(out, "%llum", (unsigned long long)minutes);
    if (rest || ns == 0) add_scaled(out, rest, NS_PER_S, "s");
}

void num_add_bytes(struct buf *out, uint64_t bytes)
{
    static const char *const names[] = { "kB", "MB", "GB", "TB", "PB", "EB" };
    if (bytes < 1000) {
        buf_addf(out, "%llu B", (unsigned long long)bytes);
        return;
    }
    double v = (double)bytes / 1000;
    size_t i = 0;
    for (; v >= 999.95 && i < 5; i++)
        v /= 1000;
    buf_addf(out, "%.1f %s", v, names[i]);
}
