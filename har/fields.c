/* JSON objects into structs by table: member name, kind, offset.
 *
 * Under every reader of har/. Recorders disagree about types (numbers in quotes, null for absent), so a
 * kind takes what can be understood and leaves the rest as absent. */
#include "har/reader.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

#define KEPT_BYTES 2000

bool har_bad(const struct har_reader *r)
{
    return r->j.tok == JSON_ERROR;
}

/* Small texts are copied, what comes again once, so that the file may leave memory after it was read. */
static struct slice keep(struct har_reader *r, struct slice text)
{
    if (text.n == 0 || text.n > KEPT_BYTES) return text;
    struct slice *seen = &r->recent[slice_hash(text) % HAR_RECENT];
    if (!slice_eq(*seen, text)) *seen = arena_dup(r->s->arena, text);
    return *seen;
}

static struct slice read_text(struct har_reader *r, bool any)
{
    struct slice raw = { 0 };
    switch (r->j.tok) {
    case JSON_STRING: return r->j.escaped ? json_str(&r->j, r->s->arena) : keep(r, r->j.raw);
    case JSON_NUMBER:
    case JSON_TRUE:
    case JSON_FALSE: return r->j.raw;
    case JSON_OBJECT:
    case JSON_ARRAY: json_value(&r->j, &raw); return any && !har_bad(r) ? raw : (struct slice){ 0 };
    case JSON_NULL:
    case JSON_KEY:
    case JSON_OBJECT_END:
    case JSON_ARRAY_END:
    case JSON_ERROR:
    case JSON_END: break;
    }
    return raw;
}

/* A finite number, in quotes or not. */
static bool read_number(struct har_reader *r, double *out)
{
    enum json_tok tok = r->j.tok;
    struct slice raw = r->j.raw;
    json_skip(&r->j);
    return (tok == JSON_NUMBER || tok == JSON_STRING) && num_f64(raw, out);
}

static int64_t read_ns(struct har_reader *r)
{
    double ms;
    if (!read_number(r, &ms) || ms < 0 || ms > 1e12) return TIME_UNKNOWN;
    return llround(ms * (double)NS_PER_MS);
}

/* Milliseconds or seconds since 1970 where a date should be; 0 stands for none. */
static int64_t read_time(struct har_reader *r)
{
    int64_t ns = 0;
    double v;
    if (r->j.tok == JSON_STRING && clock_parse_iso(json_str(&r->j, r->s->arena), &ns))
        return ns > 0 ? ns : TIME_UNKNOWN;
    if (!read_number(r, &v) || v <= 0) return TIME_UNKNOWN;
    double ms = v > 1e11 ? v : v * 1e3;
    return ms < 9e15 / 1e3 ? llround(ms * (double)NS_PER_MS) : TIME_UNKNOWN;
}

static bool read_flag(struct har_reader *r)
{
    double v = 0;
    enum json_tok tok = r->j.tok;
    if (tok == JSON_TRUE) return true;
    bool yes = tok == JSON_STRING && slice_eq(r->j.raw, SL("true"));
    return (read_number(r, &v) && v != 0) || yes;
}

static void read_field(struct har_reader *r, const struct har_field *f, void *to)
{
    char *at = (char *)to + f->at;
    double v;
    switch (f->kind) {
    case HAR_TEXT:
    case HAR_ANY: *(struct slice *)(void *)at = read_text(r, f->kind == HAR_ANY); break;
    case HAR_NS: *(int64_t *)(void *)at = read_ns(r); break;
    case HAR_TIME: *(int64_t *)(void *)at = read_time(r); break;
    case HAR_FLAG: *(bool *)(void *)at = read_flag(r); break;
    case HAR_NUMBER:
        if (read_number(r, &v) && fabs(v) < 9e15) *(int64_t *)(void *)at = (int64_t)v;
        break;
    case HAR_CALL: f->call(r, at); break;
    }
}

static const struct har_field *find_field(const struct json *j, const struct har_field *f, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (j->escaped ? json_key_is(j, f[i].name) : slice_eq(j->raw, f[i].name)) return &f[i];
    return NULL;
}

void har_object_read(struct har_reader *r, const struct har_field *f, size_t n, void *to)
{
    if (r->j.tok != JSON_OBJECT) {
        json_skip(&r->j);
        return;
    }
    while (json_next(&r->j) == JSON_KEY) {
        const struct har_field *field = find_field(&r->j, f, n);
        json_next(&r->j);
        if (field)
            read_field(r, field, to);
        else
            json_skip(&r->j);
    }
}

void har_array_read(struct har_reader *r, void (*item)(struct har_reader *r, void *to), void *to)
{
    if (r->j.tok != JSON_ARRAY) {
        json_skip(&r->j);
        return;
    }
    while (json_next(&r->j) != JSON_ARRAY_END && !har_bad(r))
        item(r, to);
}

static void read_item(struct har_reader *r, void *to)
{
    static const struct har_field fields[] = {
        { SL("name"), HAR_TEXT, offsetof(struct har_item, name), NULL },
        { SL("value"), HAR_ANY, offsetof(struct har_item, value), NULL },
        { SL("fileName"), HAR_TEXT, offsetof(struct har_item, file_name), NULL },
        { SL("contentType"), HAR_TEXT, offsetof(struct har_item, content_type), NULL },
        { SL("path"), HAR_TEXT, offsetof(struct har_item, path), NULL },
        { SL("domain"), HAR_TEXT, offsetof(struct har_item, domain), NULL },
        { SL("expires"), HAR_TEXT, offsetof(struct har_item, expires), NULL },
        { SL("httpOnly"), HAR_FLAG, offsetof(struct har_item, http_only), NULL },
        { SL("secure"), HAR_FLAG, offsetof(struct har_item, secure), NULL },
    };
    struct har_list *list = to;
    struct har_item item = { 0 };
    bool object = r->j.tok == JSON_OBJECT;
    har_object_read(r, fields, HAR_COUNT(fields), &item);
    if (!object || item.name.p == NULL) return;
    if (list->n == list->cap) mem_grow(&list->v, &list->cap, list->n + 1, sizeof *list->v);
    list->v[list->n++] = item;
}

void har_list_read(struct har_reader *r, void *to)
{
    struct har_list *list = to;
    list->n = 0; /* of two members with one name the last counts */
    har_array_read(r, read_item, list);
}
