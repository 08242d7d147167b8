/* Reading archives, in layers: members, lines, seconds. Private to results. */
#ifndef RESULTS_ARCHIVE_READ_H
#define RESULTS_ARCHIVE_READ_H

#include "base/file.h"
#include "results/archive.h"

/* ---- members that other threads unpack (archive_ahead.c) ------------------------------------------------ */

/* What every member of ours starts with. */
#define MEMBER_MAGIC SL("\x1f\x8b\x08\x00\x00\x00\x00\x00")

struct ahead;
/* Starts to unpack what is in file from offset on; the text must outlive it. Gives. */
struct ahead *ahead_new(struct slice file, size_t offset, size_t threads);
void ahead_free(struct ahead *a); /* NULL ok */
/* The member at *offset into text, whose memory it takes in exchange, and *offset behind it; offsets only
 * grow. False, with nothing changed, if the caller has to unpack it. */
bool ahead_take(struct ahead *a, size_t *offset, struct buf *text);

/* ---- members (archive_reader.c) -------------------------------------------------------------------- */

enum member_state {
    MEMBER_OK,
    MEMBER_END,   /* the file ends behind a whole member */
    MEMBER_BROKEN /* cut or altered: archive_verify tells which */
};
struct archive_reader {
    struct file file;
    const char *path;
    size_t offset;     /* of the next member */
    size_t at, size;   /* of the member last read */
    uint64_t number;   /* of the next member */
    size_t released;   /* given back to the system */
    struct buf text;   /* of the member last read */
    struct slice rest; /* its lines not yet returned */
    struct ahead *ahead;
};
/* Refuses what is no archive at all. */
bool areader_open(struct archive_reader *r, const char *path, struct err *err);
/* From here on, members of a file that is worth it are unpacked by threads of their own. */
void areader_ahead(struct archive_reader *r);
void areader_close(struct archive_reader *r);
enum member_state areader_member(struct archive_reader *r);
/* The next line of the open member without its line break. */
bool areader_line(struct archive_reader *r, struct slice *line);

/* ---- lines (archive_parse.c) -------------------------------------------------------------------------- */

enum want_kind { WANT_U64, WANT_I64, WANT_F64, WANT_BOOL, WANT_STR, WANT_RAW };
struct want {
    const char *key;
    enum want_kind kind;
    void *to; /* uint64_t, int64_t, double, bool, struct slice */
};
/* Members of a JSON object into places; unknown keys are passed over, missing ones leave their place as it
 * is. Unescaped strings live in the arena. False if the line is no such object. */
bool line_read(struct slice line, const struct want *w, size_t n, struct arena *a);
struct slice line_type(struct slice line); /* "header"; empty if there is none */
/* Whether the first lines of an archive's first member are those of one that we can read; else the error says
 * what it is. */
bool archive_is_ours(struct slice text, const char *path, struct err *err);
bool parse_header(struct slice line, struct run_info *info, struct arena *a,
                  struct slice *environment, struct slice *level);
bool parse_tally(struct slice line, struct tally *t, uint64_t *step, struct arena *a);
bool parse_failure(struct slice line, struct failure_count *f, struct arena *a);
bool parse_interval(struct slice line, struct second *s, struct arena *a);

/* ---- seconds (archive_cursor.c) ------------------------------------------------------------------------ */

struct cursor {
    struct archive_reader reader;
    struct arena *arena, *scratch;
    struct run_info info;
    struct slice environment, level;
    struct buf scenario;
    struct slice *messages; /* from 1 */
    size_t messages_n, messages_cap;
    struct row_state rows;
    struct second second;
    struct archive_filter filter;
    bool *steps_ok;
    bool from_samples; /* count rows, not the intervals' histograms */
    bool closed;       /* manifest seen */
    bool recovered;    /* closed by archive_recover */
    bool ended, broken, interrupted, held, leftover;
    uint64_t left_out;
    struct slice line; /* held back */
    void (*on_sample)(void *arg, const struct sample *s, struct slice message);
    void (*on_answer)(void *arg, struct slice text, struct slice head, struct slice body);
    void *arg;
};
/* Reads the header, the steps' names and the scenario. */
bool cursor_open(struct cursor *c, const char *path, const struct archive_filter *f,
                 struct err *err);
void cursor_close(struct cursor *c);
bool cursor_no_rows(const struct cursor *c, struct err *err); /* sets err, gives false */
/* The next second, in c->second; its failures carry the archive's message numbers. False at the end. */
bool cursor_next(struct cursor *c);

/* Whether the file ends in a seal; verify checks whether it is the right one. */
bool archive_is_closed(const struct archive_reader *r);

/* ---- whole archives (archive_load.c) ---------------------------------------------------------------------- */

typedef void archive_second_fn(void *arg, const struct run_info *info, const struct second *s);
struct archive_each {
    const struct archive_filter *filter; /* NULL: everything */
    archive_second_fn *on_second;        /* sees every merged second; NULL: nobody does */
    void *arg;
};
struct archive_load *archive_load_each(const char *const *paths, size_t n,
                                       const struct archive_each *each, struct err *err);

#endif
