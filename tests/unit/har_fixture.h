/* What the tests of the HAR reader share: recordings written with ' for ", one entry at a time. */
#ifndef TESTS_HAR_FIXTURE_H
#define TESTS_HAR_FIXTURE_H

#include <string.h>

#include "base/buf.h"
#include "har/har.h"
#include "tests/unit/test.h"

/* Sessions that a test looks into without naming them: reachable to the end of its process. */
static inline void keep_session(struct session *s)
{
    static _Thread_local struct session *kept[64];
    static _Thread_local size_t n;
    CHECK(n < 64);
    kept[n] = s;
    CHECK(kept[n++]);
}

/* JSON with ' for ", in memory that ends at a protected page; the session outlives it nowhere. */
static inline struct slice quoted(const char *text)
{
    size_t n = strlen(text);
    char *p = test_guarded(text, n);
    for (size_t i = 0; i < n; i++)
        if (p[i] == '\'') p[i] = '"';
    return (struct slice){ p, n };
}

static inline struct session *read_ok(const char *text)
{
    struct err err = { 0 };
    struct session *s = har_read_text(quoted(text), "t.har", NULL, &err);
    if (!s) test_fail(__FILE__, __LINE__, "%s", err.text);
    return s;
}

static inline void check_refused(const char *text, const char *want)
{
    struct err err = { 0 };
    CHECK(!har_read_text(quoted(text), "t.har", NULL, &err));
    CHECK_Z(err.text, want);
    CHECK_U(err.code, ERR_INPUT);
}

/* A recording by creator with these entries. */
static inline struct session *read_by(const char *creator, const char *entries)
{
    struct buf b = BUF_INIT(1 << 20);
    buf_addf(&b, "{'log':{'version':'1.2','creator':{'name':'%s','version':'1'},'entries':[%s]}}",
             creator, entries);
    struct session *s = read_ok(buf_z(&b));
    buf_free(&b);
    return s;
}

static inline struct session *read_entries(const char *entries)
{
    return read_by("Test", entries);
}

#define START "'startedDateTime':'2026-01-02T03:04:05.678Z'"
#define RESPONSE "'response':{'status':200,'headers':[],'content':{'size':0}}"

/* The one exchange of a recording whose entry has this request and response. */
static inline struct exchange *one(const char *request, const char *response)
{
    struct buf b = BUF_INIT(1 << 20);
    buf_addf(&b, "{" START ",'request':{%s},'response':{%s}}", request, response);
    struct session *s = read_entries(buf_z(&b));
    buf_free(&b);
    CHECK_U(s->n, 1);
    keep_session(s);
    return s->exchanges[0];
}

#define GET "'method':'GET','url':'http://h/'"
#define POST "'method':'POST','url':'http://h/'"
#define OK200 "'status':200,'content':{'size':0}"

static inline struct request request(const char *fields)
{
    return one(fields, OK200)->request;
}

static inline struct response response(const char *fields)
{
    return one(GET, fields)->response;
}

static inline bool has_warning(const struct session *s, const char *part)
{
    for (size_t i = 0; i < s->warnings_n; i++)
        if (slice_find(s->warnings[i].text, slice_z(part)) != SLICE_NONE ||
            slice_find(s->warnings[i].advice, slice_z(part)) != SLICE_NONE)
            return true;
    return false;
}

static inline size_t dropped(const struct session *s, const char *reason)
{
    for (size_t i = 0; i < s->drops_n; i++)
        if (slice_eq(s->drops[i].reason, slice_z(reason))) return s->drops[i].count;
    return 0;
}

#endif
