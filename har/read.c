/* The HAR reader: one pass over the text with base/json's pull reader, entry by entry into the session.
 *
 * Called by the importer. No tree is built: strings without escapes are slices of the mapped file, so a
 * recording costs its own size and the text of what was escaped. What the recording lacks is counted on
 * the way and told as warnings at the end. */
#include "har/reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

static void read_creator(struct har_reader *r, void *to)
{
    static const struct har_field fields[] = {
        { SL("name"), HAR_TEXT, offsetof(struct har_reader, creator_name), NULL },
        { SL("version"), HAR_TEXT, offsetof(struct har_reader, creator_version), NULL },
    };
    (void)to;
    har_object_read(r, fields, HAR_COUNT(fields), r);
}

static void read_version(struct har_reader *r, void *to)
{
    (void)to;
    r->version_at = r->j.tok_at;
    bool text = r->j.tok == JSON_STRING || r->j.tok == JSON_NUMBER;
    r->version = text ? r->j.raw : (struct slice){ 0 };
    json_skip(&r->j);
}

static void read_page(struct har_reader *r, void *to)
{
    static const struct har_field fields[] = {
        { SL("id"), HAR_TEXT, offsetof(struct page, id), NULL },
        { SL("title"), HAR_TEXT, offsetof(struct page, title), NULL },
        { SL("startedDateTime"), HAR_TIME, offsetof(struct page, start_ns), NULL },
    };
    struct session *s = r->s;
    struct page page = { .start_ns = TIME_UNKNOWN };
    (void)to;
    har_object_read(r, fields, HAR_COUNT(fields), &page);
    if (har_bad(r) || page.id.p == NULL) return;
    if ((s->pages_n & (s->pages_n - 1)) == 0) {
        size_t cap = s->pages_n ? 2 * s->pages_n : 1;
        s->pages = arena_grow(s->arena, s->pages, s->pages_n * sizeof page, cap * sizeof page);
    }
    s->pages[s->pages_n++] = page;
}

static void read_pages(struct har_reader *r, void *to)
{
    r->s->pages_n = 0;
    har_array_read(r, read_page, to);
}

static void read_entries(struct har_reader *r, void *to)
{
    r->entries_seen = r->j.tok == JSON_ARRAY;
    har_array_read(r, har_entry_read, to);
}

static void read_log(struct har_reader *r, void *to)
{
    static const struct har_field fields[] = {
        { SL("version"), HAR_CALL, 0, read_version },
        { SL("creator"), HAR_CALL, 0, read_creator },
        { SL("pages"), HAR_CALL, 0, read_pages },
        { SL("entries"), HAR_CALL, 0, read_entries },
    };
    r->log_seen = r->j.tok == JSON_OBJECT;
    r->log_at = r->j.tok_at;
    har_object_read(r, fields, HAR_COUNT(fields), to);
}

/* Some old viewers keep a recording as a script: name({…}). The offset behind the '(', 0 if it is none. */
static size_t call_start(const struct json *j)
{
    struct slice text = j->text;
    size_t at = j->at;
    while (at < text.n && at < 200 && text.p[at] != '(' && text.p[at] != '{' && text.p[at] != '\n')
        at++;
    return at > j->at && at < text.n && text.p[at] == '(' ? at + 1 : 0;
}

/* Passes over the call on both sides. */
static void skip_call(struct json *j)
{
    size_t at = call_start(j), end = j->text.n;
    if (at == 0) return;
    while (end > at && memchr(" \t\r\n;", j->text.p[end - 1], 5))
        end--;
    if (j->text.p[end - 1] != ')') return;
    j->text.n = end - 1;
    j->at = at;
}

static bool fail_at(const struct har_reader *r, size_t at, const char *name, const char *what,
                    struct err *err)
{
    unsigned line, column;
    file_place(r->j.text, at, &line, &column);
    return err_at(err, name, line, column, "%s", what);
}

/* What the file is if it is no JSON object: one sentence. */
static bool fail_shape(const struct har_reader *r, const char *name, struct err *err)
{
    struct slice text = slice_trim(r->j.text);
    if (text.n == 0) return err_set(err, ERR_INPUT, "%s: the file is empty", name);
    if (slice_starts(text, SL("PK\x03\x04")))
        return err_set(err, ERR_INPUT, "%s: a ZIP archive, not a HAR", name);
    if (text.p[0] == '<') return err_set(err, ERR_INPUT, "%s: XML or HTML, not a HAR", name);
    if (text.p[0] != '{' && text.p[0] != '[')
        return fail_at(r, r->j.tok_at, name, "not a HAR: expected a JSON object", err);
    return true;
}

static bool check_version(const struct har_reader *r, const char *name, struct err *err)
{
    struct slice v = slice_trim(r->version);
    unsigned line, column;
    if (v.n == 0 || slice_eq(v, SL("1")) || slice_starts(v, SL("1."))) return true;
    file_place(r->j.text, r->version_at, &line, &column);
    return err_at(err, name, line, column, "HAR version \"%.*s\" is not known (1.1 and 1.2 are)",
                  (int)(v.n < 20 ? v.n : 20), v.p);
}

/* Reads the one value of the text and judges its shape. */
static bool read_text(struct har_reader *r, const char *name, struct err *err)
{
    static const struct har_field fields[] = { { SL("log"), HAR_CALL, 0, read_log } };
    json_next(&r->j);
    if (har_bad(r) && !fail_shape(r, name, err)) return false;
    bool object = r->j.tok == JSON_OBJECT;
    har_object_read(r, fields, HAR_COUNT(fields), r);
    if (r->too_many)
        return err_set(err, ERR_INPUT, "%s: more than %zu entries", name, r->max_entries);
    if (!har_bad(r)) json_next(&r->j);
    if (har_bad(r)) return json_fail(&r->j, name, "JSON", err);
    if (!object || !r->log_seen)
        return fail_at(r, 0, name, "not a HAR: expected an object with the member \"log\"", err);
    if (!check_version(r, name, err)) return false;
    if (!r->entries_seen)
        return fail_at(r, r->log_at, name, "not a HAR: \"log\" has no list \"entries\"", err);
    return true;
}

static void warn(struct har_reader *r)
{
    struct session *s = r->s;
    session_warn_losses(s);
    session_warn_headers(s, r->bad_headers);
    if (r->lost_files > 0)
        session_warn(s, "keep what the recorder wrote together (folder or ZIP) and import again",
                     "%zu attached file%s not found beside the recording", r->lost_files,
                     r->lost_files == 1 ? " was" : "s were");
    bool chrome = slice_eq(r->creator_name, SL("WebInspector"));
    if (chrome && s->n > 0 && !r->secrets)
        session_warn(
            s,
            "if the site has a login, turn on \"Allow to generate HAR with sensitive data\" "
            "in the settings of Chrome's developer tools and record again",
            "no cookie and no Authorization in the whole recording: Chrome leaves them out");
}

static void finish(struct har_reader *r)
{
    struct session *s = r->s;
    bool safari = slice_istarts(r->creator_name, SL("WebKit"));
    bool own = slice_eq(r->creator_name, SL("reprise"));
    s->creator = r->creator_name;
    if (r->creator_version.n > 0)
        s->creator = arena_printf(s->arena, "%.*s%s%.*s", SL_FMT(r->creator_name),
                                  r->creator_name.n ? " " : "", SL_FMT(r->creator_version));
    for (size_t i = 0; i < s->n && !own; i++)
        har_split_cookies(s, &s->exchanges[i]->response.headers, safari);
    warn(r);
    session_sort(s);
}

/* Takes s. */
static struct session *read_session(struct session *s, struct slice text, const char *name,
                                    const char *path, const struct har_options *opt,
                                    struct err *err)
{
    struct har_reader r = { .s = s, .path = path, .opt = opt };
    r.max_bytes = opt && opt->max_bytes ? opt->max_bytes : (size_t)1 << 30;
    r.max_entries = opt && opt->max_entries ? opt->max_entries : 1000000;
    r.recent = mem_alloc(HAR_RECENT, sizeof *r.recent);
    s->source = arena_dup(s->arena, slice_z(name));
    json_init(&r.j, text);
    skip_call(&r.j);
    bool ok = read_text(&r, name, err);
    if (ok) finish(&r);
    har_entry_free(&r.entry);
    free(r.recent);
    if (ok) return s;
    session_free(s);
    return NULL;
}

struct session *har_read_text(struct slice text, const char *name, const struct har_options *opt,
                              struct err *err)
{
    return read_session(session_new(), text, name, NULL, opt, err);
}

struct session *har_read(const char *path, const struct har_options *opt, struct err *err)
{
    struct session *s = session_new();
    size_t max_bytes = opt && opt->max_bytes ? opt->max_bytes : (size_t)1 << 30;
    struct slice text;
    if (har_load(s, path, max_bytes, &text, err))
        return read_session(s, text, path, path, opt, err);
    session_free(s);
    return NULL;
}

bool har_looks_like(struct slice start)
{
    struct json j;
    json_init(&j, start);
    size_t call = call_start(&j);
    if (call > 0) j.at = call;
    return json_next(&j) == JSON_OBJECT && json_next(&j) == JSON_KEY && json_key_is(&j, SL("log"));
}
