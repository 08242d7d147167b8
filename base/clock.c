/* Time: the clocks, and the dates of recordings (ISO 8601) and of HTTP.
 *
 * Called by the loop, importers, reports. Nothing here uses the time zone of the machine. Dates are
 * clamped to CLOCK_LIMIT_NS around 1970, so that the difference of any two fits in an int64_t. */
#include "base/clock.h"

#include <time.h>

#include "base/num.h"

#define LIMIT_S 4000000000LL /* 1843 .. 2096 */

static uint64_t read_clock(clockid_t id)
{
    struct timespec ts = { 0 };
    clock_gettime(id, &ts);
    return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

uint64_t clock_mono_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_utc_ns(void)
{
    return (int64_t)read_clock(CLOCK_REALTIME);
}

uint64_t clock_thread_cpu_ns(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t clock_process_cpu_ns(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

struct civil {
    int64_t year;
    unsigned month, day, hour, minute, second, ns;
};

/* Days since 1970-01-01 of a Gregorian date, by counting years from March (H. Hinnant). */
static int64_t days_of(int64_t y, unsigned m, unsigned d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * ((int64_t)m + (m > 2 ? -3 : 9)) + 2) / 5 + (int64_t)d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void civil_of(int64_t days, struct civil *c)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    c->day = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
    c->month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
    c->year = yoe + era * 400 + (c->month <= 2);
}

static bool valid(const struct civil *c)
{
    static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    if (c->month < 1 || c->month > 12 || c->day < 1) return false;
    bool leap = c->year % 4 == 0 && (c->year % 100 != 0 || c->year % 400 == 0);
    unsigned last = days[c->month - 1] + (c->month == 2 && leap ? 1u : 0u);
    return c->day <= last && c->hour <= 23 && c->minute <= 59 && c->second <= 60;
}

static bool to_ns(const struct civil *c, int64_t offset_s, int64_t *out)
{
    if (!valid(c)) return false;
    int64_t s = days_of(c->year, c->month, c->day) * 86400 + (int64_t)c->hour * 3600 +
                (int64_t)c->minute * 60 + (int64_t)c->second - offset_s;
    if (s > LIMIT_S) s = LIMIT_S;
    if (s < -LIMIT_S) s = -LIMIT_S;
    *out = s * (int64_t)NS_PER_S + (int64_t)c->ns;
    return true;
}

/* Takes exactly n digits off the front. */
static bool take_digits(struct slice *s, size_t n, unsigned *out)
{
    uint64_t v;
    if (s->n < n || !num_u64(slice_sub(*s, 0, n), 9999, &v)) return false;
    *out = (unsigned)v;
    *s = slice_from(*s, n);
    return true;
}

static bool take_char(struct slice *s, char c)
{
    if (s->n == 0 || s->p[0] != c) return false;
    *s = slice_from(*s, 1);
    return true;
}

static bool take_time(struct slice *s, struct civil *c)
{
    return take_digits(s, 2, &c->hour) && take_char(s, ':') && take_digits(s, 2, &c->minute) &&
           take_char(s, ':') && take_digits(s, 2, &c->second);
}

static bool take_fraction(struct slice *s, unsigned *ns)
{
    unsigned unit = 100000000;
    *ns = 0;
    if (!take_char(s, '.') && !take_char(s, ',')) return true;
    size_t n = 0;
    for (; n < s->n && s->p[n] >= '0' && s->p[n] <= '9'; n++, unit /= 10)
        *ns += (unsigned)(s->p[n] - '0') * unit;
    *s = slice_from(*s, n);
    return n > 0;
}

/* Z, ±hh, ±hhmm, ±hh:mm or nothing; all of what is left. */
static bool take_zone(struct slice s, int64_t *offset_s)
{
    unsigned hours, minutes = 0;
    *offset_s = 0;
    if (s.n == 0) return true;
    if (take_char(&s, 'Z') || take_char(&s, 'z')) return s.n == 0;
    bool west = take_char(&s, '-');
    if (!west && !take_char(&s, '+')) return false;
    if (!take_digits(&s, 2, &hours)) return false;
    if (s.n) {
        take_char(&s, ':');
        if (!take_digits(&s, 2, &minutes)) return false;
    }
    if (s.n || hours > 23 || minutes > 59) return false;
    *offset_s = (int64_t)hours * 3600 + (int64_t)minutes * 60;
    if (west) *offset_s = -*offset_s;
    return true;
}

bool clock_parse_iso(struct slice s, int64_t *out_utc_ns)
{
    struct civil c = { 0 };
    unsigned year;
    int64_t offset_s;
    if (!take_digits(&s, 4, &year) || !take_char(&s, '-')) return false;
    if (!take_digits(&s, 2, &c.month) || !take_char(&s, '-')) return false;
    if (!take_digits(&s, 2, &c.day)) return false;
    if (!take_char(&s, 'T') && !take_char(&s, 't') && !take_char(&s, ' ')) return false;
    if (!take_time(&s, &c) || !take_fraction(&s, &c.ns)) return false;
    if (!take_zone(s, &offset_s)) return false;
    c.year = year;
    return to_ns(&c, offset_s, out_utc_ns);
}

static struct civil split(int64_t utc_ns)
{
    struct civil c = { 0 };
    int64_t s = utc_ns / (int64_t)NS_PER_S, ns = utc_ns % (int64_t)NS_PER_S;
    if (ns < 0) {
        ns += (int64_t)NS_PER_S;
        s--;
    }
    int64_t days = s / 86400, rest = s % 86400;
    if (rest < 0) {
        rest += 86400;
        days--;
    }
    civil_of(days, &c);
    c.hour = (unsigned)(rest / 3600);
    c.minute = (unsigned)(rest / 60 % 60);
    c.second = (unsigned)(rest % 60);
    c.ns = (unsigned)ns;
    return c;
}

void clock_add_iso(struct buf *out, int64_t utc_ns)
{
    struct civil c = split(utc_ns);
    buf_addf(out, "%04d-%02u-%02uT%02u:%02u:%02u.%03uZ", (int)c.year, c.month, c.day, c.hour,
             c.minute, c.second, c.ns / 1000000);
}

void clock_add_compact(struct buf *out, int64_t utc_ns)
{
    struct civil c = split(utc_ns);
    buf_addf(out, "%04d%02u%02uT%02u%02u%02uZ", (int)c.year, c.month, c.day, c.hour, c.minute,
             c.second);
}

static unsigned month_of(struct slice word)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    for (unsigned m = 0; word.n >= 3 && m < 12; m++)
        if (slice_istarts(word, (struct slice){ names + 3 * m, 3 })) return m + 1;
    return 0;
}

static unsigned full_year(uint64_t y)
{
    if (y >= 70 && y <= 99) return (unsigned)y + 1900;
    return (unsigned)(y < 70 ? y + 2000 : y);
}

/* RFC 6265 5.1.1: each word is the time, the day, the month or the year, whichever is missing. */
static void take_word(struct slice word, struct civil *c, bool *timed)
{
    uint64_t v;
    struct slice rest = word;
    if (!*timed && slice_chr(word, ':') != SLICE_NONE) {
        *timed = take_time(&rest, c) && rest.n == 0;
        return;
    }
    if (!c->month && month_of(word)) {
        c->month = month_of(word);
        return;
    }
    if (!num_u64(word, 9999, &v)) return;
    if (!c->day && word.n <= 2)
        c->day = (unsigned)v;
    else if (!c->year && word.n >= 2)
        c->year = full_year(v);
}

static bool word_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == ':';
}

bool clock_parse_http(struct slice s, int64_t *out_utc_ns)
{
    struct civil c = { 0 };
    bool timed = false;
    for (size_t i = 0; i < s.n;) {
        size_t from = i;
        while (i < s.n && word_char(s.p[i]))
            i++;
        if (i > from)
            take_word(slice_sub(s, from, i), &c, &timed);
        else
            i++;
    }
    return timed && c.year >= 1601 && to_ns(&c, 0, out_utc_ns);
}
