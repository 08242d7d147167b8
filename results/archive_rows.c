/* One sample, one line: a JSON array of small integers, and back.
 *
 * Called by the archive's writer thread for each sample and by the reader. What makes twelve bytes a
 * sample possible on disk: times as differences in microseconds, columns in an order in which the
 * predictable ones stand together at the end, where they are left out. See docs/archive-format.md. */
#include "results/archive.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

#define USERS_MAX (1U << 24) /* beyond it, iterations are written in full */
#define STEPS_MAX (1U << 20) /* beyond it, every row is */
#define SHORT ROW_STATUS     /* columns of a row whose status and bytes sent are as before */

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

/* The step's place; what is in it counts if its stamp is the member's. NULL for absurd steps. */
static struct row_like *like_of(struct row_state *s, uint32_t step)
{
    if (step >= STEPS_MAX) return NULL;
    if (step >= s->likes_cap) {
        size_t had = s->likes_cap;
        mem_grow(&s->likes, &s->likes_cap, step + 1, sizeof *s->likes);
        memset(s->likes + had, 0, (s->likes_cap - had) * sizeof *s->likes);
    }
    return &s->likes[step];
}

/* Whether the row before had the same; from now on this one is the row before. */
static bool as_before(struct row_state *s, uint32_t step, uint16_t status, uint64_t bytes_out)
{
    struct row_like *like = like_of(s, step);
    if (!like) return false;
    bool same = like->stamp == s->stamp && like->status == status && like->bytes_out == bytes_out;
    *like = (struct row_like){ s->stamp, status, bytes_out };
    return same;
}

/* ---- writing -------------------------------------------------------------------------------------------- */

static char *put_i64(char *p, int64_t v)
{
    char digits[20];
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    size_t n = 0;
    if (v < 0) *p++ = '-';
    do
        digits[n++] = (char)('0' + u % 10);
    while (u /= 10);
    while (n)
        *p++ = digits[--n];
    return p;
}

static int64_t us(uint64_t ns)
{
    return (int64_t)(ns / NS_PER_US);
}

static void fill_columns(struct row_state *s, const struct sample *p, int64_t v[ROW_COLUMNS])
{
    int64_t end = us(p->end_ns), start = us(p->start_ns);
    uint32_t *iteration = iteration_of(s, p->user);
    v[ROW_END] = end - (int64_t)s->last_end_us;
    v[ROW_SERVICE] = end - start;
    v[ROW_RECEIVE] = p->first_byte_ns ? end - us(p->first_byte_ns) : -1;
    v[ROW_LATE] = start - us(p->intended_ns);
    v[ROW_USER] = p->user;
    v[ROW_STEP] = p->step;
    v[ROW_BYTES_IN] = (int64_t)p->bytes_in;
    v[ROW_STATUS] = p->status;
    v[ROW_BYTES_OUT] = (int64_t)p->bytes_out;
    v[ROW_ITERATION] = (int64_t)p->iteration - (iteration ? *iteration : 0);
    v[ROW_OUTCOME] = p->outcome;
    /* 0 means a reused connection; a new one took at least 1. */
    v[ROW_CONNECT] = p->reused ? 0 : p->connected_ns ? us(p->connected_ns) - start : -1;
    if (v[ROW_CONNECT] == 0 && !p->reused) v[ROW_CONNECT] = 1;
    if (iteration) *iteration = p->iteration;
    s->last_end_us = (uint64_t)end;
}

size_t row_write(struct row_state *s, const struct sample *p, uint32_t message, char *out)
{
    int64_t v[ROW_COLUMNS];
    fill_columns(s, p, v);
    v[ROW_MESSAGE] = message;
    size_t n = ROW_COLUMNS;
    while (n > ROW_BYTES_OUT + 1 && v[n - 1] == 0)
        n--;
    if (as_before(s, p->step, p->status, p->bytes_out) && n == ROW_BYTES_OUT + 1) n = SHORT;
    char *to = out;
    *to++ = '[';
    for (size_t i = 0; i < n; i++) {
        if (i) *to++ = ',';
        to = put_i64(to, v[i]);
    }
    *to++ = ']';
    *to++ = '\n';
    return (size_t)(to - out);
}

/* ---- reading -------------------------------------------------------------------------------------------- */

static bool get_i64(const char **p, const char *end, int64_t *out)
{
    bool minus = *p < end && **p == '-';
    const char *at = *p + minus;
    const char *first = at;
    uint64_t v = 0;
    for (; at < end && *at >= '0' && *at <= '9'; at++)
        v = v * 10 + (uint64_t)(*at - '0');
    if (at == first || at - first > 18) return false;
    *p = at;
    *out = minus ? -(int64_t)v : (int64_t)v;
    return true;
}

/* How many columns the line has, 0 if it is no row. The others are set to 0. */
static size_t get_columns(struct slice line, int64_t v[ROW_COLUMNS])
{
    const char *p = line.p + 1, *end = line.p + line.n;
    size_t n = 0;
    if (line.n < 2 || line.p[0] != '[') return 0;
    for (; n < ROW_COLUMNS; n++) {
        if (!get_i64(&p, end, &v[n]) || p == end) return 0;
        if (*p == ']') break;
        if (*p++ != ',') return 0;
    }
    if (n++ == ROW_COLUMNS || p + 1 != end) return 0;
    for (size_t i = n; i < ROW_COLUMNS; i++)
        v[i] = 0;
    return n == SHORT || n > ROW_BYTES_OUT ? n : 0;
}

/* A short row's status and bytes sent, from the step's row before; false if there was none. */
static bool complete(struct row_state *s, size_t n, int64_t v[ROW_COLUMNS])
{
    if (v[ROW_STEP] < 0 || v[ROW_STEP] >= STEPS_MAX) return n != SHORT;
    struct row_like *like = like_of(s, (uint32_t)v[ROW_STEP]);
    if (n == SHORT && like->stamp != s->stamp) return false;
    if (n == SHORT) {
        v[ROW_STATUS] = like->status;
        v[ROW_BYTES_OUT] = (int64_t)like->bytes_out;
    }
    *like = (struct row_like){ s->stamp, (uint16_t)v[ROW_STATUS], (uint64_t)v[ROW_BYTES_OUT] };
    return true;
}

static bool columns_fit(const int64_t v[ROW_COLUMNS], int64_t end, int64_t start)
{
    return end >= 0 && start >= 0 && start - v[ROW_LATE] >= 0 && v[ROW_USER] >= 0 &&
           v[ROW_USER] <= UINT32_MAX && v[ROW_STEP] >= 0 && v[ROW_STEP] <= UINT32_MAX &&
           v[ROW_BYTES_IN] >= 0 && v[ROW_BYTES_OUT] >= 0 && v[ROW_STATUS] >= 0 &&
           v[ROW_STATUS] <= UINT16_MAX && v[ROW_OUTCOME] >= 0 && v[ROW_OUTCOME] < OUTCOMES &&
           v[ROW_MESSAGE] >= 0 && v[ROW_MESSAGE] <= UINT32_MAX;
}

bool row_read(struct row_state *s, struct slice line, struct sample *out)
{
    int64_t v[ROW_COLUMNS];
    size_t n = get_columns(line, v);
    if (n == 0 || !complete(s, n, v)) return false;
    int64_t end = (int64_t)s->last_end_us + v[ROW_END], start = end - v[ROW_SERVICE];
    if (!columns_fit(v, end, start)) return false;
    uint32_t *iteration = iteration_of(s, (uint32_t)v[ROW_USER]);
    *out = (struct sample){
        .intended_ns = (uint64_t)(start - v[ROW_LATE]) * NS_PER_US,
        .start_ns = (uint64_t)start * NS_PER_US,
        .connected_ns = v[ROW_CONNECT] > 0 ? (uint64_t)(start + v[ROW_CONNECT]) * NS_PER_US : 0,
        .first_byte_ns = v[ROW_RECEIVE] >= 0 ? (uint64_t)(end - v[ROW_RECEIVE]) * NS_PER_US : 0,
        .end_ns = (uint64_t)end * NS_PER_US,
        .bytes_in = (uint64_t)v[ROW_BYTES_IN],
        .bytes_out = (uint64_t)v[ROW_BYTES_OUT],
        .step = (uint32_t)v[ROW_STEP],
        .user = (uint32_t)v[ROW_USER],
        .iteration = (uint32_t)(v[ROW_ITERATION] + (iteration ? *iteration : 0)),
        .status = (uint16_t)v[ROW_STATUS],
        .outcome = (uint8_t)v[ROW_OUTCOME],
        .reused = v[ROW_CONNECT] == 0,
        .message = (uint32_t)v[ROW_MESSAGE],
    };
    if (iteration) *iteration = out->iteration;
    s->last_end_us = (uint64_t)end;
    return true;
}
