/* What the tests of the importers share: a fixture as a file, read, and what came out. */
#ifndef TESTS_IMPORT_FIXTURE_H
#define TESTS_IMPORT_FIXTURE_H

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "capture/capture.h"
#include "tests/unit/test.h"

static inline const char *import_file(struct slice text)
{
    static _Thread_local char path[4200];
    static _Thread_local unsigned n;
    struct err err = { 0 };
    snprintf(path, sizeof path, "%s/recording-%u", test_tmpdir(), n++);
    if (!file_write(path, text, &err)) test_fail(__FILE__, __LINE__, "%s", err.text);
    return path;
}

/* The session that the text is read to; its format must be found by content. */
static inline struct session *import_ok(struct slice text, const char *format)
{
    struct err err = { 0 };
    struct import_source *src = import_open(import_file(text), NULL, NULL, &err);
    if (!src) test_fail(__FILE__, __LINE__, "%s", err.text);
    CHECK_S(slice_z(import_format(src)->name), slice_z(format));
    struct session *s = import_read(src, &err);
    import_close(src);
    if (!s) test_fail(__FILE__, __LINE__, "%s", err.text);
    return s;
}

/* It is refused with a sentence that holds part. */
static inline void import_refused(struct slice text, const char *part)
{
    struct err err = { 0 };
    struct import_options o = { .max_entries = 1000 };
    struct import_source *src = import_open(import_file(text), NULL, &o, &err);
    struct session *s = src ? import_read(src, &err) : NULL;
    import_close(src);
    if (s) test_fail(__FILE__, __LINE__, "it was read");
    CHECK_U(err.code, ERR_INPUT);
    if (!strstr(err.text, part)) test_fail(__FILE__, __LINE__, "%s", err.text);
}

static inline size_t dropped(const struct session *s, const char *reason)
{
    for (size_t i = 0; i < s->drops_n; i++)
        if (slice_eq(s->drops[i].reason, slice_z(reason))) return s->drops[i].count;
    return 0;
}

static inline bool warned(const struct session *s, const char *part)
{
    for (size_t i = 0; i < s->warnings_n; i++)
        if (slice_find(s->warnings[i].text, slice_z(part)) != SLICE_NONE ||
            slice_find(s->warnings[i].advice, slice_z(part)) != SLICE_NONE)
            return true;
    return false;
}

/* Cut at every place: refused or read, never a crash; the whole is read. */
static inline void import_cut_anywhere(struct slice text, const char *format)
{
    struct err err = { 0 };
    for (size_t n = 0; n<text.n; n += text.n> 2000 ? 7 : 1) {
        struct import_source *src =
            import_open(import_file(slice_sub(text, 0, n)), format, NULL, &err);
        if (src) session_free(import_read(src, &err));
        import_close(src);
    }
    session_free(import_ok(text, format));
}

#endif
