/* The HAR reader: files, encodings, refusals, attachments. */
#include "har/har.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/gz.h"
#include "tests/unit/har_fixture.h"

TEST(har_versions)
{
    static const char *const fine[] = { "1.1", "1.2", "1.3", "", "1" };
    for (size_t i = 0; i < 5; i++) {
        struct buf b = BUF_INIT(200);
        buf_addf(&b, "{'log':{'version':'%s','entries':[]}}", fine[i]);
        session_free(read_ok(buf_z(&b)));
        buf_free(&b);
    }
    check_refused("{'log':{\n'version':'2.0','entries':[]}}",
                  "t.har:2:11: HAR version \"2.0\" is not known (1.1 and 1.2 are)");
}

TEST(har_refusals)
{
    check_refused("", "t.har: the file is empty");
    check_refused("  \n", "t.har: the file is empty");
    check_refused("<html>", "t.har: XML or HTML, not a HAR");
    check_refused("PK\x03\x04zip", "t.har: a ZIP archive, not a HAR");
    check_refused("\x89PNG\r\n", "t.har:1:1: not a HAR: expected a JSON object");
    check_refused("[]", "t.har:1:1: not a HAR: expected an object with the member \"log\"");
    check_refused("{'a':1}", "t.har:1:1: not a HAR: expected an object with the member \"log\"");
    check_refused("{'log':7}", "t.har:1:1: not a HAR: expected an object with the member \"log\"");
    check_refused("{'log':{}}", "t.har:1:8: not a HAR: \"log\" has no list \"entries\"");
    check_refused("{'log':{'entries':{}}}",
                  "t.har:1:8: not a HAR: \"log\" has no list \"entries\"");
    check_refused("{'log':\n  {'entries':[}}", "t.har:2:15: expected a value or ']', found '}'");
    check_refused("{'log':{'entries':[]}}\n!",
                  "t.har:2:1: expected the end of the text, found '!'");
    struct err err = { 0 };
    struct har_options opt = { .max_entries = 1 };
    CHECK(!har_read_text(quoted("{'log':{'entries':[{},{}]}}"), "t.har", &opt, &err));
    CHECK_Z(err.text, "t.har: more than 1 entries");
}

static const char sample[] =
    "{'log':{'version':'1.2','creator':{'name':'x'},'pages':[{'id':'p'}],'entries':[{" START
    ",'time':1,'request':{'method':'POST','url':'http://h/"
    "a?b','headers':[{'name':'A','value':'b\\n'}],"
    "'cookies':[{'name':'c','value':'d'}],'postData':{'mimeType':'application/"
    "x-www-form-urlencoded',"
    "'params':[{'name':'e','value':'f'}]}},'response':{'status':200,'content':{'size':2,'text':'"
    "aGk=',"
    "'encoding':'base64'}},'timings':{'wait':1},'_webSocketMessages':[{'type':'send','time':1,'"
    "data':'x'}],"
    "'_initiator':{'stack':{'callFrames':[{'url':'u'}]}}}]}}";

TEST(har_truncated_everywhere)
{
    for (size_t i = 0; i < sizeof sample - 1; i++) {
        char text[sizeof sample];
        struct err err = { 0 };
        memcpy(text, sample, i);
        text[i] = '\0';
        struct slice s = quoted(text);
        CHECK(!har_read_text(s, "t.har", NULL, &err));
        CHECK(err_is(&err));
        test_guarded_free((char *)(uintptr_t)s.p, s.n);
    }
    session_free(read_ok(sample));
}

TEST(har_script_around_it)
{
    struct session *s = read_ok("onInputData({'log':{'entries':[{'request':{" GET "}}]}});\n");
    CHECK_U(s->n, 1);
    session_free(s);
    check_refused("call({'log':{'entries':[}});", "t.har:1:25: expected a value or ']', found '}'");
}

static const char *write_file(const char *name, struct slice text)
{
    static _Thread_local char path[300];
    snprintf(path, sizeof path, "%s/%s", test_tmpdir(), name);
    CHECK(file_write(path, text, NULL));
    return path;
}

static void check_file(const char *name, struct slice text)
{
    struct err err = { 0 };
    struct session *s = har_read(write_file(name, text), NULL, &err);
    if (!s) test_fail(__FILE__, __LINE__, "%s: %s", name, err.text);
    CHECK_U(s->n, 1);
    CHECK_S(s->exchanges[0]->response.body, SL("hi"));
    session_free(s);
}

static struct buf wide(struct slice s, bool big, bool mark)
{
    struct buf b = BUF_INIT(1 << 20);
    if (mark) buf_add(&b, big ? SL("\xfe\xff") : SL("\xff\xfe"));
    for (size_t i = 0; i < s.n; i++) {
        if (big) buf_addc(&b, '\0');
        buf_addc(&b, s.p[i]);
        if (!big) buf_addc(&b, '\0');
    }
    return b;
}

TEST(har_encodings_of_files)
{
    struct slice text = quoted(sample);
    struct buf b = BUF_INIT(1 << 20);
    check_file("plain.har", text);
    buf_addz(&b, "\xef\xbb\xbf");
    buf_add(&b, text);
    check_file("bom.har", buf_slice(&b));
    buf_reset(&b);
    CHECK(gz_member(&b, slice_sub(text, 0, 50), 6) && gz_member(&b, slice_from(text, 50), 6));
    check_file("x.har.gz", buf_slice(&b));
    struct err err = { 0 };
    CHECK(!har_read(write_file("cut.gz", slice_sub(buf_slice(&b), 0, b.n - 9)), NULL, &err));
    CHECK(slice_ends(slice_z(err.text), SL("the gzip data is cut off")));
    buf_free(&b);
    for (int i = 0; i < 4; i++) {
        b = wide(text, i & 1, i & 2);
        check_file("wide.har", buf_slice(&b));
        buf_free(&b);
    }
}

TEST(har_files_that_cannot_be_read)
{
    struct err err = { 0 };
    struct har_options small = { .max_bytes = 100 };
    CHECK(!har_read("/nonexistent/a.har", NULL, &err));
    CHECK(slice_find(slice_z(err.text), SL("No such file")) != SLICE_NONE);
    err = (struct err){ 0 };
    const char *path = write_file("large.har", quoted(sample));
    CHECK(!har_read(path, &small, &err));
    CHECK(slice_ends(slice_z(err.text), SL("larger than 100 bytes")));
    struct buf b = BUF_INIT(1 << 20);
    CHECK(gz_member(&b, quoted(sample), 9));
    small.max_bytes = b.n;
    err = (struct err){ 0 };
    CHECK(!har_read(write_file("bomb.gz", buf_slice(&b)), &small, &err));
    CHECK(slice_ends(slice_z(err.text), SL("bytes when unpacked")));
    buf_free(&b);
}

#define ATTACHED(name)                                                                           \
    "{" START ",'request':{" GET "},'response':{'status':200,'content':{'size':2,'_file':'" name \
    "'}}}"

TEST(har_attachments_stay_in_the_folder)
{
    struct err err = { 0 };
    char path[400];
    struct slice har =
        quoted("{'log':{'entries':[" ATTACHED("body.txt") "," ATTACHED("../out.txt") "," ATTACHED(
            "/etc/passwd") "," ATTACHED("link.txt") "," ATTACHED("none.txt") "]}}");
    CHECK(file_write(write_file("out.txt", SL("no")), SL("no"), NULL));
    snprintf(path, sizeof path, "%s/in", test_tmpdir());
    CHECK(mkdir(path, 0700) == 0);
    snprintf(path, sizeof path, "%s/in/link.txt", test_tmpdir());
    CHECK(symlink("../out.txt", path) == 0);
    write_file("in/body.txt", SL("hi"));
    struct session *s = har_read(write_file("in/a.har", har), NULL, &err);
    CHECK(s);
    CHECK_S(s->exchanges[0]->response.body, SL("hi"));
    CHECK(s->exchanges[0]->response.body_state == BODY_WHOLE);
    for (size_t i = 1; i < 5; i++) {
        CHECK(s->exchanges[i]->response.body_state == BODY_MISSING);
        CHECK_U(s->exchanges[i]->response.body.n, 0);
    }
    CHECK(has_warning(s, "4 attached files were not found"));
    session_free(s);
}

static bool attach(void *ctx, struct session *s, struct slice name, struct slice *text)
{
    (void)s;
    *text = *(struct slice *)ctx;
    return slice_eq(name, SL("body.txt"));
}

TEST(har_attachments_from_the_caller)
{
    struct slice body = SL("hi");
    struct har_options opt = { .attachment = attach, .attachment_ctx = &body };
    struct session *s = har_read_text(quoted("{'log':{'entries':[" ATTACHED("body.txt") "]}}"),
                                      "t.har", &opt, NULL);
    CHECK_S(s->exchanges[0]->response.body, SL("hi"));
    session_free(s);
}

TEST(har_looks_like_one)
{
    CHECK(har_looks_like(quoted(" {'log': {")));
    CHECK(har_looks_like(quoted("cb({'log': {")));
    CHECK(!har_looks_like(quoted("{'info': {")));
    CHECK(!har_looks_like(quoted("<?xml")));
    CHECK(!har_looks_like(SL("")));
}
