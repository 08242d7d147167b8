/* `reprise try`: what came back. Reads the archive that the walk's run wrote and lays its answers beside the
 * scenario's requests, by the rows of the statistics: requests of one name, method and group are one row, and
 * their answers come in order. */
#include "cli/try.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/gz.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/num.h"

#define MEMBER_MAX ((size_t)256 << 20)
#define ARCHIVE_MAX ((size_t)1 << 30)

/* ---- the archive ---------------------------------------------------------------------------------- */

/* "HTTP/1.1 200 OK" */
static int status_of(struct slice head)
{
    uint64_t status = 0;
    size_t blank = slice_chr(head, ' ');
    if (blank == SLICE_NONE) return 0;
    return num_u64(slice_sub(head, blank + 1, blank + 4), 999, &status) ? (int)status : 0;
}

static void take_answer(struct trial *t, struct slice line)
{
    struct json j;
    struct try_answer l = { 0 };
    json_init(&j, line);
    json_next(&j);
    while (json_next(&j) == JSON_KEY) {
        struct slice key = json_str(&j, t->a);
        json_next(&j);
        if (slice_eq(key, SL("step")) && !num_u64(j.raw, UINT64_MAX, &l.number)) return;
        if (slice_eq(key, SL("head"))) l.head = arena_dup(t->a, json_str(&j, t->a));
        if (slice_eq(key, SL("body"))) l.body = arena_dup(t->a, json_str(&j, t->a));
        if (!json_skip(&j)) return;
    }
    l.status = status_of(l.head);
    mem_grow(&t->answers, &t->answers_cap, t->answers_n + 1, sizeof l);
    t->answers[t->answers_n++] = l;
}

bool try_read(struct trial *t, const char *archive, struct err *err)
{
    struct file f;
    if (!file_read(&f, archive, ARCHIVE_MAX, err)) return false;
    struct buf text = BUF_INIT(MEMBER_MAX);
    size_t at = 0;
    while (gz_next(f.text, &at, &text) == GZ_MEMBER) {
        struct slice rest = buf_slice(&text), line;
        while (slice_next(&rest, '\n', &line))
            if (slice_starts(line, SL("{\"type\":\"answer\""))) take_answer(t, line);
    }
    buf_free(&text);
    file_close(&f);
    return true;
}

struct headers try_headers(struct trial *t, const struct try_answer *a)
{
    struct headers h = { 0 };
    size_t cap = 0;
    struct slice head = a->head, line, name, value;
    while (slice_next(&head, '\n', &line))
        if (slice_cut(line, ':', &name, &value))
            headers_add(t->a, &h, &cap, name, slice_trim(value));
    return h;
}

/* ---- the walk ------------------------------------------------------------------------------------- */

/* The names of the groups around: "outer / inner". */
static struct slice group_of(struct trial *t, struct slice outer, const struct step *s)
{
    if (s->kind != STEP_GROUP && s->kind != STEP_PARALLEL) return outer;
    if (!s->name.n) return outer;
    return outer.n ? arena_printf(t->a, "%.*s / %.*s", SL_FMT(outer), SL_FMT(s->name)) : s->name;
}

static void gather(struct trial *t, const struct step *v, size_t n, struct slice group)
{
    for (size_t i = 0; i < n; i++) {
        unsigned times = v[i].kind == STEP_REPEAT ? v[i].times : 1;
        for (unsigned k = 0; k < times; k++)
            gather(t, v[i].steps, v[i].steps_n, group_of(t, group, &v[i]));
        if (!v[i].request) continue;
        mem_grow(&t->steps, &t->steps_cap, t->steps_n + 1, sizeof *t->steps);
        t->steps[t->steps_n++] = (struct try_step){ .request = v[i].request, .group = group };
    }
}

static bool same_row(struct trial *t, const struct try_step *a, const struct try_step *b)
{
    return slice_eq(a->request->method, b->request->method) && slice_eq(a->group, b->group) &&
           slice_eq(request_shown(t->a, a->request), request_shown(t->a, b->request));
}

static const struct try_answer *answer_of(struct trial *t, uint64_t number)
{
    for (size_t i = 0; i < t->answers_n; i++) {
        struct try_answer *a = &t->answers[i];
        if (a->number != number || a->taken) continue;
        a->taken = true;
        return a;
    }
    return NULL;
}

/* Rows are numbered in order of the first request of each. */
static void match(struct trial *t)
{
    uint64_t *number = arena_many(t->a, t->steps_n + 1, uint64_t), rows = 0;
    for (size_t i = 0; i < t->steps_n; i++) {
        size_t k = 0;
        while (k < i && !same_row(t, &t->steps[k], &t->steps[i]))
            k++;
        number[i] = k < i ? number[k] : rows++;
        t->steps[i].answer = answer_of(t, number[i]);
    }
}

void try_gather(struct trial *t)
{
    gather(t, t->s->on_start, t->s->on_start_n, SL(""));
    for (size_t i = 0; i < t->s->tasks_n; i++)
        gather(t, t->s->tasks[i].steps, t->s->tasks[i].steps_n, SL(""));
    gather(t, t->s->on_stop, t->s->on_stop_n, SL(""));
    match(t);
}

void try_free(struct trial *t)
{
    for (size_t i = 0; i < t->steps_n; i++) {
        free(t->steps[i].differences);
        free(t->steps[i].literals);
    }
    free(t->steps);
    free(t->answers);
    scenario_free(t->s);
    arena_free(t->a);
}
