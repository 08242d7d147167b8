/* Dates ahead of their request: what a date picker wrote, "2026-12-23" in thirty days.
 *
 * Called by flow_generate for what the client made itself. Such a date is written as today(+30d), the same
 * distance from the replay's day, but only when nothing else explains it: it is a whole field, no answer
 * before it held that text, and it lies 0 to AHEAD_DAYS ahead. Past dates (birthdays, reports) and dates that an
 * answer offered stay as recorded; --explain says which. */
#include "base/clock.h"
#include "base/num.h"
#include "scenarios/correlate/report.h"
#include "scenarios/correlate/second.h"
#include "scenarios/value.h"

#define AHEAD_DAYS 400
#define DATES_MAX 32                  /* looked for in answers */
#define ANSWERS_MAX ((size_t)8 << 20) /* bytes of answers that are searched for one */
#define DAY_S 86400

/* "2026-12-23", alone or in front of a time. */
static bool starts_with_date(struct slice t, int64_t *day)
{
    int64_t ns;
    if (t.n < 10 || t.n > 30 || t.p[4] != '-' || t.p[7] != '-') return false;
    if (t.n > 10 && t.p[10] != 'T') return false;
    for (size_t i = 11; i < t.n; i++)
        if (slice_chr(SL("0123456789:.+-Z"), t.p[i]) == SLICE_NONE) return false;
    struct buf b = BUF_INIT(24);
    buf_add(&b, slice_sub(t, 0, 10));
    buf_addz(&b, "T00:00:00Z");
    bool ok = clock_parse_iso(buf_slice(&b), &ns);
    buf_free(&b);
    if (ok) *day = ns / (int64_t)NS_PER_S / DAY_S;
    return ok;
}

/* The first use, if each use is a whole field that the client filled in. */
static const struct use *typed_use(const struct value *v)
{
    for (const struct use *u = v->uses; u; u = u->next) {
        enum where at = u->node->where;
        bool field = at == AT_FORM || at == AT_PART || at == AT_JSON || at == AT_QUERY;
        bool whole = u->from == 0 && u->to == u->node->text.n;
        if (!field || !whole || u->node->secondary || u->expr.n || second_says_constant(u))
            return NULL;
    }
    return v->uses;
}

static bool was_offered(const struct flow *f, struct slice date, size_t step)
{
    size_t looked = 0;
    for (size_t i = step; i-- > 0 && looked < ANSWERS_MAX;) {
        struct slice body = f->items[i].ex->response.body;
        if (f->items[i].is_static) continue;
        if (slice_find(body, date) != SLICE_NONE) return true;
        looked += body.n;
    }
    return false;
}

static struct slice expression(struct flow *f, struct slice text, int64_t days)
{
    struct slice today =
        days ? arena_printf(f->a, "today(+%lldd)", (long long)days) : SL("today()");
    if (text.n == 10) return today;
    return arena_printf(f->a, "%.*s + \"%.*s\"", SL_FMT(today), SL_FMT(slice_from(text, 10)));
}

struct slice date_expression(struct flow *f, const struct value *v)
{
    int64_t day;
    const struct use *u = typed_use(v);
    if (!u || f->zero_ns == TIME_UNKNOWN || !starts_with_date(v->text, &day))
        return (struct slice){ 0 };
    int64_t at = f->zero_ns + f->items[u->node->step].start_ns;
    int64_t ahead = day - at / (int64_t)NS_PER_S / DAY_S;
    const char *why = NULL;
    if (ahead < 0) why = "it is past";
    if (ahead > AHEAD_DAYS) why = "it is far ahead";
    if (!why && f->dates++ >= DATES_MAX) why = "there are many dates";
    if (!why && was_offered(f, slice_sub(v->text, 0, 10), u->node->step)) why = "an answer had it";
    if (!why) return expression(f, v->text, ahead);
    struct slice place = report_place(f, u->node);
    report_note(f, "%.*s: the date %.*s stays as recorded: %s", SL_FMT(place), SL_FMT(v->text),
                why);
    return (struct slice){ 0 };
}
