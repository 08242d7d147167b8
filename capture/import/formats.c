/* The table of formats: how a file is known by its content, and who reads it. Called by the import command.
 *
 * Order matters: the first that knows the file wins. Adding a format means one line here and one reader;
 * what cannot be read is told by refuse.c. */
#include "capture/import/read.h"

#include <stdlib.h>
#include <string.h>

#include "har/har.h"
#include "base/enc.h"
#include "base/file.h"
#include "base/inflate.h"
#include "base/mem.h"
#include "capture/capture.h"
#include "capture/import/message.h"
#include "capture/import/refuse.h"
#include "capture/import/unzip.h"

#define START_BYTES ((size_t)64 << 10)
#define MIN_UNPACKED ((size_t)128 << 20)
#define PLAN_MAX ((size_t)64 << 20) /* plans are kept as trees, and written by people */

/* What a format is told by: the whole text, and the name of an XML's root element. */
struct look {
    struct slice text, start, root;
};

struct known {
    struct import_format format;
    bool (*looks_like)(const struct look *l);
    bool (*read)(struct import *im, struct err *err); /* NULL: another room */
};

struct import_source {
    char *path;
    const struct import_options *o;
    struct file *file; /* what text points into */
    struct slice text;
    bool packed; /* text is not the file's own bytes */
    const struct known *known;
};

/* ---- how they look -------------------------------------------------------------------------------- */

static bool has_magic(const struct look *l, const char *const *magic)
{
    for (; *magic; magic++)
        if (l->text.n >= 4 && memcmp(l->text.p, *magic, 4) == 0) return true;
    return false;
}

static bool is_packets(const struct look *l)
{
    static const char *const magic[] = { "\xa1\xb2\xc3\xd4", "\xd4\xc3\xb2\xa1", "\xa1\xb2\x3c\x4d",
                                         "\x4d\x3c\xb2\xa1", "\x0a\x0d\x0d\x0a", NULL };
    return has_magic(l, magic);
}

static bool has_member(const struct look *l, struct slice name)
{
    return slice_find(l->start, name) != SLICE_NONE;
}

/* Or a HAR with something in front of its log, or in a call, as old viewers keep it. */
static bool is_har(const struct look *l)
{
    if (har_looks_like(l->start)) return true;
    struct slice s = slice_trim(l->start);
    if (s.n == 0 || slice_starts(s, SL("PK\3\4")) || l->root.n) return false;
    bool call = s.p[0] != '{' && slice_chr(slice_sub(s, 0, 200), '(') != SLICE_NONE;
    return (s.p[0] == '{' || call) && has_member(l, SL("\"log\"")) &&
           has_member(l, SL("\"creator\""));
}

static bool is_burp(const struct look *l)
{
    return slice_eq(l->root, SL("items"));
}

static bool is_charles(const struct look *l)
{
    return slice_eq(l->root, SL("charles-session"));
}

static bool is_charles_json(const struct look *l)
{
    struct slice s = slice_trim(l->start);
    if (!slice_starts(s, SL("{")) && !slice_starts(s, SL("["))) return false;
    return has_member(l, SL("\"protocolVersion\"")) && has_member(l, SL("\"actualPort\""));
}

static bool is_raw_name(struct slice name)
{
    size_t at = slice_find(name, SL("raw"));
    return at == 0 && name.n > 4 && slice_chr(name, '_') != SLICE_NONE;
}

static bool is_saz(const struct look *l)
{
    return unzip_has(l->text, is_raw_name);
}

static bool is_har_name(struct slice name)
{
    return slice_ends(name, SL(".har"));
}

static bool is_har_zip(const struct look *l)
{
    return unzip_has(l->text, is_har_name);
}

static bool is_jtl(const struct look *l)
{
    return slice_eq(l->root, SL("testResults"));
}

static bool is_jmx(const struct look *l)
{
    return slice_eq(l->root, SL("jmeterTestPlan"));
}

/* The recorder writes sessions without a document around them. */
static bool is_tsung(const struct look *l)
{
    return slice_eq(l->root, SL("tsung")) || slice_eq(l->root, SL("session"));
}

static bool is_gor(const struct look *l)
{
    struct slice s = l->start;
    if (s.n < 5 || s.p[0] < '1' || s.p[0] > '3' || s.p[1] != ' ') return false;
    size_t lf = slice_chr(s, '\n');
    return lf != SLICE_NONE && lf < 200 && message_is_request(slice_from(s, lf + 1)) &&
           slice_find(s, SL("\n\xf0\x9f\x90\xb5\xf0\x9f\x99\x88")) != SLICE_NONE;
}

static bool is_mitm(const struct look *l)
{
    size_t at = 0;
    while (at < l->start.n && at < 12 && l->start.p[at] >= '0' && l->start.p[at] <= '9')
        at++;
    struct slice s = slice_from(l->start, at);
    if (at == 0 || s.n < 4 || s.p[0] != ':' || s.p[1] < '0' || s.p[1] > '9') return false;
    return slice_find(l->start, SL("client_conn")) != SLICE_NONE ||
           slice_find(l->start, SL(":version;")) != SLICE_NONE ||
           slice_find(l->start, SL("8:response;")) != SLICE_NONE;
}

static bool is_postman(const struct look *l)
{
    struct slice s = slice_trim(l->start);
    if (!slice_starts(s, SL("{"))) return false;
    return has_member(l, SL("getpostman.com/json/collection")) ||
           has_member(l, SL("postman.com/json/collection")) ||
           (has_member(l, SL("\"_postman_id\"")) || has_member(l, SL("\"postman_id\"")));
}

static bool is_message_log(const struct look *l)
{
    struct slice line = slice_sub(l->start, 0, slice_chr(l->start, '\n'));
    return slice_starts(line, SL("===")) && slice_ends(slice_trim(line), SL("==="));
}

/* "curl" as a command somewhere: at the start of a line, behind blanks, a "$ " or "sudo". */
static bool is_curl(const struct look *l)
{
    struct slice rest = slice_sub(l->start, 0, 8192), line;
    while (slice_next(&rest, '\n', &line)) {
        line = slice_trim(line);
        if (slice_starts(line, SL("$ "))) line = slice_trim(slice_from(line, 2));
        if (slice_starts(line, SL("curl ")) || slice_starts(line, SL("curl.exe "))) return true;
        if (slice_starts(line, SL("curl\t")) || slice_eq(line, SL("curl \\"))) return true;
    }
    return false;
}

static bool is_base64_lines(const struct look *l)
{
    static const char *const methods[] = { "R0VU", "UE9T", "SEVB", "UFVU", "REVM", "T1BU", "UEFU" };
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (slice_starts(l->start, slice_z(methods[i]))) return true;
    return false;
}

static const struct known table[] = {
    { { "pcap", "packets (pcap, pcapng)", IMPORT_RECORDING }, is_packets, NULL },
    { { "har", "HAR", IMPORT_RECORDING }, is_har, NULL },
    { { "har.zip", "HAR in a ZIP", IMPORT_RECORDING }, is_har_zip, har_zip_read },
    { { "burp", "Burp, saved items", IMPORT_RECORDING }, is_burp, burp_read },
    { { "charles", "Charles, XML session", IMPORT_RECORDING }, is_charles, charles_xml_read },
    { { "saz", "Fiddler archive", IMPORT_RECORDING }, is_saz, saz_read },
    { { "jmx", "JMeter test plan", IMPORT_PLAN }, is_jmx, NULL },
    { { "jtl", "JMeter results in XML", IMPORT_RECORDING }, is_jtl, jtl_read },
    { { "tsung", "Tsung", IMPORT_PLAN }, is_tsung, NULL },
    { { "postman", "Postman collection", IMPORT_PLAN }, is_postman, NULL },
    { { "chlsj", "Charles, JSON session", IMPORT_RECORDING }, is_charles_json, charles_json_read },
    { { "gor", "GoReplay", IMPORT_RECORDING }, is_gor, gor_read },
    { { "mitmproxy", "mitmproxy flows", IMPORT_RECORDING }, is_mitm, mitm_read },
    { { "messages", "log of messages (ZAP)", IMPORT_RECORDING }, is_message_log, message_log_read },
    { { "curl", "curl commands", IMPORT_PLAN }, is_curl, NULL },
    { { "base64", "requests in base64, one a line", IMPORT_RECORDING },
      is_base64_lines,
      base64_lines_read },
};
#define KNOWN (sizeof table / sizeof table[0])

/* ---- opening -------------------------------------------------------------------------------------- */

static bool is_gzip(struct slice text)
{
    return slice_starts(text, SL("\x1f\x8b"));
}

/* At most room bytes of a gzip file's text, its members one after the other. */
static size_t unpack(struct slice in, char *out, size_t room, bool *bad)
{
    struct inflate *z = inflate_new(INFLATE_GZIP);
    size_t n = 0, got;
    enum inflate_status st = INFLATE_MORE;
    while (n < room && st != INFLATE_BAD && (in.n > 0 || st == INFLATE_MORE)) {
        size_t before = in.n;
        st = inflate_run(z, &in, out + n, room - n, &got);
        n += got;
        if (st == INFLATE_END && !is_gzip(in)) break;
        if (st == INFLATE_END) inflate_reset(z);
        if (st == INFLATE_MORE && got == 0 && in.n == before) break; /* cut off */
    }
    *bad = st != INFLATE_END && n < room;
    inflate_free(z);
    return n;
}

static size_t max_unpacked(const struct import_source *src)
{
    size_t hard = src->o && src->o->max_bytes ? src->o->max_bytes : (size_t)1 << 30;
    size_t soft = src->file->text.n < hard / 32 ? src->file->text.n * 32 : hard;
    if (soft < MIN_UNPACKED) soft = MIN_UNPACKED;
    return soft < hard ? soft : hard;
}

static bool unpack_all(struct import_source *src, struct err *err)
{
    size_t max = max_unpacked(src), n = 1 << 16;
    struct buf b = BUF_INIT(max + 1);
    bool bad;
    for (;; n *= 4) { /* again with more room: formats in gzip are small or few */
        if (n > max) n = max + 1;
        buf_reset(&b);
        size_t got = unpack(src->file->text, buf_room(&b, n), n, &bad);
        buf_grew(&b, got);
        if (got < n || n > max) break;
    }
    if (bad || b.n > max) {
        bool big = b.n > max;
        buf_free(&b);
        return big ? err_set(err, ERR_INPUT, "%s: larger than %zu MiB when unpacked", src->path,
                             max >> 20)
                   : err_set(err, ERR_INPUT, "%s: the gzip data is cut off or damaged", src->path);
    }
    file_close(src->file);
    *src->file = (struct file){ .text = buf_slice(&b) };
    src->text = src->file->text;
    src->packed = true;
    return true;
}

static const struct known *find_name(const char *name, const char *path, struct err *err)
{
    struct buf names = BUF_INIT(1000);
    for (size_t i = 0; i < KNOWN; i++)
        if (strcmp(table[i].format.name, name) == 0) return &table[i];
    import_format_names(&names);
    err_set(err, ERR_USAGE, "%s: no format \"%s\"; there are %s", path, name, buf_z(&names));
    buf_free(&names);
    return NULL;
}

/* UTF-16, by its mark or by a first character of two bytes, as UTF-8; NULL: it is something else. */
static char *narrow(struct slice start, size_t *n)
{
    struct buf marked = BUF_INIT(START_BYTES + 2), out = BUF_INIT(4 * START_BYTES);
    bool mark = slice_starts(start, SL("\xff\xfe")) || slice_starts(start, SL("\xfe\xff"));
    bool little = slice_starts(start, SL("{\0")) || slice_starts(start, SL("<\0"));
    bool big = slice_starts(start, SL("\0{")) || slice_starts(start, SL("\0<"));
    if (!mark && (little || big)) buf_add(&marked, little ? SL("\xff\xfe") : SL("\xfe\xff"));
    buf_add(&marked, slice_sub(start, 0, START_BYTES & ~(size_t)1));
    bool ok = (mark || little || big) && enc_utf16(&out, buf_slice(&marked));
    buf_free(&marked);
    *n = out.n;
    if (ok) return out.p;
    buf_free(&out);
    return NULL;
}

static const struct known *sniff(struct slice text)
{
    struct look l = { text, slice_sub(text, 0, START_BYTES), { 0 } };
    const struct known *found = NULL;
    size_t n;
    char *utf8 = narrow(l.start, &n);
    if (utf8) l.start = (struct slice){ utf8, n };
    l.root = xml_root_name(l.start);
    for (size_t i = 0; i < KNOWN && !found; i++)
        if (table[i].looks_like(&l)) found = &table[i];
    free(utf8);
    return found;
}

/* What is no recording deserves a better sentence than a guess. */
static bool fail_unknown(const struct import_source *src, struct err *err)
{
    struct slice start = slice_sub(src->text, 0, START_BYTES), text = slice_trim(start);
    struct slice root = xml_root_name(start);
    const char *what = refusal(src->text, start, root);
    if (text.n == 0) return err_set(err, ERR_INPUT, "%s: the file is empty", src->path);
    if (what) return err_set(err, ERR_INPUT, "%s: %s", src->path, what);
    if (root.n)
        return err_set(err, ERR_INPUT, "%s: XML of a kind that reprise does not know (<%.*s>)",
                       src->path, (int)(root.n < 60 ? root.n : 60), root.p);
    what = "not a recording that reprise knows";
    if (text.p[0] == '{' || text.p[0] == '[')
        what = "JSON, but not a HAR, a Charles session or a Postman collection";
    return err_set(err, ERR_INPUT, "%s: %s (--format names one)", src->path, what);
}

static bool find_format(struct import_source *src, const char *wanted, struct err *err)
{
    struct slice start = src->text;
    char *few = NULL;
    if (is_gzip(start)) {
        bool bad;
        few = mem_alloc(START_BYTES, 1);
        start = (struct slice){ few, unpack(start, few, START_BYTES, &bad) };
    }
    src->known = wanted ? find_name(wanted, src->path, err) : sniff(start);
    free(few);
    if (wanted && !src->known) return false;
    if (src->known == &table[0]) return true; /* packets are unpacked on the way */
    if (is_gzip(src->text) && !unpack_all(src, err)) return false;
    if (!src->known) return fail_unknown(src, err);
    if (src->known->format.kind == IMPORT_PLAN && src->text.n > PLAN_MAX)
        return err_set(err, ERR_INPUT, "%s: a plan (%s) larger than 64 MiB", src->path,
                       src->known->format.what);
    return true;
}

/* A pipe cannot be mapped: what comes through one is kept in memory and may be no larger than that. */
static bool read_file(struct import_source *src, struct err *err)
{
    size_t max = src->o && src->o->max_bytes ? src->o->max_bytes : (size_t)1 << 30;
    bool pipe = strcmp(src->path, "-") == 0;
    if (pipe && max > MIN_UNPACKED) max = MIN_UNPACKED;
    if (file_read(src->file, src->path, max, err)) return true;
    if (pipe) err_context(err, "standard input (a file may be larger)");
    return false;
}

struct import_source *import_open(const char *path, const char *wanted,
                                  const struct import_options *o, struct err *err)
{
    struct import_source *src = mem_alloc(1, sizeof *src);
    src->path = mem_dup(path, strlen(path));
    src->o = o;
    src->file = mem_alloc(1, sizeof *src->file);
    if (read_file(src, err)) {
        src->text = src->file->text;
        if (find_format(src, wanted, err)) return src;
    }
    import_close(src);
    return NULL;
}

void import_close(struct import_source *src)
{
    if (!src) return;
    if (src->file) file_close(src->file);
    free(src->file);
    free(src->path);
    free(src);
}

const struct import_format *import_format(const struct import_source *src)
{
    return &src->known->format;
}

struct slice import_text(const struct import_source *src)
{
    return src->text;
}

void import_format_names(struct buf *out)
{
    for (size_t i = 0; i < KNOWN; i++)
        buf_addf(out, "%s%s", i ? ", " : "", table[i].format.name);
}

/* ---- reading ------------------------------------------------------------------------------------- */

static struct session *read_with(struct import_source *src, struct err *err)
{
    struct import im = { .path = src->path, .text = src->text, .s = session_new(), .o = src->o };
    im.max_unpacked = max_unpacked(src);
    im.max_entries = src->o && src->o->max_entries ? src->o->max_entries : 1000000;
    im.scratch = arena_new();
    bool ok = src->known->read(&im, err);
    arena_free(im.scratch);
    if (!ok) {
        session_free(im.s);
        return NULL;
    }
    session_keep_file(im.s, src->file); /* messages point into it */
    src->file = NULL;
    if (src->known->read != har_zip_read) import_warn(&im);
    im.s->source = import_keep(&im, slice_z(src->path));
    session_sort(im.s);
    return im.s;
}

static struct session *read_packets(const struct import_source *src, struct err *err)
{
    struct capture_cfg cfg = { .files = (const char *const[]){ src->path },
                               .files_n = 1,
                               .keylog = src->o ? src->o->keylog : NULL };
    if (strcmp(src->path, "-") == 0) {
        err_set(err, ERR_INPUT, "packets from standard input: use reprise capture --read -");
        return NULL;
    }
    struct capture_report *report = mem_alloc(1, sizeof *report);
    struct session *s = capture_to_session(&cfg, report, err);
    if (s) s->source = arena_dup(s->arena, slice_z(src->path));
    free(report);
    return s;
}

static struct session *read_har(struct import_source *src, struct err *err)
{
    struct har_options o = { 0 };
    if (src->o) {
        o.max_bytes = src->o->max_bytes;
        o.max_entries = src->o->max_entries;
        o.progress = src->o->progress;
        o.progress_arg = src->o->progress_arg;
    }
    bool pipe = strcmp(src->path, "-") == 0;
    if (!pipe && !src->packed) return har_read(src->path, &o, err);
    struct session *s = har_read_text(src->text, src->path, &o, err);
    if (!s) return NULL;
    session_keep_file(s, src->file);
    src->file = NULL;
    return s;
}

struct session *import_read(struct import_source *src, struct err *err)
{
    if (src->known->read) return read_with(src, err);
    if (src->known->format.kind == IMPORT_PLAN) {
        err_set(err, ERR_INPUT, "%s: a plan (%s), not a recording", src->path,
                src->known->format.what);
        return NULL;
    }
    return src->known == &table[0] ? read_packets(src, err) : read_har(src, err);
}
