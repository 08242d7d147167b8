/* The streaming HAR writer: valid JSON at every moment, nothing lost of what was recorded. */
#include "har/har.h"

#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "har/text.h"
#include "tests/unit/test.h"

static const char *path_of(const char *name)
{
    static _Thread_local char path[200];
    snprintf(path, sizeof path, "%s/%s", test_tmpdir(), name);
    return path;
}

static struct exchange *sample(struct session *s)
{
    struct exchange *ex = session_add(s);
    size_t cap = 0;
    ex->start_ns = INT64_C(1500000000123456789);
    ex->total_ns = 1500000;
    ex->connect_ns = 1000000;
    ex->tls_ns = 2000000;
    ex->request.method = SL("POST");
    ex->request.url = SL("http://h/p?a=1%20b&c");
    ex->request.version = SL("HTTP/1.1");
    headers_add(s->arena, &ex->request.headers, &cap, SL("Cookie"), SL("k=v; l=w"));
    ex->request.body = SL("\xff\x00\x01");
    ex->request.body_state = BODY_WHOLE;
    ex->request.mime = SL("application/octet-stream");
    ex->response.status = 200;
    ex->response.reason = SL("OK");
    ex->response.version = SL("HTTP/1.1");
    ex->response.mime = SL("text/plain");
    ex->response.body = SL("line\n\"quoted\"\\ \x01 \xc3\xa9 end");
    ex->response.body_state = BODY_WHOLE;
    ex->response.wire_bytes = 5;
    return ex;
}

/* Checks that the whole file is one JSON value; gives the number of strings equal to want. */
static size_t count_strings(const char *path, struct slice want)
{
    struct file f;
    struct json j;
    size_t n = 0;
    struct arena *a = arena_new();
    CHECK(file_read(&f, path, 1 << 20, NULL));
    json_init(&j, f.text);
    for (enum json_tok t; (t = json_next(&j)) != JSON_END;) {
        CHECK(t != JSON_ERROR);
        if (t == JSON_STRING && slice_eq(json_str(&j, a), want)) n++;
    }
    arena_free(a);
    file_close(&f);
    return n;
}

TEST(har_writer_is_valid_json_after_every_flush)
{
    struct session *s = session_new();
    struct exchange *ex = sample(s);
    const char *path = path_of("a.har");
    struct har_writer *w = har_writer_open(path, "9.9", NULL);
    CHECK(w);
    CHECK_U(count_strings(path, SL("9.9")), 1);
    for (size_t i = 1; i <= 5; i++) {
        CHECK(har_writer_add(w, ex, NULL));
        CHECK(har_writer_flush(w, NULL));
        CHECK_U(count_strings(path, SL("line\n\"quoted\"\\ \x01 \xc3\xa9 end")), i);
        CHECK_U(count_strings(path, SL("2017-07-14T02:40:00.123456Z")), i);
        CHECK_U(count_strings(path, SL("/wAB")), i);
        CHECK_U(count_strings(path, SL("1 b")), i); /* a query value, decoded */
    }
    CHECK_U(har_writer_entries(w), 5);
    CHECK(har_writer_close(w, NULL));
    CHECK_U(count_strings(path, SL("POST")), 5);
    struct stat st;
    CHECK(stat(path, &st) == 0);
    CHECK_U(st.st_mode & 0777, 0600);
    session_free(s);
}

TEST(har_writer_empty_and_failing)
{
    struct err err = { 0 };
    const char *path = path_of("b.har");
    struct har_writer *w = har_writer_open(path, "1", &err);
    CHECK(har_writer_close(w, &err));
    CHECK_U(count_strings(path, SL("reprise")), 1);
    CHECK(!har_writer_open("/nonexistent/x.har", "1", &err));
    CHECK_U(err.code, ERR_INTERNAL);
}

TEST(har_writer_web_socket_and_marks)
{
    struct session *s = session_new();
    struct exchange *ex = sample(s);
    struct ws_message m[2] = { { WS_SEND, INT64_C(1500000000500000000), 1, SL("hello") },
                               { WS_RECEIVE, INT64_C(1500000000600000000), 2, SL("\x00\xff") } };
    ex->ws = m;
    ex->ws_n = 2;
    ex->incomplete = true;
    ex->comment = SL("gap: 3 bytes");
    ex->from = FROM_PUSH;
    const char *path = path_of("c.har");
    struct har_writer *w = har_writer_open(path, "1", NULL);
    CHECK(har_writer_add(w, ex, NULL));
    CHECK(har_writer_close(w, NULL));
    CHECK_U(count_strings(path, SL("hello")), 1);
    CHECK_U(count_strings(path, SL("AP8=")), 1);
    CHECK_U(count_strings(path, SL("gap: 3 bytes")), 1);
    session_free(s);
}

/* JSON of n letters with c in one place, character by character. */
static void one_odd(struct buf *out, size_t n, size_t at, char c)
{
    buf_addc(out, '"');
    for (size_t i = 0; i < n; i++) {
        if (i != at)
            buf_addc(out, 'x');
        else if (strchr("\"\\", c) && c)
            buf_addf(out, "\\%c", c);
        else if (strchr("\n\r\t", c) && c)
            buf_addf(out, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
        else if ((unsigned char)c < 0x20)
            buf_addf(out, "\\u%04x", (unsigned)c);
        else if ((unsigned char)c < 0x80)
            buf_addc(out, c);
        else
            buf_addz(out, "\xef\xbf\xbd");
    }
    buf_addc(out, '"');
}

TEST(har_text_json_every_byte_at_every_place)
{
    char plain[24];
    struct buf got = BUF_INIT(1000), want = BUF_INIT(1000);
    memset(plain, 'x', sizeof plain);
    for (size_t n = 1; n <= sizeof plain; n++) {
        char *text = test_guarded(plain, n);
        for (unsigned i = 0; i < n * 256; i++) {
            text[i / 256] = (char)i;
            buf_reset(&got);
            buf_reset(&want);
            text_json(&got, (struct slice){ text, n });
            one_odd(&want, n, i / 256, (char)i);
            CHECK_S(buf_slice(&got), buf_slice(&want));
            text[i / 256] = 'x';
        }
        test_guarded_free(text, n);
    }
    buf_free(&got);
    buf_free(&want);
}
