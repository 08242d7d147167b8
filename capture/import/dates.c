/* Java's dates. Called by the reader of Burp's files.
 *
 * The zone is three to five letters that no standard makes unique; the differences between entries, which
 * are what pauses are made of, do not depend on it. */
#include "capture/import/dates.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/num.h"

struct zone {
    char name[6];
    bool sure;
    short minutes; /* east of Greenwich */
};

static const struct zone zones[] = {
    { "UTC", true, 0 },     { "GMT", true, 0 },     { "Z", true, 0 },       { "WET", true, 0 },
    { "WEST", true, 60 },   { "BST", false, 60 },   { "IST", false, 330 },  { "CET", true, 60 },
    { "MET", true, 60 },    { "CEST", true, 120 },  { "MEST", true, 120 },  { "EET", true, 120 },
    { "EEST", true, 180 },  { "SAST", true, 120 },  { "CAT", true, 120 },   { "EAT", true, 180 },
    { "WAT", true, 60 },    { "MSK", true, 180 },   { "MSD", true, 240 },   { "TRT", true, 180 },
    { "IDT", true, 180 },   { "GST", false, 240 },  { "AST", false, -240 }, { "ADT", false, -180 },
    { "PKT", true, 300 },   { "UZT", true, 300 },   { "BDT", false, 360 },  { "ICT", true, 420 },
    { "WIB", true, 420 },   { "CST", false, -360 }, { "HKT", true, 480 },   { "SGT", true, 480 },
    { "MYT", true, 480 },   { "PHT", true, 480 },   { "AWST", true, 480 },  { "JST", true, 540 },
    { "KST", true, 540 },   { "ACST", true, 570 },  { "ACDT", true, 630 },  { "AEST", true, 600 },
    { "AEDT", true, 660 },  { "NZST", true, 720 },  { "NZDT", true, 780 },  { "EST", false, -300 },
    { "EDT", true, -240 },  { "CDT", false, -300 }, { "MST", false, -420 }, { "MDT", true, -360 },
    { "PST", false, -480 }, { "PDT", true, -420 },  { "AKST", true, -540 }, { "AKDT", true, -480 },
    { "HST", true, -600 },  { "NST", true, -210 },  { "NDT", true, -150 },  { "ART", true, -180 },
    { "BRT", true, -180 },  { "BRST", true, -120 }, { "CLT", true, -240 },  { "CLST", true, -180 },
    { "COT", true, -300 },  { "PET", true, -300 },  { "VET", true, -240 },  { "UYT", true, -180 },
};

/* "GMT+05:30" and "UTC-3" */
static bool zone_offset(struct slice s, int64_t *minutes)
{
    if (!slice_starts(s, SL("GMT")) && !slice_starts(s, SL("UTC"))) return false;
    s = slice_from(s, 3);
    if (s.n < 2 || (s.p[0] != '+' && s.p[0] != '-')) return false;
    bool west = s.p[0] == '-';
    struct slice hours = slice_from(s, 1), mins = SL("0");
    uint64_t h, m;
    if (!slice_cut(hours, ':', &hours, &mins) && hours.n == 4) {
        mins = slice_from(hours, 2);
        hours = slice_sub(hours, 0, 2);
    }
    if (!num_u64(hours, 18, &h) || !num_u64(mins, 59, &m)) return false;
    *minutes = (int64_t)(h * 60 + m) * (west ? -1 : 1);
    return true;
}

static enum date_zone zone_of(struct slice s, int64_t *minutes)
{
    if (zone_offset(s, minutes)) return DATE_ZONE_SURE;
    *minutes = 0;
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        if (!slice_ieq(s, slice_z(zones[i].name))) continue;
        *minutes = zones[i].minutes;
        return zones[i].sure ? DATE_ZONE_SURE : DATE_ZONE_GUESSED;
    }
    return DATE_ZONE_UNKNOWN;
}

bool date_parse_java(struct slice s, int64_t *out_utc_ns, enum date_zone *zone)
{
    struct slice rest = slice_trim(s), word[6];
    size_t n = 0;
    while (n < 6 && slice_next(&rest, ' ', &word[n]))
        if (word[n].n) n++;
    if (n < 5 || n > 6) return false;
    char plain[64];
    int64_t minutes, ns;
    /* weekday month day time zone year: the same without its zone is what cookies write */
    int len = snprintf(plain, sizeof plain, "%.*s %.*s %.*s %.*s", SL_FMT(word[2]), SL_FMT(word[1]),
                       SL_FMT(word[n - 1]), SL_FMT(word[3]));
    if (len <= 0 || (size_t)len >= sizeof plain) return false;
    if (!clock_parse_http((struct slice){ plain, (size_t)len }, &ns)) return false;
    *zone = n == 6 ? zone_of(word[4], &minutes) : DATE_ZONE_UNKNOWN;
    if (n == 5) minutes = 0;
    *out_utc_ns = ns - minutes * 60 * (int64_t)NS_PER_S;
    return true;
}
