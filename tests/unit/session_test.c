#include "http/session.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "tests/unit/test.h"

static struct exchange *add(struct session *s, const char *url, int64_t start_ns)
{
    struct exchange *ex = session_add(s);
    ex->request.url = arena_dup(s->arena, slice_z(url));
    ex->start_ns = start_ns;
    return ex;
}

static void check_order(const struct session *s, const char *want)
{
    struct buf b = BUF_INIT(1000);
    for (size_t i = 0; i < s->n; i++)
        buf_add(&b, s->exchanges[i]->request.url);
    CHECK_S(buf_slice(&b), slice_z(want));
    buf_free(&b);
}

TEST(session_new_exchange_knows_nothing)
{
    struct session *s = session_new();
    struct exchange *ex = session_add(s);
    CHECK(ex->start_ns == TIME_UNKNOWN && ex->total_ns == TIME_UNKNOWN &&
          ex->tls_ns == TIME_UNKNOWN);
    CHECK(ex->response.wire_bytes == -1 && ex->request.body_state == BODY_NONE);
    session_free(s);
    session_free(NULL);
}

TEST(session_sort_is_stable_and_keeps_the_timeless_behind)
{
    struct session *s = session_new();
    add(s, "u", TIME_UNKNOWN);
    add(s, "c", 30);
    add(s, "d", TIME_UNKNOWN);
    add(s, "a", 10);
    add(s, "e", 30);
    add(s, "b", 10);
    session_sort(s);
    check_order(s, "uabcde");
    session_sort(s);
    check_order(s, "uabcde");
    session_free(s);
}

TEST(session_sort_many)
{
    struct session *s = session_new();
    for (int64_t i = 0; i < 5000; i++)
        add(s, "x", i * 7919 % 5000);
    session_sort(s);
    for (size_t i = 0; i < s->n; i++)
        CHECK_U(s->exchanges[i]->start_ns, i);
    session_free(s);
}

TEST(session_drops_and_warnings)
{
    struct session *s = session_new();
    session_dropped(s, "cached");
    session_dropped(s, "tunnel");
    session_dropped(s, "cached");
    CHECK_U(s->drops_n, 2);
    CHECK_S(s->drops[0].reason, SL("cached"));
    CHECK_U(s->drops[0].count, 2);
    for (int i = 0; i < 9; i++) {
        session_warn(s, "look", "warning %d", i % 5);
        session_warn(s, "look", "warning %d", i % 3);
    }
    CHECK_U(s->warnings_n, 5);
    CHECK_S(s->warnings[1].text, SL("warning 1"));
    CHECK_S(s->warnings[1].advice, SL("look"));
    session_free(s);
}

TEST(session_join_keeps_everything)
{
    struct session *s = session_new(), *o = session_new(), *third = session_new();
    add(s, "b", 20)->page = SL("page_1");
    s->pages = arena_one(s->arena, struct page);
    s->pages[0].id = SL("page_1");
    s->pages_n = 1;
    add(o, "a", 10)->page = SL("page_1");
    o->pages = arena_one(o->arena, struct page);
    o->pages[0].id = SL("page_1");
    o->pages_n = 1;
    o->entries_read = 3;
    session_dropped(o, "cached");
    session_warn(o, "", "w");
    add(third, "c", 20);
    session_join(s, o);
    session_join(s, third);
    session_sort(s);
    check_order(s, "abc");
    CHECK_U(s->pages_n, 2);
    CHECK_S(s->exchanges[0]->page, s->pages[1].id);
    CHECK_S(s->exchanges[1]->page, SL("page_1"));
    CHECK(!slice_eq(s->pages[1].id, SL("page_1")));
    CHECK_U(s->entries_read, 3);
    CHECK_U(s->drops_n, 1);
    CHECK_U(s->warnings_n, 1);
    session_free(s);
}

TEST(session_closes_its_files)
{
    struct session *s = session_new();
    struct err err = { 0 };
    for (int i = 0; i < 3; i++) {
        struct file *f = mem_alloc(1, sizeof *f);
        CHECK(file_read(f, "/proc/self/cmdline", 1 << 20, &err));
        session_keep_file(s, f);
        add(s, "x", i)->request.body = f->text;
    }
    CHECK_U(s->files_n, 3);
    session_free(s);
}

TEST(session_headers)
{
    struct arena *a = arena_new();
    struct headers h = { 0 };
    size_t cap = 0;
    CHECK(!headers_has(&h, SL("x")));
    for (int i = 0; i < 40; i++)
        headers_add(a, &h, &cap, i == 20 ? SL("Content-Type") : SL("A"), i == 3 ? SL("") : SL("v"));
    CHECK_U(h.n, 40);
    CHECK_S(headers_get(&h, SL("content-TYPE")), SL("v"));
    CHECK_S(headers_get(&h, SL("b")), SL(""));
    CHECK(headers_has(&h, SL("a")) && !headers_has(&h, SL("b")));
    arena_free(a);
}
