/* One sample, one line: a JSON array of small integers, and back.
 *
 * Called by the archive's writer thread for each sample and by the reader. What makes twelve bytes a
 * sample possible on disk: times as differences in microseconds, the predictable columns together at the end
 * as differences to the row before of their kind, where zeros are left out. See docs/archive-format.md. */
#include "results/archive.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

#define USERS_MAX (1U << 24) /* beyond it, iterations are written in full */
#define STEPS_MAX (1U << 20) /* beyond it, bytes and status are */
#define SURE (ROW_STEP + 1)  /* columns that every row has */
#define TIME_MAX_US 1000000000000000LL
#define BYTES_MAX 1000000000000000000LL

const char *const row_columns[ROW_COLUMNS] = {
    [ROW_END] = "end_us",          [ROW_SERVICE] = "service_us", [ROW_RECEIVE] = "receive_us",
    [ROW_LATE] = "late_us",        [ROW_USER] = "user",          [ROW_STEP] = "step",
    [ROW_BYTES_IN] = "bytes_in",   [ROW_STATUS] = "status",      [ROW_BYTES_OUT] = "bytes_out",
    [ROW_ITERATION] = "iteration", [ROW_OUTCOME] = "outcome",    [ROW_CONNECT] = "connect_us",
    [ROW_MESSAGE] = "message",
};

void row_state_free(struct row_state *s)
{
    free(s->iterations);
    free(s->stamps);
    free(s->likes);
    *s = (struct row_state){ 0 };
}

void row_member(struct row_state *s)
{
    s->stamp++;
}

void row_block(struct row_state *s, uint64_t base_us)
{
    s->last_end_us = base_us;
}

/* The place of a user's last iteration, 0 at its first row of the member; NULL for absurd users. */
static uint32_t *iteration_of(struct row_state *s, uint32_t user)
{
    if (user >= USERS_MAX) return NULL;
    if (user >= s->cap) {
        size_t cap = s->cap, stamps_cap = s->cap;
        mem_grow(&s->iterations, &cap, user + 1, sizeof *s->iterations);
        mem_grow(&s->stamps, &stamps_cap, user + 1, sizeof *s->stamps);
        memset(s->stamps + s->cap, 0, (cap - s->cap) * sizeof *s->stamps);
        s->cap = cap;
    }
    if (s->stamps[user] != s->stamp) {
        s->stamps[user] = s->stamp;
        s->iterations[user] = 0;
    }
    return &s->iterations[user];
}

/* What the step's row before in the same member had, zeros at its first; NULL for absurd steps. */
static struct row_like *like_of(struct row_state *s, uint32_t step)
{
    if (step >= STEPS_MAX) return NULL;
    if (step >= s->likes_cap) {
        size_t had = s->likes_cap;
        mem_grow(&s->likes, &s->likes_cap, step + 1, sizeof *s->likes);
        memset(s->likes + had, 0, (s->likes_cap - had) * sizeof *s->likes);
    }
    struct row_like *like = &s->likes[step];
    if (like->stamp != s->stamp) *like = (struct row_like){ .stamp = s->stamp };
    return like;
}

/* ---- writing -------------------------------------------------------------------------------------------- */

static size_t count_digits(uint64_t v)
{
    size_t n = 1;
    for (uint64_t limit = 10; n < 20 && v >= limit; limit *= 10)
        n++;
    return n;
}

/* Two digits a division, from the right: this runs for every number of every row. */
static char *put_u64(char *p, uint64_t v)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    char *end = p + count_digits(v), *at = end;
    for (; v >= 100; v /= 100) {
        at -= 2;
        memcpy(at, pairs + v % 100 * 2, 2);
    }
    if (v >= 10)
        memcpy(p, pairs + v * 2, 2);
    else
        *p = (char)('0' + v);
    return end;
}

static char *put_i64(char *p, int64_t v)
{
    if (v >= 0) return put_u64(p, (uint64_t)v);
    *p = '-';
    return put_u64(p + 1, 0 - (uint64_t)v);
}

static int64_t us(uint64_t ns)
{
    return (int64_t)(ns / NS_PER_US);
}

/* 0 means a reused connection; a new one took at least 1. */
static int64_t connect_us(const struct sample *p)
{
    if (p->reused) return 0;
    if (!p->connected_ns) return -1;
    int64_t v = us(p->connected_ns) - us(p->start_ns);
    return v ? v : 1;
}

static void fill_times(struct row_state *s, const struct sample *p, int64_t v[ROW_COLUMNS])
{
    int64_t end = us(p->end_ns), start = us(p->start_ns);
    v[ROW_END] = end - (int64_t)s->last_end_us;
    v[ROW_SERVICE] = end - start;
    v[ROW_RECEIVE] = p->first_byte_ns ? end - us(p->first_byte_ns) : -1;
    v[ROW_LATE] = start - us(p->intended_ns);
    v[ROW_CONNECT] = connect_us(p);
    s->last_end_us = (uint64_t)end;
}

static void fill_differences(struct row_state *s, const struct sample *p, int64_t v[ROW_COLUMNS])
{
    struct row_like none = { 0 }, *like = like_of(s, p->step);
    uint32_t *iteration = iteration_of(s, p->user);
    if (!like) like = &none;
    v[ROW_BYTES_IN] = (int64_t)(p->bytes_in - like->bytes_in);
    v[ROW_STATUS] = (int64_t)p->status - like->status;
    v[ROW_BYTES_OUT] = (int64_t)(p->bytes_out - like->bytes_out);
    *like = (struct row_like){ s->stamp, p->status, p->bytes_in, p->bytes_out };
    v[ROW_ITERATION] = (int64_t)p->iteration - (iteration ? *iteration : 0);
    if (iteration) *iteration = p->iteration;
}

size_t row_write(struct row_state *s, const struct sample *p, uint32_t message, char *out)
{
    int64_t v[ROW_COLUMNS];
    fill_times(s, p, v);
    fill_differences(s, p, v);
    v[ROW_USER] = p->user;
    v[ROW_STEP] = p->step;
    v[ROW_OUTCOME] = p->outcome;
    v[ROW_MESSAGE] = message;
    size_t n = ROW_COLUMNS;
    while (n > SURE && v[n - 1] == 0)
        n--;
    char *to = out;
    *to++ = '[';
    for (size_t i = 0; i < n; i++) {
        to = put_i64(to, v[i]);
        *to++ = ',';
    }
    to[-1] = ']';
    *to++ = '\n';
    return (size_t)(to - out);
}

/* ---- reading -------------------------------------------------------------------------------------------- */

/* The number at *p; what ends it is no digit. False if there is none, or a longer one than we write. */
static bool get_i64(const char **p, int64_t *out)
{
    bool minus = **p == '-';
    const char *first = *p + minus, *at = first;
    uint64_t v = 0;
    for (unsigned d; (d = (unsigned)(unsigned char)*at - '0') <= 9; at++)
        v = v * 10 + d;
    if (at == first || at - first > 18) return false;
    *p = at;
    *out = minus ? -(int64_t)v : (int64_t)v;
    return true;
}

/* Those that are not there are 0. The bracket at the line's end ends every walk over digits. */
static bool get_columns(struct slice line, int64_t v[ROW_COLUMNS])
{
    const char *p = line.p + 1, *last = line.p + line.n - 1;
    size_t n = 0;
    if (line.n < 2 || line.p[0] != '[' || *last != ']') return false;
    memset(v, 0, ROW_COLUMNS * sizeof *v);
    while (n < ROW_COLUMNS && get_i64(&p, &v[n++])) {
        if (p == last) return n >= SURE;
        if (*p++ != ',') return false;
    }
    return false;
}

static bool numbers_fit(const int64_t v[ROW_COLUMNS])
{
    return (uint64_t)v[ROW_USER] <= UINT32_MAX && (uint64_t)v[ROW_STEP] <= UINT32_MAX &&
           (uint64_t)v[ROW_OUTCOME] < OUTCOMES && (uint64_t)v[ROW_MESSAGE] <= UINT32_MAX;
}

/* What stands as a difference to the step's row before, made whole. */
static bool read_like(struct row_state *s, const int64_t v[ROW_COLUMNS], struct sample *out)
{
    struct row_like none = { 0 }, *like = like_of(s, (uint32_t)v[ROW_STEP]);
    if (!like) like = &none;
    int64_t in = v[ROW_BYTES_IN] + (int64_t)like->bytes_in, status = v[ROW_STATUS] + like->status,
            sent = v[ROW_BYTES_OUT] + (int64_t)like->bytes_out;
    if ((uint64_t)in > BYTES_MAX || (uint64_t)sent > BYTES_MAX || (uint64_t)status > UINT16_MAX)
        return false;
    *like = (struct row_like){ s->stamp, (uint16_t)status, (uint64_t)in, (uint64_t)sent };
    out->bytes_in = like->bytes_in;
    out->bytes_out = like->bytes_out;
    out->status = like->status;
    return true;
}

static void read_iteration(struct row_state *s, int64_t difference, struct sample *out)
{
    uint32_t *iteration = iteration_of(s, out->user);
    out->iteration = (uint32_t)(difference + (iteration ? *iteration : 0));
    if (iteration) *iteration = out->iteration;
}

static bool read_times(struct row_state *s, const int64_t v[ROW_COLUMNS], struct sample *out)
{
    if (s->last_end_us > TIME_MAX_US) return false;
    int64_t end = (int64_t)s->last_end_us + v[ROW_END], start = end - v[ROW_SERVICE],
            intended = start - v[ROW_LATE];
    if (start < 0 || intended < 0 || end < v[ROW_RECEIVE] || end > TIME_MAX_US ||
        start > TIME_MAX_US || intended > TIME_MAX_US || v[ROW_CONNECT] > TIME_MAX_US)
        return false;
    out->intended_ns = (uint64_t)intended * NS_PER_US;
    out->start_ns = (uint64_t)start * NS_PER_US;
    out->end_ns = (uint64_t)end * NS_PER_US;
    if (v[ROW_CONNECT] > 0) out->connected_ns = (uint64_t)(start + v[ROW_CONNECT]) * NS_PER_US;
    if (v[ROW_RECEIVE] >= 0) out->first_byte_ns = (uint64_t)(end - v[ROW_RECEIVE]) * NS_PER_US;
    s->last_end_us = (uint64_t)end;
    return true;
}

bool row_read(struct row_state *s, struct slice line, struct sample *out)
{
    int64_t v[ROW_COLUMNS];
    *out = (struct sample){ 0 };
    if (!get_columns(line, v) || !numbers_fit(v)) return false;
    if (!read_times(s, v, out) || !read_like(s, v, out)) return false;
    out->step = (uint32_t)v[ROW_STEP];
    out->user = (uint32_t)v[ROW_USER];
    out->outcome = (uint8_t)v[ROW_OUTCOME];
    out->reused = v[ROW_CONNECT] == 0;
    out->message = (uint32_t)v[ROW_MESSAGE];
    read_iteration(s, v[ROW_ITERATION], out);
    return true;
}
