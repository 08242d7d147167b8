/* Set-Cookie and Cookie text taken apart (RFC 6265 4 and 5.2), cookie dates included.
 *
 * Used by the jar, by the readers of recordings and by the correlator. Never allocates: slices of the
 * text that was given. Lenient as the RFC's section 5 is: what it says to ignore is ignored. */
#include "http/cookie.h"

#include <string.h>
#include <time.h>

#include "base/num.h"

bool cookie_next(struct slice *rest, struct slice *name, struct slice *value)
{
    struct slice piece;
    while (slice_next(rest, ';', &piece)) {
        piece = slice_trim(piece);
        if (piece.n == 0) continue;
        *name = piece;
        *value = (struct slice){ 0 };
        if (slice_cut(piece, '=', name, value)) {
            *name = slice_trim(*name);
            *value = slice_trim(*value);
        }
        return true;
    }
    return false;
}

/* RFC 6265 5.1.1: what stands between the tokens of a date. */
static bool is_delimiter(unsigned char c)
{
    return c == 0x09 || (c >= 0x20 && c <= 0x2f) || (c >= 0x3b && c <= 0x40) ||
           (c >= 0x5b && c <= 0x60) || (c >= 0x7b && c <= 0x7e);
}

struct date {
    bool time, day, month, year;
    int hour, minute, second, mday, mon, y;
};

/* Leading digits of s, from min to max of them; -1 if there are fewer or more. Moves *s behind them. */
static int digits(struct slice *s, size_t min, size_t max)
{
    size_t n = 0;
    uint64_t v;
    while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9')
        n++;
    if (n < min || n > max || !num_u64(slice_sub(*s, 0, n), 9999, &v)) return -1;
    *s = slice_from(*s, n);
    return (int)v;
}

static bool take_time(struct date *d, struct slice s)
{
    int part[3];
    for (int i = 0; i < 3; i++) {
        if (i > 0 && !slice_starts(s, SL(":"))) return false;
        if (i > 0) s = slice_from(s, 1);
        part[i] = digits(&s, 1, 2);
        if (part[i] < 0) return false;
    }
    d->hour = part[0];
    d->minute = part[1];
    d->second = part[2];
    return true;
}

static bool take_month(struct date *d, struct slice s)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    for (int i = 0; i < 12; i++) {
        if (!slice_istarts(s, (struct slice){ names + 3 * i, 3 })) continue;
        d->mon = i;
        return true;
    }
    return false;
}

static void take_token(struct date *d, struct slice token)
{
    struct slice s = token;
    if (!d->time && take_time(d, s)) {
        d->time = true;
    } else if (!d->day && (d->mday = digits(&s, 1, 2)) >= 0) {
        d->day = true;
    } else if (!d->month && take_month(d, token)) {
        d->month = true;
    } else if (!d->year && (d->y = digits(&s, 2, 4)) >= 0) {
        d->year = true;
    }
}

bool cookie_date(struct slice s, int64_t *out_utc_ns)
{
    struct date d = { 0 };
    while (s.n > 0) {
        size_t n = 0;
        while (n < s.n && !is_delimiter((unsigned char)s.p[n]))
            n++;
        if (n > 0) take_token(&d, slice_sub(s, 0, n));
        s = slice_from(s, n + 1);
    }
    if (!d.time || !d.day || !d.month || !d.year) return false;
    if (d.y >= 70 && d.y <= 99) d.y += 1900;
    if (d.y >= 0 && d.y <= 69) d.y += 2000;
    if (d.mday < 1 || d.mday > 31 || d.y < 1601 || d.hour > 23 || d.minute > 59 || d.second > 59)
        return false;
    struct tm tm = { .tm_year = d.y - 1900,
                     .tm_mon = d.mon,
                     .tm_mday = d.mday,
                     .tm_hour = d.hour,
                     .tm_min = d.minute,
                     .tm_sec = d.second };
    int64_t seconds = timegm(&tm), limit = INT64_MAX / (int64_t)NS_PER_S;
    if (seconds > limit) seconds = limit;
    if (seconds < -limit) seconds = -limit;
    *out_utc_ns = seconds * (int64_t)NS_PER_S;
    return true;
}

/* RFC 6265 5.2.2: anything but an optional '-' and digits is ignored. */
static bool max_age(struct slice value, int64_t now_utc_ns, int64_t *expires_ns)
{
    int64_t seconds;
    if (value.n == 0 || (value.p[0] != '-' && (value.p[0] < '0' || value.p[0] > '9'))) return false;
    for (size_t i = 1; i < value.n; i++)
        if (value.p[i] < '0' || value.p[i] > '9') return false;
    if (value.p[0] == '-') {
        *expires_ns = INT64_MIN;
        return true;
    }
    bool fits = num_i64(value, &seconds) && seconds < (INT64_MAX - now_utc_ns) / (int64_t)NS_PER_S;
    *expires_ns = fits ? now_utc_ns + seconds * (int64_t)NS_PER_S : INT64_MAX;
    if (fits && seconds == 0) *expires_ns = INT64_MIN;
    return true;
}

/* Last attribute of a name wins; Max-Age wins over Expires (RFC 6265 5.3, step 3). */
static void take_attribute(struct set_cookie *c, struct slice name, struct slice value,
                           int64_t now_utc_ns, bool *has_max_age)
{
    int64_t when;
    if (slice_ieq(name, SL("Secure"))) c->secure = true;
    if (slice_ieq(name, SL("HttpOnly"))) c->http_only = true;
    if (slice_ieq(name, SL("Path"))) c->path = slice_starts(value, SL("/")) ? value : SL("");
    if (slice_ieq(name, SL("Domain")) && value.n > 0)
        c->domain = value.p[0] == '.' ? slice_from(value, 1) : value;
    if (slice_ieq(name, SL("Expires")) && !*has_max_age && cookie_date(value, &when))
        c->expires_ns = when;
    if (slice_ieq(name, SL("Max-Age")) && max_age(value, now_utc_ns, &when)) {
        c->expires_ns = when;
        *has_max_age = true;
    }
}

bool cookie_parse(struct slice set_cookie, int64_t now_utc_ns, struct set_cookie *out)
{
    struct slice pair = slice_sub(set_cookie, 0, slice_chr(set_cookie, ';'));
    struct slice rest = slice_from(set_cookie, pair.n + 1), name, value;
    bool has_max_age = false;
    *out = (struct set_cookie){ .expires_ns = INT64_MAX };
    if (!slice_cut(pair, '=', &out->name, &out->value)) return false;
    out->name = slice_trim(out->name);
    out->value = slice_trim(out->value);
    if (out->name.n == 0) return false;
    while (cookie_next(&rest, &name, &value))
        take_attribute(out, name, value, now_utc_ns, &has_max_age);
    out->host_only = out->domain.n == 0;
    return true;
}

/* "  name=…": what a comma inside a date or a value is not followed by. */
static bool starts_cookie(struct slice s)
{
    size_t i = 0;
    while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\n'))
        i++;
    size_t start = i;
    while (i < s.n && (unsigned char)s.p[i] > ' ' && !strchr("=;,\"()<>@:\\/[]?{}", s.p[i]))
        i++;
    return i > start && i < s.n && s.p[i] == '=';
}

bool cookie_next_merged(struct slice *rest, struct slice *set_cookie)
{
    *rest = slice_trim(*rest);
    if (rest->n == 0) return false;
    for (size_t i = 0; i < rest->n; i++) {
        if (rest->p[i] != ',' && rest->p[i] != '\n') continue;
        if (!starts_cookie(slice_from(*rest, i + 1))) continue;
        *set_cookie = slice_trim(slice_sub(*rest, 0, i));
        *rest = slice_from(*rest, i + 1);
        return true;
    }
    *set_cookie = *rest;
    *rest = slice_from(*rest, rest->n);
    return true;
}
